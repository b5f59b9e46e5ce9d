"""The guided page that connects Airtable, step by step."""

import time
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from crm_sync import airtable, connecting, connection, pausing
from crm_sync.airtable_errors import AirtableError
from crm_sync.connecting import Refused
from crm_sync.models import CrmConnection
from leads.views.request import StaffRequest

PLANS = ((1_000, "Free: 1,000 calls a month"), (100_000, "Team: 100,000"), (0, "Business and above: no limit"))
MOST_CALLS = 2_000_000_000


@require_safe
@never_cache
def connect(request: StaffRequest) -> HttpResponse:
    """`base`: the one whose tables are listed, before one is chosen."""
    needs_owner(request)
    row, link = pausing.row(), connection.current()
    base = link.base_id if link and connecting.is_base_set() else request.GET.get("base", "") or row.base_id
    found = connecting.look(base)
    table = found.table(link.table) if link else None
    context: dict[str, Any] = {
        "row": row,
        "link": link,
        "base": base,
        "look": found,
        "table": table,
        "tail": connecting.tail(),
        "is_token_set": connecting.is_token_set(),
        "is_base_set": connecting.is_base_set(),
        "missing_columns": connecting.missing_columns(table) if table else [],
        "plans": PLANS,
        "is_other_plan": row.monthly_limit not in (None, *(calls for calls, _ in PLANS)),
        "merged_choices": CrmConnection.Merged.choices,
        "merged_records": connection.merged_records(),
        "unreadable": connection.UNREADABLE if row.token and not connection.token_in_use() else "",
    }
    return render(request, "crm_sync/connect.html", context)


@sensitive_post_parameters("token")
@require_POST
def connect_token(request: StaffRequest) -> HttpResponse:
    return _try(request, lambda: connecting.save_token(request.POST.get("token", "")), "The token works.")


@require_POST
def connect_table(request: StaffRequest) -> HttpResponse:
    """`table` empty: one is made."""
    base, table = request.POST.get("base", ""), request.POST.get("table", "")
    if "make" in request.POST:
        return _try(request, lambda: connecting.make_table(base), "The table is made and connected.")
    answer = _try(request, lambda: connecting.save_table(base, table), "Connected. Look at the fields next.")
    if connecting.is_anything_elsewhere():
        messages.info(request, "Some leads have their record in another table: “Send all leads again” under Fields.")
    return answer


@require_POST
def connect_columns(request: StaffRequest) -> HttpResponse:
    return _try(request, connecting.add_columns, "The missing fields are in your table now.")


@require_POST
def connect_plan(request: StaffRequest) -> HttpResponse:
    needs_owner(request)
    text = request.POST.get("plan", "")
    text = request.POST.get("calls", "") if text == "other" else text
    merged = request.POST.get("merged_records", "")
    if not text.isdecimal() or int(text) > MOST_CALLS or merged not in CrmConnection.Merged.values:
        messages.error(request, "The number of calls must be a whole number.")
    else:
        connecting.save_plan(monthly_limit=int(text) or None, merged_records=merged)
        messages.success(request, "Saved.")
    return redirect("crm_sync:connect")


@require_POST
def connect_test(request: StaffRequest) -> HttpResponse:
    """One read of the table's fields."""
    needs_owner(request)
    link = connection.current()
    if link is None:
        messages.error(request, connection.not_connected())
        return redirect("crm_sync:connect")
    start = time.monotonic()
    try:
        table = airtable.fetch_schema(replace(link, timeout=connecting.PATIENCE))
    except AirtableError as error:
        messages.error(request, f"{error.message} {error.detail}")
    else:
        took = round(1000 * (time.monotonic() - start))
        messages.success(request, f"Airtable answered in {took} ms: “{table.name}” has {len(table.fields)} fields.")
    return redirect("crm_sync:connect")


@require_POST
def connect_end(request: StaffRequest) -> HttpResponse:
    return _try(request, connecting.disconnect, "Disconnected. Records in Airtable stay as they are.")


def _try(request: StaffRequest, do: Any, said: str) -> HttpResponse:
    needs_owner(request)
    try:
        do()
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("crm_sync:connect")


def needs_owner(request: StaffRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied
