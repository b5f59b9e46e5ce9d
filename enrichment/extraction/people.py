"""Who writes, and for which company: the likeliest stretch of the message by a small linear model. Pure.

Each sign that `enrichment.extraction.spans` finds falls by its hash into one of `BUCKETS` places, each with a weight
for names and one for companies. `scripts/train_people.py` trains them (`people.npz`).
"""

import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enrichment.extraction.known import known
from enrichment.extraction.person_parts import Part, read_part, split
from enrichment.extraction.source import Candidate
from enrichment.extraction.spans import CLASS_OF, LEGAL, TRADE, Message, Token, is_place
from enrichment.extraction.words import NOT_NAMES, PARTICLES

BUCKETS = 1 << 15
FILE = Path(__file__).with_name("people.npz")
KINDS = ("person", "company")


@dataclass(frozen=True, slots=True)
class Judge:
    weights: NDArray[np.float32]
    offset: float


@cache
def shipped() -> Mapping[str, Judge]:
    """Read from disk at the first call."""
    with np.load(FILE, allow_pickle=False) as stored:
        return {
            kind: Judge(
                stored[f"{kind}_weights"].astype(np.float32) * stored[f"{kind}_scale"], float(stored[f"{kind}_offset"])
            )
            for kind in KINDS
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of tokens with its signs (buckets), and how likely it is the one looked for."""

    start: int
    end: int
    places: tuple[int, ...]


def bucket(sign: str) -> int:
    return zlib.crc32(sign.encode()) & (BUCKETS - 1)


def stretches(message: Message, kind: str) -> Iterator[Stretch]:
    before: dict[int, list[int]] = {}
    behind: dict[int, list[int]] = {}
    for start, end in message.stretches(kind):
        if start not in before:
            before[start] = [bucket(sign) for sign in message.before(start)]
        if end not in behind:
            behind[end] = [bucket(sign) for sign in message.behind(end)]
        own = [bucket(sign) for sign in signs(message, kind, start, end)]
        yield Stretch(start, end, tuple({*before[start], *behind[end], *own}))


def scored(message: Message, kind: str, judge: Judge) -> list[tuple[float, Stretch]]:
    """Every stretch with its probability, the likeliest first."""
    found = [
        (_share(float(judge.weights[list(each.places)].sum()) + judge.offset), each)
        for each in stretches(message, kind)
    ]
    return sorted(found, key=lambda pair: (-pair[0], pair[1].start))


def _share(score: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


# ---- signs of a stretch ----------------------------------------------------------------------------------------------


def signs(message: Message, kind: str, start: int, end: int) -> list[str]:
    tokens = message.tokens[start:end]
    found = [f"bias {len(tokens)}", *_inside(tokens)]
    where = list(_where(message, start, end))
    before = CLASS_OF.get(message.tokens[start - 1].plain, message.tokens[start - 1].text[:1]) if start else "|"
    shape = _shape(tokens)
    found += where + list(_said(message, kind, start, end)) + list(_elsewhere(message, tokens))
    found += [f"shape {shape}", f"{shape} < {before}"]
    found += [f"{shape} {each}" for each in where if each.startswith(("line", "last", "whole", "head"))]
    return found


def _inside(tokens: list[Token]) -> Iterator[str]:
    names = known()
    words = [token for token in tokens if token.is_word]
    if not words:
        yield "no word"
        return
    for name, each in (("first", words[0]), ("end", words[-1])):
        yield f"{name} {_of_lexicon(each)}"
    yield f"all {' '.join(_of_lexicon(each) for each in words[:4])}"
    if len(words) > 1 and words[0].plain in names.firsts and words[-1].plain in names.lasts:
        yield "first and last"
    for each in words:
        if each.plain in NOT_NAMES:
            yield "not a name" if each.is_big else "not a name small"
        if each.plain in LEGAL:
            yield "legal"
        if each.plain in TRADE:
            yield "trade"
        if each.plain in PARTICLES:
            yield "particle"
        if each.plain in CLASS_OF:
            yield f"class {CLASS_OF[each.plain]}"
    if words[-1].plain in LEGAL:
        yield "ends legal"
    if words[-1].plain in TRADE or words[0].plain in TRADE:
        yield "trade at edge"
    if any(len(each.text) > 2 and each.text.isupper() for each in words):
        yield "capitals"
    if any(char.isupper() for each in words for char in each.text[1:]) and not words[0].text.isupper():
        yield "inner capital"
    if any(token.text in "&+" for token in tokens):
        yield "ampersand"
    if any(token.text[0].isdigit() for token in tokens):
        yield "digits"
    if is_place(" ".join(each.text for each in words)):
        yield "place"


def _of_lexicon(token: Token) -> str:
    names = known()
    if token.plain in PARTICLES:
        return "p"
    if token.text.endswith(".") and len(token.text) < 4:
        return "i"
    marks = ("f" if token.plain in names.firsts else "") + ("l" if token.plain in names.lasts else "")
    if "-" in token.text and not marks:
        first, _, last = token.plain.partition("-")
        marks = ("f" if first in names.firsts else "") + ("l" if last in names.lasts else "") + "-"
    return (marks or "u") + ("w" if token.plain in names.words else "")


def _shape(tokens: list[Token]) -> str:
    words = [token for token in tokens if token.is_word]
    return f"{min(len(words), 4)}{'B' if words and words[0].is_big else 's'}"


def _where(message: Message, start: int, end: int) -> Iterator[str]:
    line = message.line_of.get(start)
    if line is None:
        yield "head"
        return
    first, last = message.lines[line]
    from_end = len(message.lines) - 1 - line
    yield f"line {min(line, 3)}"
    yield f"last {min(from_end, 6)}"
    length = last - first
    if start == first:
        yield "line starts"
        yield f"line starts, last {min(from_end, 3)}"
    if end == last:
        yield "line ends"
        yield f"line ends, last {min(from_end, 3)}"
    if start == first and end == last:
        yield f"whole line, last {min(from_end, 5)}"
    yield f"line of {min(length, 12) // 3}"
    if len(message.lines) == 1:
        yield "line only"
    tail = message.tokens[end:last]
    if start == first and tail and not any(token.is_open and token.text.islower() for token in tail):
        yield "whole but for card"
    if any(token.text[0].isdigit() or token.text == "@" for token in tail):
        yield "reach behind"
    if any(token.text[0].isdigit() or token.text == "@" for token in tail[:3]):
        yield "reach close behind"
    if message.parts.signature and message.tokens[start].start >= message.parts.signature[0]:
        yield "last in signature"
        signature = message.parts.signature[0]
        above = sum(message.tokens[at].start >= signature for at, _ in message.lines[: line + 1])
        yield f"in signature, line {above}"
    for name, other in (("above", line - 1), ("below", line + 1)):
        if 0 <= other < len(message.lines):
            yield from _neighbour(message, name, message.lines[other])
        else:
            yield f"{name} none"
    rest = sum(token.is_open for token in message.tokens[end:] if token.is_open)
    yield f"words behind {min(rest, 40).bit_length()}"
    ahead = sum(token.is_open for token in message.tokens[:start])
    yield f"words ahead {min(ahead, 40).bit_length()}"
    if rest == 0:
        yield "last word"


def _neighbour(message: Message, name: str, line: tuple[int, int]) -> Iterator[str]:
    tokens = message.tokens[line[0] : line[1]]
    if any(CLASS_OF.get(token.plain) == "bye" for token in tokens[:3]) and len(tokens) < 8:
        yield f"{name} goodbye"
    if CLASS_OF.get(tokens[0].plain) == "greet":
        yield f"{name} greeting"
    if any(CLASS_OF.get(token.plain) == "role" for token in tokens) and len(tokens) < 9:
        yield f"{name} role"
    if any(token.text[0].isdigit() or token.text == "@" for token in tokens):
        yield f"{name} reach"
    if len(tokens) < 6 and all(token.is_big or not token.is_word for token in tokens):
        yield f"{name} name"
    yield f"{name} length {min(len(tokens), 20) // 4}"
    yield f"{name} ends {tokens[-1].text[:1] if not tokens[-1].is_word else 'w'}"


def _said(message: Message, kind: str, start: int, end: int) -> Iterator[str]:
    """What the patterns say of it."""
    span = message.tokens[start].start, message.tokens[end - 1].end
    found = {each: sure for (of, each), sure in message.rules.items() if of == kind}
    if span in found:
        yield "rule same"
        yield f"rule same {round(found[span] * 10)}"
        if found[span] >= max(found.values()):
            yield "rule best"
            yield f"rule best {round(found[span] * 20)}"
    elif any(each[0] < span[1] and span[0] < each[1] for each in found):
        wider = any(each[0] <= span[0] and span[1] <= each[1] for each in found)
        yield f"rule {'within' if wider else 'beyond'}"
    else:
        yield "rule other" if found else "rule none"
    other = "company" if kind == "person" else "person"
    for (of, each), sure in message.rules.items():
        if of == other and each[0] < span[1] and span[0] < each[1]:
            yield f"rule {other} {round(sure * 5)}"
            break


def _elsewhere(message: Message, tokens: list[Token]) -> Iterator[str]:
    words = [token.plain for token in tokens if token.is_word and token.plain not in PARTICLES]
    if not words:
        return
    if any(word in message.greeted for word in words):
        yield "greeted"
    if any(word in message.greeted_by_us for word in words):
        yield "greeted by us"
    elif any(word in message.quoted_words for word in words):
        yield "quoted"
    if any(message.counts.get(word, 0) > 1 for word in words):
        yield "again"
    if any(len(word) > 2 and word in message.locals for word in words):
        yield "in address"
    joined = "".join(message.locals)
    if message.locals and len(words[-1]) > 2 and words[-1] in joined:
        yield "end in address"
        if len(words) > 1 and words[0][0] + words[-1] in joined:
            yield "initial in address"
    letters = "".join(word.replace("'", "").replace("-", "") for word in words)
    if len(letters) > 3 and letters in message.domains.replace("-", ""):
        yield "in domain"
    elif len(words[0]) > 3 and words[0] in message.domains:
        yield "first in domain"
    if not message.addresses:
        yield "no address"


# ---- the choice ------------------------------------------------------------------------------------------------------

ENOUGH = {"person": 0.35, "company": 0.4}
STATED = {"person": 0.9, "company": 0.6}
DOUBTFUL = {"person": 0.2, "company": 0.08}


def find(message: Message, judges: Mapping[str, Judge] | None = None) -> Iterator[Candidate]:
    """The sender's first name, last name and company."""
    judges = judges or shipped()
    named = ""
    persons = scored(message, "person", judges["person"])
    if _is_enough(message, "person", persons):
        yield from _named(message, [persons[0], *(pair for pair in persons[1:] if pair[0] >= 0.2)])
        named = " ".join(message.words(persons[0][1].start, persons[0][1].end))
    companies = scored(message, "company", judges["company"])
    if _is_enough(message, "company", companies):
        sure, best = companies[0]
        start, end = _whole(message, best.start, best.end)
        words = " ".join(message.words(start, end))
        # Tony Svanstrom of svanstrom.com: that is no company.
        if f" {words} ".casefold() not in f" {named} ".casefold():
            first, last = message.tokens[start].start, message.tokens[end - 1].end
            if words.endswith(".") and message.ends_sentence(end):
                words, last = words[:-1], last - 1  # the sentence's, not the company's
            yield Candidate("company", words, _confidence(sure), first, last)


def _whole(message: Message, start: int, end: int) -> tuple[int, int]:
    """Without an article that is none of its own, with the rest of its legal form."""
    tokens = message.tokens
    if tokens[start].plain in ("die", "der", "das", "dem", "den") and end - start > 1:
        start += 1
    while end < len(tokens):
        step = 2 if tokens[end].text in ("&", ",", "de", "+") else 1
        follows = tokens[end : end + step]
        is_near = len(follows) == step and "\n" not in message.text[tokens[end - 1].end : follows[-1].start]
        if not is_near or not (follows[-1].plain in LEGAL and follows[-1].is_big and follows[-1].is_open):
            break
        end += step
    return start, end


def _is_enough(message: Message, kind: str, found: list[tuple[float, Stretch]]) -> bool:
    """Less is enough for the first choice where the patterns are sure of it, too."""
    if not found:
        return False
    sure, best = found[0]
    said = message.rules.get((kind, (message.tokens[best.start].start, message.tokens[best.end - 1].end)), 0.0)
    if kind == "person" and not said and any(_is_place(message, each) for _, each in found if _overlap(each, best)):
        return False
    return sure >= (DOUBTFUL[kind] if said >= STATED[kind] else ENOUGH[kind])


def _overlap(one: Stretch, other: Stretch) -> bool:
    return one.start < other.end and other.start < one.end


def _is_place(message: Message, stretch: Stretch) -> bool:
    """San Antonio, Texas."""
    return is_place(" ".join(message.words(stretch.start, stretch.end)))


def _named(message: Message, persons: list[tuple[float, Stretch]]) -> Iterator[Candidate]:
    names = [(sure, *split(message, each.start, each.end), each) for sure, each in persons]
    sure, first, last, stretch = names[0]
    for other, other_first, other_last, _ in names[1:]:
        if first and not last and other_last and other_first and _same(first, other_first):
            last, sure = other_last, max(sure, other)
        if last and not first and other_first and other_last and _same(last, other_last):
            first, sure = other_first, max(sure, other)
    if first and not last:
        last = _shared(message, stretch)
    for field, part in (("first_name", first), ("last_name", last)):
        if part:
            yield Candidate(field, part.value, _confidence(sure), part.start, part.end)


def _same(one: Part, other: Part) -> bool:
    return one.value.casefold() == other.value.casefold()


def _shared(message: Message, stretch: Stretch) -> Part | None:
    """ "Heidrun und Wolfgang Petersen": the last name that stands with the second of two."""
    tokens = message.tokens[stretch.end : stretch.end + 5]
    if len(tokens) < 3 or CLASS_OF.get(tokens[0].plain) != "and" or not (tokens[1].is_big and tokens[2].is_big):
        return None
    if any(token.text == "\n" for token in tokens[:3]) or tokens[2].plain in NOT_NAMES or not tokens[2].is_open:
        return None
    return read_part(message, [tokens[2]])


def _confidence(sure: float) -> float:
    return round(min(0.97, sure), 2)
