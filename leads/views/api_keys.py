"""Where admins make, change and revoke the keys of other programs."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leads import api_keys as keys
from leads.api_keys import MOST_REQUESTS, REQUESTS, NewKey, Scope
from leads.models import ApiKey
from leads.views.request import StaffRequest

PAGE = "leads/api_keys.html"


class KeyForm(forms.Form):
    """What may be said of a key at any time; its scopes are settled when it is made."""

    name = forms.CharField(max_length=100, widget=forms.TextInput(attrs={"class": "form-control"}))
    expires_on = forms.DateField(
        label="Useful until the end of",
        required=False,
        help_text="Empty: until it is revoked.",
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}, format="%Y-%m-%d"),
    )
    requests_per_minute = forms.IntegerField(
        label="Requests a minute at most",
        min_value=1,
        max_value=MOST_REQUESTS,
        initial=REQUESTS,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )

    def clean_expires_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["expires_on"]
        if day and not timezone.localdate() <= day <= timezone.localdate() + dt.timedelta(days=3650):
            raise forms.ValidationError("Choose a day from today on, within ten years.", code="day")
        return day

    def said(self) -> dict[str, Any]:
        """As `leads.api_keys` takes it."""
        day = self.cleaned_data["expires_on"]
        end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min) if day else None
        return {
            "name": self.cleaned_data["name"],
            "requests_per_minute": self.cleaned_data["requests_per_minute"],
            "expires_at": timezone.make_aware(end) if end else None,
        }


class NewKeyForm(KeyForm):
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=[(scope.value, scope.label.partition(": ")[2].capitalize()) for scope in Scope],
        initial=[Scope.INTAKE.value],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose one thing at least."},
    )


@require_safe
@never_cache
def api_keys(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    return _page(request)


@require_POST
@never_cache
def api_key_make(request: StaffRequest) -> HttpResponse:
    """The new key is in the page itself, this once: messages pass through cookies or the database."""
    _needs_owner(request)
    form = NewKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    return _page(request, made=keys.create(scopes=form.cleaned_data["scopes"], **form.said()))


@require_POST
def api_key_change(request: StaffRequest, pk: int) -> HttpResponse:
    _needs_owner(request)
    key = get_object_or_404(ApiKey, pk=pk, is_active=True)
    form = KeyForm(request.POST, prefix=f"key-{pk}")
    if not form.is_valid():
        return _page(request, changed=(key, form))
    keys.change(key, **form.said())
    messages.success(request, f"“{key.name}” is changed.")
    return redirect("api_keys")


@require_POST
def api_key_revoke(request: StaffRequest, pk: int) -> HttpResponse:
    _needs_owner(request)
    key = get_object_or_404(ApiKey, pk=pk)
    keys.revoke(ApiKey.objects.filter(pk=pk))
    messages.success(request, f"“{key.name}” is revoked; it is useless from now on.")
    return redirect("api_keys")


def _page(
    request: StaffRequest,
    *,
    form: NewKeyForm | None = None,
    made: NewKey | None = None,
    changed: tuple[ApiKey, KeyForm] | None = None,
) -> HttpResponse:
    found = list(ApiKey.objects.all())
    rows = [{"key": key, "form": _form_of(key, changed)} for key in found if key.is_active]
    context = {
        "rows": rows,
        "revoked": [key for key in found if not key.is_active],
        "form": form or NewKeyForm(),
        "made": made,
        "open": changed[0].pk if changed else None,
    }
    return render(request, PAGE, context, status=422 if form or changed else 200)


def _form_of(key: ApiKey, changed: tuple[ApiKey, KeyForm] | None) -> KeyForm:
    if changed and changed[0].pk == key.pk:
        return changed[1]
    last = timezone.localdate(key.expires_at - dt.timedelta(seconds=1)) if key.expires_at else None
    values = {"name": key.name, "expires_on": last, "requests_per_minute": key.requests_per_minute}
    return KeyForm(initial=values, prefix=f"key-{key.pk}")


def _needs_owner(request: StaffRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied
