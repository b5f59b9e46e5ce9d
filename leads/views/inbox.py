from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from leads.forms import InboxForm
from leads.inbox import inbox_page, inbox_state
from leads.views.request import StaffRequest


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def inbox(request: StaffRequest) -> HttpResponse:
    """The list of leads. An open list asks every second with the version it shows: 204 when that is the latest."""
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
    context = {"state": state, "form": form, "chosen": chosen, "is_narrowed": bool(form.filters or chosen.get("q"))}
    template = "leads/inbox.html#lead_table" if request.htmx else "leads/inbox.html"
    return render(request, template, context | {"page": page})
