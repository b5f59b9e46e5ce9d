"""Leads for other programs: one whole, many in brief, and changes."""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router

from basecamp.api import present
from basecamp.api.auth import key_with
from basecamp.api.intake import status_url
from basecamp.api.paging import page_of
from basecamp.api.problems import BODY_PROBLEMS, PROBLEMS, ApiError, Problem
from basecamp.api.schemas import LeadChange, LeadFilters, LeadOut, LeadPage, Moved
from leads import facts
from leads.api_keys import Scope
from leads.forms import ValueForm
from leads.merges import root
from leads.merging import MergedAway
from leads.models import ApiKey, FieldValue, Lead
from leads.status import WrongTransition, change_status
from leads.steps import with_gates

router = Router(tags=["Leads"])


@router.get(
    "leads",
    auth=key_with(Scope.READ),
    response={200: LeadPage, **PROBLEMS},
    summary="List leads, newest first",
    operation_id="leads",
    url_name="leads",
)
def leads(request: HttpRequest, filters: Query[LeadFilters]) -> LeadPage:
    """Leads in brief. `next` is the address of the page after this one, with the same filters."""
    if unknown := sorted(set(request.GET) - set(LeadFilters.model_fields)):
        names = ", ".join(LeadFilters.model_fields)
        raise ApiError(422, "invalid", f"“{unknown[0][:100]}” is no filter; there are: {names}.")
    page = page_of(_narrowed(filters), limit=filters.limit, cursor=filters.cursor)
    return LeadPage(leads=[present.brief(lead) for lead in page.leads], next=present.next_url(request, page.cursor))


def _narrowed(filters: LeadFilters) -> Any:
    found = Lead.objects.standing().matching(filters.q)
    found = found.with_any_of(
        status=filters.status, intent=filters.intent, urgency=filters.urgency, source=filters.source
    )
    if filters.received_after:
        found = found.filter(received_at__gt=filters.received_after)
    if filters.updated_after:
        found = found.filter(updated_at__gt=filters.updated_after)
    return found


@router.get(
    "leads/{lead_id}",
    auth=key_with(Scope.READ),
    response={200: LeadOut, 301: Moved, 404: Problem, **PROBLEMS},
    summary="Read a lead",
    operation_id="lead",
    url_name="lead",
)
def lead(request: HttpRequest, lead_id: str) -> LeadOut | HttpResponse:
    """The whole lead: every value with where it came from, every stage of its processing with its state. A lead that
    was merged into another answers 301 with the other's address and id."""
    found = _get(lead_id)
    return present.whole(found) if found.merged_into_id is None else _moved(root(found))


def _moved(to: Lead) -> HttpResponse:
    return JsonResponse({"id": to.public_id}, status=301, headers={"Location": status_url(to)})


@router.patch(
    "leads/{lead_id}",
    auth=key_with(Scope.WRITE),
    response={200: LeadOut, 404: Problem, 409: Problem, **BODY_PROBLEMS},
    summary="Change a lead",
    operation_id="change_lead",
)
def change_lead(request: HttpRequest, lead_id: str, change: LeadChange) -> LeadOut:
    """Changes the status, the contact, or both; all or nothing. A changed value counts as a person's edit: it wins
    over what rules, model and CRM find later."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    found = _get(lead_id)
    contact = _clean_contact(change)
    actor = f"API: {key.name}"
    try:
        if found.merged_into_id is not None:
            raise MergedAway(found)
        with transaction.atomic():
            for field, value in contact.items():
                if value != getattr(found, field):
                    facts.change_value(found, field=field, value=value, actor=actor)
            if change.status:
                change_status(found, change.status, actor)
    except WrongTransition as error:
        raise ApiError(409, "conflict", str(error)) from None
    except MergedAway as error:
        sentence = f"This lead was merged into {root(error.lead).public_id}; change that one."
        raise ApiError(409, "merged", sentence) from None
    return present.whole(_get(lead_id))


def _clean_contact(change: LeadChange) -> dict[str, str]:
    """The given contact fields as a person's edit on the lead's page would be: an e-mail is one, a phone E.164."""
    cleaned = {}
    for field in change.contact.model_fields_set if change.contact else ():
        form = ValueForm({"value": getattr(change.contact, field) or ""}, field=field)
        if not form.is_valid():
            raise ApiError(422, "invalid", f"“contact.{field}”: {form.errors['value'][0]}")
        cleaned[field] = form.cleaned_data["value"]
    return cleaned


def _get(lead_id: str) -> Lead:
    try:
        public_id = uuid.UUID(lead_id)
    except ValueError:
        raise Http404 from None
    values = FieldValue.objects.exclude(state__in=[FieldValue.State.PAST, FieldValue.State.REFUSED])
    whole = Lead.objects.select_related("crm_record").prefetch_related(
        "submissions", Prefetch("values", queryset=values.order_by("field", "id")), with_gates()
    )
    found = whole.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
