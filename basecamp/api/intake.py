"""Inquiries from other programs."""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from ninja import Header, Router, Status

from basecamp.api.auth import key_with
from basecamp.api.parser import parse
from basecamp.api.problems import BODY_PROBLEMS, ApiError
from basecamp.api.schemas import LONGEST_KEY, InquiryIn, Received
from leads.api_keys import Scope
from leads.intake import receive
from leads.models import ApiKey, Lead, LeadSource
from leads.values import Contact

router = Router(tags=["Intake"])


@router.post(
    "intake",
    auth=key_with(Scope.INTAKE),
    response={201: Received, 200: Received, **BODY_PROBLEMS},
    summary="Send an inquiry",
    operation_id="intake",
    url_name="intake",
)
def intake(
    request: HttpRequest,
    inquiry: InquiryIn,
    idempotency_key: str | None = Header(None, alias="Idempotency-Key", max_length=LONGEST_KEY),
) -> Status[Received]:
    """Stores the inquiry and answers at once; reading it goes on behind. 200 when its idempotency key came before."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    repeated = _agreed(idempotency_key, inquiry.idempotency_key)
    if not repeated:
        return Status(201, _received(_store(request, inquiry, None)))
    with transaction.atomic():
        # One at a time for each API key, so that exactly one of several equal requests is the first.
        ApiKey.objects.select_for_update().get(pk=key.pk)
        scoped = f"api:{key.pk}:{repeated}"
        earlier = Lead.objects.filter(submissions__idempotency_key=scoped).first()
        lead = earlier or _store(request, inquiry, scoped)
    return Status(200 if earlier else 201, _received(lead))


def _store(request: HttpRequest, inquiry: InquiryIn, idempotency_key: str | None) -> Lead:
    return receive(
        inquiry.message,
        source=inquiry.source or LeadSource.API,
        contact=Contact(**inquiry.contact.typed()) if inquiry.contact else Contact(),
        payload=parse(request.body),  # all of it, also what we have no field for
        idempotency_key=idempotency_key,
    )


def _agreed(header: str | None, field: str | None) -> str:
    """The idempotency key, from wherever it came; empty without one."""
    header = (header or "").strip()
    if header and field and header != field:
        raise ApiError(422, "invalid", "The header “Idempotency-Key” and “idempotency_key” differ.")
    return header or field or ""


def _received(lead: Lead) -> Received:
    return Received(lead_id=lead.public_id, status_url=status_url(lead))


def status_url(lead: Lead) -> str:
    """Where a program reads the lead."""
    return settings.SITE_URL + reverse("api:lead", args=[lead.public_id])
