"""The values of a merge: a chosen one becomes a copy on the survivor, and undoing takes the copies away again.

`snapshot["fields"]` of a merge holds by field: `copy`, the row it made; `replaced`, the row that stood before;
`column`, what the lead's column said then; `settled`, suggestions that the copy answered; `refused`, rows that keep
what was not chosen from being suggested again. A copy that another merge replaced is a link of a chain: undoing takes
the link out, so that merges can be undone in any order.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leads import merge_judging as judging
from leads.fields import COLUMNS, FIELDS, Group
from leads.merging import rank
from leads.models import FieldValue, Lead, Merge

if TYPE_CHECKING:
    from leads.merge_plan import Choice, Plan, PlannedField

Origin = FieldValue.Origin
State = FieldValue.State
Columns = dict[str, str]


# ---- merging ---------------------------------------------------------------------------------------------------------


def take_values(merge: Merge, plan: "Plan", choices: Mapping[str, "Choice"]) -> Columns:
    """Copies what was chosen of the absorbed lead, makes fast what was chosen against it; returns the new columns."""
    rows = _current(merge)
    columns: Columns = {}
    for planned in plan.fields:
        choice = choices[planned.key]
        if planned.key in ("status", "owner"):
            continue
        mine, theirs = (rows.get((pk, planned.key)) for pk in (merge.survivor_id, merge.absorbed_id))
        copy = _copy(merge, planned, choice, mine, theirs)
        if copy is not None:
            columns[planned.key] = copy.value
            _put(merge, copy, mine)
        if not _is_mere_judgement(planned, choice):
            _refuse_losers(merge, planned, choice)
    return columns


def _current(merge: Merge) -> dict[tuple[int, str], FieldValue]:
    both = [merge.survivor_id, merge.absorbed_id]
    return {(row.lead_id, row.field): row for row in FieldValue.objects.current().filter(lead__in=both)}


def _is_mere_judgement(planned: "PlannedField", choice: "Choice") -> bool:
    """A judgement that nobody chose against what was preselected: the next message may be judged anew."""
    known = FIELDS.get(planned.key)
    return bool(known and known.group is Group.JUDGEMENT and choice.lead == planned.chosen)


def _copy(
    merge: Merge, planned: "PlannedField", choice: "Choice", mine: FieldValue | None, theirs: FieldValue | None
) -> FieldValue | None:
    """The row that the survivor gets; None when what it has may stay as it is.

    What a person chose among differing values is locked: machines may suggest another, not put it there.
    """
    ours, other = planned.option(merge.survivor_id), planned.option(merge.absorbed_id)
    is_fast = planned.is_contested(merge.survivor_id, merge.absorbed_id) and not _is_mere_judgement(planned, choice)
    is_locked = is_fast or bool(mine and mine.is_locked)
    if choice.lead == merge.absorbed_id:
        if not other.counts and ours.value:
            return _emptied(merge, planned.key)
        is_locked = is_locked or other.is_locked
        is_news = other.value != ours.value or (is_locked and not ours.is_locked)
        return _like(theirs, other.value, merge, planned.key, is_locked) if other.counts and is_news else None
    if choice.lead == merge.survivor_id:
        if other.value and not ours.counts:
            return _emptied(merge, planned.key)
        is_open = mine is None or not mine.is_locked
        return _like(mine, ours.value, merge, planned.key, True) if is_fast and is_open else None
    return None


def _like(row: FieldValue | None, value: str, merge: Merge, field: str, is_locked: bool) -> FieldValue:
    """A copy that still says where the value first came from; a value without a row is the person's who chose it."""
    copy = FieldValue(field=field, value=value, origin=Origin.STAFF, made_by=merge.merged_by)
    if row is not None:
        copy = FieldValue.objects.get(pk=row.pk)
        copy.pk, copy._state.adding = None, True
    copy.lead_id, copy.state, copy.is_locked = merge.survivor_id, State.CURRENT, is_locked
    return copy


def _emptied(merge: Merge, field: str) -> FieldValue:
    """A person chose that the field be empty."""
    return _like(None, "", merge, field, True)


def _put(merge: Merge, copy: FieldValue, mine: FieldValue | None) -> None:
    if mine is not None:  # steps down first: the database allows one current value per field
        FieldValue.objects.filter(pk=mine.pk).update(state=State.PAST)
    suggested = FieldValue.objects.suggested().filter(lead=merge.survivor_id, field=copy.field)
    settled = [row.pk for row in suggested if row.value.casefold() == copy.value.casefold()]
    FieldValue.objects.filter(pk__in=settled).update(state=State.PAST)
    copy.save()
    _entry(merge, copy.field).update(
        copy=copy.pk,
        replaced=mine.pk if mine else None,
        column=getattr(merge.survivor, copy.field) if copy.field in COLUMNS else "",
        settled=settled,
    )


def _refuse_losers(merge: Merge, planned: "PlannedField", choice: "Choice") -> None:
    """What a person chose against isn't suggested when the messages are read again."""
    losers = [merge.absorbed_id] if choice.lead != merge.absorbed_id else [merge.survivor_id]
    taken = planned.option(choice.lead)
    live = FieldValue.objects.filter(lead=merge.survivor_id, field=planned.key).exclude(state=State.PAST)
    known = {row.value.casefold() for row in live}
    for option in (planned.option(pk) for pk in losers if pk != choice.lead):
        is_other = judging.normal(planned.key, option.value) != judging.normal(planned.key, taken.value)
        if option.value and is_other and option.value.casefold() not in known:
            row = _like(None, option.value, merge, planned.key, False)
            row.state = State.REFUSED
            row.origin = option.origin or Origin.STAFF
            row.save()
            _entry(merge, planned.key)["refused"].append(row.pk)


def _entry(merge: Merge, field: str) -> dict[str, Any]:
    empty: dict[str, Any] = {"copy": None, "replaced": None, "column": "", "settled": [], "refused": []}
    entry: dict[str, Any] = merge.snapshot.setdefault("fields", {}).setdefault(field, empty)
    return entry


def came_instead_of(merge: Merge, field: str) -> str:
    """What the survivor said in a field before the merge; empty when the merge changed nothing there."""
    entry = merge.snapshot.get("fields", {}).get(field, {})
    replaced = FieldValue.objects.filter(pk=entry.get("replaced")).first()
    text: str = replaced.value if replaced else entry.get("column", "")
    return text


# ---- undoing ---------------------------------------------------------------------------------------------------------


def give_back_values(merge: Merge, others: Sequence[Merge], submissions: Iterable[int]) -> Columns:
    """Takes the copies away; what stood before stands again unless an edit came since. Returns the changed columns.

    `others` are the survivor's other standing merges; `submissions` those that go back, and what machines read in
    them since the merge goes too.
    """
    columns: Columns = {}
    for field, entry in merge.snapshot.get("fields", {}).items():
        _relink(others, field, entry["copy"], entry["replaced"], entry["column"])
        was_current = FieldValue.objects.current().filter(pk=entry["copy"]).exists()
        FieldValue.objects.filter(pk__in=[*entry["refused"], entry["copy"]]).delete()
        if was_current:
            columns[field] = _stand_again(entry["replaced"]) or entry["column"]
            FieldValue.objects.filter(pk__in=entry["settled"], state=State.PAST).update(state=State.SUGGESTED)
    return columns | _forget_what_was_read(merge.survivor, others, list(submissions))


def _relink(others: Iterable[Merge], field: str, gone: int | None, before: int | None, column: str) -> None:
    for other in others if gone is not None else ():
        entry = other.snapshot.get("fields", {}).get(field)
        if entry and entry["replaced"] == gone:
            entry.update(replaced=before, column=column)


def _stand_again(pk: int | None) -> str:
    row = FieldValue.objects.filter(pk=pk).first() if pk is not None else None
    if row is None:
        return ""
    FieldValue.objects.filter(pk=row.pk).update(state=State.CURRENT)
    return row.value


def _forget_what_was_read(survivor: Lead, others: Sequence[Merge], submissions: Sequence[int]) -> Columns:
    """Rules and model may have read the other lead's messages while they were here: what they found is not ours."""
    made = {pk for other in others for pk in _made_by(other)}
    columns: Columns = {}
    read = FieldValue.objects.filter(lead=survivor, evidence_submission__in=submissions)
    for row in read.exclude(origin=Origin.STAFF).exclude(pk__in=made).order_by("-id"):
        before = _stood_before(row, submissions)
        _relink(others, row.field, row.pk, before.pk if before else None, before.value if before else "")
        row.delete()
        if row.state == State.CURRENT:
            columns[row.field] = _stand_again(before.pk) if before else ""
    return columns


def _stood_before(row: FieldValue, submissions: Sequence[int]) -> FieldValue | None:
    """The past value that this one took the place of. Not one that was merely suggested: of those since the last edit,
    it is the newest of the strongest origin."""
    earlier = FieldValue.objects.filter(lead=row.lead_id, field=row.field, state=State.PAST, pk__lt=row.pk)
    rows = list(earlier.exclude(evidence_submission__in=submissions).order_by("id"))
    edits = [at for at, past in enumerate(rows) if past.origin == Origin.STAFF]
    return max(rows[edits[-1] if edits else 0 :], key=lambda past: (rank(past), past.pk), default=None)


def _made_by(merge: Merge) -> Iterable[int]:
    for entry in merge.snapshot.get("fields", {}).values():
        yield from entry["refused"]
        if entry["copy"] is not None:
            yield entry["copy"]
