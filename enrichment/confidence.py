"""How far a machine's confidence can be believed, going by what staff left and changed.

Per origin and field the claimed log-odds are moved by what turned out: (kept + prior) / (all + prior), where the prior
is as many verdicts as `PRIOR` that agree with the claim. Fields with few verdicts lean on all verdicts of the origin. A
table is only used when it would have been nearer to the verdicts that came after those it was learned from.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from enrichment import nightly
from enrichment.models import ConfidenceTable
from leads.models import Feedback, FieldValue
from leads.values import FoundValue

PRIOR = 10.0  # verdicts
ENOUGH = 30  # verdicts before anything is learned
NEWEST = 5000  # verdicts that are looked at
LEARNED_FROM = 0.7  # of the verdicts, the older ones; the others judge
LOWEST, HIGHEST = 0.02, 0.98
LEARN_AT = 2  # o'clock
KEPT = (Feedback.Verdict.CONFIRMED, Feedback.Verdict.ACCEPTED)

Shifts = Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a machine claimed of a value, and whether a person left it."""

    origin: str
    field: str
    claimed: float
    is_kept: bool


def set_right(values: Sequence[FoundValue], *, origin: str, shifts: Shifts) -> list[FoundValue]:
    """The values with the confidence that such values earned, and what was claimed in `claimed`."""
    return [_moved(value, origin, shifts) for value in values] if shifts else list(values)


def _moved(value: FoundValue, origin: str, shifts: Shifts) -> FoundValue:
    shift = shifts.get((origin, value.field), shifts.get((origin, ""), 0.0))
    if not shift:
        return value
    return replace(value, confidence=round(shifted(value.confidence, shift), 2), claimed=value.confidence)


def in_use() -> Shifts:
    """What was learned last; empty while nothing was, or when it would not have helped."""
    table = ConfidenceTable.objects.first()
    return {(row["origin"], row["field"]): row["shift"] for row in table.rows} if table else {}


# ---- learning --------------------------------------------------------------------------------------------------------


def learn_if_due() -> None:
    """Once a night, when there are new verdicts, and as soon as there are enough for the first table. Run often."""
    last = ConfidenceTable.objects.values_list("created_at", flat=True).first()
    if last is None or (nightly.is_due(last, hour=LEARN_AT) and Feedback.objects.filter(at__gte=last).exists()):
        learn()


def learn() -> ConfidenceTable | None:
    """A new table of what verdicts say; without rows when it would not have helped. None with too few verdicts."""
    verdicts = _verdicts()
    if len(verdicts) < ENOUGH:
        return None
    older = verdicts[: int(len(verdicts) * LEARNED_FROM)]
    newer = verdicts[len(older) :]
    claimed, righted = brier(newer, {}), brier(newer, shifts_of(older))
    is_better = righted < claimed
    rows = shifts_of(verdicts) if is_better else {}
    return ConfidenceTable.objects.create(
        rows=[{"origin": origin, "field": field, "shift": round(shift, 3)} for (origin, field), shift in rows.items()],
        verdicts=len(verdicts),
        figures={"brier_claimed": round(claimed, 4), "brier_set_right": round(righted, 4), "is_used": is_better},
    )


def _verdicts() -> list[Verdict]:
    """Oldest first."""
    rows = Feedback.objects.filter(origin__in=[FieldValue.Origin.RULE, FieldValue.Origin.MODEL]).order_by("-id")
    found = rows.values_list("origin", "field", "confidence", "verdict")[:NEWEST]
    return [Verdict(origin, field, claimed, verdict in KEPT) for origin, field, claimed, verdict in reversed(found)]


def shifts_of(verdicts: Iterable[Verdict]) -> dict[tuple[str, str], float]:
    """By origin and field how far the log-odds move; the field is empty for all other fields of the origin. Pure."""
    by_origin: dict[str, list[Verdict]] = {}
    by_field: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        by_origin.setdefault(verdict.origin, []).append(verdict)
        by_field.setdefault((verdict.origin, verdict.field), []).append(verdict)
    shifts = {(origin, ""): _shift(found, 0.0) for origin, found in by_origin.items()}
    return shifts | {key: _shift(found, shifts[key[0], ""]) for key, found in by_field.items()}


def _shift(verdicts: Sequence[Verdict], start: float) -> float:
    """How far these verdicts move the log-odds, where `PRIOR` of them say what `start` says."""
    expected = sum(shifted(verdict.claimed, start) for verdict in verdicts) / len(verdicts)
    kept = sum(verdict.is_kept for verdict in verdicts)
    rate = (kept + PRIOR * expected) / (len(verdicts) + PRIOR)
    return start + _log_odds(rate) - _log_odds(expected)


def shifted(confidence: float, shift: float) -> float:
    """The confidence with its log-odds moved, within `LOWEST` and `HIGHEST`."""
    moved = 1 / (1 + math.exp(-_log_odds(confidence) - shift)) if shift else confidence
    return min(max(moved, LOWEST), HIGHEST) if shift else confidence


def _log_odds(share: float) -> float:
    inside = min(max(share, LOWEST), HIGHEST)
    return math.log(inside / (1 - inside))


def brier(verdicts: Sequence[Verdict], shifts: Shifts) -> float:
    """The mean squared distance of confidence and verdict: 0 is best."""
    off = 0.0
    for verdict in verdicts:
        shift = shifts.get((verdict.origin, verdict.field), shifts.get((verdict.origin, ""), 0.0))
        off += (shifted(verdict.claimed, shift) - verdict.is_kept) ** 2
    return off / len(verdicts) if verdicts else 0.0
