"""Files that came with a message: on the disk first, then a row; images are cleaned by the worker.

They are in DATA_DIR/files under random names, where no web server looks. A crash leaves at worst a file without a row,
which the worker deletes later.
"""

import datetime as dt
import hashlib
import logging
import os
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from leads import image_cleaning, pipeline
from leads.file_checks import TOO_MANY, TOO_MUCH, IncomingFile, NotKept, look_at, safe_name
from leads.models import Attachment, Submission

__all__ = ["IncomingFile", "NotKept", "Stored", "attach", "discard", "keep_files", "look_at", "store"]

logger = logging.getLogger(__name__)
State = Attachment.State

FOLDER, LOOKED = "files", "looked"
MOST_ROWS = 50  # of one message: a mail may have any number of files, and each that is refused is told
LEASE = dt.timedelta(minutes=1)  # after which another worker takes an image from one that died
TRIES = 3  # an image that killed its worker so often is given up
FORGOTTEN = 3600  # seconds after which a file without a row is nobody's: its row comes within seconds
DISK = "It could not be stored here: the disk is full or can’t be written to."
GIVEN_UP = "It could not be read: each try ended the program that tried."


# ---- keeping ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is on the disk, or why it isn't; its row is still to come."""

    field: str
    name: str
    size: int
    state: str
    content_type: str = ""
    sha256: str = ""
    path: str = ""
    problem: str = ""


def keep_files(submission: Submission, files: Sequence[IncomingFile], *, field: str = "") -> list[Attachment]:
    """Keeps what can be taken, and of the rest that it was there: a message is never lost because of a file.

    `field`: key of the form's field. Don't call it in a transaction: it writes to the disk, and others would wait;
    there call `store` before, and `attach` inside.
    """
    return attach(submission, store(files, field=field))


def store(files: Sequence[IncomingFile], *, field: str = "") -> list[Stored]:
    """Writes the files of one message to the disk. `attach` them, or `discard` them."""
    found: list[Stored] = []
    for file in files[:MOST_ROWS]:
        kept = [each for each in found if not each.problem]
        found.append(_store(file, field, count=len(kept), size=sum(each.size for each in kept)))
    if (rest := len(files) - MOST_ROWS) > 0:
        problem = TOO_MANY.format(most=settings.FILES_MOST)
        found.append(Stored(field, f"{rest} more files", 0, State.REFUSED, problem=problem))
    return found


def _store(file: IncomingFile, field: str, *, count: int, size: int) -> Stored:
    """`count` and `size`: of what is kept of the message already."""
    digest = hashlib.sha256(file.content).hexdigest()
    try:
        checked = look_at(file, largest=settings.FILE_LARGEST)
        if count >= settings.FILES_MOST:
            raise NotKept(TOO_MANY, most=settings.FILES_MOST)
        if size + len(file.content) > settings.FILES_LARGEST:
            raise NotKept(TOO_MUCH, most=settings.FILES_LARGEST // 1_000_000)
        path = _write(file.content)
    except NotKept as reason:
        problem = str(reason)
    except OSError:
        logger.exception("A file could not be stored")
        problem = DISK
    else:
        state = State.WAITING if checked.is_image else State.READY
        return Stored(field, checked.name, len(file.content), state, checked.content_type, digest, path)
    return Stored(field, safe_name(file.name), len(file.content), State.REFUSED, sha256=digest, problem=problem)


def attach(submission: Submission, stored: Iterable[Stored]) -> list[Attachment]:
    """Their rows, in the transaction that stores the message, or later."""
    rows = [
        Attachment(submission=submission, **{name: getattr(each, name) for name in Stored.__slots__}) for each in stored
    ]
    if rows:
        Attachment.objects.bulk_create(rows)
    if any(row.state == State.WAITING for row in rows):
        pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)
    return rows


def discard(stored: Iterable[Stored]) -> None:
    """Deletes what got no row after all."""
    for each in stored:
        _delete(each.path)


def _write(content: bytes) -> str:
    """The path under DATA_DIR. Whole and on the disk, or not there at all."""
    name = uuid.uuid4().hex
    folder = settings.DATA_DIR / FOLDER / name[:2]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part, path = folder / f"{name}.part", folder / name
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        _settle(folder)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return str(path.relative_to(settings.DATA_DIR))


def _settle(folder: Path) -> None:
    """Has the disk know the new name."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _delete(path: str) -> None:
    if path:
        Path(settings.DATA_DIR, path).unlink(missing_ok=True)


def delete_after_commit(sender: Any, instance: Attachment, **options: Any) -> None:
    """Deletes the file of a row that is deleted. A receiver of `post_delete`: rows go in many ways, by the API, in the
    administration, with an import, always in a cascade that nothing else sees."""
    transaction.on_commit(lambda: _delete(instance.path), robust=True)


# ---- what the worker does --------------------------------------------------------------------------------------------


def is_due() -> bool:
    return Attachment.objects.to_clean().exists()


def ring_if_due() -> None:
    """The clock calls it."""
    if is_due():
        pipeline.ring(settings.LEAD_PIPELINE[0].cluster)


def clean_some() -> None:
    """Cleans an image, and rings when there are more: fresh inquiries come first."""
    row = _claimed()
    if row is None:
        return
    if row.tries > TRIES:
        _refuse(row, GIVEN_UP)
    else:
        _clean(row)
    ring_if_due()


def _claimed() -> Attachment | None:
    """Counted before it is tried: an image may kill its worker."""
    row = Attachment.objects.to_clean().order_by("due_at", "id").first()
    if row is None:
        return None
    row.tries += 1
    until = timezone.now() + LEASE
    free = Attachment.objects.to_clean().filter(pk=row.pk, due_at=row.due_at)
    return row if free.update(due_at=until, tries=row.tries) else None


def _clean(row: Attachment) -> None:
    try:
        content = image_cleaning.cleaned(row.file.read_bytes(), row.content_type)
        path = _write(content)
    except NotKept as reason:
        return _refuse(row, str(reason))
    except FileNotFoundError:
        return _refuse(row, "It is no longer on the disk.")
    except OSError:
        logger.exception("Attachment %s could not be cleaned", row.pk)
        _waiting(row).update(tries=row.tries - 1)  # a full disk is not the image's fault: it is tried again
        return None
    changed = _waiting(row).update(path=path, size=len(content), state=State.READY)
    _delete(row.path if changed else path)  # else it was erased meanwhile, or another worker was quicker
    return None


def _refuse(row: Attachment, problem: str) -> None:
    if _waiting(row).update(path="", state=State.REFUSED, problem=problem):
        _delete(row.path)


def _waiting(row: Attachment) -> Any:
    return Attachment.objects.filter(pk=row.pk, state=State.WAITING, path=row.path)


def is_time_to_look() -> bool:
    """Once an hour; the time of the last look is that of a file, which all workers see."""
    folder = settings.DATA_DIR / FOLDER
    try:
        return bool((folder / LOOKED).stat().st_mtime < time.time() - FORGOTTEN)
    except FileNotFoundError:
        return folder.is_dir()


def forget_lost() -> None:
    """Deletes files without a row: a crash between the two leaves them, or one right after a lead was erased."""
    folder = settings.DATA_DIR / FOLDER
    (folder / LOOKED).touch()
    for part in sorted(each for each in folder.iterdir() if each.is_dir()):
        found = _old_files(part)
        rows = Attachment.objects.exclude(path="").filter(path__in=found)
        known = set(rows.values_list("path", flat=True)) if found else set()
        for path in set(found) - known:
            logger.info("A file without a row is deleted")
            _delete(path)


def _old_files(folder: Path) -> list[str]:
    limit = time.time() - FORGOTTEN
    with os.scandir(folder) as entries:
        old = [entry.name for entry in entries if entry.stat().st_mtime < limit]
    return [f"{FOLDER}/{folder.name}/{name}" for name in old]
