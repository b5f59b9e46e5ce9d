"""What a row of a file says: who, which facts, which message; or why nothing can be made of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from leads import known_fields
from leads.export import FORMULA
from leads.fields import CONTACT, Field, Group, Kind
from leads.forms import CLEANERS, LONGEST_VALUE
from leads.import_columns import MESSAGE, NAME
from leads.intake import LONGEST_TEXT
from leads.models import Lead
from leads.names import fold, split_name
from leads.values import Contact

OFFERED_JUDGEMENTS = ("intent", "urgency")
NOTHING = re.compile(r"[\s\-–—.?/]*|n/?a|none|null|unknown|keine|#n/a", re.IGNORECASE)
YES, NO = (
    frozenset(("yes", "y", "true", "1", "ja", "oui", "si", "sim", "x")),
    frozenset(("no", "n", "false", "0", "nein")),
)


class RowRefused(Exception):
    """The message is a plain sentence."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says; `facts` are values by field key, contact apart."""

    contact: Contact
    facts: dict[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def values(self) -> dict[str, str]:
        """All values by field key, those that are empty left out."""
        contact = {key: getattr(self.contact, key) for key in CONTACT}
        return {key: value for key, value in {**contact, **self.facts}.items() if value}


def choices() -> dict[str, str]:
    """What a column may be, by key: the label."""
    fields = known_fields.in_use().values()
    contact = {each.key: each.label for each in fields if each.group is Group.CONTACT}
    judged = {each.key: each.label for each in fields if each.key in OFFERED_JUDGEMENTS}
    facts = {each.key: each.label for each in fields if each.group is Group.FACT}
    return {NAME: "Name (first and last)", **contact, MESSAGE: "Message", **facts, **judged}


def own_fields() -> dict[str, str]:
    """The fields that the business added, key to label."""
    return {key: each.label for key, each in known_fields.in_use().items() if each.group is Group.FACT}


def read(cells: Sequence[str], *, columns: Sequence[str], headers: Sequence[str]) -> Said:
    """Reads one row by its columns' keys.

    Raises:
        RowRefused: nothing can be made of it.
    """
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise RowRefused(f"It has {len(cells)} cells, the table {len(columns)}: is a quote mark missing?")
    given: dict[str, str] = {}
    messages: list[tuple[str, str]] = []
    for key, header, cell in zip(columns, headers, cells, strict=False):
        if key and key != MESSAGE and len(cell) > LONGEST_VALUE:  # first: taking a name apart is dear
            raise RowRefused(
                f"“{_short(header)}” is longer than {LONGEST_VALUE:,} characters: is a quote mark missing?"
            )
        value = _plain(cell).strip()
        if key == MESSAGE and value:
            messages.append((header, value))
        elif key and value and not NOTHING.fullmatch(value):
            given[key] = value
    contact = _contact(given)
    facts = {key: _fact(key, value) for key, value in given.items() if key not in (*CONTACT, NAME)}
    said = Said(contact, facts, _message(messages))
    if not (said.text or any(getattr(contact, key) for key in CONTACT)):
        raise RowRefused("It has no name, no e-mail, no phone and no message.")
    return said


def _plain(cell: str) -> str:
    """Without the apostrophe that our own files have before what spreadsheets would take for a formula."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell


def _message(parts: Sequence[tuple[str, str]]) -> str:
    """One column's text as it is; several with their names, so that it is seen what is what."""
    text = parts[0][1] if len(parts) == 1 else "\n".join(f"{header}: {value}" for header, value in parts)
    if len(text) > LONGEST_TEXT:
        raise RowRefused(f"Its message is longer than {LONGEST_TEXT:,} characters: is a quote mark missing?")
    return text


def _contact(given: Mapping[str, str]) -> Contact:
    values = {key: " ".join(given.get(key, "").split()) for key in CONTACT}
    if given.get(NAME) and not (values["first_name"] or values["last_name"]):
        values["first_name"], values["last_name"] = split_name(" ".join(given[NAME].split()))
    values["email"] = values["email"].removeprefix("mailto:")
    for key, value in values.items():
        width = getattr(Lead._meta.get_field(key), "max_length", None) or LONGEST_VALUE
        if len(value) > width:
            raise RowRefused(f"{known_fields.every()[key].label} is longer than {width} characters.")
    _check_email(values["email"])
    if values["phone"] and not any(char.isdigit() for char in values["phone"]):
        raise RowRefused(f"“{_short(values['phone'])}” is no phone number.")
    return Contact(**values)


def _check_email(email: str) -> None:
    if not email:
        return
    try:
        validate_email(email)
    except ValidationError:
        raise RowRefused(f"“{_short(email)}” is no e-mail address.") from None


def _fact(key: str, value: str) -> str:
    known = known_fields.every()[key]
    if len(value) > LONGEST_VALUE:
        raise RowRefused(f"{known.label} is longer than {LONGEST_VALUE:,} characters.")
    if known.kind is Kind.CHOICE:
        return _choice(known, value)
    if known.kind is Kind.YES_NO:
        return _yes_or_no(known, value)
    try:
        return CLEANERS[known.kind](value) if known.kind in CLEANERS else value
    except ValidationError as error:
        raise RowRefused(f"{known.label}, “{_short(value)}”: {error.message}") from None


def _choice(known: Field, value: str) -> str:
    named = {fold(name): key for key, label in known.choices for name in (label, key.replace("_", " "))}
    found = named.get(fold(value.replace("_", " ")))
    if found is None:
        raise RowRefused(f"{known.label} has no choice “{_short(value)}”.")
    return found


def _yes_or_no(known: Field, value: str) -> str:
    word = fold(value)
    if word not in YES | NO:
        raise RowRefused(f"{known.label} is yes or no, not “{_short(value)}”.")
    return "yes" if word in YES else "no"


def _short(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:59]}…"
