"""Search over our own vectors, by numpy: what answers while Chroma is down, and what Chroma is measured against.

Up to CELLS_FROM messages every vector is compared. Beyond, vectors that are near each other lie in one of some hundred
cells, and only the nearest cells are looked through: a hundredth of the work, and measured on 100,000 real messages it
finds 99 of 100 of the 20 nearest.
"""

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from django.db import connection

from enrichment.embedding import Vectors
from enrichment.models import Embedding

MAX_ROWS = 200_000  # the newest; 384 floats each make 300 MB
CELLS_FROM = 20_000
PROBES = 12  # cells that are looked through
ROUNDS, SAMPLE_PER_CELL = 6, 40  # of the search for the cells' centres
# Rows may be committed in another order than their ids were given out, so the last few are looked at again.
OVERLAP = 200
CHUNK = 500
FEW = 64  # vectors that are looked up one by one

Neighbours = list[tuple[int, float]]
Ids = np.ndarray[Any, np.dtype[np.int64]]


class _Cell:
    """Vectors that lie near each other, side by side in memory, with their leads."""

    def __init__(self, dimension: int, room: int = 64) -> None:
        self.vectors = np.zeros((room, dimension), dtype=np.float32)
        self.leads = np.zeros(room, dtype=np.int64)
        self.size = 0

    def add(self, lead_id: int, vector: np.ndarray) -> int:
        """Returns the place it got."""
        if self.size == len(self.leads):
            room = 2 * self.size
            self.vectors = np.resize(self.vectors, (room, self.vectors.shape[1]))
            self.leads = np.resize(self.leads, room)
        self.vectors[self.size], self.leads[self.size] = vector, lead_id
        self.size += 1
        return self.size - 1

    def take(self, place: int) -> int:
        """Fills the place with the last one, and returns that one's lead."""
        self.size -= 1
        self.vectors[place], self.leads[place] = self.vectors[self.size], self.leads[self.size]
        return int(self.leads[place])


class Cells:
    """The vectors of one model in memory, in cells; `refresh` adds what came since."""

    def __init__(self, model: str, dimension: int) -> None:
        self.key = (os.getpid(), model, dimension)
        self.model, self.dimension = model, dimension
        self.last_id = 0
        self.recent: set[int] = set()  # ids of the last rows that were read
        self.place_of: dict[int, tuple[int, int]] = {}  # lead -> cell, place; the oldest first
        self.centres = np.zeros((1, dimension), dtype=np.float32)
        self.cells = [_Cell(dimension)]
        self.full_at = CELLS_FROM  # leads at which new centres are sought

    # -- what it holds

    def refresh(self) -> None:
        rows = Embedding.objects.filter(model=self.model, dimension=self.dimension)
        new = self._new_ids()
        for start in range(0, len(new), CHUNK):
            read = rows.filter(id__in=new[start : start + CHUNK]).order_by("id").values_list("lead", "vector")
            for lead_id, vector in read:
                if len(vector) == 4 * self.dimension:
                    self.put(lead_id, np.frombuffer(vector, dtype="<f4"))
        if new:
            self.last_id = max(self.last_id, new[-1])
            self.recent = {pk for pk in self.recent.union(new[-OVERLAP:]) if pk > self.last_id - OVERLAP}
            self._split()

    def _new_ids(self) -> list[int]:
        """The rows that came since; by hand, since it is asked in each search."""
        sql = (
            f"SELECT id FROM {Embedding._meta.db_table} WHERE id > %s AND model = %s AND dimension = %s "
            f"ORDER BY id DESC LIMIT {MAX_ROWS}"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [self.last_id - OVERLAP, self.model, self.dimension])
            return [pk for (pk,) in reversed(cursor.fetchall()) if pk not in self.recent]

    def put(self, lead_id: int, vector: np.ndarray) -> None:
        self.remove([lead_id])
        if len(self.place_of) >= MAX_ROWS:
            self.remove([next(iter(self.place_of))])
        cell = int(np.argmax(self.centres @ vector)) if len(self.cells) > 1 else 0
        self.place_of[lead_id] = cell, self.cells[cell].add(lead_id, vector)

    def remove(self, lead_ids: Iterable[int]) -> None:
        for lead_id in lead_ids:
            held = self.place_of.pop(lead_id, None)
            if held is not None:
                moved = self.cells[held[0]].take(held[1])
                if moved != lead_id:
                    self.place_of[moved] = held

    def _split(self) -> None:
        """Seeks new centres once there are many more vectors than the present ones were made for."""
        if len(self.place_of) < self.full_at:
            return
        leads = list(self.place_of)
        vectors = np.concatenate([cell.vectors[: cell.size] for cell in self.cells])
        holders = np.concatenate([cell.leads[: cell.size] for cell in self.cells])
        self.full_at = 2 * len(leads)
        self.centres = _centres(vectors, int(len(leads) ** 0.5))
        nearest = np.concatenate([np.argmax(part @ self.centres.T, axis=1) for part in _parts(vectors)])
        self.cells = [
            _Cell(self.dimension, room=max(count, 16)) for count in np.bincount(nearest, minlength=len(self.centres))
        ]
        self.place_of = dict.fromkeys(leads, (0, 0))  # the order they came in stays
        for lead_id, cell, vector in zip(holders.tolist(), nearest.tolist(), vectors, strict=True):
            self.place_of[lead_id] = cell, self.cells[cell].add(lead_id, vector)

    # -- what it finds

    def vector(self, lead_id: int) -> np.ndarray | None:
        """A copy of what it holds of a lead."""
        held = self.place_of.get(lead_id)
        return None if held is None else self.cells[held[0]].vectors[held[1]].copy()

    def nearest(self, vectors: Vectors, k: int, *, probes: int | None = None) -> tuple[Ids, np.ndarray]:
        """For each vector its k nearest leads and their cosines, nearest first; lead 0 where there are fewer."""
        leads = np.zeros((len(vectors), k), dtype=np.int64)
        cosines = np.full((len(vectors), k), -2.0, dtype=np.float32)
        probed = self._probed(vectors, probes or PROBES)
        if len(vectors) <= FEW:
            for at, vector in enumerate(vectors):
                self._look_through(probed[at], vector, leads[at], cosines[at])
        else:  # cell by cell, so that each is multiplied once by all that ask for it
            for number in np.unique(probed):
                self._ask_cell(
                    self.cells[number], np.nonzero((probed == number).any(axis=1))[0], vectors, leads, cosines
                )
        order = np.argsort(-cosines, axis=1, kind="stable")
        return np.take_along_axis(leads, order, axis=1), np.take_along_axis(cosines, order, axis=1)

    def _look_through(self, numbers: np.ndarray, vector: np.ndarray, leads: Ids, cosines: np.ndarray) -> None:
        cells = [self.cells[number] for number in numbers]
        near = np.concatenate([cell.vectors[: cell.size] @ vector for cell in cells])
        held = np.concatenate([cell.leads[: cell.size] for cell in cells])
        k = min(len(leads), len(near))
        best = np.argpartition(-near, k - 1)[:k] if k else np.zeros(0, dtype=np.int64)
        leads[:k], cosines[:k] = held[best], near[best]

    def _ask_cell(self, cell: _Cell, asking: np.ndarray, vectors: Vectors, leads: Ids, cosines: np.ndarray) -> None:
        """Keeps, for the vectors that ask, the best of what they have and of one more cell."""
        k = leads.shape[1]
        near, held = vectors[asking] @ cell.vectors[: cell.size].T, cell.leads[: cell.size]
        if cell.size > k:
            best = np.argpartition(-near, k - 1, axis=1)[:, :k]
            near, held = np.take_along_axis(near, best, axis=1), held[best]
        else:
            held = np.broadcast_to(held, near.shape)
        near, held = np.concatenate([cosines[asking], near], axis=1), np.concatenate([leads[asking], held], axis=1)
        best = np.argpartition(-near, k - 1, axis=1)[:, :k]
        cosines[asking], leads[asking] = np.take_along_axis(near, best, axis=1), np.take_along_axis(held, best, axis=1)

    def _probed(self, vectors: Vectors, probes: int) -> np.ndarray:
        """The numbers of the cells to look through, a row for each vector."""
        count = min(probes, len(self.cells))
        if count == len(self.cells):
            return np.tile(np.arange(count), (len(vectors), 1))
        return np.argpartition(-(vectors @ self.centres.T), count - 1, axis=1)[:, :count]


def _centres(vectors: Vectors, count: int) -> np.ndarray:
    """Spherical k-means over a sample; the same for the same vectors."""
    chance = np.random.default_rng(1)
    sample = vectors[chance.permutation(len(vectors))[: count * SAMPLE_PER_CELL]]
    centres = sample[:count].copy()
    for _ in range(ROUNDS):
        nearest = np.argmax(sample @ centres.T, axis=1)
        for number in range(count):
            mine = sample[nearest == number]
            if len(mine):
                centres[number] = mine.mean(axis=0)
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return centres


def _parts(vectors: Vectors) -> list[Vectors]:
    return [vectors[start : start + 4096] for start in range(0, len(vectors), 4096)]


_cells: Cells | None = None


def nearest(vectors: Vectors, k: int, *, model: str) -> list[Neighbours]:
    """For each vector the k leads whose messages are nearest, as (lead id, cosine), nearest first."""
    leads, cosines = _current(model, vectors.shape[1]).nearest(vectors, k)
    return [
        [(pk, cosine) for pk, cosine in zip(*row, strict=True) if pk]
        for row in zip(leads.tolist(), cosines.tolist(), strict=True)
    ]


def remove(lead_ids: set[int]) -> None:
    """Takes leads out that are no more."""
    if _cells is not None:
        _cells.remove(lead_ids)


def release() -> None:
    """Gives the memory back; the next search reads the vectors again."""
    global _cells
    _cells = None


def _current(model: str, dimension: int) -> Cells:
    global _cells
    if _cells is None or _cells.key != (os.getpid(), model, dimension):
        _cells = Cells(model, dimension)
    _cells.refresh()
    return _cells
