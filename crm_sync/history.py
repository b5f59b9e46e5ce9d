"""What passed between leads and the CRM, in words: for the log, for the lead that failed, for the chart."""

from collections.abc import Sequence

from django.utils import timezone

from crm_sync import meter
from crm_sync.airtable_errors import AirtableError, ErrorKind
from crm_sync.delivery import Delivery
from crm_sync.mapping import Target
from crm_sync.models import CrmConnection, SyncEvent
from crm_sync.push import Parcel
from leads.models import Lead

Kind = SyncEvent.Kind
LONGEST = 80  # characters of a value that are shown
WHAT_TO_DO = {
    ErrorKind.INVALID: "Change the value here, or the field in Airtable, then press “Retry”.",
    ErrorKind.ROW_GONE: "Choose whether it is made again.",
    ErrorKind.AMBIGUOUS: "Choose which one is right.",
}


def sentence(error: AirtableError) -> str:
    """What went wrong, what Airtable said, and what to do."""
    said = f"Airtable says: {error.detail}" if error.detail else ""
    return " ".join(part for part in (error.message, said, WHAT_TO_DO.get(error.kind, "")) if part)


def explain(parcel: Parcel, error: AirtableError, targets: Sequence[Target]) -> str:
    """The same, with the value that was refused."""
    for target in targets:
        cell = parcel.cells.get(target.remote.id)
        if error.field and error.field in (target.remote.name, target.remote.id) and cell is not None:
            return f"{sentence(error)} The value is “{_short(str(cell))}”."
    return sentence(error)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def remember(done: Delivery, targets: Sequence[Target]) -> None:
    """Writes the log, today's figures and the time of the last success. Call it where the outcome is saved."""
    names = {target.remote.id: target.remote.name for target in targets}
    rows = [
        SyncEvent(
            lead=parcel.lead,
            kind=Kind.PUSHED,
            fields=[names[key] for key in parcel.changed if key in names],
            request_id=request_id,
        )
        for parcel, request_id in zip(done.sent, done.request_ids, strict=True)
    ]
    kinds = {ErrorKind.ROW_GONE: Kind.GONE, ErrorKind.AMBIGUOUS: Kind.TWICE}
    rows += [
        SyncEvent(
            lead=parcel.lead,
            kind=kinds.get(error.kind, Kind.FAILED),
            fields=[error.field] if error.field else [],
            detail=explain(parcel, error, targets),
            request_id=error.request_id,
        )
        for parcel, error in done.refused
    ]
    # Not of leads that were erased meanwhile.
    there = set(Lead.objects.filter(pk__in=[row.lead_id for row in rows]).values_list("pk", flat=True))
    SyncEvent.objects.bulk_create(row for row in rows if row.lead_id in there)
    meter.count(sent=len(done.sent), failed=len(done.refused))
    if done.sent:
        CrmConnection.objects.filter(pk=1).update(last_success_at=timezone.now())
