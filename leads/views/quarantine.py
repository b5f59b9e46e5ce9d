"""The quarantine: what looks like spam, with the reasons, and what somebody said of it."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leads import quarantine as held
from leads.models import Lead
from leads.quarantine_list import quarantine_page
from leads.review_forms import pks
from leads.views.merged import follows_merges, only_standing
from leads.views.request import StaffRequest

TABS = {"suspect": "To look at", "spam": "Spam", "not_spam": "Not spam"}
TOO_LATE = "Nothing was chosen, or somebody else decided that a moment ago. Nothing was changed."


@require_safe
@never_cache
def quarantine(request: StaffRequest) -> HttpResponse:
    show = request.GET.get("show", "")
    show = show if show in TABS else "suspect"
    number = request.GET.get("page", "")
    page = quarantine_page(show, int(number) if number.isdecimal() and len(number) < 7 else 1)
    context = {"page": page, "show": show, "tabs": TABS, "undo": pks(request.GET.get("undo", "").split(","))}
    return render(request, "leads/quarantine.html", context)


@require_POST
def quarantine_decide(request: StaffRequest) -> HttpResponse:
    """Spam, not spam, or taken back, for one submission (the button's) or all that were chosen."""
    answer, _, alone = request.POST.get("answer", "").partition(":")
    if answer not in ("spam", "not_spam", "take_back"):
        return HttpResponse("No such answer.", status=400)
    chosen, actor = pks([alone] if alone else request.POST.getlist("submission")), request.user.get_username()
    if answer == "take_back":
        count = held.take_back(chosen, actor=actor)
        messages.success(request, f"{_of(count)} taken back.") if count else messages.warning(request, TOO_LATE)
        return _back(request)
    changed = held.decide(chosen, is_spam=answer == "spam", actor=actor)
    if not changed:
        messages.warning(request, TOO_LATE)
        return _back(request)
    return _back(request, done=answer, changed=changed)


@require_POST
@follows_merges
def lead_spam(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Puts the lead into quarantine, or takes that back; its page then offers the other."""
    lead = only_standing(get_object_or_404(Lead, public_id=public_id))
    actor = request.user.get_username()
    if request.POST.get("answer") == "spam":
        if not held.mark_lead(lead, actor=actor):
            messages.warning(request, "This lead has no message left that could be marked.")
    else:
        held.take_back_lead(lead, actor=actor)
    return redirect(lead)


def _back(request: StaffRequest, *, done: str = "", changed: list[int] | None = None) -> HttpResponse:
    show = request.POST.get("show", "")
    query = f"?show={show}" if show in TABS else "?show=suspect"
    if changed:
        query += f"&done={done}&undo={','.join(map(str, changed))}"
    return redirect(reverse("quarantine") + query)


def _of(count: int) -> str:
    return f"{count} decision{'' if count == 1 else 's'}"
