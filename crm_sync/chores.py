"""What the worker does for the CRM besides sending leads, in small pieces."""

from django.conf import settings

from crm_sync import choices, erasure, outgoing, pausing, polling
from leads import pipeline


def ring_if_due() -> None:
    """The clock calls it."""
    if is_due():
        pipeline.ring(settings.LEAD_PIPELINE[-1].cluster)


def is_due() -> bool:
    return pausing.mail_is_due() or erasure.is_due() or choices.to_clear() or polling.is_due() or outgoing.is_due()


def do_some() -> None:
    pausing.tell_admins()
    erasure.erase_some()
    choices.clear_others()
    polling.look()
    outgoing.work()
