"""One table of the Airtable stand-in: its fields, its rows and what a cell accepts.

Cells are checked as Airtable checks them: nothing is converted unless the caller asks for `typecast`, an unknown
select option is refused, empty cells are left out of what is read back.
"""

import copy
import re
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ALPHABET = string.digits + string.ascii_letters
TEXT_TYPES = {"singleLineText", "multilineText", "richText", "email", "url", "phoneNumber"}
NUMBER_TYPES = {"number", "percent", "currency", "duration", "rating"}
COMPUTED_TYPES = {
    "formula",
    "rollup",
    "count",
    "multipleLookupValues",
    "autoNumber",
    "createdTime",
    "lastModifiedTime",
    "createdBy",
    "lastModifiedBy",
    "button",
    "externalSyncSource",
    "aiText",
}
OTHER_TYPES = {
    "checkbox",
    "singleSelect",
    "multipleSelects",
    "date",
    "dateTime",
    "multipleRecordLinks",
    "singleCollaborator",
    "multipleAttachments",
    "barcode",
}
MERGE_TYPES = {"number", "singleLineText", "multilineText", "singleSelect", "multipleSelects", "date"}
TEXT_LIMIT = 100_000


class ApiError(Exception):
    """A refusal: `status`, and a body of `type` and `message` (no message where Airtable sends none)."""

    def __init__(self, status: int, type_: str, message: str = "") -> None:
        super().__init__(f"{status} {type_} {message}")
        self.status = status
        error = {"type": type_, "message": message} if message else {"type": type_}
        self.body: object = {"error": error}


class NotFoundError(ApiError):
    """The bare 404, whose `error` is a plain string."""

    def __init__(self) -> None:
        super().__init__(404, "NOT_FOUND")
        self.body = {"error": "NOT_FOUND"}


def new_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(14))


@dataclass
class Field:
    name: str
    type: str
    options: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: new_id("fld"))
    refuses: set[object] = field(default_factory=set)  # values that it won't take, for no reason that shows

    @property
    def choices(self) -> list[str]:
        return [choice["name"] for choice in self.options.get("choices", [])]

    def add_choice(self, name: str) -> None:
        self.options.setdefault("choices", []).append({"id": new_id("sel"), "name": name})

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "type": self.type} | (
            {"options": self.options} if self.options else {}
        )


def select(name: str, *choices: str, several: bool = False) -> Field:
    options = {"choices": [{"id": new_id("sel"), "name": choice} for choice in choices]}
    return Field(name, "multipleSelects" if several else "singleSelect", options)


def refused(field: Field, why: str = "cannot accept the provided value") -> ApiError:
    return ApiError(422, "INVALID_VALUE_FOR_COLUMN", f'Field "{field.name}" {why}')


def clean_cell(field: Field, value: object, *, typecast: bool) -> object:
    """The value as Airtable stores it; None for an empty cell. Raises ApiError."""
    if field.type in COMPUTED_TYPES:
        raise refused(field, "cannot accept a value because the field is computed")
    if value is None:
        return None
    if isinstance(value, str | int | float) and value in field.refuses:
        raise refused(field)
    if field.type in TEXT_TYPES:
        return _clean_text(field, value, typecast)
    if field.type in NUMBER_TYPES:
        return _clean_number(field, value, typecast)
    return _CLEANERS[field.type](field, value, typecast)


def _clean_text(field: Field, value: object, typecast: bool) -> str:
    if typecast and isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str) or len(value) > TEXT_LIMIT:
        raise refused(field)
    return value


def _clean_number(field: Field, value: object, typecast: bool) -> float | int:
    if typecast and isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise refused(field) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(field)
    if field.type == "rating" and not (isinstance(value, int) and 1 <= value <= field.options.get("max", 5)):
        raise refused(field)
    return value


def _clean_checkbox(field: Field, value: object, typecast: bool) -> bool:
    if not isinstance(value, bool):
        raise refused(field)
    return value


def _clean_option(field: Field, value: object, typecast: bool) -> str:
    if not isinstance(value, str):
        raise refused(field)
    if value not in field.choices:
        if not typecast:
            # The doubled quotes are Airtable's own.
            text = f'Insufficient permissions to create new select option ""{value}""'
            raise ApiError(422, "INVALID_MULTIPLE_CHOICE_OPTIONS", text)
        field.add_choice(value)
    return value


def _clean_options(field: Field, value: object, typecast: bool) -> list[str]:
    if not isinstance(value, list):
        raise refused(field)
    return [_clean_option(field, item, typecast) for item in value]


def _moment(field: Field, value: object) -> datetime:
    """ISO 8601 with dashes only. Raises ApiError."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d(T|$)", value):
        raise refused(field)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise refused(field) from None


def _clean_date(field: Field, value: object, typecast: bool) -> str:
    return _moment(field, value).date().isoformat()


def _clean_datetime(field: Field, value: object, typecast: bool) -> str:
    moment = _moment(field, value)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _clean_links(field: Field, value: object, typecast: bool) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.startswith("rec") for item in value):
        raise ApiError(422, "INVALID_VALUE_FOR_COLUMN", "Value is not an array of record IDs.")
    return value


def _clean_object(field: Field, value: object, typecast: bool) -> object:
    wanted = {"singleCollaborator": {"id", "email"}, "barcode": {"text"}, "multipleAttachments": {"url", "id"}}[
        field.type
    ]
    items = value if field.type == "multipleAttachments" else [value]
    if not isinstance(items, list) or not all(isinstance(item, dict) and wanted & item.keys() for item in items):
        raise refused(field)
    return value


_CLEANERS = {
    "checkbox": _clean_checkbox,
    "singleSelect": _clean_option,
    "multipleSelects": _clean_options,
    "date": _clean_date,
    "dateTime": _clean_datetime,
    "multipleRecordLinks": _clean_links,
    "singleCollaborator": _clean_object,
    "multipleAttachments": _clean_object,
    "barcode": _clean_object,
}


def is_empty(value: object) -> bool:
    """Cells that Airtable leaves out of its answers. Zero is a value."""
    return value is None or value is False or value in ("", [])


@dataclass
class Row:
    id: str
    created_at: str
    cells: dict[str, Any]  # by field id
    modified: str = ""


def moment() -> str:
    """Now, as Airtable writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Table:
    """A table with rows, for tests to look at and to change as its owner would in Airtable itself."""

    def __init__(self, name: str, fields: list[Field]) -> None:
        self.id = new_id("tbl")
        self.view_id = new_id("viw")
        self.name = name
        self.fields: list[Field] = []
        self.rows: dict[str, Row] = {}
        self.source = "client"  # who changes rows now; "publicApi" while a request is carried out
        self.log: list[dict[str, Any]] = []  # of each change, as webhook payloads tell it
        for item in fields:
            self.add_field(item)

    def add_field(self, new: Field) -> Field:
        if new.type not in TEXT_TYPES | NUMBER_TYPES | OTHER_TYPES | COMPUTED_TYPES:
            raise ApiError(422, "INVALID_REQUEST_UNKNOWN", f"Unknown field type {new.type}")
        if any(new.name == known.name for known in self.fields):
            raise ApiError(422, "DUPLICATE_OR_EMPTY_FIELD_NAME", f'Field name "{new.name}" is not unique')
        self.fields.append(new)
        return new

    def drop_field(self, name: str) -> None:
        gone = self.field(name)
        self.fields.remove(gone)
        for row in self.rows.values():
            row.cells.pop(gone.id, None)

    def field(self, name_or_id: object) -> Field:
        for item in self.fields:
            if name_or_id in (item.name, item.id):
                return item
        raise ApiError(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name_or_id}"')

    def field_id(self, name: str) -> str:
        return self.field(name).id

    @property
    def records(self) -> list[dict[str, Any]]:
        """All rows as Airtable would answer, cells by field name, oldest first."""
        return [self.as_record(row) for row in list(self.rows.values())]

    def add(self, values: dict[str, Any], *, typecast: bool = False) -> str:
        """A new row, from field names or ids. Returns its id."""
        now = moment()
        row = Row(new_id("rec"), now, self.clean(values, typecast=typecast), now)
        self.rows[row.id] = row
        cells = {key: self.told(key, cell) for key, cell in row.cells.items()}
        self.note(createdRecordsById={row.id: {"createdTime": now, "cellValuesByFieldId": cells}})
        return row.id

    def change(
        self, record_id: object, values: dict[str, Any], *, typecast: bool = False, replace: bool = False
    ) -> str:
        row = self.row(record_id)
        cells = self.clean(values, typecast=typecast)
        changed = Row(row.id, row.created_at, cells if replace else row.cells | cells, moment())
        self.rows[row.id] = changed
        news = {key for key in row.cells | changed.cells if row.cells.get(key) != changed.cells.get(key)}
        current = {key: self.told(key, changed.cells.get(key)) for key in news}
        if current:
            self.note(changedRecordsById={row.id: {"current": {"cellValuesByFieldId": current}}})
        return row.id

    def row(self, record_id: object) -> Row:
        if record_id not in self.rows:
            raise ApiError(422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist in this table")
        return self.rows[str(record_id)]

    def remove(self, record_id: str) -> None:
        self.row(record_id)
        del self.rows[record_id]
        self.note(destroyedRecordIds=[record_id])

    def note(self, **change: Any) -> None:
        self.log.append({"timestamp": moment(), "source": self.source, "change": change})

    def told(self, field_id: str, cell: Any) -> Any:
        """A cell as webhooks tell it: an option with its id."""
        known = {choice["name"]: choice for choice in self.field(field_id).options.get("choices", [])}
        if self.field(field_id).type == "singleSelect" and cell:
            return known[cell]
        if self.field(field_id).type == "multipleSelects" and cell:
            return [known[each] for each in cell]
        return cell

    def clean(self, values: dict[str, Any], *, typecast: bool) -> dict[str, Any]:
        named = [(self.field(key), value) for key, value in values.items()]
        return {item.id: clean_cell(item, value, typecast=typecast) for item, value in named}

    def as_record(self, row: Row, *, by_id: bool = False, only: list[str] | None = None) -> dict[str, Any]:
        wanted = self.fields if only is None else [self.field(name) for name in only]
        cells = {
            (item.id if by_id else item.name): row.cells[item.id]
            for item in wanted
            if not is_empty(row.cells.get(item.id))
        }
        return {"id": row.id, "createdTime": row.created_at, "fields": cells}

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "primaryFieldId": self.fields[0].id,
            "fields": [item.as_json() for item in self.fields],
            "views": [{"id": self.view_id, "name": "Grid view", "type": "grid"}],
        }

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """A request that fails half-way leaves no trace, as in Airtable. Requests put other rows into their places and
        change none, so it is enough to keep which ones stood there: the whole table would be copied each time."""
        rows, fields, told = dict(self.rows), copy.deepcopy(self.fields), len(self.log)
        try:
            yield
        except ApiError:
            self.rows, self.fields = rows, fields
            del self.log[told:]
            raise
