"""The mapping editor: our fields to Airtable's, and what becomes of their values."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm_sync import connection, mapping_editing
from crm_sync.mapping_editing import Row
from crm_sync.models import FieldMapping
from crm_sync.views.connect import needs_owner
from leads import pipeline
from leads.models import Lead
from leads.views.request import StaffRequest

AT_ONCE = 500  # leads queued in one transaction


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def mapping(request: StaffRequest) -> HttpResponse:
    """All staff may look, admins may change. With `propose` names and types fill what has no mapping; htmx sends one
    row when another field is chosen for it, and gets the row with that field's options."""
    remotes, problem = mapping_editing.fields()
    if request.method != "POST":
        return _page(request, mapping_editing.rows(remotes, is_proposed="propose" in request.GET), problem)
    needs_owner(request)
    found = mapping_editing.typed(remotes, request.POST)
    if "row" in request.GET:
        row = next((each for each in found if each.ours.key == request.GET["row"]), None)
        if row is not None:
            return render(request, "crm_sync/mapping_row.html", _context(request) | {"row": row})
    if problem:
        messages.error(request, f"Not saved: {problem}")
    elif mapping_editing.check(found):
        mapping_editing.save(found)
        messages.success(request, "Saved. New and changed leads follow it; send all again to have the others follow.")
        return redirect("crm_sync:mapping")
    else:
        messages.error(request, "Not saved: some fields can’t work as they are.")
    return _page(request, found, problem)


def _page(request: StaffRequest, found: list[Row], problem: str) -> HttpResponse:
    context = _context(request) | {
        "groups": mapping_editing.groups(found),
        "problem": problem,
        "is_connected": connection.current() is not None,
        "misfits": connection.misfits(),
    }
    return render(request, "crm_sync/mapping.html", context)


def _context(request: StaffRequest) -> dict[str, Any]:
    return {
        "may_change": request.user.is_superuser,
        "directions": FieldMapping.Direction.choices,
        "unknowns": FieldMapping.Unknown.choices,
        "winners": FieldMapping.Winner.choices,
    }


@require_POST
def mapping_send(request: StaffRequest) -> HttpResponse:
    """All leads are compared with their records again; those that hold it all already cost no call."""
    needs_owner(request)
    ids = list(Lead.objects.filter(is_sample=False).values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        with transaction.atomic():
            pipeline.schedule(ids[start : start + AT_ONCE], [settings.LEAD_PIPELINE[-1].name], delay=0)
    messages.success(request, f"{len(ids):,} leads are compared with their records.")
    return redirect("crm_sync:sync")
