"""What a merge would do: field by field the values to choose from, which one is preselected and why, and the result."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.db.models import F, Q

from leads import known_fields
from leads import merge_judging as judging
from leads.fields import FIELDS
from leads.models import ContactPoint, DuplicateSuggestion, Event, FieldValue, Lead, Reply, Submission

MOST = 10  # leads in one go
KEPT_BOTH = ("email", "phone")
STATUS, OWNER = "status", "owner"
State = FieldValue.State


class MergeRefused(Exception):
    """What was asked can't be done; `reason` is a plain sentence for staff."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose value of a field is taken, by the lead's pk, and whether the others' e-mails or phones are kept beside."""

    lead: int
    keep_both: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One lead's value of a field; `value` is empty when it has none. `when`: as of which moment it was known."""

    lead: Lead
    value: str
    display: str
    origin: str = ""
    is_verified: bool = False
    when: dt.datetime | None = None
    is_locked: bool = False

    @property
    def counts(self) -> bool:
        """Whether it takes part in the choice: also a field that a person emptied on purpose."""
        return bool(self.value) or (self.origin == FieldValue.Origin.STAFF and self.is_locked)


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of the leads, `chosen` being the pk of the lead whose value is preselected and `why` the reason.

    `options` come one per lead, in the plan's order. `is_equal`: all who have a value say the same, however it is
    written. `keep_both` is the preselection where `can_keep_both`: the other values become contact points.
    """

    key: str
    label: str
    options: tuple[Option, ...]
    chosen: int
    why: str
    is_equal: bool = False
    can_keep_both: bool = False
    keep_both: bool = False

    def option(self, lead_id: int) -> Option:
        return next(option for option in self.options if option.lead.pk == lead_id)

    def is_contested(self, lead_id: int, other_id: int) -> bool:
        """Whether two of the leads say different things, an emptied field being one."""
        one, other = self.option(lead_id), self.option(other_id)
        return (
            one.counts and other.counts and judging.normal(self.key, one.value) != judging.normal(self.key, other.value)
        )


@dataclass(frozen=True, slots=True)
class Moves:
    """What the leads that are folded in bring."""

    messages: int
    replies: int
    events: int
    contact_points: int
    suggestions: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`fields`: differing ones first, equal ones last."""

    survivor: Lead
    leads: tuple[Lead, ...]
    fields: tuple[PlannedField, ...]
    moves: Moves

    @property
    def absorbed(self) -> tuple[Lead, ...]:
        return tuple(lead for lead in self.leads if lead.pk != self.survivor.pk)

    def choices(self) -> dict[str, Choice]:
        """What is preselected."""
        return {planned.key: Choice(planned.chosen, planned.keep_both) for planned in self.fields}


def plan(leads: Sequence[Lead], *, survivor: Lead | None = None) -> Plan:
    """What merging 2 to 10 leads would do, in a fixed number of queries.

    The lead that stays is by default one that was worked on, else the oldest: its address is the best known.

    Raises:
        MergeRefused: these leads can't be merged.
    """
    leads = tuple(leads)
    refuse_unmergeable(leads)
    survivor = survivor or min(leads, key=lambda lead: (lead.status == Lead.Status.NEW, lead.received_at, lead.pk))
    if survivor not in leads:
        raise MergeRefused("The lead that stays must be one of those that are merged.")
    planned = [_field(key, leads, survivor, values) for key, values in _values(leads).items()]
    planned += [_status(leads, survivor), _owner(leads, survivor)]
    shown = [field for field in planned if any(option.counts for option in field.options)]
    return Plan(survivor, leads, tuple(sorted(shown, key=_differing_first)), _moves(leads, survivor))


def refuse_unmergeable(leads: Sequence[Lead]) -> None:
    if len({lead.pk for lead in leads}) != len(leads) or len(leads) < 2:
        raise MergeRefused("A merge needs at least two different leads.")
    if len(leads) > MOST:
        raise MergeRefused(f"No more than {MOST} leads can be merged in one go.")
    if gone := next((lead for lead in leads if lead.merged_into_id is not None), None):
        raise MergeRefused(f"“{gone.name}” was merged into another lead already.")
    if spam := next((lead for lead in leads if lead.quarantined_at is not None), None):
        raise MergeRefused(f"“{spam.name}” is in quarantine as spam.")
    if len({lead.is_sample for lead in leads}) > 1:
        raise MergeRefused("A sample lead can't be merged with a real one: it would go when the samples are removed.")


def result(plan: Plan, choices: Mapping[str, Choice]) -> list[tuple[str, str, str]]:
    """What the lead will say: key, label and value as a person reads it; what isn't chosen goes as preselected."""
    wanted = plan.choices() | dict(choices)
    rows = []
    for planned in sorted(plan.fields, key=lambda field: _place(field.key)):
        choice = wanted[planned.key]
        taken = planned.option(choice.lead)
        kept = _kept_beside(planned, taken) if planned.can_keep_both and choice.keep_both else []
        if taken.display or kept:
            rows.append((planned.key, planned.label, ", also ".join(filter(None, [taken.display, *kept]))))
    return rows


def _kept_beside(planned: PlannedField, taken: Option) -> list[str]:
    others = {judging.normal(planned.key, option.value): option.display for option in planned.options if option.value}
    others.pop(judging.normal(planned.key, taken.value), None)
    return list(others.values())


def _place(key: str) -> tuple[int, str]:
    order = [*known_fields.every(), STATUS, OWNER]
    return (order.index(key), "") if key in order else (len(order), key)


def _differing_first(field: PlannedField) -> tuple[int, tuple[int, str]]:
    is_alone = sum(option.counts for option in field.options) == 1
    return (2 if field.is_equal else 1 if is_alone else 0), _place(field.key)


# ---- the values of a field -------------------------------------------------------------------------------------------


def _values(leads: Sequence[Lead]) -> dict[str, dict[int, FieldValue]]:
    """The current values by field and lead. Of a column that has no value of its own the lead tells."""
    found: dict[str, dict[int, FieldValue]] = {key: {} for key in FIELDS}
    rows = FieldValue.objects.current().filter(lead__in=leads).order_by("field", "lead")
    for row in rows.annotate(written_at=F("evidence_submission__received_at")):
        found.setdefault(row.field, {})[row.lead_id] = row
    for lead in leads:
        for key in (known.key for known in FIELDS.values() if known.is_column):
            if (text := getattr(lead, key)) and lead.pk not in found[key]:
                found[key][lead.pk] = FieldValue(lead=lead, field=key, value=text, created_at=lead.received_at)
    return found


def _field(key: str, leads: Sequence[Lead], survivor: Lead, values: Mapping[int, FieldValue]) -> PlannedField:
    options = _verified(key, [_option(lead, values.get(lead.pk)) for lead in leads])
    label = next(iter(values.values())).label if values else key
    says = {judging.normal(key, option.value) for option in options if option.counts}
    chosen, why = judging.best(key, options, survivor)
    return PlannedField(
        key,
        label,
        tuple(options),
        chosen.lead.pk,
        why,
        is_equal=len(says) == 1 and sum(option.counts for option in options) > 1,
        can_keep_both=key in KEPT_BOTH,
        keep_both=key in KEPT_BOTH
        and len({judging.normal(key, option.value) for option in options if option.value}) > 1,
    )


def _option(lead: Lead, row: FieldValue | None) -> Option:
    if row is None:
        return Option(lead, "", "")
    when = getattr(row, "written_at", None) or row.created_at
    return Option(lead, row.value, row.display, row.origin, when=when, is_locked=row.is_locked)


def _verified(key: str, options: Sequence[Option]) -> list[Option]:
    """With `is_verified` where the submitter typed a valid e-mail or phone, or where two leads agree."""
    says = [judging.normal(key, option.value) for option in options]
    return [
        replace(option, is_verified=judging.is_typed_and_valid(key, option) or (bool(text) and says.count(text) > 1))
        for option, text in zip(options, says, strict=True)
    ]


def _status(leads: Sequence[Lead], survivor: Lead) -> PlannedField:
    options = tuple(Option(lead, lead.status, lead.get_status_display()) for lead in leads)
    says = {lead.status for lead in leads}
    furthest = max(leads, key=lambda lead: (judging.FURTHER[lead.status], lead == survivor))
    why = "equal" if len(says) == 1 else "further on"
    return PlannedField(STATUS, "Status", options, furthest.pk, why, is_equal=len(says) == 1)


def _owner(leads: Sequence[Lead], survivor: Lead) -> PlannedField:
    people = User.objects.in_bulk([lead.owner_id for lead in leads if lead.owner_id])
    options = tuple(
        Option(lead, str(owner.pk), owner.get_full_name() or owner.get_username()) if owner else Option(lead, "", "")
        for lead, owner in ((lead, people.get(lead.owner_id or 0)) for lead in leads)
    )
    owned = [option for option in options if option.value]
    says = {option.value for option in owned}
    chosen = next((option for option in owned if option.lead == survivor), owned[0] if owned else options[0])
    why = "only one has it" if len(owned) == 1 else "equal" if len(says) == 1 else "of the lead that stays"
    if len(says) > 1 and chosen.lead != survivor:
        why = "first of several"
    return PlannedField(OWNER, "Owner", options, chosen.lead.pk, why, is_equal=len(says) == 1 and len(owned) > 1)


# ---- what moves ------------------------------------------------------------------------------------------------------


def _moves(leads: Sequence[Lead], survivor: Lead) -> Moves:
    absorbed = [lead.pk for lead in leads if lead != survivor]
    return Moves(
        messages=Submission.objects.filter(lead__in=absorbed).count(),
        replies=Reply.objects.filter(lead__in=absorbed).count(),
        events=Event.objects.filter(lead__in=absorbed).count(),
        contact_points=ContactPoint.objects.filter(lead__in=absorbed).count(),
        suggestions=_suggestions(absorbed, {lead.pk for lead in leads}),
    )


def _suggestions(absorbed: Sequence[int], group: set[int]) -> int:
    """How many others were suggested as, or said not to be, the same as one of the absorbed."""
    pairs = DuplicateSuggestion.objects.filter(Q(first__in=absorbed) | Q(second__in=absorbed))
    undecided = pairs.exclude(state=DuplicateSuggestion.State.MERGED).values_list("first", "second")
    return len({pk for pair in undecided for pk in pair} - group)
