"""Leads for tests, taken in the way they come in."""

from leads import intake
from leads.models import Lead, LeadSource
from leads.values import Contact


def receive(text: str = "Hello", contact: Contact = Contact()) -> Lead:  # noqa: B008 - frozen
    """A lead with one submission and its first stage queued."""
    return intake.receive(text, source=LeadSource.API, contact=contact)
