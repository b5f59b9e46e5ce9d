"""What becomes of the Airtable records of leads that were merged into another: marked or deleted, as is set."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from crm_sync import airtable
from crm_sync.airtable_errors import AirtableError, ErrorKind
from crm_sync.cells import CellValue, Omit, Problem, payload_hash, to_cell
from crm_sync.mapping import MERGED_INTO, Target, compatible
from crm_sync.models import CrmRecord
from crm_sync.push import lead_url
from leads import pipeline
from leads.models import Lead

NO_RECORD = "Merged into another lead. It has no record in Airtable."
MARKED = "Merged into another lead. Its record stays and names that lead."
DELETED = "Merged into another lead. Its record was deleted from Airtable."
GONE = "Merged into another lead. Its record is no longer in Airtable."
ELSEWHERE = "Merged into another lead. Its record is in another Airtable table and stays as it is."
NO_FIELD = (
    "Merged into another lead. Its record stays as it is: the Airtable table has no text or URL field “Merged into”."
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of absorbed leads' records: `records` to save, leads whose record is to be forgotten, and one
    sentence for each lead."""

    records: list[CrmRecord]
    forgotten: list[int]
    notes: dict[int, str]


@dataclass(frozen=True, slots=True)
class Place:
    """The table that the records are in, its field that holds our lead id, and whether records are deleted there."""

    link: airtable.Connection
    base_id: str
    table_id: str
    key_field: str
    is_delete: bool


def mark_from(targets: Iterable[Target]) -> Target | None:
    """The field that takes the survivor's address, None when the table has none or it can't hold one."""
    for target in targets:
        if target.our_key == MERGED_INTO and compatible(target.kind, target.remote.type)[0]:
            return target
    return None


def settle(place: Place, leads: Sequence[Lead], *, target: Target | None) -> Settled:
    """Marks or deletes the records of absorbed leads, as is set. Safe to run twice.

    `target` is where the survivor's address goes; None when the table has no field for it. Nothing is sent for a lead
    that was never sent itself. Raises AirtableError.
    """
    notes = dict.fromkeys((lead.pk for lead in leads), NO_RECORD)
    if not leads:
        return Settled([], [], notes)
    # Not those that stand again since they were read: what undid their merge has asked for another push.
    rows = CrmRecord.objects.filter(lead__in=leads, lead__merged_into__isnull=False).select_related("lead__merged_into")
    here = [record for record in rows.order_by("pk") if not _is_elsewhere(record, place)]
    notes |= {_lead(record).pk: ELSEWHERE for record in rows if _is_elsewhere(record, place)}
    held = [record for record in here if _find(record, place)]
    done = _deleted(place, held) if place.is_delete else _marked(place, held, target)
    said = DELETED if place.is_delete else MARKED if target else NO_FIELD
    notes |= {_lead(record).pk: GONE for record in held} | {_lead(record).pk: said for record in done}
    kept = [] if place.is_delete else done
    forgotten = {_lead(record).pk for record in here} - {_lead(record).pk for record in kept}
    return Settled(kept, sorted(forgotten), notes)


def store(settled: Settled) -> None:
    """Writes what became of the records. A forgotten one is made anew, should its lead stand again."""
    CrmRecord.objects.bulk_update(
        settled.records,
        [
            "base_id",
            "table_id",
            "record_id",
            "payload_hash",
            "sent_fields",
            "state",
            "last_error",
            "notes",
            "synced_at",
        ],
    )
    CrmRecord.objects.filter(lead__in=settled.forgotten).delete()


def push_again() -> None:
    """Queues the absorbed leads that have records, as when the table got its field "Merged into"."""
    absorbed = CrmRecord.objects.filter(lead__merged_into__isnull=False).exclude(record_id="")
    pipeline.schedule(list(absorbed.values_list("lead", flat=True)), ["push"])


def _lead(record: CrmRecord) -> Lead:
    """The lead of a record that was found by it."""
    if record.lead is None:
        raise ValueError("an orphaned record")
    return record.lead


def _is_elsewhere(record: CrmRecord, place: Place) -> bool:
    return bool(record.record_id) and (record.base_id, record.table_id) != (place.base_id, place.table_id)


def _find(record: CrmRecord, place: Place) -> bool:
    """Whether there is a record. When its id never came back, as with a lost answer, it is looked for."""
    if not record.record_id:
        record.base_id, record.table_id = place.base_id, place.table_id
        record.record_id = "".join(_ids(record, place))
    return bool(record.record_id)


def _ids(record: CrmRecord, place: Place) -> list[str]:
    """The id of the record that carries our lead id, none when it isn't there. Raises AirtableError."""
    found = airtable.find_by_key(place.link, key_field=place.key_field, value=str(_lead(record).public_id))
    if len(found) > 1:
        raise AirtableError(ErrorKind.AMBIGUOUS, detail=f"Records: {', '.join(found)}")
    return found


def _deleted(place: Place, records: list[CrmRecord]) -> list[CrmRecord]:
    """Deletes them; returns those that were there. Should no answer come, nobody knows their ids any more: a lead that
    stands again gets a new record, and one that doesn't has its old one looked for by its Lead ID."""
    ids = {record.pk: record.record_id for record in records}
    for record in records:
        record.record_id = ""
    _announce(records)
    for record in records:
        record.record_id = ids[record.pk]
    return _carry_out(place, records, lambda those: airtable.delete(place.link, [ids[record.pk] for record in those]))


def _marked(place: Place, records: list[CrmRecord], target: Target | None) -> list[CrmRecord]:
    """Has them name the lead that theirs was merged into; returns those that are there."""
    cells = {record.pk: _cells(record, target) for record in records}
    unsaid = [record for record in records if target and record.payload_hash != payload_hash(cells[record.pk])]
    for record in unsaid:
        # By it the cell is emptied, should the lead stand again.
        record.sent_fields = sorted({*record.sent_fields, MERGED_INTO})
    _announce(unsaid)
    written = _carry_out(
        place,
        unsaid,
        lambda those: airtable.update(place.link, [(record.record_id, cells[record.pk]) for record in those]),
    )
    gone = {record.pk for record in unsaid} - {record.pk for record in written}
    there = [record for record in records if record.pk not in gone]
    for record in there:
        record.state, record.last_error, record.synced_at = CrmRecord.State.SYNCED, "", timezone.now()
        # Without a mark nothing tells that it isn't the record of a standing lead: should it be one again, it is sent.
        record.payload_hash = payload_hash(cells[record.pk]) if target else ""
        record.notes = [] if target else [NO_FIELD]
    return there


def _cells(record: CrmRecord, target: Target | None) -> dict[str, CellValue]:
    survivor = _lead(record).merged_into
    if target is None or survivor is None:
        return {}
    cell = to_cell(lead_url(survivor), kind=target.kind, remote=target.remote)
    return {} if isinstance(cell, Omit | Problem) else {target.remote.id: cell}


def _announce(records: list[CrmRecord]) -> None:
    """Before the call, so that a lead that stands again is sent anew even when no answer came."""
    for record in records:
        record.payload_hash = ""
    CrmRecord.objects.bulk_update(records, ["base_id", "table_id", "record_id", "payload_hash", "sent_fields"])


def _carry_out(place: Place, records: list[CrmRecord], write: Callable[[list[CrmRecord]], None]) -> list[CrmRecord]:
    """Writes to the records; returns those that are there. When one is gone Airtable refuses all, and what it says then
    may mean the whole table: so the records are looked for."""
    try:
        write(records)
    except AirtableError as error:
        if error.kind not in (ErrorKind.ROW_GONE, ErrorKind.NOT_FOUND):
            raise
        there = [record for record in records if record.record_id in _ids(record, place)]
        if len(there) == len(records):
            raise
        write(there)
        return there
    return records
