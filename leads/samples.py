"""Sample inquiries, to see the product at work before the first real one comes in."""

import json
from pathlib import Path

from django.db import transaction

from leads.intake import receive
from leads.models import Lead
from leads.values import Contact

FILE = Path(__file__).with_name("sample_inquiries.json")


def load() -> int:
    """Takes in the sample inquiries as real ones, marked as samples; returns how many. Loaded once only."""
    with transaction.atomic():
        if Lead.objects.samples().exists():
            return 0
        inquiries = json.loads(FILE.read_text(encoding="utf-8"))
        for inquiry in inquiries:
            receive(
                inquiry["text"],
                source=inquiry["source"],
                contact=Contact(**inquiry.get("contact", {})),
                is_sample=True,
            )
    return len(inquiries)


def remove() -> int:
    """Deletes every sample lead with all that hangs on it; returns how many leads."""
    samples = Lead.objects.samples()
    count = samples.count()
    samples.delete()
    return count
