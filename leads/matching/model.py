"""The probability of a pair, and the fair share that each piece of evidence has in it. Pure: imports no Django."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log2
from pathlib import Path
from typing import NamedTuple

from leads.matching import compared_names, levels
from leads.matching.learning import change
from leads.matching.level import Level
from leads.matching.people import Features, Holders, Person, features
from leads.matching.places import place
from leads.matching.shares import shares
from leads.matching.signals import Signals, signals
from leads.matching.wording import of_level, of_signals

# Expected pairs per lead: what a business sees when people write again, or their families and colleagues do.
RATES = 0.15, 0.04, 0.08  # the same person, one household, one company
# Names and addresses without any way to call or write: lists that were typed or bought. They rarely name two people
# of one household, but often one with another name or none.
LIST_RATES = 0.5, 0.0005, 0.001
LIST_NAMES = {"name:last": 0.04, "name:different": 0.04, "name:little": 0.04}
# With few leads at hand, chance agreement is still judged as in a crowd.
FEWEST_LEADS, FEWEST_OF_LIST = 500, 10_000
# Bits: finer signs count in full above the one, and not at all below the other; between, in proportion.
FULLY, NOT_AT_ALL = -10.0, -20.0
MOST = 10.0  # bits that all finer signs may add or take
FOLDED = 0.05  # reasons of fewer bits are not listed
BIAS = ""

_SHIPPED = json.loads(Path(__file__).with_name("weights.json").read_text())
WEIGHTS_VERSION: str = _SHIPPED["version"]
_BITS: dict[str, float] = _SHIPPED["bits"]

Classes = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence in bits; negative speaks against."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Correction:
    """What decisions taught, added to the log-odds: coefficients by the name of the signal."""

    version: int
    decisions: int
    coefficients: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Match:
    """The weights of the reasons add up to log2 of the odds, p / (1 - p).

    `log_odds`: in bits, before the correction. `signals`: what a correction is learned on. `household`, `colleague`:
    the probabilities of two people of one household or company.
    """

    probability: float
    reasons: tuple[Reason, ...]
    log_odds: float = 0.0
    signals: Mapping[str, float] = field(default_factory=dict)
    household: float = 0.0
    colleague: float = 0.0


class _Weighed(NamedTuple):
    """A pair: who it is, its levels, the likelihoods of all explanations, the log-odds they give, the finer signs and
    how much these count, and the log-odds in all."""

    one: Features
    other: Features
    levels: list[Level]
    prior: Classes
    classes: Classes
    mixture: float
    signals: Signals
    share: float
    log_odds: float


def match(
    a: Person, b: Person, *, similarity: float | None, holders: Holders, correction: Correction | None = None
) -> Match:
    """The probability that `a` and `b` are the same person; `similarity` is the cosine of their messages."""
    pair = _weigh(features(a), features(b), similarity, holders)
    found = pair.signals or signals(pair.one, pair.other, pair.levels, similarity, holders)
    learned = change(found, pair.log_odds, correction.coefficients) if correction else 0.0
    chance = _probability(pair.log_odds + learned)
    reasons = _reasons(pair, similarity)
    if correction and abs(learned) >= FOLDED:
        reasons.append(Reason(f"Learned from {correction.decisions:,} decisions", learned))
    elif learned:
        reasons[0] = Reason(reasons[0].text, reasons[0].weight + learned)
    _, household, colleague, unrelated = pair.classes
    rest = (1 - chance) / (household + colleague + unrelated)
    return Match(chance, tuple(reasons), pair.log_odds, found, household * rest, colleague * rest)


def probability(
    a: Person, b: Person, *, similarity: float | None, holders: Holders, correction: Correction | None = None
) -> float:
    """The probability of `match` alone, without its reasons, which take longer."""
    pair = _weigh(features(a), features(b), similarity, holders)
    if not correction:
        return _probability(pair.log_odds)
    found = pair.signals or signals(pair.one, pair.other, pair.levels, similarity, holders)
    return _probability(pair.log_odds + change(found, pair.log_odds, correction.coefficients))


def _weigh(one: Features, other: Features, similarity: float | None, holders: Holders) -> _Weighed:
    if other.rank < one.rank:  # so that it doesn't matter who is named first
        one, other = other, one
    is_list = _is_list(one, other)
    leads = max(holders.leads, FEWEST_OF_LIST if is_list else FEWEST_LEADS)
    found = _levels(one, other, similarity, holders, leads, is_list=is_list)
    prior = _prior(leads, LIST_RATES if is_list else RATES)
    classes = same, household, colleague, unrelated = _product(prior, found)
    mixture = log2(same / (household + colleague + unrelated))
    if is_list or mixture <= NOT_AT_ALL:
        return _Weighed(one, other, found, prior, classes, mixture, {}, 0.0, mixture)
    share = min(1.0, (mixture - NOT_AT_ALL) / (FULLY - NOT_AT_ALL))
    finer = signals(one, other, found, similarity, holders)
    total = _BITS[BIAS] + sum(_BITS.get(name, 0.0) * value for name, value in finer.items())
    share *= min(1.0, MOST / abs(total)) if total else 1.0
    return _Weighed(one, other, found, prior, classes, mixture, finer, share, mixture + share * total)


def _levels(
    one: Features, other: Features, similarity: float | None, holders: Holders, leads: int, *, is_list: bool
) -> list[Level]:
    name = compared_names.name(one, other, holders, leads)
    if name and is_list and name.key in LIST_NAMES:
        name = name._replace(same=LIST_NAMES[name.key])
    is_same_domain = any(mail.domain and mail.domain == its.domain for mail in one.mails for its in other.mails)
    found = (
        name,
        levels.email(one, other, holders, leads, knows=_known(name)),
        levels.phone(one, other, holders, leads),
        levels.company(one, other, holders, leads, is_same_domain=is_same_domain),
        place(one, other, holders, leads, is_list=is_list),
        levels.message(one, other, similarity, holders),
    )
    return [level for level in found if level is not None]


def _known(name: Level | None) -> str:
    """What the names have said already of e-mails that are made of them: "all", "half" or nothing."""
    if name is None or name.key in ("part:first_differs", "name:last", "name:first", "name:different"):
        return ""
    return "half" if name.key.startswith("part:") else "all"


def _is_list(one: Features, other: Features) -> bool:
    return not (one.mails or other.mails or one.phones or other.phones or one.text or other.text or not one.parts)


@lru_cache(maxsize=1000)
def _prior(leads: int, rates: tuple[float, float, float]) -> Classes:
    """How likely a random pair is the same person, one household, colleagues, unrelated."""
    same, household, colleague = (2 * rate / leads for rate in rates)
    return same, household, colleague, 1 - same - household - colleague


def _product(prior: Classes, found: Sequence[Level]) -> Classes:
    same, household, colleague, unrelated = prior
    for level in found:
        same *= level.same
        household *= level.household
        colleague *= level.colleague
        unrelated *= level.unrelated
    return same, household, colleague, unrelated


def _probability(bits: float) -> float:
    return 1 / (1 + 2.0 ** -max(-1000.0, min(1000.0, bits)))


# ---- the reasons -----------------------------------------------------------------------------------------------------


def _reasons(pair: _Weighed, similarity: float | None) -> list[Reason]:
    """What was known before first; then each piece of evidence, its finer signs with it."""
    before, *weights = shares(pair.levels, pair.prior)
    finer: dict[str, float] = {}
    if pair.share:
        before += _BITS[BIAS] * pair.share
        for name, value in pair.signals.items():
            topic = _topic(name)
            finer[topic] = finer.get(topic, 0.0) + _BITS.get(name, 0.0) * value * pair.share
    reasons = [
        Reason(of_level(level, similarity, pair.one, pair.other), weight + finer.pop(_topic(level.key), 0.0))
        for level, weight in zip(pair.levels, weights, strict=True)
    ]
    for topic, weight in finer.items():
        text = of_signals(topic, pair.signals, pair.one, pair.other)
        if text and abs(weight) >= FOLDED:
            reasons.append(Reason(text, weight))
        else:
            before += weight
    return [Reason("Before any evidence", before), *reasons]


def _topic(name: str) -> str:
    topic = name.partition(":")[0]
    return "name" if topic == "part" else topic
