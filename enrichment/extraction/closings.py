"""How messages end: the name below or behind the last sentence, and the company beside it. Pure.

People sign in many ways ("Keisha 512-555-0119", "Deb Rutkowski" above "Gulfway Packaging", "xx Bree"); what they have
in common is where it stands: at the very end, in short lines, in capitals.
"""

import re
from dataclasses import dataclass

from enrichment.extraction.parts import SIGN_OFF, Parts
from enrichment.extraction.source import Span
from enrichment.extraction.words import NOT_NAMES, PARTICLES, PLACES, word_set

_LETTER = r"[^\W\d_]"
_WORD = rf"(?![a-zà-öø-ÿ])(?:(?:{_LETTER}\.){{1,3}}|{_LETTER}(?:{_LETTER}|['’-]){{1,24}})"
_GLUE = rf"[ ](?:(?:{'|'.join(sorted(PARTICLES | {'i', 'y', 'e', 'dos', 'das'}))})[ ]){{0,2}}"
_NAME = rf"(?P<name>{_WORD}(?:{_GLUE}{_WORD}){{0,3}})"
# What a person is called by trade or learning; part of no name.
_DEGREE = (
    r"(?:(?:rag|dott|dott\.ssa|dr|dra|drs|prof|ing|arch|avv|geom|lic|c\.p|mag|dipl\.-ing|ra|mtro|mr|mrs|ms|herr|frau"
    r"|sig|sig\.ra|mme|m|sr|sra|d|dña)\.?[ ]){0,3}"
)
_LEAD = rf"(?:[-–—~*•>]{{1,2}}[ ]?|xo?x?o?[ ]|(?:{SIGN_OFF})[ ,.!–—-]{{1,4}})?(?i:{_DEGREE})"
# What may stand behind a name in its line: a role, a company, a number; an address was emptied to spaces.
_BEHIND = r"(?=[ ]{0,2}(?:[,|/(–—•·:;&+-]|\d|[ ]{3}|$)|[ ](?:and|und|et|y|e|from|at|von|de)[ ])"
_OWN_LINE = re.compile(rf"[ \t]{{0,4}}{_LEAD}{_NAME}{_BEHIND}")
_NUMBER = r"[+(]{0,2}\d[\d ().+/-]{5,20}\d"
_LAST_WORDS = re.compile(
    rf"(?:(?<=[.!?)…])[ ]{{1,2}}|(?<=[ ])[-–—~][ ]?|(?<=[.!?])[ ]?[-–—~][ ]?){_NAME}[ ]{{0,2}}(?P<reach>(?:[,:;/|(–—-]"
    rf"|[ ]{{3,90}}|(?:tel|t|c|cell|mob|m|ph|phone|call|text)[ .:]{{1,3}}|{_NUMBER}|[ )]){{0,8}})[ .!]{{0,2}}$",
)
_AND_SHARED = re.compile(
    rf"[ ](?:and|und|et|y|e|&|[+])[ ]{_WORD}[ ](?P<last>(?:(?:{'|'.join(sorted(PARTICLES))})[ ])?{_WORD})"
)
_BEHIND_NUMBER = re.compile(rf"(?<=\d)[ ]{{1,2}}{_NAME}[ .]{{0,2}}$")
_SMALL_LAST_WORD = re.compile(rf"[ ][-–—~][ ]?(?P<name>{_LETTER}{{2,14}})[ ]{{0,3}}$")
_SIGNED_SMALL = re.compile(
    r"(?:^|\n|[.!?)][ ])(?:lg|vg|glg|mfg|gruß|gruss|lieben gruß|liebe grüße|bises|bisous|xx|xo|thx|ty|cheers|abs|bjs)"
    rf"[ ,]{{1,2}}(?P<name>{_LETTER}{{2,14}})[ ]{{0,2}}(?:\n|$)",
    re.I,
)
_OTHER_SIGN_OFF = re.compile(
    rf"{SIGN_OFF}[ ,.!–—-]{{0,4}}$|(?:[^\d@:?]{{2,40}})[,!][ ]*$|[^\d@:?]{{0,30}}(?:regards|grüß|gruß"
    r"|grüss|gruss|saluti|saludos"
    r"|salutations|cumprimentos|wishes|abra[çz]o)[^\d@:?]{0,20}$",
    re.I,
)
_ASIDE = re.compile(r"(?:p\.?[ ]?s\.?|n\.?b\.?)[ :.]|[\"“«]", re.I)
_SENT_BY = re.compile(r"(?:sent (?:from|via|with) |get outlook|von meinem |gesendet |enviado |envoyé |inviato )", re.I)
_DISCLAIMER = re.compile(
    r"confidential|vertraulich|confidentiel|riservat|confidencial|intended (?:only|recipient)|environment", re.I
)
_ROLE = re.compile(
    r"\b(?:owner|founder|c[etof]o|vp|president|director\w*|manager|partner|principal|head|counsel|coordinator|officer"
    r"|assistant|engineer|consultant|analyst|rep|representative|administrator|accountant|attorney|lead|chair|editor"
    r"|geschäftsführer\w*|inhaber\w*|leit(?:er|ung)\w*|assistenz|gerente|directora?|jef[ea]|responsable|gérant\w*"
    r"|directeur|directrice|chargée? d\w*|titolare|responsabile|direttore|direttrice|amministrat\w*|sócia?|diretora?"
    r"|coordenador\w*|administrativ[oa]|consultora?|consulente|berater(?:in)?|dsi|daf|drh|rrhh|hr|it|md|phd|cpa)\b",
    re.I,
)
_SEGMENT = re.compile(r"[^|•·\n]+?(?=[ ]?[|•·\n]|,[ ]|[ ][–—-][ ]|$)")
_COMPANY = re.compile(
    r"[A-ZÀ-ÖØ-Þ0-9][\w&'’.+-]{1,30}(?:[ ](?:[A-ZÀ-ÖØ-Þ&][\w&'’.+-]{0,30}|(?:of|and|the|de|du"
    r"|des|del|della|dell'\w+|di|da|do|et"
    r"|und|y|e|la|le|les|l'\w+|en)(?=[ ]))){0,6}"
)
_TRADE_WORDS = word_set(
    "group studio studios agency consulting solutions services partners dental clinic spa salon motors labs inc llc "
    "ltd gmbh ag sa srl sas properties systems media company co team hotel restaurant cafe school schools"
)
_STREET = re.compile(
    r"\b(?:rua|rue|via|viale|calle|avenida|av|str|straße|strasse|\w+(?:straße|strasse|weg|gasse|platz)|road|rd|street|st"
    r"|ave|avenue|lane|drive|dr|blvd|place|piazza|chemin|quai|plaza|paseo|travessa|largo)\b",
    re.I,
)
_NO_NAME = word_set("street road avenue lane drive texas main monday tuesday wednesday thursday friday saturday sunday")


@dataclass(frozen=True, slots=True)
class Closing:
    """`name` as a span of the text, and how sure it is one; `company` where one stands beside it; `shared` the last
    name that stands with the second of two: "Heidrun und Wolfgang Petersen"."""

    name: Span
    confidence: float
    company: Span | None = None
    is_small: bool = False
    shared: Span | None = None


def find(visible: str, parts: Parts) -> Closing | None:
    """`visible`: the text without what is quoted, with addresses and links emptied to spaces."""
    start, end = parts.body[0], parts.signature[1] if parts.signature else parts.body[1]
    lines = _last_lines(visible, start, end)
    if not lines:
        return None
    return _below(visible, lines) or _behind(visible, lines[-1]) or _small(visible, lines[-1])


def _last_lines(visible: str, start: int, end: int) -> list[Span]:
    """The filled lines, without what mail programs and lawyers add, and without a postscript."""
    lines: list[Span] = []
    position = start
    for raw in visible[start:end].split("\n"):
        text = raw.strip()
        if _SENT_BY.match(text) or (lines and len(text) > 60 and _DISCLAIMER.search(text)):
            break
        if text:
            lines.append((position + len(raw) - len(raw.lstrip()), position + len(raw.rstrip(" "))))
        position += len(raw) + 1
    while lines and _ASIDE.match(visible, *lines[-1]):
        lines.pop()
    return lines


def _below(visible: str, lines: list[Span]) -> Closing | None:
    """A name that has a line of its own, with nothing but short lines below it and a message above."""
    card = _card(visible, lines)
    for place, line in enumerate(card[:3]):
        text = visible[slice(*line)]
        match = _OWN_LINE.match(visible, *line)
        if match and is_name(match["name"]) and not _ROLE.search(match["name"]):
            words = len(match["name"].split())
            is_alone = match.end() >= line[1]
            shared = _AND_SHARED.match(visible, match.end("name"), line[1]) if words == 1 else None
            if shared:
                return Closing(match.span("name"), 0.75, shared=shared.span("last"))
            if words == 1 and not (is_alone or re.search(r"\d{3}|[(]|[ ]{3}|,$", text)):
                return None
            company = _company_beside(visible, match.end("name"), card[place:])
            return Closing(match.span("name"), 0.8 if words > 1 else 0.75, company)
        if not _OTHER_SIGN_OFF.match(text):
            return None
    return None


def _card(visible: str, lines: list[Span]) -> list[Span]:
    """The short lines at the end. The first line of a message is none of them."""
    card: list[Span] = []
    for line in reversed(lines[1:]):
        text = visible[slice(*line)].rstrip()
        words = len(text.split())
        if len(text) > 75 or words > 9 or text.endswith("?") or (text[-1] in ".!" and words > 3) or len(card) > 7:
            break
        card.insert(0, line)
    return card


def is_name(words: str) -> bool:
    """None of them is a word that starts sentences, a place or a trade."""
    plain = [word.strip(".'").lower() for word in words.split()]
    known = NOT_NAMES | _TRADE_WORDS | _NO_NAME
    return not any(word in known for word in plain if word not in PARTICLES) and words.lower() not in PLACES


def _company_beside(visible: str, start: int, card: list[Span]) -> Span | None:
    """What follows the name and is neither a role nor a place, a number or an address."""
    for line in card[:3]:
        for segment in _SEGMENT.finditer(visible, max(start, line[0]), line[1]):
            raw = segment[0].strip(" ,|/–—-•·(")
            begin = visible.find(raw, segment.start()) if raw else -1
            match = _COMPANY.fullmatch(raw)
            if begin < 0 or not match or re.search(r"\d{2}", raw) or raw.lower() in PLACES:
                if raw and not _ROLE.search(raw) and re.search(r"\d{3}", raw):
                    return None
                continue
            if _ROLE.search(raw) or (len(raw) < 5 and raw.isupper()) or raw.split()[0].lower() in NOT_NAMES:
                continue
            if _STREET.search(raw) or (" " not in raw and not _is_company_word(raw, visible, line)):
                return None
            tail = visible[begin + len(raw) : line[1]]
            if re.match(r",[ ][A-Z]{2}\b", tail):
                return None  # San Saba, TX
            return begin, begin + len(raw)
    return None


def _is_company_word(raw: str, visible: str, line: Span) -> bool:
    """One word is a town as often as a company: it counts when it is written like one, or behind a role."""
    is_written_so = bool(re.search(r"[a-z][A-Z]|[&.+]|\d", raw)) or raw.lower() in _TRADE_WORDS
    return is_written_so or bool(_ROLE.search(visible[line[0] : line[1]]))


def _behind(visible: str, line: Span) -> Closing | None:
    """A name behind the last sentence: "Can you send a tow? Keisha 5125550119"."""
    match = _LAST_WORDS.search(visible, max(line[0], line[1] - 120), line[1])
    if not match and (after := _BEHIND_NUMBER.search(visible, max(line[0], line[1] - 60), line[1])):
        return Closing(after.span("name"), 0.7) if is_name(after["name"]) else None
    if not match or not is_name(match["name"]):
        return None
    is_reachable = bool(re.search(r"\d{3}|[ ]{5}", match["reach"]))
    words = len(match["name"].split())
    if words == 1 and not is_reachable and len(match["name"]) < 3:
        return None
    return Closing(match.span("name"), 0.75 if words > 1 or is_reachable else 0.65)


def _small(visible: str, line: Span) -> Closing | None:
    """Written small: "15 jetta - bo", "lg timo"."""
    match = _SMALL_LAST_WORD.search(visible, *line) or _SIGNED_SMALL.search(visible, max(0, line[0] - 1), line[1])
    if not match or not is_name(match["name"]):
        return None
    return Closing(match.span("name"), 0.65, is_small=True)
