"""The figures of an evaluation, from what was compared. Pure: imports no Django."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from enrichment.evaluation import Compared, Figures, Lesson

Pair = tuple[int, int]

BINS = 10
ALERT = 0.9
WANTED_PRECISION = 0.99


def figures(compared: Compared, *, decisions: int = 0) -> Figures:
    true = true_pairs([row.person for row in compared.rows])
    suggested = compared.suggested
    hits = len(true & suggested.keys())
    precision, recall = _ratio(hits, len(suggested)), _ratio(hits, len(true))
    no_key = {pair for pair in true if not _shares_key(pair, compared.keys)}
    took = sorted(compared.seconds)
    return Figures(
        leads=len(compared.rows),
        true_pairs=len(true),
        suggested=len(suggested),
        precision=round(precision, 4),
        recall=round(recall, 4),
        f1=round(_ratio(2 * precision * recall, precision + recall), 4),
        recall_at_p99=round(recall_at(WANTED_PRECISION, compared.probabilities, true), 4),
        recall_no_key=round(_ratio(len(no_key & suggested.keys()), len(no_key)), 4),
        ece=round(calibration_error(suggested, true), 4),
        alerts_at_p90=round(false_alerts(compared, true), 5),
        leads_per_s=round(_ratio(len(took), compared.total_seconds), 1),
        p50_ms_per_lead=round(1000 * took[len(took) // 2], 2),
        p95_ms_per_lead=round(1000 * took[int(0.95 * (len(took) - 1))], 2),
        weights=compared.weights,
        decisions=decisions,
    )


def lesson(compared: Compared, *, decisions: int, seed: int) -> Lesson:
    """What so many decisions teach, each about a pair drawn at random from those that are worth asking about."""
    from leads.matching.learning import Example, fit

    drawn = random.Random(seed).sample(compared.examples, min(decisions, len(compared.examples)))
    return Lesson(len(drawn), dict(fit([Example(**example) for example in drawn])))


def true_pairs(persons: Sequence[str]) -> set[Pair]:
    """All pairs of places that hold the same person."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, person in enumerate(persons):
        places[person].append(place)
    return {(a, b) for held in places.values() for at, b in enumerate(held) for a in held[:at]}


def recall_at(wanted: float, probabilities: Mapping[Pair, float], true: set[Pair]) -> float:
    """The share of the true pairs above the lowest probability at which the precision is still the wanted one."""
    count, hits = Counter(probabilities.values()), Counter(p for pair, p in probabilities.items() if pair in true)
    best = seen = found = 0
    for likelihood in sorted(count, reverse=True):  # pairs that are equally likely come in together
        seen += count[likelihood]
        found += hits[likelihood]
        if found >= wanted * seen:
            best = found
    return _ratio(best, len(true))


def calibration_error(suggested: Mapping[Pair, float], true: Iterable[Pair]) -> float:
    """The mean distance of what was said from what was so, over bins of equal width, weighed by their pairs."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    known = set(true)
    for pair, likelihood in suggested.items():
        bins[min(int(likelihood * BINS), BINS - 1)].append((likelihood, pair in known))
    off = (abs(sum(said for said, _ in held) - sum(was for _, was in held)) for held in bins.values())
    return _ratio(sum(off), len(suggested))


def false_alerts(compared: Compared, true: set[Pair]) -> float:
    """The share of leads that repeat no earlier one and are yet suggested as a very likely duplicate."""
    repeats = {second for _, second in true}
    alarmed = {second for (_, second), likelihood in compared.suggested.items() if likelihood >= ALERT}
    return _ratio(len(alarmed - repeats), len(compared.rows) - len(repeats))


def _shares_key(pair: Pair, keys: Sequence[tuple[str, str]]) -> bool:
    return any(one and one == other for one, other in zip(*(keys[place] for place in pair), strict=True))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
