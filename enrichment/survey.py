"""Comparing blocks of old leads with the leads before them: what the nightly check of all leads does.

The same weighing as for a new lead, over candidates that are looked up for a thousand leads at once. A pair that has
neither mailbox, phone nor name in common is weighed only if the names are alike: most are not, and looking at two names
takes a hundredth of the time. Measured at 100,000 leads it loses no suggestion.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz.distance import JaroWinkler

from enrichment import candidates, embedding, people, vector_index, weighing
from enrichment.candidates import KEYS, NEIGHBOURS, NEWEST, Keys, Known, Pair
from enrichment.exact_search import Cells
from enrichment.weighing import COUNTED_BY_PEOPLE, Findings
from leads.matching import COUNTED_ONLY

# Kinds of keys that say who someone is; the others bring many together who have no more in common.
SAYS_WHO = frozenset({"email", "phone", "phone_end", "name"})
ALIKE, ALIKE_IF_NEAR = 0.75, 0.85  # names, by Jaro and Winkler
PROBES = 4  # cells of vectors; the nearest ten are found as well as with more

Names = tuple[str, str]


@dataclass(slots=True)
class Held:
    """What a worker keeps between blocks: the vectors, and how many hold the common keys."""

    pid: int = field(default_factory=os.getpid)
    cells: Cells | None = None
    common: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Held":
        """Reads what is kept; takes some seconds at 100,000 leads."""
        dimension = vector_index.dimension_in_use()
        held = cls(cells=Cells(embedding.model_name(), dimension) if dimension else None)
        sql = f"SELECT key, COUNT(*) FROM {KEYS} GROUP BY key HAVING COUNT(*) > %s"
        held.common = dict(people.rows(sql, [], NEWEST))
        return held


def compare(lead_ids: Sequence[int], held: Held) -> Findings:
    """What a block of leads (ascending ids) has in common with the leads before each of them. Refreshes their keys."""
    block = people.read(lead_ids)
    if not block:
        return Findings()
    known = Known(leads=candidates.lead_count(), people=block, keys={pk: candidates.keys_of(block[pk]) for pk in block})
    candidates.refresh_keys(known.keys)
    _look_up(known, held)
    suggested = {pair for pair in candidates.suggested_pairs(block) if pair[1] in block}
    pairs = _worth_weighing(_sharing(known), _near(known, held)) | suggested
    _get_to_know(pairs, known, held)
    pairs = candidates.mergeable(pair for pair in pairs if pair[0] in known.people and pair[1] in known.people)
    return weighing.weigh(pairs, known, suggested)


# ---- candidates ------------------------------------------------------------------------------------------------------


def _look_up(known: Known, held: Held) -> None:
    """Who holds the block's keys, and how many do. Rare keys are read whole, of common ones the newest holders."""
    wanted = {key for kinds in known.keys.values() for keys in kinds.values() for key in keys}
    met = {key for key in wanted if key.partition(":")[0] not in COUNTED_ONLY}
    found: dict[str, list[int]] = defaultdict(list)
    sql = f"SELECT key, lead_id FROM {KEYS} WHERE key IN ({{ids}})"
    for part in people.chunks(met - held.common.keys()):
        for key, pk in people.rows(sql, part):
            found[key].append(pk)
    known.holders = dict(found) | candidates.newest(met & held.common.keys(), up_to=max(known.people))
    known.counts = {key: len(holders) for key, holders in found.items()}
    known.counts |= {key: held.common[key] for key in wanted & held.common.keys()}
    known.counts |= candidates.count(wanted - met - known.counts.keys())


def _sharing(known: Known) -> dict[Pair, bool]:
    """Pairs of a lead of the block and an older one that share a key, and whether it says something of who they are."""
    block = known.people.keys()
    pairs: dict[Pair, bool] = {}
    for key, holders in known.holders.items():
        says = key.partition(":")[0] in SAYS_WHO
        for pk in block & set(holders):
            for other in holders:
                if other < pk and (says or (other, pk) not in pairs):
                    pairs[other, pk] = says
    return pairs


def _near(known: Known, held: Held) -> set[Pair]:
    """Pairs of a lead of the block and an older one whose messages are among the nearest."""
    if held.cells is None:
        return set()
    held.cells.refresh()
    known.vectors = {pk: vector for pk in known.people if (vector := held.cells.vector(pk)) is not None}
    if not known.vectors:
        return set()
    leads, _ = held.cells.nearest(np.stack(list(known.vectors.values())), NEIGHBOURS + 1, probes=PROBES)
    return {
        (other, pk) for pk, row in zip(known.vectors, leads.tolist(), strict=True) for other in row if 0 < other < pk
    }


def _worth_weighing(sharing: dict[Pair, bool], near: set[Pair]) -> set[Pair]:
    sure = {pair for pair, says in sharing.items() if says}
    doubtful = (near | sharing.keys()) - sure
    sql = (
        "SELECT id, LOWER(first_name), LOWER(last_name) FROM leads_lead WHERE merged_into_id IS NULL AND id IN ({ids})"
    )
    ids = {pk for pair in doubtful for pk in pair}
    names = {pk: (first, last) for part in people.chunks(ids) for pk, first, last in people.rows(sql, part)}
    both = (pair for pair in doubtful if pair[0] in names and pair[1] in names)
    return sure | {pair for pair in both if _are_alike(names[pair[0]], names[pair[1]], shares_key=pair in sharing)}


def _are_alike(one: Names, other: Names, *, shares_key: bool) -> bool:
    """Whether two names may be one; what is missing may be anything."""
    if not all((*one, *other)) or (shares_key and not {*one}.isdisjoint(other)):
        return True
    least = ALIKE if shares_key else ALIKE_IF_NEAR
    return JaroWinkler.similarity(" ".join(one), " ".join(other), score_cutoff=least) >= least


def _get_to_know(pairs: set[Pair], known: Known, held: Held) -> None:
    """Reads the other sides; and of all who hold a name, a mailbox or a phone the keys, which tell them apart."""
    others = {pk for pair in pairs for pk in pair} - known.people.keys()
    known.people = known.people | people.read(others)
    held_by = (holders for key, holders in known.holders.items() if key.partition(":")[0] in COUNTED_BY_PEOPLE)
    known.keys |= _stored_keys(others.union(*held_by) - known.keys.keys())
    for pk in others:
        vector = held.cells.vector(pk) if held.cells else None
        if vector is not None:
            known.vectors[pk] = vector


def _stored_keys(lead_ids: Iterable[int]) -> dict[int, Keys]:
    sql = f"SELECT lead_id, key FROM {KEYS} WHERE lead_id IN ({{ids}})"
    found: dict[int, dict[str, list[str]]] = {pk: {} for pk in lead_ids}
    for part in people.chunks(found):
        for pk, key in people.rows(sql, part):
            found[pk].setdefault(key.partition(":")[0], []).append(key)
    return {pk: {kind: tuple(keys) for kind, keys in kinds.items()} for pk, kinds in found.items()}
