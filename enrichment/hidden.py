"""What of a message is not meant for the people who read it: text that a screen doesn't show, and orders to a machine.
Pure: imports no Django.

Hidden text is not shown to the model, and nothing in it becomes a value. Orders are shown to it (staff see them too,
and a sentence may look like one and be meant), but the rules pass over them: no cue word in them counts.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

from enrichment.normalise import fold

Span = tuple[int, int]
LIMIT = 20_000  # characters that are looked at

_CLOSED = re.compile(r"<(style|script|head|template|noscript|svg|object)\b[^<>]{0,300}>", re.I)
_UNSEEN = re.compile(
    r"<(\w{1,10})\b[^<>]{0,300}?(?:display\s?:\s?none|visibility\s?:\s?hidden|opacity\s?:\s?0(?![.\d])"
    r"|font-size\s?:\s?0(?![.\d])|\shidden(?=[\s>=]))[^<>]{0,300}>",
    re.I,
)


def hidden_spans(text: str) -> list[Span]:
    """HTML comments and elements that no browser shows; sorted, none overlapping."""
    if "<" not in text:
        return []
    lowered = text[:LIMIT].lower()
    spans = list(_between(lowered, "<!--", "-->"))
    for pattern in (_CLOSED, _UNSEEN):
        for match in pattern.finditer(lowered):
            end = lowered.find(f"</{match[1]}", match.end())
            if end >= 0:
                spans.append((match.start(), lowered.find(">", end) + 1 or len(lowered)))
    return _united(spans)


def without(text: str, spans: Iterable[Span]) -> str:
    """The text with each of these spans replaced by a space."""
    pieces, done = [], 0
    for start, end in _united(spans):
        pieces += [text[done:start], " "]
        done = end
    return "".join([*pieces, text[done:]])


def emptied(text: str, spans: Iterable[Span]) -> str:
    """The text with these spans turned into line ends, as long as it was: what is left stands where it stood."""
    pieces, done = [], 0
    for start, end in _united(spans):
        pieces += [text[done:start], "\n" * (end - start)]
        done = end
    return "".join([*pieces, text[done:]])


# --- orders ---

_IGNORE = (
    r"\b(?:ignor\w*|disregard\w*|forget|override|bypass|vergiss|vergessen sie|missachte\w*|oublie[rz]?"
    r"|ne tiens pas compte|olvid[ae]\w*|haz caso omiso|dimentica\w*|esque[çc]\w*|desconsider\w*)\b"
)
_TOLD = (
    r"\b(?:instructions?|prompts?|rules|guidelines|directions|commands|(?:all|the|everything) (?:above|previous|prior)"
    r"|anweisung\w*|anleitung\w*|regeln|vorgaben|obige\w*|vorherige\w*|consignes?|r[eè]gles|ci-dessus"
    r"|instrucciones|reglas|anterior\w*|istruzioni|regole|precedent[ie]|instru[çc][õo]es|regras)\b"
)
_KEYS = (
    r"(?:intent(?:_confidence)?|urgency(?:_confidence)?|quality[ _]?score|lead[ _]score|score|summary|topics"
    r"|dringlichkeit|absicht|bewertung|punktzahl|urgence|intention|urgencia|intenci[oó]n|puntuaci[oó]n|urgenza|intento"
    r"|punteggio|urg[eê]ncia|inten[çc][aã]o|pontua[çc][aã]o)"
)
_ORDER = re.compile(
    rf"{_IGNORE}.{{0,60}}?{_TOLD}"
    rf"|\b(?:set|mark|rate|classify|label|change|setz\w*|stell\w*|mets|mettez|fixe\w*|pon(?:ga|er|ed)?|establece\w*"
    rf"|imposta\w*|metti|defin[ae]\w*|coloque)\b.{{0,30}}?\b{_KEYS}\b"
    rf"|\b{_KEYS}\b\s?[\"']?\s?(?:=|is|to|must|should|of|ist|auf|est|à|es|a|è|é|para)?\s?[\"']?"
    r"(?:urgent\w*|critical|maximum|highest|high|hoch|dringend|max|100)\b"
    r"|\b(?:you are (?:now|no longer)|new instructions?|as an ai\b|(?:large )?language model|developer mode|jailbr\w+"
    r"|do anything now|system prompt|(?:reveal|print|repeat|show)\b.{0,30}\b(?:prompt|instructions)"
    r"|(?:respond|answer|reply|output)\b.{0,15}\b(?:only )?(?:with|in) (?:json|the following|exactly))"
    rf"|[\"'](?:{_KEYS}|role|tool_calls?|function_call|arguments)[\"']\s?:",
    re.I,
)
_BLOCK = re.compile(
    r"\W{0,4}(?:system|assistant|developer)(?: (?:prompt|message|note|override|instruction))?\s?[\]>|]{0,2}\s?:"
    r"|\W{0,4}#{2,4} ?(?:system|instruction|response|assistant)|.{0,4}<\|[a-z_]{2,20}\|>|\W{0,4}\[/?inst\]|<</?sys>>"
    r"|\W{0,4}</?(?:inquiry|message|system|instructions?|tool_call|function_call|tool|admin)\b[^<>]{0,80}>",
    re.I,
)
_PIECE = re.compile(r"[^\n]+?(?:[.!?]+(?=\s|\Z)|(?=\n)|\Z)")
_BASE64 = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/]{32,4000}={0,2}(?![\w+/=])")


def order_spans(text: str) -> list[Span]:
    """Sentences that tell a machine what to do with the message, blocks that pose as its system or its answer, and
    encoded text; sorted, none overlapping. Looks at each character a fixed number of times."""
    text = text[:LIMIT]
    spans = [match.span() for match in _BASE64.finditer(text) if _is_encoded(match[0])]
    for start, end in _paragraphs(text):
        pieces = list(_PIECE.finditer(text, start, end))
        for piece in pieces:
            said = fold(piece[0][:400]).text
            if _BLOCK.match(said.strip()):
                spans.append((piece.start(), end))  # what follows is spoken in the same false voice
                break
            if _ORDER.search(said):
                spans.append(piece.span())
    return _united(spans)


def _is_encoded(words: str) -> bool:
    """Whether the characters are base64 of readable text."""
    try:
        said = base64.b64decode(words + "=" * (-len(words) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return said.isprintable() and " " in said


def _paragraphs(text: str) -> Iterator[Span]:
    start = 0
    for match in re.finditer(r"\n[ \t]*\n|\Z", text):
        if match.start() > start:
            yield start, match.start()
        start = match.end()


def _between(text: str, opening: str, closing: str) -> Iterator[Span]:
    start = text.find(opening)
    while start >= 0:
        end = text.find(closing, start)
        if end < 0:
            return
        yield start, end + len(closing)
        start = text.find(opening, end)


def _united(spans: Iterable[Span]) -> list[Span]:
    united: list[Span] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        elif start < end:
            united.append((start, end))
    return united
