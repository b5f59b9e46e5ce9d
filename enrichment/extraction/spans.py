"""Stretches of a message that could be the sender's name or company, and what speaks for or against each. Pure.

Every stretch of capitalised words (or of known names written small) is looked at with the words around it, its line,
the addresses of the message, and what the plain patterns say. `enrichment.extraction.people` weighs these signs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from enrichment.extraction.known import folded, known
from enrichment.extraction.parts import Parts
from enrichment.extraction.source import Span
from enrichment.extraction.spoken import CLASS_OF, INSIDE, LEGAL, ROMANCE, TRADE
from enrichment.extraction.words import NOT_NAMES, PARTICLES, PLACES

LONGEST = {"person": 5, "company": 8}  # words
MOST = 400  # stretches of one kind that are looked at

_TOKEN = re.compile(
    r"\n|(?:[^\W\d_]\.){1,4}(?![^\W_])|(?:St|Dr|Mr|Mrs|Ms|Jr|Sr|Sra|Sta|Hnos|Bros|Inc|Co|Corp|Ltd|Ltda|Lda|Lic|Ing|Mag|Avv|Rag|Mme"
    r"|Dott|Prof|Fam|Hd|Exma?|Spett|a\.C)\.(?=\s|,|$)"
    r"|[^\W\d_](?:[\w'’]|[-&+.](?=[^\W_]))*|\d[\w.,:/-]*|@+|[^\w\s]"
)
_LOCAL = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Token:
    start: int
    end: int
    text: str
    plain: str  # folded, without a full stop at its end
    is_word: bool
    is_big: bool
    is_open: bool  # can be part of a name: not quoted, no address


@dataclass(frozen=True)
class Message:
    """`masked`: the text with quoted parts emptied to line ends and addresses to @."""

    text: str
    masked: str
    parts: Parts
    addresses: Sequence[str] = ()
    rules: Mapping[tuple[str, Span], float] = field(default_factory=dict)  # what the patterns found: kind and span

    @cached_property
    def tokens(self) -> list[Token]:
        return [self._token(match) for match in _TOKEN.finditer(self.text)]

    def _token(self, match: re.Match[str]) -> Token:
        raw = self.masked[match.start() : match.end()]
        is_open = raw == match[0] and "@" not in raw
        text = match[0] if is_open or raw.startswith("\n") else "@"
        is_word = text[0].isalpha()
        plain = folded(text)
        return Token(
            match.start(), match.end(), text, plain.rstrip(".") if is_word and len(plain) > 2 else plain,
            is_word, is_word and not text[0].islower(), is_open and is_word,
        )  # fmt: skip

    @cached_property
    def lines(self) -> list[tuple[int, int]]:
        """First and last token (exclusive) of each filled line that is not quoted."""
        lines, start = [], 0
        for place, token in enumerate([*self.tokens, None]):
            if token is None or token.text == "\n":
                if any(each.is_open or each.text[0].isdigit() for each in self.tokens[start:place]):
                    lines.append((start, place))
                start = place + 1
        return lines

    @cached_property
    def line_of(self) -> dict[int, int]:
        return {place: number for number, (start, end) in enumerate(self.lines) for place in range(start, end)}

    @cached_property
    def locals(self) -> frozenset[str]:
        """Words and letters of the addresses before the @."""
        return frozenset(folded(part) for each in self.addresses for part in _LOCAL.findall(each.split("@")[0]))

    @cached_property
    def domains(self) -> str:
        return " ".join(re.sub(r"[^a-z0-9. ]", "", each.rpartition("@")[2]) for each in self.addresses)

    @cached_property
    def greeted(self) -> frozenset[str]:
        """Whom this message greets."""
        return self._greeted(is_quoted=False)

    @cached_property
    def greeted_by_us(self) -> frozenset[str]:
        """Whom the quoted messages greet."""
        return self._greeted(is_quoted=True)

    def _greeted(self, *, is_quoted: bool) -> frozenset[str]:
        found: set[str] = set()
        seen = (
            [token for token in self.raw_tokens if token.is_open or token.text in "\n>"] if is_quoted else self.tokens
        )
        opening = 9
        for token in seen:
            if token.text in "\n>":
                opening = 9
            elif opening and CLASS_OF.get(token.plain) == "greet" and opening in (9, 8):
                opening = 6
            elif opening and opening <= 6 and token.is_big and token.is_open:
                if CLASS_OF.get(token.plain) != "title":
                    found.add(token.plain)
                opening -= 1
            elif (
                opening
                and opening <= 6
                and (CLASS_OF.get(token.plain) in ("greet", "title") or token.plain in ("there",))
            ):
                opening -= 1
            else:
                opening = 8 if opening == 9 and not token.is_word else 0
        return frozenset(found)

    @cached_property
    def raw_tokens(self) -> list[Token]:
        quoted = "\n".join(self.text[slice(*span)] for span in self.parts.quoted)
        return Message(quoted, quoted, Parts()).tokens

    @cached_property
    def quoted_words(self) -> frozenset[str]:
        return frozenset(token.plain for token in self.raw_tokens if token.is_big)

    @cached_property
    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for token in self.tokens:
            if token.is_big and token.is_open:
                counts[token.plain] = counts.get(token.plain, 0) + 1
        return counts

    @cached_property
    def is_romance(self) -> bool:
        words = [token.plain for token in self.tokens if token.is_open]
        return sum(word in ROMANCE for word in words) * 7 > len(words)

    @cached_property
    def is_small(self) -> bool:
        """Written without capitals."""
        big = sum(token.is_big for token in self.tokens if token.is_open and len(token.text) > 1)
        return big * 25 < sum(token.is_open for token in self.tokens)

    # ---- stretches ---------------------------------------------------------------------------------------------------

    def stretches(self, kind: str) -> list[tuple[int, int]]:
        """First and last token (exclusive) of whatever could be one; the patterns' own finds among them."""
        found = [span for span in map(self.place, self._spans_of_rules(kind)) if span and not self._is_family(span[0])]
        makes = self._persons if kind == "person" else self._companies
        for start, token in enumerate(self.tokens):
            if token.is_open:
                found += [(start, end) for end in makes(start)]
        return list(dict.fromkeys(found))[:MOST]

    def _is_family(self, place: int) -> bool:
        return CLASS_OF.get(self.tokens[place].plain) == "family"

    def _spans_of_rules(self, kind: str) -> Iterator[Span]:
        return (span for each, span in self.rules if each == kind)

    def place(self, span: Span) -> tuple[int, int] | None:
        inside = [place for place, token in enumerate(self.tokens) if token.start >= span[0] and token.end <= span[1]]
        return (inside[0], inside[-1] + 1) if inside else None

    def words(self, start: int, end: int) -> list[str]:
        """The words of a stretch of tokens."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end].split()

    def ends_sentence(self, end: int) -> bool:
        """Whether the full stop of the token before this one ends a sentence: a new one begins behind it."""
        last = self.tokens[end - 1]
        if last.plain.count(".") or end >= len(self.tokens):
            return False
        behind = self.tokens[end]
        line = self.lines[self.line_of.get(end - 1, 0)]
        return behind.is_big if behind.text != "\n" else line[1] - line[0] > 9

    def _follows(self, place: int) -> bool:
        """Whether this token stands in the line of the one before, with no more than a space between."""
        if place >= len(self.tokens):
            return False
        return self.tokens[place].start - self.tokens[place - 1].end <= 1 and self.tokens[place].text != "\n"

    def _persons(self, start: int) -> Iterator[int]:
        if not self._can_start_person(start):
            return
        is_small = not self.tokens[start].is_big
        end = start
        while end < min(start + LONGEST["person"], len(self.tokens)) and (end == start or self._follows(end)):
            token = self.tokens[end]
            if not token.is_open or token.plain in LEGAL:
                return
            if not token.is_big and not is_small and token.plain not in PARTICLES | {"i", "y", "e"}:
                return
            if is_small and end > start and not self._is_small_name(token):
                return
            end += 1
            if token.plain not in PARTICLES or (token.is_big and end - start > 1):
                yield end

    def _is_small_name(self, token: Token) -> bool:
        names = known()
        if token.plain in PARTICLES:
            return True
        return token.plain not in NOT_NAMES and (
            token.plain in names.lasts or token.plain in names.firsts or token.plain not in names.words
        )

    def _can_start_person(self, start: int) -> bool:
        token = self.tokens[start]
        if CLASS_OF.get(token.plain) in ("title", "family") or (len(token.plain) < 2 and not token.text.endswith(".")):
            return False
        if CLASS_OF.get(token.plain) == "bye" and token.plain not in known().firsts:
            return False
        if token.is_big:
            return token.plain not in NOT_NAMES or token.plain in known().firsts
        if token.plain in NOT_NAMES or len(token.plain) > 14:
            return False
        before = CLASS_OF.get(self.tokens[start - 1].plain, "") if start else ""
        is_said = before in ("be", "me", "called", "name", "here") or start + 1 == len(self.tokens)
        return token.plain in known().firsts or (
            token.plain not in known().words and (is_said or (self.is_small and self._is_at_edge(start)))
        )

    def _is_at_edge(self, place: int) -> bool:
        line = self.line_of.get(place)
        return line is not None and (place == self.lines[line][0] or place + 1 >= self.lines[line][1])

    def _companies(self, start: int) -> Iterator[int]:
        token = self.tokens[start]
        before = CLASS_OF.get(self.tokens[start - 1].plain, "") if start else ""
        is_small = not token.is_big
        if is_small and before not in ("from", "business", "behalf") and token.plain not in ("the", "la", "les", "die"):
            return
        if token.plain in LEGAL and len(token.plain) < 4 and token.plain not in ("sas", "soc"):
            return
        end, depth = start, 0
        while end < min(start + LONGEST["company"] + 2, len(self.tokens)) and (end == start or self._follows(end)):
            token = self.tokens[end]
            is_glue = token.text in ("&", ",", "+", "-", "–", ".") or (not token.is_big and token.plain in INSIDE)
            if not (token.is_open or token.text in ("&", ",", "+", "-", "–") or token.text[0].isdigit()):
                return
            if token.text == "," and not (end + 1 < len(self.tokens) and self.tokens[end + 1].plain in LEGAL):
                return
            if is_small and end > start and token.is_big and self.tokens[start].plain not in INSIDE:
                return
            is_plain = not token.is_big and not is_glue and not is_small and not token.text[0].isdigit()
            if is_plain and token.plain not in LEGAL:
                return
            end += 1
            depth += not is_glue
            if depth and not is_glue and depth <= 6 and (not is_small or end - start <= 3):
                yield end

    # ---- signs -------------------------------------------------------------------------------------------------------

    def before(self, start: int) -> list[str]:
        """Signs of what stands before a token; cheap to keep, since many stretches begin there."""
        return self._around(start, -1)

    def behind(self, end: int) -> list[str]:
        return self._around(end - 1, 1)

    def _around(self, place: int, step: int) -> list[str]:
        side = "<" if step < 0 else ">"
        words: list[str] = []
        classes: list[str] = []
        for distance in range(1, 4):
            at = place + step * distance
            token = self.tokens[at] if 0 <= at < len(self.tokens) else None
            word = "|" if token is None else "0" if token.text[0].isdigit() else token.plain
            words.append(word)
            classes.append(_class(token) if token else "|")
        found = [f"{side}{n} {word}" for n, word in enumerate(words)]
        found += [f"{side}{n}= {name}" for n, name in enumerate(classes)]
        found += [f"{side}01 {words[0]} {words[1]}", f"{side}01= {classes[0]} {classes[1]}"]
        found += [f"{side}012= {' '.join(classes)}"]
        near = {
            CLASS_OF[self.tokens[at].plain]
            for at in range(
                max(0, place - 6) if step < 0 else place + 1, place if step < 0 else min(place + 7, len(self.tokens))
            )
            if self.tokens[at].plain in CLASS_OF
        }
        found += [f"{side}near {name}" for name in sorted(near)]
        return found


def _class(token: Token) -> str:
    if token.plain in CLASS_OF:
        return CLASS_OF[token.plain]
    if not token.is_word:
        return "0" if token.text[0].isdigit() else token.text
    if token.plain in LEGAL:
        return "legal"
    if token.plain in TRADE:
        return "trade"
    names = known()
    if token.is_big:
        kind = ("f" if token.plain in names.firsts else "") + ("l" if token.plain in names.lasts else "")
        return "Big" + kind + ("w" if token.plain in names.words else "")
    return "word" if token.plain in names.words else "small"


def is_place(words: str) -> bool:
    return words.lower() in PLACES
