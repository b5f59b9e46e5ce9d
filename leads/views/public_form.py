"""The form that strangers fill in: no login, no cookies, stored first."""

import secrets
import time
from contextlib import nullcontext
from functools import lru_cache

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from leads import files, form_tokens, forms_live, upload_limits
from leads.forms_inquiry import InquiryForm
from leads.forms_words import say
from leads.intake import keep
from leads.models import LeadSource, PublicForm, Submission
from leads.views.form_gate import passage

SENT_BEFORE = "This page was sent once already. Press Send again to send this as a second message."
TOO_MUCH_AT_ONCE = "This is too much to send at once. Please go back and shorten it, or send fewer files."
REMEMBERED = 3  # seconds until a change of the form shows
HONEYPOT = "It filled in a field that people don't see."


# No CSRF cookie: a frame on another site doesn't send one, and there is no login to abuse. The signed token stands in.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def public_form(request: HttpRequest, key: str) -> HttpResponse:
    return _serve(request, key)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def public_form_embed(request: HttpRequest, key: str) -> HttpResponse:
    """The same form for a frame on one of its websites."""
    return _serve(request, key)


def _serve(request: HttpRequest, key: str) -> HttpResponse:
    form = _known_form(key, int(time.time() / REMEMBERED))
    if not form.is_open:
        return _said(request, form, "leads/public_form_closed.html", status=410)
    if request.method != "POST":
        return _page(request, form, InquiryForm(form.definition))
    return _take(request, form)


@login_not_required
@require_safe
def public_form_thanks(request: HttpRequest, key: str) -> HttpResponse:
    return _said(request, get_object_or_404(PublicForm, key=key), "leads/public_form_thanks.html")


@login_not_required
@require_safe
def public_form_embed_thanks(request: HttpRequest, key: str) -> HttpResponse:
    return _said(request, get_object_or_404(PublicForm, key=key), "leads/public_form_thanks.html")


@lru_cache(maxsize=100)
def _known_form(key: str, period: int) -> PublicForm:
    """The form by its key, remembered for the period: most of a submission's time would go into asking again."""
    return get_object_or_404(PublicForm, key=key)


def _take(request: HttpRequest, form: PublicForm) -> HttpResponse:
    limits = upload_limits.limited(request)
    try:
        form = forms_live.as_shown(form, request.POST.get("version", ""))
    except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
        return _page(request, form, InquiryForm(form.definition), problem=TOO_MUCH_AT_ONCE, status=413)
    inquiry = InquiryForm(form.definition, request.POST, request.FILES, refused=limits.refused)
    token = request.POST.get("token", "")
    if not inquiry.is_valid():
        return _page(request, form, inquiry, token=token, status=422)
    if request.POST.get("website"):  # what a machine fills in is kept as well: it may have been a browser's autofill
        return _store(request, form, inquiry, secrets.token_urlsafe(12), suspicion=HONEYPOT)
    try:
        nonce = form_tokens.check(token, form.key)
    except form_tokens.TooFast as error:
        return _page(request, form, inquiry, token=token, problem=str(error), status=422)
    except form_tokens.WrongToken as error:
        return _page(request, form, inquiry, problem=str(error), status=422)
    return _store(request, form, inquiry, nonce)


def _store(
    request: HttpRequest, form: PublicForm, inquiry: InquiryForm, nonce: str, *, suspicion: str = ""
) -> HttpResponse:
    gate = passage(request, form)
    if gate.problem:
        return _page(request, form, inquiry, problem=gate.problem, challenge=gate.asks, status=429)
    # To the disk before the transaction: others write meanwhile.
    stored = [each for key, group in inquiry.files_by_field.items() for each in files.store(group, field=key)]
    try:
        with transaction.atomic() if stored else nullcontext():
            submission = keep(
                inquiry.text,
                source=LeadSource.WEB_FORM,
                contact=inquiry.contact,
                payload=inquiry.payload,
                form=form,
                idempotency_key=f"form:{nonce}",
                suspicion=suspicion or gate.suspicion,
            )
            files.attach(submission, stored)
    except IntegrityError:  # the token was used before: a double click, or an edited second message
        files.discard(stored)
        earlier = get_object_or_404(Submission, idempotency_key=f"form:{nonce}")  # or the form was just deleted
        if not _is_same(earlier, inquiry, stored):
            return _page(request, form, inquiry, problem=SENT_BEFORE, status=409)
    return HttpResponseRedirect(forms_live.after(form, is_framed=forms_live.is_framed(request)))


def _is_same(submission: Submission, inquiry: InquiryForm, stored: list[files.Stored]) -> bool:
    """Whether this is what the token brought in."""
    known = submission.attachments.values_list("field", "sha256") if inquiry.definition.takes_files else ()
    return submission.text.strip() == inquiry.text.replace("\x00", "\N{REPLACEMENT CHARACTER}").strip() and sorted(
        (each.field, each.sha256) for each in stored
    ) == sorted(known)


def _page(
    request: HttpRequest,
    form: PublicForm,
    inquiry: InquiryForm,
    *,
    token: str = "",
    problem: str = "",
    challenge: str = "",
    status: int = 200,
) -> HttpResponse:
    """The form, with what was typed still in it. A token that may still serve is kept, else there is a fresh one."""
    is_framed = forms_live.is_framed(request)
    context = forms_live.page(form, is_framed=is_framed) | {
        "form": inquiry,
        "token": token or form_tokens.new_token(form.key),
        "problem": say(problem, form.definition.language),
        "challenge": challenge,
    }
    with override(form.definition.language):  # Django's sentences are translated when they are shown
        response = render(request, "leads/public_form.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return forms_live.guarded(response, form, is_framed=is_framed)


def _said(request: HttpRequest, form: PublicForm, template: str, *, status: int = 200) -> HttpResponse:
    """A page of the form that asks nothing."""
    is_framed = forms_live.is_framed(request)
    context = forms_live.page(form, is_framed=is_framed)
    return forms_live.guarded(render(request, template, context, status=status), form, is_framed=is_framed)
