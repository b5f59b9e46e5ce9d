"""What staff chose on the model page; what they left open is the environment's.

The row is read at most once in a few seconds and process: a reading alone asks for it several times.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from enrichment.models import AiSettings
from enrichment.prompts import LANGUAGES
from leads import gates
from leads.models.pipeline import STAGES
from leads.stage import Stage, SwitchedOff

CLUSTER = "llm"
KEPT = 2.0  # seconds that what was read counts; another process may have changed it meanwhile
ASK_AGAIN = 30.0  # seconds after which a switched off stage looks whether it still is


@dataclass(slots=True)
class _Read:
    row: AiSettings | None = None
    at: float = 0.0


_read = _Read()


# ---- asking ----------------------------------------------------------------------------------------------------------


def model() -> str:
    """The model that reads and writes."""
    return _row().model or settings.OLLAMA_MODEL


def is_off() -> bool:
    """Whether staff want rules only."""
    return _row().is_off


def review_below() -> float:
    """Values less sure than this need a look."""
    return _row().review_below


def staff_language() -> str:
    """Two-letter code of the language that summaries are written in."""
    return _row().staff_language


def why_off() -> str | None:
    """One sentence for staff while the model is switched off, else None."""
    row = _row()
    return f"Switched off by {row.off_by or 'somebody'}: rules only." if row.is_off else None


def refuse_when_off() -> None:
    """Raises SwitchedOff while staff want rules only: the leads wait, and catch up when it is on again."""
    if (reason := why_off()) is not None:
        raise SwitchedOff(reason, after=ASK_AGAIN)


def current() -> AiSettings:
    """The row as it stands now, or one with the defaults; for the page that changes it."""
    return AiSettings.objects.first() or AiSettings()


# ---- changing --------------------------------------------------------------------------------------------------------


def choose_model(name: str, *, by: str) -> None:
    """This model from now on. Waiting leads are tried with it at once."""
    _change({"model": name}, by)
    transaction.on_commit(_knock)


def switch(*, off: bool, by: str) -> None:
    """Rules only, or the model again. What waited catches up by itself."""
    _change({"is_off": off, "off_by": by[:150] if off else ""}, by)
    if off:
        for stage in model_stages():
            gates.close(stage, why_off() or "", for_seconds=ASK_AGAIN, is_off=True)
    else:
        transaction.on_commit(_knock)


def set_reading(*, review_below: float, staff_language: str, by: str) -> None:
    """How sure a value must be (0 to 1) not to need a look, and the language of summaries.

    Raises ValueError for what can't be.
    """
    if not 0 <= review_below <= 1 or staff_language not in LANGUAGES:
        raise ValueError(f"Not possible: {review_below}, {staff_language}")
    _change({"review_below": review_below, "staff_language": staff_language}, by)


def forget() -> None:
    """Has the row read again."""
    _read.row = None


def model_stages() -> list[Stage]:
    """The stages that wait for the model."""
    return [stage for stage in STAGES.values() if stage.cluster == CLUSTER and stage.gate]


def _change(values: Mapping[str, object], by: str) -> None:
    changed = {**values, "changed_by": by[:150], "changed_at": timezone.now()}
    AiSettings.objects.update_or_create(pk=1, defaults=changed)
    forget()
    transaction.on_commit(forget)


def _knock() -> None:
    for stage in model_stages():
        gates.knock(stage.name)


def _row() -> AiSettings:
    if _read.row is None or time.monotonic() - _read.at > KEPT:
        _read.row, _read.at = current(), time.monotonic()
    return _read.row
