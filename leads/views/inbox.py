from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from leads.forms import InboxForm
from leads.inbox import inbox_page, inbox_state
from leads.views.request import StaffRequest


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def inbox(request: StaffRequest) -> HttpResponse:
    """The list of leads. An open list asks every second with the version it shows: 204 when that is the latest."""
    if elsewhere := other_search(request, here="words"):
        return elsewhere
    state = inbox_state()
    if request.htmx and request.GET.get("version") == state.version:
        return HttpResponse(status=204)
    if request.htmx and request.GET.get("version") == "":
        return HttpResponseClientRefresh()  # the first lead: the page around the list changes too
    form = InboxForm(request.GET)
    chosen = form.understood()
    page = inbox_page(
        words=chosen.get("q", ""), filters=form.filters, order=chosen.get("sort", "newest"), number=form.number
    )
    selecting = {"1": "some", "all": "all"}.get(request.GET.get("select", ""), "")
    context = {"state": state, "form": form, "chosen": chosen, "is_narrowed": bool(form.filters or chosen.get("q"))}
    context["selecting"] = selecting
    template = "leads/inbox.html#lead_table" if request.htmx else "leads/inbox.html"
    return render(request, template, context | {"page": page, "by": "words"})


def other_search(request: StaffRequest, *, here: str) -> HttpResponse | None:
    """The way to another page that searches leads when the reader chose that; the words and filters go along.

    `here` is the key in settings.LEAD_SEARCHES of the page that was asked for.
    """
    wanted = request.GET.get("by") or here
    if wanted == here or wanted not in settings.LEAD_SEARCHES:
        return None
    _, page = settings.LEAD_SEARCHES[wanted]
    kept = request.GET.copy()
    for parameter in ("by", "page", "sort", "version", "waiting"):
        kept.pop(parameter, None)
    address = f"{reverse(page)}?{kept.urlencode()}".rstrip("?")
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
