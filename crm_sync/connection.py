"""The connection to Airtable: which base and table, the shared pace of calls, and the mapping kept to the table."""

import datetime as dt
import hashlib
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from crm_sync import airtable, merged, meter, pausing
from crm_sync.mapping import GONE, KEY_FIELD, MERGED_INTO, META_FIELDS, OurField, RemoteField, Target, propose, refusal
from crm_sync.models import AirtableBase, FieldMapping
from leads import known_fields, vault
from leads.fields import FIELDS, Field

# Seconds between two calls to a base. Airtable shuts for half a minute at the sixth call within a second: five gaps are
# 30 ms more than one, for what may come between a call's leaving here and its arriving there.
GAP = 0.206
LATE = 0.004  # seconds; a call that leaves later than this moves those behind it
LONGEST_QUEUE = 30  # seconds; a slot further off was given out by a clock that has been set back since
SCHEMA_AGE = 900  # seconds after which the table's fields are read again
JUST_READ = 10  # seconds for which they are not read again because Airtable refused a value

NOT_CONNECTED = "Airtable is not connected yet."
UNREADABLE = "The Airtable token can’t be read any more, because SECRET_KEY has changed. Paste it again."


def current() -> airtable.Connection | None:
    """The connection as the environment sets it, else as an admin set it in the browser; None when there is none."""
    row = pausing.row()
    token = token_in_use()
    is_base_set = bool(settings.AIRTABLE_BASE_ID)
    base_id = settings.AIRTABLE_BASE_ID or row.base_id
    table = settings.AIRTABLE_TABLE_NAME if is_base_set else row.table_id
    if not (token and base_id and table):
        return None
    return airtable.Connection(
        token=token,
        base_id=base_id,
        table=table,
        endpoint_url=settings.AIRTABLE_ENDPOINT_URL,
        wait_turn=partial(wait_turn, base_id),
    )


def token_in_use() -> str:
    """Empty when there is none, or it can't be read any more."""
    try:
        return settings.AIRTABLE_API_KEY or vault.unseal(pausing.row().token)
    except vault.Unreadable:
        return ""


def not_connected() -> str:
    """Why there is no connection, in one sentence."""
    return UNREADABLE if pausing.row().token and not token_in_use() else NOT_CONNECTED


def mark(link: airtable.Connection) -> str:
    """Tells connections apart without telling what they are: 64 hex digits."""
    return hashlib.sha256(f"{link.token} {link.base_id} {link.table}".encode()).hexdigest()


def wait_turn(base_id: str) -> None:
    """Waits for this call's slot. Slots are given out in the database, so that all processes share one pace."""
    with transaction.atomic():
        base = AirtableBase.objects.select_for_update().get_or_create(base_id=base_id)[0]
        now = timezone.now()
        is_sound = base.next_slot < now + dt.timedelta(seconds=LONGEST_QUEUE)
        slot = max(now, base.next_slot) if is_sound else now
        month = f"{now:%Y-%m}"
        base.calls_this_month = base.calls_this_month + 1 if base.month == month else 1
        base.month, base.next_slot = month, slot + dt.timedelta(seconds=GAP)
        base.save(update_fields=["calls_this_month", "month", "next_slot"])
        meter.count(calls=1)
    time.sleep(max((slot - timezone.now()).total_seconds(), 0))
    late = timezone.now() - slot
    if late > dt.timedelta(seconds=LATE):
        AirtableBase.objects.filter(base_id=base_id).update(next_slot=F("next_slot") + late)


def is_schema_fresh(connection: airtable.Connection) -> bool:
    """Whether the table's fields were read recently, for the table that is set now."""
    since = timezone.now() - dt.timedelta(seconds=SCHEMA_AGE)
    return AirtableBase.objects.filter(
        base_id=connection.base_id, table_name=connection.table, schema_read_at__gt=since
    ).exists()


def forget_schema(connection: airtable.Connection) -> None:
    """Has the table's fields read again before the next push, as when Airtable says that a field is gone."""
    AirtableBase.objects.filter(base_id=connection.base_id).update(schema_read_at=None)


def was_just_read(connection: airtable.Connection) -> bool:
    since = timezone.now() - dt.timedelta(seconds=JUST_READ)
    return AirtableBase.objects.filter(base_id=connection.base_id, schema_read_at__gt=since).exists()


def refresh_schema(connection: airtable.Connection) -> airtable.Table:
    """Reads the table's fields and keeps the mapping to them: renamed fields and options follow by id, and what has no
    mapping yet gets a proposal by name and type. What no longer fits stays as it is: `misfits` tells it.

    Raises:
        AirtableError: Airtable did not answer or refused.
    """
    table = airtable.fetch_schema(connection)
    with transaction.atomic():
        # One process at a time: all of them find at the first start that nothing was read yet.
        base = AirtableBase.objects.select_for_update().get_or_create(base_id=connection.base_id)[0]
        if base.table_id != table.id:
            FieldMapping.objects.exclude(remote_id__in=[remote.id for remote in table.fields]).delete()
        _follow(table)
        _propose(table)
        AirtableBase.objects.update_or_create(
            base_id=connection.base_id,
            defaults={"table_id": table.id, "table_name": connection.table, "schema_read_at": timezone.now()},
        )
    return table


def misfits() -> list[str]:
    """What keeps the mapping from working since the table was changed, a sentence for each field."""
    ours, found = our_fields(with_retired=True), []
    for row in FieldMapping.objects.in_use():
        known = ours.get(row.our_field)
        label = known.label if known else row.our_field
        if row.remote_type == GONE:
            found.append(f"{label}: the field “{row.remote_name}” is gone from the Airtable table.")
        elif known and (reason := refusal(known, remote(row))):
            found.append(f"{label}: “{row.remote_name}” has changed in Airtable. {reason}")
    return found


def our_fields(*, with_retired: bool = False) -> dict[str, OurField]:
    """What can be mapped by key: what every lead has, and the fields that the business added."""
    fields = (known_fields.every() if with_retired else known_fields.in_use()).values()
    return META_FIELDS | {each.key: OurField(each.key, each.label, each.kind) for each in fields}


def targets(rows: Iterable[FieldMapping] | None = None) -> list[Target]:
    """The mapping as `cells.payload` takes it: of what is pushed, or of these rows. A field that is no longer looked
    for is still pushed."""
    ours = our_fields(with_retired=True)
    chosen = FieldMapping.objects.pushed() if rows is None else rows
    return [_target(row, ours[row.our_field]) for row in chosen if row.our_field in ours]


def _target(row: FieldMapping, ours: OurField) -> Target:
    added = known_fields.known(row.our_field) if row.our_field not in FIELDS else None
    return Target(
        row.our_field,
        ours.kind,
        remote(row),
        _names(added) | row.value_map,
        label=ours.label if added else "",
        unknown=row.unknown,
        unknown_option=row.unknown_option,
    )


def remote(row: FieldMapping) -> RemoteField:
    """The Airtable field of a mapping, as it was last read."""
    return RemoteField(row.remote_id, row.remote_name, row.remote_type, tuple(row.options), tuple(row.option_ids))


def _names(added: Field | None) -> dict[str, str]:
    """A choice that the business named itself is called in Airtable what it is called here."""
    return dict(added.choices) if added else {}


def key_field_id() -> str | None:
    """The Airtable field that holds our lead id."""
    row = FieldMapping.objects.pushed().filter(our_field=KEY_FIELD).first()
    return row.remote_id if row else None


def known_table_id(connection: airtable.Connection) -> str:
    """The same, empty while the table was never read."""
    found = AirtableBase.objects.filter(base_id=connection.base_id).values_list("table_id", flat=True).first()
    return found or ""


def merged_records() -> str:
    """What becomes of the records of leads that were merged into another: "mark" or "delete"."""
    return pausing.row().merged_records or settings.AIRTABLE_MERGED_RECORDS


def table_id(connection: airtable.Connection) -> str:
    return AirtableBase.objects.get(base_id=connection.base_id).table_id


def _follow(table: airtable.Table) -> None:
    known = {remote.id: remote for remote in table.fields}
    for row in FieldMapping.objects.all():
        if there := known.get(row.remote_id):
            row.value_map = _renamed(row, there)
            row.remote_name, row.remote_type, row.options = there.name, there.type, list(there.options)
            row.option_ids = list(there.option_ids)
        else:
            row.remote_type = GONE
        row.save(update_fields=["remote_name", "remote_type", "options", "option_ids", "value_map", "unknown_option"])


def _renamed(row: FieldMapping, remote: RemoteField) -> dict[str, str]:
    """The value map with the names that options have now: they are followed by id."""
    was = dict(zip(row.option_ids, row.options, strict=False))
    new = {was[key]: name for key, name in zip(remote.option_ids, remote.options, strict=False) if key in was}
    row.unknown_option = new.get(row.unknown_option, row.unknown_option)
    return {ours: new.get(theirs, theirs) for ours, theirs in row.value_map.items()}


def _propose(table: airtable.Table) -> None:
    rows = FieldMapping.objects.all()
    mapped, taken = {row.our_field for row in rows}, {row.remote_id for row in rows}
    ours = [field for key, field in our_fields().items() if key not in mapped]
    free = {remote.id: remote for remote in table.fields if remote.id not in taken}
    found = propose(ours, free.values())
    FieldMapping.objects.bulk_create(_as_row(pair.our_key, free[pair.field_id]) for pair in found)
    if MERGED_INTO in {pair.our_key for pair in found}:
        merged.push_again()


def _as_row(our_key: str, remote: RemoteField) -> FieldMapping:
    details: dict[str, Any] = {"remote_name": remote.name, "remote_type": remote.type, "options": list(remote.options)}
    details["option_ids"] = list(remote.option_ids)
    return FieldMapping(our_field=our_key, remote_id=remote.id, **details)
