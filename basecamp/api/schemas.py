"""The shapes of what the API takes and answers; the OpenAPI document is made from them."""

import datetime as dt
import re
import uuid
from typing import Annotated, Any

from ninja import Schema
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, field_validator

from leads.fields import CONTACT, INTENTS, URGENCIES
from leads.intake import LONGEST_TEXT
from leads.models import Lead, LeadSource

STATUSES = tuple(Lead.Status.values)
SOURCES = tuple(LeadSource.values)
CHOICES: dict[str, tuple[str, ...]] = {
    "status": STATUSES,
    "source": SOURCES,
    "intent": tuple(key for key, _ in INTENTS),
    "urgency": tuple(key for key, _ in URGENCIES),
}
MOMENTS = ("received_after", "received_before", "updated_after")
# As the lead's page has it, for addresses in ASCII; and what may be a phone number, or nothing.
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
EMAIL = rf"^({ATOM}(\.{ATOM})*@([A-Za-z0-9]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.)+[A-Za-z]{{2,63}})?$"
PHONE = r"^([^0-9]*[0-9][^0-9]*[0-9][^0-9]*[0-9][^\x00]*)?$"
# Spelled out: what \s means differs between Python and JSON schemas.
NOT_BLANK = r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
LONGEST_KEY = 150  # characters of an idempotency key
MOST_CUSTOM_FIELDS = 200
MOST_VALUES = 50


def check_choice(field: str, value: str | None) -> str | None:
    """The value, once it is empty or one of the field's choices."""
    if value and value not in CHOICES[field]:
        raise ValueError(f"must be one of: {', '.join(CHOICES[field])}")
    return value


def _choice(field: str, default: str | None = "", *, may_be_null: bool = False, **extra: Any) -> Any:
    """An empty text says the same as nothing."""
    return Field(default, json_schema_extra={"enum": [*CHOICES[field], "", *([None] * may_be_null)]}, **extra)


def _width(column: str) -> int:
    return getattr(Lead._meta.get_field(column), "max_length", None) or 0


# ---- what it takes -------------------------------------------------------------------------------------------------
# pydantic's own models: django-ninja's would take any object with attributes for one, also a mere text.

ShortText = Annotated[str, StringConstraints(strip_whitespace=True)]


def _digits(value: Any) -> Any:
    """Phone numbers come as JSON numbers from some tools."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LARGEST_NUMBER
    # 339.0 is a whole number, too: JSON makes no difference.
    return str(int(value)) if is_number and value == int(value) else value


LARGEST_NUMBER = 10**15  # E.164 has fifteen digits at most
PhoneText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=_width("phone")),
    BeforeValidator(
        _digits,
        json_schema_input_type=Annotated[str, Field(max_length=_width("phone"))]
        | Annotated[int, Field(ge=0, lt=LARGEST_NUMBER)],
    ),
]


class ContactIn(BaseModel):
    """Who wrote, as far as the sender knows; kept as typed."""

    first_name: ShortText | None = Field(None, max_length=_width("first_name"), examples=["Mark"])
    last_name: ShortText | None = Field(None, max_length=_width("last_name"), examples=["Bruxner"])
    email: ShortText | None = Field(None, max_length=_width("email"), examples=["mark@example.com"])
    phone: PhoneText | None = Field(None, examples=["+1 512 555 0142"])
    company: ShortText | None = Field(None, max_length=_width("company"), examples=["Bruxner & Sons"])

    def typed(self) -> dict[str, str]:
        return {key: getattr(self, key) or "" for key in CONTACT}


class InquiryIn(BaseModel):
    message: str = Field(
        max_length=LONGEST_TEXT,
        description="What the person wrote, as they wrote it.",
        json_schema_extra={"pattern": NOT_BLANK},
        examples=["My brakes squeal since Monday. Could you look at them this week?"],
    )
    contact: ContactIn | None = None
    source: str | None = _choice("source", "api", may_be_null=True, description="Where the inquiry came from.")
    custom_fields: dict[str, Any] | None = Field(
        None, max_length=MOST_CUSTOM_FIELDS, description="Anything else; kept with the submission as it is."
    )
    idempotency_key: ShortText | None = Field(
        None,
        max_length=LONGEST_KEY,
        description="Sent a second time by the same API key, the first lead is answered and nothing new is stored. "
        "The header “Idempotency-Key” does the same.",
    )

    @field_validator("message")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not re.search(NOT_BLANK, value):
            raise ValueError("must not be blank")
        return value

    @field_validator("source")
    @classmethod
    def _known_source(cls, value: str | None) -> str | None:
        return check_choice("source", value)


EmailText = Annotated[str, StringConstraints(strip_whitespace=True, pattern=EMAIL)]
NumberText = Annotated[str, StringConstraints(strip_whitespace=True, pattern=PHONE)]


class ContactChange(BaseModel):
    """An empty text or null erases a field. A phone is kept as E.164 where it can be read so, else as it came."""

    first_name: ShortText | None = Field(None, max_length=_width("first_name"), examples=["Mark"])
    last_name: ShortText | None = Field(None, max_length=_width("last_name"), examples=["Bruxner"])
    email: EmailText | None = Field(None, max_length=_width("email"), examples=["mark@example.com"])
    phone: NumberText | None = Field(None, max_length=_width("phone"), examples=["+15125550142"])
    company: ShortText | None = Field(None, max_length=_width("company"), examples=["Bruxner & Sons"])


class LeadChange(BaseModel):
    """What staff of another system changed."""

    status: str | None = _choice("status", None, may_be_null=True)
    contact: ContactChange | None = None
    values: dict[str, str | None] | None = Field(
        None,
        max_length=MOST_VALUES,
        description="Other fields by their key, such as `intent`, `vehicle` or one of your own; null erases one.",
        examples=[{"intent": "quote_request", "vehicle": "2019 Honda Civic"}],
    )

    @field_validator("status")
    @classmethod
    def _known_status(cls, value: str | None) -> str | None:
        return check_choice("status", value)


class ListFilters(BaseModel):
    """Which leads are meant; what isn't given narrows nothing."""

    status: str = _choice("status")
    intent: str = _choice("intent")
    urgency: str = _choice("urgency")
    source: str = _choice("source")
    q: str = Field("", max_length=200, description="Words in name, e-mail, phone, company or message.")
    min_quality: int | None = Field(None, ge=0, le=100, description="The least quality score.")
    max_quality: int | None = Field(None, ge=0, le=100, description="The greatest quality score.")
    received_after: dt.datetime | None = None
    received_before: dt.datetime | None = None
    updated_after: dt.datetime | None = None

    @field_validator("status", "intent", "urgency", "source")
    @classmethod
    def _known(cls, value: str, info: Any) -> str:
        return check_choice(info.field_name, value) or ""

    @field_validator("q")
    @classmethod
    def _storable(cls, value: str) -> str:
        return _without_nul(value)

    @field_validator(*MOMENTS, mode="before")
    @classmethod
    def _plus_sign(cls, value: Any) -> Any:
        """In an address a bare + means a space, so that “…T15:00:00+01:00” arrives with one. Numbers are no moments."""
        if value is not None and not (isinstance(value, str) and value[4:5] == "-"):
            raise ValueError("must be a moment like 2026-11-27T15:00:00Z")
        if isinstance(value, str) and value[-6:-5] == " " and value[-3:-2] == ":" and "T" in value.upper():
            return f"{value[:-6]}+{value[-5:]}"
        return value

    @field_validator(*MOMENTS)
    @classmethod
    def _in_utc(cls, value: dt.datetime | None) -> dt.datetime | None:
        if value is None:
            return None
        try:
            return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
        except OverflowError:
            raise ValueError("must be a moment like 2026-11-27T15:00:00Z") from None


class LeadFilters(ListFilters):
    """How the list is narrowed, and where its page begins."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str = Field("", max_length=200, description="Where a page begins; comes in `next`.")

    @field_validator("cursor")
    @classmethod
    def _storable_cursor(cls, value: str) -> str:
        return _without_nul(value)


class SimilarFilters(Schema):
    threshold: float = Field(0.6, ge=0, le=1, description="The least likeness of the messages: their cosine.")
    limit: int = Field(10, ge=1, le=50)


class CheckFilters(Schema):
    threshold: float = Field(
        0.6, ge=0, le=1, description="The least probability of the same person, or likeness of the messages."
    )
    limit: int = Field(10, ge=1, le=50)


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not hold NUL characters")
    return value


# ---- what it answers -----------------------------------------------------------------------------------------------


class Received(Schema):
    lead_id: uuid.UUID
    status_url: str


class Contact(Schema):
    first_name: str
    last_name: str
    email: str
    phone: str
    company: str


class Judgement(Schema):
    """What was made of the inquiry, as lists show it; empty where nothing is known yet."""

    intent: str
    urgency: str
    quality_score: int | None
    summary: str


class LeadBrief(Schema):
    id: uuid.UUID
    url: str = Field(description="The lead's page, for people.")
    status_url: str = Field(description="The whole lead, for programs.")
    contact: Contact
    source: str
    status: str
    is_sample: bool
    received_at: dt.datetime
    updated_at: dt.datetime
    enrichment: Judgement


class LeadPage(Schema):
    leads: list[LeadBrief]
    next: str | None = Field(description="The address of the next page; null on the last.")


class AttachmentOut(Schema):
    """A file of a message: `waiting` until images are cleaned, `ready`, or `refused` with the `problem`."""

    id: int
    name: str
    content_type: str
    size: int
    state: str
    problem: str


class SubmissionOut(Schema):
    id: int
    source: str
    text: str
    received_at: dt.datetime
    attachments: list[AttachmentOut]


class Enriched(Judgement):
    intent_confidence: float | None
    urgency_confidence: float | None
    score_reasons: list[dict[str, Any]]
    topics: list[str]
    language: str
    reply: str
    entities: dict[str, str] = Field(description="The facts found in the message, by field.")
    model: str = Field(description="The model of the latest answer that was used; empty without one.")
    prompt_version: str
    enriched_at: dt.datetime | None


class EvidenceOut(Schema):
    """The exact words behind a value: `text` is `submission.text[start:end]`, counted in code points."""

    submission: int | None
    start: int
    end: int
    text: str


class ValueOut(Schema):
    field: str
    value: str
    origin: str
    confidence: float
    evidence: EvidenceOut | None
    note: str
    made_by: str
    is_locked: bool
    at: dt.datetime


class DuplicateOut(Schema):
    lead_id: uuid.UUID
    probability: float
    reasons: list[dict[str, Any]]
    state: str


class StageOut(Schema):
    stage: str
    label: str
    state: str = Field(description="planned, pending, running, succeeded or failed")
    reason: str
    note: str
    attempts: int
    gate_reason: str = Field(description="Why the service behind a waiting stage can't be used; else empty.")


class CrmOut(Schema):
    state: str = Field(
        description="not_connected, waiting, synced, failed, gone (deleted there), left (out of it) or twice"
    )
    record_id: str
    error: str
    url: str


class LeadOut(LeadBrief):
    submissions: list[SubmissionOut]
    enrichment: Enriched
    values: list[ValueOut]
    suggestions: list[ValueOut]
    duplicate_suggestions: list[DuplicateOut]
    stages: list[StageOut]
    crm: CrmOut


class SimilarLead(Schema):
    lead: LeadBrief
    similarity: float = Field(description="The cosine of the two messages, up to 1.")
    words: str = Field(description="How its message begins.")
    reply: str = Field(description="What was answered last; empty without an answer.")
    handled_at: dt.datetime | None
    handled_by: str


class SimilarPage(Schema):
    similar: list[SimilarLead]
    is_read: bool = Field(description="False as long as the lead's own message isn't read, and nothing can be found.")


class KnownLead(Schema):
    lead: LeadBrief
    probability: float = Field(description="That it is the same person.")
    reasons: list[str] = Field(description="What speaks for that.")
    similarity: float | None = Field(description="The cosine of the two messages; null where one of them isn't read.")


class CheckOut(Schema):
    similar: list[KnownLead]
    is_read: bool = Field(description="Whether the meaning was compared as well, which needs the embedding worker.")


class Moved(Schema):
    """The lead was merged into another, which has this id; `Location` is its address."""

    id: uuid.UUID
