"""The lead's status: which change is allowed, the one function that makes it, and when it was first made."""

from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from leads import pipeline
from leads.merging import MergedAway
from leads.models import Event, Lead

Status = Lead.Status
CHANGED = "Status changed to"  # how the events of changes begin

# Qualified or not is decided while working on a lead; a wrong turn can be taken back, a conversion only to qualified.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    Status.NEW: (Status.WORKING, Status.QUALIFIED, Status.UNQUALIFIED),
    Status.WORKING: (Status.QUALIFIED, Status.UNQUALIFIED, Status.NEW),
    Status.QUALIFIED: (Status.CONVERTED, Status.WORKING, Status.UNQUALIFIED),
    Status.UNQUALIFIED: (Status.WORKING,),
    Status.CONVERTED: (Status.QUALIFIED,),
}


class WrongTransition(Exception):
    """The status can't follow the one the lead has; the message is a plain sentence."""

    def __init__(self, current: str, wanted: str) -> None:
        names = {key: str(label).lower() for key, label in Status.choices}
        super().__init__(f"A lead that is {names[current]} can't become {names.get(wanted, wanted)}.")


def next_statuses(status: str) -> list[tuple[str, str]]:
    """The statuses that may follow, with their labels."""
    return [(wanted, Status(wanted).label) for wanted in TRANSITIONS[status]]


def change_status(lead: Lead, status: str, actor: str) -> None:
    """Moves the lead on, notes it in the timeline and queues the push. The same status again changes nothing.

    Raises WrongTransition when the status can't follow the present one, MergedAway when the lead is no longer one of
    its own.
    """
    with transaction.atomic():
        fresh = Lead.objects.select_for_update().get(pk=lead.pk)
        if fresh.merged_into_id is not None:
            raise MergedAway(fresh)
        if status != fresh.status:
            _change(fresh, status, actor)
    lead.status, lead.updated_at = fresh.status, fresh.updated_at


def _change(lead: Lead, status: str, actor: str) -> None:
    if status not in TRANSITIONS[lead.status]:
        raise WrongTransition(lead.status, status)
    lead.status, lead.updated_at = status, timezone.now()
    lead.save(update_fields=["status", "updated_at"])
    Event.objects.create(lead=lead, actor=actor, text=f"{CHANGED} {lead.get_status_display()}")
    # The last stage is what tells others: the status changes nothing that the ones before it read.
    pipeline.schedule([lead.pk], [settings.LEAD_PIPELINE[-1].name])


def first_changes(lead_ids: Collection[int]) -> dict[int, Event]:
    """By lead, the first change of its status that somebody made: when the lead was taken care of, and by whom."""
    changes = Event.objects.filter(lead__in=lead_ids, text__startswith=CHANGED).exclude(actor="")
    return {event.lead_id: event for event in changes.order_by("-at", "-id")}
