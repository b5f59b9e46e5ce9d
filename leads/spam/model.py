"""The shipped model: a logistic regression over `leads.spam.signs`; `scripts/train_spam.py` trains it. Pure."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leads.spam.signs import Signs

FILE = Path(__file__).with_name("weights.npz")


@dataclass(frozen=True, slots=True)
class Model:
    weights: NDArray[np.float32]  # one for each bucket
    offset: float

    def score(self, signs: Signs) -> float:
        """Log-odds of spam, shifted so that what is above zero is suspect."""
        places, values = signs
        return float(self.weights[places] @ values + self.offset)


@cache
def shipped() -> Model:
    """Read from disk at the first call."""
    with np.load(FILE, allow_pickle=False) as stored:
        return Model(stored["weights"].astype(np.float32) * stored["scale"], float(stored["offset"]))
