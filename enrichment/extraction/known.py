"""First and last names of many countries, and words that are seldom names. Pure.

`names.txt.gz` has three lines: first names, last names, and common words of the six languages, folded and parted by
spaces. `scripts/collect_names.py` wrote it and says where they come from.
"""

import gzip
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("names.txt.gz")
_SAME = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe", "’": "'"})


@dataclass(frozen=True, slots=True)
class Known:
    firsts: frozenset[str]
    lasts: frozenset[str]
    words: frozenset[str]


@cache
def known() -> Known:
    """Read from disk at the first call."""
    with gzip.open(FILE, "rt", encoding="ascii") as lines:
        firsts, lasts, words = (frozenset(line.split()) for line in lines)
    return Known(firsts, lasts, words)


@lru_cache(maxsize=4096)
def folded(word: str) -> str:
    """Small letters without accents: as names are looked up."""
    plain = unicodedata.normalize("NFKD", word.casefold().translate(_SAME))
    return plain if plain.isascii() else "".join(char for char in plain if not unicodedata.combining(char))
