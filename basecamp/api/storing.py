"""Putting an inquiry that came through the API into the database, once for each idempotency key."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from basecamp.api.schemas import InquiryIn, Received
from leads.attribution import parse
from leads.intake import receive
from leads.models import ApiKey, Lead, LeadSource
from leads.values import Contact


def store(key: ApiKey, inquiry: InquiryIn, payload: Any, idempotency_key: str) -> tuple[Lead, bool]:
    """The inquiry's lead, and whether it is new. `payload`: all that came, also what we have no field for."""
    if not idempotency_key:
        return _receive(inquiry, payload, None), True
    with transaction.atomic():
        # One at a time for each API key, so that exactly one of several equal requests is the first.
        ApiKey.objects.select_for_update().get(pk=key.pk)
        scoped = f"api:{key.pk}:{idempotency_key}"
        earlier = Lead.objects.filter(submissions__idempotency_key=scoped).first()
        lead = earlier or _receive(inquiry, payload, scoped)
    return lead, earlier is None


def contact_of(inquiry: InquiryIn) -> Contact:
    return Contact(**inquiry.contact.typed()) if inquiry.contact else Contact()


def received(lead: Lead) -> Received:
    return Received(lead_id=lead.public_id, status_url=status_url(lead))


def status_url(lead: Lead) -> str:
    """Where a program reads the lead."""
    return settings.SITE_URL + reverse("api:lead", args=[lead.public_id])


def _receive(inquiry: InquiryIn, payload: Any, idempotency_key: str | None) -> Lead:
    source = inquiry.source or LeadSource.API
    contact = contact_of(inquiry)
    return receive(
        inquiry.message,
        source=source,
        contact=contact,
        payload=payload,
        idempotency_key=idempotency_key,
        attribution=parse(inquiry.attribution),
    )
