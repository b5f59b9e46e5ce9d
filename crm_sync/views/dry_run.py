"""The dry run: what would be sent for one lead, and how many leads would be written in all."""

from dataclasses import asdict

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from crm_sync import connection
from crm_sync import dry_run as running
from crm_sync.dry_run import Tally
from leads.models import Lead
from leads.views.request import StaffRequest

MOST_FOUND = 8
PAGE = "crm_sync/dry_run.html"


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def dry_run(request: StaffRequest) -> HttpResponse:
    """`q` finds leads, `lead` shows one; `tally` carries the count so far, signed, from one request to the next."""
    tally = _tally(request.GET.get("tally", ""))
    if tally.next or not tally.seen:
        tally = running.count(tally)
    context = {"tally": tally, "token": signing.dumps(asdict(tally)), "is_connected": connection.current() is not None}
    if request.htmx and request.htmx.target == "dry_count":
        return render(request, f"{PAGE}#dry_count", context)
    words = request.GET.get("q", "")[:200].replace("\x00", "")
    found = Lead.objects.standing().filter(is_sample=False).matching(words)[:MOST_FOUND]
    lead = _lead(request.GET.get("lead", "")) or next(iter(found), None)
    cells, notes = running.of_lead(lead) if lead else ([], [])
    return render(request, PAGE, context | {"q": words, "found": found, "lead": lead, "cells": cells, "notes": notes})


def _tally(token: str) -> Tally:
    if not token:
        return Tally()
    try:
        values = signing.loads(token, max_age=3600)
    except signing.BadSignature as wrong:
        raise Http404 from wrong
    return Tally(**values | {"problems": tuple((text, number) for text, number in values["problems"])})


def _lead(public_id: str) -> Lead | None:
    try:
        return Lead.objects.standing().filter(public_id=public_id).prefetch_related("submissions").first()
    except ValidationError:  # not an id at all
        return None
