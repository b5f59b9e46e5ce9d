"""Intake: whatever comes in is stored untouched, first; everything else happens later."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from leads import merging, pipeline
from leads.models import FieldValue, Lead, PublicForm, Submission
from leads.values import Contact, FoundValue

LONGEST_TEXT = 200_000  # characters; the form, the API and the paste page refuse more


def receive(
    text: str,
    *,
    source: str,
    contact: Contact = Contact(),  # noqa: B008 - frozen
    payload: Mapping[str, Any] | None = None,
    form: PublicForm | None = None,
    idempotency_key: str | None = None,
    is_sample: bool = False,
) -> Submission:
    """Stores one inquiry and queues its first stage, in one transaction.

    `payload` is what came in, kept as it is; `contact` what the submitter typed into named fields. With an
    `idempotency_key` that was used before, the earlier submission is returned and nothing new is stored.
    """
    try:
        with transaction.atomic():
            return _store(text, source, contact, payload, form, idempotency_key, is_sample)
    except IntegrityError:
        earlier = Submission.objects.filter(idempotency_key=idempotency_key).first() if idempotency_key else None
        if earlier is None:
            raise
        return earlier


def _store(
    text: str,
    source: str,
    contact: Contact,
    payload: Mapping[str, Any] | None,
    form: PublicForm | None,
    idempotency_key: str | None,
    is_sample: bool,
) -> Submission:
    now = timezone.now()
    text = _storable(text)
    typed = [FoundValue(key, _storable(value).strip()) for key, value in asdict(contact).items()]
    lead = Lead(source=source, received_at=now, updated_at=now, is_sample=is_sample)
    values = merging.begin(lead, [found for found in typed if found.value], text=text)
    lead.save(force_insert=True)
    submission = Submission.objects.create(
        lead=lead,
        source=source,
        form=form,
        payload=_storable_json(payload if payload is not None else {"text": text, "contact": asdict(contact)}),
        text=text,
        received_at=now,
        idempotency_key=idempotency_key,
    )
    FieldValue.objects.bulk_create(values)
    pipeline.start(lead)
    return submission


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
