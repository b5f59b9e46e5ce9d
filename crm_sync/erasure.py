"""Erasing a person erases their records in the CRM: what erased leads left behind is deleted there, in the worker."""

import datetime as dt
import logging

from django.db.models import Q
from django.utils import timezone

from crm_sync import airtable, connection, pausing
from crm_sync.airtable_errors import AirtableError, ErrorKind
from crm_sync.models import CrmRecord, CrmRecordQuerySet, SyncEvent
from crm_sync.pausing import STAGE
from leads import gates
from leads.models.pipeline import STAGES

logger = logging.getLogger(__name__)

# Seconds after which no answer to what was sent before a lead was erased is on its way any more.
SETTLED = 60
AGAIN = 300  # seconds until records that could not be deleted are tried again
# Nobody can be reached now: what waits for the same service waits, too.
AWAY = (ErrorKind.RATE_LIMITED, ErrorKind.UNAVAILABLE)


def is_due() -> bool:
    """Whether there is anything to delete that can be deleted now."""
    return not gates.is_closed(STAGES[STAGE]) and _due().exists()


def erase_some() -> None:
    """Deletes up to ten records that erased leads left behind; the next shift goes on."""
    _notice()
    link = connection.current()
    if link is None or gates.is_closed(STAGES[STAGE]) or pausing.standing(mark=connection.mark(link)):
        return
    table = connection.known_table_id(link)
    if not table:
        return
    _let_go(CrmRecord.objects.orphaned().exclude(base_id=link.base_id, table_id=table))
    rows = list(_due().exclude(erase_at=None).order_by("pk")[: airtable.MAX_ROWS])
    if rows:
        _erase(link, rows)


def _let_go(elsewhere: CrmRecordQuerySet) -> None:
    """What was never sent leaves nothing; what is in a table that isn't connected any more can't be deleted from here,
    and the history says so."""
    ids = elsewhere.exclude(record_id="").values_list("record_id", flat=True)
    said = "Record {} is in a table that is no longer connected. Delete it there."
    SyncEvent.objects.bulk_create(SyncEvent(kind=SyncEvent.Kind.ERASED, detail=said.format(each)) for each in ids)
    elsewhere.delete()


def _notice() -> None:
    """When the id never came back, an answer may still be on its way."""
    now, new = timezone.now(), CrmRecord.objects.orphaned().filter(erase_at=None)
    new.exclude(record_id="").update(erase_at=now)
    new.update(erase_at=now + dt.timedelta(seconds=SETTLED))


def _due() -> CrmRecordQuerySet:
    return CrmRecord.objects.orphaned().filter(Q(erase_at=None) | Q(erase_at__lte=timezone.now()))


def _erase(link: airtable.Connection, rows: list[CrmRecord]) -> None:
    these = CrmRecord.objects.filter(pk__in=[row.pk for row in rows])
    try:
        ids = [record_id for row in rows for record_id in _ids(link, row)]
        _delete(link, ids)
    except AirtableError as error:
        logger.warning("Records of erased leads wait: %s", error.kind)
        these.update(erase_at=timezone.now() + dt.timedelta(seconds=AGAIN))
        if error.kind in AWAY:
            gates.close(STAGES[STAGE], error.message)
        return
    these.delete()
    SyncEvent.objects.bulk_create(SyncEvent(kind=SyncEvent.Kind.ERASED, detail=f"Record {each}") for each in ids)


def _ids(link: airtable.Connection, row: CrmRecord) -> list[str]:
    """The record's id; when it never came back, those of all records that carry the lead's id."""
    key = connection.key_field_id()
    if row.record_id or not (row.lead_public_id and key):
        return [row.record_id] if row.record_id else []
    return airtable.find_by_key(link, key_field=key, value=str(row.lead_public_id))


def _delete(link: airtable.Connection, ids: list[str]) -> None:
    """Those that people deleted already are gone as well."""
    for at in range(0, len(ids), airtable.MAX_ROWS):
        some = ids[at : at + airtable.MAX_ROWS]
        try:
            airtable.delete(link, some)
        except AirtableError as error:
            if error.kind is not ErrorKind.ROW_GONE:
                raise
            if len(some) > 1:
                for each in some:
                    _delete(link, [each])
