"""Having leads read again by the model: one, those selected in the inbox, or all."""

import datetime as dt
import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from enrichment import reruns
from enrichment.models import Rerun
from leads.models import Lead
from leads.views.request import StaffRequest


@require_POST
def read_again(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """One lead, from its page."""
    lead = get_object_or_404(Lead.objects.standing(), public_id=public_id)
    reruns.again(lead)
    if not request.htmx:
        return redirect(lead)
    return trigger_client_event(HttpResponse(status=204), "lead-edited")  # its steps ask for news, and all else then


@require_POST
def rerun_selected(request: StaffRequest) -> HttpResponse:
    """Those ticked in the inbox."""
    chosen = [found for text in request.POST.getlist("lead")[: reruns.MOST_SELECTED] if (found := _uuid(text))]
    ids = list(Lead.objects.standing().filter(public_id__in=chosen).values_list("pk", flat=True))
    rerun = reruns.start_selection(ids, by=request.user.get_username())
    if rerun is None:
        messages.error(request, "Tick the leads that are to be read again first.")
        return redirect("inbox")
    said = "1 lead is" if rerun.total == 1 else f"{rerun.total} leads are"
    messages.success(request, f"{said} read again, new inquiries first. How far it is stands below.")
    return redirect("enrichment:model")


@require_POST
def rerun_all(request: StaffRequest) -> HttpResponse:
    """All that the model has read: by another prompt or model, or since a day."""
    if not request.user.is_superuser:
        raise PermissionDenied
    which, since = request.POST.get("which", "other"), None
    if which == "since" and (since := _start_of(request.POST.get("since", ""))) is None:
        messages.error(request, "Choose the day since when leads are to be read again.")
        return redirect("enrichment:model")
    started = reruns.start_all(by=request.user.get_username(), only_other=which == "other", since=since)
    if started is None:
        messages.error(request, "There is nothing to read again, or it is under way already.")
    return redirect("enrichment:model")


@require_POST
def rerun_stop(request: StaffRequest, pk: int) -> HttpResponse:
    """By the owner, or by who began it."""
    rerun = get_object_or_404(Rerun, pk=pk)
    if not request.user.is_superuser and rerun.asked_by != request.user.get_username():
        raise PermissionDenied
    reruns.stop(rerun)
    return redirect("enrichment:model")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _start_of(text: str) -> dt.datetime | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return timezone.make_aware(dt.datetime.combine(day, dt.time())) if day else None
