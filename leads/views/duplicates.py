"""The queue of suspected duplicates, the decisions that are no merge, and their taking back."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leads.duplicates import State, decide, decisions_page, last_decisions
from leads.merge_list import last_merge
from leads.models import DuplicateSuggestion
from leads.review import queue_page
from leads.review_forms import DecisionsForm, QueueForm, pks
from leads.views.request import StaffRequest

PAGE = "leads/duplicates.html"
# What the buttons of a pair say: the state that it gets, and the relation.
ANSWERS = {
    "dismissed": (State.DISMISSED, ""),
    "colleague": (State.RELATED, "colleague"),
    "family": (State.RELATED, "family"),
    "open": (State.OPEN, ""),
}
TOO_LATE = "Somebody else decided that a moment ago. Nothing was changed."


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def duplicates(request: StaffRequest) -> HttpResponse:
    return render(request, f"{PAGE}#review" if request.htmx else PAGE, _queue(request, QueueForm(request.GET)))


@require_POST
def duplicates_decide(request: StaffRequest) -> HttpResponse:
    """Answers for one pair or all pairs of a group; then the queue where it was, or the page that asked."""
    if request.POST.get("answer") not in ANSWERS:
        return HttpResponse("No such answer.", status=400)
    state, relation = ANSWERS[request.POST["answer"]]
    pairs = list(DuplicateSuggestion.objects.filter(pk__in=pks(request.POST.getlist("pair"))))
    if not decide(pairs, state, request.user, relation=relation):
        messages.warning(request, TOO_LATE)
    form = QueueForm(QueryDict(request.POST.get("query", "")))
    if request.htmx:
        return render(request, f"{PAGE}#review", _queue(request, form))
    if request.POST.get("next") == "decisions":
        return redirect("duplicates_decisions")
    return redirect(f"{reverse('duplicates')}?{form.query}".rstrip("?"))


@require_safe
@never_cache
def duplicates_decisions(request: StaffRequest) -> HttpResponse:
    form = DecisionsForm(request.GET)
    chosen = form.understood()
    page = decisions_page(
        form.cleaned_data.get("page") or 1,
        kind=chosen.get("kind", ""),
        by=int(chosen["by"]) if "by" in chosen else None,
        words=chosen.get("words", ""),
    )
    is_narrowed = any(key != "page" for key in chosen)
    return render(request, "leads/duplicates_decisions.html", {"form": form, "page": page, "is_narrowed": is_narrowed})


def _queue(request: StaffRequest, form: QueueForm) -> dict[str, Any]:
    page = queue_page(form.filters, after=form.place, actor=request.user)
    decisions, merge = last_decisions(request.user), last_merge(request.user)
    if merge and decisions and decisions[0].decided_at and merge.merged_at < decisions[0].decided_at:
        merge = None
    return {
        "page": page,
        "form": form,
        "filters": form.filters,
        "last_decisions": None if merge else decisions,
        "last_merge": merge,
    }
