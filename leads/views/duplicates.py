from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leads.duplicates import dismiss, review_page
from leads.models import DuplicateSuggestion
from leads.views.request import StaffRequest


@require_safe
@never_cache
def duplicates(request: StaffRequest) -> HttpResponse:
    return render(request, "leads/duplicates.html", {"page": review_page(_number(request.GET.get("page", "")))})


@require_POST
def duplicate_dismiss(request: StaffRequest, pk: int) -> HttpResponse:
    suggestion = get_object_or_404(DuplicateSuggestion.objects.select_related("first", "second"), pk=pk)
    dismiss(suggestion, request.user)
    if not request.htmx:
        return redirect("duplicates")
    page = review_page(_number(request.POST.get("page", "")))
    return render(request, "leads/duplicates.html#pairs", {"page": page})


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 1
