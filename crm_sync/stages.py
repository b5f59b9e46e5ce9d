"""The push stage: leads to CRM records, ten at a time, never two records for one lead."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from crm_sync import airtable, connection, history, merged, meter, pausing, pull
from crm_sync import push as pushing
from crm_sync.airtable_errors import VALUE_ERRORS, AirtableError, ErrorKind
from crm_sync.delivery import ABOUT_A_RECORD, deliver
from crm_sync.mapping import Target
from crm_sync.models import AirtableBase, CrmConnection, CrmRecord
from crm_sync.push import Parcel
from leads.models import Lead
from leads.stage import Outcome, SwitchedOff, TryAgainLater

SAMPLE = "A sample lead; it is not sent to Airtable"
NO_KEY_FIELD = "The Airtable table needs a single line text field named “Lead ID”; by it a lead finds its record."
# Errors that say the table is not what we last read.
TABLE_CHANGED = ("UNKNOWN_FIELD_NAME", "INVALID_MULTIPLE_CHOICE_OPTIONS")
LOCKOUT = 31  # seconds: Airtable refuses everything for 30 after too many requests
OWNERS_TURN = 300  # seconds between looks while only the owner can mend it

Pause = CrmConnection.Pause
State = CrmRecord.State
# What stops the traffic as a whole until somebody mends it.
PAUSES = {
    ErrorKind.UNAUTHORIZED: Pause.TOKEN,
    ErrorKind.NOT_FOUND: Pause.TABLE,
    ErrorKind.MONTHLY_LIMIT: Pause.MONTHLY,
}
HELD = {
    State.GONE: "Its record was deleted in Airtable. Choose whether it is made again.",
    State.LEFT: "Left out of Airtable, as staff chose when its record was deleted there.",
    State.TWICE: "Several Airtable records carry its Lead ID. Choose which one is right.",
}


def airtable_gate() -> str | None:
    """Why nothing can be sent now, in one sentence; reads the table's fields again when that was long ago."""
    link = connection.current()
    if link is None:
        return connection.not_connected()
    if paused := pausing.standing(mark=connection.mark(link)):
        raise _shut(paused.pause_reason, after=OWNERS_TURN, is_off=paused.pause == Pause.STAFF)
    if not connection.is_schema_fresh(link):
        try:
            connection.refresh_schema(link)
        except AirtableError as error:
            raise _later(error, link) from error
    if wrong := connection.misfits():
        raise _paused(Pause.FIELD, " ".join(wrong), link)
    if connection.key_field_id() is None:
        return NO_KEY_FIELD
    _slow_down(link)
    return None


def _shut(reason: str, *, after: float, is_off: bool) -> TryAgainLater:
    if is_off:
        return SwitchedOff(reason, after=after)
    return TryAgainLater(reason, after=after, is_service_down=True)


def _slow_down(link: airtable.Connection) -> None:
    """Once the month's calls run short, batches come so far apart that the rest lasts. Raises SwitchedOff."""
    used = meter.calls(link.base_id)
    gap = meter.pause_between(used)
    last = AirtableBase.objects.filter(base_id=link.base_id).values_list("next_slot", flat=True).first()
    if gap and last and (rest := (last + dt.timedelta(seconds=gap) - timezone.now()).total_seconds()) > 0:
        said = (
            f"Slowed down: {used.used:,} of this month’s {used.limit:,} Airtable calls are used up ({used.percent} %)."
        )
        raise SwitchedOff(said, after=rest)


@dataclass(slots=True)
class _Table:
    """The table that is written to, and how. `is_looked_at`: its fields were read again after a refusal."""

    link: airtable.Connection
    key: str
    targets: list[Target]
    base_id: str
    table_id: str
    is_looked_at: bool = False

    @property
    def where(self) -> dict[str, str]:
        return {"base_id": self.base_id, "table_id": self.table_id}

    def write(self, parcels: Sequence[Parcel]) -> list[str]:
        known = {str(parcel.lead.public_id): parcel.record_id for parcel in parcels if parcel.record_id}
        try:
            return airtable.upsert(
                self.link,
                [parcel.cells for parcel in parcels],
                key_field=self.key,
                known=known,
                is_typecast=any(parcel.is_adding for parcel in parcels),
            )
        except AirtableError as error:
            self._look_again(error)
            raise

    def _look_again(self, error: AirtableError) -> None:
        """Whether the refusal is because the table is not what it was. Raises TryAgainLater when it has changed."""
        is_worth_it = error.type in TABLE_CHANGED or not connection.was_just_read(self.link)
        if error.type not in VALUE_ERRORS or self.is_looked_at or not is_worth_it:
            return
        self.is_looked_at = True
        connection.refresh_schema(self.link)
        if connection.targets() != self.targets:
            raise TryAgainLater("The Airtable table has changed.", after=0, is_service_down=True) from error


def push(leads: Sequence[Lead]) -> Outcome:
    """Upserts the leads' records by lead id. Unchanged leads cost no call; samples stay out of the owner's base.

    Leads that were folded into another are never written as if they stood: see `crm_sync.merged`.
    """
    table = _table()
    real = [lead for lead in leads if not lead.is_sample]
    held = _held(real)
    try:
        absorbed = [lead for lead in real if lead.merged_into_id]
        is_delete = connection.merged_records() == CrmConnection.Merged.DELETE
        place = merged.Place(table.link, key_field=table.key, is_delete=is_delete, **table.where)
        settled = merged.settle(place, absorbed, target=merged.mark_from(table.targets))
        standing = [lead for lead in real if not lead.merged_into_id and lead.pk not in held]
        parcels = _parcels(standing, table)
        pushing.announce(parcels, **table.where)
        done = deliver(parcels, table.write)
    except AirtableError as error:
        return _refused(error, leads=leads, link=table.link)
    notes = {lead.pk: SAMPLE if lead.is_sample else "Unchanged" for lead in leads}
    notes |= {parcel.lead.pk: "Sent" for parcel in done.sent} | settled.notes | held
    failed = {parcel.lead.pk: history.explain(parcel, error, table.targets) for parcel, error in done.refused}

    def save() -> None:
        merged.store(settled)
        pushing.record_success(done.sent, done.record_ids, **table.where)
        for parcel, error in done.refused:
            _record_refusal(parcel.lead, error, failed[parcel.lead.pk])
        history.remember(done, table.targets)
        if any(parcel.is_adding for parcel in done.sent):
            connection.forget_schema(table.link)

    return Outcome(save=save, notes=notes, failed=failed, again={parcel.lead.pk for parcel in done.untried})


def _parcels(leads: Sequence[Lead], table: _Table) -> list[Parcel]:
    """What is to be sent. Before a field is written that people change in Airtable, too, it is read there: what they
    wrote since we last looked must not be lost. Raises AirtableError."""
    fields = [each for each in pull.backs() if each.is_sent]
    shared = {each.target.remote.id for each in fields}
    found = pushing.parcels(leads, targets=table.targets, shared=shared, **table.where)
    known = [parcel.record_id for parcel in found if parcel.record_id and shared.intersection(parcel.changed)]
    if not known:
        return found
    records = airtable.fetch_records(table.link, known, field_ids=sorted(shared))
    if not pull.take_in(records, fields, base_id=table.base_id, table_id=table.table_id):
        return found
    fresh = Lead.objects.filter(pk__in=[lead.pk for lead in leads]).prefetch_related("submissions").order_by("pk")
    return pushing.parcels(list(fresh), targets=table.targets, shared=shared, **table.where)


def _table() -> _Table:
    link, key = connection.current(), connection.key_field_id()
    if link is None or key is None:
        raise TryAgainLater(connection.not_connected(), is_service_down=True)
    return _Table(link, key, connection.targets(), base_id=link.base_id, table_id=connection.table_id(link))


def _held(leads: Sequence[Lead]) -> dict[int, str]:
    """Leads that wait for a person's choice, and which."""
    rows = CrmRecord.objects.filter(lead__in=leads, lead__merged_into=None, state__in=list(HELD))
    return {pk: HELD[State(state)] for pk, state in rows.values_list("lead", "state")}


def _record_refusal(lead: Lead, error: AirtableError, reason: str) -> None:
    states = {ErrorKind.ROW_GONE: State.GONE, ErrorKind.AMBIGUOUS: State.TWICE}
    pushing.record_failure(lead, reason, state=states.get(error.kind, State.FAILED), several=error.records)


def _refused(error: AirtableError, *, leads: Sequence[Lead], link: airtable.Connection) -> Outcome:
    if error.kind not in ABOUT_A_RECORD:
        raise _later(error, link) from error
    if len(leads) > 1:
        raise error  # the runner tries them one by one, so that one bad record holds up none of the others
    lead, reason = leads[0], history.sentence(error)
    return Outcome(save=lambda: _record_refusal(lead, error, reason), failed={lead.pk: reason})


def _later(error: AirtableError, link: airtable.Connection) -> TryAgainLater:
    """The whole stage waits: nothing is wrong with the lead."""
    if error.kind in PAUSES:
        detail = f" {error.detail}" if error.kind is ErrorKind.NOT_FOUND else ""
        return _paused(PAUSES[error.kind], f"{error.message}{detail}", link)
    wait = LOCKOUT if error.kind is ErrorKind.RATE_LIMITED else None
    return TryAgainLater(error.message, after=wait, is_service_down=True)


def _paused(kind: Pause, reason: str, link: airtable.Connection) -> TryAgainLater:
    until = meter.next_month() if kind is Pause.MONTHLY else None
    if until:
        reason = f"{reason} It goes on by itself on {until:%-d %B}, when a new month’s calls begin."
    pausing.pause(kind, reason, mark=connection.mark(link), until=until)
    after = meter.until_next_month() if kind is Pause.MONTHLY else OWNERS_TURN
    return TryAgainLater(reason, after=after, is_service_down=True)
