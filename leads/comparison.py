"""Leads side by side before a merge: which value of each field is taken, read from the page's form."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from leads.duplicates import with_leads
from leads.merge_plan import MOST, Choice, Option, Plan, PlannedField
from leads.merges import root
from leads.models import DuplicateSuggestion, Lead


@dataclass(frozen=True, slots=True)
class Asked:
    """The leads that an address names. `moved` are those that were merged meanwhile, each with where it went; `gone`
    says how many there are no more."""

    leads: list[Lead]
    moved: list[tuple[Lead, Lead]]
    left_out: int = 0
    gone: int = 0

    @property
    def why_changed(self) -> str:
        """Why these aren't the leads that a page showed, in a plain sentence; empty when they are."""
        if self.gone:
            return "One of these leads was erased meanwhile. Nothing was merged."
        names = " and ".join(f"“{lead.name}”" for lead, _ in self.moved)
        return f"{names} went into another lead meanwhile. Nothing was merged." if names else ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One lead's value of a field. `number` is the key that takes it, from 1."""

    option: Option
    number: int
    is_taken: bool
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One field across the leads."""

    field: PlannedField
    cells: list[Cell]
    keeps_both: bool


def asked_for(ids: Iterable[str]) -> Asked:
    """The standing leads behind public ids, in their order, each once. Unknown ids are left out."""
    wanted = list(dict.fromkeys(_known_form(ids)))[:20]
    found = {lead.public_id: lead for lead in Lead.objects.filter(public_id__in=wanted).defer("search_text")}
    ends = [(found[key], _end(found[key])) for key in wanted if key in found]
    leads = list({end.pk: end for _, end in ends}.values())
    moved = [(lead, end) for lead, end in ends if lead.pk != end.pk]
    return Asked(leads[:MOST], moved, max(len(leads) - MOST, 0), gone=len(wanted) - len(found))


def _end(lead: Lead) -> Lead:
    return lead if lead.merged_into_id is None else root(lead)


def _known_form(ids: Iterable[str]) -> Iterable[uuid.UUID]:
    for text in ids:
        try:
            yield uuid.UUID(text)
        except ValueError:
            continue


def survivor_among(leads: Sequence[Lead], public_id: str) -> Lead | None:
    return next((lead for lead in leads if str(lead.public_id) == public_id), None)


def choices_from(plan: Plan, form: QueryDict) -> dict[str, Choice]:
    """What was chosen in the page's form; the plan's suggestion where nothing was.

    `all` names the lead that every value is taken from, as far as it has one.
    """
    if "survivor" not in form:
        return plan.choices()
    return {field.key: _choice(field, form) for field in plan.fields}


def _choice(field: PlannedField, form: QueryDict) -> Choice:
    known = [str(option.lead.pk) for option in field.options if option.counts]
    wanted = (form.get("all", ""), form.get(f"take-{field.key}", ""))
    taken = next((pk for pk in wanted if pk in known), str(field.chosen))
    return Choice(int(taken), field.can_keep_both and f"both-{field.key}" in form)


def rows(plan: Plan, choices: Mapping[str, Choice], order: Sequence[Lead]) -> list[Row]:
    """The plan's fields with the leads in the page's order, whichever of them stays."""
    return [_row(field, choices[field.key], [lead.pk for lead in order]) for field in plan.fields]


def _row(field: PlannedField, choice: Choice, order: Sequence[int]) -> Row:
    options = {option.lead.pk: option for option in field.options}
    cells = [
        Cell(options[pk], number, pk == choice.lead, field.why if pk == field.chosen else "")
        for number, pk in enumerate(order, start=1)
    ]
    return Row(field, cells, choice.keep_both)


def told_apart_since(ids: Iterable[int]) -> str:
    """Who decided that two of the leads are not the same since a page showed these suggestions as open, in a plain
    sentence; empty when nobody did."""
    told = with_leads(DuplicateSuggestion.objects.told_apart().filter(pk__in=list(ids))).select_related("decided_by")
    for row in told.order_by("pk")[:1]:
        who = row.decided_by.get_username() if row.decided_by else "Somebody"
        said = f"{who} decided meanwhile that {row.first.name} and {row.second.name} are not the same."
        return f"{said} Nothing was merged. If you know better, press Merge once more."
    return ""


def suggestions_among(leads: Sequence[Lead]) -> list[DuplicateSuggestion]:
    """The open suggestions that say these leads are the same."""
    ids = [lead.pk for lead in leads]
    found = DuplicateSuggestion.objects.to_review().filter(first__in=ids, second__in=ids)
    return list(with_leads(found).likeliest_first())
