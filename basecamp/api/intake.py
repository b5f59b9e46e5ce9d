"""Inquiries from other programs."""

from django.http import HttpRequest
from ninja import Header, Query, Router, Status

from basecamp.api import batch, present
from basecamp.api.auth import key_with
from basecamp.api.parser import parse
from basecamp.api.problems import BODY_PROBLEMS, ApiError, Problem
from basecamp.api.schemas import LONGEST_KEY, CheckFilters, CheckOut, InquiryIn, Received
from basecamp.api.storing import contact_of, received, store
from enrichment import checking
from leads.api_keys import Scope
from leads.models import ApiKey

router = Router(tags=["Intake"])


@router.post(
    "intake",
    auth=key_with(Scope.INTAKE),
    response={201: Received, 200: Received, 409: Problem, **BODY_PROBLEMS},
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
    wanted = _agreed(idempotency_key, inquiry.idempotency_key)
    lead, is_new = store(_key(request), inquiry, parse(request.body), wanted)
    return Status(201 if is_new else 200, received(lead))


@router.post(
    "intake/batch",
    auth=key_with(Scope.INTAKE),
    response={200: batch.BatchOut, **BODY_PROBLEMS},
    summary="Send up to 50 inquiries",
    operation_id="intake_batch",
    openapi_extra={"requestBody": batch.BODY},
)
def intake_batch(
    request: HttpRequest,
    idempotency_key: str | None = Header(None, alias="Idempotency-Key", max_length=LONGEST_KEY),
) -> batch.BatchOut:
    """Takes `{"leads": [...]}` or a bare list. Each inquiry is stored or refused on its own, and its line in `results`
    says which; so the answer is 200 also where some, or all, were refused."""
    return batch.take(_key(request), batch.items(request), (idempotency_key or "").strip())


@router.post(
    "intake/check-similar",
    auth=key_with(Scope.READ),
    response={200: CheckOut, **BODY_PROBLEMS},
    summary="Is this person or this need known?",
    operation_id="check_similar",
)
def check_similar(request: HttpRequest, inquiry: InquiryIn, filters: Query[CheckFilters]) -> CheckOut:
    """Looks for leads of the same person, and for messages that mean nearly the same. Nothing is stored but the
    question. While the embedding worker is away only mailbox, phone and name are compared, and `is_read` is false."""
    answer = checking.check(inquiry.message, contact_of(inquiry), threshold=filters.threshold, limit=filters.limit)
    return CheckOut(similar=[present.known(found) for found in answer.found], is_read=answer.is_read)


def _key(request: HttpRequest) -> ApiKey:
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return key


def _agreed(header: str | None, field: str | None) -> str:
    """The idempotency key, from wherever it came; empty without one."""
    header = (header or "").strip()
    if header and field and header != field:
        raise ApiError(409, "conflict", "The header “Idempotency-Key” and “idempotency_key” differ.")
    return header or field or ""
