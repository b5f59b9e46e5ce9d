"""Where admins make addresses for other services, and say which value of what they send is what."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads import webhook_payloads
from leads import webhooks as calls
from leads.models import Webhook, WebhookDelivery
from leads.vault import seal
from leads.views.request import StaffRequest
from leads.webhook_mapping import KNOWN, inquiry_of
from leads.webhook_payloads import TARGETS, Value
from leads.webhook_signatures import HEADERS

SHOWN = 5  # of the last calls, as they came
LONGEST_SHOWN = 4000  # characters of one of them
LONGEST_SAMPLE = 160
State = WebhookDelivery.State


class WebhookForm(forms.ModelForm):
    """What a webhook is called and how much it takes."""

    name = forms.CharField(max_length=100, widget=forms.TextInput(attrs={"class": "form-control"}))
    per_minute = forms.IntegerField(
        label="Calls a minute at most",
        min_value=1,
        max_value=100_000,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )
    is_active = forms.BooleanField(
        label="Takes calls", required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )

    class Meta:
        model = Webhook
        fields = ("name", "per_minute", "is_active")


@require_safe
@never_cache
def webhooks(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    return _list(request)


@require_POST
def webhooks_make(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    name, kind = request.POST.get("name", "").strip(), request.POST.get("kind", "")
    if not name or len(name) > 100 or kind not in Webhook.Kind.values:
        return _list(request, name=name, kind=kind, problem="Give it a name of up to 100 characters.")
    made = Webhook.objects.create(name=name, kind=kind)
    messages.success(request, "Made. Have the service call the address below.")
    return redirect(made)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def webhook(request: StaffRequest, pk: int) -> HttpResponse:
    """The mapping, beside what came last, which asks for news while a worker is to take it. With `try` nothing is
    saved: the page shows what would come of a call."""
    _needs_owner(request)
    found = get_object_or_404(Webhook, pk=pk)
    values = calls.looked_at(found)
    if request.method != "POST":
        return _page(request, found, values, calls.mapping_for(found, values))
    chosen = _chosen(request, values)
    if "try" in request.POST:
        return _page(request, found, values, chosen)
    if not any(chosen.values()):
        messages.error(request, "Not saved: say of one value at least what it is.")
        return _page(request, found, values, chosen)
    # What is mapped and didn't come lately stays.
    count = calls.save_mapping(found, found.mapping | chosen)
    waited = f" {count} {'call' if count == 1 else 'calls'} that waited will be looked at in a moment." if count else ""
    messages.success(request, f"Saved.{waited}")
    return redirect(found)


@require_POST
def webhook_change(request: StaffRequest, pk: int) -> HttpResponse:
    _needs_owner(request)
    found = get_object_or_404(Webhook, pk=pk)
    form = WebhookForm(request.POST, instance=found)
    if form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect(found)
    values = calls.looked_at(found)
    return _page(request, get_object_or_404(Webhook, pk=pk), values, calls.mapping_for(found, values), form)


@sensitive_post_parameters("secret", "access_token")
@require_POST
def webhook_secrets(request: StaffRequest, pk: int) -> HttpResponse:
    """An empty field leaves the secret that is kept; `forget` does away with it."""
    _needs_owner(request)
    found = get_object_or_404(Webhook, pk=pk)
    for field in ("secret", "access_token"):
        typed = request.POST.get(field, "").strip()
        if request.POST.get("forget") == field:
            setattr(found, field, "")
        elif typed:
            setattr(found, field, seal(typed))
    found.save(update_fields=["secret", "access_token"])
    calls.try_again(found)
    messages.success(request, "Saved.")
    return redirect(found)


@require_POST
def webhook_take_again(request: StaffRequest, pk: int) -> HttpResponse:
    _needs_owner(request)
    found = get_object_or_404(Webhook, pk=pk)
    count = calls.try_again(found)
    messages.success(request, f"{count} calls are looked at again.")
    return redirect(found)


@require_POST
def webhook_delete(request: StaffRequest, pk: int) -> HttpResponse:
    """Leads that came by it stay. Not while calls wait that would be lost."""
    _needs_owner(request)
    found = get_object_or_404(Webhook, pk=pk)
    if found.deliveries.exclude(state__in=[State.TAKEN, State.REPEATED]).exists() and "anyway" not in request.POST:
        messages.error(request, "Calls of it wait that would be lost. Map them, or tick that they may go.")
        return redirect(found)
    found.delete()
    messages.success(request, f"“{found.name}” is gone. Leads that came by it stay.")
    return redirect("webhooks")


def _list(request: StaffRequest, *, name: str = "", kind: str = "", problem: str = "") -> HttpResponse:
    unmapped = Count("deliveries", filter=Q(deliveries__state__in=[State.UNMAPPED, State.UNREADABLE]))
    taken = Count("deliveries", filter=Q(deliveries__state=State.TAKEN))
    found = Webhook.objects.annotate(unmapped=unmapped, taken=taken, last=Max("deliveries__received_at"))
    context = {"webhooks": found, "kinds": Webhook.Kind.choices, "name": name, "kind": kind, "problem": problem}
    return render(request, "leads/webhooks.html", context, status=422 if problem else 200)


def _page(
    request: StaffRequest, found: Webhook, values: list[Value], mapping: dict[str, str], form: WebhookForm | None = None
) -> HttpResponse:
    last = list(found.deliveries.select_related("webhook", "submission__lead")[:SHOWN])
    context = {
        "webhook": found,
        "form": form or WebhookForm(instance=found),
        "rows": [
            {"number": number, "value": value, "sample": value.text[:LONGEST_SAMPLE], "target": mapping[value.path]}
            for number, value in enumerate(values)
        ],
        "targets": TARGETS,
        "deliveries": [{"row": row, "shown": _shown(row)} for row in last],
        # Until a worker has taken them; what has a problem waits for people, or for long.
        "is_moving": any(row.state == State.WAITING and not row.problem for row in last),
        "outcome": _outcome(last, mapping),
        "waiting": found.deliveries.filter(state__in=[State.WAITING, State.UNMAPPED]).count(),
        "signature": HEADERS[Webhook.Kind(found.kind)],
        "is_facebook": found.kind == Webhook.Kind.FACEBOOK,
        "may_lose": found.deliveries.exclude(state__in=[State.TAKEN, State.REPEATED]).exists(),
    }
    template = "leads/webhook.html#webhook_calls" if request.htmx else "leads/webhook.html"
    return render(request, template, context, status=422 if form and form.errors else 200)


def _chosen(request: StaffRequest, values: list[Value]) -> dict[str, str]:
    """By the path that each row says it has: what came meanwhile must not shift the choices."""
    shown = {value.path for value in values}
    pairs = zip(request.POST.getlist("path"), request.POST.getlist("target"), strict=False)
    chosen = {path: target for path, target in pairs if path in shown and target in KNOWN}
    return {path: chosen.get(path, "extra") for path in shown}


def _outcome(last: list[WebhookDelivery], mapping: dict[str, str]) -> dict[str, Any] | None:
    """What comes of the last call that can be read."""
    for delivery in last:
        if values := calls.values_of(delivery):
            inquiry = inquiry_of(values, mapping)
            contact = inquiry.contact
            rows = [
                ("First name", contact.first_name),
                ("Last name", contact.last_name),
                ("E-mail", contact.email),
                ("Phone", contact.phone),
                ("Company", contact.company),
            ]
            return {"at": delivery.received_at, "rows": rows, "text": inquiry.text}
    return None


def _shown(delivery: WebhookDelivery) -> str:
    body = bytes(delivery.body)
    try:
        found = delivery.answers or webhook_payloads.parse(body, delivery.content_type)
        text = json.dumps(found, indent=2, ensure_ascii=False)
    except webhook_payloads.Unreadable:
        text = body[:LONGEST_SHOWN].decode(errors="replace")
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}\n…"


def _needs_owner(request: StaffRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied
