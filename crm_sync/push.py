"""What is sent to Airtable for a lead, and what became of it."""

import zoneinfo
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone

from crm_sync.cells import CellValue, digest, new_options, payload, payload_hash
from crm_sync.mapping import Target
from crm_sync.models import CrmRecord
from leads import owners, touches
from leads.attribution import TOLD
from leads.consents import summaries
from leads.models import ContactPoint, Event, FieldValue, Lead, Submission


@dataclass(frozen=True, slots=True)
class Parcel:
    """One lead's cells by field id, their hash, and notes on what could not be sent as it is.

    `record_id` is empty for a lead that is not known to have a record; `options` are the select options among the
    cells; `is_adding`: one of them is new to its select; `agreed` is what both sides hold once it was sent.
    """

    lead: Lead
    cells: Mapping[str, CellValue | None]
    hash: str
    notes: list[str]
    sent_fields: list[str]
    record: CrmRecord | None
    record_id: str = ""
    options: tuple[str, ...] = ()
    is_adding: bool = False
    agreed: Mapping[str, object] = field(default_factory=dict)

    @property
    def changed(self) -> list[str]:
        """The ids of the Airtable fields that are written anew, as far as we know what they held."""
        before = self.record.agreed if self.record and self.record_id else {}
        return [key for key in {**before, **self.agreed} if before.get(key) != self.agreed.get(key)]


def parcels(
    leads: Sequence[Lead],
    *,
    targets: Sequence[Target],
    base_id: str,
    table_id: str,
    shared: Collection[str] = (),
) -> list[Parcel]:
    """What each lead's record must hold; leads whose record holds it already are left out.

    `shared`: ids of Airtable fields that people change there, too. Their cells are only sent when ours changed.
    """
    found = every_parcel(leads, targets=targets, base_id=base_id, table_id=table_id, shared=shared)
    return [parcel for parcel in found if not _holds(parcel.record, parcel, base_id, table_id)]


def every_parcel(
    leads: Sequence[Lead],
    *,
    targets: Sequence[Target],
    base_id: str,
    table_id: str,
    shared: Collection[str] = (),
) -> list[Parcel]:
    """The same, also of leads whose record holds it already."""
    records = {record.lead_id: record for record in CrmRecord.objects.filter(lead__in=leads)}
    values = values_of(leads)
    where = (base_id, table_id)
    return [_parcel(lead, values[lead.pk], targets, records.get(lead.pk), where, shared) for lead in leads]


def announce(about: Sequence[Parcel], *, base_id: str, table_id: str) -> None:
    """Notes before the call what is about to be sent. Should the answer be lost, nobody takes the record for what it
    was before, or the lead for one that has none."""
    there = _standing(about)
    _save([
        _announced(parcel, CrmRecord(lead=parcel.lead, base_id=base_id, table_id=table_id))
        for parcel in about if parcel.lead.pk in there
    ])  # fmt: skip


def record_success(sent: Sequence[Parcel], record_ids: Sequence[str], *, base_id: str, table_id: str) -> None:
    """Links leads to their records, and tells the timeline of the new ones. A lead that was erased meanwhile leaves its
    record behind, for `crm_sync.erasure` to delete."""
    linked = set(CrmRecord.objects.filter(record_id__in=record_ids).values_list("lead", flat=True))
    there = _standing(sent)
    rows = [
        CrmRecord(
            lead=parcel.lead,
            base_id=base_id,
            table_id=table_id,
            record_id=record_id,
            payload_hash=parcel.hash,
            sent_fields=parcel.sent_fields,
            agreed=parcel.agreed,
            state=CrmRecord.State.SYNCED,
            notes=parcel.notes,
            synced_at=timezone.now(),
        )
        for parcel, record_id in zip(sent, record_ids, strict=True)
    ]
    _save([row for row in rows if row.lead_id in there])
    for row in rows:
        if row.lead_id not in there:
            _orphan(row)
    Event.objects.bulk_create(
        Event(lead=parcel.lead, text="Added to Airtable")
        for parcel in sent
        if parcel.lead.pk not in linked and parcel.lead.pk in there
    )


def _standing(about: Sequence[Parcel]) -> set[int]:
    """Which of the leads were not erased meanwhile. Inside a transaction that holds them it stays true."""
    leads = Lead.objects.filter(pk__in=[parcel.lead.pk for parcel in about])
    return set(leads.values_list("pk", flat=True))


def _orphan(row: CrmRecord) -> None:
    public_id = row.lead.public_id if row.lead else None
    left, _ = CrmRecord.objects.get_or_create(
        lead=None, lead_public_id=public_id, base_id=row.base_id, table_id=row.table_id
    )
    CrmRecord.objects.filter(pk=left.pk).update(record_id=row.record_id)


def record_failure(
    lead: Lead, reason: str, *, state: str = CrmRecord.State.FAILED, several: Sequence[str] = ()
) -> None:
    CrmRecord.objects.update_or_create(
        lead=lead,
        defaults={
            "lead_public_id": lead.public_id, "state": state, "last_error": reason, "payload_hash": "",
            "several": list(several),
        },
    )  # fmt: skip


def _save(records: Sequence[CrmRecord]) -> None:
    for record in records:
        record.lead_public_id = record.lead.public_id if record.lead else None
    columns = ["lead_public_id", "base_id", "table_id", "record_id", "payload_hash", "sent_fields", "state"]
    columns += ["last_error", "notes", "several", "agreed"]
    CrmRecord.objects.bulk_create(
        records, update_conflicts=True, unique_fields=["lead"], update_fields=[*columns, "synced_at"]
    )


def _announced(parcel: Parcel, row: CrmRecord) -> CrmRecord:
    known = parcel.record
    if known and (known.base_id, known.table_id) == (row.base_id, row.table_id):
        row.record_id, row.state, row.last_error = known.record_id, known.state, known.last_error
        row.notes, row.synced_at, row.agreed = known.notes, known.synced_at, known.agreed
        row.sent_fields = sorted({*known.sent_fields, *parcel.sent_fields})
    else:
        row.sent_fields = parcel.sent_fields
    return row


def _parcel(
    lead: Lead,
    values: Mapping[str, object],
    targets: Sequence[Target],
    record: CrmRecord | None,
    where: tuple[str, str],
    shared: Collection[str],
) -> Parcel:
    before = record.sent_fields if record else []
    zone = zoneinfo.ZoneInfo(settings.TIME_ZONE)
    cells, notes = payload(values, targets, zone=zone, pushed_before=before)
    filled = {field_id: cell for field_id, cell in cells.items() if cell is not None}
    is_here = record is not None and (record.base_id, record.table_id) == where
    held = record.agreed if record and is_here and record.record_id else {}
    agreed = {key: digest(cell) for key, cell in filled.items()}
    ours = {target.remote.id for target in targets}
    # A cell that is to be emptied counts as absent: once it is empty the hash must be the same.
    return Parcel(
        lead,
        {key: cell for key, cell in cells.items() if not (held and key in shared and agreed.get(key) == held.get(key))},
        payload_hash(filled),
        notes,
        [target.our_key for target in targets if target.remote.id in filled],
        record,
        record_id=record.record_id if record and is_here else "",
        options=_options(filled, targets),
        is_adding=new_options(filled, targets),
        agreed={key: cell for key, cell in held.items() if key not in ours} | agreed,
    )


def _options(cells: Mapping[str, CellValue], targets: Sequence[Target]) -> tuple[str, ...]:
    found: list[str] = []
    for target in targets:
        cell = cells.get(target.remote.id)
        if target.remote.type in ("singleSelect", "multipleSelects") and cell:
            found += cell if isinstance(cell, list) else [str(cell)]
    return tuple(found)


def _holds(record: CrmRecord | None, parcel: Parcel, base_id: str, table_id: str) -> bool:
    return record is not None and (record.state, record.base_id, record.table_id, record.payload_hash) == (
        CrmRecord.State.SYNCED,
        base_id,
        table_id,
        parcel.hash,
    )


def values_of(leads: Sequence[Lead]) -> dict[int, dict[str, object]]:
    """Every value of each lead by our key: current field values, and what the lead itself knows."""
    values: dict[int, dict[str, object]] = {lead.pk: {} for lead in leads}
    for lead_id, key, value in (
        FieldValue.objects.current().filter(lead__in=leads).values_list("lead", "field", "value")
    ):
        values[lead_id][key] = value
    others, consent = _contact_points(leads), summaries(values)
    for lead in leads:
        values[lead.pk] |= own_values(lead) | {
            "form_consents": consent.get(lead.pk, ""),
            "message": message_of(lead.submissions.all()),
            "other_emails": ", ".join(others[lead.pk, ContactPoint.Kind.EMAIL]),
            "other_phones": ", ".join(others[lead.pk, ContactPoint.Kind.PHONE]),
        }
    return values


def own_values(lead: Lead) -> dict[str, object]:
    """What the lead itself says, without asking the database."""
    return {
        "lead_id": str(lead.public_id),
        "lead_url": lead_url(lead),
        "name": lead.name,
        "source": lead.source,
        "status": lead.status,
        "owner": owners.label(lead),
        "quality_score": lead.quality_score,
        "received_at": lead.received_at,
        **{key: touches.told(lead, key) for key in TOLD},
    }


def message_of(submissions: Iterable[Submission]) -> str:
    return "\n\n".join(submission.text for submission in submissions)


def _contact_points(leads: Sequence[Lead]) -> dict[tuple[int, str], list[str]]:
    """What each lead can be reached by besides its own e-mail and phone, by lead and kind."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for lead_id, kind, value in ContactPoint.objects.filter(lead__in=leads).values_list("lead", "kind", "value"):
        found[lead_id, kind].append(value)
    return found


def lead_url(lead: Lead) -> str:
    """Where a person opens the lead, from anywhere."""
    return f"{settings.SITE_URL}{lead.get_absolute_url()}"
