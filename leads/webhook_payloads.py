"""What services send, made flat: every value with a path that stays the same from call to call, and what it says it
is. And what each value probably is. Pure: imports no Django."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

MOST_VALUES = 90  # that a person is to say of what each is; the others are in the payload
MOST_FIELDS = 1000  # of a form
DEEPEST = 12
LONGEST_PATH = 200
TARGETS = (
    ("", "Leave it out"),
    ("message", "Message"),
    ("name", "Whole name"),
    ("first_name", "First name"),
    ("last_name", "Last name"),
    ("email", "E-mail"),
    ("phone", "Phone"),
    ("company", "Company"),
    ("extra", "Beside the message"),
)


class Unreadable(Exception):
    """Neither JSON nor a form; the message is a plain sentence."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a payload. `label`: what the sender calls it; `kind`: what the sender says it is, often empty."""

    path: str
    label: str
    text: str
    kind: str = ""


def parse(body: bytes, content_type: str) -> Any:
    """The payload: JSON, or a form's fields with `fields[email][value]` taken apart. Raises Unreadable."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("It is not UTF-8.") from None
    if "multipart/" in content_type:
        raise Unreadable("It is a form with files (multipart). Have it sent as JSON or as a plain form.")
    if text.lstrip()[:1] in ("{", "["):
        return _json(text)
    if "json" in content_type:
        raise Unreadable("It is said to be JSON and is not.")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Unreadable(f"It has more than {MOST_FIELDS:,} fields.") from None
    if not pairs or "=" not in text:
        raise Unreadable("It is neither JSON nor a form.")
    return _nested(pairs)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("It is not valid JSON.") from None


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        place = found
        *folders, name = [part for part in re.split(r"[\[\]]+", key) if part] or [key]
        for folder in folders[:DEEPEST]:
            inner = place.get(folder)
            place[folder] = place = inner if isinstance(inner, dict) else {}
        before = place.get(name)
        place[name] = f"{before}, {value}" if isinstance(before, str) and before else value
    return found


def values_of(kind: str, payload: Any) -> list[Value]:
    """Every value that a person may care for, in the order it came."""
    special = {"typeform": _typeform, "webflow": _webflow, "elementor": _elementor, "facebook": _facebook}
    found = list(special[kind](payload)) if kind in special else []
    return [value for value in found or _leaves(payload) if value.text][:MOST_VALUES]


def sender_id(kind: str, payload: Any) -> str:
    """By what the sender itself tells its calls apart; empty where it doesn't."""
    paths = {
        "typeform": ("form_response.token", "event_id"),
        "webflow": ("payload.id", "_id"),
        "facebook": ("leadgen_id",),
        "elementor": (),
        "other": ("event_id", "submission_id", "submissionID", "response_id"),
    }
    for path in paths.get(kind, ()):
        place = payload
        for part in path.split("."):
            place = place.get(part) if isinstance(place, dict) else None
        if isinstance(place, str | int) and str(place):
            return str(place)[:100]
    return ""


# ---- what the services send ------------------------------------------------------------------------------------------


def _typeform(payload: Any) -> Iterator[Value]:
    """Answers are a list; each names its question."""
    response = _at(payload, "form_response")
    questions = _list(_at(response, "definition", "fields"))
    titles = {_text(_at(each, "id")): _text(_at(each, "title")) for each in questions}
    for answer in _list(_at(response, "answers")):
        field = _at(answer, "field")
        name = _text(_at(field, "ref")) or _text(_at(field, "id"))
        kind = _text(_at(answer, "type"))
        label = titles.get(_text(_at(field, "id")), "") or name
        yield Value(_path("answers", name), label, _answer(answer, kind), _text(_at(field, "type")) or kind)
    yield from _leaves(_at(response, "hidden"), ("hidden",))


def _answer(answer: Any, kind: str) -> str:
    value = _at(answer, kind)
    if kind == "choice":
        value = _at(value, "label") or _at(value, "other")
    elif kind == "choices":
        value = [*_list(_at(value, "labels")), *filter(None, [_at(value, "other")])]
    return _text(value)


def _webflow(payload: Any) -> Iterator[Value]:
    inner = _at(payload, "payload")
    yield from _leaves(_at(inner, "data") or _at(payload, "data"), ("data",))


def _elementor(payload: Any) -> Iterator[Value]:
    """With “Advanced data” each field has a title, a type and a value; without it there are only names."""
    fields = _at(payload, "fields")
    for name, field in (fields if isinstance(fields, dict) else {}).items():
        label = _text(_at(field, "title")) or name
        yield Value(_path("fields", name), label, _text(_at(field, "value")), _text(_at(field, "type")))


def _facebook(payload: Any) -> Iterator[Value]:
    for field in _list(_at(payload, "field_data")):
        name = _text(_at(field, "name"))
        yield Value(_path("field_data", name), name.replace("_", " "), _text(_at(field, "values")))


def leadgens(payload: Any) -> list[dict[str, Any]]:
    """What a call of Facebook's announces: the lead ads that were filled in, whose answers are to be fetched. Calls
    that carry the answers, as of services between, are one."""
    if _at(payload, "field_data"):
        return [payload]
    changes = [change for entry in _list(_at(payload, "entry")) for change in _list(_at(entry, "changes"))]
    values = [_at(change, "value") for change in changes if _at(change, "field") == "leadgen"]
    return [value for value in values if isinstance(value, dict) and value.get("leadgen_id")]


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[Value]:
    if isinstance(value, Mapping) and len(path) < DEEPEST:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list) and len(path) < DEEPEST and not all(map(_is_plain, value)):
        for number, inner in enumerate(value[:50]):
            yield from _leaves(inner, (*path, str(number)))
    elif path:
        yield Value(_path(*path), path[-1], _text(value))


def _path(*parts: str) -> str:
    return ".".join(parts)[:LONGEST_PATH]


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    return str(value).strip()


# ---- what a value probably is ----------------------------------------------------------------------------------------

BY_KIND = {"email": "email", "phone_number": "phone", "tel": "phone", "long_text": "message", "textarea": "message"}
BY_NAME = (
    (r"e-?mail|courriel|correo", "email"),
    (r"phone|tel(efon|éfono)?\b|telephone|mobile|handy|whatsapp", "phone"),
    (r"first[ _-]?name|given|vorname|prénom|fname|^nombre$", "first_name"),
    (r"last[ _-]?name|surname|family|nachname|lname|apellido", "last_name"),
    (r"company|organi[sz]ation|business|firma|société|empresa", "company"),
    (r"message|comment|question|enquiry|inquiry|nachricht|details|describe|how can we help|mensaje", "message"),
    (r"\bname\b|full[ _-]?name|your[ _-]?name|^name|nom\b", "name"),
)
TECHNICAL = re.compile(
    r"(^|[._ -])(id|ids|ip|token|uuid|url|referrer|user[ _-]?agent|created|submitted|time|timestamp|date_created|site|"
    r"trigger\w*|event\w*|version|nonce|signature|page_?url|remote_?ip|form_?(id|name)|schema)($|[._ -])",
    re.IGNORECASE,
)


def guess(value: Value) -> str:
    """The target that a value most likely belongs to; what a machine wrote for machines is left out."""
    if value.kind in BY_KIND:
        return BY_KIND[value.kind]
    for name in (value.label, value.path.rpartition(".")[2]):
        for pattern, target in BY_NAME:
            if re.search(pattern, name, re.IGNORECASE):
                return target
    if re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", value.text):
        return "email"
    is_technical = TECHNICAL.search(value.path) or TECHNICAL.search(value.label)
    return "" if is_technical or value.path.startswith("hidden.") else "extra"
