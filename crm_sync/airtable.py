"""The one file that talks to Airtable, by pyairtable. Knows nothing of leads, rows or jobs.

Every call is safe to repeat: a lost reply never makes a second record, because records are written by upsert on a key
field and no request that may have reached Airtable is repeated here. Waiting and trying again are the caller's.
"""

import datetime as dt
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from pyairtable import Api, formulas, retry_strategy
from pydantic import ValidationError

from crm_sync.airtable_changes import Changes, changes_from
from crm_sync.airtable_errors import VALUE_ERRORS, AirtableError, ErrorKind, error_from, local
from crm_sync.mapping import RemoteField

logger = logging.getLogger(__name__)

MAX_ROWS = 10  # Airtable's limit for one request
PAGE = 100  # records of one page of a list, the most there are
TIMEOUT = (5, 30)  # seconds to connect, seconds of silence; pyairtable's own default is to wait for ever
ENDPOINT_URL = "https://api.airtable.com"

Fields = Mapping[str, Any]  # by field id, or by field name


@dataclass(frozen=True, slots=True)
class Connection:
    """Which table of which base (`table` is its id or name), and as whom.

    `wait_turn` is called before each request to Airtable: it keeps the pace of five a second per base that all
    processes share. What it raises reaches the caller.
    `timeout`: seconds to connect, and of silence.
    """

    token: str = field(repr=False)
    base_id: str
    table: str
    endpoint_url: str = ENDPOINT_URL
    wait_turn: Callable[[], None] | None = None
    timeout: tuple[int, int] = TIMEOUT


@dataclass(frozen=True, slots=True)
class Base:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Table:
    id: str
    name: str
    fields: tuple[RemoteField, ...]


@dataclass(frozen=True, slots=True)
class Remote:
    """A record as Airtable has it: cells by field id, the empty ones left out."""

    id: str
    cells: Mapping[str, Any]


def fetch_bases(connection: Connection) -> tuple[Base, ...]:
    """The bases that the token reaches; the connection's own base and table don't matter. Raises AirtableError."""
    with _api(connection, needs_base=False) as api:
        return tuple(Base(each.id, each.name or each.id) for each in api.bases(force=True))


def create_table(connection: Connection, name: str, fields: Sequence[Mapping[str, Any]]) -> Table:
    """Makes a table of these fields (`name`, `type`, `options`), the first of them its primary field. The token needs
    schema.bases:write. Raises AirtableError."""
    with _api(connection) as api:
        url = api.base(connection.base_id).urls.tables
        return _table_from(api.post(url, json={"name": name, "fields": [dict(field) for field in fields]}))


def create_field(connection: Connection, table_id: str, field: Mapping[str, Any]) -> RemoteField:
    """Adds a field to a table of the base. The token needs schema.bases:write. Raises AirtableError."""
    with _api(connection) as api:
        url = f"{api.base(connection.base_id).urls.tables}/{table_id}/fields"
        return _field_from(api.post(url, json=dict(field)))


def fetch_tables(connection: Connection) -> tuple[Table, ...]:
    """All tables of the base with their fields. The token needs the scope schema.bases:read. Raises AirtableError."""
    with _api(connection) as api:
        answer = api.get(api.base(connection.base_id).urls.tables)
        return tuple(_table_from(item) for item in answer["tables"])


def fetch_schema(connection: Connection) -> Table:
    """The connection's table, found by id or name. Raises AirtableError."""
    tables = fetch_tables(connection)
    for table in tables:
        if connection.table in (table.id, table.name):
            return table
    names = ", ".join(f"“{table.name}”" for table in tables)
    raise AirtableError(
        ErrorKind.NOT_FOUND,
        message=f"The Airtable base has no table “{connection.table}”.",
        detail=f"Its tables are {names}.",
    )


def fetch_scopes(connection: Connection) -> tuple[str, ...]:
    """What the token may do, as far as Airtable tells: nothing for most personal tokens. Raises AirtableError.

    Doesn't touch the base, so it costs no turn of the base's pace; it still waits for one.
    """
    with _api(connection, needs_base=False) as api:
        return tuple(api.whoami().get("scopes", ()))


def upsert(
    connection: Connection,
    rows: Sequence[Fields],
    *,
    key_field: str,
    known: Mapping[str, str] | None = None,
    is_typecast: bool = False,
) -> list[str]:
    """Writes up to ten records: one that has the row's key is updated, else one is created. All or none.

    `known`: record ids by key, where they are known: exactly these are then written, whatever key they carry. With
    `is_typecast` a select learns options that it doesn't have, which only a token of a creator may.
    `key_field` is the id or name of a text field, in the same form as the rows' keys; keys are different and not
    empty. Returns the record ids in the order of the rows. Raises AirtableError; `AMBIGUOUS` is only told for a
    single row (a batch that holds such a row raises `INVALID`: send its rows one by one), and `ROW_GONE` when a record
    that is known was deleted; its id is then in `detail`.
    """
    keys = _checked_keys(rows, key_field)
    _check_rows(rows)
    if not rows:
        return []
    try:
        with _api(connection) as api:
            table = api.table(connection.base_id, connection.table)
            answer = table.batch_upsert(
                [_record(row, (known or {}).get(key)) for key, row in zip(keys, rows, strict=True)],
                key_fields=[key_field],
                typecast=is_typecast,
                use_field_ids=_is_field_id(key_field),
            )
            # Told apart by key, not by position: a lead must never be linked to another lead's record.
            ids = {record["fields"][key_field]: record["id"] for record in answer["records"]}
            return [ids[key] for key in keys]
    except AirtableError as error:
        if error.kind is ErrorKind.INVALID and len(rows) == 1 and not known:
            _raise_if_ambiguous(connection, key_field, keys[0], error)
        raise


def _record(row: Fields, record_id: str | None) -> dict[str, Any]:
    return {"id": record_id, "fields": dict(row)} if record_id else {"fields": dict(row)}


def _checked_keys(rows: Sequence[Fields], key_field: str) -> list[str]:
    """An empty key would match records without one, an equal pair would overwrite each other."""
    keys = [row.get(key_field) for row in rows]
    if not all(isinstance(key, str) and key.strip() for key in keys) or len(set(keys)) < len(keys):
        raise ValueError(f"every row needs its own text in the key field {key_field}")
    return [str(key) for key in keys]


def _check_rows(rows: Sequence[Fields]) -> None:
    """Mistakes of ours, which must not look like a fault of Airtable. Raises ValueError or TypeError."""
    if len(rows) > MAX_ROWS:
        raise ValueError(f"at most {MAX_ROWS} rows, not {len(rows)}")
    json.dumps([dict(row) for row in rows], allow_nan=False)


def _raise_if_ambiguous(connection: Connection, key_field: str, key: str, error: AirtableError) -> None:
    """Airtable's documents don't say how it refuses a key that several records have, so the records are counted."""
    if error.type in VALUE_ERRORS:
        return
    found = find_by_key(connection, key_field=key_field, value=key)
    if len(found) > 1:
        detail = f"Records: {', '.join(found)}"
        raise AirtableError(ErrorKind.AMBIGUOUS, detail=detail, type=error.type, records=found) from error


def update(connection: Connection, rows: Sequence[tuple[str, Fields]]) -> None:
    """Changes up to ten records by record id; cells that aren't named stay. All or none. Raises AirtableError."""
    _check_rows([fields for _, fields in rows])
    if not rows:
        return
    with _api(connection) as api:
        table = api.table(connection.base_id, connection.table)
        table.batch_update([{"id": record_id, "fields": dict(fields)} for record_id, fields in rows])


def find_by_key(connection: Connection, *, key_field: str, value: str) -> list[str]:
    """The ids of the records with exactly this text in the key field, oldest first. Raises AirtableError.

    Formulas know fields by name only, so a field id costs one more request that reads the schema.
    """
    if not value:
        raise ValueError("an empty key matches every record without one")
    name = _field_name(connection, key_field) if _is_field_id(key_field) else key_field
    with _api(connection) as api:
        table = api.table(connection.base_id, connection.table)
        records = table.all(formula=formulas.match({name: value}), fields=[name])
        return [record["id"] for record in sorted(records, key=lambda record: record["createdTime"])]


def fetch_changed(
    connection: Connection, *, field_ids: Sequence[str], since: dt.datetime | None = None
) -> Iterator[list[Remote]]:
    """The records that were changed since then, or all, with these cells: up to a hundred at a time, one call each.

    Raises AirtableError. By formula, so that no field of the table has to hold when it was changed.
    """
    formula = f"IS_AFTER(LAST_MODIFIED_TIME(), '{since.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.000Z}')" if since else ""
    with _api(connection) as api:
        table = api.table(connection.base_id, connection.table)
        options: dict[str, Any] = {"fields": list(field_ids), "use_field_ids": True, "page_size": PAGE}
        for page in table.iterate(**options, **({"formula": formula} if formula else {})):
            yield [Remote(record["id"], record["fields"]) for record in page]


def fetch_records(connection: Connection, record_ids: Sequence[str], *, field_ids: Sequence[str]) -> list[Remote]:
    """Those of up to ten records that are there, with these cells, in one call. Raises AirtableError."""
    if not record_ids:
        return []
    those = ", ".join(f"RECORD_ID()='{_checked_id(record_id)}'" for record_id in record_ids)
    with _api(connection) as api:
        table = api.table(connection.base_id, connection.table)
        found = table.all(formula=f"OR({those})", fields=list(field_ids), use_field_ids=True)
        return [Remote(record["id"], record["fields"]) for record in found]


def create_webhook(connection: Connection, table_id: str) -> str:
    """Has Airtable list from now on what happens to the table, whoever does it; returns the list's id. Nobody is
    called: the list is asked for. Unasked for seven days it ends. The token needs webhook:manage. Raises AirtableError.
    """
    filters = {"dataTypes": ["tableData"], "recordChangeScope": table_id}
    with _api(connection) as api:
        url = api.base(connection.base_id).urls.webhooks
        wanted = {"notificationUrl": None, "specification": {"options": {"filters": filters}}}
        return str(api.post(url, json=wanted)["id"])


def fetch_changes(connection: Connection, webhook_id: str, *, table_id: str, cursor: int) -> Changes:
    """What happened since the cursor, up to fifty changes in one call; the first cursor is 1.

    Raises AirtableError, `NOT_FOUND` when the list has ended or can't go on.
    """
    with _api(connection) as api:
        url = f"{api.base(connection.base_id).urls.webhooks}/{webhook_id}/payloads"
        return changes_from(api.get(url, params={"cursor": cursor, "limit": 50}), table_id)


def _checked_id(record_id: str) -> str:
    if not re.fullmatch(r"rec[0-9A-Za-z]{14}", record_id):
        raise ValueError("not a record id")
    return record_id


def delete(connection: Connection, record_ids: Sequence[str]) -> None:
    """Deletes up to ten records, all or none. Raises AirtableError, `ROW_GONE` when one isn't there any more."""
    if len(record_ids) > MAX_ROWS:
        raise ValueError(f"at most {MAX_ROWS} records, not {len(record_ids)}")
    if not record_ids:
        return
    with _api(connection) as api:
        api.table(connection.base_id, connection.table).batch_delete(record_ids)


def record_url(base_id: str, table_id: str, record_id: str) -> str:
    """Where a person opens the record."""
    return f"https://airtable.com/{base_id}/{table_id}/{record_id}"


def _table_from(item: Mapping[str, Any]) -> Table:
    return Table(item["id"], item["name"], tuple(_field_from(found) for found in item["fields"]))


def _field_from(item: Mapping[str, Any]) -> RemoteField:
    choices = (item.get("options") or {}).get("choices") or ()
    names, ids = tuple(choice["name"] for choice in choices), tuple(choice["id"] for choice in choices)
    return RemoteField(item["id"], item["name"], item["type"], names, ids)


def _is_field_id(name: str) -> bool:
    return re.fullmatch(r"fld[0-9A-Za-z]{14}", name) is not None


def _field_name(connection: Connection, field_id: str) -> str:
    for found in fetch_schema(connection).fields:
        if found.id == field_id:
            return found.name
    raise AirtableError(ErrorKind.INVALID, message="A mapped field is no longer in the Airtable table.", field=field_id)


class _PacedApi(Api):
    """Calls the connection's `wait_turn` before each request, pages of a list included."""

    wait_turn: Callable[[], None] | None = None

    def request(self, *args: Any, **kwargs: Any) -> Any:
        if self.wait_turn:
            self.wait_turn()
        local.request_id = ""
        return super().request(*args, **kwargs)


def _keep_request_id(response: requests.Response, *args: Any, **kwargs: Any) -> None:
    local.request_id = response.headers.get("x-airtable-request-id", "")[:80]


@contextmanager
def _api(connection: Connection, *, needs_base: bool = True) -> Iterator[Api]:
    """This thread's Api for the connection. Whatever fails inside comes out as AirtableError."""
    _check_connection(connection, needs_base=needs_base)
    key = (os.getpid(), connection.token, connection.endpoint_url, connection.timeout)
    if getattr(local, "key", None) != key:
        local.api = _new_api(connection)
        local.key = key
    local.api.wait_turn = connection.wait_turn
    with _as_airtable_error():
        yield local.api


def _new_api(connection: Connection) -> _PacedApi:
    # Only a connection that was never made may be tried again: a request that was sent may have been carried out.
    retries = retry_strategy(
        total=4, connect=3, read=0, other=0, status=0, status_forcelist=(), raise_on_status=False, backoff_factor=0.1
    )
    api = _PacedApi(
        connection.token,
        timeout=connection.timeout,
        retry_strategy=retries,
        endpoint_url=connection.endpoint_url.rstrip("/"),
    )
    api.session.hooks["response"].append(_keep_request_id)
    return api


def _check_connection(connection: Connection, *, needs_base: bool) -> None:
    """What would fail inside the HTTP library, or lead to a misleading answer."""
    if not re.fullmatch(r"[!-~]+", connection.token):
        raise AirtableError(ErrorKind.UNAUTHORIZED, detail="The token is empty or has characters no token has.")
    if needs_base and not re.fullmatch(r"app[0-9A-Za-z]{14}", connection.base_id):
        raise AirtableError(
            ErrorKind.NOT_FOUND, message="The Airtable base ID is not one: it starts with “app” and has 17 characters."
        )


@contextmanager
def _as_airtable_error() -> Iterator[None]:
    try:
        yield
    except requests.HTTPError as error:
        if error.response is None:
            raise AirtableError(ErrorKind.UNAVAILABLE, detail=repr(error)) from error
        url = str(error.request.url) if error.request is not None else ""
        raise error_from(error.response.status_code, error.response.text, url=url) from error
    except requests.RequestException as error:
        raise AirtableError(ErrorKind.UNAVAILABLE, detail=type(error).__name__) from error
    except (AttributeError, KeyError, TypeError, ValidationError) as error:
        # JSON, but not what Airtable documents: something else answered. Without the error's text, which quotes values.
        logger.warning("Airtable's answer was not understood: %s", type(error).__name__)
        raise AirtableError(ErrorKind.UNAVAILABLE, detail="The answer was not understood.") from error
