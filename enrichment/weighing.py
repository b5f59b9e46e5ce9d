"""Weighs pairs of leads by `leads.matching`: which are likely the same, which unlikely ones are worth asking
about."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from enrichment import learning
from enrichment.candidates import Known, Pair
from leads.matching import WEIGHTS_VERSION, Correction, Holders, Match, Person, match, probability

LIKELY = 0.5  # the least probability that is worth a person's look
MOST = 20  # suggestions that one lead may bring
# Of the pairs between these two, one in so many is asked about, so that decisions don't only teach what was likely.
WORTH_ASKING = 0.03
ONE_PROBE_IN = 20

# What is counted by who holds it; all else by how many leads have it.
COUNTED_BY_PEOPLE = {"name": ("email", "phone"), "email": ("name",), "phone": ("name",)}
COUNTED_BY_LEADS = tuple(held.name for held in fields(Holders) if held.name not in {"leads", *COUNTED_BY_PEOPLE})


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
    return known.people[one], known.people[other], _similarity(pair, known), _holders(pair, known)


def _similarity(pair: Pair, known: Known) -> float | None:
    one, other = (known.vectors.get(pk) for pk in pair)
    if one is None or other is None or len(one) != len(other):
        return None
    return max(-1.0, min(1.0, float(one @ other)))


def _holders(pair: Pair, known: Known) -> Holders:
    """How common the values are that a pair shares; of several shared ones, the rarest. A mailbox or phone, or a name,
    is held by another person when the other lead's name, or mailbox and phone, are none of the pair's."""
    one, other = (known.keys[pk] for pk in pair)
    counts: dict[str, int] = {}
    for kind in one.keys() & other.keys():
        shared = set(one[kind]).intersection(other[kind])
        if not shared:
            continue
        if kind in COUNTED_BY_PEOPLE:
            counts[kind] = min(_others(key, pair, known, COUNTED_BY_PEOPLE[kind]) for key in shared)
        elif kind in COUNTED_BY_LEADS:
            counts[kind] = max(min(known.counts.get(key, 0) for key in shared) - 2, 0)
    return Holders(leads=known.leads, **counts)


def _others(key: str, pair: Pair, known: Known, told_apart_by: tuple[str, ...]) -> int:
    ours = {mark for pk in pair for kind in told_apart_by for mark in known.keys[pk].get(kind, ())}
    return len({mark[0] for mark in _marks(key, known, told_apart_by) if ours.isdisjoint(mark)})


def _marks(key: str, known: Known, told_apart_by: tuple[str, ...]) -> list[tuple[str, ...]]:
    """What tells the holders of a key apart, a tuple for each; worked out once for all pairs."""
    marks = known.marks.get((key, told_apart_by))
    if marks is None:
        held = (known.keys[pk] for pk in known.holders.get(key, ()) if pk in known.keys)
        every = (tuple(mark for kind in told_apart_by for mark in keys.get(kind, ())) for keys in held)
        marks = known.marks[key, told_apart_by] = [mark for mark in every if mark]
    return marks
