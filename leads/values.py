"""Values that cross modules: what was found in a message, and where. Pure: imports no Django."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """The exact words behind a value.

    `start` and `end` count code points in the submission's text, as a Python slice does:
    `submission.text[start:end] == text`.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class FoundValue:
    """One value for one lead field, before it is decided whether it becomes the lead's.

    `field` is a key of `leads.fields`; `value` is the normalised form ("+15125550142", "2026-11-27T15:00",
    "4000 USD"); `confidence` runs from 0 to 1; `note` says in plain words how the value was read when the
    words alone don't show it ("“next Friday”, counted from the day it was received"). `claimed` is the confidence
    before it was set right by what staff changed, None when it wasn't.
    """

    field: str
    value: str
    confidence: float = 1.0
    evidence: Evidence | None = None
    note: str = ""
    claimed: float | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Who wrote, as the submitter typed it into named fields; empty strings where nothing was given."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One box of a form that a visitor ticked or left: the field's key, and the exact text beside the box."""

    field: str
    text: str
    is_given: bool
