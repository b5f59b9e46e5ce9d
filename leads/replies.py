"""What staff answer a lead with, by which way it left, and the clock that the first answer stops.

baseCamp sends by SMTP itself (`leads.outbox`). What was copied or opened in a mail program is only known to be taken
along: whether it left, a person says.
"""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.timesince import timesince

from leads import status
from leads.merging import MergedAway
from leads.models import Lead, Reply
from leads.smtp import can_send, new_message_id

State, Channel = Reply.State, Reply.Channel
UNDO_SECONDS = 10  # a mail waits so long before it leaves, to be taken back
LONGEST = 20_000


class CannotReply(Exception):
    """The reply can't go this way; the message is a plain sentence."""


def send(lead: Lead, *, to: str, subject: str, text: str, key: uuid.UUID, actor: str) -> Reply:
    """Queues a mail, which leaves after a few seconds. The same `key` a second time, as by a second click, is the same
    mail. Raises CannotReply when it can't be sent to that address, MergedAway when the lead is no longer one."""
    if not can_send():
        raise CannotReply("No mail server is set, so baseCamp can't send mail.")
    text, subject = _checked(text), " ".join(subject.split())[:200]
    with transaction.atomic():
        fresh = _locked(lead)
        if earlier := Reply.objects.filter(key=key).first():
            return earlier
        if Reply.objects.on_the_way().filter(lead=fresh).exists():
            raise CannotReply("A reply to this lead is on its way already.")
        if to != fresh.email:
            raise CannotReply("The lead's e-mail address has changed meanwhile. Look at it and send again.")
        _refuse_wrong_address(to)
        reply = Reply.objects.create(
            lead=fresh,
            channel=Channel.SMTP,
            state=State.WAITING,
            key=key,
            to=to,
            subject=subject or "Your inquiry",
            text=text,
            message_id=new_message_id(),
            due_at=timezone.now() + dt.timedelta(seconds=UNDO_SECONDS),
            sent_by=actor,
        )
        _touch(fresh)
    return reply


def take_back(reply: Reply) -> bool:
    """Withdraws what has not left: a mail that waits or failed, or a text that was only copied. Returns whether it
    still could be."""
    gone, _ = Reply.objects.filter(pk=reply.pk, state__in=[State.WAITING, State.FAILED, State.TAKEN]).delete()
    if gone:
        _touch(reply.lead)
    return bool(gone)


def try_again(reply: Reply) -> bool:
    """Sends a failed mail once more; returns whether it had failed."""
    failed = Reply.objects.filter(pk=reply.pk, state=State.FAILED, channel=Channel.SMTP)
    return bool(failed.update(state=State.WAITING, due_at=timezone.now(), attempts=0, problem=""))


def take_along(lead: Lead, *, channel: str, to: str, subject: str, text: str, actor: str) -> Reply:
    """Notes that a text was copied or opened in the mail program: the last one of the lead counts."""
    with transaction.atomic():
        fresh = _locked(lead)
        Reply.objects.filter(lead=fresh, state=State.TAKEN).delete()
        reply = Reply.objects.create(
            lead=fresh,
            channel=channel,
            state=State.TAKEN,
            to=to[:254],
            subject=" ".join(subject.split())[:200],
            text=_checked(text),
            sent_by=actor,
        )
        _touch(fresh)
    return reply


def confirm(reply: Reply, *, actor: str) -> None:
    """What was taken along, or failed but arrived all the same, has left, says a person: the lead is answered."""
    with transaction.atomic():
        fresh = _locked(reply.lead)
        mine = Reply.objects.filter(pk=reply.pk, state__in=[State.TAKEN, State.FAILED])
        if mine.update(state=State.SENT, sent_by=actor, problem=""):
            reply.refresh_from_db()
            answered(fresh, reply)


def mark_answered(lead: Lead, *, actor: str) -> Reply:
    """Answered in another way, by a call or a visit."""
    with transaction.atomic():
        fresh = _locked(lead)
        reply = Reply.objects.create(lead=fresh, channel=Channel.OTHER, state=State.SENT, text="", sent_by=actor)
        answered(fresh, reply)
    return reply


def answered(lead: Lead, reply: Reply) -> None:
    """Records on a locked lead that a reply left: the clock stops, and a new lead is one that is worked on."""
    set_clock([lead.pk])
    if lead.status == Lead.Status.NEW:
        status.change_status(lead, Lead.Status.WORKING, reply.sent_by)
    _touch(lead)


def said(reply: Reply) -> str:
    """A line for the timeline."""
    return {
        Channel.SMTP: f"Replied by e-mail to {reply.to}",
        Channel.MAIL_PROGRAM: "Replied with the mail program",
        Channel.COPY: "Replied with a copied text",
        Channel.OTHER: "Answered in another way",
    }[Channel(reply.channel)]


def set_clock(lead_ids: Iterable[int]) -> None:
    """The first reply that left stops a lead's clock; also after replies moved with a merge."""
    for pk in lead_ids:
        first = Reply.objects.sent().filter(lead=pk).aggregate(first=Min("sent_at"))["first"]
        Lead.objects.filter(pk=pk).update(first_response_at=first)


def time_taken(start: dt.datetime, end: dt.datetime) -> str:
    """ "3 hours", "less than a minute"."""
    taken = timesince(start, end, depth=1).replace("\xa0", " ")
    return "less than a minute" if taken == "0 minutes" else taken


def _locked(lead: Lead) -> Lead:
    fresh = Lead.objects.select_for_update().get(pk=lead.pk)
    if fresh.merged_into_id is not None:
        raise MergedAway(fresh)
    return fresh


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise CannotReply("The reply is empty.")
    if len(text) > LONGEST:
        raise CannotReply(f"The reply is too long: {len(text):,} characters, at most {LONGEST:,} can be sent.")
    return text


def _refuse_wrong_address(to: str) -> None:
    try:
        validate_email(to)
    except ValidationError:
        raise CannotReply("The lead has no e-mail address that mail could be sent to.") from None


def _touch(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(updated_at=timezone.now())
