"""Leads as a file: CSV, JSON or XLSX, the columns that are asked for."""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal
from xml.sax.saxutils import escape

from django.conf import settings
from django.db.models import Prefetch
from django.http import FileResponse, HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, Field, field_validator

from basecamp.api import reading
from basecamp.api.auth import key_with
from basecamp.api.problems import BODY_PROBLEMS, ApiError
from basecamp.api.schemas import ListFilters
from leads import known_fields
from leads.api_keys import Scope
from leads.fields import CONTACT
from leads.models import FieldValue, Lead, Submission

router = Router(tags=["Leads"])

AT_ONCE = 500  # leads that are read at a time
IN_MEMORY = 5_000_000  # bytes; a larger file is kept on disk until it is sent
LONGEST_CELL = 32_767  # characters that a cell of a spreadsheet takes
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # how a cell begins that spreadsheets would reckon out
OWN: dict[str, Callable[[Lead], Any]] = {
    "id": lambda lead: str(lead.public_id),
    "url": lambda lead: settings.SITE_URL + lead.get_absolute_url(),
    "received_at": lambda lead: _moment(lead.received_at),
    "updated_at": lambda lead: _moment(lead.updated_at),
    "source": lambda lead: lead.source,
    "status": lambda lead: lead.status,
    "quality_score": lambda lead: lead.quality_score,
    "message": lambda lead: "\n\n".join(submission.text for submission in lead.submissions.all()),
}
DEFAULT = (
    "id",
    "received_at",
    "source",
    "status",
    *CONTACT,
    "intent",
    "urgency",
    "quality_score",
    "summary",
    "message",
)
MOST_FIELDS = 200
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CONTENT = {
    "text/csv": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
    MEDIA_TYPES["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
}


class ExportFilters(ListFilters):
    """In JSON a number is a number."""

    @field_validator("min_quality", "max_quality", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        if isinstance(value, str | bool):
            raise ValueError("must be a whole number")
        return value


class ExportIn(BaseModel):
    format: Literal["csv", "json", "xlsx"] = Field(examples=["csv"])
    filters: ExportFilters | None = Field(None, description="As the list of leads has them; without them all leads.")
    fields: list[str] | None = Field(
        None,
        max_length=MOST_FIELDS,
        description=f"The columns, in this order: {', '.join(OWN)}, or the key of any field. None or null: the usual.",
        examples=[["received_at", "email", "status"]],
    )


@router.post(
    "leads/export",
    auth=key_with(Scope.READ),
    response={200: None, **BODY_PROBLEMS},
    summary="Leads as a file",
    operation_id="export_leads",
    openapi_extra={"responses": {200: {"content": CONTENT}}},
)
def export_leads(request: HttpRequest, wanted: ExportIn) -> FileResponse:
    """Every lead that passes the filters, newest first, in a file. In CSV and XLSX a text that a spreadsheet would
    reckon out as a formula has an apostrophe before it."""
    columns = _columns(wanted.fields)
    leads = reading.narrowed(wanted.filters or ListFilters()).order_by("-received_at", "-pk")
    file: Any = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    WRITERS[wanted.format](file, columns, _rows(leads, columns))
    file.seek(0)
    name = f"leads-{timezone.now():%Y-%m-%d}.{wanted.format}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=MEDIA_TYPES[wanted.format])


def _columns(fields: Sequence[str] | None) -> list[str]:
    chosen = list(dict.fromkeys(fields or DEFAULT))
    unknown = next((field for field in chosen if field not in OWN and known_fields.known(field) is None), None)
    if unknown is not None:
        offered = ", ".join([*OWN, *known_fields.in_use()])
        complaint = f"“{unknown[:100]}” is no field; there are: {offered}"
        raise ApiError(422, "invalid", f"{complaint}.", errors=[{"field": "fields", "message": complaint}])
    return chosen


def _rows(leads: Any, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One row for each lead, by column; a fixed number of queries for each AT_ONCE leads."""
    messages = Prefetch("submissions", queryset=Submission.objects.only("lead_id", "text"))
    values = Prefetch("values", queryset=FieldValue.objects.current().only("lead_id", "field", "value"))
    whole = leads.defer("search_text", "score_reasons").prefetch_related(messages, values)
    for lead in whole.iterator(chunk_size=AT_ONCE):
        facts = {value.field: value.value for value in lead.values.all()}
        yield {column: OWN[column](lead) if column in OWN else facts.get(column, "") for column in columns}


def _moment(at: Any) -> str:
    return str(at.isoformat().replace("+00:00", "Z"))


# ---- the three kinds of file -----------------------------------------------------------------------------------------


def write_csv(file: Any, columns: Sequence[str], rows: Iterator[dict[str, Any]]) -> None:
    """With a byte order mark, by which Excel knows UTF-8."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(row[column]) for column in columns])
    text.detach()


def write_json(file: Any, columns: Sequence[str], rows: Iterator[dict[str, Any]]) -> None:
    file.write(b"[")
    for number, row in enumerate(rows):
        file.write((",\n" if number else "\n").encode() + json.dumps(row, ensure_ascii=False).encode())
    file.write(b"\n]\n")


def write_xlsx(file: Any, columns: Sequence[str], rows: Iterator[dict[str, Any]]) -> None:
    """The least that a workbook is: one sheet, every cell a number or a text of its own."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in XLSX_PARTS.items():
            book.writestr(name, content)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f"{XML}<worksheet {MAIN}><sheetData>".encode())
            sheet.write(_xlsx_row(columns))
            for row in rows:
                sheet.write(_xlsx_row([_harmless(row[column]) for column in columns]))
            sheet.write(b"</sheetData></worksheet>")


def _xlsx_row(cells: Sequence[Any]) -> bytes:
    return f"<row>{''.join(map(_xlsx_cell, cells))}</row>".encode()


def _xlsx_cell(value: Any) -> str:
    if isinstance(value, int):
        return f"<c><v>{value}</v></c>"
    text = "".join(char for char in str(value or "")[:LONGEST_CELL] if _is_xml(char))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _is_xml(char: str) -> bool:
    return char in "\t\n\r" or (char >= " " and char not in "\ufffe\uffff")


def _harmless(value: Any) -> Any:
    """A text that spreadsheets would take for a formula, as the text it is."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
OFFICE = "http://schemas.openxmlformats.org"
MAIN = f'xmlns="{OFFICE}/spreadsheetml/2006/main"'
RELATED = f"{OFFICE}/officeDocument/2006/relationships"
SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XLSX_PARTS = {
    "[Content_Types].xml": f'{XML}<Types xmlns="{OFFICE}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{SHEETS}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEETS}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{XML}<Relationships xmlns="{OFFICE}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{XML}<workbook {MAIN} xmlns:r="{RELATED}"><sheets>'
    '<sheet name="Leads" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{OFFICE}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{RELATED}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
WRITERS = {"csv": write_csv, "json": write_json, "xlsx": write_xlsx}
