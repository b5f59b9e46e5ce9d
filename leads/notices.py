"""Tells a form's addresses of its inquiries by mail, from the worker. `leads.mailing` says how mail leaves.

One row per inquiry and address, made in the transaction that puts the inquiry on a lead: not while it is in quarantine.
After so many mails in an hour the others of that form and address go into a digest, one mail for all of them.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from leads import mailing, notice_text, pipeline, smtp
from leads.mailing import Kind
from leads.models import Lead, Notice, PublicForm, Submission

State = Notice.State
READING = 5  # seconds that a notice waits for the rules, which say how urgent it is
AN_HOUR = dt.timedelta(hours=1)
MOST_AN_HOUR = 20  # mails from one form to one address


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
        _notice(form, to, due_at, submission=each)
        for each in real
        if (form := forms.get(each.form_id or 0))
        for to in form.notify
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


def _notice(form: PublicForm, to: str, due_at: dt.datetime, *, submission: Submission | None = None) -> Notice:
    return Notice(form=form, to=to, due_at=due_at, submission=submission, message_id=smtp.new_message_id())


def troubles(form: PublicForm) -> list[Trouble]:
    """By address what went wrong with its last mail, those that are well apart."""
    found = []
    for to in form.notify:
        mails = Notice.objects.of(form.pk, to).mails()
        last = mails.exclude(problem="", state__in=[State.WAITING, State.SENDING]).first()
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
    _mend_digests()
    due = set(Notice.objects.due().waiting().order_by().values_list("form", "to").distinct())
    forms = PublicForm.objects.in_bulk({form_id for form_id, _ in due})
    for form_id, to in due:
        if form_id in forms:  # else it was just deleted, with its notices
            _hold_back(forms[form_id], to)
    mailing.send_due([NOTICES])


def _mend_digests() -> None:
    """What went into quarantine meanwhile leaves its digest; one whose inquiries were all erased has nothing to say."""
    waiting = Notice.objects.filter(digest__state=State.WAITING)
    waiting.filter(submission__lead__quarantined_at__isnull=False).update(digest=None)
    listed = Notice.objects.filter(digest=OuterRef("pk"))
    Notice.objects.due().digests().exclude(Exists(listed)).delete()


@transaction.atomic
def _hold_back(form: PublicForm, to: str) -> None:
    """Leaves as many mails due as may leave in this hour; the others go into a digest. Of an address that was taken off
    none is left."""
    due = Notice.objects.due().waiting().of(form.pk, to)
    if to not in form.notify:
        due.delete()
        return
    room, next_at = _room(form, to)
    if not room:
        due.digests().update(due_at=next_at)
    inquiries, room = due.exclude(submission=None), max(room - due.digests().count(), 0)
    first = list(inquiries.order_by("due_at", "id").values_list("pk", flat=True)[:room])
    others = inquiries.exclude(pk__in=first)
    if others.exists():
        others.update(digest=_open_digest(form, to, next_at))


def _room(form: PublicForm, to: str) -> tuple[int, dt.datetime]:
    """How many mails may leave for the address now, and when the next may after those."""
    now = timezone.now()
    sent = Notice.objects.of(form.pk, to).mails().filter(state=State.SENT, sent_at__gt=now - AN_HOUR)
    times = list(sent.order_by("-sent_at").values_list("sent_at", flat=True)[:MOST_AN_HOUR])
    oldest = times[-1] if len(times) == MOST_AN_HOUR else None
    return MOST_AN_HOUR - len(times), (oldest or now) + AN_HOUR


def _open_digest(form: PublicForm, to: str, due_at: dt.datetime) -> Notice:
    """The one that waits, locked so that it isn't taken to be sent before what comes now is in it."""
    waiting = Notice.objects.waiting().digests().of(form.pk, to).filter(due_at__gt=timezone.now())
    digest = waiting.select_for_update().first() or _notice(form, to, due_at)
    if digest.pk is None:
        digest.save()
    return digest


def _due() -> QuerySet[Notice]:
    return Notice.objects.due().select_related("form", "submission__lead")


def _message(notice: Notice) -> EmailMessage:
    if notice.submission is not None:
        return notice_text.of_one(notice)
    listed = Notice.objects.filter(digest=notice)
    first = listed.select_related("submission__lead").order_by("id")[: notice_text.LISTED]
    submissions = [each.submission for each in first if each.submission]
    return notice_text.of_many(notice, submissions, count=listed.count())


def _lead(notice: Notice) -> QuerySet[Lead]:
    if notice.submission_id:
        return Lead.objects.filter(submissions=notice.submission_id)
    return Lead.objects.filter(submissions__notices__digest=notice.pk).order_by("pk")


def _was_sent(lead: Lead, notice: Notice) -> None:
    Notice.objects.filter(digest=notice).update(state=State.SENT, sent_at=timezone.now())


NOTICES = Kind(
    due=_due,
    message=_message,
    lead=_lead,
    was_sent=_was_sent,
    called=lambda notice: f"The mail that tells {notice.to} of it",
    give_up_after=200,  # after about two days, should the mail server be away for so long
)
