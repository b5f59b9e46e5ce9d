"""What is sent to Airtable for a lead, and what became of it."""

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from crm_sync.mapping import CellValue, Target, payload, payload_hash
from crm_sync.models import CrmRecord
from leads.models import Event, FieldValue, Lead


@dataclass(frozen=True, slots=True)
class Parcel:
    """One lead's cells by field id, their hash, and notes on what could not be sent as it is."""

    lead: Lead
    cells: Mapping[str, CellValue | None]
    hash: str
    notes: list[str]
    sent_fields: list[str]


def parcels(leads: Sequence[Lead], *, targets: Sequence[Target], base_id: str, table_id: str) -> list[Parcel]:
    """What each lead's record must hold; leads whose record holds it already are left out."""
    records = {record.lead_id: record for record in CrmRecord.objects.filter(lead__in=leads)}
    values = _values(leads)
    found = [_parcel(lead, values[lead.pk], targets, records.get(lead.pk)) for lead in leads]
    return [parcel for parcel in found if not _holds(records.get(parcel.lead.pk), parcel, base_id, table_id)]


def record_success(sent: Sequence[Parcel], record_ids: Sequence[str], *, base_id: str, table_id: str) -> None:
    """Links leads to their records, and tells the timeline of the new ones."""
    linked = set(CrmRecord.objects.filter(record_id__in=record_ids).values_list("lead", flat=True))
    _save([
        CrmRecord(
            lead=parcel.lead,
            base_id=base_id,
            table_id=table_id,
            record_id=record_id,
            payload_hash=parcel.hash,
            sent_fields=parcel.sent_fields,
            state=CrmRecord.State.SYNCED,
            notes=parcel.notes,
            synced_at=timezone.now(),
        )
        for parcel, record_id in zip(sent, record_ids, strict=True)
    ])  # fmt: skip
    Event.objects.bulk_create(
        Event(lead=parcel.lead, text="Added to Airtable") for parcel in sent if parcel.lead.pk not in linked
    )


def record_failure(lead: Lead, reason: str) -> None:
    CrmRecord.objects.update_or_create(
        lead=lead, defaults={"state": CrmRecord.State.FAILED, "last_error": reason, "payload_hash": ""}
    )


def _save(records: Sequence[CrmRecord]) -> None:
    columns = ["base_id", "table_id", "record_id", "payload_hash", "sent_fields", "state", "last_error", "notes"]
    CrmRecord.objects.bulk_create(
        records, update_conflicts=True, unique_fields=["lead"], update_fields=[*columns, "synced_at"]
    )


def _parcel(lead: Lead, values: Mapping[str, object], targets: Sequence[Target], record: CrmRecord | None) -> Parcel:
    before = record.sent_fields if record else []
    zone = zoneinfo.ZoneInfo(settings.TIME_ZONE)
    cells, notes = payload(values, targets, zone=zone, pushed_before=before)
    filled = {field_id: cell for field_id, cell in cells.items() if cell is not None}
    sent = [target.our_key for target in targets if target.remote.id in filled]
    # A cell that is to be emptied counts as absent: once it is empty the hash must be the same.
    return Parcel(lead, cells, payload_hash(filled), notes, sent)


def _holds(record: CrmRecord | None, parcel: Parcel, base_id: str, table_id: str) -> bool:
    return record is not None and (record.state, record.base_id, record.table_id, record.payload_hash) == (
        CrmRecord.State.SYNCED,
        base_id,
        table_id,
        parcel.hash,
    )


def _values(leads: Sequence[Lead]) -> dict[int, dict[str, object]]:
    """Every value of each lead by our key: current field values, and what the lead itself knows."""
    values: dict[int, dict[str, object]] = {lead.pk: {} for lead in leads}
    for lead_id, field, value in (
        FieldValue.objects.current().filter(lead__in=leads).values_list("lead", "field", "value")
    ):
        values[lead_id][field] = value
    for lead in leads:
        values[lead.pk] |= {
            "lead_id": str(lead.public_id),
            "lead_url": f"{settings.SITE_URL}{lead.get_absolute_url()}",
            "name": lead.name,
            "message": "\n\n".join(submission.text for submission in lead.submissions.all()),
            "source": lead.source,
            "status": lead.status,
            "quality_score": lead.quality_score,
            "received_at": lead.received_at,
        }
    return values
