"""The shapes of what the API takes and answers; the OpenAPI document is made from them."""

import datetime as dt
import uuid
from typing import Annotated, Any

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

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
LONGEST_KEY = 150  # characters of an idempotency key
MOST_CUSTOM_FIELDS = 200


def check_choice(field: str, value: str | None) -> str | None:
    """The value, once it is empty or one of the field's choices."""
    if value and value not in CHOICES[field]:
        raise ValueError(f"must be one of: {', '.join(CHOICES[field])}")
    return value


def _choice(field: str, default: str | None = "", **extra: Any) -> Any:
    return Field(default, json_schema_extra={"enum": list(CHOICES[field])}, **extra)


def _width(column: str) -> int:
    return getattr(Lead._meta.get_field(column), "max_length", None) or 0


# ---- what it takes -------------------------------------------------------------------------------------------------
# pydantic's own models: django-ninja's would take any object with attributes for one, also a mere text.

ShortText = Annotated[str, StringConstraints(strip_whitespace=True)]


class ContactIn(BaseModel):
    """Who wrote, as far as the sender knows; kept as typed."""

    # Phone numbers come as JSON numbers from some tools.
    model_config = ConfigDict(coerce_numbers_to_str=True)

    first_name: ShortText | None = Field(None, max_length=_width("first_name"), examples=["Mark"])
    last_name: ShortText | None = Field(None, max_length=_width("last_name"), examples=["Bruxner"])
    email: ShortText | None = Field(None, max_length=_width("email"), examples=["mark@example.com"])
    phone: ShortText | None = Field(None, max_length=_width("phone"), examples=["+1 512 555 0142"])
    company: ShortText | None = Field(None, max_length=_width("company"), examples=["Bruxner & Sons"])

    def typed(self) -> dict[str, str]:
        return {key: getattr(self, key) or "" for key in CONTACT}


class InquiryIn(BaseModel):
    message: str = Field(
        max_length=LONGEST_TEXT,
        description="What the person wrote, as they wrote it.",
        examples=["My brakes squeal since Monday. Could you look at them this week?"],
    )
    contact: ContactIn | None = None
    source: str | None = _choice("source", "api", description="Where the inquiry came from.")
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
        if not value.strip():
            raise ValueError("must not be blank")
        return value

    @field_validator("source")
    @classmethod
    def _known_source(cls, value: str | None) -> str | None:
        return check_choice("source", value)


class LeadChange(BaseModel):
    """What staff of another system changed. An empty text or null erases a contact field."""

    status: str | None = _choice("status", None)
    contact: ContactIn | None = None

    @field_validator("status")
    @classmethod
    def _known_status(cls, value: str | None) -> str | None:
        return check_choice("status", value)


class LeadFilters(Schema):
    """How the list is narrowed."""

    status: str = _choice("status")
    intent: str = _choice("intent")
    urgency: str = _choice("urgency")
    source: str = _choice("source")
    q: str = Field("", max_length=200, description="Words in name, e-mail, phone, company or message.")
    received_after: dt.datetime | None = None
    updated_after: dt.datetime | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str = Field("", max_length=200, description="Where a page begins; comes in `next`.")

    @field_validator("status", "intent", "urgency", "source")
    @classmethod
    def _known(cls, value: str, info: Any) -> str:
        return check_choice(info.field_name, value) or ""

    @field_validator("q", "cursor")
    @classmethod
    def _storable(cls, value: str) -> str:
        if "\x00" in value:
            raise ValueError("must not hold NUL characters")
        return value

    @field_validator("received_after", "updated_after", mode="before")
    @classmethod
    def _plus_sign(cls, value: Any) -> Any:
        """In an address a bare + means a space, so that “…T15:00:00+01:00” arrives with one."""
        if isinstance(value, str) and value[-6:-5] == " " and value[-3:-2] == ":" and "T" in value.upper():
            return f"{value[:-6]}+{value[-5:]}"
        return value

    @field_validator("received_after", "updated_after")
    @classmethod
    def _in_utc(cls, value: dt.datetime | None) -> dt.datetime | None:
        if value is None:
            return None
        try:
            return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
        except OverflowError:
            raise ValueError("must be a moment like 2026-11-27T15:00:00Z") from None


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


class SubmissionOut(Schema):
    id: int
    source: str
    text: str
    received_at: dt.datetime


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


class Moved(Schema):
    """The lead was merged into another, which has this id; `Location` is its address."""

    id: uuid.UUID


class Health(Schema):
    status: str
