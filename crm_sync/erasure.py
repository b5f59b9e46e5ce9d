"""What is to go from the CRM: the records of people who were erased here, and of what turned out to be spam. The
worker deletes them there. A lead that comes back from quarantine is sent as a new one."""

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm_sync import airtable, connection, pausing
from crm_sync.airtable_errors import AirtableError, ErrorKind
from crm_sync.models import CrmRecord, CrmRecordQuerySet, SyncEvent
from crm_sync.pausing import STAGE
from leads import gates, pipeline
from leads.models.pipeline import STAGES

logger = logging.getLogger(__name__)

# Seconds after which no answer to what was sent before a lead was erased is on its way any more.
SETTLED = 60
SECOND_THOUGHTS = 600  # seconds for which a record waits after its lead was marked as spam: that may be taken back
AGAIN = 300  # seconds until records that could not be deleted are tried again
# Nobody can be reached now: what waits for the same service waits, too.
AWAY = (ErrorKind.RATE_LIMITED, ErrorKind.UNAVAILABLE)


def is_due() -> bool:
    """Whether there is anything to delete that can be deleted now."""
    return not gates.is_closed(STAGES[STAGE]) and _due().exists()


def erase_some() -> None:
    """Deletes up to ten of the records that are to go; the next shift goes on."""
    _notice()
    link = connection.current()
    if link is None or gates.is_closed(STAGES[STAGE]) or pausing.standing(mark=connection.mark(link)):
        return
    table = connection.known_table_id(link)
    if not table:
        return
    _let_go(CrmRecord.objects.unwanted().exclude(base_id=link.base_id, table_id=table))
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
    CrmRecord.objects.of_spam().filter(erase_at=None).update(erase_at=now + dt.timedelta(seconds=SECOND_THOUGHTS))
    CrmRecord.objects.exclude(erase_at=None).filter(lead__quarantined_at=None, lead__isnull=False).update(erase_at=None)


def _due() -> CrmRecordQuerySet:
    return CrmRecord.objects.unwanted().filter(Q(erase_at=None) | Q(erase_at__lte=timezone.now()))


def _erase(link: airtable.Connection, rows: list[CrmRecord]) -> None:
    these = CrmRecord.objects.filter(pk__in=[row.pk for row in rows])
    try:
        ids = [record_id for row in rows for record_id in _ids(link, row)]
        _delete(link, ids)
    except AirtableError as error:
        logger.warning("Records that are to be deleted wait: %s", error.kind)
        these.update(erase_at=timezone.now() + dt.timedelta(seconds=AGAIN))
        if error.kind in AWAY:
            gates.close(STAGES[STAGE], error.message)
        return
    _forget([row.pk for row in rows])
    SyncEvent.objects.bulk_create(SyncEvent(kind=SyncEvent.Kind.ERASED, detail=f"Record {each}") for each in ids)


@transaction.atomic
def _forget(pks: list[int]) -> None:
    """The leads that were taken out of quarantine just now are sent anew: they have no record any more."""
    rows = CrmRecord.objects.filter(pk__in=pks)
    back = list(rows.filter(lead__quarantined_at=None, lead__isnull=False).values_list("lead", flat=True))
    rows.delete()
    pipeline.schedule(back, [STAGE])


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
