"""What staff choose for records that baseCamp doesn't decide on by itself: deleted ones, doubled ones, conflicts."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm_sync import airtable, connection, pausing
from crm_sync.airtable_errors import AirtableError, ErrorKind
from crm_sync.models import CrmRecord, SyncConflict
from leads import gates, pipeline
from leads.models import StageRun
from leads.models.pipeline import STAGES

State = CrmRecord.State


def make_again(record: CrmRecord) -> None:
    """A record that was deleted in Airtable is made anew."""
    _change(record, {State.GONE, State.LEFT}, state=State.WAITING, record_id="", agreed={}, sent_fields=[])


def leave_out(record: CrmRecord) -> None:
    """A record that was deleted in Airtable stays deleted; the lead stays here."""
    _change(record, {State.GONE}, state=State.LEFT, record_id="", agreed={}, sent_fields=[])


def keep(record: CrmRecord, record_id: str) -> None:
    """Of several records with the lead's id this one is the lead's. The worker takes the id off the others; nothing is
    deleted. Raises ValueError when it is none of them."""
    if record_id not in record.several:
        raise ValueError("not one of the lead's records")
    others = [each for each in record.several if each != record_id]
    _change(record, {State.TWICE}, state=State.WAITING, record_id=record_id, agreed={}, several=others)


def _change(record: CrmRecord, states: set[State], **values: object) -> None:
    """Two people may choose at once: the second one's choice changes nothing."""
    with transaction.atomic():
        rows = CrmRecord.objects.filter(pk=record.pk, state__in=states, lead__isnull=False)
        if rows.update(payload_hash="", last_error="", **values) and record.lead_id:
            pipeline.schedule([record.lead_id], [settings.LEAD_PIPELINE[-1].name], delay=0)


def to_clear() -> bool:
    return CrmRecord.objects.exclude(several=[]).exclude(state=State.TWICE).exists()


def clear_others() -> None:
    """Takes our Lead ID off the records that staff did not choose: ten leads at a time, in the worker."""
    link, key = connection.current(), connection.key_field_id()
    if link is None or key is None or gates.is_closed(STAGES[pausing.STAGE]) or not to_clear():
        return
    for row in CrmRecord.objects.exclude(several=[]).exclude(state=State.TWICE).order_by("pk")[: airtable.MAX_ROWS]:
        try:
            airtable.update(link, [(record_id, {key: None}) for record_id in row.several[: airtable.MAX_ROWS]])
        except AirtableError as error:
            if error.kind is not ErrorKind.ROW_GONE:  # those are gone, which is as good
                gates.close(STAGES[pausing.STAGE], error.message)
                return
        CrmRecord.objects.filter(pk=row.pk).update(several=row.several[airtable.MAX_ROWS :])


def retry_failed() -> int:
    """Tries all failed leads again; returns how many."""
    with transaction.atomic():
        return pipeline.retry(StageRun.objects.filter(stage=pausing.STAGE, state=StageRun.State.FAILED))


def mark_seen(*, by: str, pk: int | None = None) -> int:
    """Takes one conflict, or all, off the list; returns how many."""
    conflicts = SyncConflict.objects.filter(seen_at=None)
    if pk is not None:
        conflicts = conflicts.filter(pk=pk)
    return conflicts.update(seen_at=timezone.now(), seen_by=by)
