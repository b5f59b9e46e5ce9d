"""Consents: what staff note of them, and the page behind the link in the mail that asks for confirmation."""

import uuid
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language_from_request
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from leads import consent_mails, consents, forms_definition, forms_live
from leads import forms_words_consent as words
from leads.forms_words import LANGUAGES, THANKS, say
from leads.models import Consent, ConsentRequest, Lead, PublicForm
from leads.views.merged import follows_merges, only_standing
from leads.views.request import StaffRequest


@require_POST
@follows_merges
def consent_withdraw(request: StaffRequest, public_id: uuid.UUID, pk: int) -> HttpResponse:
    """The person said that they withdraw it."""
    lead = only_standing(get_object_or_404(Lead, public_id=public_id))
    consent = get_object_or_404(Consent, pk=pk, submission__lead=lead)
    if consents.withdraw(consent, actor=request.user.get_username()):
        messages.success(request, "Noted: the consent is withdrawn.")
    return redirect(lead)


@require_POST
@follows_merges
def consent_ask(request: StaffRequest, public_id: uuid.UUID, pk: int) -> HttpResponse:
    """Sends the mail that asks for confirmation once more."""
    lead = only_standing(get_object_or_404(Lead, public_id=public_id))
    asked = get_object_or_404(ConsentRequest, pk=pk, submission__lead=lead)
    if consent_mails.ask_again(asked, actor=request.user.get_username()):
        messages.success(request, f"The mail to {asked.to} leaves in a few seconds.")
    else:
        messages.error(request, "It can’t be asked again now.")
    return redirect(lead)


# ---- for the sender --------------------------------------------------------------------------------------------------

ANSWERS = {"confirm": consents.confirm, "deny": consents.deny, "withdraw": consents.take_back}


# No CSRF cookie: the signed link stands in for it, and there is no login to abuse.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def consent_link(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing: programs that check mails follow links. Only a pressed button does."""
    try:
        asked, works = consent_mails.read(token)
    except consent_mails.WrongLink as wrong:
        return _nothing(request, wrong.language)
    if request.method == "POST":
        answer = ANSWERS.get(request.POST.get("answer", ""))
        if answer and works:
            answer(asked)
        return HttpResponseRedirect(request.path)
    return _asked(request, asked, works=works)


def _asked(request: HttpRequest, asked: ConsentRequest, *, works: bool) -> HttpResponse:
    given = [each for each in asked.submission.consents.all() if each.is_given]
    context: dict[str, Any] = {"works": works, "given": given}
    title, status = "PLEASE_CONFIRM", 200
    if any(each.is_unconfirmed for each in given):
        context["state"] = "open" if works else "expired"
        if not works:
            title, status = "EXPIRED", 410
        context["given"] = [each for each in given if each.is_unconfirmed]
    elif any(each.stands for each in given):
        title, context["state"] = "", "confirmed"
        context["given"] = [each for each in given if each.stands]
    else:
        title, context["state"] = "WITHDRAWN", "withdrawn"
    about = say(words.ABOUT, asked.language)
    context["about"] = about.format(day=consent_mails.day_of(asked), title=consent_mails.title_of(asked))
    return _page(request, asked.form, asked.language, title=title, context=context, status=status)


def _nothing(request: HttpRequest, language: str) -> HttpResponse:
    """A link that is none of ours, or what it was about was erased."""
    status, title = (410, "ERASED") if language else (404, "WRONG")
    language = language or get_language_from_request(request).partition("-")[0]
    context = {"state": title.lower()}
    return _page(request, None, language, title=title, context=context, status=status)


def _page(
    request: HttpRequest, form: PublicForm | None, language: str, *, title: str, context: dict[str, Any], status: int
) -> HttpResponse:
    """In the form's colours, while there is one."""
    language = language if language in LANGUAGES else "en"
    form = form or PublicForm()
    form.definition = replace(form.definition if form.pk else forms_definition.default(), language=language)
    context |= forms_live.page(form) | {"asks": _words(language)}
    context["heading"] = say(getattr(words, title), language) if title else say(THANKS, language)
    return render(request, "leads/consent_link.html", context, status=status)


def _words(language: str) -> dict[str, str]:
    return {name.lower(): say(getattr(words, name), language) for name in SAID}


SAID = (
    *("CONFIRM", "NOT_ME", "CONFIRMED", "TAKE_BACK", "WITHDRAWN_TEXT"),
    *("EXPIRED_TEXT", "WRONG_TEXT", "ERASED_TEXT"),
)
