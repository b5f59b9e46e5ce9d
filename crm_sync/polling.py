"""When to look for what changed in Airtable, and looking: as often as the plan's calls allow.

Where calls are few, Airtable's own list of changes is asked (`crm_sync.change_list`): one call tells all, deleted
records too. Where they are not, the records that were modified are read, and all of them once a day.
"""

import datetime as dt
import logging

from django.db.models import F, Q
from django.utils import timezone

from crm_sync import airtable, change_list, connection, pausing, pull, strays
from crm_sync.airtable_errors import AirtableError, ErrorKind
from crm_sync.models import AirtableBase, FieldMapping
from leads import gates, pipeline
from leads.models.pipeline import STAGES

logger = logging.getLogger(__name__)

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
    try:
        _take_in(link, table, bases.get(), now)
    except AirtableError as error:
        logger.warning("Looking for changes in Airtable: %s", error.kind)
        if error.kind in (ErrorKind.RATE_LIMITED, ErrorKind.UNAVAILABLE):
            gates.close(STAGES[pausing.STAGE], error.message, for_seconds=31 if error.kind == "rate_limited" else None)


def _take_in(link: airtable.Connection, table: str, base: AirtableBase, now: dt.datetime) -> None:
    is_listed = _are_calls_few() and change_list.is_kept(link, base, table)
    if is_listed and base.compared_at is not None:
        change_list.take_in(link, base, table)
        return
    since = None if _is_full(base, now) or base.pulled_at is None else base.pulled_at - OVERLAP
    if _take_all(link, table, since):
        compared_at = now if since is None else F("compared_at")
        AirtableBase.objects.filter(pk=base.pk).update(pulled_at=now, compared_at=compared_at)


def _due() -> Q:
    return Q(pull_due_at__lte=timezone.now())


def _are_calls_few() -> bool:
    limit = pausing.row().monthly_limit
    return limit is not None and limit < LEAST_FOR_FULL


def _is_full(base: AirtableBase, now: dt.datetime) -> bool:
    return base.compared_at is None or (not _are_calls_few() and base.compared_at < now - FULL)


def _take_all(link: airtable.Connection, table: str, since: dt.datetime | None) -> bool:
    """Whether nothing was left for the next look. Raises AirtableError."""
    fields = pull.backs()
    key = connection.key_field_id()
    if not fields or key is None:
        return False
    wanted = [key, *(each.target.remote.id for each in fields)]
    seen: dict[str, str] = {}
    began = read_at = timezone.now()
    outrun = 0
    for page in airtable.fetch_changed(link, field_ids=wanted, since=since):
        pipeline.beat(STAGES[pausing.STAGE].cluster, busy_for=PAGE_TIME)
        outrun += pull.take_in(page, fields, base_id=link.base_id, table_id=table, read_at=read_at).outrun
        seen |= {record.id: str(record.cells.get(key, "")) for record in page}
        read_at = timezone.now()
    if since is None:
        strays.flag_missing(link.base_id, table, set(seen), began)
    strays.flag_doubled(seen)
    return not outrun
