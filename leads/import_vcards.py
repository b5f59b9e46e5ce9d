"""Reading vCards (2.1, 3.0 and 4.0; RFC 2426, RFC 6350) as rows of a table. Pure: imports no Django.

Only what a lead has a use for is read: names, e-mails, phones, company, city, website and note. Pictures and keys are
left out; all else of a card is kept as it stands, in the last cell.
"""

import quopri
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from leads.names import split_name

HEADERS = [
    *("First name", "Last name", "E-mail", "Phone", "Company", "City", "Website", "Note", "Other e-mails"),
    *("Other phones", "vCard"),
]
BEGIN, END = "BEGIN:VCARD", "END:VCARD"
DROPPED = frozenset(("PHOTO", "LOGO", "SOUND", "KEY"))
LONGEST_CARD = 2_000_000  # characters, pictures included; what goes on longer is cut
_LINE = re.compile(r'(?:[\w-]+\.)?([\w-]+)((?:;(?:"[^"]*"|[^":;])*)*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';(?:([\w-]+)=)?((?:"[^"]*"|[^";])*)')
_PART = re.compile(r"(?<!\\)(?:\\\\)*;")


@dataclass(frozen=True, slots=True)
class Property:
    """One line of a card; parameters in capitals, as "TYPE" and "PREF"."""

    name: str
    value: str
    parameters: Mapping[str, str]

    @property
    def is_preferred(self) -> bool:
        return "PREF" in self.parameters or "PREF" in self.parameters.get("TYPE", "").upper().split(",")


def card_rows(lines: Iterable[str]) -> Iterator[list[str]]:
    """A row of headers, then one for each card."""
    yield HEADERS
    for card in _cards(lines):
        properties = [found for line in _unfolded(card) if (found := _property(line))]
        yield _row(properties)


def _cards(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines of each card; one without an end goes up to the next one's beginning."""
    card: list[str] | None = None
    length = 0
    for line in lines:
        line = line.rstrip("\r\n")
        if line.strip().upper() == BEGIN:
            if card:
                yield card
            card, length = [], 0
        elif line.strip().upper() == END:
            if card is not None:
                yield card
            card = None
        elif card is not None and length < LONGEST_CARD:
            card.append(line)
            length += len(line)
    if card:
        yield card


def _unfolded(lines: Iterable[str]) -> Iterator[str]:
    """Whole lines: one that begins with a space goes on with the last, and so does one after a quoted-printable "="."""
    whole = ""
    for line in lines:
        is_soft = whole.endswith("=") and "QUOTED-PRINTABLE" in whole.split(":")[0].upper()
        if line[:1] in (" ", "\t"):
            whole += line[1:]
        elif is_soft:
            whole = whole[:-1] + line
        else:
            yield whole
            whole = line
    yield whole


def _property(line: str) -> Property | None:
    found = _LINE.fullmatch(line)
    if found is None or found[1].upper() in DROPPED:
        return None
    parameters: dict[str, str] = {}
    for key, value in _PARAMETER.findall(found[2]):
        name, value = (key or "TYPE").upper(), value.strip('"')
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return Property(found[1].upper(), _decoded(found[3], parameters), parameters)


def _decoded(value: str, parameters: Mapping[str, str]) -> str:
    """vCard 2.1 writes letters beyond ASCII as bytes: "M=C3=BCller"."""
    encoding = f"{parameters.get('ENCODING', '')},{parameters.get('TYPE', '')}".upper()
    if "QUOTED-PRINTABLE" not in encoding:
        return value
    data = quopri.decodestring(value.encode())
    try:
        return data.decode(parameters.get("CHARSET", "utf-8"))
    except (UnicodeDecodeError, LookupError):
        return data.decode("cp1252", "replace")


def _row(properties: list[Property]) -> list[str]:
    def all_of(name: str) -> list[str]:
        found = sorted((each for each in properties if each.name == name), key=lambda each: not each.is_preferred)
        return [value for each in found if (value := _plain(each.value))]

    company = _parts(_first(properties, "ORG"))[0]
    first, last = _name(properties, company)
    emails = [email.removeprefix("mailto:") for email in all_of("EMAIL")]
    phones = [_phone(phone) for phone in all_of("TEL")]
    city = [*_parts(_first(properties, "ADR")), *[""] * 7][3]
    email, phone, website = (next(iter(found), "") for found in (emails, phones, all_of("URL")))
    others = ", ".join(emails[1:]), ", ".join(phones[1:])
    note = "\n\n".join(all_of("NOTE"))
    return [first, last, email, phone, company, city, website, note, *others, _raw(properties)]


def _name(properties: list[Property], company: str) -> tuple[str, str]:
    last, first, middle, *_ = [*_parts(_first(properties, "N")), "", "", ""]
    if first or last:
        return " ".join(filter(None, (first, middle))), last
    whole = _plain(_first(properties, "FN"))
    return split_name(whole) if whole and whole != company else ("", "")


def _first(properties: list[Property], name: str) -> str:
    return next((each.value for each in properties if each.name == name), "")


def _parts(value: str) -> list[str]:
    """The parts of a value with semicolons in between."""
    edges = [0, *(found.end() for found in _PART.finditer(value))]
    return [_plain(value[start:end].removesuffix(";")) for start, end in pairwise([*edges, len(value) + 1])]


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def _phone(value: str) -> str:
    """ "tel:+1-512-555-0142;ext=12" as "+1-512-555-0142 ext. 12"."""
    number, _, extension = value.removeprefix("tel:").partition(";ext=")
    return f"{number} ext. {extension}" if extension else number


def _raw(properties: list[Property]) -> str:
    return "\n".join(f"{each.name}{_written(each.parameters)}: {each.value}" for each in properties)


def _written(parameters: Mapping[str, str]) -> str:
    kind = parameters.get("TYPE", "")
    return f" ({kind})" if kind else ""
