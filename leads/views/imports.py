"""Importing a file, step by step: upload, columns, preview, progress, what came of it."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from leads import imports as importing
from leads.export import BYTE_ORDER_MARK, harmless
from leads.import_columns import MESSAGE
from leads.import_files import ENCODINGS, SEPARATORS, VCARDS, Format
from leads.import_rows import choices
from leads.models import Import, ImportRow
from leads.views.request import StaffRequest

PAGE_SIZE = 50
HISTORY = 25
SHOWN = 5  # rows of the file beside the choice of columns
Fate = ImportRow.Fate


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `number` from 1."""

    rows: list[ImportRow] | list[Import]
    number: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class FileColumn:
    at: int
    header: str
    key: str
    cells: list[str]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def imports(request: StaffRequest) -> HttpResponse:
    """The imports so far, and where a file is brought."""
    problem = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            if upload is None:
                raise importing.Refused("Choose a file first.")
            return redirect(importing.keep_file(upload, actor=request.user.get_username()))
        except importing.Refused as refused:
            problem = str(refused)
    number = _number(request)
    start = (number - 1) * HISTORY
    found = list(Import.objects.defer("sample", "headers")[start : start + HISTORY + 1])
    page = Page(found[:HISTORY], number, len(found) > HISTORY)
    largest = importing.LARGEST // 1_000_000
    context = {"page": page, "problem": problem, "largest": largest, "most": importing.MOST_ROWS}
    return render(request, "leads/imports.html", context)


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def import_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """What is to be done next with an import. While the worker is at it the page asks every second."""
    source = get_object_or_404(Import, pk=pk)
    if request.htmx:
        if not source.is_worked_on:
            return HttpResponseClientRefresh()
        return render(request, "leads/import_detail.html#progress", _progress(source))
    if source.is_worked_on:
        return render(request, "leads/import_detail.html", _progress(source))
    context = _mapping(source) if source.state == Import.State.MAPPING else _rows(request, source)
    return render(request, "leads/import_detail.html", context)


@require_POST
def import_read(request: StaffRequest, pk: int) -> HttpResponse:
    encoding, separator = request.POST.get("encoding", ""), request.POST.get("separator", "")
    if encoding not in ENCODINGS or separator not in (*SEPARATORS, VCARDS):
        messages.error(request, "Choose an encoding and a separator from the lists.")
        return redirect("import_detail", pk)
    has_header = request.POST.get("has_header") == "1"
    form = Format(encoding, separator)
    return _do(request, pk, lambda source: importing.read_as(source, form, has_header=has_header))


@require_POST
def import_check(request: StaffRequest, pk: int) -> HttpResponse:
    known = request.POST.get("known_leads", "")
    known = known if known in Import.Known.values else Import.Known.JOIN

    def check(source: Import) -> None:
        columns = [request.POST.get(f"column-{at}", "") for at in range(len(source.headers))]
        importing.check(source, columns=columns, known_leads=known)

    return _do(request, pk, check)


@require_POST
def import_again(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, importing.choose_again)


@require_POST
def import_start(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, importing.start)


@require_POST
def import_undo(request: StaffRequest, pk: int) -> HttpResponse:
    return _do(request, pk, importing.undo)


@require_POST
def import_forget(request: StaffRequest, pk: int) -> HttpResponse:
    source = get_object_or_404(Import, pk=pk)
    name = source.name
    try:
        importing.forget(source)
    except importing.Refused as refused:
        messages.error(request, str(refused))
        return redirect("import_detail", pk)
    messages.success(request, f"“{name}” is deleted from the list. Leads stay as they are.")
    return redirect("imports")


@require_safe
def import_refused(request: StaffRequest, pk: int) -> StreamingHttpResponse:
    """The refused rows as they stood in the file, with the reason: to be set right and imported again."""
    source = get_object_or_404(Import, pk=pk)
    response = StreamingHttpResponse(_refused_lines(source), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-rows-{source.pk}.csv"'
    return response


def _refused_lines(source: Import) -> Iterator[str]:
    width = len(source.headers)
    yield BYTE_ORDER_MARK + _line([*source.headers, "Reason"])
    for row in source.rows.refused().order_by("number").iterator(chunk_size=500):
        cells = [*row.cells, *[""] * (width - len(row.cells))]
        yield _line([*cells[:width], row.reason, *cells[width:]])


def _line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([harmless(cell) for cell in cells])
    return line.getvalue()


def _do(request: StaffRequest, pk: int, do: Callable[[Import], None]) -> HttpResponse:
    try:
        do(get_object_or_404(Import, pk=pk))
    except importing.Refused as refused:
        messages.error(request, str(refused))
    return redirect("import_detail", pk)


def _progress(source: Import) -> dict[str, object]:
    if source.state == Import.State.CHECKING:
        done, total, words = source.rows_read, source.rows_total, "rows read"
    else:
        found = importing.counts(source)
        total = found["create"] + found["join"]
        done = total - found["left"] if source.state == Import.State.RUNNING else found["undone"] + found["kept"]
        words = "rows imported" if source.state == Import.State.RUNNING else "rows taken back"
    return {"source": source, "done": done, "total": total, "words": words, "percent": 100 * done // max(total, 1)}


def _mapping(source: Import) -> dict[str, object]:
    columns = [
        FileColumn(at, header, key, [row[at] if at < len(row) else "" for row in source.sample[:SHOWN]])
        for at, (header, key) in enumerate(zip(source.headers, source.columns, strict=True))
    ]
    return {
        "source": source,
        "columns": columns,
        "fields": choices().items(),
        "message_key": MESSAGE,
        "encodings": ENCODINGS.items(),
        "separators": SEPARATORS.items(),
        "known": Import.Known.choices,
    }


def _rows(request: StaffRequest, source: Import) -> dict[str, object]:
    number = _number(request)
    chosen = request.GET.get("show", "")
    rows = source.rows.select_related("lead").order_by("number")
    if chosen == "kept":
        rows = rows.filter(state=ImportRow.State.KEPT)
    elif chosen in Fate.values:
        rows = rows.filter(fate=chosen)
    start = (number - 1) * PAGE_SIZE
    found = list(rows[start : start + PAGE_SIZE + 1])
    page = Page(found[:PAGE_SIZE], number, len(found) > PAGE_SIZE)
    return {"source": source, "counts": importing.counts(source), "page": page, "chosen": chosen}


def _number(request: StaffRequest) -> int:
    text = request.GET.get("page", "")
    return max(1, min(int(text), 10_000)) if text.isdecimal() and len(text) < 6 else 1
