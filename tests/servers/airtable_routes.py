"""What each route of the Airtable stand-in does, once token and rate are checked. Refusals are raised as ApiError."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.servers.airtable_formula import matching
from tests.servers.airtable_table import MERGE_TYPES, ApiError, Field, NotFoundError, Row, Table, new_id

if TYPE_CHECKING:
    from tests.servers.airtable import AirtableServer

Json = dict[str, Any]
NOT_VISIBLE = (
    "Invalid permissions, or the requested model was not found. Check that both your user and your token have the "
    "required permissions, and that the model names and/or ids are correct."
)
BAD_RECORDS = (
    'You must provide an array of up to 10 record objects, each with an "id" ID field and a "fields" object for cell '
    "values."
)
WRITE_KEYS = {"fields", "records", "typecast", "returnFieldsByFieldId", "performUpsert"}
LIST_KEYS = {
    "pageSize",
    "maxRecords",
    "offset",
    "view",
    "fields",
    "filterByFormula",
    "sort",
    "cellFormat",
    "timeZone",
    "userLocale",
    "returnFieldsByFieldId",
    "recordMetadata",
}


@dataclass
class Request:
    server: "AirtableServer"
    method: str
    names: dict[str, str]  # what the path names: base, table, record
    query: dict[str, list[str]]
    body: Json

    def need(self, scope: str) -> None:
        """The base must exist and the token must reach it: Airtable doesn't tell the two apart."""
        if self.names.get("base", self.server.base_id) != self.server.base_id or scope not in self.server.scopes:
            raise ApiError(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", NOT_VISIBLE)

    def table(self, scope: str) -> Table:
        self.need(scope)
        try:
            table = self.server.table(self.names["table"])
        except KeyError:
            raise ApiError(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", NOT_VISIBLE) from None
        return table

    def writable_table(self) -> Table:
        table = self.table("data.records:read")
        if "data.records:write" not in self.server.scopes:
            text = f"You are not permitted to create records in table {table.name} ({table.id})"
            raise ApiError(403, "INVALID_PERMISSIONS", text)
        if self.body.keys() - WRITE_KEYS:
            raise invalid()
        return table

    @property
    def typecast(self) -> bool:
        return self.body.get("typecast") is True

    @property
    def by_id(self) -> bool:
        asked = self.body.get("returnFieldsByFieldId", (self.query.get("returnFieldsByFieldId") or [""])[0])
        return asked in (True, "1", "true")


def invalid(text: str = "parameter validation failed. Check your request data.") -> ApiError:
    return ApiError(422, "INVALID_REQUEST_UNKNOWN", f"Invalid request: {text}")


def whoami(request: Request) -> Json:
    return {"id": request.server.user_id, "scopes": list(request.server.scopes)}


def list_bases(request: Request) -> Json:
    request.need("schema.bases:read")
    return {"bases": [{"id": request.server.base_id, "name": "Sales", "permissionLevel": "create"}]}


def list_tables(request: Request) -> Json:
    request.need("schema.bases:read")
    return {"tables": [table.as_json() for table in request.server.tables]}


def create_table(request: Request) -> Json:
    request.need("schema.bases:write")
    name, fields = request.body.get("name"), request.body.get("fields")
    if not isinstance(name, str) or not name or not isinstance(fields, list) or not fields:
        raise invalid()
    if any(name == table.name for table in request.server.tables):
        raise ApiError(422, "DUPLICATE_TABLE_NAME", f'Table name "{name}" is not unique')
    table = Table(name, [_field_from(item) for item in fields])
    request.server.tables.append(table)
    return table.as_json()


def create_field(request: Request) -> Json:
    return request.table("schema.bases:write").add_field(_field_from(request.body)).as_json()


def _field_from(item: object) -> Field:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not isinstance(item.get("type"), str):
        raise invalid()
    field = Field(item["name"], item["type"])
    options = dict(item.get("options") or {})
    choices = options.pop("choices", [])
    field.options.update(options)
    for choice in choices:
        field.add_choice(choice["name"])
    return field


def get_record(request: Request) -> Json:
    table = request.table("data.records:read")
    if request.names["record"] not in table.rows:
        raise NotFoundError
    return table.as_record(table.rows[request.names["record"]], by_id=request.by_id)


def list_records(request: Request) -> Json:
    table = request.table("data.records:read")
    options = request.body if request.method == "POST" else _options_from(request.query)
    if options.keys() - LIST_KEYS or options.get("cellFormat", "json") != "json":
        raise invalid()
    _check_view(table, options.get("view"))
    size = _count(options.get("pageSize", 100), most=100)
    ids = _rest_of(request, options["offset"]) if options.get("offset") else _selected(table, options)
    page, rest = ids[:size], ids[size:]
    rows = [table.rows[record_id] for record_id in page if record_id in table.rows]
    answer: Json = {"records": [table.as_record(row, by_id=request.by_id, only=options.get("fields")) for row in rows]}
    if rest:
        iterator = new_id("itr")
        request.server.iterators[iterator] = rest
        answer["offset"] = f"{iterator}/{rest[0]}"
    return answer


def _options_from(query: dict[str, list[str]]) -> Json:
    """`fields[]=a&fields[]=b&sort[0][field]=c` as the JSON form has it."""
    options: Json = {name: values[-1] for name, values in query.items() if "[" not in name}
    if "fields[]" in query:
        options["fields"] = query["fields[]"]
    if any(name.startswith("sort[") for name in query):
        options["sort"] = []
        while f"sort[{len(options['sort'])}][field]" in query:
            at = f"sort[{len(options['sort'])}]"
            direction = query.get(f"{at}[direction]", ["asc"])[0]
            options["sort"].append({"field": query[f"{at}[field]"][0], "direction": direction})
    return options


def _selected(table: Table, options: Json) -> list[str]:
    rows = matching(table, options.get("filterByFormula") or "")
    for order in reversed(options.get("sort") or []):
        field = table.field(order["field"])
        empty = 0 if field.type == "number" else ""
        rows.sort(key=lambda row: row.cells.get(field.id) or empty, reverse=order.get("direction") == "desc")
    most = _count(options["maxRecords"]) if "maxRecords" in options else len(rows)
    return [row.id for row in rows[:most]]


def _rest_of(request: Request, offset: object) -> list[str]:
    iterator, _, record_id = str(offset).partition("/")
    if not (iterator.startswith("itr") and record_id.startswith("rec")):
        raise ApiError(422, "INVALID_OFFSET_VALUE", "The value of offset is invalid")
    if iterator not in request.server.iterators:
        raise ApiError(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
    return request.server.iterators.pop(iterator)


def _check_view(table: Table, view: object) -> None:
    if view not in (None, "", "Grid view", table.view_id):
        raise ApiError(422, "VIEW_NAME_NOT_FOUND", f"View {view} not found")


def _count(value: object, most: int = 1_000_000) -> int:
    if not str(value).isdigit() or not 1 <= int(str(value)) <= most:
        raise invalid()
    return int(str(value))


def create_records(request: Request) -> Json:
    table = request.writable_table()
    if "performUpsert" in request.body:
        raise invalid()
    if "records" not in request.body:
        return _as_records(request, table, [table.add(_cells(request.body), typecast=request.typecast)])[0]
    with table.all_or_nothing():
        ids = [table.add(_cells(item), typecast=request.typecast) for item in _batch(request)]
    return {"records": _as_records(request, table, ids)}


def change_record(request: Request) -> Json:
    table = request.writable_table()
    if request.names["record"] not in table.rows:
        raise NotFoundError
    is_put = request.method == "PUT"
    table.change(request.names["record"], _cells(request.body), typecast=request.typecast, replace=is_put)
    return _as_records(request, table, [request.names["record"]])[0]


def change_records(request: Request) -> Json:
    table = request.writable_table()
    merge_on = _merge_fields(request, table)
    ids: list[str] = []
    created: list[str] = []
    with table.all_or_nothing():
        for item in _batch(request):
            record_id = item.get("id") or _match(table, merge_on, _cells(item))
            if not record_id:
                created.append(table.add(_cells(item), typecast=request.typecast))
                ids.append(created[-1])
                continue
            is_put = request.method == "PUT"
            ids.append(table.change(record_id, _cells(item), typecast=request.typecast, replace=is_put))
        if len(set(ids)) < len(ids):
            text = "You cannot update the same record multiple times in a single request."
            raise ApiError(422, "INVALID_RECORDS", text)
    answer: Json = {"records": _as_records(request, table, ids)}
    if merge_on:
        updated = [record_id for record_id in ids if record_id not in created]
        answer |= {"createdRecords": created, "updatedRecords": updated}
    return answer


def _merge_fields(request: Request, table: Table) -> list[Field]:
    if "performUpsert" not in request.body:
        return []
    upsert = request.body["performUpsert"]
    names = upsert.get("fieldsToMergeOn") if isinstance(upsert, dict) else None
    if not isinstance(names, list) or not 1 <= len(names) <= 3:
        raise invalid()
    fields = [table.field(name) for name in names]
    if any(field.type not in MERGE_TYPES for field in fields):
        raise invalid("fieldsToMergeOn has a field of a type that can't be merged on.")
    return fields


def _match(table: Table, merge_on: list[Field], values: Json) -> str:
    """The id of the one row with the same merge values, empty for none. An empty value matches blank cells."""
    if not merge_on:
        raise ApiError(422, "INVALID_RECORDS", BAD_RECORDS)
    if any(field.name not in values and field.id not in values for field in merge_on):
        raise invalid("a record lacks a field of fieldsToMergeOn.")
    wanted = [values.get(field.id, values.get(field.name)) or None for field in merge_on]
    found = [row for row in table.rows.values() if wanted == _merge_values(row, merge_on)]
    if len(found) > 1:
        # The type that the real one gives here is not known, so nothing may depend on it.
        raise invalid("more than one record matches the fields to merge on.")
    return found[0].id if found else ""


def _merge_values(row: Row, merge_on: list[Field]) -> list[object]:
    return [row.cells.get(field.id) or None for field in merge_on]


def _batch(request: Request) -> list[Json]:
    records = request.body.get("records")
    if not isinstance(records, list) or not 1 <= len(records) <= 10:
        raise ApiError(422, "INVALID_RECORDS", BAD_RECORDS)
    if not all(isinstance(item, dict) and item.keys() <= {"id", "fields"} for item in records):
        raise ApiError(422, "INVALID_RECORDS", BAD_RECORDS)
    return records


def _cells(item: Json) -> Json:
    if not isinstance(item.get("fields"), dict):
        raise ApiError(422, "INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "fields" in the request body')
    return item["fields"]


def _as_records(request: Request, table: Table, ids: list[str]) -> list[Json]:
    return [table.as_record(table.rows[record_id], by_id=request.by_id) for record_id in ids]


def delete_record(request: Request) -> Json:
    table = request.writable_table()
    if request.names["record"] not in table.rows:
        raise NotFoundError
    table.remove(request.names["record"])
    return {"id": request.names["record"], "deleted": True}


def delete_records(request: Request) -> Json:
    table = request.writable_table()
    ids = request.query.get("records[]") or request.query.get("records") or []
    if not 1 <= len(ids) <= 10:
        raise ApiError(422, "INVALID_RECORDS", BAD_RECORDS)
    with table.all_or_nothing():
        for record_id in ids:
            table.remove(record_id)
    return {"records": [{"id": record_id, "deleted": True} for record_id in ids]}


# ---- webhooks: only what is asked for, as this server calls nobody ---------------------------------------------------


def create_webhook(request: Request) -> Json:
    request.need("webhook:manage")
    try:
        filters = request.body["specification"]["options"]["filters"]
        table = request.server.table(filters["recordChangeScope"])
    except KeyError:
        raise invalid() from None
    if filters.get("dataTypes") != ["tableData"] or "notificationUrl" not in request.body:
        raise invalid()
    if len(request.server.webhooks) >= 10:
        raise ApiError(403, "TOO_MANY_WEBHOOKS_BY_OAUTH_INTEGRATION_IN_BASE", "Too many webhooks")
    watched = set(filters.get("watchDataInFieldIds") or [field.id for field in table.fields])
    webhook = new_id("ach")
    request.server.webhooks[webhook] = (table, len(table.log), watched)
    return {"id": webhook, "macSecretBase64": "c2VjcmV0", "expirationTime": "2030-01-01T00:00:00.000Z"}


def list_payloads(request: Request) -> Json:
    request.need("webhook:manage")
    if request.names["webhook"] not in request.server.webhooks:
        raise NotFoundError
    table, start, watched = request.server.webhooks[request.names["webhook"]]
    cursor = _count(request.query.get("cursor", ["1"])[-1])
    size = _count(request.query.get("limit", ["50"])[-1], most=50)
    entries = table.log[start + cursor - 1 :]
    return {
        "payloads": [_payload(table, entry, watched, cursor + at) for at, entry in enumerate(entries[:size])],
        "cursor": cursor + len(entries[:size]),
        "mightHaveMore": len(entries) > size,
    }


def _payload(table: Table, entry: Json, watched: set[str], number: int) -> Json:
    """One change; of changed records only the cells that are watched, of new ones all."""
    change = dict(entry["change"])
    for record_id, record in change.get("changedRecordsById", {}).items():
        cells = {key: cell for key, cell in record["current"]["cellValuesByFieldId"].items() if key in watched}
        change["changedRecordsById"] = {record_id: {"current": {"cellValuesByFieldId": cells}}}
    return {
        "timestamp": entry["timestamp"],
        "baseTransactionNumber": number,
        "payloadFormat": "v0",
        "actionMetadata": {"source": entry["source"], "sourceMetadata": {}},
        "changedTablesById": {table.id: change},
    }


BASE = r"(?P<base>app[0-9A-Za-z]{14})"
DATA = rf"/v0/{BASE}/(?P<table>[^/]+)"
RECORD = rf"{DATA}/(?P<record>rec[0-9A-Za-z]{{14}})"
WEBHOOKS = rf"/v0/bases/{BASE}/webhooks"
WEBHOOK = rf"{WEBHOOKS}/(?P<webhook>ach[0-9A-Za-z]{{14}})"
TABLES = rf"/v0/meta/bases/{BASE}/tables"

ROUTES: tuple[tuple[str, str, Callable[[Request], object]], ...] = (
    ("GET", "/v0/meta/whoami", whoami),
    ("GET", "/v0/meta/bases", list_bases),
    ("GET", TABLES, list_tables),
    ("POST", TABLES, create_table),
    ("POST", rf"{TABLES}/(?P<table>[^/]+)/fields", create_field),
    ("POST", WEBHOOKS, create_webhook),
    ("GET", rf"{WEBHOOK}/payloads", list_payloads),
    ("GET", DATA, list_records),
    ("POST", rf"{DATA}/listRecords", list_records),
    ("POST", DATA, create_records),
    ("PATCH", DATA, change_records),
    ("PUT", DATA, change_records),
    ("DELETE", DATA, delete_records),
    ("GET", RECORD, get_record),
    ("PATCH", RECORD, change_record),
    ("PUT", RECORD, change_record),
    ("DELETE", RECORD, delete_record),
)
