"""After another threshold was chosen: which leads need a look is reckoned anew for all, some hundreds at a time."""

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from enrichment import ai_settings
from enrichment.models import AiSettings
from leads import pipeline
from leads.models import FieldValue, Lead
from leads.unsure import unsure_fields

CLUSTER = "basecamp"
AT_ONCE = 300


def begin() -> None:
    """Leads that are there now, the newest first; newer ones are reckoned by their score's stage."""
    newest = Lead.objects.aggregate(newest=Max("pk"))["newest"] or 0
    AiSettings.objects.update_or_create(pk=1, defaults={"restate_position": newest + 1})
    pipeline.ring_after_commit(CLUSTER)


def left() -> int:
    """How many leads are still to be reckoned."""
    position = _position()
    return Lead.objects.filter(pk__lt=position).count() if position else 0


def ring_if_waiting() -> None:
    """Goes on after a restart. The clock calls it."""
    if _position() is not None:
        pipeline.ring(CLUSTER)


def go_on() -> bool:
    """The next few hundred; returns whether there were any. Two workers don't do the same ones."""
    position = _position()
    if position is None:
        return False
    ids = list(Lead.objects.filter(pk__lt=position).order_by("-pk").values_list("pk", flat=True)[:AT_ONCE])
    with transaction.atomic():
        leads = list(Lead.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        mine = AiSettings.objects.filter(pk=1, restate_position=position)
        if mine.update(restate_position=ids[-1] if ids else None):
            _restate(leads)
    return bool(ids)


def _position() -> int | None:
    return AiSettings.objects.values_list("restate_position", flat=True).first()


def _restate(leads: list[Lead]) -> None:
    values: dict[int, dict[str, FieldValue]] = {lead.pk: {} for lead in leads}
    for value in FieldValue.objects.current().filter(lead__in=leads):
        values[value.lead_id][value.field] = value
    below, now = ai_settings.current().review_below, timezone.now()
    changed = []
    for lead in leads:
        fields = unsure_fields(values[lead.pk], below=below)
        if fields != lead.review_fields:
            lead.review_fields, lead.needs_review, lead.updated_at = fields, bool(fields), now
            changed.append(lead)
    Lead.objects.bulk_update(changed, ["review_fields", "needs_review", "updated_at"])
