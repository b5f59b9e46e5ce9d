"""What staff decide about suspected duplicates: not the same, related, or open again. Merging is in `leads.merges`."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from leads import pipeline
from leads.models import ContactPoint, DuplicateSuggestion, Event, Lead
from leads.models.duplicates import DuplicateSuggestionQuerySet
from leads.models.pipeline import STAGES
from leads.tries import again_when_busy

State = DuplicateSuggestion.State
Relation = DuplicateSuggestion.Relation
PAGE_SIZE = 25
MOST_OF_LEAD = 20
STANDING = {f"{side}__{column}": None for side in ("first", "second") for column in ("merged_into", "quarantined_at")}
UNDO_AT_HAND = dt.timedelta(hours=1)  # how long the last decision is offered to be taken back beside the queue


@dataclass(frozen=True, slots=True)
class DecisionsPage:
    """One page of the pairs that are not merged for good, newest decision first."""

    suggestions: list[DuplicateSuggestion]
    number: int
    has_next: bool


def dismiss(suggestion: DuplicateSuggestion, actor: User) -> bool:
    """Not a duplicate: the pair isn't suggested again. False when somebody had decided before."""
    return bool(decide([suggestion], State.DISMISSED, actor))


def relate(suggestion: DuplicateSuggestion, relation: str, actor: User) -> bool:
    """Different people who belong together; `relation` is a `Relation`. False when somebody had decided before."""
    return bool(decide([suggestion], State.RELATED, actor, relation=relation))


def reopen(suggestion: DuplicateSuggestion, actor: User) -> bool:
    """Takes "not a duplicate" or "related" back. False when there is nothing to take back; merges have their undo."""
    return bool(decide([suggestion], State.OPEN, actor))


@again_when_busy()
def decide(suggestions: Sequence[DuplicateSuggestion], state: str, actor: User, *, relation: str = "") -> int:
    """Decides pairs in one go, with one time for all; returns how many were not decided (or reopened) before."""
    now = timezone.now()
    with transaction.atomic():
        leads = _locked_leads(suggestions)
        found = DuplicateSuggestion.objects.filter(pk__in=[suggestion.pk for suggestion in suggestions])
        known = [row for row in found.order_by("pk") if {row.first_id, row.second_id} <= leads.keys()]
        decided = [row for row in known if _write(row, leads, state, relation, actor, now)]
        _tell(decided, leads, actor, now)
    return len(decided)


def _locked_leads(suggestions: Sequence[DuplicateSuggestion]) -> dict[int, Lead]:
    """The standing ones by id, before any other row: whoever merges or processes one of them locks it first as well.
    What is known of a merged lead stays as it is; its copies on the lead that it went into are what counts."""
    ids = {pk for suggestion in suggestions for pk in (suggestion.first_id, suggestion.second_id)}
    leads = Lead.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return {lead.pk: lead for lead in leads if lead.merged_into_id is None}


def _write(
    row: DuplicateSuggestion, leads: dict[int, Lead], state: str, relation: str, actor: User, now: dt.datetime
) -> bool:
    row.state, row.relation = state, relation
    changes: dict[str, Any]
    if state == State.OPEN:
        changes = {"decided_at": None, "decided_by": None, "shared_keys": []}
        before = DuplicateSuggestion.objects.told_apart()
    else:
        shared = shared_contact_keys(leads[row.first_id], leads[row.second_id])
        changes = {"decided_at": now, "decided_by": actor, "shared_keys": shared}
        before = DuplicateSuggestion.objects.open()
    return bool(before.filter(pk=row.pk).update(state=state, relation=relation, **changes))


def _tell(rows: Sequence[DuplicateSuggestion], leads: dict[int, Lead], actor: User, now: dt.datetime) -> None:
    """The leads' timelines and lists; who writes again scores higher, and it is now known better who did."""
    touched = sorted({pk for row in rows for pk in (row.first_id, row.second_id)})
    Lead.objects.filter(pk__in=touched).update(updated_at=now)
    Event.objects.bulk_create(
        Event(lead=lead, actor=actor.get_username(), text=_sentence(row, other)[:300], at=now)
        for row in rows
        for lead, other in (
            (leads[row.first_id], leads[row.second_id]),
            (leads[row.second_id], leads[row.first_id]),
        )
    )
    pipeline.schedule(touched, [stage for stage in ("score",) if stage in STAGES])


def _sentence(row: DuplicateSuggestion, other: Lead) -> str:
    if row.state == State.OPEN:
        return f"Decision taken back: possible duplicate of {other.name}"
    if row.state == State.RELATED:
        return f"Related to {other.name}: {row.get_relation_display().lower()}"
    return f"Not a duplicate of {other.name}"


def shared_contact_keys(first: Lead, second: Lead) -> list[str]:
    """The e-mails and phones that both have, as "email:ana@example.com" and "phone:15125550142"."""
    points: dict[int, set[str]] = {lead.pk: _own_keys(lead) for lead in (first, second)}
    rows = ContactPoint.objects.filter(lead__in=points).values_list("lead", "kind", "key")
    for pk, kind, key in rows:
        points[pk].add(f"{kind}:{key}")
    return sorted(points[first.pk] & points[second.pk])


def _own_keys(lead: Lead) -> set[str]:
    own = {"email": lead.email_key, "phone": lead.phone_key}
    return {f"{kind}:{key}" for kind, key in own.items() if key}


# ---- reading ---------------------------------------------------------------------------------------------------------


def with_leads(suggestions: DuplicateSuggestionQuerySet) -> DuplicateSuggestionQuerySet:
    """Both leads in the same query, without what only search and score need."""
    unread = [f"{side}__{column}" for side in ("first", "second") for column in ("search_text", "score_reasons")]
    return suggestions.select_related("first", "second").defer("signals", *unread)


def suggestions_of(lead: Lead) -> list[tuple[DuplicateSuggestion, Lead]]:
    """The open suggestions about a lead, each with the other lead."""
    found = with_leads(DuplicateSuggestion.objects.to_review().about(lead.pk)).likeliest_first()
    return [(row, _other(row, lead)) for row in found[:MOST_OF_LEAD]]


def relations_of(lead: Lead) -> list[tuple[DuplicateSuggestion, Lead]]:
    """Who was set as related to a lead."""
    found = with_leads(DuplicateSuggestion.objects.filter(state=State.RELATED, **STANDING).about(lead.pk))
    return [(row, _other(row, lead)) for row in found.order_by("-decided_at", "-id")[:MOST_OF_LEAD]]


def _other(row: DuplicateSuggestion, lead: Lead) -> Lead:
    return row.second if row.first_id == lead.pk else row.first


def decisions_page(number: int, *, kind: str = "", by: int | None = None, words: str = "") -> DecisionsPage:
    """Page `number`, from 1, of the dismissed and related pairs. `kind` is a state or relation, `by` a user's id."""
    found = with_leads(DuplicateSuggestion.objects.told_apart().filter(**STANDING)).select_related("decided_by")
    if kind:
        found = found.filter(Q(state=kind) | Q(relation=kind))
    if by:
        found = found.filter(decided_by=by)
    for word in words.lower().split()[:8]:
        found = found.filter(Q(first__search_text__contains=word) | Q(second__search_text__contains=word))
    start = (max(number, 1) - 1) * PAGE_SIZE
    rows = list(found.order_by("-decided_at", "-id")[start : start + PAGE_SIZE + 1])
    return DecisionsPage(rows[:PAGE_SIZE], max(number, 1), len(rows) > PAGE_SIZE)


def last_decisions(actor: User) -> list[DuplicateSuggestion]:
    """What a person decided last, if that was just now: the pairs that one click takes back."""
    mine = with_leads(DuplicateSuggestion.objects.told_apart().filter(**STANDING)).filter(
        decided_by=actor, decided_at__gt=timezone.now() - UNDO_AT_HAND
    )
    rows = list(mine.order_by("-decided_at", "-id")[:MOST_OF_LEAD])
    return [row for row in rows if row.decided_at == rows[0].decided_at]
