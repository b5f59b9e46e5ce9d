"""What a page of a lead answers once the lead was folded into another, as in a second tab."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect

from leads.merges import root
from leads.merging import MergedAway
from leads.models import Lead
from leads.views.request import StaffRequest

View = Callable[..., HttpResponse]


def only_standing(lead: Lead) -> Lead:
    """The lead, unless it was folded into another: then raises MergedAway."""
    if lead.merged_into_id is not None:
        raise MergedAway(lead)
    return lead


def follows_merges(view: View) -> View:
    """Where the view meets a merged lead, the page goes on to the lead that it ended in, and says so."""

    @wraps(view)
    def following(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except MergedAway as error:
            return _go_on(request, error.lead)

    return following


def _go_on(request: StaffRequest, lead: Lead) -> HttpResponse:
    survivor = root(lead)
    lost = " What you changed in it meanwhile was not saved." if request.method == "POST" else ""
    messages.info(request, f"{lead.name} was merged into this lead.{lost}")
    return HttpResponseClientRedirect(survivor.get_absolute_url()) if request.htmx else redirect(survivor)
