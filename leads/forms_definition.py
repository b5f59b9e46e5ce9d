"""What a public form asks and how it looks: its definition, as one version of it holds it. Pure: imports no Django."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlsplit

from leads.forms_colours import Colours
from leads.forms_words import LANGUAGES


class FieldType(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    PHONE = "phone"
    CHOICE = "choice"
    CHOICES = "choices"  # several of the options
    NUMBER = "number"
    DATE = "date"
    FILE = "file"  # one or several
    CONSENT = "consent"  # a box to tick; the label is the text that is agreed to


TYPE_LABELS: Mapping[str, str] = {
    FieldType.TEXT: "Text",
    FieldType.LONG_TEXT: "Long text",
    FieldType.EMAIL: "E-mail",
    FieldType.PHONE: "Phone",
    FieldType.CHOICE: "One of several",
    FieldType.CHOICES: "Any of several",
    FieldType.NUMBER: "Number",
    FieldType.DATE: "Date",
    FieldType.FILE: "Files",
    FieldType.CONSENT: "Consent",
}
WITH_OPTIONS = (FieldType.CHOICE, FieldType.CHOICES)
MESSAGE = "message"
# Fields with a fixed meaning: they go to the lead's contact and to the message, whatever they are labelled.
STANDARD: Mapping[str, tuple[FieldType, str]] = {
    "first_name": (FieldType.TEXT, "First name"),
    "last_name": (FieldType.TEXT, "Last name"),
    "email": (FieldType.EMAIL, "E-mail"),
    "phone": (FieldType.PHONE, "Phone"),
    "company": (FieldType.TEXT, "Company (if any)"),
    MESSAGE: (FieldType.LONG_TEXT, "Your message"),
}
AUTOCOMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "phone": "tel",
    "company": "organization",
}
PAIRS = (("first_name", "last_name"), ("email", "phone"))  # stand side by side where there is room
# Names that the page itself sends.
RESERVED = frozenset(
    {"token", "version", "website", "attribution", "altcha", "unchecked", "csrfmiddlewaretoken", "id", "files"}
)

MOST_FIELDS, MOST_OPTIONS = 40, 40
LOGO = re.compile(r"[0-9a-f]{32}-(\d{1,3})x(\d{1,3})\.webp")  # as leads.forms_logo names them
LONGEST = {"logo_alt": 200, "title": 200, "intro": 2000, "thanks": 2000, "redirect": 500, "button": 60}
LONGEST_LABEL, LONGEST_CONSENT, LONGEST_HELP, LONGEST_OPTION = 200, 1000, 300, 120
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class FormField:
    """One question. Answers are stored under `key`, which stays when the label changes."""

    key: str
    type: str
    label: str
    help: str = ""
    required: bool = False
    options: tuple[str, ...] = ()

    @property
    def is_standard(self) -> bool:
        return self.key in STANDARD

    @property
    def options_as_lines(self) -> str:
        return "\n".join(self.options)

    @property
    def autocomplete(self) -> str:
        return AUTOCOMPLETE.get(self.key, "")

    @classmethod
    def standard(cls, key: str, label: str = "", *, required: bool = False) -> Self:
        kind, called = STANDARD[key]
        return cls(key, kind, label or called, required=required)


@dataclass(frozen=True, slots=True)
class Definition:
    """Everything that a visitor sees. `redirect`: where one goes after sending, instead of the thank-you text;
    `colours`: own ones, else those of the visitor's light or dark mode; `logo`: the name of a FormImage."""

    title: str = "How can we help?"
    intro: str = ""
    fields: tuple[FormField, ...] = ()
    button: str = ""
    thanks: str = "Thank you. We have your message and will be in touch soon."
    redirect: str = ""
    language: str = "en"
    colours: Colours | None = None
    logo: str = ""
    logo_alt: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """As `to_json` wrote it, here or in an earlier release; what it doesn't say is as in a new form."""
        known = {key: value for key, value in content.items() if key in cls.__dataclass_fields__}
        fields = tuple(_field(each) for each in content.get("fields", ()))
        colours = Colours(**content["colours"]) if content.get("colours") else None
        return cls(**known | {"fields": fields, "colours": colours})

    @property
    def keys(self) -> list[str]:
        return [each.key for each in self.fields]

    @property
    def logo_size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        found = LOGO.fullmatch(self.logo)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    @property
    def takes_files(self) -> bool:
        return any(each.type == FieldType.FILE for each in self.fields)

    @property
    def asks_for_one_of_two(self) -> bool:
        """Whether one of e-mail and phone is enough, but none is too little."""
        reach = [each for each in self.fields if each.key in ("email", "phone")]
        return len(reach) == 2 and not any(each.required for each in reach)


def _field(content: Mapping[str, Any]) -> FormField:
    known = {key: value for key, value in content.items() if key in FormField.__dataclass_fields__}
    return FormField(**known | {"options": tuple(content.get("options", ()))})


STANDARD_FIELDS = tuple(FormField.standard(key, required=key == MESSAGE) for key in STANDARD)


def default(**changes: Any) -> Definition:
    """The form that a new installation begins with."""
    return replace(Definition(fields=STANDARD_FIELDS), **changes)


def new_key(label: str, taken: Sequence[str]) -> str:
    """A key for a new field's answers, like its label, that no other field has."""
    words = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:30].strip("_")
    stem = words if KEY.fullmatch(words) else "answer"
    used = {*taken, *STANDARD, *RESERVED}
    return next(key for n in range(1, 1000) if (key := stem if n == 1 else f"{stem}_{n}") not in used)


# ---- what can't be published -----------------------------------------------------------------------------------------


def problems(definition: Definition) -> dict[str, str]:
    """Why a definition can't be published, in plain words, by where it is: "title", "colours", "label-2" for the label
    of the third field, "fields" for all of them together. Empty when it can."""
    found = {
        name: f"At most {longest:,} characters."
        for name, longest in LONGEST.items()
        if len(getattr(definition, name)) > longest
    }
    if not definition.title.strip():
        found["title"] = "The form needs a heading."
    if not definition.thanks.strip() and not definition.redirect:
        found["thanks"] = "Say thank you, or name a page to go to."
    if definition.redirect and not is_web_address(definition.redirect):
        found["redirect"] = "Write the whole address, like https://example.com/thanks."
    if definition.logo and not definition.logo_alt.strip():
        found["logo_alt"] = "Say what the logo says: people who don’t see it hear this."
    if definition.language not in LANGUAGES:
        found["language"] = "Choose a language."
    if definition.colours and (reason := definition.colours.problem()):
        found["colours"] = reason
    return found | _field_problems(definition.fields)


def _field_problems(fields: Sequence[FormField]) -> dict[str, str]:
    found: dict[str, str] = {}
    keys = [each.key for each in fields]
    if not fields:
        found["fields"] = "Add a field first: the form asks for nothing."
    elif len(fields) > MOST_FIELDS:
        found["fields"] = f"At most {MOST_FIELDS} fields."
    elif len(set(keys)) < len(keys):
        found["fields"] = "Two fields have the same key."
    for number, each in enumerate(fields):
        longest = LONGEST_CONSENT if each.type == FieldType.CONSENT else LONGEST_LABEL
        if not each.label.strip():
            found[f"label-{number}"] = "What does this field ask for?"
        elif len(each.label) > longest:
            found[f"label-{number}"] = f"At most {longest:,} characters."
        if len(each.help) > LONGEST_HELP:
            found[f"help-{number}"] = f"At most {LONGEST_HELP} characters."
        if each.type in WITH_OPTIONS and (reason := _option_problem(each.options)):
            found[f"options-{number}"] = reason
    return found


def _option_problem(options: Sequence[str]) -> str:
    if len(options) < 2:
        return "Write at least two choices, one a line."
    if len(options) > MOST_OPTIONS:
        return f"At most {MOST_OPTIONS} choices."
    if max(map(len, options)) > LONGEST_OPTION:
        return f"A choice may have {LONGEST_OPTION} characters."
    return "Two choices are the same." if len(set(options)) < len(options) else ""


def is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s;,<>\"']", text)
    except ValueError:
        return False


def origin_of(address: str) -> str:
    """“https://example.com” of “https://example.com/page”; empty for what is no address."""
    if not is_web_address(address):
        return ""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
