"""The OpenAPI document, with what django-ninja leaves out of it: the kind of our errors, and our headers."""

import copy
from typing import Any

from basecamp.api import examples, problems
from basecamp.api.export import OWN
from basecamp.api.leads import changeable
from leads import known_fields
from leads.fields import Kind
from leads.forms import AMOUNT, NUMBER, YES_NO, longest

RATE_HEADERS = {
    "RateLimit-Policy": {
        "description": "How many requests a key has (`q`) in so many seconds (`w`).",
        "schema": {"type": "string"},
        "example": '"per-key";q=600;w=60',
    },
    "RateLimit": {
        "description": "How many requests are left (`r`), and in how many seconds (`t`) counting begins anew.",
        "schema": {"type": "string"},
        "example": '"per-key";r=599;t=42',
    },
}
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
TOO_LONG = "The address has more than 8,190 characters. The web server itself says so, in HTML."
ETAG = {"ETag": {"description": "Names this version of the lead.", "schema": {"type": "string"}}}
LOCATION = {"Location": {"description": "The other lead's address.", "schema": {"type": "string", "format": "uri"}}}
CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}}}
OF_STATUS: dict[int, dict[str, Any]] = {301: LOCATION, 401: CHALLENGE, 429: RETRY_AFTER}
OF_ONE_LEAD = ("lead", "change_lead", "put_lead")
PATTERNS = {
    Kind.NUMBER: rf"^\s*({NUMBER.pattern})?\s*$",
    Kind.MONEY: rf"^\s*({AMOUNT.pattern})?\s*$",
}
UUID = {"type": "string", "format": "uuid"}


def finish(document: dict[str, Any]) -> None:
    """Completes the document in place."""
    _name_fields(document["components"]["schemas"])
    for operations in document["paths"].values():
        for operation in operations.values():
            _finish_parameters(operation)
            _give_example(operation.get("requestBody"), examples.REQUESTS.get(operation["operationId"]))
            operation["responses"].setdefault(414, {"description": TOO_LONG})
            for status, response in operation["responses"].items():
                _finish_response(operation, int(status), response)
                _give_example(response, examples.ANSWERS.get((operation["operationId"], int(status))))


def _name_fields(schemas: dict[str, Any]) -> None:
    """The fields of this installation, those it added included, with what each takes."""
    columns = {"type": "string", "enum": list(dict.fromkeys([*OWN, *known_fields.every()]))}
    _list_of(schemas["ExportIn"]["properties"]["fields"])["items"] = columns
    values = _object_of(schemas["LeadChange"]["properties"]["values"])
    values["properties"] = {field: _takes(field) for field in changeable()}
    values["additionalProperties"] = False


def _list_of(schema: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in schema["anyOf"] if each.get("type") == "array")


def _object_of(schema: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in schema["anyOf"] if each.get("type") == "object")


def _takes(key: str) -> dict[str, Any]:
    """What `leads.forms.ValueForm` takes for the field, beside null and an empty text, which erase it."""
    field = known_fields.every()[key]
    text = {"type": "string", "title": field.label}
    if field.kind in (Kind.CHOICE, Kind.YES_NO):
        choices = YES_NO if field.kind is Kind.YES_NO else field.choices
        return {"title": field.label, "enum": [None, "", *(choice for choice, _ in choices)]}
    if field.kind is Kind.DATE:
        return text | {"type": ["string", "null"], "format": "lead-date"}
    if field.kind in PATTERNS:
        return text | {"type": ["string", "null"], "pattern": PATTERNS[field.kind], "maxLength": longest(field)}
    return text | {"type": ["string", "null"], "maxLength": longest(field)}


def _give_example(body: dict[str, Any] | None, example: Any) -> None:
    if body is not None and example is not None:
        body["content"]["application/json"]["example"] = example


def _finish_parameters(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        parameter.pop("examples", None)  # pydantic's list is no map of OpenAPI's examples
        if parameter["name"] == "lead_id":
            parameter["schema"] |= UUID


def _finish_response(operation: dict[str, Any], status: int, response: dict[str, Any]) -> None:
    if status >= 400 and "content" in response:
        content = copy.deepcopy(next(iter(response["content"].values())))
        response["content"] = {problems.MEDIA_TYPE: content}
    headers: dict[str, Any] = {}
    if operation.get("security") and status not in (401, 411, 414, 500):
        headers |= RATE_HEADERS
    if operation["operationId"] in OF_ONE_LEAD and status in (200, 304):
        headers |= ETAG
    headers |= OF_STATUS.get(status, {})
    if headers:
        response["headers"] = headers
