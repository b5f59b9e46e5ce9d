import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from enrichment.similar import similar_to, vector_of
from leads.models import Lead
from leads.steps import steps_of, with_runs

FEW, MANY = 5, 20


@require_safe
@never_cache
def similar(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What other people wrote who need the same, and how it was handled; a few, or with `more` many."""
    lead = get_object_or_404(with_runs(Lead.objects.all()), public_id=public_id)
    most = MANY if "more" in request.GET else FEW
    found = similar_to(lead, most + 1)
    context = {"lead": lead, "inquiries": found[:most], "has_more": len(found) > most == FEW}
    if not found:
        context |= {"is_read": vector_of(lead) is not None, "step": _reading(lead)}
    return render(request, "enrichment/_similar.html", context)


def _reading(lead: Lead) -> object:
    return next((step for step in steps_of(lead) if step.stage == "embed"), None)
