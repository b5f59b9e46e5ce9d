"""What can go wrong with Airtable, told apart, in words for staff. Knows nothing of leads, rows or jobs."""

import json
import re
import threading
from collections.abc import Sequence
from enum import StrEnum

DETAIL_LENGTH = 500

# What this thread last heard from Airtable.
local = threading.local()


def last_request_id() -> str:
    """How Airtable named this thread's last request; empty where it gave no name."""
    return getattr(local, "request_id", "")


class ErrorKind(StrEnum):
    RATE_LIMITED = "rate_limited"  # all requests to the base fail for 30 s
    MONTHLY_LIMIT = "monthly_limit"  # the workspace's API calls are used up until the next month
    UNAUTHORIZED = "unauthorized"  # the token
    NOT_FOUND = "not_found"  # base, table or permission: Airtable doesn't tell them apart
    INVALID = "invalid"  # a value or a field that Airtable refuses; the request will never pass as it is
    ROW_GONE = "row_gone"  # the record was deleted in Airtable
    AMBIGUOUS = "ambiguous"  # several records have the same key
    UNAVAILABLE = "unavailable"  # no usable answer; what was sent may have been carried out


# Refusals that are about one value and name its field, all but the last.
VALUE_ERRORS = ("UNKNOWN_FIELD_NAME", "INVALID_VALUE_FOR_COLUMN", "INVALID_MULTIPLE_CHOICE_OPTIONS")

MESSAGES = {
    ErrorKind.RATE_LIMITED: "Airtable is getting too many requests for this base and asks to wait half a minute.",
    ErrorKind.MONTHLY_LIMIT: "The Airtable workspace has used up its API calls for this month.",
    ErrorKind.UNAUTHORIZED: "Airtable does not accept the access token.",
    ErrorKind.NOT_FOUND: "Airtable has no such base or table, or the access token may not use it.",
    ErrorKind.INVALID: "Airtable refused the values that were sent.",
    ErrorKind.ROW_GONE: "The record was deleted in Airtable.",
    ErrorKind.AMBIGUOUS: "Several Airtable records carry the same lead ID.",
    ErrorKind.UNAVAILABLE: "Airtable can’t be reached at the moment.",
}


class AirtableError(Exception):
    """What went wrong, told apart by `kind`.

    `message` is one plain sentence for staff; `detail` is what Airtable said, clipped (it may quote a value, so it
    is for staff's eyes and not for logs); `type` is Airtable's error type and `field` the field's name or id, where
    Airtable named them; `records` are the ids of records that have the same key; `request_id` is Airtable's.
    """

    def __init__(
        self,
        kind: ErrorKind,
        *,
        message: str = "",
        detail: str = "",
        type: str = "",
        field: str = "",
        records: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self.message = message or MESSAGES[kind]
        self.detail = detail[:DETAIL_LENGTH]
        self.type = type
        self.field = field
        self.records = tuple(records)
        self.request_id = last_request_id()
        super().__init__(f"{kind}: {type}" if type else str(kind))


def error_from(status: int, text: str, *, url: str = "") -> AirtableError:
    """An HTTP error as AirtableError. Goes by status and error type, never by Airtable's wording."""
    type_, said, is_json = _parse(text)
    kind = _kind(status, type_, is_json=is_json, is_record=re.search(r"/rec[0-9A-Za-z]{14}(\?|$)", url) is not None)
    field_name = _named_field(said) if type_ in VALUE_ERRORS else ""
    message = f"Airtable refused the value for “{field_name}”." if field_name else ""
    if type_ == "UNKNOWN_FIELD_NAME":
        message = "A mapped field is no longer in the Airtable table."
    return AirtableError(kind, message=message, detail=said or f"HTTP status {status}", type=type_, field=field_name)


def _parse(text: str) -> tuple[str, str, bool]:
    """Type, message and whether it was JSON. `error` may be an object, a text or a list named `errors`."""
    try:
        body = json.loads(text)
    except ValueError:
        return "", "", False
    error = body.get("error", body.get("errors")) if isinstance(body, dict) else None
    if isinstance(error, list):
        error = error[0] if error else None
    if isinstance(error, dict):
        type_ = str(error.get("type") or error.get("error") or "")
        return type_, str(error.get("message") or type_), True
    return (error, error, True) if isinstance(error, str) else ("", "", True)


def _kind(status: int, type_: str, *, is_json: bool, is_record: bool) -> ErrorKind:
    if status == 429:
        return ErrorKind.MONTHLY_LIMIT if "BILLING" in type_ else ErrorKind.RATE_LIMITED
    if status == 401:
        return ErrorKind.UNAUTHORIZED
    if status == 413:
        return ErrorKind.INVALID
    if status >= 500 or status == 408 or not is_json:
        return ErrorKind.UNAVAILABLE
    if type_ in ("ROW_DOES_NOT_EXIST", "MODEL_ID_NOT_FOUND") or (status == 404 and is_record):
        return ErrorKind.ROW_GONE
    return ErrorKind.NOT_FOUND if status in (403, 404) else ErrorKind.INVALID


def _named_field(said: str) -> str:
    found = re.search(r'(?:^|\s)[Ff]ield (?:name: )?"(.+?)"(?:\s|$)', said)
    return found[1] if found else ""
