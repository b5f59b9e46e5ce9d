"""Tags and filters of the staff pages: `{% load leads %}`."""

import datetime as dt
from collections.abc import Iterable
from itertools import accumulate

import phonenumbers
from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from leads import consent_mails, known_fields
from leads.facts import IN_PANEL
from leads.fields import INTENTS, URGENCIES, Kind
from leads.highlighting import Hidden, Piece, Span, pieces, visible
from leads.models import ConsentRequest, FieldValue, Lead, PublicForm, Submission
from leads.navigation import first_form, navigation
from leads.replies import time_taken

register = template.Library()

# Field values whose evidence is worth lighting up: what stands and what is suggested.
LIT_STATES = (FieldValue.State.CURRENT, FieldValue.State.SUGGESTED)


@register.simple_tag
def icon(name: str, css: str = "", title: str = "") -> SafeString:
    """A picture from the sprite; decoration unless it has a title."""
    sprite = static("vendor/tabler/icons.svg")
    if title:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><title>{}</title><use href="{}#{}"/></svg>',
            css, title, title, sprite, name,
        )  # fmt: skip
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>', css, sprite, name)


@register.inclusion_tag("leads/_navigation.html", takes_context=True)
def navigation_menu(context: Context) -> dict[str, object]:
    request = context["request"]
    match = request.resolver_match
    return {
        "navigation": navigation(),
        "user": request.user,
        "here": match.view_name if match else "",
        "site_url": context.get("site_url", ""),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def initials(lead: Lead) -> str:
    """Two letters for the round picture; a person's outline for a lead without a name."""
    letters = lead.initials
    return letters if letters[:1].isalpha() and lead.name[:5] != "Lead " else icon("user")


@register.simple_tag
def navigation_form() -> PublicForm | None:
    """The form that the owner is shown first."""
    return first_form()


@register.filter
def ago(moment: dt.datetime | None) -> SafeString:
    """A relative time with the exact one on hover."""
    if moment is None:
        return mark_safe("")
    exact = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        moment.isoformat(), f"{exact:%a %d %b %Y, %H:%M:%S %Z}", str(naturaltime(moment)).replace("\xa0", " "),
    )  # fmt: skip


@register.filter
def answered_after(lead: Lead) -> str:
    """How long the first answer took; empty while there is none."""
    return time_taken(lead.received_at, lead.first_response_at) if lead.first_response_at else ""


@register.filter
def readable(text: str) -> SafeString:
    """Text that strangers wrote, with small marks where a character can't be seen."""
    return format_html_join("", "{}", ((_shown(part),) for part in visible(str(text or ""))))


def _shown(part: str | Hidden) -> str:
    if isinstance(part, Hidden):
        return format_html('<span class="hidden-char" title="{}">{}</span>', part.name, part.mark)
    return part


@register.filter
def highlight(submission: Submission, values: Iterable[FieldValue]) -> SafeString:
    """A message with the words behind the lead's facts marked."""
    spans = [
        Span(value.field, value.evidence_start, value.evidence_end)
        for value in values
        if value.evidence_submission_id == submission.pk
        and value.state in LIT_STATES
        and value.field not in IN_PANEL  # a summary's words are half the message: marking them hides the facts
        and value.evidence_start is not None
        and value.evidence_end is not None
    ]
    return format_html_join("", "{}", ((_marked(piece),) for piece in pieces(submission.text, spans)))


def _marked(piece: Piece) -> SafeString:
    if not piece.fields:
        return readable(piece.text)
    labels = ", ".join(known.label if (known := known_fields.known(key)) else key for key in piece.fields)
    return format_html(
        '<mark class="found" tabindex="0" data-field="{}" title="{}">{}</mark>',
        " ".join(piece.fields), labels, readable(piece.text),
    )  # fmt: skip


@register.filter
def shown(value: FieldValue) -> str:
    """A field value as a person reads it."""
    known = known_fields.known(value.field)
    if known and known.kind is Kind.PHONE:
        return phone(value.value)
    return value.display


@register.filter
def phone(number: str) -> str:
    """“(512) 555-0142” and “+15125550142” as “+1 512-555-0142”; what is no number stays as it is."""
    try:
        parsed = phonenumbers.parse(number, settings.DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@register.filter
def phones(listed: str) -> str:
    """Several numbers, as a merge's preview lists them."""
    return ", also ".join(phone(number) for number in listed.split(", also "))


@register.filter
def origin_label(origin: str) -> str:
    return dict(FieldValue.Origin.choices).get(origin, origin)


@register.filter
def called(lead: Lead) -> str:
    """The lead's name; where only a phone number is known, that as a person reads it."""
    return phone(lead.phone) if lead.name == lead.phone else lead.name


@register.filter
def intent_label(intent: str) -> str:
    return dict(INTENTS).get(intent, intent)


@register.filter
def urgency_label(urgency: str) -> str:
    return dict(URGENCIES).get(urgency, urgency)


@register.filter
def percent(share: float) -> int:
    """0.83 as 83."""
    return round((share or 0) * 100)


@register.filter
def seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f} s"


@register.filter
def words(listed: str) -> list[str]:
    """The entries of a comma separated list."""
    return [word.strip() for word in listed.split(",") if word.strip()]


@register.inclusion_tag("leads/_reasons.html")
def reasons(items: Iterable[dict[str, object]], total: str = "") -> dict[str, object]:
    """Reasons as a waterfall: each bar starts where the last one ended. `total` is what they come to, in words."""
    rows = [(str(item.get("text") or item.get("label") or ""), _weight(item)) for item in items]
    levels = list(accumulate((weight for _, weight in rows), initial=0.0))
    low, high = min(levels), max(levels)

    def place(level: float) -> float:
        return (level - low) / ((high - low) or 1) * 100

    bars = [
        _bar(text, weight, place(start), place(end))
        for (text, weight), start, end in zip(rows, levels, levels[1:], strict=False)
    ]
    together = _bar(total, levels[-1], place(0), place(levels[-1])) if total else None
    return {"bars": bars, "zero": f"{place(0):.1f}%", "total": together}


def _bar(text: str, weight: float, start: float, end: float) -> dict[str, object]:
    return {
        "text": text,
        "weight": f"{weight:+.1f}".removesuffix(".0").replace("-", "−"),
        "for": weight >= 0,
        "x": f"{min(start, end):.1f}%",
        "width": f"{max(abs(end - start), 0.8):.1f}%",
        "end": f"{end:.1f}%",
    }


def _weight(item: dict[str, object]) -> float:
    value = item.get("weight", item.get("points", 0))
    return float(value) if isinstance(value, int | float) else 0.0


@register.filter
def may_ask_again(request: ConsentRequest) -> bool:
    """Whether staff may send the mail that asks for confirmation once more."""
    return consent_mails.can_ask_again(request)
