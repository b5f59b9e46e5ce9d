"""How much a visitor may upload. What is beyond is read and forgotten: what was typed beside it still arrives."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, load_handler
from django.http import HttpRequest

from leads.file_checks import MEGABYTE, TOO_LARGE, TOO_MANY, TOO_MUCH, NotKept

# Django's own, which every other page has after Bounded.
DJANGOS = [f"django.core.files.uploadhandler.{each}FileUploadHandler" for each in ("Memory", "Temporary")]
MOST_ANYWHERE = 62_000_000  # bytes: more than an import may have, which says so
PATIENCE = 4  # times the limit of a message, after which nothing more is read


def limited(request: HttpRequest) -> "Limits":
    """Call it before anything of the request's body is read."""
    limits = Limits(request)
    request.upload_handlers = [limits, *(load_handler(each, request) for each in DJANGOS)]
    return limits


class Bounded(FileUploadHandler):
    """Stands before Django's handlers on every other page, also where nobody has logged in: without it anyone fills the
    disk for as long as a request takes. A file that goes beyond arrives cut short, and is too large for any page."""

    total = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.total += len(raw_data)
        return raw_data if self.total <= MOST_ANYWHERE else None

    def file_complete(self, file_size: int) -> None:
        return None


class Limits(FileUploadHandler):
    """Stands before Django's handlers. `refused` has what went beyond, by the field's name: the file's name and why. A
    file in it arrives cut short."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.refused: dict[str, tuple[str, NotKept]] = {}
        self.count = self.total = self.size = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.count, self.size = self.count + 1, 0
        if self.count > settings.FILES_MOST:
            self._refuse(NotKept(TOO_MANY, most=settings.FILES_MOST))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.size += len(raw_data)
        self.total += len(raw_data)
        if self.total > PATIENCE * settings.FILES_LARGEST:
            raise StopUpload(connection_reset=True)
        if self.size > settings.FILE_LARGEST:
            self._refuse(NotKept(TOO_LARGE, most=settings.FILE_LARGEST // MEGABYTE))
        elif self.total > settings.FILES_LARGEST:
            self._refuse(NotKept(TOO_MUCH, most=settings.FILES_LARGEST // MEGABYTE))
        return None if self.field_name in self.refused else raw_data

    def file_complete(self, file_size: int) -> None:
        return None

    def _refuse(self, reason: NotKept) -> None:
        self.refused.setdefault(self.field_name or "", (self.file_name or "", reason))
