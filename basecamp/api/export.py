"""Leads as a file: CSV, JSON or XLSX, the columns that are asked for."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal

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
from leads import export, known_fields, touches
from leads.api_keys import Scope
from leads.attribution import TOLD
from leads.consents import summary
from leads.export import Column
from leads.fields import CONTACT
from leads.models import FieldValue, Lead, Submission

router = Router(tags=["Leads"])

AT_ONCE = 500  # leads that are read at a time
IN_MEMORY = 5_000_000  # bytes; a larger file is kept on disk until it is sent
OWN: dict[str, Callable[[Lead], Any]] = {
    "id": lambda lead: str(lead.public_id),
    "url": lambda lead: settings.SITE_URL + lead.get_absolute_url(),
    "received_at": lambda lead: _moment(lead.received_at),
    "updated_at": lambda lead: _moment(lead.updated_at),
    "source": lambda lead: lead.source,
    "status": lambda lead: lead.status,
    "quality_score": lambda lead: lead.quality_score,
    "message": lambda lead: "\n\n".join(submission.text for submission in lead.submissions.all()),
    **{key: partial(touches.told, key=key) for key in TOLD},
    "form_consents": lambda lead: summary(each for one in lead.submissions.all() for each in one.consents.all()),
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
MEDIA_TYPES = export.MEDIA_TYPES | {"json": "application/json"}
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
    _write(file, wanted.format, columns, _rows(leads, columns))
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
    texts = Submission.objects.only("lead_id", "text")
    texts = texts.prefetch_related("consents") if "form_consents" in columns else texts
    messages = Prefetch("submissions", queryset=texts)
    values = Prefetch("values", queryset=FieldValue.objects.current().only("lead_id", "field", "value"))
    whole = leads.defer("search_text", "score_reasons").prefetch_related(messages, values)
    for lead in whole.iterator(chunk_size=AT_ONCE):
        facts = {value.field: value.value for value in lead.values.all()}
        yield {column: OWN[column](lead) if column in OWN else facts.get(column, "") for column in columns}


def _moment(at: Any) -> str:
    return str(at.isoformat().replace("+00:00", "Z"))


def _write(file: Any, kind: str, columns: Sequence[str], rows: Iterator[dict[str, Any]]) -> None:
    if kind == "json":
        _write_json(file, rows)
    else:
        export.WRITERS[kind](file, [Column(key, key) for key in columns], rows)


def _write_json(file: Any, rows: Iterator[dict[str, Any]]) -> None:
    file.write(b"[")
    for number, row in enumerate(rows):
        file.write((",\n" if number else "\n").encode() + json.dumps(row, ensure_ascii=False).encode())
    file.write(b"\n]\n")
