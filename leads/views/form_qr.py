"""The QR code of a form, to look at and to download. For owners."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leads import forms_qr
from leads.models import PublicForm
from leads.views.form_builder import needs_owner
from leads.views.request import StaffRequest


@require_safe
@never_cache
def form_qr_svg(request: StaffRequest, pk: int) -> HttpResponse:
    needs_owner(request)
    form = get_object_or_404(PublicForm, pk=pk)
    return _file(request, forms_qr.svg(form), "image/svg+xml", f"form-{form.pk}.svg")


@require_safe
@never_cache
def form_qr_png(request: StaffRequest, pk: int) -> HttpResponse:
    needs_owner(request)
    form = get_object_or_404(PublicForm, pk=pk)
    return _file(request, forms_qr.png(form), "image/png", f"form-{form.pk}.png")


def _file(request: StaffRequest, content: bytes, kind: str, name: str) -> HttpResponse:
    disposition = "attachment" if "download" in request.GET else "inline"
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'{disposition}; filename="{name}"'}
    )
