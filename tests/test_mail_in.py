"""A mailbox in the running product: the worker looks, is killed, looks again, and every mail is on its lead once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.servers import dovecot
from tests.stack import Stack, wait_for
from tests.test_kill import WATCHFUL, kill_all_below_the_sentinel

ADD = """
from leads import mailboxes, vault
from leads.models import Mailbox
secret = vault.seal({password!r})
box = Mailbox.objects.create(name="Office", host="localhost", port={port}, user={user!r}, secret=secret)
mailboxes.start(box, names=["INBOX"], labels={{}}, days_back=7, move_to="")
"""

EXPIRE = """
from django.utils import timezone
from leads.models import Mailbox
Mailbox.objects.update(busy_until=timezone.now())
"""


def letter(number: int) -> bytes:
    return (
        f"From: Ana Number{number} <ana{number}@example.com>\r\nSubject: Brakes {number}\r\n"
        f"Message-ID: <m{number}@example.com>\r\n\r\nHello, my car number {number} needs new brakes next Friday.\r\n"
    ).encode()


def count(folder, table: str) -> int:
    with closing(sqlite3.connect(f"file:{folder}/basecamp.sqlite3?mode=ro", uri=True, timeout=20)) as database:
        return int(database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


@contextmanager
def watched(folder: Path, **environment: str) -> Iterator[Stack]:
    """The product, which soon notices that a worker is dead."""
    stack = Stack(folder, **environment)
    try:
        stack.start(*WATCHFUL)
        yield stack
    finally:
        stack.stop()


def test_workers_look_into_a_mailbox_and_one_that_is_killed_loses_nothing(tmp_path):
    with dovecot.running() as server, watched(tmp_path, SSL_CERT_FILE=str(server.certificate)) as stack:
        server.deliver(*map(letter, range(120)))
        stack.manage("shell", "-c", ADD.format(port=server.port, user=dovecot.USER, password=dovecot.PASSWORD))

        def has_begun() -> bool:
            return count(tmp_path, "leads_incomingmail") > 0

        wait_for(has_begun, seconds=60, every=0.02)
        kill_all_below_the_sentinel(stack, "llm")
        stack.manage("shell", "-c", EXPIRE)  # else it would take three minutes until the dead worker's lease ends

        def are_all_there() -> bool:
            return count(tmp_path, "leads_lead") == 120

        wait_for(are_all_there, seconds=120, every=1)
        assert count(tmp_path, "leads_incomingmail") == count(tmp_path, "leads_submission") == 120
        assert server.unread() == 120
