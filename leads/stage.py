"""What a stage is. Pure, so that settings can list the pipeline."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of processing.

    `function` is the dotted path of `(leads) -> Outcome` (see `leads.pipeline`); `gate`, when given, of
    `() -> str | None`: a plain sentence while the service behind the stage can't be used, None when it can.
    `lease` is how long in seconds a batch may take before another worker takes it over; `then` are the stages that
    follow; `delay` waits so many seconds before the stage is due, so that several changes are sent as one;
    an exclusive stage has one batch at a time, whatever the number of workers.
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
