import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from leads import mails

# As mail servers understand them (sysexits.h): undeliverable, and "keep it and try again".
NO_MAIL, TOO_LARGE, TRY_AGAIN = 65, 69, 75


class Command(BaseCommand):
    help = "Takes in one e-mail from standard input, as mail servers hand it to a program."
    requires_system_checks = []  # a mail server waits

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", default="", help="What staff call where it came from, such as “Website”.")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(mails.LARGEST + 1)
        if not raw.strip():
            self._end("No mail came on standard input.", NO_MAIL)
        try:
            if len(raw) > mails.LARGEST:
                size = len(raw) + sum(map(len, iter(lambda: sys.stdin.buffer.read(1_000_000), b"")))
                mails.keep_headers(_head(raw), size=size, label=options["source"])
                self._end(f"The mail is too large: at most {mails.LARGEST // 1_000_000} MB are taken.", TOO_LARGE)
            mails.keep(raw, label=options["source"])
        except (DatabaseError, OSError) as error:
            self._end(f"The mail could not be stored now, try again later: {' '.join(str(error).split())}", TRY_AGAIN)

    def _end(self, sentence: str, code: int) -> None:
        self.stderr.write(sentence)
        sys.exit(code)


def _head(raw: bytes) -> bytes:
    head, _, _ = raw[:1_000_000].replace(b"\r\n", b"\n").partition(b"\n\n")
    return head + b"\n\n"
