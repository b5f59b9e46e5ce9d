"""The one writer of lead fields: which value wins, what is remembered of it, and a person's edits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from leads.fields import COLUMNS, FIELDS, Group
from leads.keys import email_key, phone_key
from leads.models import Event, FieldValue, Lead, Submission
from leads.values import Evidence, FoundValue

Origin = FieldValue.Origin
State = FieldValue.State

# Who wins for contact and facts. A judgement is read better by the model than by word lists, so there the two swap.
FACT_RANK = {Origin.MODEL: 1, Origin.RULE: 2, Origin.CRM: 3, Origin.SUBMITTER: 4, Origin.STAFF: 5}
JUDGEMENT_RANK = FACT_RANK | {Origin.RULE: 1, Origin.MODEL: 2}


@dataclass(frozen=True, slots=True)
class NewValues:
    """What one source says of one lead."""

    lead: Lead
    values: Sequence[FoundValue]
    submission: Submission | None = None
    made_by: str = ""


@dataclass(slots=True)
class _Change:
    created: list[FieldValue] = field(default_factory=list)
    updated: list[FieldValue] = field(default_factory=list)
    leads: dict[int, Lead] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)


def rank(value: FieldValue) -> int:
    """How strongly a value holds its field; an unlocked edit gives way to anything newer."""
    if value.origin == Origin.STAFF and not value.is_locked:
        return 0
    known = FIELDS.get(value.field)
    ranks = JUDGEMENT_RANK if known and known.group is Group.JUDGEMENT else FACT_RANK
    return ranks[Origin(value.origin)]


def apply(items: Iterable[NewValues], *, origin: str) -> None:
    """Writes what a source found to many leads at once: the stronger origin wins, a losing newer value stays
    as a suggestion, the same value twice changes nothing. Call it inside a transaction."""
    items = [item for item in items if item.values]
    change = _Change(leads=_locked_leads([item.lead.pk for item in items]))
    history = _history(change.leads)
    for item in items:
        for found in item.values:
            _weigh(_as_row(item, found, origin), history.setdefault((item.lead.pk, found.field), []), change)
    _write(change)


def begin(lead: Lead, values: Sequence[FoundValue], *, text: str) -> list[FieldValue]:
    """Gives a lead that is not stored yet what its submitter typed, and returns the rows to store after it.

    A new lead has no history to weigh against, and this runs while a visitor waits: it asks the database nothing.
    """
    rows = [_as_row(NewValues(lead, values), found, Origin.SUBMITTER) for found in values]
    for row in rows:
        row.state = State.CURRENT
        setattr(lead, row.field, row.value[: _width(row.field)])
    _refresh_keys(lead, text)
    return rows


def edit(lead: Lead, *, field: str, value: str, actor: str) -> None:
    """A person's edit: wins over everything and locks the field. An empty value is an edit too."""
    _enter(NewValues(lead, [FoundValue(field, value.strip())], made_by=actor), actor=actor)


def accept(suggestion: FieldValue, *, actor: str) -> None:
    """A person takes a suggested value: it becomes their edit, with the suggestion's evidence."""
    evidence = None
    if suggestion.evidence_start is not None and suggestion.evidence_end is not None:
        evidence = Evidence(suggestion.evidence_start, suggestion.evidence_end, suggestion.evidence_text)
    found = FoundValue(suggestion.field, suggestion.value, evidence=evidence, note=suggestion.note)
    submission = suggestion.evidence_submission
    _enter(NewValues(suggestion.lead, [found], submission=submission, made_by=actor), actor=actor)


def refuse(suggestion: FieldValue, *, actor: str) -> None:
    """A person turns a suggested value down; the same value is not suggested again."""
    FieldValue.objects.filter(pk=suggestion.pk).suggested().update(state=State.REFUSED, made_by=actor)


def set_lock(value: FieldValue, *, is_locked: bool) -> None:
    """Locks the current value against machines, or lets them change it again."""
    FieldValue.objects.filter(pk=value.pk).current().update(is_locked=is_locked)


def _enter(item: NewValues, *, actor: str) -> None:
    lead, (found,) = item.lead, item.values
    with transaction.atomic():
        change = _Change(leads=_locked_leads([lead.pk]))  # before its values, as in apply: no deadlock
        FieldValue.objects.filter(lead=lead, field=found.field).suggested().update(state=State.PAST)
        row = _as_row(item, found, Origin.STAFF)
        row.is_locked = True
        _weigh(row, _history(change.leads).get((lead.pk, found.field), []), change)
        _write(change)
        Event.objects.create(lead=lead, actor=actor, text=f"{row.label} changed to “{row.display[:200]}”")


def _as_row(item: NewValues, found: FoundValue, origin: str) -> FieldValue:
    evidence = found.evidence
    return FieldValue(
        lead=item.lead,
        field=found.field,
        value=found.value,
        origin=origin,
        confidence=found.confidence,
        evidence_submission=item.submission if evidence else None,
        evidence_start=evidence.start if evidence else None,
        evidence_end=evidence.end if evidence else None,
        evidence_text=evidence.text if evidence else "",
        note=found.note,
        made_by=item.made_by,
    )


def _locked_leads(ids: Sequence[int]) -> dict[int, Lead]:
    """Fresh rows: the caller's may be minutes old, and a person may have edited the lead since."""
    return {lead.pk: lead for lead in Lead.objects.select_for_update().filter(pk__in=ids).order_by("pk")}


def _history(lead_ids: Iterable[int]) -> dict[tuple[int, str], list[FieldValue]]:
    rows: dict[tuple[int, str], list[FieldValue]] = {}
    live = FieldValue.objects.filter(lead__in=list(lead_ids)).exclude(state=State.PAST)
    for row in live.order_by("id"):
        rows.setdefault((row.lead_id, row.field), []).append(row)
    return rows


def _weigh(new: FieldValue, rows: list[FieldValue], change: _Change) -> None:
    current = next((row for row in rows if row.state == State.CURRENT), None)
    if current is None or (rank(new) >= rank(current) and not current.is_locked) or new.origin == Origin.STAFF:
        _take_over(new, current, change)
    elif _is_worth_suggesting(new, current, rows):
        _suggest(new, rows, change)
    rows.append(new)


def _take_over(new: FieldValue, current: FieldValue | None, change: _Change) -> None:
    if new.lead_id not in change.leads:
        return  # erased meanwhile
    if current is not None:
        if _says_the_same(new, current):
            return
        current.state = State.PAST
        change.updated.append(current)
    new.state = State.CURRENT
    change.created.append(new)
    if new.field in COLUMNS:
        setattr(change.leads[new.lead_id], new.field, new.value[: _width(new.field)])
    change.touched.add(new.lead_id)


def _says_the_same(new: FieldValue, current: FieldValue) -> bool:
    return (new.value, new.origin, new.is_locked) == (current.value, current.origin, current.is_locked) and (
        new.confidence == current.confidence
    )


def _is_worth_suggesting(new: FieldValue, current: FieldValue, rows: list[FieldValue]) -> bool:
    """A judgement by rules is no news once the model has judged; a value that stands or was refused isn't either."""
    known = FIELDS.get(new.field)
    if known and known.group is Group.JUDGEMENT and new.origin == Origin.RULE:
        return False
    values = {row.value.casefold() for row in rows if row.state in (State.CURRENT, State.REFUSED, State.SUGGESTED)}
    return bool(new.value) and new.value.casefold() not in values


def _suggest(new: FieldValue, rows: list[FieldValue], change: _Change) -> None:
    for row in rows:
        if row.state == State.SUGGESTED and row.origin == new.origin and row.pk:
            row.state = State.PAST
            change.updated.append(row)
    new.state = State.SUGGESTED
    change.created.append(new)


def _write(change: _Change) -> None:
    # Old values step down before new ones step up: the database allows one current value per field.
    FieldValue.objects.filter(pk__in=[row.pk for row in change.updated]).update(state=State.PAST)
    FieldValue.objects.bulk_create(change.created)
    touched = [change.leads[pk] for pk in change.touched]
    texts = _messages(change.touched)
    for lead in touched:
        _refresh_keys(lead, texts.get(lead.pk, ""))
        lead.updated_at = timezone.now()
    # An upsert of rows that are locked, so known to exist: bulk_update takes four times as long.
    columns = [*COLUMNS, "email_key", "phone_key", "search_text", "updated_at"]
    Lead.objects.bulk_create(touched, update_conflicts=True, unique_fields=["id"], update_fields=columns)


def _messages(lead_ids: Iterable[int]) -> dict[int, str]:
    texts: dict[int, str] = {}
    for lead_id, text in Submission.objects.filter(lead__in=list(lead_ids)).values_list("lead", "text"):
        texts[lead_id] = f"{texts.get(lead_id, '')} {text}"[:2000]
    return texts


def _refresh_keys(lead: Lead, message: str) -> None:
    lead.email_key = email_key(lead.email)
    lead.phone_key = phone_key(lead.phone, settings.DEFAULT_REGION)
    who = [lead.first_name, lead.last_name, lead.email, lead.phone, lead.phone_key, lead.company]
    lead.search_text = " ".join([*who, message[:2000]]).lower()


def _width(column: str) -> int | None:
    return getattr(Lead._meta.get_field(column), "max_length", None)
