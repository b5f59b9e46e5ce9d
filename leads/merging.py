"""The one writer of lead fields: which value wins, what is remembered of it, and a person's edits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from leads.fields import COLUMNS, FIELDS, Group
from leads.keys import email_key, phone_key
from leads.models import ContactPoint, Event, Feedback, FieldValue, Lead, Submission
from leads.values import Evidence, FoundValue

Origin = FieldValue.Origin
State = FieldValue.State
Verdict = Feedback.Verdict
MACHINES = (Origin.RULE, Origin.MODEL)

# Who wins for contact and facts. A judgement is read better by the model than by word lists, so there the two swap.
FACT_RANK = {Origin.MODEL: 1, Origin.RULE: 2, Origin.CRM: 3, Origin.SUBMITTER: 4, Origin.STAFF: 5}
JUDGEMENT_RANK = FACT_RANK | {Origin.RULE: 1, Origin.MODEL: 2}


LONGEST_SEARCHED = 2000  # characters of one message that the word search sees
MOST_SEARCHED = 20_000  # of all messages of a lead


class MergedAway(Exception):
    """The lead was folded into another, which is the one to change; the message is a plain sentence."""

    def __init__(self, lead: Lead) -> None:
        super().__init__(f"“{lead.name}” was merged into another lead.")
        self.lead = lead


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
    as a suggestion, the same value twice changes nothing. A lead that was folded into another stays as it is.
    Call it inside a transaction."""
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
        if row.field in COLUMNS:
            setattr(lead, row.field, row.value[: _width(row.field)])
    _refresh_keys(lead, text[:LONGEST_SEARCHED])
    return rows


def edit(lead: Lead, *, field: str, value: str, actor: str) -> None:
    """A person's edit: wins over everything and locks the field. An empty value is an edit too.

    Raises MergedAway, as accept does, when the lead was folded into another.
    """
    _enter(NewValues(lead, [FoundValue(field, value.strip())], made_by=actor), actor=actor)


def accept(suggestion: FieldValue, *, actor: str) -> None:
    """A person takes a suggested value: it becomes their edit, with the suggestion's evidence."""
    evidence = None
    if suggestion.evidence_start is not None and suggestion.evidence_end is not None:
        evidence = Evidence(suggestion.evidence_start, suggestion.evidence_end, suggestion.evidence_text)
    found = FoundValue(suggestion.field, suggestion.value, evidence=evidence, note=suggestion.note)
    submission = suggestion.evidence_submission
    item = NewValues(suggestion.lead, [found], submission=submission, made_by=actor)
    _enter(item, actor=actor, accepted=suggestion)


def follow(lead: Lead, found: FoundValue, *, wins: bool, actor: str) -> None:
    """What a person changed in the CRM. Where it wins it stands like an edit made here, else it is suggested. An empty
    value that doesn't win is nothing to suggest. Call it inside a transaction."""
    change = _Change(leads=_locked_leads([lead.pk]))
    row = _as_row(NewValues(lead, [found], made_by=actor), found, Origin.CRM)
    rows = _history(change.leads).get((lead.pk, found.field), [])
    current = next((each for each in rows if each.state == State.CURRENT), None)
    if wins and not (current and current.value == row.value):
        row.is_locked = True  # by a person, if not by staff: machines leave it alone
        _take_over(row, current, change)
        Event.objects.create(lead=lead, actor=actor, text=f"{row.label} changed to “{row.display[:200]}”")
    elif not wins and lead.pk in change.leads and _is_worth_suggesting(row, current or row, rows):
        _suggest(row, rows, change)
    _write(change)


def refuse(suggestion: FieldValue, *, actor: str) -> None:
    """A person turns a suggested value down; the same value is not suggested again."""
    refused = FieldValue.objects.filter(pk=suggestion.pk, lead__merged_into=None).suggested()
    with transaction.atomic():
        if refused.update(state=State.REFUSED):
            _remember(suggestion, Verdict.REFUSED, actor)


def set_lock(value: FieldValue, *, is_locked: bool, actor: str) -> None:
    """Locks the current value against machines, which confirms it, or lets them change it again."""
    standing = FieldValue.objects.filter(pk=value.pk, lead__merged_into=None).current()
    with transaction.atomic():
        if standing.exclude(is_locked=is_locked).update(is_locked=is_locked) and is_locked:
            _remember(value, Verdict.CONFIRMED, actor)


def _remember(value: FieldValue | None, verdict: str, actor: str) -> None:
    """What a person did with a machine's value; nothing for what people entered themselves."""
    if value is None or value.origin not in MACHINES:
        return
    claimed = value.claimed_confidence if value.claimed_confidence is not None else value.confidence
    Feedback.objects.create(
        lead_id=value.lead_id,
        field=value.field,
        origin=value.origin,
        made_by=value.made_by,
        confidence=claimed,
        verdict=verdict,
        actor=actor,
    )


def restate(lead: Lead, columns: Mapping[str, str]) -> None:
    """Has a locked lead repeat values that `leads.merges` put in place, and be found by what hangs on it now."""
    for column, value in columns.items():
        if column in COLUMNS:
            setattr(lead, column, value[: _width(column)])
    _save_leads([lead])


def withdraw(submissions: Sequence[Submission]) -> None:
    """Takes back what was read from messages that are to go, confirmed values apart. Call it inside a transaction, with
    the leads locked; they are read anew after it."""
    rows = FieldValue.objects.filter(evidence_submission__in=submissions, is_locked=False).exclude(state=State.PAST)
    found = list(rows.select_related("lead"))
    leads = {row.lead_id: row.lead for row in found}
    for row in found:
        if row.state == State.CURRENT and row.field in COLUMNS:
            setattr(leads[row.lead_id], row.field, "")
    FieldValue.objects.filter(pk__in=[row.pk for row in found]).update(state=State.PAST)
    _save_leads(list(leads.values()))


def refresh(lead_ids: Iterable[int]) -> None:
    """Has leads be found by all of their messages and contact points, after some were added. In a transaction."""
    _save_leads(list(_locked_leads(sorted(lead_ids)).values()))


def _enter(item: NewValues, *, actor: str, accepted: FieldValue | None = None) -> None:
    lead, (found,) = item.lead, item.values
    with transaction.atomic():
        change = _Change(leads=_locked_leads([lead.pk]))  # before its values, as in apply: no deadlock
        _refuse_merged(lead, change)
        FieldValue.objects.filter(lead=lead, field=found.field).suggested().update(state=State.PAST)
        row = _as_row(item, found, Origin.STAFF)
        row.is_locked = True
        rows = _history(change.leads).get((lead.pk, found.field), [])
        before = next((each for each in rows if each.state == State.CURRENT), None)
        _remember(accepted, Verdict.ACCEPTED, actor)
        _remember(before, Verdict.CONFIRMED if before and before.value == row.value else Verdict.EDITED, actor)
        _weigh(row, rows, change)
        _write(change)
        Event.objects.create(lead=lead, actor=actor, text=f"{row.label} changed to “{row.display[:200]}”")


def _refuse_merged(lead: Lead, change: _Change) -> None:
    if not change.leads and (merged := Lead.objects.filter(pk=lead.pk).exclude(merged_into=None).first()):
        raise MergedAway(merged)


def _as_row(item: NewValues, found: FoundValue, origin: str) -> FieldValue:
    evidence = found.evidence
    return FieldValue(
        lead=item.lead,
        field=found.field,
        value=found.value,
        origin=origin,
        confidence=found.confidence,
        claimed_confidence=found.claimed,
        evidence_submission=item.submission if evidence else None,
        evidence_start=evidence.start if evidence else None,
        evidence_end=evidence.end if evidence else None,
        evidence_text=evidence.text if evidence else "",
        note=found.note,
        made_by=item.made_by,
    )


def _locked_leads(ids: Sequence[int]) -> dict[int, Lead]:
    """Fresh rows: the caller's may be minutes old, and a person may have edited or merged the lead since."""
    leads = Lead.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return {lead.pk: lead for lead in leads if lead.merged_into_id is None}


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
        return  # erased or merged meanwhile
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
    _save_leads([change.leads[pk] for pk in change.touched])


def _save_leads(leads: Sequence[Lead]) -> None:
    ids = [lead.pk for lead in leads]
    texts, contacts = _messages(ids), _contacts(ids)
    for lead in leads:
        _refresh_keys(lead, texts.get(lead.pk, ""), contacts.get(lead.pk, ()))
        lead.updated_at = timezone.now()
    # An upsert of rows that are locked, so known to exist: bulk_update takes four times as long.
    columns = [*COLUMNS, "email_key", "phone_key", "search_text", "updated_at"]
    Lead.objects.bulk_create(leads, update_conflicts=True, unique_fields=["id"], update_fields=columns)


def _messages(lead_ids: Iterable[int]) -> dict[int, str]:
    texts: dict[int, list[str]] = {}
    for lead_id, text in Submission.objects.filter(lead__in=list(lead_ids)).values_list("lead", "text"):
        texts.setdefault(lead_id, []).append(text[:LONGEST_SEARCHED])
    return {lead_id: " ".join(found) for lead_id, found in texts.items()}


def _contacts(lead_ids: Iterable[int]) -> dict[int, list[str]]:
    """What else a lead can be reached by, as written and as its key."""
    found: dict[int, list[str]] = {}
    points = ContactPoint.objects.filter(lead__in=list(lead_ids)).order_by("id")
    for lead_id, value, key in points.values_list("lead", "value", "key"):
        found.setdefault(lead_id, []).extend([value, key])
    return found


def _refresh_keys(lead: Lead, message: str, contacts: Sequence[str] = ()) -> None:
    lead.email_key = email_key(lead.email)
    lead.phone_key = phone_key(lead.phone, settings.DEFAULT_REGION)
    who = [lead.first_name, lead.last_name, lead.email, lead.phone, lead.phone_key, lead.company, *contacts]
    lead.search_text = " ".join([*who, message[:MOST_SEARCHED]]).lower()


def _width(column: str) -> int | None:
    return getattr(Lead._meta.get_field(column), "max_length", None)
