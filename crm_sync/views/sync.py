"""The page of the traffic with Airtable: how it stands, what passed, what failed, and what staff can do about it."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from crm_sync import choices, csv_file, pausing, status
from crm_sync.models import CrmConnection, CrmRecord, SyncEvent
from leads.views.request import StaffRequest

PAGE = "crm_sync/sync.html"
VIEWS = ("leads", "history", "conflicts")


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def sync(request: StaffRequest) -> HttpResponse:
    """`view` is leads, history or conflicts; `state`, `kind` and `q` narrow them. For htmx the part that moves."""
    context: dict[str, Any] = {"standing": status.standing(), "may_change": request.user.is_superuser}
    if request.htmx and request.htmx.target == "sync_state":
        return render(request, f"{PAGE}#sync_state", context)
    view = request.GET.get("view", "leads")
    if view not in VIEWS:
        raise Http404
    return render(request, PAGE, context | {"view": view, "bars": status.chart()} | _listed(request, view))


def _listed(request: StaffRequest, view: str) -> dict[str, Any]:
    page = request.GET.get("page", "1")
    if view == "history":
        kind = request.GET.get("kind", "")
        return {"page": status.history(kind=kind, page=page), "kind": kind, "kinds": SyncEvent.Kind.choices}
    if view == "conflicts":
        return {"page": status.conflicts(page=page), "names": status.field_names()}
    state, words = request.GET.get("state", ""), request.GET.get("q", "")[:200].replace("\x00", "")
    found = status.records(state=state, words=words, page=page)
    return {"page": found, "state": state, "states": CrmRecord.State.choices, "q": words}


@require_safe
@never_cache
def sync_csv(request: StaffRequest) -> StreamingHttpResponse:
    """All leads as a file, with the mapping's columns."""
    response = StreamingHttpResponse(csv_file.lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="leads-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


@require_POST
def sync_pause(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    who = request.user.get_username()
    pausing.pause(CrmConnection.Pause.STAFF, f"Paused by {who}. All changes wait.", by=who)
    return redirect("crm_sync:sync")


@require_POST
def sync_resume(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    pausing.resume()
    messages.success(request, "Resumed: what waited is sent now.")
    return redirect("crm_sync:sync")


@require_POST
def sync_retry(request: StaffRequest) -> HttpResponse:
    """All that failed; one lead is tried again where its steps are."""
    count = choices.retry_failed()
    messages.success(request, f"{count} tried again." if count else "Nothing has failed.")
    return redirect("crm_sync:sync")


@require_POST
def sync_choose(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """`choice`: again or leave for a record that was deleted in Airtable, or the id of the one to keep."""
    record = get_object_or_404(CrmRecord, lead__public_id=public_id)
    choice = request.POST.get("choice", "")
    if choice == "again":
        choices.make_again(record)
    elif choice == "leave":
        choices.leave_out(record)
    else:
        try:
            choices.keep(record, choice)
        except ValueError as wrong:
            raise Http404 from wrong
    messages.success(request, "Done.")
    if request.POST.get("next") == "sync":
        return redirect("crm_sync:sync")
    return redirect("lead_detail", public_id)


@require_POST
def sync_seen(request: StaffRequest) -> HttpResponse:
    """One conflict, or all of them, leaves the list."""
    pk = request.POST.get("pk", "")
    choices.mark_seen(by=request.user.get_username(), pk=int(pk) if pk.isdecimal() else None)
    return redirect("/crm/?view=conflicts")


def _needs_owner(request: StaffRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied
