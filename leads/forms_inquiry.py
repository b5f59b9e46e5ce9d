"""A public form as a visitor fills it in: made from its definition, and read into contact, message and answers."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.formats import date_format
from django.utils.translation import override

from leads.fields import CONTACT
from leads.file_checks import ACCEPT, MEGABYTE, TOO_MANY, TOO_MUCH, IncomingFile, NotKept, look_at
from leads.forms_definition import MESSAGE, PAIRS, Definition, FieldType, FormField
from leads.forms_words import FILES_AGAIN, NOT_A_NUMBER, REACHABLE, say
from leads.intake import LONGEST_TEXT
from leads.values import Contact

LONGEST = {"first_name": 100, "last_name": 100, "email": 254, "phone": 40, "company": 200}
LONGEST_LINE = 500
LONGEST_LONG = 20_000  # of a long text that isn't the message
RADIOS = 6  # more options than that are a list to open


class InquiryForm(forms.Form):
    """What a visitor types. `website` is the honeypot: people don't see it, machines fill it in."""

    def __init__(
        self,
        definition: Definition,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
        *,
        refused: Mapping[str, tuple[str, NotKept]] | None = None,
    ) -> None:
        """`refused`: by field, the name of a file that was too large to be read, and why."""
        super().__init__(data, files)
        self.definition = definition
        self.refused = refused or {}
        with override(definition.language):
            for each in definition.fields:
                self.fields[each.key] = _form_field(each, definition.language)

    def full_clean(self) -> None:
        with override(self.definition.language):
            super().full_clean()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        reachable = cleaned.get("email") or cleaned.get("phone") or "email" in self.errors or "phone" in self.errors
        if self.definition.asks_for_one_of_two and not reachable:
            self.add_error("email", say(REACHABLE, self.definition.language))
        self._check_files(cleaned)
        return cleaned

    def _check_files(self, cleaned: Mapping[str, Any]) -> None:
        """What holds for all files together. What was refused as it came in is told, not what is left of it."""
        keys = [each.key for each in self.definition.fields if each.type == FieldType.FILE]
        for key in keys:
            if key in self.refused:
                self.errors.pop(key, None)
                self.add_error(key, _said_of(*self.refused[key], self.definition.language))
        files = [file for key in keys for file in cleaned.get(key) or ()]
        if len(files) > settings.FILES_MOST:
            self.add_error(keys[-1], _said(NotKept(TOO_MANY, most=settings.FILES_MOST), self.definition.language))
        elif sum(len(file.content) for file in files) > settings.FILES_LARGEST:
            reason = NotKept(TOO_MUCH, most=settings.FILES_LARGEST // MEGABYTE)
            self.add_error(keys[-1], _said(reason, self.definition.language))

    # ---- what becomes of it ------------------------------------------------------------------------------------------

    @property
    def contact(self) -> Contact:
        return Contact(**{key: self.cleaned_data.get(key, "") for key in CONTACT})

    @property
    def files_by_field(self) -> dict[str, list[IncomingFile]]:
        keys = [each.key for each in self.definition.fields if each.type == FieldType.FILE]
        return {key: self.cleaned_data[key] for key in keys if self.cleaned_data[key]}

    @property
    def payload(self) -> dict[str, Any]:
        """Every answer by its field's key, as JSON holds it."""
        return {key: _plain(self.cleaned_data[key]) for key in self.definition.keys}

    @property
    def text(self) -> str:
        """The message, and below it the answers that have no place of their own on a lead, as a person reads them."""
        message = self.cleaned_data.get(MESSAGE, "")
        lines = [f"{_asked(each)} {answer}" for each in self.definition.fields if (answer := self._readable(each))]
        return "\n\n".join(part for part in (message, "\n".join(lines)) if part)

    def _readable(self, each: FormField) -> str:
        value = self.cleaned_data[each.key]
        if each.is_standard or each.type in (FieldType.CONSENT, FieldType.FILE) or value in (None, "", []):
            return ""
        if each.type == FieldType.CHOICES:
            return ", ".join(value)
        if each.type == FieldType.DATE:
            with override("en"):
                return date_format(value, "j F Y")  # no doubt about day and month, for the rules and for people
        return str(value)

    # ---- how it is shown ---------------------------------------------------------------------------------------------

    def groups(self) -> Iterator[list[dict[str, Any]]]:
        """The fields in their order, those that stand side by side together."""
        shown = [
            {"about": each, "bound": self[each.key], "as": _shown_as(each, self[each.key].value())}
            for each in self.definition.fields
        ]
        place = 0
        while place < len(shown):
            keys = tuple(each.key for each in self.definition.fields[place : place + 2])
            size = 2 if keys in PAIRS else 1
            yield shown[place : place + size]
            place += size


INPUTS = {FieldType.EMAIL: "email", FieldType.PHONE: "tel", FieldType.DATE: "date"}


def _shown_as(each: FormField, value: Any) -> str:
    """The kind of input, or the element. A browser's date picker drops what is no date, and with it what was typed."""
    if each.type == FieldType.CHOICE:
        return "radio" if len(each.options) <= RADIOS else "select"
    if each.type == FieldType.DATE and value and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
        return "text"
    return INPUTS.get(FieldType(each.type), "text")


def _asked(each: FormField) -> str:
    return each.label if each.label.endswith(("?", ":", ".")) else f"{each.label}:"


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [item.name if isinstance(item, IncomingFile) else item for item in value]
    if value is None or isinstance(value, str | bool):
        return value if value is not None else ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _form_field(each: FormField, language: str) -> forms.Field:
    common: dict[str, Any] = {"label": each.label, "required": each.required, "help_text": each.help}
    match each.type:
        case FieldType.LONG_TEXT if each.key == MESSAGE:
            return forms.CharField(max_length=LONGEST_TEXT, strip=False, **common)
        case FieldType.LONG_TEXT:
            return forms.CharField(max_length=LONGEST_LONG, **common)
        case FieldType.EMAIL:
            return forms.EmailField(max_length=254, **common)
        case FieldType.CHOICE:
            return forms.ChoiceField(choices=[(option, option) for option in each.options], **common)
        case FieldType.CHOICES:
            return forms.MultipleChoiceField(choices=[(option, option) for option in each.options], **common)
        case FieldType.NUMBER:
            return NumberField(error_messages={"invalid": say(NOT_A_NUMBER, language)}, **common)
        case FieldType.DATE:
            return forms.DateField(input_formats=("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"), **common)
        case FieldType.FILE:
            return FilesField(language=language, **common)
        case FieldType.CONSENT:
            return forms.BooleanField(**common)
    return forms.CharField(max_length=LONGEST.get(each.key, LONGEST_LINE), **common)


def _said(reason: NotKept, language: str) -> str:
    return say(reason.english, language).format(**reason.values)


def _said_of(name: str, reason: NotKept, language: str) -> str:
    return f"{name[:100]}: {_said(reason, language)}"


class FilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[UploadedFile]:
        return list(files.getlist(name)) if hasattr(files, "getlist") else []


class FilesField(forms.Field):
    """Files that can be taken, as IncomingFiles."""

    widget = FilesInput
    accept = ACCEPT

    def __init__(self, *, language: str, **options: Any) -> None:
        super().__init__(**options)
        self.language = language

    def to_python(self, value: Any) -> list[IncomingFile]:
        found, wrong = [], []
        for upload in value or ():
            file = IncomingFile(upload.name or "", upload.read(settings.FILE_LARGEST + 1))
            upload.seek(0)
            try:
                look_at(file, largest=settings.FILE_LARGEST)
                found.append(file)
            except NotKept as reason:
                wrong.append(_said_of(upload.name or "", reason, self.language))
        if wrong and found:  # the browser forgot the right ones, too
            wrong.append(say(FILES_AGAIN, self.language))
        if wrong:
            raise forms.ValidationError("\n".join(wrong))
        return found


class NumberField(forms.DecimalField):
    """A number as people write it, with a point or a comma: “1,200.50”, “2,5”."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=15, decimal_places=4, **options)

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip().replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
        whole, comma, rest = text.rpartition(",")
        if (comma and "." in rest) or text.count(",") > 1 or (comma and len(rest) == 3 and whole.lstrip("-") != "0"):
            text = text.replace(",", "")  # thousands
        elif comma:
            text = text.replace(".", "").replace(",", ".")
        return super().to_python(text)
