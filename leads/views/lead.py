"""The lead's page. Each region that changes by itself has its own address and its own named partial."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from leads import facts, known_fields
from leads.duplicates import decide, relations_of, suggestions_of
from leads.forms import ValueForm
from leads.merge_list import made_of
from leads.models import DuplicateSuggestion, FieldValue, Lead
from leads.models.lead import FieldValueQuerySet
from leads.models.pipeline import STAGES
from leads.status import WrongTransition, change_status, next_statuses
from leads.steps import poll_seconds, retry_step, steps_of, version_of, with_runs
from leads.timeline import timeline
from leads.views.duplicates import ANSWERS
from leads.views.merged import follows_merges, only_standing
from leads.views.request import StaffRequest

PAGE = "leads/lead_detail.html"


@require_safe
@never_cache
@follows_merges
def lead_detail(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    lead = _whole(public_id)
    context = _header(lead) | _facts(lead, request.GET.get("edit", "")) | _steps(lead) | _duplicates(lead)
    context |= {"entries": timeline(lead), "just_merged": request.GET.get("merged", "")}
    return render(request, PAGE, context)


@require_safe
@never_cache
@follows_merges
def lead_header(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    return render(request, f"{PAGE}#lead_header", _header(_bare(public_id)))


@require_safe
@never_cache
@follows_merges
def lead_messages(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    return render(request, f"{PAGE}#lead_messages", {"lead": _whole(public_id)})


@require_safe
@never_cache
@follows_merges
def lead_facts(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    return render(request, f"{PAGE}#lead_facts", _facts(_whole(public_id), request.GET.get("edit", "")))


@require_safe
@never_cache
@follows_merges
def lead_timeline(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    lead = _whole(public_id)
    return render(request, f"{PAGE}#lead_timeline", {"lead": lead, "entries": timeline(lead)})


@require_safe
@never_cache
@follows_merges
def lead_duplicates(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    return render(request, f"{PAGE}#lead_duplicates", _duplicates(_bare(public_id)))


@require_safe
@never_cache
@follows_merges
def lead_steps(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """What the page asks for while work goes on: 204 when nothing changed, else it tells the other regions."""
    context = _steps(_bare(public_id))
    if request.GET.get("version") == context["version"]:
        return HttpResponse(status=204)
    return trigger_client_event(render(request, f"{PAGE}#lead_steps", context), "lead-changed")


@require_POST
@follows_merges
def step_retry(request: StaffRequest, public_id: uuid.UUID, stage: str) -> HttpResponse:
    if stage not in STAGES:
        raise Http404
    lead = _bare(public_id)
    retry_step(lead, stage)
    if not request.htmx:
        return redirect(lead)
    response = render(request, f"{PAGE}#lead_steps", _steps(_bare(public_id)))
    return trigger_client_event(response, "lead-changed")


@require_POST
@follows_merges
def lead_status(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    lead = _bare(public_id)
    try:
        change_status(lead, request.POST.get("status", ""), request.user.get_username())
    except WrongTransition as error:
        messages.error(request, str(error))
    if not request.htmx:
        return redirect(lead)
    return trigger_client_event(render(request, f"{PAGE}#lead_header", _header(lead)), "lead-edited")


@require_POST
@follows_merges
def lead_value(request: StaffRequest, public_id: uuid.UUID, field: str) -> HttpResponse:
    """Saves a person's edit; a value that can't be right comes back with its form."""
    if known_fields.known(field) is None:
        raise Http404
    lead = _bare(public_id)
    form = ValueForm(request.POST, field=field, value=facts.current_text(lead, field))
    if not form.is_valid():
        return _with_form(request, public_id, form)
    facts.change_value(lead, field=field, value=form.cleaned_data["value"], actor=request.user.get_username())
    return _after_edit(request, public_id)


@require_POST
@follows_merges
def value_lock(request: StaffRequest, public_id: uuid.UUID, pk: int) -> HttpResponse:
    value = _value(_values(public_id).current(), pk)
    facts.lock_value(value, is_locked=request.POST.get("lock") == "1", actor=request.user.get_username())
    return _after_edit(request, public_id)


@require_POST
@follows_merges
def value_accept(request: StaffRequest, public_id: uuid.UUID, pk: int) -> HttpResponse:
    suggestion = _value(_values(public_id).suggested(), pk)
    facts.accept_suggestion(suggestion, actor=request.user.get_username())
    return _after_edit(request, public_id)


@require_POST
@follows_merges
def value_refuse(request: StaffRequest, public_id: uuid.UUID, pk: int) -> HttpResponse:
    suggestion = _value(_values(public_id).suggested(), pk)
    facts.refuse_suggestion(suggestion, actor=request.user.get_username())
    return _after_edit(request, public_id)


@require_POST
@follows_merges
def lead_duplicate_decide(request: StaffRequest, public_id: uuid.UUID, pk: int) -> HttpResponse:
    """Not a duplicate, related, or open again."""
    lead = _bare(public_id)
    suggestion = get_object_or_404(DuplicateSuggestion.objects.about(lead.pk), pk=pk)
    if request.POST.get("answer") not in ANSWERS:
        return HttpResponse("No such answer.", status=400)
    state, relation = ANSWERS[request.POST["answer"]]
    decide([suggestion], state, request.user, relation=relation)
    if not request.htmx:
        return redirect(lead)
    return trigger_client_event(render(request, f"{PAGE}#lead_duplicates", _duplicates(lead)), "lead-edited")


def _bare(public_id: uuid.UUID) -> Lead:
    return only_standing(get_object_or_404(with_runs(Lead.objects.all()), public_id=public_id))


def _whole(public_id: uuid.UUID) -> Lead:
    leads = Lead.objects.prefetch_related("submissions__attachments", "values")
    return only_standing(get_object_or_404(with_runs(leads), public_id=public_id))


def _values(public_id: uuid.UUID) -> FieldValueQuerySet:
    return FieldValue.objects.filter(lead__public_id=public_id).select_related("lead")


def _value(values: FieldValueQuerySet, pk: int) -> FieldValue:
    value = get_object_or_404(values, pk=pk)
    only_standing(value.lead)
    return value


def _header(lead: Lead) -> dict[str, Any]:
    return {"lead": lead, "next_statuses": next_statuses(lead.status)}


def _duplicates(lead: Lead) -> dict[str, Any]:
    """The suggestions, who is related, and what was folded into the lead."""
    return {
        "lead": lead,
        "suggestions": suggestions_of(lead),
        "relations": relations_of(lead),
        "made_of": made_of(lead),
        "contact_points": lead.contact_points.all(),
    }


def _facts(lead: Lead, editing: str = "", form: ValueForm | None = None) -> dict[str, Any]:
    editing = editing if known_fields.known(editing) else ""
    groups = facts.fact_groups(lead.values.all(), editing=editing)
    if editing and form is None:
        rows = {row.key: row for group in groups for row in group.facts}
        current = rows[editing].current
        form = ValueForm(field=editing, value=current.value if current else "")
    return {"lead": lead, "groups": groups, "edit_form": form, "missing": facts.missing_fields(groups)}


def _steps(lead: Lead) -> dict[str, Any]:
    steps = steps_of(lead)
    return {"lead": lead, "steps": steps, "version": version_of(lead, steps), "poll_seconds": poll_seconds(steps)}


def _with_form(request: StaffRequest, public_id: uuid.UUID, form: ValueForm) -> HttpResponse:
    lead = _whole(public_id)
    context = _facts(lead, form.key, form)
    if request.htmx:
        return render(request, f"{PAGE}#lead_facts", context)
    context |= _header(lead) | _steps(lead) | _duplicates(lead) | {"entries": timeline(lead)}
    return render(request, PAGE, context)


def _after_edit(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    if not request.htmx:
        return redirect("lead_detail", public_id)
    response = render(request, f"{PAGE}#lead_facts", _facts(_whole(public_id)))
    return trigger_client_event(response, "lead-edited")
