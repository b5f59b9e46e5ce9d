"""What staff taught, as a correction of the shipped weights. Pure.

Passive-aggressive learning (Crammer et al. 2006): each decision moves the weights just as far as it takes to be on its
right side by a margin, along its own signs only, so that one lesson hardly touches messages that share few words with
it. The correction is always learned anew from all decisions: one that was taken back leaves no trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.spam.signs import BUCKETS, Signs

MARGIN = 1.0  # log-odds beyond the limit
ROUNDS = 3
LARGEST_STEP = 3.0  # of a single lesson; else one odd click could turn the whole model


@dataclass(frozen=True, slots=True)
class Lesson:
    """A decision of staff. `base` is the score without any lesson, rules included."""

    signs: Signs
    is_spam: bool
    base: float


def learned(lessons: Sequence[Lesson]) -> NDArray[np.float32]:
    """What is added to each bucket's weight."""
    correction = np.zeros(BUCKETS, np.float32)
    for _ in range(ROUNDS):
        for lesson in lessons:
            places, values = lesson.signs
            side = 1.0 if lesson.is_spam else -1.0
            missing = MARGIN - side * (lesson.base + float(correction[places] @ values))
            if missing > 0 and len(places):
                step = min(missing / float(values @ values), LARGEST_STEP)
                correction[places] += side * step * values
    return correction


def pack(signs: Signs) -> bytes:
    places, values = signs
    return places.astype("<u4").tobytes() + values.astype("<f4").tobytes()


def unpack(packed: bytes) -> Signs:
    half = len(packed) // 2
    places = np.frombuffer(packed[:half], "<u4").astype(np.int64)
    return places, np.frombuffer(packed[half:], "<f4").astype(np.float32)
