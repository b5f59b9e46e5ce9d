"""The leads whose messages are nearest to one vector, for pages: nothing is written, and nothing stays in memory.

What Chroma has comes from there; what it lacks, all of it while it is away, is compared exactly, block by block. So are
few leads.
"""

import heapq
from collections.abc import Iterator, Sequence

import numpy as np

from enrichment import embedding, vector_index
from enrichment.exact_search import Neighbours
from enrichment.models import Embedding
from leads.models.lead import LeadQuerySet

BLOCK = 5000  # vectors at a time, 8 MB; also what one statement takes as parameters
# What is asked of the index when the answer is filtered afterwards. At 100,000 leads it takes some 20 ms, while the
# index's own filters take 40 to 150 (`python -m benchmarks meaning`); leads that are rarer are compared exactly.
OVERFETCH = 2000

FEW = 2000  # leads that are compared exactly without asking the index, which takes no longer: some 10 ms

Vector = np.ndarray[tuple[int], np.dtype[np.float32]]


def read(vector: bytes | memoryview) -> Vector:
    """A stored vector."""
    return np.frombuffer(bytes(vector), dtype="<f4")


def nearest(vector: Vector, leads: LeadQuerySet, most: int, *, floor: float = -1.0) -> Neighbours:
    """Of `leads` up to `most` whose messages are nearest to the L2-normalised vector, as (lead id, cosine), nearest
    first; none with a cosine below `floor`."""
    ids = leads.order_by().values_list("pk", flat=True)
    few = list(ids[: FEW + 1])
    found = exact(vector, few, most) if len(few) <= FEW else _by_index(vector, leads, most, floor)
    if found is None:
        found = exact(vector, list(ids), most)
    return [(pk, cosine) for pk, cosine in found if cosine >= floor]


def exact(vector: Vector, lead_ids: Sequence[int], most: int) -> Neighbours:
    """As `nearest`, by comparing with the vector of each of these leads."""
    best: Neighbours = []
    for ids, vectors in _blocks(lead_ids, len(vector)):
        cosines = vectors @ vector
        top = np.argpartition(-cosines, min(most, len(ids)) - 1)[:most]
        best = heapq.nlargest(most, [*best, *((ids[at], float(cosines[at])) for at in top)], key=lambda pair: pair[1])
    return best


def _blocks(lead_ids: Sequence[int], dimension: int) -> Iterator[tuple[list[int], np.ndarray]]:
    rows = Embedding.objects.filter(model=embedding.model_name(), dimension=dimension).values_list("lead", "vector")
    ordered = sorted(lead_ids)  # near in the table, too
    for start in range(0, len(ordered), BLOCK):
        block = list(rows.filter(lead__in=ordered[start : start + BLOCK]))
        if block:
            vectors = np.frombuffer(b"".join(bytes(vector) for _, vector in block), dtype="<f4")
            yield [pk for pk, _ in block], vectors.reshape(len(block), dimension)


def _by_index(vector: Vector, leads: LeadQuerySet, most: int, floor: float) -> Neighbours | None:
    """None when the index can't tell: it is away, or too many of what it found are not among `leads`."""
    try:
        indexed = vector_index.ask(vector[None], OVERFETCH)[0]
    except vector_index.Unavailable:
        return None
    is_all = len(indexed) < OVERFETCH or indexed[-1][1] < floor
    found = dict(indexed) | dict(_not_indexed(vector, [pk for pk, _ in indexed]))
    alive = set(leads.filter(embedding__model=embedding.model_name(), pk__in=found).values_list("pk", flat=True))
    kept = [(pk, cosine) for pk, cosine in found.items() if pk in alive]
    if len(kept) < most and not is_all:
        return None
    return heapq.nlargest(most, kept, key=lambda pair: pair[1])


def _not_indexed(vector: Vector, found: Sequence[int]) -> Neighbours:
    """What the index has yet to get; for leads among `found` it still has the vector of an earlier message."""
    rows = Embedding.objects.filter(model=embedding.model_name(), is_indexed=False)
    waiting = list(rows.values_list("lead", flat=True))
    if not waiting:
        return []
    outdated = set(waiting).intersection(found)
    return [*exact(vector, waiting, OVERFETCH), *exact(vector, sorted(outdated), len(outdated) or 1)]
