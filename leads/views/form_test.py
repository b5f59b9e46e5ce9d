"""The test page of a form: a plain website around it, made by its real line, at the widths of phone, tablet and desk.

What is sent there is a real inquiry that makes a test lead: it goes to no CRM, nobody gets a mail, and one click
removes it. For owners.
"""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from leads import forms_live
from leads.models import Lead, PublicForm
from leads.models.lead import LeadQuerySet
from leads.views.form_builder import needs_owner
from leads.views.request import StaffRequest

PAGE = "leads/form_test.html"
WIDTHS = {"320": "Phone", "768": "Tablet", "1200": "Desk"}
LISTED = 5


@require_safe
@never_cache
def form_test(request: StaffRequest, pk: int) -> HttpResponse:
    needs_owner(request)
    form = get_object_or_404(PublicForm, pk=pk)
    tests = _tests(form)
    width = request.GET.get("width", "")
    context = {
        "public_form": form,
        "widths": WIDTHS.items(),
        "width": width if width in WIDTHS else "768",
        "tests": tests.order_by("-id")[:LISTED],
        "count": tests.count(),
    }
    response = render(request, f"{PAGE}#tests" if request.htmx else PAGE, context)
    response._csp_update = {"frame-src": ["'self'"]}  # type: ignore[attr-defined]
    return response


@require_safe
@never_cache
@xframe_options_sameorigin
def form_test_website(request: StaffRequest, pk: int) -> HttpResponse:
    """The website. Its line names the address that the owner came by: the browser lets no other one in."""
    needs_owner(request)
    form = get_object_or_404(PublicForm, pk=pk)
    site = request.build_absolute_uri("/").rstrip("/")
    context = {"public_form": form, "embed": forms_live.embed_code(forms_live.as_test(form), site=site)}
    response = render(request, "leads/form_test_website.html", context)
    response._csp_update = {"frame-src": ["'self'"]}  # type: ignore[attr-defined]
    response._csp_replace = {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
    return response


@require_POST
def form_test_remove(request: StaffRequest, pk: int) -> HttpResponse:
    needs_owner(request)
    tests = _tests(get_object_or_404(PublicForm, pk=pk))
    count = tests.count()
    tests.delete()
    messages.success(request, f"{count} test{'' if count == 1 else 's'} removed." if count else "There was no test.")
    return redirect("form_test", pk)


@require_POST
def lead_test_remove(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Any of the staff may: it is nobody's lead."""
    get_object_or_404(Lead.objects.tests(), public_id=public_id).delete()
    messages.success(request, "The test is removed.")
    return redirect("inbox")


def _tests(form: PublicForm) -> LeadQuerySet:
    ids = form.submissions.filter(is_test=True).values("lead")
    return Lead.objects.tests().filter(pk__in=ids)
