"""Cutting a message into pieces at the words behind its facts, and making invisible characters visible. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

# Shown as they are although their category is "control" or "format".
ORDINARY = frozenset("\t\n\r")
# Invisible although their category says letter or mark.
BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u180b\u180c\u180d\u180f")
SHORT_NAMES = {
    "\u200b": "ZWSP",
    "\u200c": "ZWNJ",
    "\u200d": "ZWJ",
    "\u2060": "WJ",
    "\ufeff": "BOM",
    "\u00ad": "SHY",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
}


@dataclass(frozen=True, slots=True)
class Span:
    """The words `text[start:end]` stand behind the field `field`."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with the fields it stands behind, none for the rest of the message."""

    text: str
    fields: tuple[str, ...] = ()


def pieces(text: str, spans: Iterable[Span]) -> list[Piece]:
    """The whole text in order, cut wherever a span begins or ends; spans may overlap, ones outside the text don't
    count."""
    inside = [span for span in spans if 0 <= span.start < span.end <= len(text)]
    cuts = sorted({0, len(text), *(span.start for span in inside), *(span.end for span in inside)})
    found = []
    for start, end in pairwise(cuts):
        fields = {span.field: None for span in inside if span.start <= start and end <= span.end}
        found.append(Piece(text[start:end], tuple(fields)))
    return found


@dataclass(frozen=True, slots=True)
class Hidden:
    """A character that can't be seen: what stands for it, and its full name."""

    mark: str
    name: str


def visible(text: str) -> Iterator[str | Hidden]:
    """The text with each invisible character (zero-width, direction, tag, control) as a `Hidden`."""
    plain = 0
    for position, char in enumerate(text):
        if _is_hidden(char):
            if plain < position:
                yield text[plain:position]
            yield _hidden(char)
            plain = position + 1
    if plain < len(text):
        yield text[plain:]


def _is_hidden(char: str) -> bool:
    if " " <= char <= "~" or char in ORDINARY:
        return False
    return unicodedata.category(char) in ("Cc", "Cf") or char in BLANK_LETTERS


def _hidden(char: str) -> Hidden:
    code = f"U+{ord(char):04X}"
    if 0xE0020 <= ord(char) <= 0xE007E:  # tag characters spell ASCII that nobody sees
        return Hidden(f"tag {chr(ord(char) - 0xE0000)}", f"Invisible tag character {code}")
    name = unicodedata.name(char, "control character").lower()
    return Hidden(SHORT_NAMES.get(char, code), f"Invisible: {name} {code}")
