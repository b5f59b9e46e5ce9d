"""Sends the replies that wait, by SMTP, in the worker.

    waiting --claim--> sending --> sent
       ^                  |  +---> failed, with the reason; staff try again or take it back
       +--- not taken ----+

A mail is never sent twice by itself: what is tried again is only what the server certainly did not take. Where that
can't be known (the connection broke after the text was handed over, or the worker died), it fails and a person looks.
"""

import datetime as dt
import logging
import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from leads import pipeline, replies
from leads.mail.kinds import MARK
from leads.models import Event, Lead, Reply

logger = logging.getLogger(__name__)

State = Reply.State
AT_ONCE = 5  # mails a shift begins with, so that leads don't wait for a slow mail server
LEASE = 180  # seconds after which a worker that is sending must have died
AWAY = 30  # seconds for which no mail is tried after the server did not answer
GIVE_UP_AFTER = 8  # attempts, over about 40 minutes
MAY_HAVE_LEFT = "It may have left all the same: look for it in your mailbox before you send it again."


class _NotTaken(Exception):
    """The server certainly did not take the mail. `is_final`: it won't take it later either. `is_away`: it would take
    no other one now."""

    def __init__(self, reason: str, *, is_final: bool = False, is_away: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.is_away = is_away


class _Unknown(Exception):
    """Nobody can say whether the mail was taken."""


def ring_if_due() -> None:
    """The clock calls it."""
    if is_due():
        pipeline.ring(settings.LEAD_PIPELINE[0].cluster)


def is_due() -> bool:
    return Reply.objects.due().exists()


def send_due() -> None:
    """Sends a few of the mails that are due; the bell rings again for the others."""
    for reply in Reply.objects.due().select_related("lead").order_by("due_at", "id")[:AT_ONCE]:
        if reply.state == State.SENDING:
            _close(reply, f"baseCamp was stopped while it sent this. {MAY_HAVE_LEFT}")
        elif _claim(reply) and not _send(reply):
            # Leads wait while this does: one try is enough to know that nobody is there.
            waiting = Reply.objects.due().filter(state=State.WAITING)
            waiting.update(due_at=timezone.now() + dt.timedelta(seconds=AWAY))
            break


def _claim(reply: Reply) -> bool:
    waiting = Reply.objects.filter(pk=reply.pk, state=State.WAITING, due_at__lte=timezone.now())
    until = timezone.now() + dt.timedelta(seconds=LEASE)
    return bool(waiting.update(state=State.SENDING, due_at=until, attempts=F("attempts") + 1))


def _send(reply: Reply) -> bool:
    """Returns whether the server is there."""
    is_there = True
    try:
        _hand_over(reply)
    except _NotTaken as refused:
        is_there = not refused.is_away
        if refused.is_final or reply.attempts + 1 >= GIVE_UP_AFTER:
            _close(reply, refused.reason)
        else:
            _wait(reply, refused.reason)
    except _Unknown as broken:
        _close(reply, f"{broken} {MAY_HAVE_LEFT}")
    except Exception as error:
        logger.exception("Reply %s could not be sent", reply.pk)
        _close(reply, f"Something unexpected went wrong ({type(error).__name__}). {MAY_HAVE_LEFT}")
    else:
        _record(reply)
    return is_there


def _hand_over(reply: Reply) -> None:
    message = EmailMessage(
        subject=reply.subject,
        body=reply.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[reply.to],
        headers={"Message-ID": reply.message_id, MARK: "reply"},
    )
    if not replies.can_send():
        raise _NotTaken("No mail server is set.", is_final=True)
    connection = get_connection()
    _open(connection)
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _NotTaken(_refused(f"the address {reply.to}", code, said), is_final=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        # Also the server's answer to the text itself: it says no, so the mail was not taken.
        is_final = error.smtp_code >= 500
        raise _NotTaken(_refused("the mail", error.smtp_code, error.smtp_error), is_final=is_final) from error
    except (smtplib.SMTPException, OSError) as error:
        raise _Unknown("The connection to the mail server broke while the mail was handed over.") from error
    finally:
        _shut(connection)


def _open(connection: BaseEmailBackend) -> None:
    where = f"The mail server {settings.EMAIL_HOST}"
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError as error:
        raise _NotTaken(f"{where} refuses the user name or password in EMAIL_URL.", is_final=True) from error
    except smtplib.SMTPNotSupportedError as error:
        raise _NotTaken(f"{where} does not support what EMAIL_URL asks for: {error}", is_final=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise _NotTaken(f"{where} does not answer.", is_away=True) from error


def _shut(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (smtplib.SMTPException, OSError):
        logger.info("The mail server broke off the connection at its end")


def _refused(what: str, code: int, said: bytes | str) -> str:
    words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return f"The mail server refuses {what}: {code} {' '.join(words.split())[:200]}"


def _record(reply: Reply) -> None:
    with transaction.atomic():
        # By its row: the lead may have been merged, and the reply with it, or erased meanwhile.
        lead = Lead.objects.select_for_update().filter(replies=reply.pk).first()
        mine = Reply.objects.filter(pk=reply.pk, state=State.SENDING)
        if lead and mine.update(state=State.SENT, sent_at=timezone.now(), problem=""):
            replies.answered(lead, reply)


def _wait(reply: Reply, reason: str) -> None:
    due_at = timezone.now() + dt.timedelta(seconds=min(10 * 2**reply.attempts, 900))
    _say(reply, state=State.WAITING, problem=reason, due_at=due_at)


def _close(reply: Reply, reason: str) -> None:
    _say(reply, f"The reply to {reply.to} could not be sent", state=State.FAILED, problem=reason)


def _say(reply: Reply, event: str = "", **changes: object) -> None:
    with transaction.atomic():
        lead = Lead.objects.select_for_update().filter(replies=reply.pk).first()
        if lead and Reply.objects.filter(pk=reply.pk, state=State.SENDING).update(**changes):
            if event:
                Event.objects.create(lead=lead, text=event[:300])
            Lead.objects.filter(pk=lead.pk).update(updated_at=timezone.now())
