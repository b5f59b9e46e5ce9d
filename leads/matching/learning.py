"""What decisions teach: a small correction of the log-odds, learned from pairs that people decided. Pure: no Django.

A logistic regression whose starting point is the shipped answer: each signal gets a coefficient in bits, drawn towards
zero, so that few decisions change little. What people decide are pairs that were shown, so the share of duplicates
among them says nothing about all pairs: the general shift ("") is held back most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, log2

BITS = 1 / log(2)  # a nat in bits
BIAS, SLOPE = "", "log_odds"  # the general shift; how much the shipped answer itself counts, beyond once
FARTHEST = 12.0  # bits: beyond, the shipped answer is not doubted in proportion


@dataclass(frozen=True, slots=True)
class Example:
    """One decided pair: what the matcher said of it, in bits before any correction, and what it was."""

    signals: Mapping[str, float]
    log_odds: float
    is_same: bool
    decided_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well decisions were foretold: mean log loss in nats; the share of duplicates found at 99 % precision."""

    log_loss: float
    recall_at_p99: float
    count: int


def fit(examples: Sequence[Example]) -> Mapping[str, float]:
    """Coefficients in bits by signal; empty when there is nothing to learn from."""
    if not any(example.is_same for example in examples) or all(example.is_same for example in examples):
        return {}
    import numpy as np

    names = [BIAS, SLOPE, *sorted({name for example in examples for name in example.signals})]
    rows = np.array([[_signal(example, name) for name in names] for example in examples])
    offset = np.array([example.log_odds for example in examples]) / BITS
    same = np.array([example.is_same for example in examples], dtype=float)
    ridge = np.array([_ridge(name) for name in names])
    found = np.zeros(len(names))
    for _ in range(30):
        expected = 1 / (1 + np.exp(-np.clip(offset + rows @ found, -40, 40)))
        slope = rows.T @ (expected - same) + ridge * found
        curve = (rows * (expected * (1 - expected) + 1e-9)[:, None]).T @ rows + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        found -= step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-6:
            break
    return {name: round(float(value * BITS), 5) for name, value in zip(names, found, strict=True) if abs(value) > 1e-4}


def corrected(signals: Mapping[str, float], log_odds: float, coefficients: Mapping[str, float]) -> float:
    """The log-odds in bits after the correction."""
    return log_odds + change(signals, log_odds, coefficients)


def change(signals: Mapping[str, float], log_odds: float, coefficients: Mapping[str, float]) -> float:
    """What the correction adds to the log-odds, in bits."""
    if not coefficients:
        return 0.0
    near = max(-FARTHEST, min(FARTHEST, log_odds)) / FARTHEST
    total = coefficients.get(BIAS, 0.0) + coefficients.get(SLOPE, 0.0) * near
    return total + sum(value * coefficients.get(name, 0.0) for name, value in signals.items())


def judge(examples: Sequence[Example], coefficients: Mapping[str, float] | None) -> Judgement:
    """How well the shipped weights with these coefficients (None: without any) foretell the decisions."""
    odds = [corrected(example.signals, example.log_odds, coefficients or {}) for example in examples]
    losses = [_loss(value, example.is_same) for value, example in zip(odds, examples, strict=True)]
    ranked = sorted(zip(odds, (example.is_same for example in examples), strict=True), key=lambda item: -item[0])
    return Judgement(sum(losses) / max(len(losses), 1), _recall_at_p99(ranked), len(examples))


def _signal(example: Example, name: str) -> float:
    if name == BIAS:
        return 1.0
    if name == SLOPE:
        return max(-FARTHEST, min(FARTHEST, example.log_odds)) / FARTHEST
    return float(example.signals.get(name, 0.0))


def _ridge(name: str) -> float:
    """One over the variance that a coefficient is expected to have, in nats."""
    return 20.0 if name == BIAS else 6.0


def _loss(bits: float, is_same: bool) -> float:
    against = -bits if is_same else bits  # of the wrong answer, in bits
    return against / BITS if against > 60 else log2(1 + 2**against) / BITS


def _recall_at_p99(ranked: Sequence[tuple[float, bool]]) -> float:
    everyone = sum(is_same for _, is_same in ranked)
    best = found = 0
    for place, (value, is_same) in enumerate(ranked, 1):
        found += is_same
        is_last_of_ties = place == len(ranked) or ranked[place][0] != value
        if is_last_of_ties and found >= 0.99 * place:
            best = found
    return best / everyone if everyone else 0.0
