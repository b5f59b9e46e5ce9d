"""What a cell of Airtable says, as a value of ours: the way back of `crm_sync.cells`. Pure: imports no Django."""

from collections import abc
from datetime import UTC, datetime, tzinfo

from crm_sync.cells import DEFAULT_NAMES, FORMULA_SIGNS
from crm_sync.mapping import Target, normalised
from leads.fields import Kind

# Types whose cells can be read back as what we wrote, by the kind of our field. Not rich text, which is escaped.
TEXTS = frozenset({"singleLineText", "multilineText"})
READABLE: dict[str, frozenset[str]] = {
    Kind.TEXT: TEXTS | {"singleSelect"},
    Kind.LONG_TEXT: frozenset({"multilineText"}),
    Kind.EMAIL: TEXTS | {"email"},
    Kind.PHONE: TEXTS | {"phoneNumber"},
    Kind.URL: TEXTS | {"url"},
    Kind.CHOICE: TEXTS | {"singleSelect"},
    Kind.DATE: frozenset({"date", "dateTime"}),
    Kind.MONEY: frozenset({"singleLineText"}),
    Kind.NUMBER: frozenset({"number", "currency", "singleLineText"}),
    Kind.LIST: frozenset({"multipleSelects", "singleLineText"}),
    Kind.YES_NO: frozenset({"checkbox", "singleSelect"}),
}
# Of the lead itself: what can be changed in Airtable. Everything else is made here and only goes there.
META_READABLE = ("status", "owner")


class Unreadable(Exception):
    """The cell says nothing that our field can hold; the message is a plain sentence."""


def can_come_back(kind: str, airtable_type: str) -> bool:
    """Whether what people write into a field of this type can be read as a value of this kind."""
    return airtable_type in READABLE.get(kind, ())


def from_cell(cell: object, target: Target, *, choices: abc.Sequence[tuple[str, str]] = (), zone: tzinfo = UTC) -> str:
    """The value as `leads.fields` has it, empty for an empty cell. `choices`: what our field may say, with labels.

    Times come back in `zone`. Raises Unreadable.
    """
    kind = target.kind
    if kind == Kind.YES_NO and target.remote.type == "checkbox":
        return "yes" if cell else "no"
    if isinstance(cell, list):
        return ", ".join(str(each) for each in cell)
    if cell is None or cell == "":
        return ""
    if kind == Kind.CHOICE:
        return _choice(str(cell), target, choices)
    if kind == Kind.DATE:
        return _date(str(cell), zone)
    if kind == Kind.YES_NO:
        return _choice(str(cell), target, (("yes", "Yes"), ("no", "No")))
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_SIGNS) else text


def _choice(text: str, target: Target, choices: abc.Sequence[tuple[str, str]]) -> str:
    """Our choice that is called so: by the mapping's own names first, then by the usual ones."""
    wanted = normalised(text)
    for ours, theirs in target.value_map.items():
        if theirs and normalised(theirs) == wanted:
            return ours
    for ours, label in choices:
        if wanted in {normalised(name) for name in (ours, label, *DEFAULT_NAMES.get(ours, ()))}:
            return ours
    raise Unreadable(f"“{text[:60]}” is none of our choices.")


def _date(text: str, zone: tzinfo) -> str:
    try:
        if len(text) == 10:
            return datetime.fromisoformat(text).date().isoformat()
        return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    except ValueError:
        raise Unreadable(f"“{text[:60]}” is not a date.") from None
