"""What the spam model looks at: words, their pairs and pieces, each by its hash in one of `BUCKETS`. Pure."""

import math
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 16
SHAPE = 0.3  # how much the shape counts beside the words
LONGEST = 2000  # characters that are read: spam says early what it sells

Signs = tuple[NDArray[np.int64], NDArray[np.float32]]

LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"'\])]+", re.IGNORECASE)
_MAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+\.\w+")
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[!€$£%]+")
_LONG_NUMBER = re.compile(r"\d{5,}")
_MONEY = re.compile(r"[€$£]\s?\d|\d\s?[€$£]")
_PIECES = (3, 4)
_WITHOUT_SPACES = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def signs(text: str) -> Signs:
    """Places and weights of what stands in the text: words and pieces each have length one, however long it is."""
    tokens = _tokens(text)
    together: dict[int, float] = {}
    for names, share in ((_words(tokens), 1.0), (_pieces(tokens), 1.0), (_shape(text[:LONGEST]), SHAPE)):
        for place, value in _weighed(names).items():
            together[place] = together.get(place, 0.0) + share * value
    return np.fromiter(together, np.int64, len(together)), np.fromiter(together.values(), np.float32, len(together))


def _tokens(text: str) -> Sequence[str]:
    """Letters without accents; links, addresses and numbers by their kind: which one it is will not come again."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST].casefold())
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    letters = _MAIL.sub(" xxmail ", LINK.sub(" xxlink ", letters))
    return [f"{min(len(token), 6)}0" if token.isdecimal() else token[:30] for token in _TOKEN.findall(letters)]


def _words(tokens: Sequence[str]) -> Iterator[str]:
    yield from (f"1 {token}" for token in tokens)
    yield from (f"2 {first} {second}" for first, second in pairwise(tokens))


def _shape(text: str) -> Iterator[str]:
    """How the text looks, whatever it says: loud or quiet, a question, numbers, links."""
    words = text.split()
    loud = sum(len(word) > 2 and word.isupper() for word in words)
    is_long = len(words) > 15
    yield f"shape loud {min(loud.bit_length(), 4)} {is_long}"
    yield f"shape links {min(len(LINK.findall(text)), 4)} {is_long}"
    yield f"shape exclaims {min(text.count('!'), 4)}"
    yield f"shape asks {min(text.count('?'), 2)} {is_long}"
    yield f"shape long numbers {min(len(_LONG_NUMBER.findall(text)), 3)}"
    yield f"shape money {min(len(_MONEY.findall(text)), 3)}"
    yield f"shape begins {'loud' if words and len(words[0]) > 2 and words[0].isupper() else 'quiet'}"


def _pieces(tokens: Sequence[str]) -> Iterator[str]:
    for token in tokens:
        padded = f" {token} "
        lengths = (2, *_PIECES) if _WITHOUT_SPACES.search(token) else _PIECES
        for length in lengths:
            yield from (padded[start : start + length] for start in range(len(padded) - length + 1))


def _weighed(names: Iterable[str]) -> dict[int, float]:
    """Counts by bucket, damped, and brought to length one."""
    counts: dict[int, int] = {}
    for name in names:
        place = zlib.crc32(name.encode()) & (BUCKETS - 1)
        counts[place] = counts.get(place, 0) + 1
    damped = {place: 1 + math.log(count) for place, count in counts.items()}
    length = math.sqrt(sum(value * value for value in damped.values())) or 1.0
    return {place: value / length for place, value in damped.items()}
