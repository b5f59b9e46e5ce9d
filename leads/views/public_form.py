"""The form that strangers fill in: no login, no cookies, stored first."""

import secrets
import time
from functools import lru_cache

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from leads import form_tokens
from leads.fields import CONTACT
from leads.intake import LONGEST_TEXT, keep
from leads.models import LeadSource, PublicForm, Submission
from leads.values import Contact
from leads.views.form_gate import passage

SENT_BEFORE = "This page was sent once already. Press Send again to send this as a second message."
REMEMBERED = 3  # seconds until a change of the form shows
HONEYPOT = "It filled in a field that people don't see."


class InquiryForm(forms.Form):
    """What a visitor types. `website` is the honeypot: people don't see it, machines fill it in."""

    first_name = forms.CharField(max_length=100, required=False)
    last_name = forms.CharField(max_length=100, required=False)
    email = forms.EmailField(max_length=254, required=False)
    phone = forms.CharField(max_length=40, required=False)
    company = forms.CharField(max_length=200, required=False)
    message = forms.CharField(max_length=LONGEST_TEXT, strip=False)

    def clean(self) -> dict[str, str]:
        cleaned: dict[str, str] = super().clean() or {}
        reachable = cleaned.get("email") or cleaned.get("phone") or "email" in self.errors or "phone" in self.errors
        if not reachable:
            self.add_error("email", "Please leave an e-mail address or a phone number, so that we can answer.")
        return cleaned


# No CSRF cookie: a frame on another site doesn't send one, and there is no login to abuse. The signed token stands in.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def public_form(request: HttpRequest, key: str) -> HttpResponse:
    form = _known_form(key, int(time.time() / REMEMBERED))
    if not form.is_open:
        return render(request, "leads/public_form_closed.html", {"public_form": form}, status=410)
    if request.method != "POST":
        return _page(request, form, InquiryForm())
    return _take(request, form)


@login_not_required
@require_safe
def public_form_thanks(request: HttpRequest, key: str) -> HttpResponse:
    return render(request, "leads/public_form_thanks.html", {"public_form": get_object_or_404(PublicForm, key=key)})


@lru_cache(maxsize=100)
def _known_form(key: str, period: int) -> PublicForm:
    """The form by its key, remembered for the period: most of a submission's time would go into asking again."""
    return get_object_or_404(PublicForm, key=key)


def _take(request: HttpRequest, form: PublicForm) -> HttpResponse:
    inquiry = InquiryForm(request.POST)
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
    fields = inquiry.cleaned_data
    gate = passage(request, form)
    if gate.problem:
        return _page(request, form, inquiry, problem=gate.problem, challenge=gate.asks, status=429)
    try:
        keep(
            fields["message"],
            source=LeadSource.WEB_FORM,
            contact=Contact(**{name: fields[name] for name in CONTACT}),
            payload=fields,
            form=form,
            idempotency_key=f"form:{nonce}",
            suspicion=suspicion or gate.suspicion,
        )
    except IntegrityError:  # the token was used before: a double click, or an edited second message
        earlier = get_object_or_404(Submission, idempotency_key=f"form:{nonce}")  # or the form was just deleted
        if not _is_same(earlier, fields):
            return _page(request, form, inquiry, problem=SENT_BEFORE, status=409)
    return HttpResponseRedirect(f"{form.get_absolute_url()}thanks/")


def _is_same(submission: Submission, fields: dict[str, str]) -> bool:
    """Whether this is what the token brought in."""
    return submission.text.strip() == fields["message"].replace("\x00", "\N{REPLACEMENT CHARACTER}").strip()


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
    context = {
        "public_form": form,
        "form": inquiry,
        "token": token or form_tokens.new_token(form.key),
        "problem": problem,
        "challenge": challenge,
    }
    response = render(request, "leads/public_form.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
