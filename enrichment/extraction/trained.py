"""Intent and urgency by a small model over words and pieces of words, in any of the six languages. Pure.

A linear model: each word, pair of neighbouring words and piece of three to five letters falls by its hash into one of
`BUCKETS` places, and each place has a weight for each choice. What the word lists say is a sign among the others.
`scripts/train_judgements.py` trains the weights (`judgements.npz`).
"""

import math
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 15
LONGEST = 2000  # characters that are read: what somebody wants stands at the beginning
FILE = Path(__file__).with_name("judgements.npz")

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[?!€$£]")
_PIECES = (3, 4, 5)
_NUMBER = "0"  # stands for every number: which one it is says nothing of what is wanted

Signs = tuple[NDArray[np.int64], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Judge:
    """`weights`: a row for each choice, a column for each bucket; `sharpness` makes its probabilities mean what they
    say."""

    choices: tuple[str, ...]
    weights: NDArray[np.float32]
    offsets: NDArray[np.float32]
    sharpness: float

    def probabilities(self, signs: Signs) -> dict[str, float]:
        """How likely each choice is; they sum to one."""
        places, values = signs
        scores = (self.weights[:, places] @ values + self.offsets) * self.sharpness
        shares = np.exp(scores - scores.max())
        return {choice: float(share) for choice, share in zip(self.choices, shares / shares.sum(), strict=True)}


@cache
def judges() -> Mapping[str, Judge]:
    """The shipped ones of "intent" and "urgency"; read from disk at the first call."""
    with np.load(FILE, allow_pickle=False) as stored:
        return {
            field: Judge(
                tuple(str(choice) for choice in stored[f"{field}_choices"]),
                stored[f"{field}_weights"].astype(np.float32) * stored[f"{field}_scale"],
                stored[f"{field}_offsets"],
                float(stored[f"{field}_sharpness"]),
            )
            for field in ("intent", "urgency")
        }


def signs(text: str, hints: Iterable[str] = ()) -> Signs:
    """Buckets and weights of what stands in the text. `hints`: what else is known, as words of ours."""
    tokens = _tokens(text)
    groups = (_words(tokens), _pieces(tokens), (f"hint {hint}" for hint in hints))
    together: dict[int, float] = {}
    for names, share in zip(groups, (1.0, 1.0, 0.6), strict=True):
        for place, value in _weighed(names, share).items():
            together[place] = together.get(place, 0.0) + value
    return np.fromiter(together, np.int64, len(together)), np.fromiter(together.values(), np.float32, len(together))


def _tokens(text: str) -> Sequence[str]:
    plain = unicodedata.normalize("NFKD", text[:LONGEST].casefold())
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return [_NUMBER if token.isdecimal() else token for token in _TOKEN.findall(letters)]


def _words(tokens: Sequence[str]) -> Iterator[str]:
    yield from (f"1 {token}" for token in tokens)
    yield from (f"2 {first} {second}" for first, second in pairwise(tokens))


def _pieces(tokens: Sequence[str]) -> Iterator[str]:
    for token in tokens:
        padded = f" {token} "
        for length in _PIECES:
            yield from (padded[start : start + length] for start in range(len(padded) - length + 1))


def _weighed(names: Iterable[str], share: float) -> dict[int, float]:
    """Counts by bucket, damped, and brought to the same length for short texts and long ones."""
    counts: dict[int, int] = {}
    for name in names:
        place = zlib.crc32(name.encode()) & (BUCKETS - 1)
        counts[place] = counts.get(place, 0) + 1
    damped = {place: 1 + math.log(count) for place, count in counts.items()}
    length = math.sqrt(sum(value * value for value in damped.values())) or 1.0
    return {place: share * value / length for place, value in damped.items()}
