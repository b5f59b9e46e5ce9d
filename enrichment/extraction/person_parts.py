"""The first and the last name in a stretch of words that names a person. Pure."""

from dataclasses import dataclass

from enrichment.extraction.known import known
from enrichment.extraction.spans import CLASS_OF, Message, Token
from enrichment.extraction.words import PARTICLES, word_set


@dataclass(frozen=True, slots=True)
class Part:
    """A first or last name and where it stands in the text."""

    value: str
    start: int
    end: int


def split(message: Message, start: int, end: int) -> tuple[Part | None, Part | None]:
    """First and last name of a stretch. One word behind a title is a last name, any other a first name."""
    tokens = list(message.tokens[start:end])
    while tokens and (tokens[0].plain in _TITLES or CLASS_OF.get(tokens[0].plain) == "title"):
        tokens.pop(0)
        start += 1
    while len(tokens) > 1 and (tokens[-1].plain in _SUFFIXES or _is_degree(tokens)):
        tokens.pop()
    if not tokens:
        return None, None
    if "," in (texts := [each.text for each in tokens]):  # Lopez, Ana
        comma = texts.index(",")
        return read_part(message, tokens[comma + 1 :]), read_part(message, tokens[:comma])
    before = CLASS_OF.get(message.tokens[start - 1].plain, "") if start else ""
    if start > 1 and message.tokens[start - 1].text == "." and not before:
        before = CLASS_OF.get(message.tokens[start - 2].plain, "")
    if len(tokens) == 1 or tokens[0].plain in PARTICLES:
        is_last = before in ("title", "family") or tokens[0].plain in PARTICLES
        if before == "title" and message.tokens[start - 1].plain in _FIRST_NAME_TITLES:
            is_last = False
        part = read_part(message, tokens)
        return (None, part) if is_last else (part, None)
    cut = _cut(tokens, is_romance=message.is_romance)
    first, last = tokens[:cut], tokens[cut:]
    if not message.is_romance and len(last) > 1 and not any(each.plain in PARTICLES for each in last[:-1]):
        last = last[-1:]
    return read_part(message, first), read_part(message, last)


_TITLES = frozenset(["i.a", "i.v.", "i.a.", "ppa", "lic", "ing"])
_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md", "dds", "cpa", "esq", "mba", "rn", "msw"])
_FIRST_NAME_TITLES = frozenset(["don", "dona", "seu"])  # Don José


def _is_degree(tokens: list[Token]) -> bool:
    """ "Geraldine Moss ACCA": capitals behind a name that isn't written in capitals."""
    return len(tokens) > 2 and tokens[-1].text.isupper() and not tokens[0].text.isupper() and len(tokens[-1].text) < 6


# Names that are a family's as well, but stand second in many a first name: María José, Juan Carlos.
_SECOND = word_set(
    "luis jose maria carlos antonio manuel angel belen fernanda lucia isabel teresa pilar carmen jesus javier alberto "
    "eduardo enrique francisco miguel rafael ramon andres pablo paulo pedro joao ana clara luisa luiza elena beatriz "
    "cristina guadalupe eugenia victoria vitoria andre pierre paul marc claude louis philippe jacques francois marie "
    "claire anne sophie laure helene eve rose paola chiara grazia rita giovanni battista maria alejandra alejandro"
)


def _cut(tokens: list[Token], *, is_romance: bool) -> int:
    """Where the last name begins. Spanish and Portuguese ones have two words, and many people two first names."""
    groups = _groups(tokens)
    if len(groups) == 2 or not is_romance:
        return groups[1] if len(groups) == 2 or not any(each.plain in PARTICLES for each in tokens) else groups[-1]
    second = tokens[groups[1]].plain
    is_first = second in _SECOND or (second in known().firsts and second not in known().lasts)
    return groups[2] if is_first and groups[2] - groups[1] == 1 else groups[1]


def _groups(tokens: list[Token]) -> list[int]:
    """Where the names within a name begin: "de la" belongs to what follows, "i" and "e" join two."""
    starts: list[int] = []
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        is_joined = before is not None and (before.plain in PARTICLES or before.plain in _JOINING) and place > 1
        if not is_joined and token.plain not in _JOINING:
            starts.append(place)
    return starts if len(starts) > 1 else [0, len(tokens) - 1]


_JOINING = frozenset(("i", "y", "e"))


def read_part(message: Message, tokens: list[Token]) -> Part | None:
    """These words as one name, or None where there are none."""
    if not tokens or not any(len(each.text.strip(".")) > 1 for each in tokens):
        return None
    start, end = tokens[0].start, tokens[-1].end
    words = message.text[start:end].rstrip(".") if tokens[-1].text.count(".") < 2 else message.text[start:end]
    return Part(cased(" ".join(words.split())), start, start + len(words))


def cased(value: str) -> str:
    """Names written all small or all big get capitals; "McKay" and "de la Vega" stay as they are."""
    if value.islower() or (value.isupper() and len(value) > 2):
        words = [word if word in PARTICLES else word.title() for word in value.lower().split()]
        return " ".join(words).replace("'S ", "'s ")
    return value
