"""Entity tags of leads, so that who asks again gets 304, and who changes a lead knows that it is the one they read.

A tag stands for the whole answer: it changes with every value, stage and record. `If-Match` is optional: without it the
last writer wins, field by field, as it does between people on the lead's page. So there is no 428.
"""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags

from basecamp.api.problems import ApiError
from basecamp.api.schemas import LeadOut

CHANGED = "The lead was changed since you read it; read it again."


def tag(lead: LeadOut) -> str:
    """A strong tag, with its quotes."""
    return f'"{hashlib.blake2b(lead.model_dump_json().encode(), digest_size=16).hexdigest()}"'


def not_modified(request: HttpRequest, current: str) -> HttpResponse | None:
    """The answer 304 when the asker has this very lead."""
    wanted = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in wanted or current in (each.removeprefix("W/") for each in wanted):
        return HttpResponse(status=304, headers={"ETag": current})
    return None


def must_match(request: HttpRequest, current: str) -> None:
    """Raises ApiError 412 when `If-Match` names another version than the present one."""
    wanted = parse_etags(request.headers.get("If-Match", ""))
    if wanted and "*" not in wanted and current not in wanted:
        raise ApiError(412, "changed_meanwhile", CHANGED)


def has_condition(request: HttpRequest) -> bool:
    return bool(request.headers.get("If-Match"))
