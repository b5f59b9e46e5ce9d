"""Tells a form's addresses of its inquiries by mail, from the worker.

    waiting --claim--> sending --> sent
       ^                  |  +---> failed, with the reason, which the form's settings show
       +--- not taken ----+

One row per inquiry and address, made in the transaction that puts the inquiry on a lead: not while it is in quarantine.
A mail is never sent twice by itself (see `leads.outbox`), and while the mail server is away all wait. After so many
mails an hour the others of that form and address are held and leave together, in one mail.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from leads import notice_text, pipeline, smtp
from leads.models import Notice, PublicForm, Submission
from leads.smtp import NotTaken, Unknown

logger = logging.getLogger(__name__)

State = Notice.State
READING = 5  # seconds that a notice waits for the rules, which say how urgent it is
AT_ONCE = 5  # mails a shift begins with, so that leads don't wait for a slow mail server
LEASE = 180  # seconds after which a worker that is sending must have died
AWAY = 60  # seconds for which no mail is tried after the server did not answer
GIVE_UP_AFTER = 8  # attempts that the server refuses for now, over about 40 minutes
AN_HOUR = dt.timedelta(hours=1)
MOST_AN_HOUR = 20  # mails from one form to one address
MAY_HAVE_LEFT = "It may have left all the same; it is not sent again."


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an address was not told the last time, or still is not."""

    to: str
    reason: str
    at: dt.datetime
    is_waiting: bool


# ---- what is to be told ----------------------------------------------------------------------------------------------


def queue(submissions: Iterable[Submission]) -> None:
    """Queues mails for what has just been put on leads; call it in the same transaction. Tests and samples tell nobody,
    and without a mail server there is nothing that could wait for one."""
    real = [each for each in submissions if each.form_id and each.lead and not each.lead.is_sample]
    if not real or not smtp.can_send():
        return
    forms = PublicForm.objects.in_bulk({each.form_id for each in real})
    due_at = timezone.now() + dt.timedelta(seconds=READING)
    rows = [
        Notice(form=form, submission=each, to=to, due_at=due_at)
        for each in real
        if (form := forms.get(each.form_id or 0))
        for to in form.notify
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


def troubles(form: PublicForm) -> list[Trouble]:
    """By address what went wrong with its last mail, those that are well apart."""
    found = []
    for to in form.notify:
        last = Notice.objects.of(form.pk, to).exclude(problem="", state__in=[State.WAITING, State.SENDING]).first()
        if last and last.problem:
            found.append(Trouble(to, last.problem, last.created_at, last.state != State.FAILED))
    return found


# ---- sending ---------------------------------------------------------------------------------------------------------


def ring_if_due() -> None:
    """The clock calls it."""
    if is_due():
        pipeline.ring(settings.LEAD_PIPELINE[0].cluster)


def is_due() -> bool:
    return Notice.objects.due().exists()


def send_due() -> None:
    """Sends a few of the mails that are due; the bell rings again for the others."""
    for _ in range(AT_ONCE):
        notice = Notice.objects.due().select_related("form").order_by("due_at", "id").first()
        if notice is None:
            return
        if notice.state == State.SENDING:
            _close(_in_mail(notice.message_id), f"baseCamp was stopped while it sent this. {MAY_HAVE_LEFT}")
        elif not _tell(notice):
            waiting = Notice.objects.waiting().filter(due_at__lte=timezone.now())
            waiting.update(due_at=timezone.now() + dt.timedelta(seconds=AWAY))
            return


def _tell(notice: Notice) -> bool:
    """Returns whether the mail server is there."""
    others = Notice.objects.waiting().of(notice.form_id, notice.to)
    if notice.to not in notice.form.notify:  # it was taken off meanwhile
        others.delete()
    elif until := _full_until(notice):
        others.update(is_held=True, due_at=until)
    elif (count := _claim(notice, together=others)) and (mail := _read(notice.message_id)):
        return _send(mail, count)
    return True


def _full_until(notice: Notice) -> dt.datetime | None:
    """When the next mail of the form may leave for the address; None: now."""
    sent = Notice.objects.sent().of(notice.form_id, notice.to).filter(sent_at__gt=timezone.now() - AN_HOUR)
    mails = sent.order_by().values("message_id").annotate(at=Max("sent_at")).order_by("-at")
    last = list(mails.values_list("at", flat=True)[:MOST_AN_HOUR])
    return last[-1] + AN_HOUR if len(last) == MOST_AN_HOUR else None


def _claim(notice: Notice, *, together: QuerySet[Notice]) -> int:
    """Takes the notice, and when it was held all that were, for one mail; returns how many. Its id is the claim."""
    notice.message_id = smtp.new_message_id()
    now = timezone.now()
    due = together.filter(due_at__lte=now, submission__lead__quarantined_at=None)
    if not notice.is_held:
        due = due.filter(pk=notice.pk)
    return due.update(
        state=State.SENDING,
        due_at=now + dt.timedelta(seconds=LEASE),
        attempts=F("attempts") + 1,
        message_id=notice.message_id,
    )


def _in_mail(message_id: str) -> QuerySet[Notice]:
    return Notice.objects.filter(message_id=message_id, state=State.SENDING)


def _read(message_id: str) -> list[Notice]:
    """What the mail lists, oldest first. What was erased meanwhile is not in it."""
    rows = _in_mail(message_id).select_related("form", "submission__lead").order_by("id")
    return list(rows[: notice_text.LISTED])


def _send(mail: Sequence[Notice], count: int) -> bool:
    """Returns whether the server is there."""
    mine = _in_mail(mail[0].message_id)
    try:
        smtp.hand_over(notice_text.mail(mail, count=count))
    except NotTaken as refused:
        if refused.is_away:
            _wait(mine, refused.reason, AWAY, attempts=F("attempts") - 1)
            return False
        if refused.is_final or mail[0].attempts >= GIVE_UP_AFTER:
            _close(mine, refused.reason)
        else:
            _wait(mine, refused.reason, min(10 * 2 ** mail[0].attempts, 900))
    except Unknown as broken:
        _close(mine, f"{broken} {MAY_HAVE_LEFT}")
    except Exception as error:
        logger.exception("Notice %s could not be sent", mail[0].pk)
        _close(mine, f"Something unexpected went wrong ({type(error).__name__}). {MAY_HAVE_LEFT}")
    else:
        mine.update(state=State.SENT, sent_at=timezone.now(), problem="")
    return True


def _wait(rows: QuerySet[Notice], reason: str, seconds: float, **changes: object) -> None:
    due_at = timezone.now() + dt.timedelta(seconds=seconds)
    rows.update(state=State.WAITING, problem=reason, due_at=due_at, **changes)


def _close(rows: QuerySet[Notice], reason: str) -> None:
    rows.update(state=State.FAILED, problem=reason)
