"""Weighs pairs of leads by `leads.matching`: which are likely the same, which unlikely ones are worth asking
about."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from enrichment import learning
from enrichment.candidates import COUNTED_BY_PEOPLE, Known, Pair, stored
from leads.matching import WEIGHTS_VERSION, Correction, Holders, Match, Person, features, match, probability
from leads.matching.lookup import shared, shared_text, telling

LIKELY = 0.5  # the least probability that is worth a person's look
MOST = 20  # suggestions that one lead may bring
# Of the pairs between these two, one in so many is asked about, so that decisions don't only teach what was likely.
WORTH_ASKING = 0.03
ONE_PROBE_IN = 20

# How common a text is matters only where messages are near. Folding them takes long, so others are not looked at.
TEXTS_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Likely:
    """Two leads, the older first, that are likely the same."""

    pair: Pair
    match: Match
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of a comparison.

    `likely`: the pairs to suggest; `probes`: unlikely ones to learn from; `suggested`: pairs that were suggested before
    and were looked at again; `probabilities`: of all pairs that were compared; `weights`: by which version.
    """

    likely: dict[Pair, Likely] = field(default_factory=dict)
    probes: dict[Pair, Likely] = field(default_factory=dict)
    suggested: set[Pair] = field(default_factory=set)
    probabilities: dict[Pair, float] = field(default_factory=dict)
    weights: str = WEIGHTS_VERSION


def weigh(pairs: Iterable[Pair], known: Known, suggested: set[Pair], *, least: float = LIKELY) -> Findings:
    """Which of the pairs are likely, at most MOST for the newer lead of each, and which are worth asking about."""
    correction = learning.current()
    odds = {pair: _probability(pair, known, correction) for pair in pairs}
    best: dict[int, list[Pair]] = defaultdict(list)
    for pair, likelihood in odds.items():
        if likelihood >= least:
            best[pair[1]].append(pair)
    shown = [pair for found in best.values() for pair in sorted(found, key=lambda pair: (-odds[pair], pair))[:MOST]]
    asked = [pair for pair, likelihood in odds.items() if WORTH_ASKING <= likelihood < LIKELY and is_probe(pair)]
    return Findings(
        likely={pair: _likely(pair, known, correction) for pair in shown},
        probes={pair: _likely(pair, known, correction) for pair in asked},
        suggested=suggested,
        probabilities=odds,
        weights=f"{WEIGHTS_VERSION}+learned-{correction.version}" if correction else WEIGHTS_VERSION,
    )


def is_probe(pair: Pair) -> bool:
    """Whether a pair belongs to the few that are asked about; always the same answer for the same pair."""
    digest = hashlib.blake2b(b"%d-%d" % pair, digest_size=4).digest()
    return int.from_bytes(digest) % ONE_PROBE_IN == 0


def _probability(pair: Pair, known: Known, correction: Correction | None) -> float:
    one, other, similarity, holders = _evidence(pair, known)
    return probability(one, other, similarity=similarity, holders=holders, correction=correction)


def _likely(pair: Pair, known: Known, correction: Correction | None) -> Likely:
    one, other, similarity, holders = _evidence(pair, known)
    matched = match(one, other, similarity=similarity, holders=holders, correction=correction)
    return Likely(pair, matched, similarity)


def _evidence(pair: Pair, known: Known) -> tuple[Person, Person, float | None, Holders]:
    one, other = pair
    similarity = _similarity(pair, known)
    return known.people[one], known.people[other], similarity, _holders(pair, known, similarity)


def _similarity(pair: Pair, known: Known) -> float | None:
    one, other = (known.vectors.get(pk) for pk in pair)
    if one is None or other is None or len(one) != len(other):
        return None
    return max(-1.0, min(1.0, float(one @ other)))


def _holders(pair: Pair, known: Known, similarity: float | None) -> Holders:
    """How common the values are that a pair shares; of several shared ones, the rarest. A mailbox or phone, or a name,
    is held by another person when the other lead's name, or mailbox and phone, are none of the pair's."""
    one, other = (features(known.people[pk]) for pk in pair)
    found = shared(one, other)
    if similarity is not None and similarity >= TEXTS_FROM:
        found = chain(found, shared_text(one, other))
    counts: dict[str, int] = {}
    for kind, value in found:
        number = _others(kind, stored(kind, value), pair, known)
        counts[kind] = min(counts.get(kind, number), number)
    return Holders(leads=known.leads, **counts)


def _others(kind: str, key: str, pair: Pair, known: Known) -> int:
    """How many other people or leads hold a key."""
    if kind not in COUNTED_BY_PEOPLE:
        return max(known.counts.get(key, 0) - 2, 0)
    told_apart_by, holders = COUNTED_BY_PEOPLE[kind], known.holders.get(key, [])
    if len(holders) <= 2:  # the pair itself
        return 0
    ours = {stored(*found) for pk in pair for found in telling(features(known.people[pk])) if found[0] in told_apart_by}
    return len({mark[0] for mark in _marks(key, known, told_apart_by) if ours.isdisjoint(mark)})


def _marks(key: str, known: Known, told_apart_by: tuple[str, ...]) -> list[tuple[str, ...]]:
    """What tells the holders of a key apart, a tuple for each; worked out once for all pairs."""
    marks = known.marks.get((key, told_apart_by))
    if marks is None:
        held = (known.keys[pk] for pk in known.holders.get(key, ()) if pk in known.keys)
        every = (tuple(mark for kind in told_apart_by for mark in keys.get(kind, ())) for keys in held)
        marks = known.marks[key, told_apart_by] = [mark for mark in every if mark]
    return marks
