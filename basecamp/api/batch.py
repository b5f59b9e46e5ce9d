"""Many inquiries in one request: each is taken or refused on its own, and its line of the answer says so."""

from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field, ValidationError

from basecamp.api import problems
from basecamp.api.parser import parse, require_json
from basecamp.api.problems import ApiError, Problem
from basecamp.api.schemas import InquiryIn, Received
from basecamp.api.storing import received, store
from leads.models import ApiKey

MOST = 50

ITEM = {
    "description": "As the body of `POST intake`. One that isn't is refused alone.",
    "anyOf": [{"$ref": "#/components/schemas/InquiryIn"}, {}],
}
ITEMS = {"type": "array", "minItems": 1, "maxItems": MOST, "items": ITEM}
BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"anyOf": [{"type": "object", "required": ["leads"], "properties": {"leads": ITEMS}}, ITEMS]},
            "example": {
                "leads": [
                    {"message": "My brakes squeal.", "contact": {"email": "mark@example.com"}, "idempotency_key": "1"},
                    {"message": "Do you have time on Friday?", "contact": {"phone": "+1 512 555 0142"}},
                ]
            },
        }
    },
}


class BatchResult(Schema):
    index: int = Field(description="The inquiry's place in the request, from 0.")
    result: str = Field(description="stored, repeated (its idempotency key came before) or refused")
    lead: Received | None = None
    problem: Problem | None = None


class BatchOut(Schema):
    results: list[BatchResult]
    stored: int
    repeated: int
    refused: int


def items(request: HttpRequest) -> list[Any]:
    """The inquiries of a request, unchecked.

    Raises:
        ApiError: the body is no list of them, or holds none or too many.
    """
    require_json(request)
    body = parse(request.body)
    found = body.get("leads") if isinstance(body, dict) else body
    if not isinstance(found, list):
        raise ApiError(422, "invalid", "Send a list of inquiries, or an object with such a list as “leads”.")
    if not 1 <= len(found) <= MOST:
        raise ApiError(422, "invalid", f"A batch holds from 1 to {MOST} inquiries; this one has {len(found)}.")
    return found


def take(key: ApiKey, found: list[Any], idempotency_key: str) -> BatchOut:
    """Stores what can be stored. With an idempotency key for the batch, each inquiry without one of its own has it
    with its place."""
    results = [
        _take_one(key, index, item, f"{idempotency_key}#{index}" if idempotency_key else "")
        for index, item in enumerate(found)
    ]
    counts = {word: sum(each.result == word for each in results) for word in ("stored", "repeated", "refused")}
    return BatchOut(results=results, **counts)


def _take_one(key: ApiKey, index: int, item: Any, idempotency_key: str) -> BatchResult:
    try:
        inquiry = InquiryIn.model_validate(item)
        lead, is_new = store(key, inquiry, item, inquiry.idempotency_key or idempotency_key)
    except ValidationError as error:
        # As django-ninja places errors: after “body” and the name of an argument.
        errors: list[Any] = [each | {"loc": ("body", "item", *each["loc"])} for each in error.errors()]
        return _refused(index, problems.invalid(errors))
    except DatabaseError:
        problems.logger.exception("An inquiry of a batch could not be stored")
        return _refused(index, ApiError(503, "unavailable", "It could not be stored just now; send it again."))
    return BatchResult(index=index, result="stored" if is_new else "repeated", lead=received(lead))


def _refused(index: int, error: ApiError) -> BatchResult:
    return BatchResult(index=index, result="refused", problem=Problem(**problems.details(error)))
