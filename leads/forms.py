"""The staff pages' forms."""

import re
from collections.abc import Mapping

import phonenumbers
from django import forms
from django.conf import settings
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import cached_property

from leads import known_fields, touches
from leads.attribution import LONGEST as LONGEST_TOUCH
from leads.attribution import folded
from leads.channels import CHANNELS
from leads.fields import FIELDS, INTENTS, URGENCIES, Field, Group, Kind
from leads.inbox import FILTERS, ORDERS
from leads.intake import LONGEST_TEXT
from leads.models import Lead, LeadSource

ANY = ("", "Any")
LINKS = ("utm_source", "utm_medium", "utm_campaign")
LONGEST_VALUE = 10_000
LONGEST_SEARCH = 200


class InboxForm(forms.Form):
    """Search, filters and order; what can't be understood narrows nothing."""

    q = forms.CharField(required=False, max_length=LONGEST_SEARCH, label="Search")
    status = forms.ChoiceField(required=False, choices=[ANY, *Lead.Status.choices])
    intent = forms.ChoiceField(required=False, choices=[ANY, *INTENTS])
    urgency = forms.ChoiceField(required=False, choices=[ANY, *URGENCIES])
    needs_review = forms.ChoiceField(required=False, choices=[ANY, ("1", "Needed")], label="Review")
    repeat = forms.ChoiceField(required=False, choices=[ANY, ("1", "Repeat")], label="Inquiry")
    channel = forms.ChoiceField(required=False, choices=[ANY, *CHANNELS])
    utm_source = forms.CharField(required=False, max_length=LONGEST_TOUCH, label="UTM source")
    utm_medium = forms.CharField(required=False, max_length=LONGEST_TOUCH, label="UTM medium")
    utm_campaign = forms.CharField(required=False, max_length=LONGEST_TOUCH, label="Campaign")
    sort = forms.ChoiceField(required=False, choices=[(order, order) for order in ORDERS])
    page = forms.IntegerField(required=False, min_value=1)

    def understood(self) -> dict[str, str]:
        """The valid parameters that aren't empty, `page` apart."""
        self.is_valid()
        return {key: value for key, value in self.cleaned_data.items() if value and key != "page"}

    @property
    def filters(self) -> dict[str, str]:
        """What leads must be, by lookup."""
        chosen = self.understood()
        chosen |= {key: folded(chosen[key]) for key in LINKS if key in chosen}
        return {FILTERS[key]: value for key, value in chosen.items() if key in FILTERS}

    @cached_property
    def links(self) -> list[tuple[forms.BoundField, list[str], str]]:
        """What links said that leads came by: the fields that narrow by it, what there is, and what is chosen. Those
        that nothing is known of are left out."""
        offered, chosen = touches.offered(), self.filters
        found = [(self[key], offered.get(key, []), chosen.get(key, "")) for key in LINKS]
        return [(field, sorted({*values, *filter(None, [one])}), one) for field, values, one in found if values or one]

    @property
    def number(self) -> int:
        self.is_valid()
        return self.cleaned_data.get("page") or 1


class PasteForm(forms.Form):
    text = forms.CharField(
        label="Inquiry",
        max_length=LONGEST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "class": "form-control", "autofocus": True}),
        error_messages={
            "required": "Paste the inquiry here first.",
            "max_length": f"That is too long: {LONGEST_TEXT:,} characters at most.",
        },
    )
    source = forms.ChoiceField(
        label="It came by",
        choices=[(LeadSource.PASTE, "Chat, phone note, anything else"), (LeadSource.EMAIL, "E-mail")],
        required=False,
        widget=forms.RadioSelect,
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError("Paste the inquiry here first.", code="required")
        return text

    def clean_source(self) -> str:
        return self.cleaned_data["source"] or LeadSource.PASTE


class ValueForm(forms.Form):
    """A person's edit of one field of a lead, `value` being what stands; an empty value is an edit too."""

    def __init__(self, data: Mapping[str, str] | None = None, *, field: str, value: str = "") -> None:
        super().__init__(data, initial={"value": value}, prefix=None)
        self.key = field
        self.known = known_fields.known(field) or Field(field, field, Kind.TEXT, Group.FACT)
        self.fields["value"] = _form_field(self.known, value)
        self.fields["value"].widget.attrs |= {"id": f"edit-{field}", "autofocus": True}

    def clean_value(self) -> str:
        value: str = str(self.cleaned_data["value"] or "").strip()
        cleaner = CLEANERS.get(self.known.kind)
        return cleaner(value) if cleaner and value else value


YES_NO = (("yes", "Yes"), ("no", "No"))
# What an input shows before anything is typed, and which keys a phone offers.
HINTS = {
    Kind.NUMBER: {"inputmode": "decimal", "placeholder": "1200"},
    Kind.DATE: {"placeholder": "2026-11-27"},
    Kind.MONEY: {"placeholder": "1200 USD"},
}


def _form_field(known: Field, current: str) -> forms.Field:
    css = {"class": "form-control"} | HINTS.get(known.kind, {})
    if known.kind in (Kind.CHOICE, Kind.YES_NO):
        widget = forms.Select(attrs={"class": "form-select"})
        choices = [("", "–"), *_choices(known, current)]
        return forms.ChoiceField(label=known.label, required=False, choices=choices, widget=widget)
    if known.kind is Kind.LONG_TEXT:
        area = forms.Textarea(attrs=css | {"rows": 5})
        return forms.CharField(label=known.label, required=False, max_length=LONGEST_VALUE, widget=area)
    line = forms.TextInput(attrs=css)
    if known.kind is Kind.EMAIL:
        return forms.EmailField(label=known.label, required=False, max_length=254, widget=line)
    return forms.CharField(label=known.label, required=False, max_length=longest(known), widget=line)


def _choices(known: Field, current: str) -> list[tuple[str, str]]:
    """With the current value also where it is no longer offered: looking at it must not lose it."""
    offered = list(YES_NO if known.kind is Kind.YES_NO else known.choices)
    is_old = current and known.key not in FIELDS and current not in dict(offered)
    return [*offered, (current, current.replace("_", " ").capitalize())] if is_old else offered


def longest(known: Field) -> int:
    """What a person may type: what fits into the lead's column, where the field has one."""
    if known.kind is Kind.LONG_TEXT:
        return LONGEST_VALUE
    if known.is_column:
        return getattr(Lead._meta.get_field(known.key), "max_length", None) or LONGEST_VALUE
    return 500


def _clean_phone(value: str) -> str:
    """E.164. What isn't a number that can exist is refused: the edit would win over a good one."""
    try:
        number = phonenumbers.parse(value, settings.DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        raise forms.ValidationError("That is not a phone number.", code="phone") from None
    if not phonenumbers.is_possible_number(number):
        raise forms.ValidationError("That phone number has too few or too many digits.", code="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def readable_phone(value: str) -> str:
    """E.164; empty where it is no number that can exist."""
    try:
        return _clean_phone(value)
    except forms.ValidationError:
        return ""


def _clean_date(value: str) -> str:
    try:
        moment = parse_datetime(value) if ":" in value else parse_date(value)
    except ValueError:
        moment = None
    if moment is None:
        raise forms.ValidationError("Write the date as 2026-11-27, or 2026-11-27 15:00.", code="date")
    return f"{moment:%Y-%m-%dT%H:%M}" if ":" in value else f"{moment:%Y-%m-%d}"


def _clean_list(value: str) -> str:
    return ", ".join(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))


def _clean_money(value: str) -> str:
    """As rules write it: "1200 USD", "1200" without a currency."""
    found = AMOUNT.fullmatch(value)
    if found is None:
        raise forms.ValidationError("Write an amount as 1200, $1,200 or 1200 EUR.", code="money")
    sign, number, code = found.groups(default="")
    return f"{number.replace(',', '')} {code.upper() or SIGNS.get(sign, '')}".strip()


def _clean_number(value: str) -> str:
    """As the rules and the model's words are read: "85000", "2.5"."""
    found = NUMBER.fullmatch(value)
    if found is None:
        raise forms.ValidationError("Write a number as 1200 or 2.5.", code="number")
    number = float(found[0].replace(",", ""))
    return f"{number:.0f}" if number == int(number) else f"{number:.3f}".rstrip("0")


NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,3})?")
SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
AMOUNT = re.compile(r"([$€£]?)\s*(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,12}(?:\.\d{1,2})?)\s*([A-Za-z]{3})?")
CLEANERS = {
    Kind.PHONE: _clean_phone,
    Kind.DATE: _clean_date,
    Kind.LIST: _clean_list,
    Kind.MONEY: _clean_money,
    Kind.NUMBER: _clean_number,
}
