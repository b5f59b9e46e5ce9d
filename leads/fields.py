"""The lead's fields: keys, labels and kinds, in the order screens show them. Pure: imports no Django."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    CHOICE = "choice"
    DATE = "date"  # ISO 8601: 2026-11-27 or 2026-11-27T15:00
    MONEY = "money"  # "4000 USD"; the currency is left out when the text names none
    NUMBER = "number"
    LIST = "list"  # comma separated
    YES_NO = "yes_no"  # "yes" or "no"


# What a business may add fields of.
EXTRA_KINDS = (Kind.TEXT, Kind.CHOICE, Kind.NUMBER, Kind.DATE, Kind.MONEY, Kind.YES_NO)


class Group(StrEnum):
    CONTACT = "contact"
    JUDGEMENT = "judgement"
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a lead. `is_column`: the current value is also kept in a column of Lead, for lists and search.
    `is_retired`: one that the business added and no longer looks for; old values keep its label."""

    key: str
    label: str
    kind: Kind
    group: Group
    is_column: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    is_retired: bool = False


INTENTS = (
    ("inquiry", "Inquiry"),
    ("appointment_request", "Appointment request"),
    ("quote_request", "Quote request"),
    ("support", "Support"),
    ("complaint", "Complaint"),
    ("general", "General"),
    ("job_application", "Job application"),
    ("sales_pitch", "Sales pitch"),
)
URGENCIES = (("low", "Low"), ("medium", "Medium"), ("high", "High"), ("urgent", "Urgent"))

FIELDS: dict[str, Field] = {
    field.key: field
    for field in (
        Field("first_name", "First name", Kind.TEXT, Group.CONTACT, is_column=True),
        Field("last_name", "Last name", Kind.TEXT, Group.CONTACT, is_column=True),
        Field("email", "E-mail", Kind.EMAIL, Group.CONTACT, is_column=True),
        Field("phone", "Phone", Kind.PHONE, Group.CONTACT, is_column=True),
        Field("company", "Company", Kind.TEXT, Group.CONTACT, is_column=True),
        Field("intent", "Intent", Kind.CHOICE, Group.JUDGEMENT, is_column=True, choices=INTENTS),
        Field("urgency", "Urgency", Kind.CHOICE, Group.JUDGEMENT, is_column=True, choices=URGENCIES),
        Field("summary", "Summary", Kind.LONG_TEXT, Group.JUDGEMENT, is_column=True),
        Field("topics", "Topics", Kind.LIST, Group.JUDGEMENT),
        Field("language", "Language", Kind.TEXT, Group.JUDGEMENT),
        Field("reply", "Draft reply", Kind.LONG_TEXT, Group.JUDGEMENT),
        Field("product", "Product or service", Kind.TEXT, Group.FACT),
        Field("date", "Wanted date", Kind.DATE, Group.FACT),
        Field("amount", "Amount", Kind.MONEY, Group.FACT),
        Field("place", "Place", Kind.TEXT, Group.FACT),
        Field("website", "Website", Kind.URL, Group.FACT),
        Field("vehicle", "Vehicle", Kind.TEXT, Group.FACT),
        Field("mileage", "Mileage", Kind.TEXT, Group.FACT),
        Field("symptoms", "Symptoms", Kind.TEXT, Group.FACT),
        Field("treatment", "Treatment", Kind.TEXT, Group.FACT),
        Field("concern", "Concern", Kind.TEXT, Group.FACT),
        Field("areas", "Areas", Kind.TEXT, Group.FACT),
        Field("timing", "Timing", Kind.TEXT, Group.FACT),
        Field("industry", "Industry", Kind.TEXT, Group.FACT),
        Field("scope", "Project scope", Kind.TEXT, Group.FACT),
        Field("timeline", "Timeline", Kind.TEXT, Group.FACT),
    )
}
COLUMNS = tuple(field.key for field in FIELDS.values() if field.is_column)
CONTACT = tuple(field.key for field in FIELDS.values() if field.group is Group.CONTACT)
