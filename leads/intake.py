"""Intake: whatever comes in is stored untouched, first; everything else happens later."""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from leads import (
    consent_mails,
    consents,
    conversation,
    joining,
    merging,
    notices,
    pipeline,
    quarantine,
    touches,
)
from leads.attribution import NOTHING, Attribution
from leads.files import Stored, attach
from leads.models import FieldValue, Lead, PublicForm, Submission
from leads.models.intake import SubmissionQuerySet
from leads.values import Agreement, Contact, FoundValue

logger = logging.getLogger(__name__)

LONGEST_TEXT = 200_000  # characters; the form, the API and the paste page refuse more
ADMIT_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class _Place:
    submission: Submission
    lead: Lead


def keep(
    text: str,
    *,
    source: str,
    contact: Contact = Contact(),  # noqa: B008 - frozen
    payload: Mapping[str, Any] | None = None,
    form: PublicForm | None = None,
    idempotency_key: str | None = None,
    suspicion: str = "",
    attribution: Attribution = NOTHING,
    stored: Sequence[Stored] = (),
    agreements: Sequence[Agreement] = (),
    is_test: bool = False,
    answers: Lead | None = None,
    received_at: dt.datetime | None = None,
) -> Submission:
    """Stores one inquiry and rings for a worker, which will put it on a lead. One INSERT, and one more each for its
    files, which are `stored` already, and its `agreements`, what was agreed to in the form: a visitor is waiting.

    `payload` is what came in, kept as it is; `contact` what the submitter typed into named fields. With a `suspicion`,
    a sentence for staff, it goes into quarantine. A test makes a lead that goes nowhere. `answers`: the lead whose mail
    it answers; `received_at`: when it came to us, if that was before now.

    Raises:
        IntegrityError: the idempotency key was used before.
    """
    typed = {key: _storable(value).strip() for key, value in asdict(contact).items()}
    submission = Submission(
        source=source,
        form=form,
        form_version=form.published if form else None,
        payload=_storable_json(payload if payload is not None else {"text": text, "contact": typed}),
        text=_storable(text),
        contact=typed,
        attribution=attribution.to_json(),
        received_at=received_at or timezone.now(),
        answers=answers,
        idempotency_key=idempotency_key,
        is_test=is_test,
        **quarantine.held_for(suspicion),
    )
    with transaction.atomic() if stored or agreements else nullcontext():
        submission.save(force_insert=True)
        attach(submission, stored)
        consents.record(submission, form, agreements)
    pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)
    return submission


def receive(
    text: str,
    *,
    source: str,
    contact: Contact = Contact(),  # noqa: B008 - frozen
    payload: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    is_sample: bool = False,
    attribution: Attribution = NOTHING,
) -> Lead:
    """Stores one inquiry and puts it on a lead at once, in one transaction, for callers who go on to the lead.

    That is a lead which was there already, when the same person wrote before. With an `idempotency_key` that was used
    before, the earlier lead is returned and nothing new is stored.
    """
    try:
        with transaction.atomic():
            submission = keep(
                text,
                source=source,
                contact=contact,
                payload=payload,
                idempotency_key=idempotency_key,
                attribution=attribution,
            )
            (lead,) = _admit([submission], is_sample=is_sample)
    except IntegrityError:
        earlier = Lead.objects.filter(submissions__idempotency_key=idempotency_key).first() if idempotency_key else None
        if earlier is None:
            raise
        return earlier
    return lead


@dataclass(frozen=True, slots=True)
class Incoming:
    """One of many inquiries that come together. `typed` is what its submitter said, by field key; `lead`, when it is
    known whose further message it is, a lead that the caller holds."""

    text: str
    typed: Mapping[str, str]
    payload: Mapping[str, Any]
    lead: Lead | None = None


def receive_many(incoming: Sequence[Incoming], *, source: str) -> list[Submission]:
    """Stores inquiries and puts each on its lead, in a fixed number of statements; call it in a transaction.
    Inquiries that come by themselves pass every stage before these.

    What typed values say of a lead that was there already stands in the message alone: it is read by the rules."""
    now = timezone.now()
    submissions = [
        Submission(
            source=source,
            lead=item.lead or Lead(source=source, received_at=now, last_message_at=now, updated_at=now),
            joined_as=Submission.Joined.REPEAT if item.lead else "",
            payload=_storable_json(item.payload),
            text=_storable(item.text),
            contact={key: _storable(value).strip() for key, value in item.typed.items()},
            received_at=now,
        )
        for item in incoming
    ]
    fresh = [submission for submission in submissions if submission.lead and submission.lead.pk is None]
    joined = sorted({submission.lead.pk for submission in submissions if submission.lead and submission.lead.pk})
    _store_with_new_leads(fresh)
    Submission.objects.bulk_create(submission for submission in submissions if submission.pk is None)
    merging.refresh(joined)
    conversation.count_messages(joined)
    pipeline.schedule(joined, [settings.LEAD_PIPELINE[0].name], can_wait=True)
    return submissions


def _store_with_new_leads(submissions: Sequence[Submission]) -> None:
    leads = [submission.lead for submission in submissions if submission.lead]
    values = [
        merging.begin(lead, _typed(submission), text=submission.text)
        for lead, submission in zip(leads, submissions, strict=True)
    ]
    Lead.objects.bulk_create(leads)
    Submission.objects.bulk_create(submissions)
    FieldValue.objects.bulk_create(row for rows in values for row in rows)
    pipeline.start(leads, can_wait=True)


def admit_waiting(*, as_they_are: bool = False) -> bool:
    """Puts waiting submissions on leads, but what looks like spam, a batch in one transaction; returns whether it came
    any further. `as_they_are`: each on a lead of its own, whatever it looks like and whoever wrote it."""
    waiting = Submission.objects.waiting()
    if not waiting.exists():
        return False
    try:
        with transaction.atomic():
            held = list(_held(waiting)[:ADMIT_AT_ONCE])
            _admit(held if as_they_are else quarantine.screen(held), may_join=not as_they_are)
    except Exception:
        logger.exception("Submissions could not be admitted together, now one by one")
        pks = list(waiting.order_by("id").values_list("pk", flat=True)[:ADMIT_AT_ONCE])
        return sum(_admit_alone(pk) for pk in pks) > 0
    return True


def try_again(submissions: SubmissionQuerySet) -> int:
    """Has the worker look again at submissions that could not be put on a lead; returns how many."""
    count = submissions.stuck().update(problem="")
    pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)
    return count


def _admit_alone(pk: int) -> bool:
    """Whether it is settled; while the database is away it waits for the next bell."""
    try:
        with transaction.atomic():
            _admit(quarantine.screen(list(_held(Submission.objects.waiting().filter(pk=pk)))))
    except pipeline.DATABASE_AWAY as error:
        logger.warning("Submission %s waits: %s", pk, error)
        return False
    except Exception as error:
        logger.exception("Submission %s could not be put on a lead", pk)
        Submission.objects.filter(pk=pk).update(problem=f"It could not be put on a lead ({type(error).__name__}).")
    return True


def _held(submissions: SubmissionQuerySet) -> SubmissionQuerySet:
    """Oldest first, and no one else's: on PostgreSQL two workers share the work, on SQLite one waits for the other."""
    return submissions.select_for_update(skip_locked=not settings.IS_SQLITE).order_by("id")


def _admit(submissions: Sequence[Submission], *, is_sample: bool = False, may_join: bool = True) -> list[Lead]:
    """Each submission on a lead: the one of the person who wrote, or that it answers, else a new one with what its
    submitter typed. Samples and tests are leads of their own, whoever wrote them."""
    alone = [each for each in submissions if is_sample or each.is_test or not may_join]
    places = [_Place(each, _new_lead(each, is_sample=is_sample)) for each in alone]
    places += _places([each for each in submissions if each not in alone]) if len(alone) < len(submissions) else []
    begun = [place for place in places if not place.submission.joined_as]
    rows = [
        row
        for place in begun
        for row in merging.begin(place.lead, _typed(place.submission), text=place.submission.text)
    ]
    for place in begun:
        touches.note(place.lead, [place.submission.attribution])
    Lead.objects.bulk_create(place.lead for place in begun)
    for place in places:
        place.submission.lead = place.lead
    Submission.objects.bulk_update(submissions, ["lead", "joined_as"])
    FieldValue.objects.bulk_create(rows)
    consent_mails.ask(submissions)
    if begun:
        pipeline.start([place.lead for place in begun])
    conversation.go_on([(place.lead, place.submission) for place in places if place.submission.joined_as])
    notices.queue(submissions)
    return [place.lead for place in places]


def _places(submissions: Sequence[Submission]) -> list[_Place]:
    """One after the other, as if each had come alone: two of one person end on one lead."""
    people = [conversation.typed(submission) for submission in submissions]
    answered = {submission.answers_id for submission in submissions if submission.answers_id}
    known, asked = joining.know_and_hold(people, others=answered)
    places = []
    for submission, person in zip(submissions, people, strict=True):
        lead = asked.get(submission.answers_id or 0)
        submission.joined_as = Submission.Joined.ANSWER if lead else Submission.Joined.REPEAT
        lead = lead or known.lead_of(person)
        if lead is None:
            lead, submission.joined_as = _new_lead(submission), ""
        known.add(lead, person)
        places.append(_Place(submission, lead))
    return places


def _new_lead(submission: Submission, *, is_sample: bool = False) -> Lead:
    received_at = submission.received_at
    return Lead(
        source=submission.source,
        received_at=received_at,
        last_message_at=received_at,
        updated_at=timezone.now(),
        is_sample=is_sample or submission.is_test,
        is_test=submission.is_test,
    )


def _typed(submission: Submission) -> list[FoundValue]:
    return [FoundValue(key, value) for key, value in submission.contact.items() if value]


def _storable(text: str) -> str:
    """Databases can't store NUL bytes or lone surrogates in text; a replacement character shows where one was."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _storable_json(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, Mapping):
        return {_storable(str(key)): _storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_json(item) for item in value]
    return value
