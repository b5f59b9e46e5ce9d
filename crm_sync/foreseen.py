"""Which cells of the remaining lead's record a merge will change, as far as our mapping tells."""

import copy
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from crm_sync.cells import CellValue, payload
from crm_sync.mapping import Target
from crm_sync.push import message_of, own_values, values_of
from leads import touches
from leads.consents import summary
from leads.fields import COLUMNS
from leads.merge_plan import OWNER, STATUS, Choice, Plan
from leads.merge_rows import contact_key
from leads.models import Consent, ContactPoint, Lead, Submission

LONGEST = 80  # characters of a cell that are shown
OTHERS = {"other_emails": ContactPoint.Kind.EMAIL, "other_phones": ContactPoint.Kind.PHONE}
Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell of a record, by its name in Airtable, as a person reads it; empty strings for an empty cell.

    Where the cell keeps what it says, `added` is what comes behind it.
    """

    name: str
    before: str
    after: str
    added: str = ""


def cell_changes(
    plan: Plan, choices: Mapping[str, Choice], *, targets: Sequence[Target], sent: Sequence[str]
) -> list[CellChange]:
    """What pushing the survivor after the merge writes that it would not write now. `sent`: our fields that its record
    got before. Not the score, which is worked out anew."""
    now = values_of([plan.survivor])[plan.survivor.pk]
    after = now | _after(plan, choices, now)
    cells = [_cells(values, targets, sent) for values in (now, after)]
    found = [(target.remote.name, *(_read(cell.get(target.remote.id)) for cell in cells)) for target in targets]
    return [_change(*each) for each in found if each[1] != each[2]]


def _cells(values: Values, targets: Sequence[Target], sent: Sequence[str]) -> dict[str, CellValue | None]:
    return payload(values, targets, zone=zoneinfo.ZoneInfo(settings.TIME_ZONE), pushed_before=sent)[0]


def _after(plan: Plan, choices: Mapping[str, Choice], now: Values) -> Values:
    survivor = copy.copy(plan.survivor)
    chosen = {field.key: field.option(choices[field.key].lead) for field in plan.fields if field.key != OWNER}
    taken = {key: option.value for key, option in chosen.items() if option.lead != survivor}
    for column in {*COLUMNS, STATUS} & taken.keys():
        setattr(survivor, column, taken[column])
    messages = list(Submission.objects.filter(lead__in=plan.leads).order_by("received_at", "id"))
    touches.note(survivor, [message.attribution for message in messages])
    consents = Consent.objects.filter(submission__lead__in=plan.leads)
    said = {"message": message_of(messages), "form_consents": summary(consents)}
    return taken | own_values(survivor) | said | _contacts(plan, choices, survivor, now)


def _contacts(plan: Plan, choices: Mapping[str, Choice], survivor: Lead, now: Values) -> Values:
    """What the lead will be reached by besides: what it was, then what the others bring."""
    points = list(ContactPoint.objects.filter(lead__in=plan.leads).exclude(lead=survivor))
    found: Values = {}
    for key, kind in OTHERS.items():
        brought = [point.value for point in points if point.kind == kind]
        field = next((field for field in plan.fields if field.key == kind), None)
        if field and choices[field.key].keep_both:
            brought += [option.value for option in field.options]
        had = [value for value in str(now[key]).split(", ") if value]
        found[key] = ", ".join(_each_once(kind, [*had, *brought], but=getattr(survivor, kind)))
    return found


def _each_once(kind: str, values: Iterable[str], *, but: str) -> list[str]:
    named = {contact_key(kind, value): value for value in reversed(list(values)) if value}
    named.pop(contact_key(kind, but), None)
    return list(reversed(named.values()))


def _read(cell: CellValue | None) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return ", ".join(cell) if isinstance(cell, list) else "" if cell is None else str(cell)


def _change(name: str, before: str, after: str) -> CellChange:
    if before and after.startswith(before):
        return CellChange(name, _short(before), _short(after), added=_short(after[len(before) :].strip(" ,\n")))
    return CellChange(name, _short(before), _short(after))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
