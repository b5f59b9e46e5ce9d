"""The push stage: leads to Airtable records, ten at a time, never two records for one lead."""

import datetime as dt
from collections.abc import Sequence
from functools import partial

from django.utils import timezone

from crm_sync import airtable, connection, merged
from crm_sync import push as pushing
from crm_sync.airtable import AirtableError, ErrorKind
from leads.models import Lead
from leads.pipeline import Outcome, TryAgainLater

SAMPLE = "A sample lead; it is not sent to Airtable"
NO_KEY_FIELD = "The Airtable table needs a single line text field named “Lead ID”; by it a lead finds its record."
# Errors that say the table is not what we last read: its fields are read again before the next try.
TABLE_CHANGED = ("UNKNOWN_FIELD_NAME", "INVALID_MULTIPLE_CHOICE_OPTIONS")
LOCKOUT = 31  # seconds: Airtable refuses everything for 30 after too many requests
OWNERS_TURN = 300  # seconds between tries while only the owner can mend it


def airtable_gate() -> str | None:
    """Why nothing can be sent now, in one sentence; reads the table's fields again when that was long ago."""
    link = connection.current()
    if link is None:
        return connection.NOT_CONNECTED
    if not connection.is_schema_fresh(link):
        try:
            connection.refresh_schema(link)
        except AirtableError as error:
            raise _later(error) from error
    return None if connection.key_field_id() else NO_KEY_FIELD


def push(leads: Sequence[Lead]) -> Outcome:
    """Upserts the leads' records by lead id. Unchanged leads cost no call; samples stay out of the owner's base.

    Leads that were folded into another are never written as if they stood: see `crm_sync.merged`.
    """
    link, key = connection.current(), connection.key_field_id()
    if link is None or key is None:
        raise TryAgainLater(connection.NOT_CONNECTED, is_service_down=True)
    where = {"base_id": link.base_id, "table_id": connection.table_id(link)}
    targets = connection.targets()
    real = [lead for lead in leads if not lead.is_sample]
    try:
        absorbed = [lead for lead in real if lead.merged_into_id]
        settled = merged.settle(merged.Place(link, key_field=key, **where), absorbed, target=merged.mark_from(targets))
        standing = [lead for lead in real if not lead.merged_into_id]
        sent = pushing.parcels(standing, targets=targets, **where)
        pushing.announce(sent, **where)
        record_ids = airtable.upsert(link, [parcel.cells for parcel in sent], key_field=key)
    except AirtableError as error:
        return _refused(error, leads=leads, link=link)
    notes = {lead.pk: SAMPLE if lead.is_sample else "Unchanged" for lead in leads}
    notes |= {parcel.lead.pk: "Sent" for parcel in sent} | settled.notes

    def save() -> None:
        merged.store(settled)
        pushing.record_success(sent, record_ids, **where)

    return Outcome(save=save, notes=notes)


def _refused(error: AirtableError, *, leads: Sequence[Lead], link: airtable.Connection) -> Outcome:
    if error.type in TABLE_CHANGED:
        connection.forget_schema(link)
        raise TryAgainLater(error.message, after=2) from error
    if error.kind not in (ErrorKind.INVALID, ErrorKind.AMBIGUOUS, ErrorKind.ROW_GONE):
        raise _later(error) from error
    if len(leads) > 1:
        raise error  # the runner tries them one by one, so that one bad record holds up none of the others
    reason = f"{error.message} Airtable says: {error.detail}" if error.detail else error.message
    return Outcome(save=partial(pushing.record_failure, leads[0], reason), failed={leads[0].pk: reason})


def _later(error: AirtableError) -> TryAgainLater:
    """The whole stage waits: nothing is wrong with the lead."""
    waits: dict[ErrorKind, float | None] = {
        ErrorKind.RATE_LIMITED: LOCKOUT,
        ErrorKind.MONTHLY_LIMIT: _until_next_month(),
        ErrorKind.UNAUTHORIZED: OWNERS_TURN,
        ErrorKind.NOT_FOUND: OWNERS_TURN,
    }
    detail = f" {error.detail}" if error.kind is ErrorKind.NOT_FOUND else ""
    return TryAgainLater(f"{error.message}{detail}", after=waits.get(error.kind), is_service_down=True)


def _until_next_month() -> float:
    now = timezone.now()
    first = (now.replace(day=1) + dt.timedelta(days=32)).replace(day=1, hour=0, minute=5)
    return (first - now).total_seconds()
