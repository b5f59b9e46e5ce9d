"""Leads whose record is gone from Airtable, or is not the only one there: they stop, and a person decides."""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q

from crm_sync.airtable_errors import AirtableError, ErrorKind
from crm_sync.models import CrmRecord, CrmRecordQuerySet, SyncEvent

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
State = CrmRecord.State


def flag_missing(base_id: str, table_id: str, there: Collection[str], since: dt.datetime) -> None:
    """Those whose record is not among these. Not those that were sent while the list was read."""
    rows = _standing(base_id, table_id).filter(synced_at__lt=since)
    _flag_gone(row for row in rows.iterator() if row.record_id not in there)


def flag_deleted(base_id: str, table_id: str, record_ids: Collection[str]) -> None:
    """Those whose record was deleted."""
    _flag_gone(_standing(base_id, table_id).filter(record_id__in=list(record_ids)))


def flag_doubled(seen: Mapping[str, str]) -> None:
    """Those whose Lead ID a second record carries, as when somebody duplicated the row. `seen`: Lead IDs by record."""
    ids: dict[str, set[str]] = {}
    for record_id, key in seen.items():
        if UUID.fullmatch(key):
            ids.setdefault(key, set()).add(record_id)
    rows = CrmRecord.objects.filter(lead_public_id__in=list(ids), lead__isnull=False).exclude(state=State.TWICE)
    for row in rows.exclude(record_id=""):
        found = sorted(ids[str(row.lead_public_id)] | {row.record_id})
        if len(found) > 1:
            CrmRecord.objects.filter(pk=row.pk).update(state=State.TWICE, several=found, payload_hash="")
            SyncEvent.objects.create(
                lead_id=row.lead_id, kind=SyncEvent.Kind.TWICE, detail=f"Records: {', '.join(found)}"
            )


def _standing(base_id: str, table_id: str) -> CrmRecordQuerySet:
    rows = CrmRecord.objects.filter(base_id=base_id, table_id=table_id, lead__merged_into=None, state=State.SYNCED)
    return rows.exclude(Q(record_id="") | Q(lead=None))


def _flag_gone(rows: Iterable[CrmRecord]) -> None:
    gone = list(rows)
    message = AirtableError(ErrorKind.ROW_GONE).message
    CrmRecord.objects.filter(pk__in=[row.pk for row in gone]).update(
        state=State.GONE, last_error=message, payload_hash=""
    )
    SyncEvent.objects.bulk_create(SyncEvent(lead_id=row.lead_id, kind=SyncEvent.Kind.GONE) for row in gone)
