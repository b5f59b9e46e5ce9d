"""What a push would send, without sending it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from crm_sync import connection
from crm_sync.cells import CellValue
from crm_sync.models import CrmRecord
from crm_sync.push import Parcel, every_parcel, parcels
from crm_sync.stages import HELD
from leads.models import Lead

AT_ONCE = 300  # leads looked at in one request


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a lead's record: what it holds as far as we know, and what would be written."""

    name: str
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Tally:
    """So many leads of each kind; `problems` by sentence. `next` is the last lead counted, 0 at the end."""

    new: int = 0
    changed: int = 0
    same: int = 0
    held: int = 0
    left_out: int = 0
    problems: tuple[tuple[str, int], ...] = ()
    next: int = 0

    @property
    def seen(self) -> int:
        return self.new + self.changed + self.same + self.held + self.left_out


def of_lead(lead: Lead) -> tuple[list[Cell], list[str]]:
    """The cells of one lead's record, and notes on what can't be written. Nothing while there is no connection."""
    link = connection.current()
    if link is None:
        return [], [connection.not_connected()]
    targets = connection.targets()
    table = connection.known_table_id(link)
    found = every_parcel([lead], targets=targets, base_id=link.base_id, table_id=table)
    if not found:
        return [], []
    held = found[0].record.agreed if found[0].record and found[0].record_id else {}
    return [
        Cell(
            target.remote.name,
            _read(held.get(target.remote.id)),
            _read(found[0].cells.get(target.remote.id)),
        )
        for target in targets
        if target.remote.id in found[0].cells or target.remote.id in held
    ], found[0].notes


def count(so_far: Tally) -> Tally:
    """Goes on with the next leads, oldest first."""
    leads = list(Lead.objects.filter(pk__gt=so_far.next).prefetch_related("submissions").order_by("pk")[: AT_ONCE + 1])
    link = connection.current()
    if link is None:
        return so_far
    batch = leads[:AT_ONCE]
    where = {"base_id": link.base_id, "table_id": connection.known_table_id(link)}
    standing = [lead for lead in batch if not (lead.is_sample or lead.merged_into_id)]
    held = set(CrmRecord.objects.filter(lead__in=standing, state__in=list(HELD)).values_list("lead", flat=True))
    free = [lead for lead in standing if lead.pk not in held]
    found = parcels(free, targets=connection.targets(), **where)
    return _added(so_far, batch, free, found, held=len(held), is_last=len(leads) <= AT_ONCE)


def _added(
    so_far: Tally, batch: Sequence[Lead], free: Sequence[Lead], found: Sequence[Parcel], *, held: int, is_last: bool
) -> Tally:
    problems = Counter(dict(so_far.problems))
    problems.update(note[:200] for parcel in found for note in parcel.notes)
    new = sum(not parcel.record_id for parcel in found)
    return Tally(
        new=so_far.new + new,
        changed=so_far.changed + len(found) - new,
        same=so_far.same + len(free) - len(found),
        held=so_far.held + held,
        left_out=so_far.left_out + len(batch) - len(free) - held,
        problems=tuple(problems.most_common(20)),
        next=0 if is_last or not batch else batch[-1].pk,
    )


def _read(cell: CellValue | object | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, list):
        return ", ".join(str(each) for each in cell)
    text = str(cell)
    return "a long text" if text.startswith("sha256:") else text
