"""Connecting Airtable in the browser: a token, a base, a table, and what the plan allows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils import timezone

from crm_sync import airtable, connection, pausing
from crm_sync.airtable import Base, Table
from crm_sync.airtable_errors import AirtableError
from crm_sync.mapping import KEY_FIELD, META_FIELDS, propose
from crm_sync.models import CrmConnection, CrmRecord
from leads import vault
from leads.channels import CHANNELS
from leads.fields import FIELDS, Kind
from leads.models import Lead
from leads.models.lead import LeadSource

PATIENCE = (3, 8)  # seconds to connect, and of silence: somebody looks at the page meanwhile
NEEDED = {
    "data.records:read": "read records",
    "data.records:write": "write records",
    "schema.bases:read": "see bases, tables and fields",
}
WELCOME = {
    "schema.bases:write": "create the table or missing fields for you",
    "webhook:manage": "see what changed in Airtable by few calls, where your plan has a limit",
}
TABLE_NAME = "Leads"
# What a table that baseCamp makes has, by our key; the first is its primary field.
COLUMNS = {
    "name": "Name",
    "first_name": "First Name",
    "last_name": "Last Name",
    "email": "Email",
    "phone": "Phone",
    "company": "Company",
    "message": "Message",
    "source": "Source",
    "intent": "Intent",
    "urgency": "Urgency",
    "quality_score": "Quality Score",
    "summary": "Summary",
    "status": "Status",
    "owner": "Owner",
    "received_at": "Received At",
    "lead_id": "Lead ID",
    "lead_url": "Lead URL",
    "merged_into": "Merged into",
    "first_channel": "Channel",
    "first_utm_source": "UTM Source",
    "first_utm_medium": "UTM Medium",
    "first_utm_campaign": "UTM Campaign",
}
SIMPLE_TYPES = {
    Kind.LONG_TEXT: "multilineText",
    Kind.EMAIL: "email",
    Kind.PHONE: "phoneNumber",
    Kind.URL: "url",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What Airtable says of a token: the bases it reaches, the tables of the chosen one, scopes that are missing (as
    far as Airtable tells them), and what went wrong."""

    bases: Sequence[Base] = ()
    tables: Sequence[Table] = ()
    missing: Sequence[str] = ()
    welcome: Sequence[str] = ()
    problem: str = ""

    def table(self, table_id: str) -> Table | None:
        return next((table for table in self.tables if table_id in (table.id, table.name)), None)


class Refused(Exception):
    """What can't be done, in a plain sentence."""


def is_token_set() -> bool:
    """Whether the environment sets the token, and so nothing in the browser does."""
    return bool(settings.AIRTABLE_API_KEY)


def is_base_set() -> bool:
    return bool(settings.AIRTABLE_BASE_ID)


def tail() -> str:
    """The last four characters of the token in use."""
    return settings.AIRTABLE_API_KEY[-4:] if is_token_set() else pausing.row().token_tail


def save_token(token: str) -> None:
    """Keeps the token, sealed, once Airtable accepts it. Raises Refused."""
    token = token.strip()
    if not token:
        raise Refused("Paste a token first.")
    try:
        airtable.fetch_scopes(_probe(token))
    except AirtableError as error:
        raise Refused(error.message) from error
    pausing.row()
    CrmConnection.objects.filter(pk=1).update(token=vault.seal(token), token_tail=token[-4:], updated_at=timezone.now())
    pausing.resume()


def save_table(base_id: str, table_id: str) -> Table:
    """Uses this table. Its fields are read and mapped by name at once. Raises Refused."""
    found = look(base_id)
    table, base = found.table(table_id), next((each for each in found.bases if each.id == base_id), None)
    if table is None or base is None:
        raise Refused(found.problem or "Airtable has no such base or table any more. Choose again.")
    CrmConnection.objects.filter(pk=1).update(
        base_id=base.id, base_name=base.name, table_id=table.id, table_name=table.name, updated_at=timezone.now()
    )
    pausing.resume()
    _read_fields()
    return table


def is_anything_elsewhere() -> bool:
    """Whether leads have records in another table than the one in use."""
    row = pausing.row()
    return CrmRecord.objects.exclude(record_id="").exclude(base_id=row.base_id, table_id=row.table_id).exists()


def make_table(base_id: str) -> Table:
    """Creates a table with all that leads have, and uses it. Raises Refused."""
    taken = {table.name for table in look(base_id).tables}
    name = next(name for n in range(1, 100) if (name := TABLE_NAME if n == 1 else f"{TABLE_NAME} {n}") not in taken)
    try:
        made = airtable.create_table(
            _probe(connection.token_in_use(), base_id), name, [_column(key, COLUMNS[key]) for key in COLUMNS]
        )
    except AirtableError as error:
        raise Refused(f"{error.message} The token needs the scope schema.bases:write.") from error
    return save_table(base_id, made.id)


def missing_columns(table: Table) -> list[str]:
    """The names of the fields that the table has nothing for, of those that baseCamp would make."""
    ours = connection.our_fields()
    found = {pair.our_key for pair in propose(ours.values(), table.fields)}
    mapped = {target.our_key for target in connection.targets()}
    return [name for key, name in COLUMNS.items() if key not in found | mapped]


def add_columns() -> int:
    """Creates the missing fields in the table in use; returns how many. Raises Refused."""
    link = connection.current()
    if link is None:
        raise Refused(connection.not_connected())
    link = replace(link, timeout=PATIENCE)
    try:
        table = airtable.fetch_schema(link)
        names = missing_columns(table)
        for key, name in COLUMNS.items():
            if name in names:
                airtable.create_field(link, table.id, _column(key, name))
    except AirtableError as error:
        raise Refused(f"{error.message} The token needs the scope schema.bases:write. {error.detail}") from error
    _read_fields()
    return len(names)


def save_plan(*, monthly_limit: int | None, merged_records: str) -> None:
    pausing.row()
    CrmConnection.objects.filter(pk=1).update(
        monthly_limit=monthly_limit, merged_records=merged_records, updated_at=timezone.now()
    )


def disconnect() -> None:
    """Forgets the token, the base and the table. Records, their links and the mapping stay for another time."""
    CrmConnection.objects.filter(pk=1).update(
        token="", token_tail="", base_id="", base_name="", table_id="", table_name="", updated_at=timezone.now()
    )
    pausing.resume()


def look(base_id: str = "") -> Look:
    """What the token in use reaches, live. Never raises."""
    token = connection.token_in_use()
    if not token:
        return Look()
    missing, welcome = _scopes(token)
    try:
        bases = airtable.fetch_bases(_probe(token))
        tables = airtable.fetch_tables(_probe(token, base_id)) if base_id else ()
    except AirtableError as error:
        return Look(missing=missing, welcome=welcome, problem=error.message)
    return Look(bases, tables, missing, welcome)


def _scopes(token: str) -> tuple[list[str], list[str]]:
    try:
        scopes = airtable.fetch_scopes(_probe(token))
    except AirtableError:
        return [], []
    if not scopes:  # Airtable doesn't tell them of most personal tokens
        return [], []
    return (
        [f"{scope}: to {what}" for scope, what in NEEDED.items() if scope not in scopes],
        [f"{scope}: to {what}" for scope, what in WELCOME.items() if scope not in scopes],
    )


def _probe(token: str, base_id: str = "") -> airtable.Connection:
    return airtable.Connection(
        token=token,
        base_id=base_id,
        table="",
        endpoint_url=settings.AIRTABLE_ENDPOINT_URL,
        wait_turn=(lambda: connection.wait_turn(base_id)) if base_id else None,
        timeout=PATIENCE,
    )


def _read_fields() -> None:
    link = connection.current()
    if link is not None:
        try:
            connection.refresh_schema(replace(link, timeout=PATIENCE))
        except AirtableError as error:
            raise Refused(error.message) from error


def _column(key: str, name: str) -> dict[str, Any]:
    """The field as Airtable makes it."""
    known = FIELDS.get(key)
    kind = known.kind if known else META_FIELDS[key].kind
    if key == KEY_FIELD:
        return {"name": name, "type": "singleLineText"}
    if kind == Kind.CHOICE:
        own = {"source": LeadSource.choices, "status": Lead.Status.choices, "first_channel": CHANNELS}
        choices = own.get(key, known.choices if known else ())
        return {"name": name, "type": "singleSelect", "options": {"choices": [{"name": label} for _, label in choices]}}
    if kind == Kind.NUMBER:
        return {"name": name, "type": "number", "options": {"precision": 0}}
    if kind == Kind.DATE:
        formats = {"dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}, "timeZone": "utc"}
        return {"name": name, "type": "dateTime", "options": formats}
    return {"name": name, "type": SIMPLE_TYPES.get(kind, "singleLineText")}
