"""When to look for what changed in Airtable, and looking: as often as the plan's calls allow."""

import datetime as dt
import logging
import re

from django.db.models import F, Q
from django.utils import timezone

from crm_sync import airtable, connection, pausing, pull
from crm_sync.airtable_errors import AirtableError, ErrorKind
from crm_sync.models import AirtableBase, CrmRecord, FieldMapping, SyncEvent
from leads import gates, pipeline
from leads.models.pipeline import STAGES

logger = logging.getLogger(__name__)

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
SHORTEST = 60  # seconds between two looks
SHARE = 0.25  # of the month's calls may go into looking
MONTH = 30 * 86_400
OVERLAP = dt.timedelta(minutes=10)  # for clocks that differ, and for what Airtable is slow to count as changed
FULL = dt.timedelta(days=1)  # between two looks at every record
PAGE_TIME = 60  # seconds that one page may take
LEAST_FOR_FULL = 50_000  # calls a month, from which on all records are looked at once a day


def interval() -> float:
    """Seconds between two looks: one, unless the plan's calls wouldn't last."""
    limit = pausing.row().monthly_limit
    return max(SHORTEST, MONTH / (limit * SHARE)) if limit else SHORTEST


def is_due() -> bool:
    if not FieldMapping.objects.pulled().exists() or gates.is_closed(STAGES[pausing.STAGE]):
        return False
    link = connection.current()
    return link is not None and AirtableBase.objects.filter(base_id=link.base_id).filter(_due()).exists()


def look() -> None:
    """Takes over what changed since the last look. One worker at a time; what breaks off is looked at again."""
    link = connection.current()
    if link is None or not is_due() or pausing.standing(mark=connection.mark(link)):
        return
    table = connection.known_table_id(link)
    bases = AirtableBase.objects.filter(base_id=link.base_id)
    now = timezone.now()
    if not table or not bases.filter(_due()).update(pull_due_at=now + dt.timedelta(seconds=interval())):
        return
    base = bases.get()
    is_full = _is_full(base, now)
    since = None if is_full or base.pulled_at is None else base.pulled_at - OVERLAP
    try:
        _take_all(link, table, since)
    except AirtableError as error:
        logger.warning("Looking for changes in Airtable: %s", error.kind)
        if error.kind in (ErrorKind.RATE_LIMITED, ErrorKind.UNAVAILABLE):
            gates.close(STAGES[pausing.STAGE], error.message, for_seconds=31 if error.kind == "rate_limited" else None)
        return
    bases.update(pulled_at=now, compared_at=now if since is None else F("compared_at"))


def _due() -> Q:
    return Q(pull_due_at__lte=timezone.now())


def _is_full(base: AirtableBase, now: dt.datetime) -> bool:
    limit = pausing.row().monthly_limit
    is_affordable = limit is None or limit >= LEAST_FOR_FULL
    return base.compared_at is None or (is_affordable and base.compared_at < now - FULL)


def _take_all(link: airtable.Connection, table: str, since: dt.datetime | None) -> None:
    fields = pull.backs()
    key = connection.key_field_id()
    if not fields or key is None:
        return
    wanted = [key, *(each.target.remote.id for each in fields)]
    seen: dict[str, str] = {}
    began = timezone.now()
    for page in airtable.fetch_changed(link, field_ids=wanted, since=since):
        pipeline.beat(STAGES[pausing.STAGE].cluster, busy_for=PAGE_TIME)
        pull.take_in(page, fields, base_id=link.base_id, table_id=table)
        seen |= {record.id: str(record.cells.get(key, "")) for record in page}
    if since is None:
        _flag_missing(link.base_id, table, set(seen), began)
    _flag_doubled(seen)


def _flag_missing(base_id: str, table: str, there: set[str], began: dt.datetime) -> None:
    """Leads whose record is no longer in Airtable. Not those that were sent while the list was read."""
    rows = CrmRecord.objects.filter(
        base_id=base_id, table_id=table, lead__merged_into=None, state=CrmRecord.State.SYNCED, synced_at__lt=began
    ).exclude(Q(record_id="") | Q(lead=None))
    gone = [row for row in rows.iterator() if row.record_id not in there]
    for row in gone:
        error = AirtableError(ErrorKind.ROW_GONE)
        CrmRecord.objects.filter(pk=row.pk).update(
            state=CrmRecord.State.GONE, last_error=error.message, payload_hash=""
        )
    SyncEvent.objects.bulk_create(SyncEvent(lead_id=row.lead_id, kind=SyncEvent.Kind.GONE) for row in gone)


def _flag_doubled(seen: dict[str, str]) -> None:
    """Leads whose id a second record carries, as when somebody duplicated the row in Airtable."""
    ids: dict[str, list[str]] = {}
    for record_id, key in seen.items():
        if UUID.fullmatch(key):
            ids.setdefault(key, []).append(record_id)
    for key, records in ids.items():
        if len(records) > 1:
            row = CrmRecord.objects.filter(lead_public_id=key, lead__isnull=False).exclude(state=CrmRecord.State.TWICE)
            if row.update(state=CrmRecord.State.TWICE, several=records, payload_hash=""):
                SyncEvent.objects.create(
                    lead_id=CrmRecord.objects.values_list("lead", flat=True).get(lead_public_id=key),
                    kind=SyncEvent.Kind.TWICE, detail=f"Records: {', '.join(records)}",
                )  # fmt: skip
