"""Which of our fields goes to which Airtable field. Pure: imports no Django."""

import re
from collections import abc
from dataclasses import dataclass, field

from leads.attribution import TOLD
from leads.fields import FIELDS, Kind


@dataclass(frozen=True, slots=True)
class RemoteField:
    """A field of an Airtable table. `options` are the names a select knows, `option_ids` their ids in that order."""

    id: str
    name: str
    type: str
    options: tuple[str, ...] = ()
    option_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OurField:
    """Something of a lead that can be mapped: a lead field, or one of META_FIELDS."""

    key: str
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Mapping:
    """One of our fields to one Airtable field."""

    our_key: str
    field_id: str


@dataclass(frozen=True, slots=True)
class Target:
    """A mapping with all that writing needs. `value_map`: our value to an option's name, empty to write nothing;
    `label`: what we call the field, where it is one that the business added; `unknown`: what becomes of a value that
    the select has no option for ("leave" the cell, write the "fixed" `unknown_option`, or "add" an option)."""

    our_key: str
    kind: Kind
    remote: RemoteField
    value_map: abc.Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    unknown: str = "leave"
    unknown_option: str = ""


def _touch_kind(key: str) -> Kind:
    if key in CHANNEL_FIELDS:
        return Kind.CHOICE
    return Kind.URL if key.endswith(("_page", "_referrer")) else Kind.TEXT


GONE = "gone"  # the type of a field that is no longer in the table
KEY_FIELD = "lead_id"
MERGED_INTO = "merged_into"
STATUS, OWNER = "status", "owner"
CHANNEL_FIELDS = ("first_channel", "last_channel")
META_FIELDS: dict[str, OurField] = {
    ours.key: ours
    for ours in (
        OurField(KEY_FIELD, "Lead ID", Kind.TEXT),
        OurField("lead_url", "Lead URL", Kind.URL),
        OurField("name", "Name", Kind.TEXT),
        OurField("message", "Message", Kind.LONG_TEXT),
        OurField("source", "Source", Kind.CHOICE),
        OurField(STATUS, "Status", Kind.CHOICE),
        OurField(OWNER, "Owner", Kind.TEXT),
        OurField("quality_score", "Quality score", Kind.NUMBER),
        OurField("received_at", "Received at", Kind.DATE),
        OurField("other_emails", "Other e-mails", Kind.LONG_TEXT),
        OurField("other_phones", "Other phones", Kind.LONG_TEXT),
        OurField("form_consents", "Consent from forms", Kind.LONG_TEXT),
        OurField(MERGED_INTO, "Merged into", Kind.URL),
        *(OurField(key, label, _touch_kind(key)) for key, label in TOLD.items()),
    )
}
OUR_FIELDS: dict[str, OurField] = META_FIELDS | {
    key: OurField(key, known.label, known.kind) for key, known in FIELDS.items()
}

TEXT_TYPES = frozenset({"singleLineText", "multilineText", "richText"})
KEY_TYPES = frozenset({"singleLineText", "multilineText"})
COMPUTED_TYPES = frozenset(
    {"formula", "rollup", "count", "multipleLookupValues", "autoNumber", "createdTime", "lastModifiedTime"}
    | {"createdBy", "lastModifiedBy", "button", "externalSyncSource", "aiText", "manualSort"}
)
# Besides text, which takes every kind.
TYPES_BY_KIND: dict[str, frozenset[str]] = {
    Kind.TEXT: frozenset({"singleSelect", "multipleSelects", "checkbox"}),
    Kind.LONG_TEXT: frozenset(),
    Kind.EMAIL: frozenset({"email"}),
    Kind.PHONE: frozenset({"phoneNumber"}),
    Kind.URL: frozenset({"url"}),
    Kind.CHOICE: frozenset({"singleSelect", "multipleSelects", "checkbox"}),
    Kind.DATE: frozenset({"date", "dateTime"}),
    Kind.MONEY: frozenset({"number", "currency"}),
    Kind.NUMBER: frozenset({"number", "currency"}),
    Kind.LIST: frozenset({"multipleSelects"}),
    Kind.YES_NO: frozenset({"checkbox", "singleSelect", "multipleSelects"}),
}

# Names that owners give their columns, besides our labels; the likelier ones first. None that may be a column they
# write in themselves ("Notes", "Deal value"): a push would overwrite it.
ALIASES: dict[str, tuple[str, ...]] = {
    KEY_FIELD: ("baseCamp ID",),
    "lead_url": ("Lead link", "baseCamp link", "baseCamp URL"),
    "name": ("Full name", "Contact name", "Lead name", "Customer name", "Contact", "Customer", "Client", "Lead"),
    "message": ("Inquiry", "Enquiry", "Inquiry text", "Original message"),
    "source": ("Lead source", "Channel", "Origin"),
    STATUS: ("Lead status",),
    OWNER: ("Lead owner", "Assigned to"),
    "quality_score": ("Score", "Lead score", "Quality"),
    "received_at": ("Received", "Date received", "Received on", "Submitted at", "Inquiry date"),
    "other_emails": ("Other e-mail addresses", "Further e-mails", "Additional e-mails"),
    "other_phones": ("Other phone numbers", "Further phones", "Additional phones"),
    MERGED_INTO: ("Merged into lead",),
    "first_channel": ("Marketing channel", "First channel"),
    "first_utm_source": ("First UTM source",),
    "first_utm_medium": ("First UTM medium",),
    "first_utm_campaign": ("First UTM campaign",),
    "first_gclid": ("GCLID",),
    "first_fbclid": ("FBCLID",),
    "first_msclkid": ("MSCLKID",),
    "first_name": ("Given name", "Forename", "First"),
    "last_name": ("Surname", "Family name", "Last"),
    "email": ("E-mail address", "Mail"),
    "phone": ("Phone number", "Telephone", "Mobile", "Mobile number", "Cell", "Tel"),
    "company": ("Company name", "Organization", "Organisation", "Business", "Business name"),
    "intent": ("Inquiry type", "Request type", "Type of inquiry"),
    "urgency": ("Priority",),
    "summary": ("AI summary", "Lead summary"),
    "topics": ("Tags", "Keywords"),
    "reply": ("Suggested reply", "Reply draft"),
    "product": ("Product", "Service", "Product/Service", "Requested service"),
    "date": ("Date wanted", "Requested date", "Preferred date", "Appointment date", "Event date"),
    "amount": ("Budget",),
    "place": ("Location", "Address", "City"),
    "website": ("Web site", "Homepage"),
    "scope": ("Scope",),
}


def compatible(kind: str, airtable_type: str) -> tuple[bool, str]:
    """Whether values of this kind can be written to fields of this type, and if not, why, in plain words."""
    if airtable_type == GONE:
        return False, "This field is no longer in the Airtable table."
    if airtable_type in COMPUTED_TYPES:
        return False, "Airtable fills this field by itself."
    if airtable_type in TEXT_TYPES or airtable_type in TYPES_BY_KIND.get(kind, ()):
        return True, ""
    return False, f"A field of type {airtable_type} can’t hold this kind of value."


def refusal(ours: OurField, remote: RemoteField) -> str:
    """Why this mapping can't be, in plain words; empty when it can."""
    is_possible, reason = compatible(ours.kind, remote.type)
    if is_possible and ours.key == KEY_FIELD and remote.type not in KEY_TYPES:
        return "The lead ID needs a plain text field."
    return reason


def refusals(
    mappings: abc.Iterable[Mapping],
    remote_fields: abc.Iterable[RemoteField],
    our_fields: abc.Mapping[str, OurField] = OUR_FIELDS,
) -> dict[str, str]:
    """What is wrong with a set of mappings, by our key; empty when it can be used. The lead ID must be in it."""
    by_id = {remote.id: remote for remote in remote_fields}
    found: dict[str, str] = {KEY_FIELD: "The lead ID must be mapped: by it a lead finds its record."}
    taken: set[str] = set()
    for mapping in mappings:
        if mapping.our_key == KEY_FIELD:
            found.pop(KEY_FIELD, None)
        ours, remote = our_fields.get(mapping.our_key), by_id.get(mapping.field_id)
        if ours is None or remote is None:
            found[mapping.our_key] = "This field is no longer in the Airtable table." if ours else "Unknown field."
        elif remote.id in taken:
            found[mapping.our_key] = f"“{remote.name}” is already used by another field."
        elif reason := refusal(ours, remote):
            found[mapping.our_key] = reason
        taken.add(mapping.field_id)
    return found


def propose(our_fields: abc.Iterable[OurField], remote_fields: abc.Iterable[RemoteField]) -> list[Mapping]:
    """Mappings by name and type, at most one per field on either side, in the order of `our_fields`.

    A field that has our own label is taken first, then the aliases in their order.
    """
    wanted, offered = list(our_fields), list(remote_fields)
    chosen: dict[str, str] = {}
    for _, ours, remote in sorted(_candidates(wanted, offered), key=lambda candidate: candidate[0]):
        if ours.key not in chosen and remote.id not in chosen.values():
            chosen[ours.key] = remote.id
    return [Mapping(ours.key, chosen[ours.key]) for ours in wanted if ours.key in chosen]


def _candidates(
    our_fields: list[OurField], remote_fields: list[RemoteField]
) -> abc.Iterator[tuple[int, OurField, RemoteField]]:
    for ours in our_fields:
        names = [normalised(name) for name in (ours.label, *ALIASES.get(ours.key, ()))]
        for remote in remote_fields:
            if normalised(remote.name) in names and not refusal(ours, remote):
                yield names.index(normalised(remote.name)), ours, remote


def normalised(name: str) -> str:
    """Names that differ only in case, spaces and signs are one: "quote_request" is "Quote Request"."""
    return re.sub(r"[\W_]+", "", name).casefold()
