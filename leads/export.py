"""Leads as a file: CSV or XLSX, read a few hundred at a time, so that their number doesn't matter."""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import phonenumbers
import xlsxwriter
from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from leads import known_fields, touches
from leads.attribution import TOLD
from leads.channels import LABELS
from leads.consents import summary
from leads.fields import CONTACT, Group, Kind
from leads.models import Consent, FieldValue, Lead, Submission

AT_ONCE = 500  # leads in memory together
LONGEST_CELL = 32_767  # characters that a cell of a spreadsheet takes
CUT = " … [cut here: the whole text is in baseCamp]"
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else
# How a cell begins that spreadsheets would reckon out, also after spaces; full-width forms count as well.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
# "+1 512-555-0142": with the space after the country's code it is no sum, and stays as it is.
PHONE_NUMBER = re.compile(r"\+\d{1,3} [\d ().-]{3,30}( ext\.? \d{1,8})?")
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is how many characters a spreadsheet shows."""

    key: str
    label: str
    width: int = 16


def _touch(lead: Lead, key: str) -> str:
    text = touches.told(lead, key)
    return LABELS.get(text, text) if key.endswith("_channel") else text


# What a lead says of itself; every other column is a field's current value.
OWN: dict[str, tuple[Column, Callable[[Lead], Any]]] = {
    "received_at": (Column("received_at", "Received", 17), lambda lead: local(lead.received_at)),
    "source": (Column("source", "Source", 11), lambda lead: lead.get_source_display()),
    "status": (Column("status", "Status", 11), lambda lead: lead.get_status_display()),
    "owner": (Column("owner", "Owner", 12), lambda lead: lead.owner.get_username() if lead.owner else ""),
    "quality_score": (Column("quality_score", "Score", 7), lambda lead: lead.quality_score),
    **{key: (Column(key, label), partial(_touch, key=key)) for key, label in TOLD.items()},
    "form_consents": (Column("form_consents", "Consent", 40), lambda lead: _consents(lead)),
    "message": (Column("message", "Message", 60), lambda lead: _messages(lead)),
    "url": (Column("url", "Link", 30), lambda lead: settings.SITE_URL + lead.get_absolute_url()),
}
ORDER = (*("received_at", "source", "status", "owner"), *CONTACT, "intent", "urgency", "quality_score", "summary")


def columns_of(found: QuerySet[Lead]) -> list[Column]:
    """The columns for these leads: the usual ones, and the facts, touches and consents that any of them has."""
    facts = FieldValue.objects.current().filter(lead__in=found.order_by().values("pk")).exclude(value="")
    used = set(facts.order_by().values_list("field", flat=True).distinct())
    fields = known_fields.every()
    further = [key for key, each in fields.items() if each.group is Group.FACT and key in used]
    has_consents = Consent.objects.filter(submission__lead__in=found.order_by().values("pk")).exists()
    consents = ["form_consents"] if has_consents else []
    keys = [*ORDER, *further, *touches.used(found), *consents, "message", "url"]
    return [OWN[key][0] if key in OWN else Column(key, fields[key].label) for key in keys]


def rows_of(found: QuerySet[Lead], columns: Sequence[Column]) -> Iterator[Row]:
    """A row for each lead, in the query's order. No cursor stays open while somebody downloads slowly."""
    pks = list(found.values_list("pk", flat=True))
    texts = Submission.objects.only("lead_id", "text", "received_at").prefetch_related("consents")
    messages = Prefetch("submissions", queryset=texts)
    values = Prefetch("values", queryset=FieldValue.objects.current())
    whole = Lead.objects.defer("search_text", "score_reasons").select_related("owner")
    for start in range(0, len(pks), AT_ONCE):
        piece = pks[start : start + AT_ONCE]
        leads = {lead.pk: lead for lead in whole.filter(pk__in=piece).prefetch_related(messages, values)}
        for pk in piece:
            if pk in leads:  # else it was erased meanwhile
                yield _row(leads[pk], columns)


def csv_lines(columns: Sequence[Column], rows: Iterator[Row]) -> Iterator[str]:
    """The file, line by line, with a byte order mark."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow([harmless(column.label) for column in columns])
    for row in rows:
        yield writer.writerow([_as_text(row.get(column.key)) for column in columns])


def write_csv(file: BinaryIO, columns: Sequence[Column], rows: Iterator[Row]) -> None:
    for line in csv_lines(columns, rows):
        file.write(line.encode())


def write_xlsx(file: BinaryIO, columns: Sequence[Column], rows: Iterator[Row]) -> None:
    """One sheet with a heading that stays in sight. Moments are moments, numbers numbers, all else is text."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    sheet = book.add_worksheet("Leads")
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(0, at, column.label, bold)
    for number, row in enumerate(rows, start=1):
        for at, column in enumerate(columns):
            _write_cell(sheet, number, at, row.get(column.key), moment)
    book.close()


def _write_cell(sheet: Any, row: int, column: int, value: Any, moment: Any) -> None:
    if isinstance(value, dt.datetime):
        sheet.write_datetime(row, column, value, moment)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif value:
        sheet.write_string(row, column, _shortened("".join(filter(_is_xml, harmless(str(value))))))


def harmless(text: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it; phone numbers stay as they
    are read."""
    return f"'{text}" if FORMULA.match(text) and not PHONE_NUMBER.fullmatch(text) else text


def local(moment: dt.datetime) -> dt.datetime:
    """The moment in the business's time zone, without the zone, as spreadsheets have it; whole seconds."""
    return timezone.localtime(moment).replace(tzinfo=None, microsecond=0)


def _row(lead: Lead, columns: Sequence[Column]) -> Row:
    values = {value.field: _shown(value) for value in lead.values.all()}
    return {
        column.key: OWN[column.key][1](lead) if column.key in OWN else values.get(column.key, "") for column in columns
    }


def _shown(value: FieldValue) -> str:
    known = known_fields.known(value.field)
    if known and known.kind is Kind.PHONE:
        return _phone(value.value)
    return value.value.replace("T", " ") if known and known.kind is Kind.DATE else value.display


def _phone(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number, settings.DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _messages(lead: Lead) -> str:
    return "\n\n".join(submission.text for submission in lead.submissions.all() if submission.text)


def _consents(lead: Lead) -> str:
    return summary(consent for submission in lead.submissions.all() for consent in submission.consents.all())


def _as_text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else harmless(str(value)) if isinstance(value, str) else str(value)


def _shortened(text: str) -> str:
    """In UTF-16 units, as spreadsheets count: an emoji is two."""
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * LONGEST_CELL:
        return text
    return units[: 2 * (LONGEST_CELL - len(CUT))].decode("utf-16-le", "ignore") + CUT


def _is_xml(char: str) -> bool:
    return char in "\t\n\r" or (char >= " " and char not in "\ufffe\uffff")


class _Line(io.TextIOBase):
    """What csv writes to: hands each line on."""

    def write(self, line: str) -> Any:
        return line


WRITERS: dict[str, Callable[[BinaryIO, Sequence[Column], Iterator[Row]], None]] = {"csv": write_csv, "xlsx": write_xlsx}
