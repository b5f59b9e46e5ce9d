"""Leads for tests, taken in the way they come in, but each for itself: the same person's next message doesn't join."""

from leads import intake
from leads.models import Lead, LeadSource
from leads.values import Contact

NOBODY = Contact()


def receive(text: str = "Hello", contact: Contact = NOBODY) -> Lead:
    """A lead with one submission and its first stage queued."""
    return apart(text, source=LeadSource.API, contact=contact)


def apart(text: str, *, source: str = LeadSource.PASTE, contact: Contact = NOBODY, is_sample: bool = False) -> Lead:
    """Samples never join: this one begins as one."""
    lead = intake.receive(text, source=source, contact=contact, is_sample=True)
    if not is_sample:
        Lead.objects.filter(pk=lead.pk).update(is_sample=False)
        lead.is_sample = False
    return lead
