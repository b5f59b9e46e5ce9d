"""Who writes: first and last name. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nameparser import HumanName

from enrichment.extraction import closings
from enrichment.extraction.parts import SIGN_OFF, Parts
from enrichment.extraction.source import Candidate, Span
from enrichment.extraction.words import NOT_NAMES, PARTICLES, word_set
from leads.values import Contact

LETTER = r"[^\W\d_]"
NAME_WORD = rf"(?:(?:{LETTER}\.){{1,3}}|{LETTER}(?:{LETTER}|[\u0300-\u036f'-]){{0,30}}\.?)"
_BIG_WORD = rf"(?![a-zà-öø-ÿ]){NAME_WORD}"
_LISTED = rf"(?P<name>{NAME_WORD}(?:,?[ ]{NAME_WORD}){{0,5}})"  # also "Lopez, Ana"
_NAME = rf"(?P<name>{NAME_WORD}(?:[ ]{NAME_WORD}){{0,5}})"
_BIG_NAME = rf"(?P<name>{_BIG_WORD}(?:[ ](?:(?:{'|'.join(sorted(PARTICLES))})[ ]){{0,2}}{_BIG_WORD}){{0,4}})"
_TITLES = word_set("mr mrs ms mx miss dr prof herr frau sr sra srta mme mlle sir madam")
_SUFFIXES = word_set("jr sr ii iii iv phd md dds cpa esq mba rn")

# Words that announce a name even when it is written small, and how sure they make it.
_ANNOUNCED = (
    (re.compile(rf"(?:^|\n)[ \t*•-]{{0,4}}(?:(?:full|your|contact|customer|client)[ ]?)?(?:name|nombre|nom|from)"
                rf"[ ]?\*?[ ]{{0,2}}[:=][ ]{{0,3}}{_LISTED}", re.I), 0.92),
    (re.compile(rf"\b(?:my (?:full )?name is|my name's|the name's|the name is|mi nombre es|me llamo|mein name ist"
                rf"|ich hei(?:ß|ss)e|je m'appelle|mon nom est|mi chiamo|il mio nome è|o meu nome é|meu nome é|me chamo"
                rf"|mijn naam is|ik heet)[ ]{{1,2}}{_NAME}", re.I), 0.92),
    (re.compile(rf"(?:^|[.!?\n][ ]?)(?P<name>{LETTER}{{2,14}})[ ]from[ ](?={LETTER}+[ ]{{0,2}}[.!]?$)", re.I), 0.7),
)  # fmt: skip
# A form's own lines: "First name: Ana", "Last name: de la Cruz".
_LABELLED = re.compile(
    r"(?:^|\n)[ \t*•-]{0,4}(?:your[ ])?(?:(?P<first>first[ ]?name|given[ ]name|vorname|prénom|primer nombre"
    r"|nome?(?=[^\n]{2,40}\n[ \t]{0,4}(?:cognome|sobrenome|apelido))"
    r"|nombre(?=[^\n]{2,40}\n[ \t]{0,4}apellido))"
    r"|(?P<last>last[ ]?name|sur[ ]?name|family[ ]name|nachname|apellidos?|nom de famille|cognome"
    r"|sobrenome|apelido|nom(?=[^\n]{2,40}\n[ \t]{0,4}prénom)|(?<=\n)nom(?=[ ]?:)))[ ]?\*?[ ]{0,2}[:=][ ]{0,3}"
    rf"{_NAME}(?=[ ]*(?:\n|$))",
    re.I,
)
# Words that also stand before other things: the name must be capitalised, and end where a name ends.
_HINTED = (
    (re.compile(rf"\b(?:[Tt]his is|[Ss]peaking is)[ ]{_BIG_NAME}(?=[ ](?:from|with|at|calling|here|again|over|of"
    rf"|and)\b|[,.!]|$)",
                re.M), 0.8),
    (re.compile(rf"\b(?:[Ii]'m|[Ii] am|[Ss]oy|[Jj]e suis|[Ii]o sono)[ ]{_BIG_NAME}"
                r"(?=[ ](?:from|with|at|and|und|y|et|de|von|here|of|the)\b|[,.!;(]|[ ]?[–—-][ ]|$)", re.M), 0.75),
    (re.compile(rf"(?:^|[.!,][ ])(?:[Nn]ame|[Ii]t's|[Ii]ts)[ ]{_BIG_NAME}(?=[ ](?:from|with|at|here"
    rf"|calling)\b)", re.M), 0.7),
    (re.compile(rf"\b(?:[Hh]ier (?:ist|spricht|schreibt)|[Ii]ch bin (?:die |der )?|[Ss]ono (?:il |la |l')?"
    rf"|[Ll]e escribe|[Hh]abla|[Ss]ou (?:o|a)|[Aa]qui (?:é|quem fala é) (?:o|a)|[Ff]ala (?:o|a)|[Ii]ci|[Qq]ui è)"
    rf"[ ]{{0,1}}(?:die |der |Frau |Herr )?{_BIG_NAME}(?=[,.!;(]|[ ](?:von|aus|und|di|della|dalla|de|da|do|du|e|y)\b"
    rf"|[ ]?[–—-][ ]|$)", re.M), 0.78),
    (re.compile(rf"^(?:(?:[Hh]i|[Hh]ey|[Hh]ello)[,!]?[ ])?[Ii]t'?s[ ]{_BIG_NAME}(?=,|[ ]fro?m\b)", re.M), 0.75),
    # "Bonsoir, Nathalie Peeters, j'ai …": whom one greets stands right behind the greeting.
    (re.compile(rf"^(?:[Bb]onjour|[Bb]onsoir|[Hh]allo|[Gg]uten \w+|[Hh]ola|[Bb]uen[ao]s \w+|[Bb]uongiorno"
    rf"|[Bb]uonasera|[Oo]lá|[Bb]o[am] \w+|[Hh]i|[Hh]ello),[ ](?P<name>{_BIG_WORD}[ ]{_BIG_WORD}),[ ][a-z]"), 0.7),
    (re.compile(rf"(?:^|(?<=\n)|[Hh]i[,!. ]{{1,3}}|[Hh]ello[,!. ]{{1,3}}"
    rf"|[Hh]ey[,!. ]{{1,3}}){_BIG_NAME}[ ]here(?=[ ](?:from|with|at|again)\b|[,.!–—-])", re.M), 0.7),
)  # fmt: skip
_AFTER_SIGN_OFF = re.compile(
    rf"(?:^|[\n.!?,;)] ?|[ ]){SIGN_OFF}[ ]?(?:[,!.–—-]{{1,3}}\s{{0,4}}|[ ]{{0,3}}\n\s{{0,3}})[-–—~]?[ ]?{_NAME}[ ]?"
    rf"(?:[,|/(–—-]|\.?[ ]*(?:\n|$))",
    re.I,
)
_ONE_MORE = re.compile(rf",[ ]{_BIG_WORD}[ ]?(?:\n|$)")
# A note of a call begins with who called, or with who and of which company.
_CALLED = (
    re.compile(
        rf"[ ]{{0,3}}(?:Phone(?: call)?|Caller|Call from|Called|Walk-?in|VM(?: from)?|Voicemail(?: from)?"
        rf"|Tel\.|Telefon|Anruf(?: von)?"
        rf"|Llamó|Habló|Llamada de|Ha chiamato|Tel\. da(?:l|lla)?|Telefonata d[ia]|Ligou|Ligação d[eao]|Appel de"
        rf"|A appelé)"
        rf"[:,]?[ ](?:(?:la|el|il|lo|o|a|a?[ ]?(?:Lic|Ing|Mr|Mrs|Ms|Sra?|Sr|sig|sig\.ra|Dr|Dra|Frau|Herr"
        rf"|Mme)\.?)[ ]){{0,2}}{_BIG_NAME}"
    ),
    re.compile(rf"[ ]{{0,3}}{_BIG_NAME}(?=[ ](?:of|from|von|de|di|da)[ ][^\n:.]{{2,40}}:[ ])"),
)
# Staff's notes of a call speak of the person: "Walk-in: Mr Harold Beecham". Whom a letter greets is somebody else.
_TOLD_OF = re.compile(
    rf"(?P<before>[^\n]{{0,24}}?)\b(?:Mr|Mrs|Ms|Miss|Herrn?|Frau|Sra?|Sig\.ra|Signora|Signor|Mme|Madame|Dona"
    rf"|Seu)\b\.?[ ]"
    rf"{_BIG_NAME}"
)
_GREETED = re.compile(r"(?:dear|hi|hello|hey|geehrte[r]?|liebe[r]?|hallo|estimad[oa]|hola|bonjour|bonsoir"
    r"|gentile|egregi[oa]|cara|prezad[oa]"
    r"|for|to|by|with|an|bei|von|con|da|par|avec|pour)[ ]?$", re.I)  # fmt: skip
_DASH_SIGNED = re.compile(rf"[.!?)\n][ ]?\n?[-–—~][ ]?{_NAME}[ .]{{0,2}}$")
_SENDER = re.compile(
    rf"""[ ]{{0,3}}(?:"?'?{_LISTED}'?"?[ ]{{0,3}}(?:\(.{{0,40}}\)|via .{{1,40}})?[ ]?"""
    r"""[<\[(](?:mailto:)?[^\s<>\[\]]{3,80}@"""
    rf"""|[^\s<>]{{3,80}}@[^\s<>]{{3,80}}[ ]\({_LISTED.replace("name", "after")}\)"""
    rf"""|{_LISTED.replace("name", "bare")}[ ]*$)"""
)


@dataclass(frozen=True, slots=True)
class _Part:
    raw: str
    value: str


@dataclass(frozen=True, slots=True)
class _Person:
    first: _Part | None
    last: _Part | None
    start: int
    end: int
    confidence: float


def find_names(text: str, visible: str, parts: Parts, contact: Contact) -> Iterator[Candidate]:
    """`visible` is `text` without the quoted parts. Never mixes a typed first name with another person's last name."""
    if contact.first_name and contact.last_name:
        return
    labelled = list(find_stated(visible, contact))
    if labelled:
        yield from labelled
        return
    persons = sorted(_persons(text, visible, parts), key=lambda person: (-person.confidence, person.start))
    person = _best(persons, contact)
    if person is None:
        return
    first = person if person.first else _same_last(text, persons, person)
    if first and first.first and not contact.first_name:
        yield _candidate(text, "first_name", first.first, first)
    last = person if person.last else _same_first(persons, person)
    if last and last.last and not contact.last_name:
        yield _candidate(text, "last_name", last.last, last)


def persons(text: str, visible: str, parts: Parts) -> Iterator[tuple[Span, float]]:
    """Where names stand that could be the sender's, and how sure the patterns are, the least sure first."""
    for person in sorted(_persons(text, visible, parts), key=lambda person: person.confidence):
        yield (person.start, person.end), person.confidence


def find_stated(visible: str, contact: Contact) -> Iterator[Candidate]:
    """A form's own lines: "First name: Ana"."""
    for match in _LABELLED.finditer(visible):
        field = "first_name" if match["first"] else "last_name"
        if not getattr(contact, field):
            yield Candidate(field, _cased(match["name"]), 0.95, *match.span("name"))


def _candidate(text: str, field: str, part: _Part, person: _Person) -> Candidate:
    # The last name is looked for from the right: "Martin Martin".
    find = text.find if field == "first_name" else text.rfind
    start = find(part.raw, person.start, person.end)
    return Candidate(field, part.value, person.confidence, start, start + len(part.raw))


def _best(persons: list[_Person], contact: Contact) -> _Person | None:
    for person in persons:
        if contact.first_name and not (person.first and _same(person.first.value, contact.first_name) and person.last):
            continue
        if contact.last_name and not (person.first and person.last and _same(person.last.value, contact.last_name)):
            continue
        return person
    return None


def _same(name: str, other: str) -> bool:
    return name.casefold().strip() == other.casefold().strip()


def _same_first(persons: list[_Person], person: _Person) -> _Person | None:
    for other in persons:
        if person.first and other.first and other.last and _same(other.first.value, person.first.value):
            return other
    return None


def _same_last(text: str, persons: list[_Person], person: _Person) -> _Person | None:
    """Who is "D. Reyes" above and signs as "Dana Reyes" below."""
    initial = re.match(rf"({LETTER})\.", text[person.start : person.end])
    for other in persons:
        is_same = person.last and other.first and other.last and _same(other.last.value, person.last.value)
        if is_same and other.first and (not initial or _same(initial[1], other.first.value[0])):
            return other
    return None


def _persons(text: str, visible: str, parts: Parts) -> Iterator[_Person]:
    for span in (parts.sender, parts.reply_to):
        if span and (sender := _SENDER.match(text, *span)):
            group = next(group for group in ("name", "after", "bare") if sender[group])
            yield from _person(sender, group, 0.95, is_announced=True)
    for start, end in parts.speakers[:20]:
        if match := re.compile(_NAME).match(text, start, end):
            yield from _person(match, "name", 0.75, is_announced=True)
    for pattern, confidence in _ANNOUNCED:
        for match in pattern.finditer(visible):
            yield from _person(match, "name", confidence, is_announced=True)
    for pattern, confidence in _HINTED:
        for match in pattern.finditer(visible):
            yield from _person(match, "name", confidence)
    yield from _signed(visible, parts)
    if closing := closings.find(visible, parts):
        match = re.compile(_NAME).match(visible, *closing.name)
        if match and closing.shared:
            first, last = match[0], visible[slice(*closing.shared)]
            parts_of_it = _Part(first, _cased(first)), _Part(last, _cased(last))
            yield _Person(*parts_of_it, closing.name[0], closing.shared[1], closing.confidence)
        elif match:
            yield from _person(match, "name", closing.confidence, is_announced=closing.is_small)
    for pattern in _CALLED:
        if match := pattern.match(visible, *parts.body):
            yield from _person(match, "name", 0.72)
    yield from _told_of(visible, parts)


def _told_of(visible: str, parts: Parts) -> Iterator[_Person]:
    for match in _TOLD_OF.finditer(visible, *parts.body):
        if not _GREETED.search(match["before"]):
            yield from _person(match, "name", 0.6, is_titled=True)
            return


def _signed(visible: str, parts: Parts) -> Iterator[_Person]:
    end = parts.signature[1] if parts.signature else parts.body[1]
    start = max(parts.body[0], end - 400)
    tail = visible[start:end]
    for pattern, confidence in ((_AFTER_SIGN_OFF, 0.85), (_DASH_SIGNED, 0.75)):
        for match in pattern.finditer(tail):
            yield from _person(match, "name", confidence, offset=start, is_whole=True)
    if parts.signature:
        yield from _signature_name(visible, parts.signature[0], end)
    elif _is_card(visible[slice(*parts.body)]):
        yield from _signature_name(visible, *parts.body)


def _is_card(body: str) -> bool:
    """A visiting card: a few short lines, a name of several words first, digits or little else below."""
    lines = [line for line in body.split("\n") if line.strip()][:9]
    is_short = 2 <= len(lines) <= 8 and all(len(line) < 50 and "?" not in line for line in lines)
    return is_short and len(lines[0].split()) > 1 and any(re.search(r"\d{3}", line) for line in lines[1:])


def _signature_name(visible: str, start: int, end: int) -> Iterator[_Person]:
    """The first line of a signature block, when it is a name and nothing else ("Jane Doe, CPA | Bright Dental")."""
    line = re.compile(rf"[ \t]*[-–—~]?[ ]?{_NAME}(?=[ ]?(?:[,|/(–—•·-]|$))", re.M)
    position = start
    for raw in visible[start:end].split("\n")[:5]:
        match = line.match(visible, position, position + len(raw))
        if match and closings.is_name(match["name"]):
            yield from _person(match, "name", 0.8)
            if match["name"].split()[0].lower() not in NOT_NAMES:
                return
        position += len(raw) + 1


def _person(
    match: re.Match[str],
    group: str,
    confidence: float,
    *,
    is_announced: bool = False,
    is_whole: bool = False,
    is_titled: bool = False,
    offset: int = 0,
) -> Iterator[_Person]:
    words = _name_words(match[group], is_announced=is_announced)
    if not words:
        return
    raw = match[group][: words[-1][1]]
    if is_whole and (len(raw) < len(match[group].rstrip(" .")) or _is_list(match, group)):
        return  # "Take care. Live the dream", "Thanks, Joe, Liz"
    start = match.start(group) + offset
    first, last = _first_and_last(raw)
    if is_titled and " " not in raw:
        first, last = None, first or last  # Frau Zgraggen
    if first or last:
        # A whole name says more than half of one.
        bonus = 0.03 if first and last else 0.0
        yield _Person(first, last, start, start + len(raw), confidence + bonus)


def _is_list(match: re.Match[str], group: str) -> bool:
    """One word, a comma and one more: two people, or "Lopez, Ana"; neither is told apart."""
    return " " not in match[group] and _ONE_MORE.match(match.string, match.end(group)) is not None


def _name_words(name: str, *, is_announced: bool) -> list[tuple[str, int]]:
    """The leading words that can be a name, each with where it ends; empty when the first one can't."""
    found = [(match[0], match.end()) for match in re.finditer(r"[^\s,]+,?", name)]
    is_small = is_announced and name[:1].islower()
    words: list[tuple[str, int]] = []
    for position, (raw, end) in enumerate(found):
        word = raw.rstrip(",")
        is_ended = (
            raw.endswith(".")
            and len(word) > 3
            and word.count(".") == 1
            and word.strip(".").lower() not in _TITLES | _SUFFIXES
        )
        if not _is_name_word(word, is_small=is_small, has_more=position + 1 < len(found)):
            break
        words.append(
            (word.rstrip(".") if is_ended else word, end - len(raw) + len(raw.rstrip(",.") if is_ended else word))
        )
        if is_ended or (is_small and len(words) == 3):
            break
    while words and (words[-1][0].lower() in PARTICLES or words[-1][0].lower().strip(".") in _TITLES):
        words.pop()
    return words if any(len(word.strip(".")) > 1 for word, _ in words) else []


def _is_name_word(word: str, *, is_small: bool, has_more: bool) -> bool:
    plain = word.strip(".").lower()
    if plain in _TITLES or plain in _SUFFIXES:
        return True
    if plain in PARTICLES:
        return has_more
    if plain in NOT_NAMES or plain.endswith(("'re", "'ll", "'ve", "'d", "'s", "'t", "'m")):
        return False
    if not plain or len(plain) > 25:
        return False
    if is_small:
        # "my name is misspelled" names nobody.
        return len(plain) > 1 and not plain.endswith(("ing", "lled", "ated", "'s", "ly"))
    return not word[0].islower()


def _first_and_last(raw: str) -> tuple[_Part | None, _Part | None]:
    name = HumanName(raw)
    first, last = name.first, name.last
    if not first and last and " " not in raw and not name.title:
        first, last = last, ""
    return _part(first, raw), _part(last, raw)


def _part(value: str, raw: str) -> _Part | None:
    value = value.strip(" '-,")
    value = value if value.count(".") > 1 else value.strip(".")  # "J.R." keeps its dots
    if len(value) < 2 or value not in raw or not any(char.isalpha() for char in value):
        return None
    return _Part(value, _cased(value))


def _cased(value: str) -> str:
    """Names written all small or all big get capitals; "McKay" and "de la Vega" stay as they are."""
    if value.islower() or (value.isupper() and len(value) > 2):
        words = [word if word in PARTICLES else word.title() for word in value.lower().split()]
        return re.sub(r"'S\b", "'s", " ".join(words))
    return value
