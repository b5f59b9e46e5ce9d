"""The gates of stages: whether the service behind a stage can be used, why not, and until when nobody asks again."""

import datetime as dt
import logging

from django.utils import timezone
from django.utils.module_loading import import_string

from leads.bells import ring
from leads.models import StageGate
from leads.models.pipeline import STAGES
from leads.stage import Stage, SwitchedOff, TryAgainLater

logger = logging.getLogger(__name__)


def unexpected(error: Exception) -> str:
    """What staff read of an error that nobody foresaw."""
    return f"Something unexpected went wrong ({type(error).__name__}). The log has the details."


def is_closed(stage: Stage) -> bool:
    """Whether the gate was found closed and its wait is not over; asks no service."""
    return shut(stage) is not None


def shut(stage: Stage) -> StageGate | None:
    """The gate while it is closed."""
    return StageGate.objects.filter(stage=stage.name, closed_until__gt=timezone.now()).first()


def is_open(stage: Stage) -> bool:
    """Asks the service behind a stage whether it can be used, and remembers the answer for the screens.

    A gate that knows how long to wait raises TryAgainLater instead of returning its sentence.
    """
    if is_closed(stage):
        return False
    try:
        reason = import_string(stage.gate)() if stage.gate else None
    except TryAgainLater as later:
        close_for(stage, later)
        return False
    except Exception as error:  # it would end the shift, and with it the work of the cluster's other stages
        logger.exception("The gate of stage %s broke", stage.name)
        reason = unexpected(error)
    if reason is not None:
        close(stage, reason)
        return False
    StageGate.objects.filter(stage=stage.name).update(
        reason="", closed_until=None, closed_at=None, failures=0, is_off=False, checked_at=timezone.now()
    )
    return True


def reason_to_wait(stage: Stage) -> str | None:
    """Why a stage can't work now, for those who look; None when it can. What a service refused is remembered, so that
    looking often doesn't mean asking it often. Raises what a broken gate raises."""
    if gate := shut(stage):
        return gate.reason
    try:
        return import_string(stage.gate)() if stage.gate else None
    except TryAgainLater as later:
        close_for(stage, later)
        return later.reason


def close_for(stage: Stage, later: TryAgainLater) -> None:
    """Shuts a stage for as long as its service asked for."""
    close(stage, later.reason, for_seconds=later.after, is_off=isinstance(later, SwitchedOff))


def close(stage: Stage, reason: str, *, for_seconds: float | None = None, is_off: bool = False) -> None:
    """Shuts a stage: its rows wait. Without a time the wait doubles with each failure, from 2 to 30 seconds.

    `is_off`: because staff switched the service off, which is no failure.
    """
    now = timezone.now()
    gate, _ = StageGate.objects.get_or_create(stage=stage.name)
    gate.is_off, gate.failures = is_off, 0 if is_off else gate.failures + 1
    seconds = for_seconds if for_seconds is not None else min(2**gate.failures, 30)
    gate.reason, gate.checked_at = reason, now
    gate.closed_until, gate.closed_at = now + dt.timedelta(seconds=seconds), gate.closed_at or now
    gate.save()


def knock(stage_name: str) -> None:
    """Opens a gate for the next try at once, as after a change of settings or a person's "try now"."""
    StageGate.objects.filter(stage=stage_name).update(closed_until=None)
    if stage_name in STAGES:  # else it is the gate of a stage that was renamed
        ring(STAGES[stage_name].cluster)
