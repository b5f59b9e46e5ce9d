"""Which merges were made, for the list of merges and a lead's page. `leads.merges` makes and undoes them."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils import timezone

from leads import merges
from leads.duplicates import UNDO_AT_HAND
from leads.models import Lead, Merge
from leads.models.merge import UNDO_FOR, MergeQuerySet

PAGE_SIZE = 25
MOST_OF_LEAD = 20


@dataclass(frozen=True, slots=True)
class MergedGroup:
    """What was folded into one lead in one go: undone together, too."""

    merges: list[Merge]

    @property
    def latest(self) -> Merge:
        return self.merges[0]

    @property
    def first_key(self) -> str:
        """The id that an address names the group by."""
        return str(min(merge.pk for merge in self.merges))

    @property
    def survivor(self) -> Lead:
        return self.latest.survivor

    @property
    def absorbed(self) -> list[Lead]:
        return [merge.absorbed for merge in reversed(self.merges)]

    @property
    def count(self) -> int:
        """The leads that became one."""
        return len(self.merges) + 1

    @property
    def is_undone(self) -> bool:
        return self.latest.is_undone

    @property
    def undo_until(self) -> dt.datetime:
        return self.latest.undo_until

    @property
    def went_into(self) -> Lead | None:
        """What the survivor was itself merged into since: all that keeps the merge from being undone alone."""
        is_in_time = not self.is_undone and self.undo_until > timezone.now()
        return self.survivor.merged_into if is_in_time else None

    @property
    def blocker(self) -> str:
        """Why the undo, or for one that was undone the merging again, can't be done; empty when it can."""
        if not self.is_undone:
            return merges.blockers(self.latest)
        gone = next((lead for lead in (self.survivor, *self.absorbed) if lead.merged_into_id is not None), None)
        return f"“{gone.name}” was merged again since." if gone else ""


@dataclass(frozen=True, slots=True)
class MergesPage:
    """One page of the list, newest first."""

    groups: list[MergedGroup]
    number: int
    has_next: bool


def merges_page(number: int, *, words: str = "") -> MergesPage:
    """Page `number`, from 1; `words` occur in the survivor or in what was folded into it."""
    found = Merge.objects.all()
    for word in words.lower().split()[:8]:
        found = found.filter(Q(survivor__search_text__contains=word) | Q(absorbed__search_text__contains=word))
    number = max(number, 1)
    start = (number - 1) * PAGE_SIZE
    groups = _groups_of(found, start, start + PAGE_SIZE + 1)
    return MergesPage(groups[:PAGE_SIZE], number, len(groups) > PAGE_SIZE)


def made_of(lead: Lead) -> list[MergedGroup]:
    """What was folded into a lead and not taken out again, newest first."""
    return _groups_of(Merge.objects.standing().filter(survivor=lead), 0, MOST_OF_LEAD)


def last_merge(actor: User) -> Merge | None:
    """The merge that a person made last, if that was just now."""
    mine = Merge.objects.standing().filter(
        merged_by=actor.get_username(), merged_at__gt=timezone.now() - min(UNDO_AT_HAND, UNDO_FOR)
    )
    return _with_leads(mine).first()


def _groups_of(found: MergeQuerySet, start: int, end: int) -> list[MergedGroup]:
    """The groups that have a row among these, newest first, from `start` to `end`; each is whole."""
    later = found.order_by().filter(group=OuterRef("group"), pk__gt=OuterRef("pk"))
    newest = list(found.filter(~Exists(later)).values_list("group", flat=True)[start:end])
    rows: dict[uuid.UUID, list[Merge]] = {group: [] for group in newest}
    for merge in _with_leads(Merge.objects.filter(group__in=newest)):
        rows[merge.group].append(merge)
    return [MergedGroup(made) for made in rows.values()]


def _with_leads(found: MergeQuerySet) -> MergeQuerySet:
    """In queries of their own: with few merges SQLite would join from all leads."""
    leads = Lead.objects.defer("search_text", "score_reasons")
    sides = [Prefetch(side, leads) for side in ("survivor", "survivor__merged_into", "absorbed")]
    return found.defer("snapshot").prefetch_related(*sides)
