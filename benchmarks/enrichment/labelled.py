"""The labelled set: inquiries with the values that a careful person finds in them (format: inquiries/README.md).

`python -m benchmarks.enrichment.labelled` checks every file and prints how the set is spread. Imports no Django.
"""

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import phonenumbers

from leads.fields import INTENTS, URGENCIES
from leads.values import Contact

FOLDER = Path(__file__).parent / "inquiries"
SPLITS = ("dev", "test")
BUSINESSES = ("automotive", "medspa", "consulting", "general")
LANGUAGES = ("en", "de", "fr", "es", "it", "pt")
CHOICES = {
    "channel": ("form", "email", "chat", "sms", "note"),
    "business": BUSINESSES,
    "language": LANGUAGES,
    "intent": tuple(dict(INTENTS)),
    "urgency": tuple(dict(URGENCIES)),
    "source": ("written", "clinc150", "banking77", "nlupp-hotels", "nlupp-banking"),
}
REQUIRED = (*CHOICES, "received", "region")
CONTACT = ("first_name", "last_name", "email", "phone", "company")
COMMON = ("product", "date", "amount", "place", "website")
FACTS = {
    "general": COMMON,
    "automotive": (*COMMON, "vehicle", "mileage", "symptoms"),
    "medspa": (*COMMON, "treatment", "concern"),
    "consulting": (*COMMON, "industry", "scope", "timeline"),
}

_HEAD = re.compile(r"^=== (?P<id>[a-z]+-[a-z]{2}-\d{3})$")
_TAG = re.compile(r"\[\[(?P<field>[a-z_]+)(?P<other>~)?(?:=(?P<value>[^|\[\]]*))?\|(?P<words>[^\[\]]*?)\]\]")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_AMOUNT = re.compile(r"\d+(?:\.\d{1,2})?(?: [A-Z]{3})?")
_MILEAGE = re.compile(r"\d+ (?:mi|km)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d)?")


class Wrong(ValueError):
    """A file breaks the format; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Mention:
    """`value` in its normalised form; `text[start:end]` are its words, counted in code points of the plain text.

    `is_other`: as right as the wanted one, but not asked for (a second number, the name said again).
    """

    field: str
    value: str
    start: int
    end: int
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One inquiry. `text` is as it came in, without marks; `received` is aware, in the business's time zone."""

    id: str
    channel: str
    business: str
    language: str
    received: datetime
    region: str
    intent: str
    urgency: str
    source: str
    typed: Contact
    text: str
    mentions: tuple[Mention, ...]

    @property
    def wanted(self) -> dict[str, Mention]:
        """The value to find of each field: its first mention that is not another one."""
        wanted: dict[str, Mention] = {}
        for mention in self.mentions:
            if not mention.is_other:
                wanted.setdefault(mention.field, mention)
        return wanted

    def of(self, field: str) -> list[Mention]:
        """Every mention of a field."""
        return [mention for mention in self.mentions if mention.field == field]


def split(key: str) -> str:
    """ "dev" or "test", by the inquiry's id: for ever the same one, about half each."""
    return SPLITS[hashlib.sha256(key.encode()).digest()[0] % 2]


def read(folder: Path = FOLDER) -> list[Inquiry]:
    """Every inquiry of every file, files by name. Raises `Wrong` for whatever breaks the format."""
    inquiries: list[Inquiry] = []
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.txt")):
        for inquiry in read_file(path):
            if inquiry.id in seen:
                raise Wrong(f"{path.name}: {inquiry.id} is in {seen[inquiry.id]} already")
            seen[inquiry.id] = path.name
            inquiries.append(inquiry)
    return inquiries


def read_file(path: Path) -> Iterator[Inquiry]:
    """The inquiries of one file, in its order."""
    # newline="": a carriage return that is part of a text stays.
    with path.open(encoding="utf-8", newline="") as file:
        lines = file.read().split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("===")]
    if any(line.strip() for line in lines[: starts[0] if starts else None]):
        raise Wrong(f"{path.name}:1: text before the first inquiry")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield _inquiry(path.name, start, lines[start:end])


def _inquiry(name: str, first: int, lines: list[str]) -> Inquiry:
    """`first`: the index of the first of `lines` in the file called `name`."""
    head = _HEAD.match(lines[0])
    if not head:
        raise Wrong(f"{name}:{first + 1}: not like === automotive-en-001")
    if "---" not in lines:
        raise Wrong(f"{name}:{first + 1}: no --- behind the head of {head['id']}")
    line = lines.index("---")
    values = _values(name, first, lines[1:line])
    text, mentions = _text(name, first + line + 1, "\n".join(lines[line + 1 :]).rstrip("\n"), values["business"])
    try:
        received = datetime.fromisoformat(values["received"])
    except ValueError as error:
        raise Wrong(f"{name}:{first + 1}: {head['id']}: {error}") from error
    if received.tzinfo is None:
        raise Wrong(f"{name}:{first + 1}: {head['id']}: received has no time zone")
    return Inquiry(
        id=head["id"],
        received=received,
        region=values["region"],
        typed=_typed(f"{name}:{first + 1}", values),
        text=text,
        mentions=mentions,
        **{key: values[key] for key in CHOICES},
    )


def _values(name: str, first: int, lines: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(lines, first + 2):
        key, colon, value = line.partition(": ")
        if not colon or key not in (*REQUIRED, "typed") or key in values:
            raise Wrong(f"{name}:{number}: {line!r} is unknown or there twice")
        if key in CHOICES and value not in CHOICES[key]:
            raise Wrong(f"{name}:{number}: {key} is one of {', '.join(CHOICES[key])}")
        if key == "region" and value not in phonenumbers.SUPPORTED_REGIONS:
            raise Wrong(f"{name}:{number}: region {value!r}")
        values[key] = value
    if missing := [key for key in REQUIRED if key not in values]:
        raise Wrong(f"{name}:{first + 1}: {', '.join(missing)} missing")
    return values


def _typed(where: str, values: dict[str, str]) -> Contact:
    if "typed" not in values:
        return Contact()
    pairs = [pair.strip().partition("=") for pair in values["typed"].split(";")]
    typed = {key: value for key, _, value in pairs}
    if values["channel"] != "form" or not set(typed) <= set(CONTACT) or not all(typed.values()):
        raise Wrong(f"{where}: typed is email=…; first_name=… and belongs to forms")
    return Contact(**typed)


def _text(name: str, first: int, marked: str, business: str) -> tuple[str, tuple[Mention, ...]]:
    """The text without its marks, and what they said. `first`: the index of the text's first line in the file."""
    plain: list[str] = []
    mentions: list[Mention] = []
    at = length = 0
    for tag in _TAG.finditer(marked):
        where = f"{name}:{first + 1 + marked.count(chr(10), 0, tag.start())}"
        length += len(_unmarked(name, first, marked, at, tag.start(), plain))
        mentions.append(_mention(where, tag, length, business))
        plain.append(tag["words"])
        length += len(tag["words"])
        at = tag.end()
    _unmarked(name, first, marked, at, len(marked), plain)
    text = "".join(plain)
    if not text.strip():
        raise Wrong(f"{name}:{first + 1}: no text")
    return text, tuple(mentions)


def _unmarked(name: str, first: int, marked: str, start: int, end: int, plain: list[str]) -> str:
    between = marked[start:end]
    if broken := re.search(r"\[\[|\]\]", between):
        line = first + 1 + marked.count("\n", 0, start + broken.start())
        raise Wrong(f"{name}:{line}: a mark is not like [[field|words]] or [[field=value|words]]")
    plain.append(between)
    return between


def _mention(where: str, tag: re.Match[str], start: int, business: str) -> Mention:
    field, words = tag["field"], tag["words"]
    if field not in (*CONTACT, *FACTS[business]):
        raise Wrong(f"{where}: no field {field!r} in {business}")
    if not words.strip() or words != words.strip():
        raise Wrong(f"{where}: the words of a mark neither begin nor end with a space: {words!r}")
    value = tag["value"] if tag["value"] is not None else _as_written(field, words)
    if not _is_valid(field, value):
        raise Wrong(f"{where}: {value!r} is no normalised {field}")
    return Mention(field, value, start, start + len(words), is_other=bool(tag["other"]))


def _as_written(field: str, words: str) -> str:
    if field == "email":
        return words.lower()
    if field == "website":
        return words.lower() if "://" in words else f"https://{words.lower()}"
    return " ".join(words.split())


def _is_phone(value: str) -> bool:
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return False
    is_e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == value
    return is_e164 and phonenumbers.is_valid_number(number)


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_CHECKS: dict[str, Callable[[str], object]] = {
    "phone": _is_phone,
    "date": _is_date,
    "email": _EMAIL.fullmatch,
    "amount": _AMOUNT.fullmatch,
    "mileage": _MILEAGE.fullmatch,
}


def _is_valid(field: str, value: str) -> bool:
    check = _CHECKS.get(field)
    return bool(value.strip()) and (check is None or bool(check(value)))


def spread(inquiries: list[Inquiry]) -> str:
    """How many there are of each kind, as lines to print."""
    counts = {key: Counter(getattr(each, key) for each in inquiries) for key in CHOICES}
    counts["split"] = Counter(split(each.id) for each in inquiries)
    counts["field"] = Counter(field for each in inquiries for field in each.wanted)
    lines = [f"{len(inquiries)} inquiries"]
    for key, found in counts.items():
        lines.append(f"{key}: " + ", ".join(f"{value} {count}" for value, count in found.most_common()))
    return "\n".join(lines)


def main() -> int:
    try:
        inquiries = read()
    except Wrong as wrong:
        print(wrong, file=sys.stderr)
        return 1
    print(spread(inquiries))
    return 0


if __name__ == "__main__":
    sys.exit(main())
