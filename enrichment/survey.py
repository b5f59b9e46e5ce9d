"""Comparing blocks of old leads with the leads before them: what the nightly check of all leads does. The same weighing
as for a new lead, over candidates that are looked up for a thousand leads at once."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from enrichment import candidates, embedding, people, vector_index, weighing
from enrichment.candidates import KEYS, NEIGHBOURS, NEWEST, Glimpse, Known, Pair
from enrichment.exact_search import Cells
from enrichment.weighing import Findings
from leads.matching import COUNTED_ONLY

PROBES = 4  # cells of vectors; the nearest ten are found as well as with more


@dataclass(slots=True)
class Held:
    """What a worker keeps between blocks: the vectors, how many hold the common keys, and a glimpse of each lead."""

    pid: int = field(default_factory=os.getpid)
    cells: Cells | None = None
    common: dict[str, int] = field(default_factory=dict)
    seen: dict[int, Glimpse] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Held":
        """Reads what is kept; takes some seconds at 100,000 leads."""
        dimension = vector_index.dimension_in_use()
        held = cls(cells=Cells(embedding.model_name(), dimension) if dimension else None)
        sql = f"SELECT key, COUNT(*) FROM {KEYS} GROUP BY key HAVING COUNT(*) > %s"
        held.common = dict(people.rows(sql, [], NEWEST))
        return held

    def vectors(self, lead_ids: Iterable[int]) -> dict[int, np.ndarray]:
        if self.cells is None:
            return {}
        return {pk: vector for pk in lead_ids if (vector := self.cells.vector(pk)) is not None}


def compare(lead_ids: Sequence[int], held: Held) -> Findings:
    """What a block of leads (ascending ids) has in common with the leads before each of them. Refreshes their keys."""
    block = people.read(lead_ids)
    if not block:
        return Findings()
    known = Known(leads=candidates.lead_count(), people=dict(block))
    _look_up(candidates.refresh_keys({pk: candidates.keys_of(person) for pk, person in block.items()}), known, held)
    suggested = {pair for pair in candidates.suggested_pairs(block) if pair[1] in block}
    pairs = candidates.worth_weighing(_sharing(known), _near(known, held), suggested, held.seen)
    pairs = candidates.get_to_know(pairs, known)
    known.vectors |= held.vectors(known.people.keys() - block.keys())
    return weighing.weigh(pairs, known, suggested)


# ---- candidates ------------------------------------------------------------------------------------------------------


def _look_up(wanted: set[str], known: Known, held: Held) -> None:
    """Who holds the block's keys, and how many do. Rare keys are read whole, of common ones the newest holders."""
    met = {key for key in wanted if candidates.kind_of(key) not in COUNTED_ONLY}
    found: dict[str, list[int]] = defaultdict(list)
    sql = f"SELECT key, lead_id FROM {KEYS} WHERE key IN ({{ids}})"
    for part in people.chunks(met - held.common.keys()):
        for key, pk in people.rows(sql, part):
            found[key].append(pk)
    known.holders = dict(found) | candidates.newest(met & held.common.keys(), up_to=max(known.people))
    known.counts = {key: len(holders) for key, holders in found.items()}
    known.counts |= {key: held.common[key] for key in wanted & held.common.keys()}
    known.counts |= candidates.count(wanted - met - known.counts.keys())


def _sharing(known: Known) -> dict[Pair, int]:
    """Pairs of a lead of the block and an older one that share a key, and what the keys say."""
    block = known.people.keys()
    pairs: dict[Pair, int] = {}
    for key, holders in known.holders.items():
        says = candidates.what_it_says(key)
        for pk in block & holders:
            for other in holders:
                if other < pk and pairs.get((other, pk), -1) < says:
                    pairs[other, pk] = says
    return pairs


def _near(known: Known, held: Held) -> set[Pair]:
    """Pairs of a lead of the block and an older one whose messages are among the nearest."""
    if held.cells is None:
        return set()
    held.cells.refresh()
    known.vectors = held.vectors(known.people)
    if not known.vectors:
        return set()
    leads, _ = held.cells.nearest(np.stack(list(known.vectors.values())), NEIGHBOURS + 1, probes=PROBES)
    return {
        (other, pk) for pk, row in zip(known.vectors, leads.tolist(), strict=True) for other in row if 0 < other < pk
    }
