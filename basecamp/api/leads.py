"""Leads for other programs: one whole, many in brief, changes, and erasure."""

import logging
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Header, Query, Router, Status

from basecamp.api import etags, present, reading
from basecamp.api.auth import key_with
from basecamp.api.paging import page_of
from basecamp.api.problems import BODY_PROBLEMS, PROBLEMS, ApiError, Problem
from basecamp.api.schemas import LeadChange, LeadFilters, LeadOut, LeadPage, Moved, SimilarFilters, SimilarPage
from basecamp.api.storing import status_url
from enrichment.similar import similar_to, vector_of
from leads import facts, known_fields
from leads.api_keys import Scope
from leads.fields import FIELDS, Group
from leads.forms import ValueForm, readable_phone
from leads.merges import root
from leads.merging import MergedAway
from leads.models import ApiKey, Lead
from leads.status import WrongTransition, change_status

logger = logging.getLogger(__name__)
router = Router(tags=["Leads"])

LONGEST_CONDITION = 1000  # characters
CHANGE_PROBLEMS: dict[int, Any] = {404: Problem, 409: Problem, 412: Problem, **BODY_PROBLEMS}
HEADER_PROBLEMS: dict[int, Any] = {404: Problem, **PROBLEMS}


@router.get(
    "leads",
    auth=key_with(Scope.READ),
    response={200: LeadPage, **HEADER_PROBLEMS},
    summary="List leads, newest first",
    operation_id="leads",
    url_name="leads",
)
def leads(request: HttpRequest, filters: Query[LeadFilters]) -> LeadPage:
    """Leads in brief. `next` is the address of the page after this one, with the same filters."""
    refuse_unknown(request, LeadFilters)
    page = page_of(reading.narrowed(filters), limit=filters.limit, cursor=filters.cursor)
    return LeadPage(leads=[present.brief(lead) for lead in page.leads], next=present.next_url(request, page.cursor))


def refuse_unknown(request: HttpRequest, filters: Any) -> None:
    """A filter that is misspelt must not list everything."""
    if unknown := sorted(set(request.GET) - set(filters.model_fields)):
        names = ", ".join(filters.model_fields)
        raise ApiError(422, "invalid", f"“{unknown[0][:100]}” is no filter; there are: {names}.")


@router.get(
    "leads/{lead_id}",
    auth=key_with(Scope.READ),
    response={200: LeadOut, 301: Moved, 304: None, **HEADER_PROBLEMS},
    summary="Read a lead",
    operation_id="lead",
    url_name="lead",
)
def lead(
    request: HttpRequest,
    response: HttpResponse,
    lead_id: str,
    if_none_match: str | None = Header(None, alias="If-None-Match", max_length=LONGEST_CONDITION),
) -> LeadOut | HttpResponse:
    """The whole lead: every value with where it came from, every stage of its processing with its state. A lead that
    was merged into another answers 301 with the other's address and id. `ETag` names this version: sent back as
    `If-None-Match` it is answered with 304 while nothing changed."""
    found = reading.find(lead_id)
    if found.merged_into_id is not None:
        return _moved(root(found))
    whole = present.whole(found)
    current = etags.tag(whole)
    response["ETag"] = current
    return etags.not_modified(request, current) or whole


def _moved(to: Lead) -> HttpResponse:
    return JsonResponse({"id": to.public_id}, status=301, headers={"Location": status_url(to)})


@router.get(
    "leads/{lead_id}/similar",
    auth=key_with(Scope.READ),
    response={200: SimilarPage, 301: Moved, **HEADER_PROBLEMS},
    summary="Leads with a like need",
    operation_id="similar_leads",
)
def similar(request: HttpRequest, lead_id: str, filters: Query[SimilarFilters]) -> SimilarPage | HttpResponse:
    """Inquiries of other people whose messages mean nearly the same, the most alike first, and how each was handled."""
    refuse_unknown(request, SimilarFilters)
    found = reading.find_bare(lead_id)
    if found.merged_into_id is not None:
        return _moved(root(found))
    inquiries = similar_to(found, filters.limit, floor=filters.threshold)
    return SimilarPage(
        similar=[present.similar(inquiry) for inquiry in inquiries], is_read=vector_of(found) is not None
    )


@router.patch(
    "leads/{lead_id}",
    auth=key_with(Scope.WRITE),
    response={200: LeadOut, **CHANGE_PROBLEMS},
    summary="Change a lead",
    operation_id="change_lead",
)
def change_lead(
    request: HttpRequest,
    response: HttpResponse,
    lead_id: str,
    change: LeadChange,
    if_match: str | None = Header(None, alias="If-Match", max_length=LONGEST_CONDITION),
) -> LeadOut:
    """Changes the status, the contact, other values, or all of them; all or nothing. A changed value counts as a
    person's edit: it wins over what rules, model and CRM find later. What isn't given stays."""
    return _change(request, response, lead_id, change)


@router.put(
    "leads/{lead_id}",
    auth=key_with(Scope.WRITE),
    response={200: LeadOut, **CHANGE_PROBLEMS},
    summary="Change a lead, as PATCH does",
    operation_id="put_lead",
)
def put_lead(
    request: HttpRequest,
    response: HttpResponse,
    lead_id: str,
    change: LeadChange,
    if_match: str | None = Header(None, alias="If-Match", max_length=LONGEST_CONDITION),
) -> LeadOut:
    """The same as PATCH, for programs that know only PUT: what isn't given stays, so that nothing is erased that a
    program doesn't know of."""
    return _change(request, response, lead_id, change)


@router.delete(
    "leads/{lead_id}",
    auth=key_with(Scope.WRITE),
    response={204: None, 409: Problem, 412: Problem, **HEADER_PROBLEMS},
    summary="Erase a lead",
    operation_id="erase_lead",
)
def erase_lead(
    request: HttpRequest,
    lead_id: str,
    if_match: str | None = Header(None, alias="If-Match", max_length=LONGEST_CONDITION),
) -> Status[None]:
    """Erases the lead for good, with its messages, its values, what was merged into it, and its record in the CRM."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    with transaction.atomic():
        found = _held(request, lead_id)
        pk = found.pk
        found.delete()
    logger.info("Lead %s was erased with API key %s", pk, key.pk)
    return Status(204, None)


def _change(request: HttpRequest, response: HttpResponse, lead_id: str, change: LeadChange) -> LeadOut:
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    found = reading.find_bare(lead_id)
    wanted = _clean(change)
    actor = f"API: {key.name}"
    try:
        with transaction.atomic():
            found = _held(request, lead_id)
            for field, value in wanted.items():
                if value != facts.current_text(found, field):
                    facts.change_value(found, field=field, value=value, actor=actor)
            if change.status:
                change_status(found, change.status, actor)
    except WrongTransition as error:
        raise ApiError(409, "conflict", str(error)) from None
    except MergedAway as error:
        raise _merged(error.lead) from None
    whole = present.whole(reading.find(lead_id))
    response["ETag"] = etags.tag(whole)
    return whole


def _held(request: HttpRequest, lead_id: str) -> Lead:
    """The lead, locked, once it stands and is the version that the request speaks of."""
    found = Lead.objects.select_for_update().filter(pk=reading.find_bare(lead_id).pk).first()
    if found is None:
        return reading.find_bare(lead_id)  # erased in between: 404
    if found.merged_into_id is not None:
        raise _merged(found)
    if etags.has_condition(request):
        etags.must_match(request, etags.tag(present.whole(reading.find(lead_id))))
    return found


def _merged(lead: Lead) -> ApiError:
    return ApiError(409, "merged", f"This lead was merged into {root(lead).public_id}; change that one.")


def _clean(change: LeadChange) -> dict[str, str]:
    """The given fields as a person's edits on the lead's page would be: an e-mail is one, a phone E.164."""
    given = {
        f"contact.{field}": getattr(change.contact, field)
        for field in (change.contact.model_fields_set if change.contact else ())
    }
    for field, value in (change.values or {}).items():
        given[f"values.{field}"] = value
    return {name.partition(".")[2]: _checked(name, value or "") for name, value in given.items()}


def _checked(name: str, value: str) -> str:
    group, _, field = name.partition(".")
    if field == "phone":
        return readable_phone(value) or value
    known = known_fields.known(field)
    if group == "values" and (known is None or known.is_retired or _is_contact(field)):
        raise _wrong(name, f"is no field; there are: {', '.join(changeable())}")
    form = ValueForm({"value": value}, field=field)
    if not form.is_valid():
        said = str(form.errors["value"][0])
        raise ApiError(422, "invalid", f"“{name}”: {said}", errors=[{"field": name, "message": said}])
    cleaned: str = form.cleaned_data["value"]
    return cleaned


def _wrong(name: str, complaint: str) -> ApiError:
    errors = [{"field": name[:100], "message": complaint}]
    return ApiError(422, "invalid", f"“{name[:100]}” {complaint}.", errors=errors)


def _is_contact(field: str) -> bool:
    return field in FIELDS and FIELDS[field].group is Group.CONTACT


def changeable() -> list[str]:
    """The fields that `values` may change; those of the contact have a place of their own."""
    return [field for field in known_fields.in_use() if not _is_contact(field)]
