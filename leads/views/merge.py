"""Comparing and merging leads, many pairs at once, and the list of merges with its undo."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from leads import comparison, merges
from leads.bulk import BulkRow, bulk_page, merge_pairs, undo_all
from leads.merge_list import merges_page
from leads.merge_plan import MergeRefused, Plan, plan, result
from leads.models import Lead, Merge
from leads.review_forms import BulkForm, MergesForm, pks
from leads.views.request import StaffRequest

COMPARE = "leads/merge_compare.html"
BULK = "leads/merge_bulk.html"


@require_safe
@never_cache
def merge_compare(request: StaffRequest) -> HttpResponse:
    return _compared(request, request.GET)


@require_POST
def merge_preview(request: StaffRequest) -> HttpResponse:
    """What the survivor will be with the choices in the form: a fragment, or without JavaScript the whole page."""
    return _compared(request, request.POST)


@require_POST
def merge_make(request: StaffRequest) -> HttpResponse:
    """Merges, and shows the lead that stays; when that is refused, the reason and the leads as they are now."""
    asked = comparison.asked_for(request.POST.getlist("lead"))
    leads = asked.leads
    try:
        if asked.why_changed:  # nobody is merged who was not on the page
            raise MergeRefused(asked.why_changed)
        if why_not := comparison.told_apart_since(pks(request.POST.get("open", "").split(","))):
            raise MergeRefused(why_not)
        planned = _planned(leads, request.POST)
        choices = comparison.choices_from(planned, request.POST)
        others = [lead for lead in leads if lead != planned.survivor]
        made = merges.merge(planned.survivor, others, choices=choices, actor=request.user)
    except MergeRefused as refusal:
        messages.error(request, refusal.reason)
        return redirect(_compare_address(request.POST))
    return redirect(f"{planned.survivor.get_absolute_url()}?merged={min(merge.pk for merge in made)}")


@require_safe
@never_cache
def merges_list(request: StaffRequest) -> HttpResponse:
    form = MergesForm(request.GET)
    chosen = form.understood()
    page = merges_page(form.number, words=chosen.get("words", ""))
    return render(request, "leads/merges.html", {"page": page, "words": chosen.get("words", "")})


@require_POST
def merge_undo(request: StaffRequest, pk: int) -> HttpResponse:
    merge = get_object_or_404(Merge.objects.select_related("survivor", "absorbed"), pk=pk)
    try:
        leads = merges.undo(merge, actor=request.user, with_later="with_later" in request.POST)
    except MergeRefused as refusal:
        messages.error(request, refusal.reason)
    else:
        names = " and ".join(lead.name for lead in leads)
        again = "is a lead of its own again" if len(leads) == 1 else "are leads of their own again"
        messages.success(request, f"Undone: {names} {again}.")
    return _back(request, merge)


@require_POST
def merge_redo(request: StaffRequest, pk: int) -> HttpResponse:
    merge = get_object_or_404(Merge.objects.select_related("survivor", "absorbed"), pk=pk)
    try:
        made = merges.redo(merge, actor=request.user)
    except MergeRefused as refusal:
        messages.error(request, refusal.reason)
    else:
        names = " and ".join(again.absorbed.name for again in made)
        messages.success(request, f"Merged again: {names} into {merge.survivor.name}.")
    return _back(request, merge)


@require_safe
@never_cache
def merge_bulk(request: StaffRequest) -> HttpResponse:
    return render(request, BULK, _bulk(BulkForm(request.GET)))


@require_POST
def merge_bulk_make(request: StaffRequest) -> HttpResponse:
    """Merges the chosen pairs of one page of the list, then shows what came of it and the next page. Who skips a page
    takes along what the pages before merged, so that all of it can still be undone together."""
    form = BulkForm(request.POST)
    is_skipped = "skip" in request.POST
    outcomes = [] if is_skipped else merge_pairs(pks(request.POST.getlist("pair")), actor=request.user)
    made = [outcome.merge.pk for outcome in outcomes if outcome.merge]
    done = [*pks(form.understood().get("done", "").split(",")), *made]
    context = {"outcomes": outcomes, "made": len(made), "is_skipped": is_skipped}
    return render(request, BULK, _bulk(form, done) | context)


@require_POST
def merge_bulk_undo(request: StaffRequest) -> HttpResponse:
    undone, refusals = undo_all(pks(request.POST.get("done", "").split(",")), actor=request.user)
    messages.success(request, f"{undone} merge{'' if undone == 1 else 's'} undone.")
    for sentence in refusals[:10]:
        messages.warning(request, sentence)
    return redirect("merges")


def _planned(leads: list[Lead], form: QueryDict) -> Plan:
    return plan(leads, survivor=comparison.survivor_among(leads, form.get("survivor", "")))


def _compared(request: StaffRequest, form: QueryDict) -> HttpResponse:
    asked = comparison.asked_for(form.getlist("lead"))
    context: dict[str, Any] = {"asked": asked, "leads": asked.leads, "refusal": "", "is_from_queue": "from" in form}
    if request.htmx and asked.why_changed:
        return HttpResponseClientRedirect(_compare_address(form))
    try:
        planned = _planned(asked.leads, form)
    except MergeRefused as refusal:
        if request.htmx:  # a fragment can't say it
            return HttpResponseClientRedirect(_compare_address(form))
        return render(request, COMPARE, context | {"refusal": refusal.reason})
    choices = comparison.choices_from(planned, form)
    rows = comparison.rows(planned, choices, asked.leads)
    context |= {
        "plan": planned,
        "differing": [row for row in rows if not row.field.is_equal],
        "equal": [row for row in rows if row.field.is_equal],
        "result": result(planned, choices),
        "panels": [reverse(name) for name in getattr(settings, "MERGE_PANELS", ())],
    }
    if request.htmx:
        return render(request, f"{COMPARE}#preview", context)
    return render(request, COMPARE, context | {"suggestions": comparison.suggestions_among(asked.leads)})


def _compare_address(form: QueryDict) -> str:
    query = QueryDict(mutable=True)
    query.setlist("lead", form.getlist("lead"))
    return f"{reverse('merge_compare')}?{query.urlencode()}"


def _back(request: StaffRequest, merge: Merge) -> HttpResponse:
    """To the page whose button it was."""
    places = {"queue": reverse("duplicates"), "lead": merge.survivor.get_absolute_url()}
    return redirect(places.get(request.POST.get("next", ""), reverse("merges")))


def _bulk(form: BulkForm, done: list[int] | None = None) -> dict[str, Any]:
    page = bulk_page(form.least_likely, after=form.place)
    chosen: list[BulkRow] = [row for row in page.rows if row.is_chosen]
    return {"form": form, "page": page, "chosen": len(chosen), "done": done or [], "outcomes": [], "made": 0}
