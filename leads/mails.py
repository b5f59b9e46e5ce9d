"""E-mails: stored at once as they came, whichever way, and taken in by the worker; what is no inquiry is set aside.

waiting --> taken         a submission came of it: a new lead's, or a message of the lead that it answers
   ^  +---> aside         a bounce, an automatic answer, a newsletter, a loop …, with the reason
   |  +---> unreadable
   +------- "Take it in all the same"

The same mail a second time, by another mailbox or after a crash, is known by its identity and stored once.
"""

import datetime as dt
import logging
import zlib

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from leads import files, intake, mail, pipeline, smtp
from leads.intake import LONGEST_TEXT
from leads.mail import Kind, Own
from leads.models import Event, IncomingMail, Lead, LeadSource, Mailbox, Reply, Submission
from leads.names import LEGAL_FORMS, fold, split_name
from leads.values import Contact

logger = logging.getLogger(__name__)
State = IncomingMail.State

AT_ONCE = 40  # mails a shift takes before leads come first again
LARGEST = 30_000_000  # bytes; what mail providers let pass is below
TRIES = 3  # a mail that killed its worker so often is given up
GIVEN_UP = "It could not be read: each try ended the program that tried."
MOST_AN_HOUR = 30  # mails of one person that are taken in; beyond that it is a program
NO_COMPANY = frozenset({"the", "as", "co", "ab", "sa", "ag", "limited"})  # also parts of people's names


def keep(
    raw: bytes, *, mailbox: Mailbox | None = None, label: str = "", received_at: dt.datetime | None = None
) -> tuple[IncomingMail, bool]:
    """Stores a mail and rings for a worker; returns its row and whether it was new."""
    return _store(raw, mail.identity_of(raw), mailbox=mailbox, label=label, received_at=received_at, size=len(raw))


def keep_headers(
    raw: bytes, *, size: int, mailbox: Mailbox | None = None, label: str = "", received_at: dt.datetime | None = None
) -> tuple[IncomingMail, bool]:
    """Of a mail that is too large to be stored: that it came, and from whom."""
    identity = mail.identity_of(raw, size=size)
    return _store(raw, identity, mailbox=mailbox, label=label, received_at=received_at, size=size)


def _store(
    raw: bytes, identity: str, *, mailbox: Mailbox | None, label: str, received_at: dt.datetime | None, size: int
) -> tuple[IncomingMail, bool]:
    now = timezone.now()
    row, is_new = IncomingMail.objects.get_or_create(
        identity=identity,
        defaults={
            "mailbox": mailbox,
            "label": label[:60],
            "message_id": _text(mail.message_id_of(raw), 200),
            "raw": zlib.compress(raw),
            "size": size,
            "received_at": min(received_at or now, now),
        },
    )
    pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)
    return row, is_new


def is_due() -> bool:
    return IncomingMail.objects.waiting().exists()


def ring_if_due() -> None:
    """The clock calls it."""
    if is_due():
        pipeline.ring(settings.LEAD_PIPELINE[0].cluster)


def take_due() -> None:
    """Takes in some of what waits, oldest first; each on its own, so that a bad one blocks no other."""
    for pk in IncomingMail.objects.waiting().order_by("id").values_list("pk", flat=True)[:AT_ONCE]:
        try:
            _take(pk)
        except pipeline.DATABASE_AWAY:
            raise
        except Exception as error:
            logger.exception("Mail %s could not be taken in", pk)
            said = f"It could not be read ({type(error).__name__})."
            IncomingMail.objects.waiting().filter(pk=pk).update(state=State.UNREADABLE, problem=said)


def take_anyway(row: IncomingMail) -> bool:
    """Has the worker take in what was set aside; returns whether it still was."""
    changed = IncomingMail.objects.aside().filter(pk=row.pk).exclude(raw=b"")
    done = changed.update(state=State.WAITING, is_wanted=True, problem="", kind="")
    pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)
    return bool(done)


def forget_old() -> None:
    """Deletes what was set aside long ago; of what was taken in then, only the raw form."""
    IncomingMail.objects.forgotten().delete()
    IncomingMail.objects.slimmed().update(raw=b"")


def own_addresses() -> Own:
    """From which mail is our own: the sender of replies, and the mailboxes."""
    users = Mailbox.objects.values_list("user", flat=True)
    return Own(frozenset(each.lower() for each in (smtp.sender(), *users) if "@" in each))


# ---- what the worker does --------------------------------------------------------------------------------------------


def _take(pk: int) -> None:
    """Reads and writes files first, then stores what came of it in one transaction: others wait meanwhile."""
    row = _tried(pk)
    if row is None:
        return
    found = mail.read(row.content, own_addresses())
    if _waits_for_earlier(row, found):
        IncomingMail.objects.filter(pk=pk).update(tries=0)
        return
    why = None if row.is_wanted else _why_aside(row, found)
    stored = [] if why else files.store([files.IncomingFile(each.name, each.content) for each in found.attachments])
    is_kept = False
    try:
        with transaction.atomic():
            fresh = IncomingMail.objects.select_for_update(of=("self",)).waiting().filter(pk=pk).first()
            if fresh is not None:
                _settle(fresh, found, why, stored)
                is_kept = True
    finally:
        if not is_kept:
            files.discard(stored)


def _tried(pk: int) -> IncomingMail | None:
    """The mail, counted before it is read: one that ends its worker each time would hold up all others."""
    waiting = IncomingMail.objects.waiting().filter(pk=pk)
    if waiting.filter(tries__gte=TRIES).update(state=State.UNREADABLE, problem=GIVEN_UP, tries=0):
        return None
    return waiting.first() if waiting.update(tries=F("tries") + 1) else None


def _settle(row: IncomingMail, found: mail.Mail, why: tuple[Kind, str] | None, stored: list[files.Stored]) -> None:
    row.sender = _text(found.person.address or found.sender.address, 254)
    row.subject = _text(found.subject, 200)
    if why:
        row.state, row.kind, row.problem = State.ASIDE, why[0], why[1]
        row.lead = _tell_lead(found)
    else:
        row.submission = _submit(row, found)
        files.attach(row.submission, stored)
        row.state, row.kind, row.problem = State.TAKEN, "", ""
    row.save(update_fields=["sender", "subject", "state", "kind", "problem", "lead", "submission"])


def _submit(row: IncomingMail, found: mail.Mail) -> Submission:
    submission = intake.keep(
        _message(row, found)[:LONGEST_TEXT],
        source=LeadSource.EMAIL,
        contact=_contact(found.person),
        payload=_payload(row, found),
        idempotency_key=f"mail:{row.identity}",
        answers=_answered(found),
        received_at=row.received_at,
    )
    if row.is_wanted:  # somebody looked at it: no filter knows better
        submission.verdict = Submission.Verdict.NOT_SPAM
        submission.save(update_fields=["verdict"])
    return submission


def _payload(row: IncomingMail, found: mail.Mail) -> dict[str, object]:
    return {
        "mail": {
            "mailbox": row.label or (row.mailbox.name if row.mailbox else ""),
            "message_id": found.message_id,
            "from": _readable(found.sender),
            "reply_to": _readable(found.person) if found.person != found.sender else "",
            "to": list(found.to),
            "subject": found.subject,
            "date": found.written_at.isoformat() if found.written_at else "",
            "text": found.whole_text[:LONGEST_TEXT],
            "is_cut": found.text != found.whole_text.strip(),
            "headers": [list(each) for each in found.headers],
        }
    }


def _message(row: IncomingMail, found: mail.Mail) -> str:
    """What is read: of a first mail the subject, too, which often says what it is about."""
    subject = found.subject.strip()
    is_said = found.is_answer or not subject or fold(subject) in fold(found.text[:2000])
    text = found.text if is_said else f"{subject}\n\n{found.text}".strip()
    return text or ("" if found.attachments else "(The e-mail holds no text.)")


def _readable(person: mail.Person) -> str:
    return f"{person.name} <{person.address}>" if person.name else person.address


def _contact(person: mail.Person) -> Contact:
    """What the writer's mail program says of them. A name with a legal form is a company's."""
    name = person.name.partition(" via ")[0].strip()
    words = fold(name).split()
    if words and words[-1] in LEGAL_FORMS - NO_COMPANY:
        return Contact(email=person.address, company=name[:200])
    first, last = split_name(name) if name else ("", "")
    return Contact(first_name=first[:100], last_name=last[:100], email=person.address)


# ---- which mail it answers -------------------------------------------------------------------------------------------


def _waits_for_earlier(row: IncomingMail, found: mail.Mail) -> bool:
    """Whether a mail that it answers is not on its lead yet: then it is taken in a moment later."""
    earlier = IncomingMail.objects.filter(message_id__in=found.references, pk__lt=row.pk) if found.references else None
    if earlier is None:
        return False
    return earlier.waiting().exists() or earlier.filter(submission__in=Submission.objects.waiting()).exists()


def _answered(found: mail.Mail) -> Lead | None:
    """The lead of the newest mail it answers: one that left from here, or one that came in."""
    if not found.references:
        return None
    reply = Reply.objects.filter(message_id__in=found.references).select_related("lead").order_by("-id").first()
    if reply is not None:
        return reply.lead
    came = IncomingMail.objects.filter(message_id__in=found.references, submission__lead__isnull=False)
    earlier = came.select_related("submission__lead").order_by("-received_at", "-id").first()
    return earlier.submission.lead if earlier and earlier.submission else None


# ---- what is no inquiry ----------------------------------------------------------------------------------------------


def _why_aside(row: IncomingMail, found: mail.Mail) -> tuple[Kind, str] | None:
    if row.size > len(row.content):  # only its headers are here
        return Kind.TOO_LARGE, f"It is too large: {row.size // 1_000_000} MB. It is still in the mailbox."
    if found.message_id and Reply.objects.filter(message_id=found.message_id).exists():
        return Kind.LOOP, "It is a reply that was sent from here."
    if found.aside is not None:
        is_answer = (
            found.aside.kind == Kind.NEWSLETTER and Reply.objects.filter(message_id__in=found.references).exists()
        )
        return None if is_answer else (found.aside.kind, found.aside.reason)
    if _is_flood(row, found):
        return Kind.FLOOD, f"More than {MOST_AN_HOUR} mails of {found.person.address} came within an hour."
    return None


def _is_flood(row: IncomingMail, found: mail.Mail) -> bool:
    if not found.person.address:
        return False
    since = row.received_at - dt.timedelta(hours=1)
    same = IncomingMail.objects.filter(sender=found.person.address, received_at__range=(since, row.received_at))
    return same.filter(state=State.TAKEN).exclude(pk=row.pk).count() >= MOST_AN_HOUR


def _tell_lead(found: mail.Mail) -> Lead | None:
    """Notes on a lead's timeline that a reply to it could not be delivered."""
    if found.undelivered is None or found.aside is None:
        return None
    reply = Reply.objects.filter(message_id__in=found.undelivered.message_ids).order_by("-id").first()
    if reply is None:
        return None
    lead = Lead.objects.select_for_update().get(pk=reply.lead_id)
    what = "could not be delivered" if found.aside.kind == Kind.BOUNCE else "has not been delivered yet"
    reason = f": {found.undelivered.reason}" if found.undelivered.reason else "."
    Event.objects.create(lead=lead, text=f"The reply to {found.undelivered.recipient or reply.to} {what}{reason}"[:300])
    Lead.objects.filter(pk=lead.pk).update(updated_at=timezone.now())
    return lead


def _text(text: str, longest: int) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:longest]
