"""Importing files of contacts: kept first, then read, made and undone by the worker, a bounded piece a shift.

    mapping --check--> checking --> ready --start--> running --> done
       ^                              |                 |          |
       +-------- other columns -------+                 +--undo----+--> undoing --> undone

The ImportRows are the queue. A batch of them becomes leads in the transaction that also marks them as made, so a worker
may be killed at any moment: what it was at is done once, by the next one.
"""

import datetime as dt
import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from leads import import_checking, import_making, import_undoing, pipeline
from leads.import_columns import looks_like_header, proposed
from leads.import_files import VCARDS, Format, found_format, rows
from leads.import_rows import choices, own_fields
from leads.models import Import, ImportRow, Submission

logger = logging.getLogger(__name__)
State = Import.State

LARGEST = 60_000_000  # bytes
MOST_ROWS = 200_000
MOST_COLUMNS = 300
SAMPLED = 50  # rows that columns are proposed by
SHOWN_CELL = 200  # characters of a cell in the sample
PIECE = 5  # seconds of a shift that an import may take; fresh inquiries end it early
LEASE = 60  # seconds after which another worker takes over from one that died
AT_ONCE = {State.CHECKING: 500, State.RUNNING: 100, State.UNDOING: 50}  # rows in one transaction


class Refused(Exception):
    """What is asked for can't be done; the message is a plain sentence."""


# ---- what staff ask for ----------------------------------------------------------------------------------------------


def keep_file(upload: UploadedFile, *, actor: str) -> Import:
    """Stores the file, privately, and says what its columns most likely are.

    Raises:
        Refused: it is too large, or no table.
    """
    if not upload.size:
        raise Refused("The file is empty.")
    if upload.size > LARGEST:
        raise Refused(f"The file is larger than {LARGEST // 1_000_000} MB. Split it, please.")
    folder = settings.DATA_DIR / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / uuid.uuid4().hex
    with path.open("xb") as file:
        path.chmod(0o600)
        for chunk in upload.chunks():
            file.write(chunk)
    source = Import(name=(upload.name or "file")[:200], path=str(path.relative_to(settings.DATA_DIR)), created_by=actor)
    try:
        with path.open("rb") as file:
            form = found_format(file)
        _look(source, form, has_header=None)
        source.save()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return source


def read_as(source: Import, form: Format, *, has_header: bool) -> None:
    """Looks at the file anew, with another encoding or separator, and proposes columns anew.

    Raises:
        Refused: it is no table then, or it is being imported already.
    """
    _needs_state(source, State.MAPPING)
    if source.has_vcards:
        form, has_header = Format(form.encoding, VCARDS), True
    _look(source, form, has_header=has_header)
    source.save()


def check(source: Import, *, columns: Sequence[str], known_leads: str) -> None:
    """Has the worker find out what becomes of each row.

    Raises:
        Refused: the columns don't say who anybody is, or it is being imported already.
    """
    columns = [key if key in choices() else "" for key in columns]
    twice = {key for key in columns if key and key != "message" and columns.count(key) > 1}
    if twice:
        raise Refused(f"Two columns are “{choices()[min(twice)]}”. Choose one of them.")
    if not set(columns) & {"name", "first_name", "last_name", "email", "phone", "company", "message"}:
        raise Refused("Choose at least one column with a name, an e-mail, a phone, a company or a message.")
    with transaction.atomic():
        _needs_state(source, State.MAPPING)
        source.columns, source.known_leads, source.state, source.rows_read = columns, known_leads, State.CHECKING, 0
        source.save()
        pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)


def choose_again(source: Import) -> None:
    """Back to the columns; nothing was imported yet."""
    with transaction.atomic():
        _needs_state(source, State.READY, State.FAILED)
        source.rows.all().delete()
        source.state, source.rows_read, source.problem, source.finished_at = State.MAPPING, 0, "", None
        source.save()


def start(source: Import) -> None:
    """Has the worker import what was looked through."""
    with transaction.atomic():
        _needs_state(source, State.READY)
        source.state = State.RUNNING
        source.save()
        pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)


def undo(source: Import) -> None:
    """Has the worker take back what was imported so far."""
    with transaction.atomic():
        _needs_state(source, State.DONE, State.RUNNING)
        source.state, source.finished_at = State.UNDOING, None
        source.save()
        pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)


def forget(source: Import) -> None:
    """Deletes the file and the list of its rows; leads stay. After that it can't be undone.

    Raises:
        Refused: a worker is at it.
    """
    with transaction.atomic():
        _needs_state(source, *(state for state in State if state not in Import.WORKED_ON))
        path = source.path
        source.rows.all().delete()
        source.delete()
    _delete_file(path)


def _needs_state(source: Import, *states: str) -> None:
    """Holds the row and reads it anew: two people may have pressed at once."""
    source.refresh_from_db(from_queryset=Import.objects.select_for_update())
    if source.state not in states:
        raise Refused(f"“{source.name}” is {source.get_state_display().lower()} meanwhile.")


def _look(source: Import, form: Format, *, has_header: bool | None) -> None:
    """`has_header`: None to find out."""
    with (settings.DATA_DIR / source.path).open("rb") as file:
        found = rows(file, form)
        first = list(islice(found, SAMPLED + 1))
        total = len(first) + sum(1 for _ in found)
    if form.separator == VCARDS:
        has_header = True
    if not first:
        raise Refused("There is no row in the file.")
    width = max(len(row) for row in first[:5])
    if width > MOST_COLUMNS:
        raise Refused(f"It has {width} columns; {MOST_COLUMNS} at most. Is it a table of contacts?")
    source.has_header = looks_like_header(first[0], others=own_fields()) if has_header is None else has_header
    if total - source.has_header > MOST_ROWS:
        raise Refused(f"It has {total:,} rows; {MOST_ROWS:,} at most. Split it, please.")
    if total == source.has_header:
        raise Refused("There is only a row of headers in the file." if form.separator else "There is no vCard in it.")
    head, body = (first[0], first[1:]) if source.has_header else ([], first)
    width = len(head) if source.has_header else width
    source.encoding, source.separator = form.encoding, form.separator
    source.headers = [name.strip()[:SHOWN_CELL] for name in head] or [f"Column {at + 1}" for at in range(width)]
    source.sample = [[cell[:SHOWN_CELL] for cell in row] for row in body]
    source.columns = proposed(source.headers, body, others=own_fields())
    source.rows_total = total - source.has_header


def _delete_file(path: str) -> None:
    if path:
        Path(settings.DATA_DIR / path).unlink(missing_ok=True)


# ---- what the worker does --------------------------------------------------------------------------------------------


def is_due() -> bool:
    return Import.objects.free().exists()


def ring_if_due() -> None:
    """The clock calls it."""
    if is_due():
        pipeline.ring(settings.LEAD_PIPELINE[0].cluster)


def do_some() -> None:
    """Goes on with the oldest import for some seconds, or until a fresh inquiry waits; rings when there is more."""
    source = _claimed()
    if source is None:
        return
    end = time.monotonic() + PIECE
    try:
        for _ in _steps(source):
            if time.monotonic() > end or Submission.objects.waiting().exists():
                break
    except pipeline.DATABASE_AWAY:
        raise  # the next shift goes on
    except Exception as error:  # a file or a row that breaks the code must not be tried for ever
        logger.exception("Import %s could not go on", source.pk)
        problem = f"It stopped unexpectedly ({type(error).__name__}). What was imported so far can be undone."
        state = State.FAILED if source.state == State.CHECKING else State.DONE
        _held_rows(source).update(state=state, problem=problem, finished_at=timezone.now())
    finally:
        _held_rows(source).update(claim=None, lease_until=None)
    ring_if_due()


def _claimed() -> Import | None:
    free = Import.objects.free().order_by("id").first()
    if free is None:
        return None
    token, until = uuid.uuid4(), timezone.now() + dt.timedelta(seconds=LEASE)
    if not Import.objects.free().filter(pk=free.pk).update(claim=token, lease_until=until):
        return None  # another worker was quicker
    return Import.objects.filter(claim=token).first()


def _held_rows(source: Import) -> Any:
    return Import.objects.filter(pk=source.pk, claim=source.claim)


def _held(source: Import) -> Import | None:
    """The row, locked and with a new lease; None once it is another worker's, or wanted otherwise. Inside a
    transaction."""
    row = _held_rows(source).select_for_update().filter(state=source.state).first()
    if row is not None:
        row.lease_until = timezone.now() + dt.timedelta(seconds=LEASE)
        row.save(update_fields=["lease_until"])
    return row


def _steps(source: Import) -> Iterator[None]:
    """One transaction after the other; ends when nothing is left to do in this state."""
    if source.state == State.CHECKING:
        yield from _check(source)
    elif source.state == State.RUNNING:
        yield from _work_off(source, import_making.make, to=State.DONE)
    else:
        yield from _work_off(source, import_undoing.take_back, to=State.UNDONE)


def _check(source: Import) -> Iterator[None]:
    form = Format(source.encoding, source.separator)
    with (settings.DATA_DIR / source.path).open("rb") as file:
        left = islice(rows(file, form), source.rows_read + source.has_header, None)
        while True:
            chunk = list(islice(left, AT_ONCE[State.CHECKING]))
            with transaction.atomic():
                row = _held(source)
                if row is None:
                    return
                import_checking.check(row, chunk)
                row.rows_read += len(chunk)
                row.state = row.state if chunk else State.READY
                row.save(update_fields=["rows_read", "state"])
            if not chunk:
                return
            yield


def _work_off(source: Import, do: Any, *, to: str) -> Iterator[None]:
    """`do` takes the import and how many rows, and returns whether there were any."""
    while True:
        with transaction.atomic():
            row = _held(source)
            if row is None:
                return
            is_over = not do(row, AT_ONCE[State(source.state)])
            if is_over:
                row.state, row.finished_at, row.path = to, timezone.now(), ""
                row.save(update_fields=["state", "finished_at", "path"])
        if is_over:
            _delete_file(source.path)
            return
        yield


def counts(source: Import) -> dict[str, int]:
    """How many rows have which fate and state, for the page: `create`, `join`, `refused`, `made`, `undone`, `kept`,
    `left` (still to be made)."""
    found: dict[str, int] = dict.fromkeys(("create", "join", "refused", "made", "undone", "kept", "left"), 0)
    grouped = source.rows.order_by().values_list("fate", "state").annotate(count=Count("pk"))
    for fate, state, count in grouped:
        found[fate] += count
        if fate != ImportRow.Fate.REFUSED:
            found["left" if state == ImportRow.State.PENDING else state] += count
    return found
