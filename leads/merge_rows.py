"""What hangs on a lead and goes along when it is folded into another: rows that move, contact points, suggestions.

Rows named in `settings.LEAD_FOLLOWERS` are re-pointed and keep their ids. Contact points and suggestions follow as rows
of the survivor's own, as one pair or key may have one row only; those of the absorbed lead stay with it as they were.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Model, Q
from django.utils.dateparse import parse_datetime

from leads.keys import email_key, phone_key
from leads.merge_values import came_instead_of
from leads.models import ContactPoint, DuplicateSuggestion, Merge, Submission

State = DuplicateSuggestion.State
# What a decision is; without it a pair is an open suggestion.
DECISION = ("state", "relation", "shared_keys", "decided_at", "decided_by_id")
TOLD_BY = ("state", "relation", "decided_at")  # the person's account may be gone by now


# ---- rows that move --------------------------------------------------------------------------------------------------


def followers() -> Iterator[tuple[type[Model], str]]:
    """The models whose rows move with a lead, each with its field that names the lead."""
    for label, field in settings.LEAD_FOLLOWERS:
        yield apps.get_model(label), field


def move(merge: Merge) -> None:
    """Re-points the absorbed lead's rows to the survivor, and notes which they were."""
    merge.snapshot["had"] = list(Submission.objects.filter(lead=merge.survivor_id).values_list("pk", flat=True))
    merge.snapshot["rows"] = moved = {}
    for model, field in followers():
        rows = model._default_manager.filter(**{field: merge.absorbed_id})
        moved[model._meta.label] = sorted(rows.values_list("pk", flat=True))
        rows.update(**{field: merge.survivor_id})


def move_back(merge: Merge) -> None:
    for model, field in followers():
        pks = merge.snapshot["rows"].get(model._meta.label, [])
        model._default_manager.filter(pk__in=pks, **{field: merge.survivor_id}).update(**{field: merge.absorbed_id})


def moved_submissions(merge: Merge) -> list[int]:
    pks: list[int] = merge.snapshot["rows"].get("leads.Submission", [])
    return pks


def came_since(merge: Merge, others: Iterable[Merge]) -> int:
    """How many messages the survivor got after the merge by itself, not through the other merges that stand."""
    known = {*merge.snapshot["had"], *moved_submissions(merge)}
    known.update(pk for other in others for pk in moved_submissions(other))
    return Submission.objects.filter(lead=merge.survivor_id).exclude(pk__in=known).count()


# ---- contact points --------------------------------------------------------------------------------------------------


def contact_key(kind: str, value: str) -> str:
    """What a contact point is found by: the e-mail's or the phone's key, or without one the text."""
    key = email_key(value) if kind == ContactPoint.Kind.EMAIL else phone_key(value, settings.DEFAULT_REGION)
    return (key or value.strip().casefold())[:254]


def keep_contacts(merge: Merge, others: Iterable[Merge]) -> None:
    """Gives the survivor the contact points that the merge asks for. One that its other merges made may be shared."""
    made = {pk for other in (merge, *others) for pk in other.snapshot.get("contacts", [])}
    present = {(row.kind, row.key): row.pk for row in ContactPoint.objects.filter(lead=merge.survivor_id)}
    wanted = _wanted_contacts(merge)
    for kind, key in wanted.keys() - present.keys():
        row = ContactPoint.objects.create(lead_id=merge.survivor_id, kind=kind, key=key, value=wanted[kind, key])
        present[kind, key] = row.pk
        made.add(row.pk)
    merge.snapshot["contacts"] = sorted(made.intersection(present[pair] for pair in wanted))


def drop_contacts(undone: Merge, others: Sequence[Merge]) -> None:
    """Takes away the contact points that none of the merges that still stand asks for."""
    made = {pk for merge in (undone, *others) for pk in merge.snapshot.get("contacts", [])}
    for at, merge in enumerate(others):
        keep_contacts(merge, [undone, *others[:at], *others[at + 1 :]])
    kept = {pk for merge in others for pk in merge.snapshot["contacts"]}
    ContactPoint.objects.filter(pk__in=made - kept).delete()


def _wanted_contacts(merge: Merge) -> dict[tuple[str, str], str]:
    """The absorbed lead's further contact points, and the e-mail or phone that wasn't taken where both are kept."""
    found = {(point.kind, point.key): point.value for point in ContactPoint.objects.filter(lead=merge.absorbed_id)}
    for kind in ContactPoint.Kind.values:
        if not merge.choices.get(kind, {}).get("keep_both"):
            continue
        for text in (getattr(merge.absorbed, kind), came_instead_of(merge, kind)):
            if text and contact_key(kind, text):
                found.setdefault((kind, contact_key(kind, text)), text[:254])
    for kind in ContactPoint.Kind.values:
        found.pop((kind, contact_key(kind, getattr(merge.survivor, kind))), None)
    return found


# ---- suggestions -----------------------------------------------------------------------------------------------------


def related_leads(lead_ids: Iterable[int]) -> set[int]:
    """The leads of all pairs that these are in, themselves included."""
    found = set(lead_ids)
    pairs = DuplicateSuggestion.objects.filter(Q(first__in=found) | Q(second__in=found))
    return found.union(*pairs.values_list("first", "second"))


def mark_pair(merge: Merge, actor: User) -> None:
    """The pair itself is decided: the same. A pair that nothing had suggested gets a row, without signals."""
    pair = _ordered(merge.survivor_id, merge.absorbed_id)
    row = DuplicateSuggestion.objects.filter(first=pair[0], second=pair[1]).first()
    before = _decision(row) if row else None
    row = row or DuplicateSuggestion(first_id=pair[0], second_id=pair[1], probability=1.0)
    _decide(row, {"state": State.MERGED, "relation": "", "shared_keys": row.shared_keys})
    row.decided_at, row.decided_by = merge.merged_at, actor
    row.save()
    _note(merge, row, before)


def carry_suggestions(merge: Merge) -> None:
    """What was suggested or decided about the absorbed lead and a third one now holds for the survivor.

    A decision beats an open suggestion, and what was decided about the survivor itself stands.
    """
    about = {
        other: row for row in DuplicateSuggestion.objects.about(merge.survivor_id) for other in _others(row, merge)
    }
    theirs = DuplicateSuggestion.objects.about(merge.absorbed_id).exclude(state=State.MERGED)
    for row in theirs.order_by("pk"):
        for other in _others(row, merge):
            mine = about.get(other)
            if mine is None:
                about[other] = _carried(row, other, merge)
            elif mine.state == State.OPEN and row.state != State.OPEN:
                before = _decision(mine)
                _decide(mine, _decision(row))
                mine.save(update_fields=[*DECISION[:-1], "decided_by"])
                _note(merge, mine, before)


def _others(row: DuplicateSuggestion, merge: Merge) -> list[int]:
    """The third lead of a suggestion about one of the two, if there is one."""
    return [pk for pk in (row.first_id, row.second_id) if pk not in (merge.survivor_id, merge.absorbed_id)]


def _carried(row: DuplicateSuggestion, other: int, merge: Merge) -> DuplicateSuggestion:
    """A decision comes without its signals: it was made, and is learned from, on the other pair."""
    first, second = _ordered(merge.survivor_id, other)
    is_open = row.state == State.OPEN
    copy = DuplicateSuggestion(
        first_id=first,
        second_id=second,
        probability=row.probability,
        similarity=row.similarity,
        reasons=row.reasons,
        log_odds=row.log_odds,
        signals=row.signals if is_open else {},
        weights=row.weights,
        is_probe=row.is_probe,
    )
    _decide(copy, _decision(row))
    copy.save()
    _note(merge, copy, None)
    return copy


def restore_suggestions(merge: Merge, others: Sequence[Merge]) -> None:
    """Takes back what the merge did to suggestions; what was decided since stays."""
    for pk, (before, after) in merge.snapshot.get("suggestions", {}).items():
        later = next((other for other in others if _followed(other, pk, after)), None)
        if later:
            later.snapshot["suggestions"][pk][0] = before
            continue
        row = DuplicateSuggestion.objects.filter(pk=int(pk)).first()
        if row is None or any(_decision(row)[column] != after[column] for column in TOLD_BY):
            continue
        if before is None:
            row.delete()
        else:
            _decide(row, before)
            row.save(update_fields=[*DECISION[:-1], "decided_by"])


def _followed(other: Merge, pk: str, after: Mapping[str, Any]) -> bool:
    return other.snapshot.get("suggestions", {}).get(pk, [None])[0] == after


def _ordered(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def _decision(row: DuplicateSuggestion) -> dict[str, Any]:
    decision = {column: getattr(row, column) for column in DECISION}
    return decision | {"decided_at": row.decided_at.isoformat() if row.decided_at else None}


def _decide(row: DuplicateSuggestion, decision: Mapping[str, Any]) -> None:
    for column, value in decision.items():
        setattr(row, column, parse_datetime(value) if column == "decided_at" and value else value)
    if row.decided_by_id and not User.objects.filter(pk=row.decided_by_id).exists():
        row.decided_by = None


def _note(merge: Merge, row: DuplicateSuggestion, before: Mapping[str, Any] | None) -> None:
    notes = merge.snapshot.setdefault("suggestions", {})
    pk = str(row.pk)
    notes[pk] = [notes[pk][0] if pk in notes else before, _decision(row)]
