"""The text as the rules read it, and the way back to where its words stand in the original. Pure.

Rules work on a tidied copy: one kind of apostrophe and of line end, single spaces, no invisible characters, no HTML.
Where that makes it shorter, `Source.positions` leads back.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from leads.values import Evidence

LIMIT = 20_000  # characters that are read; an inquiry is never longer, pasted histories and attacks are

Span = tuple[int, int]

_SAME_LENGTH = str.maketrans(
    {
        **{chr(code): " " for code in range(32) if code not in (9, 10, 11, 12, 28, 29, 30)},
        **dict.fromkeys("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", "\n"),
        **dict.fromkeys("\x7f\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f", " "),
        **dict.fromkeys("’‘ʼ`´＇", "'"),
        **dict.fromkeys("“”„«»", '"'),
        "＠": "@",
        "\u3000": " ",
        "\u2011": "-",
        "\u2010": "-",
    }
)
_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
_SPACES = re.compile(r"[ \t]{2,}|\t")
_BLOCK_TAG = re.compile(r"</?(?:p|br|div|tr|td|th|table|li|ul|ol|h[1-6]|blockquote|hr)\b", re.I)
_TAG = re.compile(
    r"</?(?:html|head|body|meta|style|script|title|p|br|div|span|a|b|i|u|strong|em|font|img|table|tbody|thead|tr|td|th"
    r"|ul|ol|li|h[1-6]|blockquote|pre|hr|center|small|sub|sup)(?:\s[^<>]{0,600})?/?>",
    re.I,
)
_HIDDEN_ELEMENT = re.compile(r"<(style|script|head)\b[^<>]{0,300}>.{0,5000}?</\1\s?>", re.I | re.S)
_COMMENT = re.compile(r"<!--.{0,3000}?-->", re.S)
_ENTITY = re.compile(r"&(nbsp|amp|lt|gt|quot|apos|#39|#160);", re.I)
_ENTITIES = {"nbsp": " ", "#160": " ", "amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "#39": "'"}


@dataclass(frozen=True, slots=True)
class Source:
    """`text` is the tidied copy; `positions[i]` is where its i-th character stands in `original` (None: at i)."""

    original: str
    text: str
    positions: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> Span:
        """The span in the original of a non-empty span in the tidied copy; an empty one stays empty."""
        if start >= end:
            return (0, 0)
        if self.positions is None:
            return start, end
        return self.positions[start], self.positions[end - 1] + 1

    def evidence(self, start: int, end: int) -> Evidence:
        start, end = self.span(start, end)
        return Evidence(start, end, self.original[start:end])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a rule proposes; `start` and `end` count in the tidied copy, -1 where there is no evidence."""

    field: str
    value: str
    confidence: float
    start: int = -1
    end: int = -1
    note: str = ""


def read(original: str) -> Source:
    """Tidies the first LIMIT characters."""
    text = _cut(original).replace("\r\n", " \n").replace("\r", "\n").translate(_SAME_LENGTH)
    tidied = _Tidied(text, None)
    if not text.isascii():
        tidied = tidied.replaced(_INVISIBLE, lambda match: "")
    if "<" in text and _TAG.search(tidied.text):
        tidied = _without_html(tidied)
    tidied = tidied.replaced(_SPACES, lambda match: " ")
    return Source(original, tidied.text, tuple(tidied.positions) if tidied.positions is not None else None)


@dataclass(frozen=True, slots=True)
class _Tidied:
    text: str
    positions: list[int] | None

    def replaced(self, pattern: re.Pattern[str], shorter: Callable[[re.Match[str]], str]) -> "_Tidied":
        """With each match replaced by something no longer than itself, whose characters keep the match's positions."""
        if not pattern.search(self.text):
            return self
        positions = self.positions if self.positions is not None else list(range(len(self.text)))
        pieces: list[str] = []
        kept: list[int] = []
        done = 0
        for match in pattern.finditer(self.text):
            start, new = match.start(), shorter(match)
            pieces += [self.text[done:start], new]
            kept += positions[done : start + len(new)]
            done = match.end()
        return _Tidied("".join([*pieces, self.text[done:]]), kept + positions[done:])


def _cut(text: str) -> str:
    """Cuts between words, so that no half address or number is read."""
    if len(text) <= LIMIT:
        return text
    head = text[:LIMIT]
    gap = max(head.rfind(" ", LIMIT - 200), head.rfind("\n", LIMIT - 200))
    return head[:gap] if gap > 0 else head


def _without_html(tidied: _Tidied) -> _Tidied:
    lowered = tidied.text.lower()
    if any(mark in lowered for mark in ("</style", "</script", "</head")):
        tidied = tidied.replaced(_HIDDEN_ELEMENT, lambda match: "\n")
    if "-->" in lowered:
        tidied = tidied.replaced(_COMMENT, lambda match: "")
    tidied = tidied.replaced(_TAG, lambda match: "\n" if _BLOCK_TAG.match(match[0]) else "")
    return tidied.replaced(_ENTITY, lambda match: _ENTITIES[match[1].lower()])


def blank(text: str, spans: Iterable[Span]) -> str:
    """The text with these spans emptied (line ends keep neighbours apart), same length."""
    pieces, position = [], 0
    for start, end in sorted(spans):
        start = max(start, position)
        if end > start:
            pieces += [text[position:start], "\n" * (end - start)]
            position = end
    return "".join([*pieces, text[position:]])
