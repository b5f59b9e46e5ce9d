"""Forms to begin with, one per kind of business. Pure: imports no Django."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from leads.forms_definition import MESSAGE, Definition, FieldType, FormField, default

CONSENT = FormField(
    "consent",
    FieldType.CONSENT,
    "I agree that you use what I wrote to answer me. I can take this back at any time.",
    required=True,
)


@dataclass(frozen=True, slots=True)
class FormTemplate:
    """`profile`: the key of the business profile that its inquiries are read by."""

    label: str
    definition: Definition
    profile: str = ""


def _with(*own: FormField, message: str, **changes: str) -> Definition:
    """The contact fields, these of one's own, then the message and the consent."""
    contact = [FormField.standard(key) for key in ("first_name", "last_name", "email", "phone")]
    last = replace(FormField.standard(MESSAGE, message), required=True)
    return default(fields=(*contact, *own, last, CONSENT), **changes)


TEMPLATES: Mapping[str, FormTemplate] = {
    "contact": FormTemplate("Contact", default()),
    "garage": FormTemplate(
        "Garage",
        _with(
            FormField("vehicle", FieldType.TEXT, "Your car", help="Make, model and year, like 2015 Honda Civic"),
            FormField("mileage", FieldType.NUMBER, "Mileage"),
            FormField(
                "service",
                FieldType.CHOICES,
                "What is it about?",
                options=("Brakes", "Engine", "Tires", "Oil and service", "Inspection", "Something else"),
            ),
            FormField("wanted_day", FieldType.DATE, "When would you like to come?"),
            message="What is wrong, or what do you need?",
            title="Ask our garage",
            button="Send to the garage",
        ),
        "automotive",
    ),
    "medspa": FormTemplate(
        "Med spa",
        _with(
            FormField(
                "treatment",
                FieldType.CHOICE,
                "Which treatment interests you?",
                options=("Botox", "Fillers", "Laser", "Facial", "Body", "I’m not sure yet"),
            ),
            FormField("been_before", FieldType.CHOICE, "Have you been here before?", options=("Yes", "No")),
            FormField("wanted_day", FieldType.DATE, "Which day suits you?"),
            message="What would you like to change, or to know?",
            title="Book a consultation",
            intro="Please don’t write about illnesses or medicines here; we talk about them when you are with us.",
        ),
        "medspa",
    ),
    "consultant": FormTemplate(
        "Consultant",
        _with(
            FormField.standard("company", "Company"),
            FormField("website_address", FieldType.TEXT, "Website"),
            FormField(
                "budget",
                FieldType.CHOICE,
                "What is your budget?",
                options=(
                    "Below $5,000",
                    "$5,000 to $20,000",
                    "$20,000 to $50,000",
                    "Above $50,000",
                    "I don’t know yet",
                ),
            ),
            FormField("start", FieldType.DATE, "When should it start?"),
            message="What is the project about?",
            title="Tell us about your project",
        ),
        "consulting",
    ),
}
