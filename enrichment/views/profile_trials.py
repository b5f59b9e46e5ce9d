"""Trying a draft on past leads: choosing them, and both readings side by side while they arrive."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from enrichment import trials
from enrichment.models import Trial
from enrichment.normalise import one_line
from enrichment.trial_results import result_of
from enrichment.views.profiles import may_change, needs_owner, standing_or_404
from leads.models import Lead
from leads.views.request import StaffRequest

PAGE = "enrichment/profile_trial.html"
OFFERED = 8  # leads to choose from
LONGEST_SEARCH = 200


@require_safe
@never_cache
def profile_trial(request: StaffRequest, key: str) -> HttpResponse:
    """The trial of the draft, else of what was published last; `?q=` searches a lead, `?lead=` is one that was chosen.
    For htmx only the result."""
    standing = standing_or_404(key)
    trial = trials.last_of(standing.draft or standing.version)
    context = {"standing": standing, "may_change": may_change(request)}
    context["result"] = result_of(trial) if trial else None
    context["is_of_draft"] = bool(trial and trials.is_of_draft(trial))
    if request.htmx:
        return render(request, f"{PAGE}#trial", context)
    words = one_line(request.GET.get("q", ""))[:LONGEST_SEARCH]
    context |= {"words": words, "chosen": _lead(request.GET.get("lead", ""))}
    context["offered"] = trials.past_leads(words, most=OFFERED) if standing.draft else []
    return render(request, PAGE, context)


@require_POST
def profile_trial_start(request: StaffRequest, key: str) -> HttpResponse:
    needs_owner(request)
    standing = standing_or_404(key)
    chosen = _lead(request.POST.get("lead", ""))
    leads = trials.past_leads() if request.POST.get("lead") == "last" else [chosen] if chosen else []
    if standing.draft is None:
        messages.error(request, "There is no draft to try.")
    elif not leads:
        messages.error(
            request, "There is no such lead." if request.POST.get("lead") != "last" else "There are no leads."
        )
    else:
        trials.ask(standing.draft, leads, by=request.user.get_username())
    return redirect(f"{reverse('enrichment:profile_trial', args=[key])}#trial")


@require_POST
def profile_trial_stop(request: StaffRequest, key: str, pk: int) -> HttpResponse:
    needs_owner(request)
    trials.stop(get_object_or_404(Trial, pk=pk, version__profile__key=key))
    return redirect(f"{reverse('enrichment:profile_trial', args=[key])}#trial")


def _lead(public_id: str) -> Lead | None:
    try:
        return Lead.objects.standing().filter(public_id=uuid.UUID(public_id)).first()
    except ValueError:
        return None
