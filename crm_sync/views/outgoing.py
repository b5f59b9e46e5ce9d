"""Addresses that are told of new and changed leads."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm_sync import outgoing as telling
from crm_sync.models import OutgoingMessage, OutgoingWebhook
from crm_sync.views.connect import needs_owner
from leads import vault
from leads.views.request import StaffRequest

MOST_MESSAGES = 10  # shown of an address
State = OutgoingMessage.State


class OutgoingForm(forms.Form):
    name = forms.CharField(max_length=100)
    url = forms.URLField(max_length=500, label="Address", assume_scheme="https")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if not url.startswith(("http://", "https://")):
            raise forms.ValidationError("The address must begin with https:// or http://.")
        return url


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def outgoing(request: StaffRequest) -> HttpResponse:
    needs_owner(request)
    form = OutgoingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        webhook, secret = telling.add(name=form.cleaned_data["name"], url=form.cleaned_data["url"])
        return _page(request, OutgoingForm(), new=webhook, secret=secret)
    return _page(request, form)


def _page(
    request: StaffRequest, form: OutgoingForm, *, new: OutgoingWebhook | None = None, secret: str = ""
) -> HttpResponse:
    """`secret` is shown this once."""
    counted = OutgoingWebhook.objects.annotate(
        waiting=Count("messages", filter=Q(messages__state=State.WAITING)),
        refused=Count("messages", filter=Q(messages__state=State.FAILED)),
    )
    rows = [(webhook, webhook.messages.select_related("lead").order_by("-id")[:MOST_MESSAGES]) for webhook in counted]
    context: dict[str, Any] = {"form": form, "rows": rows, "new": new, "secret": secret}
    return render(request, "crm_sync/outgoing.html", context)


@require_POST
def outgoing_change(request: StaffRequest, pk: int) -> HttpResponse:
    """`do`: test, pause, resume, all, refused, secret or remove."""
    needs_owner(request)
    webhook = get_object_or_404(OutgoingWebhook, pk=pk)
    match request.POST.get("do"):
        case "secret":
            return _page(request, OutgoingForm(), new=webhook, secret=telling.renew_secret(webhook))
        case "test":
            _try_out(request, webhook)
        case "pause":
            telling.pause(webhook, f"Paused by {request.user.get_username()}.")
        case "resume":
            telling.resume(webhook)
        case "all" | "refused" as which:
            telling.tell_again(webhook, is_refused_only=which == "refused")
            messages.success(request, "They are sent as they are now, one after the other.")
        case "remove":
            webhook.delete()
            messages.success(request, f"“{webhook.name}” is told nothing any more.")
        case _:
            raise Http404
    return redirect("crm_sync:outgoing")


def _try_out(request: StaffRequest, webhook: OutgoingWebhook) -> None:
    try:
        answer = telling.try_out(webhook)
    except vault.Unreadable:
        messages.error(request, "The secret can’t be read any more, because SECRET_KEY has changed. Make a new one.")
        return
    if answer.is_delivered:
        messages.success(request, f"“{webhook.name}” took the test message: {answer.said}.")
    else:
        messages.error(request, f"“{webhook.name}” did not take the test message: {answer.said}.")
