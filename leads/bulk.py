"""Merging many likely pairs: a list to look through first, one transaction a pair, and all of it undone together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q

from leads import merges
from leads.duplicates import with_leads
from leads.fields import CONTACT
from leads.merge_plan import MergeRefused, plan
from leads.models import DuplicateSuggestion, FieldValue, Lead, Merge
from leads.review import COUNTED, ComparedField, behind, compare

PAGE_SIZE = 25
KEEPS_BOTH = ("email", "phone")  # two of these are no conflict: the other one becomes a contact point


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One pair of the list. `conflicts` are the fields in which one value would be given up."""

    suggestion: DuplicateSuggestion
    survivor: Lead
    absorbed: Lead
    gains: list[ComparedField]
    conflicts: list[ComparedField]
    is_chained: bool  # one of the two is in a row above as well

    @property
    def is_chosen(self) -> bool:
        return not self.conflicts


@dataclass(frozen=True, slots=True)
class Edits:
    """Which fields people `emptied` or `filled`, as pairs of a lead's id and the field."""

    emptied: frozenset[tuple[int, str]]
    filled: frozenset[tuple[int, str]]

    def has_emptied(self, lead_id: int, field: str) -> bool:
        return (lead_id, field) in self.emptied


@dataclass(frozen=True, slots=True)
class BulkPage:
    """One page of the list; `after` is the pair that the next one starts behind. `count` stops at COUNTED + 1."""

    rows: list[BulkRow]
    after: int | None
    count: int

    @property
    def count_label(self) -> str:
        return f"{COUNTED:,}+" if self.count > COUNTED else f"{self.count:,}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a pair: the merge, or why there is none."""

    first: Lead
    second: Lead
    merge: Merge | None
    reason: str = ""


def bulk_page(least: float, *, after: int | None) -> BulkPage:
    """The pairs of at least this probability, the likeliest first, behind the pair `after`."""
    likely = DuplicateSuggestion.objects.to_review().filter(probability__gte=least)
    found = list(with_leads(behind(likely, after)).likeliest_first()[: PAGE_SIZE + 1])
    count = likely.order_by()[: COUNTED + 1].count()
    page = found[:PAGE_SIZE]
    return BulkPage(_rows(page), page[-1].pk if len(found) > PAGE_SIZE else None, count)


def _rows(page: Sequence[DuplicateSuggestion]) -> list[BulkRow]:
    edits = _edits_of([lead for suggestion in page for lead in (suggestion.first, suggestion.second)])
    seen: set[int] = set()
    rows = []
    for suggestion in page:
        pair = {suggestion.first_id, suggestion.second_id}
        rows.append(_row(suggestion, edits, is_chained=bool(seen & pair)))
        seen |= pair
    return rows


def _row(suggestion: DuplicateSuggestion, edits: Edits, *, is_chained: bool) -> BulkRow:
    survivor, absorbed = by_standing(suggestion.first, suggestion.second)
    new = [field for field in compare(survivor, absorbed) if not field.first or field.key in KEEPS_BOTH]
    return BulkRow(
        suggestion,
        survivor,
        absorbed,
        gains=[
            field
            for field in new
            if field.second and not field.is_equal and not edits.has_emptied(survivor.pk, field.key)
        ],
        conflicts=_conflicts(survivor, absorbed, edits),
        is_chained=is_chained,
    )


def by_standing(first: Lead, second: Lead) -> tuple[Lead, Lead]:
    """Which of two leads stays: one that was worked on, else the older one; as `plan` has it, without its queries."""
    ranked = sorted((first, second), key=lambda lead: (lead.status == Lead.Status.NEW, lead.received_at, lead.pk))
    return ranked[0], ranked[1]


def _edits_of(leads: Sequence[Lead]) -> Edits:
    rows = FieldValue.objects.current().filter(lead__in=leads, field__in=CONTACT, origin=FieldValue.Origin.STAFF)
    found = list(rows.values_list("lead", "field", "value", "is_locked"))
    emptied = {(lead, field) for lead, field, value, is_locked in found if is_locked and not value}
    return Edits(frozenset(emptied), frozenset((lead, field) for lead, field, value, _ in found if value))


def _conflicts(survivor: Lead, absorbed: Lead, edits: Edits) -> list[ComparedField]:
    found = [field for field in compare(survivor, absorbed) if _is_conflict(field, survivor, absorbed, edits)]
    return found + _owners(survivor, absorbed)


def _is_conflict(field: ComparedField, survivor: Lead, absorbed: Lead, edits: Edits) -> bool:
    """What a person emptied stays empty beside a value that was only found; the other way round, and beside another
    edit, it is a conflict."""
    if edits.has_emptied(absorbed.pk, field.key):
        return bool(field.first)
    if edits.has_emptied(survivor.pk, field.key):
        return (absorbed.pk, field.key) in edits.filled
    return field.is_contrary and field.key not in KEEPS_BOTH


def _owners(survivor: Lead, absorbed: Lead) -> list[ComparedField]:
    """Two people's leads, or two different outcomes, are for them to sort out."""
    found = []
    if survivor.owner_id and absorbed.owner_id and survivor.owner_id != absorbed.owner_id:
        found.append(ComparedField("owner", "Owner", str(survivor.owner_id), str(absorbed.owner_id)))
    moved_on = {survivor.status, absorbed.status} - {Lead.Status.NEW}
    if len(moved_on) > 1:
        found.append(ComparedField("status", "Status", survivor.get_status_display(), absorbed.get_status_display()))
    return found


def merge_pairs(ids: Iterable[int], *, actor: User) -> list[Outcome]:
    """Merges each pair by itself, with the plan's suggestions; one that is refused stops none of the others."""
    found = {row.pk: row for row in with_leads(DuplicateSuggestion.objects.filter(pk__in=list(ids)))}
    return [_merged(row, actor) for row in sorted(found.values(), key=lambda row: (-row.probability, -row.pk))]


def _merged(suggestion: DuplicateSuggestion, actor: User) -> Outcome:
    first, second = suggestion.first, suggestion.second
    try:
        # A row above may have folded one of them into another lead.
        pair = {lead.pk: lead for lead in (merges.root(_fresh(first)), merges.root(_fresh(second)))}
        if len(pair) < 2:
            return Outcome(first, second, None, "They are one lead already.")
        survivor, absorbed = by_standing(*pair.values())
        if reason := _objection(suggestion, survivor, absorbed):
            return Outcome(first, second, None, reason)
        choices = plan([survivor, absorbed], survivor=survivor).choices()
        (merge,) = merges.merge(survivor, [absorbed], choices=choices, actor=actor)
    except MergeRefused as refusal:
        return Outcome(first, second, None, refusal.reason)
    except Lead.DoesNotExist:
        return Outcome(first, second, None, "One of them was deleted.")
    return Outcome(first, second, merge)


def _objection(suggestion: DuplicateSuggestion, survivor: Lead, absorbed: Lead) -> str:
    """What speaks against merging the two that a row's leads are by now: a decision, or a conflict that the list didn't
    show, as when a row above brought one of them another company."""
    ends = Q(first=min(survivor.pk, absorbed.pk), second=max(survivor.pk, absorbed.pk))
    if DuplicateSuggestion.objects.told_apart().filter(Q(pk=suggestion.pk) | ends).exists():
        return "Somebody decided meanwhile that they are two."
    edits = _edits_of([suggestion.first, suggestion.second, survivor, absorbed])
    shown = {field.key for field in _conflicts(*by_standing(suggestion.first, suggestion.second), edits)}
    new = [field.label for field in _conflicts(survivor, absorbed, edits) if field.key not in shown]
    return f"They differ by now: {', '.join(new)}. Compare them." if new else ""


def _fresh(lead: Lead) -> Lead:
    return Lead.objects.get(pk=lead.pk)


def undo_all(ids: Iterable[int], *, actor: User) -> tuple[int, list[str]]:
    """Takes merges back, the newest first; returns how many, and why others could not be."""
    undone, refusals = 0, []
    for pk in sorted(set(ids), reverse=True):
        merge = Merge.objects.standing().filter(pk=pk).select_related("survivor", "absorbed").first()
        if merge is None:
            continue
        try:
            merges.undo(merge, actor=actor)
            undone += 1
        except MergeRefused as refusal:
            refusals.append(f"{merge.survivor.name}: {refusal.reason}")
    return undone, refusals
