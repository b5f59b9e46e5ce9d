"""What a value looks like in a cell of Airtable, and a lead's values as one record. Pure: imports no Django."""

import hashlib
import json
import re
from collections import abc
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from crm_sync.mapping import KEY_FIELD, OUR_FIELDS, TEXT_TYPES, RemoteField, Target, compatible, normalised
from leads.fields import Kind

CellValue = str | int | float | bool | list[str]


@dataclass(frozen=True, slots=True)
class Omit:
    """There is nothing to write."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The value can't be written as it is. `reason` is a plain sentence; `cell` is what can be written all the same."""

    reason: str
    cell: CellValue | None = None


# Airtable stops at 100,000; the room is for its own way of counting.
TEXT_LENGTH = 99_000
DIGEST_ABOVE = 200  # characters
CUT_MARK = " … [cut here: the whole text is in baseCamp]"
FORMULA_SIGNS = tuple("=+-@＝＋－＠")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
PLAIN_NUMBERS = re.compile(r"[+-]?[\d\s().,/-]{1,40}(?:, \+[\d\s()./-]{1,40})*")
MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~])")
EMAIL = re.compile(r"[^\s@\"(),:;<>=+@-][^\s@\"(),:;<>]*@[^\s@]+\.[^\s@.]+")
PHONE = re.compile(r"\+?[\d\s().\-/]{3,40}(\s*(x|ext\.?)\s*\d{1,8})?", re.IGNORECASE)
LINK = re.compile(r"(https?://)[^\s<>\"']+", re.IGNORECASE)
BARE_LINK = re.compile(r"[\w-]+(\.[\w-]+)+(/[^\s<>\"']*)?")
AMOUNT = re.compile(r"(-?\d{1,15}(?:\.\d{1,8})?)(?: ([A-Z]{3}))?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ].+)?")
YES, NO = frozenset({"yes", "true", "1", "on"}), frozenset({"no", "false", "0", "off"})

# What owners call our choices where the name alone doesn't show it. Names are compared by `normalised`.
DEFAULT_NAMES: dict[str, tuple[str, ...]] = {
    "web_form": ("Website Form", "Website", "Form"),
    "csv_import": ("CSV Import", "CSV", "Import"),
    "api": ("API",),
    "quote_request": ("Quote Request", "Quote"),
    "appointment_request": ("Appointment Request", "Appointment", "Booking"),
    "job_application": ("Job Application", "Job", "Application"),
    "working": ("Working", "In Progress"),
    "unqualified": ("Unqualified", "Disqualified"),
    "medium": ("Medium", "Normal"),
    "google_ads": ("Google Ads", "AdWords"),
    "microsoft_ads": ("Microsoft Ads", "Bing Ads"),
    "facebook_ads": ("Facebook Ads", "Meta Ads"),
    "ai_assistant": ("AI assistant",),
    "campaign": ("Other campaign", "Campaign"),
}


def to_cell(
    value: object,
    *,
    kind: str,
    remote: RemoteField,
    value_map: abc.Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
    unknown: str = "leave",
    unknown_option: str = "",
) -> CellValue | Omit | Problem:
    """A value as Airtable takes it in this field.

    Values are in our normalised form (see `leads.fields.Kind`). Selects only get options they have; `unknown` and
    `unknown_option` say what becomes of others (see `mapping.Target`). Times without an offset are in `zone`, the
    business's. Text that a spreadsheet would run as a formula gets a leading apostrophe.
    """
    text = _plain(value)
    if not text:
        return Omit()
    is_possible, reason = compatible(kind, remote.type)
    if not is_possible:
        return Problem(reason)
    names = value_map or {}
    if names.get(text) == "":
        return Omit()
    if remote.type in TEXT_TYPES:
        return _text_cell(_option_name(text, names) if kind == Kind.CHOICE else text, remote.type)
    if remote.type in ("singleSelect", "multipleSelects"):
        return _select_cell(
            text.split(",") if kind == Kind.LIST else [text], remote, names, _instead(unknown, unknown_option)
        )
    if remote.type in ("date", "dateTime"):
        return _date_cell(text, remote.type, zone)
    return _CELLS[remote.type](text)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value.isoformat() if isinstance(value, date) else str(value)
    return CONTROL.sub("", text.replace("\r\n", "\n")).strip()


def _option_name(text: str, names: abc.Mapping[str, str]) -> str:
    """What people read for one of our choices: "quote_request" is "Quote Request"."""
    return names.get(text) or DEFAULT_NAMES.get(text, (text.replace("_", " ").capitalize(),))[0]


def _text_cell(text: str, airtable_type: str) -> str:
    if airtable_type == "singleLineText":
        text = " ".join(text.split())
    if airtable_type == "richText":
        text = MARKDOWN.sub(r"\\\1", text)  # a stranger's message must not make links or images
    if text.startswith(FORMULA_SIGNS) and not PLAIN_NUMBERS.fullmatch(text):
        text = f"'{text}"
    return _shortened(text)


def _shortened(text: str) -> str:
    # In UTF-16 units, as JavaScript counts: an emoji is two.
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * TEXT_LENGTH:
        return text
    return units[: 2 * (TEXT_LENGTH - len(CUT_MARK))].decode("utf-16-le", "ignore") + CUT_MARK


def _instead(unknown: str, unknown_option: str) -> abc.Callable[[str], str]:
    """What is written for a value that the select has no option for; nothing when it is to be left out."""
    if unknown == "add":
        return lambda name: name
    return lambda name: unknown_option if unknown == "fixed" else ""


def _select_cell(
    items: list[str], remote: RemoteField, names: abc.Mapping[str, str], instead: abc.Callable[[str], str]
) -> CellValue | Omit | Problem:
    """The options of these items, in their order. What the select doesn't have is told, and left out."""
    options = {normalised(option): option for option in reversed(remote.options)}
    wanted = [item.strip() for item in items if item.strip()]
    if not wanted:
        return Omit()
    found = {item: _option(item, options, names) or instead(_option_name(item, names)) for item in wanted}
    known = list(dict.fromkeys(option for option in found.values() if option))
    cell = known if remote.type == "multipleSelects" else "".join(known[:1])
    missing = [f"“{item[:60]}”" for item, option in found.items() if not option]
    if missing:
        verb = "is not an option" if len(missing) == 1 else "are not options"
        return Problem(f"{', '.join(missing)} {verb} of “{remote.name}”.", cell or None)
    return cell


def _option(item: str, options: abc.Mapping[str, str], names: abc.Mapping[str, str]) -> str:
    candidates = (names[item],) if item in names else (item, *DEFAULT_NAMES.get(item, ()))
    return next((options[normalised(name)] for name in candidates if normalised(name) in options), "")


def _date_cell(text: str, airtable_type: str, zone: tzinfo) -> str | Problem:
    try:
        moment = _moment(text, zone)
        if airtable_type == "date":
            return moment.date().isoformat()
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    except (ValueError, OverflowError):
        return Problem(f"“{text[:60]}” is not a date.")


def _moment(text: str, zone: tzinfo) -> datetime:
    """In `zone`; a day without a time is its midnight there. Raises ValueError."""
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), time.min, zone)
    moment = datetime.fromisoformat(text)
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _email_cell(text: str) -> str | Problem:
    return text if EMAIL.fullmatch(text) else Problem(f"“{text[:60]}” is not an e-mail address.")


def _phone_cell(text: str) -> str | Problem:
    # No apostrophe before "+1512…": a phone field is not text, and the number would no longer be dialled.
    return text if PHONE.fullmatch(text) else Problem(f"“{text[:60]}” is not a phone number.")


def _url_cell(text: str) -> str | Problem:
    if LINK.fullmatch(text):
        return text
    return f"https://{text}" if BARE_LINK.fullmatch(text) else Problem(f"“{text[:60]}” is not a web address.")


def _number_cell(text: str) -> int | float | Problem:
    found = AMOUNT.fullmatch(text)
    if not found:
        return Problem(f"“{text[:60]}” is not a number.")
    number = float(found[1])
    cell = int(number) if number.is_integer() else number
    return Problem(f"Sent as a number, without the currency {found[2]}.", cell) if found[2] else cell


def _checkbox_cell(text: str) -> bool | Problem:
    answer = text.casefold()
    return answer in YES if answer in YES | NO else Problem(f"“{text[:60]}” is neither yes nor no.")


_CELLS: dict[str, abc.Callable[[str], CellValue | Problem]] = {
    "email": _email_cell,
    "phoneNumber": _phone_cell,
    "url": _url_cell,
    "number": _number_cell,
    "currency": _number_cell,
    "checkbox": _checkbox_cell,
}


def payload(
    values: abc.Mapping[str, object],
    targets: abc.Iterable[Target],
    *,
    zone: tzinfo = UTC,
    pushed_before: abc.Collection[str] = (),
) -> tuple[dict[str, CellValue | None], list[str]]:
    """The cells of one record by field id, and notes for staff on what couldn't be written as it is.

    `values` are a lead's by our key. A value that is absent or empty leaves its cell alone, so that what the owner
    typed in Airtable stays, unless its key is in `pushed_before`: then the cell held a value of ours and is emptied.
    """
    fields: dict[str, CellValue | None] = {}
    notes: list[str] = []
    for target in targets:
        cell = to_cell(
            values.get(target.our_key),
            kind=target.kind,
            remote=target.remote,
            value_map=target.value_map,
            zone=zone,
            unknown=target.unknown,
            unknown_option=target.unknown_option,
        )
        if isinstance(cell, Problem):
            ours = OUR_FIELDS.get(target.our_key)
            notes.append(f"{target.label or (ours.label if ours else target.our_key)}: {cell.reason}")
        written = None if isinstance(cell, Omit) else cell.cell if isinstance(cell, Problem) else cell
        if written is not None or (target.our_key in pushed_before and target.our_key != KEY_FIELD):
            fields[target.remote.id] = written
    return fields, notes


def new_options(fields: abc.Mapping[str, object], targets: abc.Iterable[Target]) -> bool:
    """Whether a select would have to learn an option for one of these cells, as its mapping allows."""
    for target in targets:
        cell = fields.get(target.remote.id)
        if target.unknown == "add" and target.remote.type in ("singleSelect", "multipleSelects") and cell:
            names = cell if isinstance(cell, list) else [cell]
            if any(name not in target.remote.options for name in names):
                return True
    return False


def digest(cell: object) -> object:
    """A cell to compare with later; of a long text only its hash."""
    if isinstance(cell, str) and len(cell) > DIGEST_ABOVE:
        return f"sha256:{hashlib.sha256(cell.encode()).hexdigest()}"
    return cell


def payload_hash(fields: abc.Mapping[str, object]) -> str:
    """The same for equal cells in any order: tells whether a record needs writing at all. 64 hex digits."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
