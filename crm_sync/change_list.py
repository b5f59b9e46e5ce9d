"""Airtable's own list of what happens to the table: asked from where we left off, one call for up to fifty changes.

Airtable calls it a webhook, but needs to call nobody. It ends when it isn't asked for seven days, as while baseCamp was
switched off: then another is begun, and all records are compared once.
"""

import datetime as dt
import logging

from django.utils import timezone

from crm_sync import airtable, connection, pausing, pull, strays
from crm_sync.airtable import Remote
from crm_sync.airtable_errors import AirtableError, ErrorKind
from crm_sync.models import AirtableBase
from leads import pipeline
from leads.models.pipeline import STAGES

logger = logging.getLogger(__name__)

ASK_AGAIN = dt.timedelta(days=1)  # after Airtable gave us no list: the token may not, or the base has too many
PAGE_TIME = 60  # seconds that one call may take


def is_kept(link: airtable.Connection, base: AirtableBase, table_id: str) -> bool:
    """Whether Airtable keeps a list of this table for us; begins one if it doesn't yet and would. What happened before
    isn't on it, so all records are compared next. Raises AirtableError."""
    if base.webhook_id and base.webhook_table == table_id:
        return True
    now = timezone.now()
    if base.webhook_refused_at and base.webhook_refused_at > now - ASK_AGAIN:
        return False
    try:
        base.webhook_id = airtable.create_webhook(link, table_id)
    except AirtableError as error:
        if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.INVALID):
            raise
        logger.info("Airtable keeps no list of changes for us: %s", error.type)
        AirtableBase.objects.filter(pk=base.pk).update(webhook_refused_at=now)
        return False
    base.webhook_table, base.webhook_cursor, base.compared_at = table_id, 1, None
    base.save(update_fields=["webhook_id", "webhook_table", "webhook_cursor", "compared_at"])
    return True


def take_in(link: airtable.Connection, base: AirtableBase, table_id: str) -> None:
    """Takes over what is on the list since the last time. Raises AirtableError."""
    fields, key = pull.backs(), connection.key_field_id()
    read_at = timezone.now()
    try:
        cells, gone, cursor = _news(link, base, table_id)
    except AirtableError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            forget(base)
        raise
    records = [Remote(record_id, news) for record_id, news in cells.items() if record_id not in gone]
    where = {"base_id": link.base_id, "table_id": table_id}
    pulled = pull.take_in(records, fields, read_at=read_at, is_partial=True, **where)
    strays.flag_deleted(record_ids=gone, **where)
    strays.flag_doubled({record.id: str(record.cells[key]) for record in records if key and record.cells.get(key)})
    if not pulled.outrun:  # else the same once more: what we wrote meanwhile is on the list then
        AirtableBase.objects.filter(pk=base.pk).update(webhook_cursor=cursor, pulled_at=read_at)


def _news(
    link: airtable.Connection, base: AirtableBase, table_id: str
) -> tuple[dict[str, dict[str, object]], set[str], int]:
    """Cells by record, deleted records, and the next cursor."""
    cells: dict[str, dict[str, object]] = {}
    gone: set[str] = set()
    cursor, is_more = base.webhook_cursor, True
    while is_more:
        pipeline.beat(STAGES[pausing.STAGE].cluster, busy_for=PAGE_TIME)
        changes = airtable.fetch_changes(link, base.webhook_id, table_id=table_id, cursor=cursor)
        for record_id, news in changes.cells.items():
            cells.setdefault(record_id, {}).update(news)
        gone |= changes.gone
        cursor, is_more = changes.cursor, changes.is_more
    return cells, gone, cursor


def forget(base: AirtableBase) -> None:
    """The list has ended. At once another is begun, and all records are compared."""
    base.webhook_id, base.compared_at, base.pull_due_at = "", None, timezone.now()
    base.save(update_fields=["webhook_id", "compared_at", "pull_due_at"])
