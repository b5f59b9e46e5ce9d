"""Pausing the traffic with Airtable: once, with one mail to admins; everything waits until somebody resumes."""

import datetime as dt
import logging

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from crm_sync.models import AirtableBase, CrmConnection
from leads import gates, smtp

logger = logging.getLogger(__name__)
Pause = CrmConnection.Pause

STAGE = "push"
MAIL_AGAIN = 300  # seconds after which a mail that could not leave is tried again


def row() -> CrmConnection:
    return CrmConnection.objects.get_or_create(pk=1)[0]


def pause(
    kind: str, reason: str, *, by: str = "", mark: str = "", until: dt.datetime | None = None, is_mail_due: bool = True
) -> bool:
    """Pauses all traffic unless it is paused already; returns whether it did. `mark` names the connection that failed:
    another one is not paused by it. `until`: when it resumes by itself."""
    row()
    now = timezone.now()
    running = CrmConnection.objects.filter(pk=1, pause=Pause.NONE)
    done = running.update(
        pause=kind, pause_reason=reason, paused_by=by, paused_at=now, paused_for=mark, resumes_at=until,
        is_mail_due=is_mail_due and not by, updated_at=now,
    )  # fmt: skip
    if done:
        logger.warning("The traffic with Airtable is paused: %s", kind)
    return bool(done)


def resume() -> None:
    """Everything that waits goes on at once."""
    CrmConnection.objects.filter(pk=1).update(
        pause=Pause.NONE, pause_reason="", paused_by="", paused_at=None, paused_for="", resumes_at=None,
        is_mail_due=False, updated_at=timezone.now(),
    )  # fmt: skip
    # What was mended in Airtable shows only once its fields are read again.
    AirtableBase.objects.update(schema_read_at=None)
    gates.knock(STAGE)


def standing(*, mark: str) -> CrmConnection | None:
    """The pause that holds for this connection, None when the traffic may flow. What was paused until a time that has
    come, or for a connection that has been replaced, goes on."""
    paused = CrmConnection.objects.filter(pk=1).exclude(pause=Pause.NONE).first()
    if paused is None:
        return None
    is_over = paused.resumes_at is not None and paused.resumes_at <= timezone.now()
    if is_over or (paused.paused_for and mark and paused.paused_for != mark):
        resume()
        return None
    return paused


def mail_is_due() -> bool:
    return CrmConnection.objects.filter(pk=1, is_mail_due=True).filter(_may_be_tried()).exists()


def tell_admins() -> None:
    """Mails the admins that the traffic is paused: once. Without a mail server the banner has to do."""
    due = CrmConnection.objects.filter(pk=1, is_mail_due=True).filter(_may_be_tried()).first()
    if due is None:
        return
    admins = get_user_model().objects.filter(is_superuser=True, is_active=True).exclude(email="")
    to = sorted(admins.values_list("email", flat=True))
    if not to or not smtp.can_send():
        CrmConnection.objects.filter(pk=1).update(is_mail_due=False)
        return
    # Noted before it leaves, so that a worker that dies over it doesn't send it twice.
    CrmConnection.objects.filter(pk=1).update(is_mail_due=False)
    try:
        send_mail("baseCamp: the traffic with Airtable is paused", _text(due), settings.DEFAULT_FROM_EMAIL, to)
    except OSError as error:  # what smtplib raises, too
        logger.warning("Admins could not be told by mail that the traffic is paused: %s", type(error).__name__)
        CrmConnection.objects.filter(pk=1).exclude(pause="").update(is_mail_due=True, updated_at=timezone.now())


def _may_be_tried() -> Q:
    """At once, and not too often when the mail server is away."""
    now = timezone.now()
    return Q(updated_at__lte=now - dt.timedelta(seconds=MAIL_AGAIN)) | Q(paused_at__gte=now - dt.timedelta(seconds=60))


def _text(paused: CrmConnection) -> str:
    address = f"{settings.SITE_URL}{reverse('crm_sync:sync')}"
    return (
        f"{paused.pause_reason}\n\nNo lead is lost: all changes wait until the traffic is resumed. Mend it, then press "
        f"“Resume” here:\n{address}\n"
    )
