"""The connection to Airtable: which base and table, the shared pace of calls, and the mapping kept to the table."""

import datetime as dt
import time
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm_sync import airtable, merged
from crm_sync.mapping import KEY_FIELD, MERGED_INTO, META_FIELDS, OurField, RemoteField, Target, propose
from crm_sync.models import AirtableBase, FieldMapping
from leads import known_fields
from leads.fields import FIELDS, Field

GAP = (
    0.25  # seconds between two calls to a base: four a second, below the five at which Airtable shuts for half a minute
)
LONGEST_QUEUE = 30  # seconds; a slot further off was given out by a clock that has been set back since
SCHEMA_AGE = 900  # seconds after which the table's fields are read again

NOT_CONNECTED = "Airtable is not connected. Set AIRTABLE_API_KEY and AIRTABLE_BASE_ID, then restart."


def current() -> airtable.Connection | None:
    """The connection that the environment describes; None when there is none."""
    if not (settings.AIRTABLE_API_KEY and settings.AIRTABLE_BASE_ID):
        return None
    return airtable.Connection(
        token=settings.AIRTABLE_API_KEY,
        base_id=settings.AIRTABLE_BASE_ID,
        table=settings.AIRTABLE_TABLE_NAME,
        endpoint_url=settings.AIRTABLE_ENDPOINT_URL,
        wait_turn=partial(wait_turn, settings.AIRTABLE_BASE_ID),
    )


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
    time.sleep(max((slot - timezone.now()).total_seconds(), 0))


def is_schema_fresh(connection: airtable.Connection) -> bool:
    """Whether the table's fields were read recently, for the table that is set now."""
    since = timezone.now() - dt.timedelta(seconds=SCHEMA_AGE)
    return AirtableBase.objects.filter(
        base_id=connection.base_id, table_name=connection.table, schema_read_at__gt=since
    ).exists()


def forget_schema(connection: airtable.Connection) -> None:
    """Has the table's fields read again before the next push, as when Airtable says that a field is gone."""
    AirtableBase.objects.filter(base_id=connection.base_id).update(schema_read_at=None)


def refresh_schema(connection: airtable.Connection) -> None:
    """Reads the table's fields and keeps the mapping to them: renamed fields follow by id, those that are gone are
    dropped, and what has no mapping yet gets a proposal by name and type.

    Raises:
        airtable.AirtableError: Airtable did not answer or refused.
    """
    table = airtable.fetch_schema(connection)
    with transaction.atomic():
        # One process at a time: all of them find at the first start that nothing was read yet.
        AirtableBase.objects.select_for_update().get_or_create(base_id=connection.base_id)
        _follow(table)
        _propose(table)
        AirtableBase.objects.update_or_create(
            base_id=connection.base_id,
            defaults={"table_id": table.id, "table_name": connection.table, "schema_read_at": timezone.now()},
        )


def our_fields(*, with_retired: bool = False) -> dict[str, OurField]:
    """What can be mapped by key: what every lead has, and the fields that the business added."""
    fields = (known_fields.every() if with_retired else known_fields.in_use()).values()
    return META_FIELDS | {each.key: OurField(each.key, each.label, each.kind) for each in fields}


def targets() -> list[Target]:
    """The active mapping, as `mapping.payload` takes it. A field that is no longer looked for is still pushed."""
    ours = our_fields(with_retired=True)
    return [
        _target(row, ours[row.our_field])
        for row in FieldMapping.objects.filter(is_active=True)
        if row.our_field in ours
    ]


def _target(row: FieldMapping, ours: OurField) -> Target:
    remote = RemoteField(row.remote_id, row.remote_name, row.remote_type, tuple(row.options))
    added = known_fields.known(row.our_field) if row.our_field not in FIELDS else None
    return Target(row.our_field, ours.kind, remote, _names(added) | row.value_map, label=ours.label if added else "")


def _names(added: Field | None) -> dict[str, str]:
    """A choice that the business named itself is called in Airtable what it is called here."""
    return dict(added.choices) if added else {}


def key_field_id() -> str | None:
    """The Airtable field that holds our lead id."""
    row = FieldMapping.objects.filter(our_field=KEY_FIELD, is_active=True).first()
    return row.remote_id if row else None


def table_id(connection: airtable.Connection) -> str:
    return AirtableBase.objects.get(base_id=connection.base_id).table_id


def _follow(table: airtable.Table) -> None:
    known = {remote.id: remote for remote in table.fields}
    FieldMapping.objects.exclude(remote_id__in=known).delete()
    for row in FieldMapping.objects.all():
        remote = known[row.remote_id]
        row.remote_name, row.remote_type, row.options = remote.name, remote.type, list(remote.options)
        row.save(update_fields=["remote_name", "remote_type", "options"])


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
    return FieldMapping(our_field=our_key, remote_id=remote.id, **details)
