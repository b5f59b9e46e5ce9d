"""What staff do to a lead's values. `leads.merging` writes them; this also queues the stages that read them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from leads import known_fields, merging, pipeline, unsure
from leads.fields import CONTACT, Field, Group
from leads.models import FieldValue, Lead
from leads.models.pipeline import STAGES

# The model's panel shows these; the list of facts only while one is edited or a new value is suggested.
IN_PANEL = ("summary", "reply")


@dataclass(slots=True)
class Fact:
    """One row of the lead's facts: what stands, if anything does, and what else is suggested."""

    key: str
    label: str
    current: FieldValue | None = None
    suggestions: list[FieldValue] = field(default_factory=list)
    past: list[FieldValue] = field(default_factory=list)

    @property
    def can_be_edited(self) -> bool:
        return known_fields.known(self.key) is not None


@dataclass(frozen=True, slots=True)
class FactGroup:
    title: str
    facts: list[Fact]


def change_value(lead: Lead, *, field: str, value: str, actor: str) -> None:
    """A person's edit, then score and push, and for a contact field the search for duplicates, again."""
    with transaction.atomic():
        merging.edit(lead, field=field, value=value, actor=actor)
        follow_up(lead, field)


def accept_suggestion(suggestion: FieldValue, *, actor: str) -> None:
    with transaction.atomic():
        merging.accept(suggestion, actor=actor)
        follow_up(suggestion.lead, suggestion.field)


def refuse_suggestion(suggestion: FieldValue, *, actor: str) -> None:
    with transaction.atomic():
        merging.refuse(suggestion, actor=actor)
        _touch(suggestion.lead)


def lock_value(value: FieldValue, *, is_locked: bool, actor: str) -> None:
    with transaction.atomic():
        merging.set_lock(value, is_locked=is_locked, actor=actor)
        _touch(value.lead)
        follow_up(value.lead, value.field, is_changed=False)


def fact_groups(values: Iterable[FieldValue], *, editing: str = "") -> list[FactGroup]:
    """The lead's current and suggested values as the page shows them; contact fields also when they are empty."""
    facts = {known.key: Fact(known.key, known.label) for known in known_fields.every().values()}
    for value in values:
        row = facts.setdefault(value.field, Fact(value.field, value.label))
        if value.state == FieldValue.State.CURRENT:
            row.current = value
        elif value.state == FieldValue.State.SUGGESTED:
            row.suggestions.append(value)
        elif value.value:
            row.past.append(value)
    shown = [row for row in facts.values() if _is_shown(row, editing)]
    groups = ((Group.CONTACT, "Contact"), (Group.FACT, "Facts"), (Group.JUDGEMENT, "Judgements"))
    return [FactGroup(title, [row for row in shown if _group(row) is group]) for group, title in groups]


def _is_shown(row: Fact, editing: str) -> bool:
    if row.key in CONTACT or row.key == editing or row.suggestions:
        return True
    return row.current is not None and bool(row.current.value) and row.key not in IN_PANEL


def _group(row: Fact) -> Group:
    known = known_fields.known(row.key)
    return known.group if known else Group.FACT


def current_text(lead: Lead, field: str) -> str:
    """What stands in a field; empty when nothing does."""
    return FieldValue.objects.current().filter(lead=lead, field=field).values_list("value", flat=True).first() or ""


def missing_fields(groups: Iterable[FactGroup]) -> list[Field]:
    """The fields that a person may add: those without a row."""
    present = {row.key for group in groups for row in group.facts}
    offered = known_fields.in_use().values()
    return [known for known in offered if known.key not in present and known.key not in IN_PANEL]


def follow_up(lead: Lead, field: str, *, is_changed: bool = True) -> None:
    """Queues what has to read a changed value. Call it in the transaction that changed it."""
    unsure.settle(lead.pk, field)
    wanted = ("duplicates", "score") if is_changed and field in CONTACT else ("score",)
    pipeline.schedule([lead.pk], [stage for stage in wanted if stage in STAGES])


def _touch(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(updated_at=timezone.now())
