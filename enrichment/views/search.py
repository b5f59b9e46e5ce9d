from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from enrichment import meaning
from enrichment.models import MeaningQuery
from leads.forms import InboxForm
from leads.inbox import PAGE_SIZE, InboxPage, rows_of
from leads.models import Lead
from leads.views.inbox import other_search
from leads.views.request import StaffRequest

PAGE = "enrichment/search.html"


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def search(request: StaffRequest) -> HttpResponse:
    """Leads by what their messages mean. While the worker reads the question the list asks for news: 204 without."""
    if elsewhere := other_search(request, here="meaning"):
        return elsewhere
    form = InboxForm(request.GET)
    text = meaning.tidy(request.GET.get("q", ""))
    seen = request.GET.get("waiting", "")
    question = _question(text, is_asked_again=bool(seen))
    state = meaning.state_of(question) if question else ""
    if request.htmx and seen and seen == state:
        return HttpResponse(status=204)
    context = {"form": form, "chosen": form.understood() | {"q": text}, "by": "meaning", "state": state}
    if question and state == "read":
        context["page"] = _page(question, form)
    template = f"{PAGE}#lead_table" if request.htmx else PAGE
    return render(request, template, context | {"question": question, "is_narrowed": bool(form.filters)})


def _question(text: str, *, is_asked_again: bool) -> MeaningQuery | None:
    if not text:
        return None
    return meaning.look(text) if is_asked_again else meaning.ask(text)


def _page(question: MeaningQuery, form: InboxForm) -> InboxPage:
    found = meaning.search(question, Lead.objects.standing().with_any_of(**form.filters))
    number = min(form.number, max(1, -(-len(found) // PAGE_SIZE)))
    start = (number - 1) * PAGE_SIZE
    rows = rows_of(found[start : start + PAGE_SIZE])
    return InboxPage(rows, number, has_next=start + PAGE_SIZE < len(found), count=len(found))
