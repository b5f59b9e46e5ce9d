"""What staff read about merges and Airtable: what one will change there, and what became of the records."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict

from crm_sync import connection, merged
from crm_sync.airtable import record_url
from crm_sync.foreseen import CellChange, cell_changes
from crm_sync.mapping import Target
from crm_sync.models import CrmRecord
from leads.comparison import choices_from
from leads.merge_plan import MergeRefused, plan
from leads.models import Lead
from leads.steps import Step, steps_of, with_runs


@dataclass(frozen=True, slots=True)
class Line:
    """One lead and a sentence about its record; `url` opens the record, empty when there is none; `cells` are those
    that change."""

    lead: Lead
    text: str
    url: str = ""
    cells: Sequence[CellChange] = ()


def address(record: CrmRecord | None) -> str:
    """Where a person opens the record; empty until there is one."""
    if record is None or not (record.base_id and record.table_id and record.record_id):
        return ""
    return record_url(record.base_id, record.table_id, record.record_id)


def changes(leads: Sequence[Lead], survivor: Lead, chosen: QueryDict) -> list[Line]:
    """What merging the leads into the survivor changes in Airtable; nothing when none of them is there. `chosen` is the
    form in which the values are chosen."""
    link = connection.current()
    rows = CrmRecord.objects.filter(lead__in=leads, base_id=link.base_id if link else "").exclude(record_id="")
    records = {record.lead_id: record for record in rows if record.lead_id}
    if not records:
        return []
    targets = connection.targets()
    ends = _end_of_records(targets)
    return [
        _kept(leads, survivor, records.get(survivor.pk), targets, chosen),
        *(
            Line(lead, ends if lead.pk in records else "It was not sent yet.", address(records.get(lead.pk)))
            for lead in leads
            if lead != survivor
        ),
    ]


def _kept(
    leads: Sequence[Lead], survivor: Lead, record: CrmRecord | None, targets: Sequence[Target], chosen: QueryDict
) -> Line:
    if record is None:
        return Line(survivor, "It is sent as a new record.")
    try:
        planned = plan(leads, survivor=survivor)
    except MergeRefused as refusal:
        return Line(survivor, refusal.reason, address(record))
    cells = cell_changes(planned, choices_from(planned, chosen), targets=targets, sent=record.sent_fields)
    text = "Its record is updated." if cells else "No cell of its record changes, unless its score does."
    return Line(survivor, text, address(record), cells)


def _end_of_records(targets: Sequence[Target]) -> str:
    if connection.merged_records() == "delete":
        return "Its record is deleted, with what was written in Airtable alone."
    if target := merged.mark_from(targets):
        return f"Its record stays, and “{target.remote.name}” names the remaining lead."
    return "Its record stays as it is: the table has no text or URL field “Merged into”."


def absorbed(lead: Lead) -> list[Line]:
    """What became of the records of all leads that ended in this one, those merged last first."""
    found: list[Lead] = []
    level = [lead.pk]
    while level:
        leads = with_runs(Lead.objects.filter(merged_into__in=level)).select_related("crm_record").order_by("-pk")
        found += (batch := list(leads))
        level = [one.pk for one in batch]
    return [_became(one) for one in found]


def _became(lead: Lead) -> Line:
    record: CrmRecord | None = getattr(lead, "crm_record", None)
    step = next((step for step in steps_of(lead) if step.stage == "push"), None)
    return Line(lead, _sentence(step, record), address(record))


def _sentence(step: Step | None, record: CrmRecord | None) -> str:
    if step and (step.state == "failed" or step.is_unfinished):
        waits = "Its record follows soon." if step.is_unfinished else "Its record could not follow."
        return f"{waits} {step.reason}".strip()
    if record is None or step is None:
        return step.note if step and step.note else merged.NO_RECORD
    return step.note or "Its record follows soon."
