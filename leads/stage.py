"""What a stage is, and what it answers. Pure, so that settings can list the pipeline."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of processing.

    `function` is the dotted path of `(leads) -> Outcome` (see `leads.pipeline`); `gate`, when given, of
    `() -> str | None`: a plain sentence while the service behind the stage can't be used, None when it can.
    `lease` is how long in seconds a batch may take before another worker takes it over; `then` are the stages that
    follow; `delay` waits so many seconds before the stage is due, so that several changes are sent as one;
    an exclusive stage has one batch at a time, whatever the number of workers. Only a stage that `takes_merged` gets
    leads that were folded into others.
    """

    name: str
    label: str
    function: str
    cluster: str
    batch_size: int
    lease: int
    then: tuple[str, ...] = ()
    gate: str = ""
    delay: float = 0
    is_exclusive: bool = False
    takes_merged: bool = False


class TryAgainLater(Exception):
    """The work can't be done now and nothing is wrong with the lead. `after`: seconds to wait, else doubled each time.

    With `is_service_down` the whole stage waits and no lead's attempt counts.
    """

    def __init__(self, reason: str, *, after: float | None = None, is_service_down: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after
        self.is_service_down = is_service_down


class SwitchedOff(TryAgainLater):
    """Staff switched the service off: the stage waits, and nothing is wrong."""

    def __init__(self, reason: str, *, after: float) -> None:
        super().__init__(reason, after=after, is_service_down=True)


@dataclass(frozen=True, slots=True)
class Chore:
    """What a cluster's worker does before each shift, and what says whether there is any of it (empty: always). Both
    are dotted paths."""

    function: str
    is_due: str = ""


def _nothing() -> None:
    return None


@dataclass(slots=True)
class Outcome:
    """What a stage made of its batch. `save` writes it; the dicts, by lead id, hold plain sentences for staff:
    `notes` what came of it, `failed` why a lead can't pass, `later` why it must wait; those in `again` were not tried
    and go back to the queue. `others` are leads beside the
    batch that `save` writes to: all are locked together before."""

    save: Callable[[], None] = _nothing
    others: Collection[int] = ()
    notes: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    later: dict[int, str] = field(default_factory=dict)
    again: Collection[int] = ()
