"""Intake: whatever comes in is stored untouched, first; everything else happens later."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from leads import merging, pipeline
from leads.models import FieldValue, Lead, PublicForm, Submission
from leads.models.intake import SubmissionQuerySet
from leads.values import Contact, FoundValue

logger = logging.getLogger(__name__)

LONGEST_TEXT = 200_000  # characters; the form, the API and the paste page refuse more
ADMIT_AT_ONCE = 64


def keep(
    text: str,
    *,
    source: str,
    contact: Contact = Contact(),  # noqa: B008 - frozen
    payload: Mapping[str, Any] | None = None,
    form: PublicForm | None = None,
    idempotency_key: str | None = None,
) -> Submission:
    """Stores one inquiry and rings for a worker, which will put it on a lead. One INSERT: a visitor is waiting.

    `payload` is what came in, kept as it is; `contact` what the submitter typed into named fields.

    Raises:
        IntegrityError: the idempotency key was used before.
    """
    typed = {key: _storable(value).strip() for key, value in asdict(contact).items()}
    submission = Submission.objects.create(
        source=source,
        form=form,
        payload=_storable_json(payload if payload is not None else {"text": text, "contact": typed}),
        text=_storable(text),
        contact=typed,
        received_at=timezone.now(),
        idempotency_key=idempotency_key,
    )
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
) -> Lead:
    """Stores one inquiry and puts it on a lead at once, in one transaction, for callers who go on to the lead.

    With an `idempotency_key` that was used before, the earlier lead is returned and nothing new is stored.
    """
    try:
        with transaction.atomic():
            submission = keep(text, source=source, contact=contact, payload=payload, idempotency_key=idempotency_key)
            (lead,) = _admit([submission], is_sample=is_sample)
    except IntegrityError:
        earlier = Lead.objects.filter(submissions__idempotency_key=idempotency_key).first() if idempotency_key else None
        if earlier is None:
            raise
        return earlier
    return lead


def admit_waiting() -> bool:
    """Puts waiting submissions on leads, a batch in one transaction; returns whether it came any further."""
    waiting = Submission.objects.waiting()
    if not waiting.exists():
        return False
    try:
        with transaction.atomic():
            _admit(list(_held(waiting)[:ADMIT_AT_ONCE]))
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
            _admit(list(_held(Submission.objects.waiting().filter(pk=pk))))
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


def _admit(submissions: Sequence[Submission], *, is_sample: bool = False) -> list[Lead]:
    """A lead for each submission, with what its submitter typed, and the first stage's row."""
    leads = [_new_lead(submission, is_sample=is_sample) for submission in submissions]
    values = [
        merging.begin(lead, _typed(submission), text=submission.text)
        for lead, submission in zip(leads, submissions, strict=True)
    ]
    Lead.objects.bulk_create(leads)
    for lead, submission in zip(leads, submissions, strict=True):
        submission.lead = lead
    Submission.objects.bulk_update(submissions, ["lead"])
    FieldValue.objects.bulk_create(row for rows in values for row in rows)
    pipeline.start(leads)
    return leads


def _new_lead(submission: Submission, *, is_sample: bool) -> Lead:
    now = timezone.now()
    return Lead(source=submission.source, received_at=submission.received_at, updated_at=now, is_sample=is_sample)


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
