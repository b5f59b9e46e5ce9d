"""What the public pages of a form show, and the headers they go out with."""

import base64
import hashlib
from copy import copy
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from leads.forms_colours import Colours
from leads.forms_definition import origin_of
from leads.forms_words import (
    AGAIN,
    CLOSED,
    CLOSED_TEXT,
    FILES,
    FILES_AGAIN,
    GO_ON,
    MISSING,
    THANKS,
    UNCHECKED,
    say,
)
from leads.models import FormImage, FormVersion, PublicForm

SAID = {
    "send": "Send",
    "error": "Error",
    "required": "required",
    "choose": "Please choose",
    "empty": "Leave this empty",
    "missing": MISSING,
    "thanks": THANKS,
    "again": AGAIN,
    "go_on": GO_ON,
    "closed": CLOSED,
    "closed_text": CLOSED_TEXT,
    "unchecked": UNCHECKED,
    "files_again": FILES_AGAIN,
}


def as_shown(form: PublicForm, version: str) -> PublicForm:
    """The form as a visitor saw it, by the version that the page sends: the next one may have been published while they
    were typing, and what was answered was the old one's questions."""
    if not version.isdecimal() or len(version) > 18 or (form.published and int(version) == form.published.pk):
        return form
    earlier = form.versions.filter(pk=int(version), state=FormVersion.State.PAST).first()
    if earlier is None:
        return form
    shown = copy(form)
    shown.published, shown.definition = earlier, earlier.definition
    return shown


def is_framed(request: HttpRequest) -> bool:
    """Whether the page is the one for frames on other websites."""
    match = request.resolver_match
    return bool(match and match.url_name and match.url_name.startswith("public_form_embed"))


def page(form: PublicForm, *, is_framed: bool = False) -> dict[str, Any]:
    """What every template of a form's page gets."""
    definition = form.definition
    return {
        "is_framed": is_framed,
        "address": address(form, is_framed=is_framed),
        "public_form": form,
        "definition": definition,
        "said": words(definition.language),
        "stylesheet": stylesheet(definition.colours),
        "logo": logo(definition.logo, is_framed=is_framed),
    }


def logo(name: str, *, is_framed: bool) -> str:
    """Its address, empty without one. In a frame it stands in the page: one request less for the website around it."""
    if not name:
        return ""
    if not is_framed:
        return reverse("form_logo", args=[name])
    try:
        return _inlined(name)
    except FormImage.DoesNotExist:
        return ""


@lru_cache(maxsize=50)
def _inlined(name: str) -> str:
    content = FormImage.objects.get(name=name).content
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


@lru_cache(maxsize=10)
def words(language: str) -> dict[str, str]:
    files = say(FILES, language).format(most=settings.FILES_MOST, size=settings.FILE_LARGEST // 1_000_000)
    return {name: say(english, language) for name, english in SAID.items()} | {"files": files}


def address(form: PublicForm, *, is_framed: bool) -> str:
    return f"{form.get_absolute_url()}embed/" if is_framed else form.get_absolute_url()


def after(form: PublicForm, *, is_framed: bool = False) -> str:
    """Where a visitor goes once the inquiry is stored. A frame shows its thanks, and the page around it goes on."""
    thanks = f"{address(form, is_framed=is_framed)}thanks/"
    return thanks if is_framed else form.definition.redirect or thanks


def embed_code(form: PublicForm) -> str:
    """The line that shows the form in another website: a plain link where scripts are off."""
    return format_html(
        '<script src="{}/embed.js" data-form="{}" async></script><noscript><a href="{}{}">{}</a></noscript>',
        settings.SITE_URL,
        form.key,
        settings.SITE_URL,
        form.get_absolute_url(),
        form.definition.title,
    )


def guarded(response: HttpResponse, form: PublicForm, *, is_framed: bool = False) -> HttpResponse:
    """The page may send its visitor on to the form's own thank-you page elsewhere, and nowhere else: browsers hold a
    form's target against the policy after redirects too. The page for frames is shown by the form's websites alone."""
    if is_framed:
        response.xframe_options_exempt = True  # it knows no lists; the policy does
        response._csp_replace = {"frame-ancestors": ["'self'", *form.origins]}  # type: ignore[attr-defined]
    if elsewhere := origin_of(form.definition.redirect):
        response._csp_update = {"form-action": [elsewhere]}  # type: ignore[attr-defined]
    return response


# ---- own colours -----------------------------------------------------------------------------------------------------


def stylesheet(colours: Colours | None) -> str:
    """The address of a form's stylesheet; empty for the common one. Own colours have their own file: one request, and
    the policy allows no styles in the page."""
    if colours is None:
        return ""
    return reverse("form_style", args=[*(each[1:] for each in (colours.paper, colours.ink, colours.accent)), _digest()])


def style(colours: Colours) -> str:
    return _common() + colours.css()


@lru_cache(maxsize=1)
def _common() -> str:
    return (settings.BASE_DIR / "static" / "form" / "form.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _digest() -> str:
    """Changes with the common stylesheet, so that browsers may keep what they have."""
    return hashlib.sha256(_common().encode()).hexdigest()[:8]
