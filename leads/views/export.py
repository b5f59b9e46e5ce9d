import tempfile
from typing import Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from leads import export
from leads.forms import InboxForm
from leads.inbox import found_in_order
from leads.views.request import StaffRequest

IN_MEMORY = 5_000_000  # bytes; a larger workbook is kept on disk until it is sent


@require_safe
def export_leads(request: StaffRequest, kind: str) -> HttpResponseBase:
    """All leads of the list that the inbox shows with the same parameters, in its order."""
    form = InboxForm(request.GET)
    chosen = form.understood()
    found = found_in_order(words=chosen.get("q", ""), filters=form.filters, order=chosen.get("sort", "newest"))
    columns = export.columns_of(found)
    rows = export.rows_of(found, columns)
    name = f"leads-{timezone.localdate():%Y-%m-%d}.{kind}"
    if kind == "csv":
        lines = StreamingHttpResponse(export.csv_lines(columns, rows), content_type=export.MEDIA_TYPES["csv"])
        lines["Content-Disposition"] = f'attachment; filename="{name}"'
        return lines
    file: Any = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    export.write_xlsx(file, columns, rows)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=export.MEDIA_TYPES["xlsx"])
