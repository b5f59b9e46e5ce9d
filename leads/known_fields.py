"""All fields that a lead may have: those of `leads.fields`, and those that the business added as ExtraField rows.

The rows are read at most once in a few seconds and process: every shown value asks for its label.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import transaction

from leads.attribution import TOLD
from leads.fields import FIELDS, Field, Group, Kind

if TYPE_CHECKING:
    from leads.models import ExtraField

# What a lead is called by elsewhere (its columns, a CRM's columns, a form's own names): no field may have such a key.
RESERVED = frozenset(
    {"id", "lead", "lead_id", "lead_url", "name", "message", "source", "status", "owner", "quality_score", "score"}
    | {*TOLD, "attribution", "channel", "first_touch", "last_touch", "utm_source", "utm_medium", "utm_campaign"}
    | {"received_at", "updated_at", "other_emails", "other_phones", "merged_into", "is_sample", "text", "file"}
    | {"intent_confidence", "urgency_confidence", "facts", "edit", "value", "survivor", "all", "from", "open"}
    | {"form_consents"}
)
KEPT = 5.0  # seconds that what was read counts; another process may have added a field meanwhile


@dataclass(slots=True)
class _Read:
    extras: dict[str, Field] = field(default_factory=dict)
    at: float | None = None


_read = _Read()


def known(key: str) -> Field | None:
    """The field of a key, also one that is no longer looked for; None for a key that nobody knows."""
    return FIELDS.get(key) or _extras().get(key)


def every() -> dict[str, Field]:
    """All fields by key, in the order screens show them; retired ones too, for their values."""
    return {**FIELDS, **_extras()}


def in_use() -> dict[str, Field]:
    """Those that may still be given a value where there is none."""
    return {key: each for key, each in every().items() if not each.is_retired}


def add_or_change(key: str, *, label: str, kind: Kind, choices: Iterable[tuple[str, str]] = ()) -> None:
    """Makes an extra field known, or says it anew; one that was retired is in use again. Call it in a transaction.

    The kind of one that exists stays: old values were written in it.

    Raises ValueError for a key that another kind of field has.
    """
    row = _model().objects.filter(key=key).first()
    if key in FIELDS or key in RESERVED or (row is not None and row.kind != kind):
        raise ValueError(f"“{key}” is another field already.")
    row = row or _model()(key=key, kind=kind)
    row.label, row.choices, row.is_retired = label, [list(each) for each in choices], False
    row.save()
    forget()


def retire(keys: Iterable[str]) -> None:
    """No longer offers these extra fields; the values that leads have stay as they are. Call it in a transaction."""
    _model().objects.filter(key__in=list(keys)).update(is_retired=True)
    forget()


def forget() -> None:
    """Has the rows read again: now, and once what is being written can be seen by all."""
    _forget_now()
    transaction.on_commit(_forget_now)


def remember(extras: Iterable[Field] = ()) -> None:
    """Takes these for the extra fields for the next seconds."""
    _read.extras = {extra.key: extra for extra in extras}
    _read.at = time.monotonic()


def _forget_now() -> None:
    _read.at = None


def _extras() -> dict[str, Field]:
    if _read.at is None or time.monotonic() - _read.at > KEPT:
        remember([_as_field(row) for row in _model().objects.order_by("is_retired", "label")])
    return _read.extras


def _as_field(row: "ExtraField") -> Field:
    choices = tuple((key, label) for key, label in row.choices)
    return Field(row.key, row.label, Kind(row.kind), Group.FACT, choices=choices, is_retired=row.is_retired)


def _model() -> "type[ExtraField]":
    return apps.get_model("leads", "ExtraField")  # by name: the models show values by what stands here
