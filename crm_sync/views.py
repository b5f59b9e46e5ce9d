import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crm_sync.airtable import record_url
from crm_sync.models import CrmRecord
from leads.models import Lead
from leads.steps import steps_of, with_runs


@require_safe
@never_cache
def panel(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Where the lead stands with Airtable."""
    lead = get_object_or_404(with_runs(Lead.objects.all()), public_id=public_id)
    record = CrmRecord.objects.filter(lead=lead).first()
    context = {
        "lead": lead,
        "record": record,
        "record_url": _address(record) if record else "",
        "step": next((step for step in steps_of(lead) if step.stage == "push"), None),
        "is_connected": bool(settings.AIRTABLE_API_KEY and settings.AIRTABLE_BASE_ID),
    }
    return render(request, "crm_sync/_panel.html", context)


def _address(record: CrmRecord) -> str:
    """Where a person opens the record; empty until there is one."""
    if not (record.base_id and record.table_id and record.record_id):
        return ""
    return record_url(record.base_id, record.table_id, record.record_id)
