"""What people change in Airtable comes back, field by field, as the mapping says.

A field was changed there when its cell differs from what both sides last agreed on (`CrmRecord.agreed`), so our own
writes never come back. Where ours changed since then, too, the mapping says whose value stands; the other one stays as
a suggestion, and the conflict is listed.
"""

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm_sync import connection, meter
from crm_sync.airtable import Remote
from crm_sync.cells import Omit, Problem, digest, to_cell
from crm_sync.mapping import OWNER, STATUS, Target
from crm_sync.models import CrmRecord, FieldMapping, SyncConflict, SyncEvent
from crm_sync.push import parcels, values_of
from crm_sync.reading import Unreadable, from_cell
from leads import facts, known_fields, merging, owners, pipeline
from leads.models import Lead
from leads.status import WrongTransition, change_status
from leads.values import FoundValue

ACTOR = "Airtable"
Winner = FieldMapping.Winner


@dataclass(frozen=True, slots=True)
class Back:
    """A field that comes back: where from, whether we also write it, and whose value stands in a conflict."""

    target: Target
    is_sent: bool
    winner: str


@dataclass(slots=True)
class Pulled:
    """How many leads changed, how many fields were changed on both sides, and how many records were left alone because
    they were written to after they were read: look again."""

    leads: int = 0
    conflicts: int = 0
    outrun: int = 0

    def __bool__(self) -> bool:
        return bool(self.leads or self.conflicts)


@dataclass(slots=True)
class _Change:
    taken: list[str] = field(default_factory=list)  # names of the Airtable fields
    agreed: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    is_push_due: bool = False
    conflicts: int = 0


def backs() -> list[Back]:
    """The fields that come back."""
    rows = {row.our_field: row for row in FieldMapping.objects.pulled()}
    both = FieldMapping.Direction.BOTH
    return [
        Back(target, rows[target.our_key].direction == both, rows[target.our_key].winner)
        for target in connection.targets(rows.values())
    ]


def take_in(
    records: Sequence[Remote],
    fields: Sequence[Back],
    *,
    base_id: str,
    table_id: str,
    read_at: dt.datetime | None = None,
    is_partial: bool = False,
) -> Pulled:
    """Compares the records with what we know of them and takes over what changed there. Safe to run twice.

    `read_at`: when reading them began, where they may be sent meanwhile; `is_partial`: they tell only the cells that
    changed.
    """
    pulled = Pulled()
    told = {record.id: record.cells for record in records}
    with transaction.atomic():
        rows = CrmRecord.objects.filter(
            base_id=base_id, table_id=table_id, record_id__in=list(told), lead__merged_into=None, lead__isnull=False
        )
        cells = {
            row.record_id: (row.agreed | dict(told[row.record_id])) if is_partial else told[row.record_id]
            for row in rows
        }
        news = [row for row in rows if _is_news(row, cells[row.record_id], fields)]
        held = {row.lead_id: row for row in news if not _is_outrun(row, read_at)}
        pulled.outrun = len(news) - len(held)
        leads = list(Lead.objects.select_for_update().filter(pk__in=list(held)).order_by("pk"))
        values = values_of(leads)
        for lead in leads:
            row = held[lead.pk]
            change = _take_lead(lead, row, cells[row.record_id], values[lead.pk], fields)
            _close(lead, row, change)
            pulled.leads += bool(change.taken)
            pulled.conflicts += change.conflicts
        meter.count(pulled=pulled.leads)
        _settle(leads, base_id=base_id, table_id=table_id)
    return pulled


def _is_outrun(row: CrmRecord, read_at: dt.datetime | None) -> bool:
    """Whether we wrote to the record after it was read: what was read would pass for a change made there."""
    return read_at is not None and row.synced_at is not None and row.synced_at >= read_at


def _is_news(row: CrmRecord, cells: Mapping[str, object], fields: Sequence[Back]) -> bool:
    return any(_theirs(cells, each) != row.agreed.get(each.target.remote.id) for each in fields)


def _theirs(cells: Mapping[str, object], each: Back) -> object:
    cell = cells.get(each.target.remote.id)
    return digest(cell) if cell not in ("", [], False) else None


def _take_lead(
    lead: Lead, row: CrmRecord, cells: Mapping[str, object], values: Mapping[str, object], fields: Sequence[Back]
) -> _Change:
    change = _Change()
    for each in fields:
        theirs, before = _theirs(cells, each), row.agreed.get(each.target.remote.id)
        if theirs != before:
            ours = _ours(values, each.target)
            if theirs == ours:
                change.agreed[each.target.remote.id] = theirs
            elif each.is_sent and ours != before:
                _settle_conflict(lead, each, cells, values, change)
            else:
                _take(lead, each, cells, change)
    return change


def _ours(values: Mapping[str, object], target: Target) -> object:
    """What we would write now, as `agreed` has it; None for an empty cell."""
    cell = to_cell(
        values.get(target.our_key), kind=target.kind, remote=target.remote, value_map=target.value_map, zone=_zone(),
        unknown=target.unknown, unknown_option=target.unknown_option,
    )  # fmt: skip
    if isinstance(cell, Omit | Problem):
        cell = cell.cell if isinstance(cell, Problem) and cell.cell is not None else ""
    return digest(cell) if cell not in ("", [], False) else None


def _take(lead: Lead, each: Back, cells: Mapping[str, object], change: _Change) -> None:
    """Their value becomes the lead's. What can't be one is told and left alone: ours is sent again if we send it."""
    key = each.target.remote.id
    change.agreed[key] = _theirs(cells, each)
    try:
        _write(lead, each.target, _value(cells, each.target), wins=True)
    except Unreadable as problem:
        change.problems.append(f"{each.target.remote.name}: {problem}")
        change.is_push_due |= each.is_sent
    else:
        change.taken.append(each.target.remote.name)


def _settle_conflict(
    lead: Lead, each: Back, cells: Mapping[str, object], values: Mapping[str, object], change: _Change
) -> None:
    target, ours = each.target, str(values.get(each.target.our_key) or "")
    SyncConflict.objects.create(
        lead=lead, our_field=target.our_key, ours=ours, theirs=str(cells.get(target.remote.id) or ""),
        winner=each.winner,
    )  # fmt: skip
    change.conflicts += 1
    change.agreed[target.remote.id] = _theirs(cells, each)
    if each.winner == Winner.THEIRS:
        _take(lead, each, cells, change)
        if target.our_key in known_fields.every():
            merging.follow(lead, FoundValue(target.our_key, ours), wins=False, actor="")
        return
    change.is_push_due = True
    try:
        _write(lead, target, _value(cells, target), wins=False)
    except Unreadable as problem:
        change.problems.append(f"{target.remote.name}: {problem}")


def _value(cells: Mapping[str, object], target: Target) -> str:
    """Their cell as a value of ours. Raises Unreadable."""
    known = known_fields.every().get(target.our_key)
    choices = Lead.Status.choices if target.our_key == STATUS else known.choices if known else ()
    return from_cell(cells.get(target.remote.id), target, choices=choices, zone=_zone())


def _write(lead: Lead, target: Target, value: str, *, wins: bool) -> None:
    """Raises Unreadable where the value can't be the lead's."""
    if target.our_key == STATUS:
        if wins:
            _write_status(lead, value)
    elif target.our_key == OWNER:
        if wins:
            _write_owner(lead, value)
    else:
        merging.follow(lead, FoundValue(target.our_key, value), wins=wins, actor=ACTOR)
        if wins:
            facts.follow_up(lead, target.our_key)


def _write_status(lead: Lead, value: str) -> None:
    if not value:
        raise Unreadable("A lead always has a status.")
    try:
        change_status(lead, value, ACTOR)
    except WrongTransition as wrong:
        raise Unreadable(str(wrong)) from wrong


def _write_owner(lead: Lead, value: str) -> None:
    owner = owners.find(value) if value else None
    if value and owner is None:
        raise Unreadable(f"“{value[:60]}” is not the name or e-mail address of one of the users.")
    owners.assign(lead, owner, actor=ACTOR)


def _close(lead: Lead, row: CrmRecord, change: _Change) -> None:
    agreed = {**row.agreed, **change.agreed}
    CrmRecord.objects.filter(pk=row.pk).update(agreed={key: cell for key, cell in agreed.items() if cell is not None})
    if change.taken or change.problems:
        SyncEvent.objects.create(
            lead=lead, kind=SyncEvent.Kind.PULLED, fields=change.taken, detail=" ".join(change.problems)
        )
    if change.conflicts:
        SyncEvent.objects.create(lead=lead, kind=SyncEvent.Kind.CONFLICT, detail=f"{change.conflicts} changed on both.")
    if change.is_push_due:
        CrmRecord.objects.filter(pk=row.pk).update(payload_hash="")
        pipeline.schedule([lead.pk], [settings.LEAD_PIPELINE[-1].name], delay=0)


def _settle(leads: Sequence[Lead], *, base_id: str, table_id: str) -> None:
    """Where record and lead now say the same there is nothing to send: what came back doesn't go out again."""
    fresh = list(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).prefetch_related("submissions"))
    for parcel in parcels(fresh, targets=connection.targets(), base_id=base_id, table_id=table_id):
        if parcel.record and parcel.record.state == CrmRecord.State.SYNCED and not parcel.changed:
            CrmRecord.objects.filter(pk=parcel.record.pk).update(payload_hash=parcel.hash, synced_at=timezone.now())


def _zone() -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(settings.TIME_ZONE)
