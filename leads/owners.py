"""Who takes care of a lead."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from leads import pipeline
from leads.merging import MergedAway
from leads.models import Event, Lead


def label(lead: Lead) -> str:
    """What others call the owner: the full name, else the username; empty when there is none."""
    return (lead.owner.get_full_name() or lead.owner.get_username()) if lead.owner else ""


def find(name: str) -> int | None:
    """The one active user of this username, e-mail address or full name; None when there is none or are several."""
    wanted = " ".join(name.split()).casefold()
    people = get_user_model().objects.filter(is_active=True)
    found = [
        user.pk
        for user in people
        if wanted in (user.get_username().casefold(), user.email.casefold(), user.get_full_name().casefold())
    ]
    return found[0] if wanted and len(found) == 1 else None


def assign(lead: Lead, owner_id: int | None, *, actor: str) -> None:
    """Gives the lead to somebody, or to nobody, notes it in the timeline and queues the push. Raises MergedAway."""
    with transaction.atomic():
        fresh = Lead.objects.select_for_update().get(pk=lead.pk)
        if fresh.merged_into_id is not None:
            raise MergedAway(fresh)
        if fresh.owner_id == owner_id:
            return
        fresh.owner_id, fresh.updated_at = owner_id, timezone.now()
        fresh.save(update_fields=["owner", "updated_at"])
        Event.objects.create(lead=fresh, actor=actor, text=f"Owner changed to {label(fresh) or 'nobody'}")
        pipeline.schedule([fresh.pk], [settings.LEAD_PIPELINE[-1].name])
