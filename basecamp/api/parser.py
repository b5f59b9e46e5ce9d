"""Reading a JSON body from strangers: whatever it holds, the answer is a value that we can store or a plain refusal."""

import json
import math
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser
from ninja.types import DictStrAny

from basecamp.api.problems import ApiError

DEEPEST = 20  # levels of nesting
LONGEST_INTEGER = 300  # digits


class JsonParser(Parser):
    """django-ninja's parser, strict about what it takes for JSON."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        require_json(request)
        value = parse(request.body)
        if not isinstance(value, dict):
            raise ApiError(422, "invalid", "The body must be a JSON object.")
        return value


def require_json(request: HttpRequest) -> None:
    """Raises ApiError 415 when the body is said to be something else."""
    if not is_json(request.content_type or "", (request.content_params or {}).get("charset", "")):
        raise ApiError(415, "unsupported_media_type", "Send JSON in UTF-8: “Content-Type: application/json”.")


def is_json(content_type: str, charset: str) -> bool:
    is_named_json = content_type == "application/json" or (
        content_type.startswith("application/") and content_type.endswith("+json")
    )
    return is_named_json and charset.lower() in ("", "utf-8", "utf8")


def parse(body: bytes) -> Any:
    """The value of a JSON document.

    Raises:
        ApiError: 400 when it isn't JSON; 422 when it is, but holds what databases can't keep (NUL, half characters,
            numbers beyond all measure) or is nested too deep.
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite, parse_int=_sensible
        )
    except UnicodeDecodeError:
        raise ApiError(400, "invalid_json", "The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ApiError(400, "invalid_json", f"The body is not valid JSON: {error.msg} at {where}.") from None
    except RecursionError:
        raise _too_deep() from None
    _check(value, DEEPEST)
    return value


def _too_deep() -> ApiError:
    return ApiError(422, "invalid", f"The body is nested deeper than {DEEPEST} levels.")


def _too_large() -> ApiError:
    return ApiError(422, "invalid", "The body holds a number that is too large; send it as text.")


def _no_constant(name: str) -> NoReturn:
    raise ApiError(400, "invalid_json", f"The body is not valid JSON: {name} is no JSON value.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _too_large()
    return number


def _sensible(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise _too_large()
    return int(digits)


def _check(value: Any, levels: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list):
        if not levels:
            raise _too_deep()
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, levels - 1)
        for key in value if isinstance(value, dict) else ():
            _check_text(key)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ApiError(422, "invalid", "The body holds a NUL character (\\u0000), which can't be stored.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ApiError(422, "invalid", "The body holds half a character (a lone surrogate).") from None
