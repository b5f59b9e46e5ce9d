"""The fair share of each level of agreement in the log-odds: its Shapley value. Pure: imports no Django."""

from collections.abc import Sequence
from functools import lru_cache
from math import factorial, log2

from leads.matching.level import Level

Classes = tuple[float, float, float, float]


def shares(levels: Sequence[Level], prior: Classes) -> list[float]:
    """Bits before any evidence, then of each level: what it adds, averaged over all orders of the evidence."""
    odds = _odds_of_all_subsets(levels, prior)
    return [odds[0], *(_share(place, len(levels), odds) for place in range(len(levels)))]


def _odds_of_all_subsets(levels: Sequence[Level], prior: Classes) -> list[float]:
    """The log-odds that each subset of the evidence gives; bit n of the place says whether level n is in it."""
    classes = [prior]
    for _, same, household, colleague, unrelated, _ in levels:
        classes += [(m * same, h * household, c * colleague, u * unrelated) for m, h, c, u in classes]
    return [log2(m / (h + c + u)) for m, h, c, u in classes]


def _share(place: int, count: int, odds: list[float]) -> float:
    bit, weights = 1 << place, _weights(count)
    return sum(
        (odds[subset | bit] - odds[subset]) * weights[subset.bit_count()]
        for subset in range(1 << count)
        if not subset & bit
    )


@lru_cache
def _weights(count: int) -> list[float]:
    """The share of all orders in which so many others come before one."""
    return [factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)]
