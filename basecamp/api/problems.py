"""What the API answers when it can't do what was asked: problem details as RFC 9457 has them, always JSON."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

logger = logging.getLogger(__name__)

PATTERNS = {"email": "must be an e-mail address", "phone": "must be a phone number"}
MOST_TOLD = 20  # wrong fields that one answer names


MEDIA_TYPE = "application/problem+json"


class FieldProblem(Schema):
    field: str = Field(description="Where in the request; empty for the body as a whole.", examples=["contact.email"])
    message: str = Field(examples=["must be text"])


class Problem(Schema):
    """Problem details (RFC 9457). The status says of which kind it is, `code` more exactly; both are for programs."""

    type: str = Field(description="Always “about:blank”: `title` and `status` say no more than HTTP does.")
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(description="One sentence for people.", examples=["“message” is required."])
    code: str = Field(examples=["invalid"])
    errors: list[FieldProblem] | None = Field(None, description="What is wrong, field by field, where it is known.")


class ApiError(Exception):
    """A request that can't be answered as asked; the message is one sentence for whoever sent it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retry_after: int | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.errors = errors


# For the OpenAPI document: what any operation behind a key may answer.
PROBLEMS: dict[int, type[Schema]] = dict.fromkeys((401, 403, 422, 429, 500), Problem)
BODY_PROBLEMS: dict[int, type[Schema]] = PROBLEMS | dict.fromkeys((400, 411, 413, 415), Problem)


def details(error: ApiError) -> dict[str, Any]:
    """The problem as JSON has it."""
    title = "Unprocessable Content" if error.status == 422 else HTTPStatus(error.status).phrase
    found: dict[str, Any] = {"type": "about:blank", "title": title, "status": error.status, "detail": error.message}
    return found | {"code": error.code} | ({"errors": error.errors} if error.errors else {})


def answer(error: ApiError) -> HttpResponse:
    response = JsonResponse(
        details(error), status=error.status, json_dumps_params={"ensure_ascii": False}, content_type=MEDIA_TYPE
    )
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="baseCamp"'
    return response


NO_KEY = ApiError(
    401, "unauthorized", "Send a valid API key as “Authorization: Bearer KEY” or in the header “X-API-Key”."
)
NOT_FOUND = ApiError(404, "not_found", "There is nothing at this address.")
TOO_BIG = ApiError(413, "too_large", "The body must not be larger than 2 MB.")
BROKEN_OFF = ApiError(400, "invalid_request", "The body ended too early.")
BROKEN = ApiError(500, "server_error", "Something went wrong here. The log has the details.")


def install(api: NinjaAPI) -> None:
    """Makes every error of the API's operations answer as a problem."""
    handlers: dict[type[Exception], Any] = {
        ApiError: lambda request, error: answer(error),
        Http404: lambda request, error: answer(NOT_FOUND),
        AuthenticationError: lambda request, error: answer(NO_KEY),
        HttpError: _http_error,
        ValidationError: lambda request, error: answer(invalid(error.errors)),
        RequestDataTooBig: lambda request, error: answer(TOO_BIG),
        UnreadablePostError: lambda request, error: answer(BROKEN_OFF),
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """django-ninja wraps whatever the parser raises in its own error; ours is the cause."""
    if isinstance(error.__cause__, ApiError):
        return answer(error.__cause__)
    return answer(ApiError(error.status_code, "invalid_request", error.message))


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("The API failed at %s %s", request.method, request.path, exc_info=error)
    return answer(BROKEN)


def invalid(errors: list[dict[str, Any]]) -> ApiError:
    """What pydantic found wrong with a request."""
    fields = [{"field": _path(error["loc"]), "message": _complaint(error)} for error in errors[:MOST_TOLD]]
    return ApiError(422, "invalid", sentence(errors), errors=fields)


def sentence(errors: list[dict[str, Any]]) -> str:
    """One sentence for the first of pydantic's errors, naming the field and, when there are more, how many."""
    first = errors[0]
    more = f" ({len(errors) - 1} more like this.)" if len(errors) > 1 else ""
    return f"{_name(first['loc'])} {_complaint(first)}.{more}"


def _name(place: tuple[str | int, ...]) -> str:
    path = _path(place)
    return f"“{path}”" if path else "The body"


def _path(place: tuple[str | int, ...]) -> str:
    # The first part says body or query; in a body the second is the name of our view's argument.
    return ".".join(map(str, place[2:] if place[0] == "body" else place[1:]))


def _complaint(error: dict[str, Any]) -> str:
    details = error.get("ctx", {})
    if error["type"] == "string_pattern_mismatch":
        return PATTERNS.get(str(error["loc"][-1]), "is not of the right form")
    known = {
        "missing": "is required",
        "string_type": "must be text",
        "string_too_short": "must not be blank",
        "string_too_long": f"must not have more than {details.get('max_length', 0):,} characters",
        "too_long": f"must not have more than {details.get('max_length', 0):,} entries",
        "dict_type": "must be a JSON object",
        "model_attributes_type": "must be a JSON object",
        "model_type": "must be a JSON object",
        "int_parsing": "must be a whole number",
        "int_parsing_size": "must be a whole number",
        "greater_than_equal": f"must be at least {details.get('ge')}",
        "less_than_equal": f"must be at most {details.get('le')}",
        "value_error": str(details.get("error", "")),
    }
    if "datetime" in error["type"] or "timezone" in error["type"]:
        return "must be a moment like 2026-11-27T15:00:00Z"
    return known.get(error["type"]) or error["msg"][:1].lower() + error["msg"][1:]
