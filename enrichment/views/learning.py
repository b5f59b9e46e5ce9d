"""What decisions taught the matcher, whether it is used, and a few pairs to learn more from."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from enrichment import calibration
from enrichment import learning as lessons
from enrichment.models import LearnedWeights, Refit
from leads.duplicates import dismiss
from leads.matching import WEIGHTS_VERSION
from leads.models import DuplicateSuggestion
from leads.review import compare
from leads.views.request import StaffRequest

PAGE = "enrichment/learning.html"
SHOWN = lessons.KEPT + 1


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def learning(request: StaffRequest) -> HttpResponse:
    """The page; for htmx the part that it asks for: what was learned, or the pair behind `?after=`."""
    if not request.htmx:
        return render(request, PAGE, _learned(request) | _probe(request.GET.get("after", "")))
    if request.htmx.target == "probe":
        return render(request, f"{PAGE}#probe", _probe(request.GET.get("after", "")))
    return render(request, f"{PAGE}#learned", _learned(request))


@require_POST
def learning_ask(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    lessons.ask(by=request.user.get_username())
    return redirect("enrichment:learning")


@require_POST
def learning_use(request: StaffRequest, version: int) -> HttpResponse:
    _needs_owner(request)
    try:
        lessons.use(version, by=request.user.get_username())
    except lessons.NotUsable as error:
        messages.error(request, error.reason)
    else:
        messages.success(request, f"Version {version} is in use. All leads are compared again with it.")
    return redirect("enrichment:learning")


@require_POST
def learning_reset(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    lessons.reset(by=request.user.get_username())
    messages.success(request, "The weights that baseCamp came with are in use again. The versions are kept.")
    return redirect("enrichment:learning")


@require_POST
def learning_different(request: StaffRequest, pk: int) -> HttpResponse:
    """The answer about a pair that was asked to learn from, and then the next pair."""
    asked = DuplicateSuggestion.objects.select_related("first", "second").filter(is_probe=True)
    dismiss(get_object_or_404(asked, pk=pk), request.user)
    if request.htmx:
        return render(request, f"{PAGE}#probe", _probe(str(pk)))
    return redirect(f"{reverse('enrichment:learning')}?after={pk}#probe")


def _needs_owner(request: StaffRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied


def _learned(request: StaffRequest) -> dict[str, Any]:
    versions = list(LearnedWeights.objects.defer("coefficients")[:SHOWN])
    ours = [weights for weights in versions if weights.is_active and weights.shipped == WEIGHTS_VERSION]
    refits = list(Refit.objects.all()[:2])
    return {
        "decisions": calibration.decisions(),
        "versions": versions,
        "in_use": ours[0] if ours else None,
        "shown": next(iter(ours or versions), None),  # whose figures
        "shipped": WEIGHTS_VERSION,
        "waiting": next((refit for refit in refits if refit.finished_at is None), None),
        "last": next((refit for refit in refits if refit.finished_at is not None), None),
        "may_change": request.user.is_superuser,
    }


def _probe(after: str) -> dict[str, Any]:
    place = int(after) if after.isdecimal() and len(after) < 18 else None
    asked = calibration.probe(place)
    return {"asked": asked, "fields": compare(asked.first, asked.second) if asked else [], "after": place}
