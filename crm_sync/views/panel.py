import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crm_sync import connection, outlook
from crm_sync.models import CrmRecord
from leads.models import Lead
from leads.steps import steps_of, with_runs

MOST_EVENTS = 10  # shown of a lead
MOST_LEADS = 10  # that are merged in one go


@require_safe
@never_cache
def panel(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Where the lead stands with Airtable, and what became of the records of leads that were merged into it."""
    lead = get_object_or_404(with_runs(Lead.objects.all()), public_id=public_id)
    record = CrmRecord.objects.filter(lead=lead).first()
    is_connected = connection.current() is not None
    context = {
        "lead": lead,
        "record": record,
        "record_url": outlook.address(record),
        "step": next((step for step in steps_of(lead) if step.stage == "push"), None),
        "is_connected": is_connected,
        "events": lead.sync_events.all()[:MOST_EVENTS],
        "absorbed": outlook.absorbed(lead) if is_connected and not lead.is_sample else [],
    }
    return render(request, "crm_sync/_panel.html", context)


@require_safe
@never_cache
def merge_preview(request: HttpRequest) -> HttpResponse:
    """What a merge will change in Airtable: `lead` names each lead, `survivor` the one that stays, and the rest is the
    form in which the values are chosen."""
    ids = [_uuid(text) for text in [request.GET.get("survivor", ""), *request.GET.getlist("lead")[:MOST_LEADS]]]
    leads = {lead.public_id: lead for lead in Lead.objects.filter(public_id__in=ids)}
    if ids[0] not in leads or len(leads) < 2:
        raise Http404
    survivor, asked = leads[ids[0]], [leads[key] for key in dict.fromkeys(ids) if key in leads]
    is_connected = connection.current() is not None
    context = {
        "survivor": survivor,
        "is_connected": is_connected,
        "changes": outlook.changes(asked, survivor, request.GET) if is_connected else [],
    }
    return render(request, "crm_sync/_merge_preview.html", context)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None
