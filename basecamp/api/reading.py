"""Which lead a request is about, with all that an answer shows of it."""

import uuid
from typing import Any

from django.db.models import Prefetch
from django.http import Http404

from basecamp.api.schemas import LeadFilters, ListFilters
from leads.models import FieldValue, Lead
from leads.steps import with_gates


def find(lead_id: str) -> Lead:
    """The lead with its submissions, values, runs and CRM record, also one that was merged. Raises Http404."""
    values = FieldValue.objects.exclude(state__in=[FieldValue.State.PAST, FieldValue.State.REFUSED])
    whole = Lead.objects.select_related("crm_record").prefetch_related(
        "submissions__attachments", Prefetch("values", queryset=values.order_by("field", "id")), with_gates()
    )
    found = whole.filter(public_id=_uuid(lead_id)).first()
    if found is None:
        raise Http404
    return found


def find_bare(lead_id: str) -> Lead:
    """The lead alone. Raises Http404."""
    found = Lead.objects.filter(public_id=_uuid(lead_id)).first()
    if found is None:
        raise Http404
    return found


def narrowed(filters: LeadFilters | ListFilters) -> Any:
    """The standing leads that pass every filter that is given."""
    found = Lead.objects.standing().matching(filters.q)
    found = found.with_any_of(
        status=filters.status, intent=filters.intent, urgency=filters.urgency, source=filters.source
    )
    bounds = {
        "received_at__gt": filters.received_after,
        "received_at__lt": filters.received_before,
        "updated_at__gt": filters.updated_after,
        "quality_score__gte": filters.min_quality,
        "quality_score__lte": filters.max_quality,
    }
    return found.filter(**{name: bound for name, bound in bounds.items() if bound is not None})


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None
