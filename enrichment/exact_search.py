"""Exact search over our own vectors, by numpy: what answers while Chroma is down, and what it is measured against."""

import os

import numpy as np

from enrichment.embedding import Vectors
from enrichment.models import Embedding

MAX_ROWS = 100_000  # the newest; 384 floats each make 150 MB
# Rows may be committed in another order than their ids were given out, so the last few are read again.
OVERLAP = 200

Neighbours = list[tuple[int, float]]


class _Matrix:
    """The vectors of one model in memory, a row per lead; refreshed by what came since."""

    def __init__(self, model: str, dimension: int) -> None:
        self.key = (os.getpid(), model, dimension)
        self.model = model
        self.dimension = dimension
        self.last_id = 0
        self.vectors = np.zeros((1024, dimension), dtype=np.float32)
        self.leads = np.zeros(1024, dtype=np.int64)
        self.row_of: dict[int, int] = {}
        self.seen = 0

    def refresh(self) -> None:
        rows = Embedding.objects.filter(model=self.model, dimension=self.dimension)
        new = rows.filter(id__gt=self.last_id - OVERLAP).order_by("-id").values_list("id", "lead", "vector")
        for pk, lead_id, vector in reversed(list(new[:MAX_ROWS])):
            self._put(lead_id, np.frombuffer(vector, dtype="<f4"))
            self.last_id = max(self.last_id, pk)

    def _put(self, lead_id: int, vector: np.ndarray) -> None:
        row = self.row_of.get(lead_id)
        if row is None:
            row = self.seen % MAX_ROWS
            self._make_room(row)
            self.row_of[lead_id] = row
            self.seen += 1
        self.vectors[row] = vector
        self.leads[row] = lead_id

    def _make_room(self, row: int) -> None:
        """Grows, or at the limit lets the oldest go."""
        if self.seen >= MAX_ROWS:
            self.row_of.pop(int(self.leads[row]), None)
        elif row >= len(self.leads):
            size = min(2 * len(self.leads), MAX_ROWS)
            self.vectors = np.resize(self.vectors, (size, self.dimension))
            self.leads = np.resize(self.leads, size)

    def nearest(self, vectors: Vectors, k: int) -> list[Neighbours]:
        used = min(self.seen, MAX_ROWS)
        if not used:
            return [[] for _ in vectors]
        cosines = vectors @ self.vectors[:used].T
        top = np.argpartition(-cosines, min(k, used) - 1, axis=1)[:, :k]
        return [self._sorted(cosines[at], columns) for at, columns in enumerate(top)]

    def _sorted(self, cosines: np.ndarray, columns: np.ndarray) -> Neighbours:
        best = columns[np.argsort(-cosines[columns], kind="stable")]
        return [(int(self.leads[at]), float(cosines[at])) for at in best if int(self.leads[at]) in self.row_of]

    def remove(self, lead_ids: set[int]) -> None:
        for lead_id in lead_ids:
            row = self.row_of.pop(lead_id, None)
            if row is not None:
                self.vectors[row] = 0.0
                self.leads[row] = 0


_matrix: _Matrix | None = None


def nearest(vectors: Vectors, k: int, *, model: str) -> list[Neighbours]:
    """For each vector the k leads whose messages are nearest, as (lead id, cosine), nearest first."""
    return _current(model, vectors.shape[1]).nearest(vectors, k)


def remove(lead_ids: set[int]) -> None:
    """Takes leads out that are no more."""
    if _matrix is not None:
        _matrix.remove(lead_ids)


def release() -> None:
    """Gives the memory back; the next search reads the vectors again."""
    global _matrix
    _matrix = None


def _current(model: str, dimension: int) -> _Matrix:
    global _matrix
    if _matrix is None or _matrix.key != (os.getpid(), model, dimension):
        _matrix = _Matrix(model, dimension)
    _matrix.refresh()
    return _matrix
