"""From a payload's values to an inquiry, by what people said each value is. Pure: imports no Django."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from leads.names import split_name
from leads.values import Contact
from leads.webhook_payloads import TARGETS, Value, guess

KNOWN = frozenset(target for target, _ in TARGETS)
LONGEST = {"first_name": 100, "last_name": 100, "email": 254, "phone": 40, "company": 200}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What comes of a payload. `text` is what will be read: the message, and beside it what else was said."""

    text: str
    contact: Contact

    @property
    def is_empty(self) -> bool:
        return not self.text and not any(asdict(self.contact).values())


def proposed(values: Sequence[Value]) -> dict[str, str]:
    """What each value probably is. Of several that may be the same part of the contact, the first is."""
    mapping: dict[str, str] = {}
    for value in values:
        target = guess(value)
        is_given_away = target in (*LONGEST, "name") and target in mapping.values()
        mapping[value.path] = "extra" if is_given_away else target
    return mapping


def is_for(mapping: Mapping[str, str], values: Sequence[Value]) -> bool:
    """Whether any value is one that the mapping was made for; else it is another form's, and a person must look."""
    return any(mapping.get(value.path) for value in values)


def inquiry_of(values: Sequence[Value], mapping: Mapping[str, str]) -> Inquiry:
    """A value that nobody has decided on, as of a question that was added since, is kept beside the message."""
    chosen = [(value, mapping.get(value.path, "extra")) for value in values]
    message = "\n\n".join(value.text for value, target in chosen if target == "message")
    beside = [_said(value) for value, target in chosen if target == "extra"]
    beside += [_said(value) for value, target in chosen if _is_cut(value, target)]
    return Inquiry("\n\n".join(filter(None, [message, "\n".join(beside)])), _contact(chosen))


def _said(value: Value) -> str:
    label = value.label.rstrip(" :")
    return f"{label} {value.text}" if label.endswith("?") else f"{label}: {value.text}"


def _contact(chosen: Sequence[tuple[Value, str]]) -> Contact:
    first: dict[str, str] = {}
    for value, target in chosen:
        first.setdefault(target, value.text)
    if "name" in first and not first.get("first_name") and not first.get("last_name"):
        first["first_name"], first["last_name"] = split_name(first["name"])
    return Contact(**{field: first.get(field, "")[:longest] for field, longest in LONGEST.items()})


def _is_cut(value: Value, target: str) -> bool:
    """What doesn't fit into its column isn't lost."""
    return len(value.text) > LONGEST.get(target, len(value.text))
