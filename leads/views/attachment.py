"""Files that came with messages: for staff, as downloads alone. Strangers sent them."""

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leads.file_checks import KINDS
from leads.models import Attachment, Submission
from leads.views.request import StaffRequest

# Whatever a browser takes the file for: it runs nothing, loads nothing and no other site gets hold of it.
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@require_safe
def attachment(request: StaffRequest, pk: int) -> HttpResponseBase:
    row = get_object_or_404(Attachment.objects.ready(), pk=pk)
    kind = row.content_type if row.content_type in KINDS else "application/octet-stream"
    try:
        file = row.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(file, as_attachment=True, filename=row.name, content_type=kind, headers=SAFE)


@require_safe
@never_cache
def attachments(request: StaffRequest, pk: int) -> HttpResponse:
    """The list of a message's files, which asks for itself while one of them is being cleaned."""
    submission = get_object_or_404(Submission, pk=pk)
    return render(request, "leads/_attachments.html", {"submission": submission})
