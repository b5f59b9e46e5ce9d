"""What leaves by mail, in the worker: the replies of staff, and the mails that ask for consents to be confirmed.

`leads.mailing` says how.
"""

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet

from leads import consent_mails, mailing, pipeline, replies
from leads.mailing import Kind
from leads.models import Lead, Reply


def ring_if_due() -> None:
    """The clock calls it."""
    if is_due():
        pipeline.ring(settings.LEAD_PIPELINE[0].cluster)


def is_due() -> bool:
    return any(kind.due().exists() for kind in KINDS)


def send_due() -> None:
    """Sends a few of the mails that are due; the bell rings again for the others."""
    mailing.send_due(KINDS)


def _due() -> QuerySet[Reply]:
    return Reply.objects.due().select_related("lead")


def _message(reply: Reply) -> EmailMessage:
    return EmailMessage(
        subject=reply.subject,
        body=reply.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[reply.to],
        headers={"Message-ID": reply.message_id},
    )


def _lead(reply: Reply) -> QuerySet[Lead]:
    return Lead.objects.filter(replies=reply.pk)


def _was_sent(lead: Lead, reply: Reply) -> None:
    replies.answered(lead, reply)


REPLIES = Kind(
    due=_due,
    message=_message,
    lead=_lead,
    was_sent=_was_sent,
    called=lambda reply: f"The reply to {reply.to}",
    give_up_after=8,  # over about 40 minutes
)
KINDS = (REPLIES, consent_mails.REQUESTS)
