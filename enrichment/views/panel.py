import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from enrichment.models import Enrichment
from leads.models import FieldValue, Lead
from leads.steps import steps_of, with_runs


@require_safe
@never_cache
def panel(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What the model made of a lead, or why it has not."""
    lead = get_object_or_404(with_runs(Lead.objects.all()), public_id=public_id)
    step = next((step for step in steps_of(lead) if step.stage == "enrich"), None)
    judgements = {value.field: value for value in FieldValue.objects.current().filter(lead=lead)}
    answer = lead.enrichments.filter(kind=Enrichment.Kind.READING).first()
    context = {"lead": lead, "step": step, "judgements": judgements, "enrichment": answer}
    return render(request, "enrichment/_panel.html", context)
