"""Reviewing suspected duplicates."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from leads import pipeline
from leads.fields import CONTACT, FIELDS
from leads.keys import email_key, phone_key
from leads.models import DuplicateSuggestion, Event, Lead
from leads.models.pipeline import STAGES

PAGE_SIZE = 20
State = DuplicateSuggestion.State


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One contact field of two leads; `is_equal` when both say the same, however it is written."""

    key: str
    label: str
    first: str
    second: str

    @property
    def is_equal(self) -> bool:
        return bool(self.first) and _comparable(self.key, self.first) == _comparable(self.key, self.second)


@dataclass(frozen=True, slots=True)
class Pair:
    """A suggestion with its two leads side by side."""

    suggestion: DuplicateSuggestion
    fields: list[ComparedField]


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """One page of the review list, from 1."""

    pairs: list[Pair]
    number: int
    has_next: bool


def open_suggestions() -> QuerySet[DuplicateSuggestion]:
    """The review list: likeliest first, both leads standing."""
    both = DuplicateSuggestion.objects.open().select_related("first", "second")
    standing = both.filter(first__merged_into=None, second__merged_into=None)
    return standing.defer("first__search_text", "second__search_text").likeliest_first()


def review_page(number: int) -> ReviewPage:
    """Page `number`; without a count, as only the likeliest ones are looked at."""
    number = max(number, 1)
    start = (number - 1) * PAGE_SIZE
    found = list(open_suggestions()[start : start + PAGE_SIZE + 1])
    pairs = [Pair(suggestion, compare(suggestion.first, suggestion.second)) for suggestion in found[:PAGE_SIZE]]
    return ReviewPage(pairs, number, has_next=len(found) > PAGE_SIZE)


def suggestions_of(lead: Lead) -> list[tuple[DuplicateSuggestion, Lead]]:
    """The open suggestions about a lead, each with the other lead."""
    about = open_suggestions().filter(Q(first=lead) | Q(second=lead))
    return [(found, found.second if found.first_id == lead.pk else found.first) for found in about[:PAGE_SIZE]]


def compare(first: Lead, second: Lead) -> list[ComparedField]:
    """The contact fields that either of the two has."""
    rows = [ComparedField(key, FIELDS[key].label, getattr(first, key), getattr(second, key)) for key in CONTACT]
    return [row for row in rows if row.first or row.second]


def _comparable(key: str, value: str) -> str:
    if key == "email":
        return email_key(value)
    if key == "phone":
        return phone_key(value)[-10:]  # with or without the country's prefix
    return value.casefold()


def dismiss(suggestion: DuplicateSuggestion, actor: User) -> None:
    """Not a duplicate: the pair isn't suggested again. One that was decided before stays as it is."""
    now = timezone.now()
    with transaction.atomic():
        decided = DuplicateSuggestion.objects.open().filter(pk=suggestion.pk)
        if not decided.update(state=State.DISMISSED, decided_at=now, decided_by=actor):
            return
        pair = [suggestion.first, suggestion.second]
        Lead.objects.filter(pk__in=[lead.pk for lead in pair]).update(updated_at=now)
        for lead, other in zip(pair, reversed(pair), strict=True):
            text = f"Not a duplicate of {other.name}"
            Event.objects.create(lead=lead, actor=actor.get_username(), text=text[:300], at=now)
        # Who writes again scores higher, and now it is known that nobody did.
        pipeline.schedule([lead.pk for lead in pair], [stage for stage in ("score",) if stage in STAGES])
