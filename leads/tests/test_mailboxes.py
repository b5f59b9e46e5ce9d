"""Mailboxes, on a real IMAP server: every mail once, whatever breaks, and nothing marked as read."""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from leads import imap, intake, mailboxes, mails, vault
from leads.models import IncomingMail, Lead, Mailbox, MailFolder, Submission
from tests.servers import dovecot
from tests.stack import ROOT, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
LETTER = """From: Ana Lima <ana{number}@example.com>
To: office@elm.example
Subject: Brakes {number}
Date: Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <letter-{number}@example.com>

Hello, the brakes of my Golf number {number} squeal. Could I come on Thursday? Ana
"""


def letter(number: int) -> bytes:
    return LETTER.format(number=number).replace("\n", "\r\n").encode()


@pytest.fixture(scope="module")
def shared():
    with dovecot.running() as running:
        yield running


@pytest.fixture
def server(shared, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(shared.certificate))
    with shared.client() as client:
        for _, _, name in client.list_folders():
            client.select_folder(name)
            client.delete_messages(client.search())
            client.expunge()
    return shared


@pytest.fixture
def mailbox(server):
    box = Mailbox.objects.create(
        name="Office", host="localhost", port=server.port, user=dovecot.USER, secret=vault.seal(dovecot.PASSWORD)
    )
    mailboxes.start(box, names=["INBOX"], labels={}, days_back=7, move_to="")
    return box


def look(box: Mailbox) -> Mailbox:
    mailboxes.look_into(Mailbox.objects.get(pk=box.pk))
    box.refresh_from_db()
    assert box.problem == "", box.problem
    return box


def take_in() -> None:
    while mails.is_due():
        mails.take_due()
        while intake.admit_waiting():
            pass


def test_a_mail_becomes_a_lead_and_stays_unread_where_it_is(server, mailbox):
    server.deliver(letter(1))
    look(mailbox)
    take_in()
    submission = Submission.objects.get()
    assert submission.text.startswith("Brakes 1\n\nHello, the brakes")
    assert (submission.source, submission.mail.label) == ("email", "Office")
    assert (submission.lead.name, submission.lead.email) == ("Ana Lima", "ana1@example.com")
    assert (server.count(), server.unread()) == (1, 1)
    assert mailbox.due_at > timezone.now() + dt.timedelta(seconds=50)


def test_only_what_comes_from_now_on_or_of_some_days_back(server, mailbox):
    old = timezone.now() - dt.timedelta(days=30)
    server.deliver(letter(1), at=old.replace(microsecond=0))
    server.deliver(letter(2))
    look(mailbox)
    assert set(IncomingMail.objects.values_list("message_id", flat=True)) == {"<letter-2@example.com>"}
    mailboxes.start(mailbox, names=["INBOX", "Website"], labels={"Website": "Site"}, days_back=0, move_to="")
    server.deliver(letter(3), folder="Website")
    look(mailbox)
    server.deliver(letter(4), folder="Website")
    look(mailbox)
    assert list(IncomingMail.objects.filter(label="Site").values_list("message_id", flat=True)) == [
        "<letter-4@example.com>"
    ]


def test_two_hundred_mails_come_once_each_and_once_more_changes_nothing(server, mailbox):
    server.deliver(*map(letter, range(200)))
    start = time.monotonic()
    look(mailbox)
    assert time.monotonic() - start < 20
    assert IncomingMail.objects.count() == 200
    MailFolder.objects.update(last_uid=0)
    look(mailbox)
    assert IncomingMail.objects.count() == 200
    take_in()
    assert (Submission.objects.count(), Lead.objects.count()) == (200, 200)


def test_a_server_that_numbers_its_mails_anew_brings_none_twice_and_loses_none(server, mailbox):
    server.deliver(letter(1), letter(2))
    look(mailbox)
    before = MailFolder.objects.get().uid_validity
    time.sleep(1.1)  # Dovecot takes the time in seconds for its number
    server.renumber()
    server.deliver(letter(3))
    look(mailbox)
    assert MailFolder.objects.get().uid_validity != before
    assert IncomingMail.objects.count() == 3


def test_the_same_mail_in_two_folders_and_through_the_pipe_is_one(server, mailbox):
    mailboxes.start(mailbox, names=["INBOX", "Copies"], labels={}, days_back=7, move_to="")
    server.deliver(letter(1))
    server.deliver(b"Delivered-To: other@elm.example\r\n" + letter(1), folder="Copies")
    look(mailbox)
    mails.keep(b"From ana1@example.com Mon Nov 23 10:00:00 2026\n" + letter(1).replace(b"\r\n", b"\n"))
    assert IncomingMail.objects.count() == 1


def test_another_mail_behind_a_known_message_id_is_not_lost(server, mailbox):
    server.deliver(letter(1), letter(1).replace(b"squeal", b"burn"), letter(1).replace(b"ana1@", b"eve@", 1))
    look(mailbox)
    take_in()
    assert Submission.objects.count() == 3


def test_mails_are_moved_once_they_are_stored(server, mailbox):
    mailboxes.start(mailbox, names=["INBOX"], labels={}, days_back=7, move_to="Taken in")
    server.deliver(*map(letter, range(60)))
    look(mailbox)
    assert (server.count(), server.count("Taken in"), server.unread("Taken in")) == (0, 60, 60)
    assert IncomingMail.objects.count() == 60


def test_a_wrong_password_pauses_it_until_somebody_tries_again(server, mailbox):
    Mailbox.objects.update(secret=vault.seal("wrong"))
    look(mailbox)
    assert "localhost refuses the user name or password" in mailbox.pause_reason
    assert not mailboxes.is_due()
    Mailbox.objects.update(secret=vault.seal(dovecot.PASSWORD))
    mailboxes.look_now(mailbox)
    server.deliver(letter(1))
    assert mailboxes.is_due()
    mailboxes.look_due()
    mailbox.refresh_from_db()
    assert (mailbox.pause_reason, IncomingMail.objects.count()) == ("", 1)


def test_while_the_server_is_away_it_is_asked_ever_more_seldom_and_then_nothing_is_missing(server, mailbox):
    server.deliver(letter(1))
    server.stop()
    waits = []
    for _ in range(3):
        mailboxes.look_into(Mailbox.objects.get())
        mailbox.refresh_from_db()
        waits.append(round((mailbox.due_at - timezone.now()).total_seconds(), -1))
    assert mailbox.problem == "Nobody answers on this port of localhost."
    assert waits == [60, 120, 240]
    server.start()
    look(mailbox)
    assert (mailbox.attempts, IncomingMail.objects.count()) == (0, 1)


def test_a_certificate_that_ended_or_is_a_strangers_is_not_trusted(server, mailbox, monkeypatch):
    server.deliver(letter(1))
    good = (server.certificate.read_bytes(), (server.folder / "key.pem").read_bytes())
    server.stop()
    server.write_certificate(days=-1)
    server.start()
    try:
        mailboxes.look_into(Mailbox.objects.get())
        mailbox.refresh_from_db()
        assert mailbox.problem == "The certificate of localhost can’t be trusted: certificate has expired"
        monkeypatch.delenv("SSL_CERT_FILE")
        mailboxes.look_into(Mailbox.objects.get())
        mailbox.refresh_from_db()
        assert "can’t be trusted" in mailbox.problem
        assert not IncomingMail.objects.exists()
    finally:
        server.stop()
        server.certificate.write_bytes(good[0])
        (server.folder / "key.pem").write_bytes(good[1])
        server.start()


def test_starttls_works(server, mailbox):
    server.deliver(letter(1))
    Mailbox.objects.update(security="starttls", port=server.plain_port)
    look(mailbox)
    assert IncomingMail.objects.count() == 1


@contextmanager
def speaking(*lines: bytes, every: float = 0) -> Iterator[tuple[int, list[bytes]]]:
    """A server on a port that says these lines, whatever it hears; what it heard is in the list."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)

        def speak() -> None:
            with suppress(OSError):
                caller, _ = listening.accept()
                with caller:
                    for line in lines:
                        caller.sendall(line)
                        time.sleep(every)
                    caller.settimeout(3)
                    while said := caller.recv(4096):
                        heard.append(said)
                        caller.sendall(said.split()[0] + b" BAD no\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        yield listening.getsockname()[1], heard
    thread.join(20)


def test_a_server_without_encryption_never_hears_the_password(server, mailbox):
    with speaking(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n") as (port, heard):
        Mailbox.objects.update(security="starttls", port=port)
        mailboxes.look_into(Mailbox.objects.get())
    mailbox.refresh_from_db()
    assert mailbox.problem.startswith("localhost answers")
    assert heard
    assert not any(b"correct" in each or b"LOGIN" in each for each in heard)


NONSENSE = [b"\xff\xfe\x00\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 2_000_000, b"* BYE\r\n"]


@pytest.mark.parametrize("said", NONSENSE)
def test_what_speaks_no_imap_is_said_to_be_so(server, mailbox, said):
    with speaking(said) as (port, _):
        Mailbox.objects.update(security="starttls", port=port)
        mailboxes.look_into(Mailbox.objects.get())
    mailbox.refresh_from_db()
    assert mailbox.problem.startswith(("localhost answers", "The connection to localhost broke"))
    assert mailbox.busy_until <= timezone.now()


def test_a_server_that_drips_is_cut_off(server, mailbox, monkeypatch):
    monkeypatch.setattr(imap, "LONGEST", 2)
    greeting = b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n"
    with speaking(greeting, *[b"*"] * 100, every=0.1) as (port, _):
        Mailbox.objects.update(security="starttls", port=port)
        start = time.monotonic()
        mailboxes.look_into(Mailbox.objects.get())
        assert time.monotonic() - start < 8
    mailbox.refresh_from_db()
    assert mailbox.problem != ""


def with_oauth(server: dovecot.Dovecot, **changes: str) -> None:
    oauth = {"auth": "oauth", "client_id": "basecamp", "token_url": f"{server.tokens.url}/token"}
    Mailbox.objects.update(**oauth, **changes)


def test_a_token_lets_in_is_used_again_and_the_new_refresh_token_is_kept(server, mailbox):
    server.deliver(letter(1))
    with_oauth(server, secret=vault.seal(server.tokens.refresh))
    given = server.tokens.given
    look(mailbox)
    look(mailbox)
    assert (server.tokens.given - given, IncomingMail.objects.count()) == (1, 1)
    assert vault.unseal(mailbox.secret) == server.tokens.refresh
    server.tokens.valid = set()  # taken back before its time
    look(mailbox)
    assert server.tokens.given - given == 2


def test_an_application_lets_itself_in_and_a_refresh_token_that_ended_pauses(server, mailbox):
    server.deliver(letter(1))
    with_oauth(server, secret="", client_secret=vault.seal(dovecot.PASSWORD))
    look(mailbox)
    assert IncomingMail.objects.count() == 1
    with_oauth(server, secret=vault.seal("old"), access_token="")
    look(mailbox)
    assert mailbox.pause_reason == "The token address refuses: The refresh token has ended."


def test_a_folder_that_is_gone_is_told_and_the_others_are_looked_into(server, mailbox):
    mailboxes.start(mailbox, names=["Gone", "INBOX"], labels={}, days_back=7, move_to="")
    server.deliver(letter(1))
    mailboxes.look_into(Mailbox.objects.get())
    mailbox.refresh_from_db()
    assert mailbox.problem == "The server has no folder “Gone”, or doesn’t open it."
    assert IncomingMail.objects.count() == 1


def test_a_mail_that_is_too_large_is_not_fetched_and_can_be_seen(server, mailbox, monkeypatch):
    monkeypatch.setattr(mails, "LARGEST", 100_000)
    server.deliver(letter(1) + b"x" * 70 + b"\r\n" * 60_000, letter(2))
    look(mailbox)
    take_in()
    large = IncomingMail.objects.get(kind="too_large")
    assert (large.subject, large.sender) == ("Brakes 1", "ana1@example.com")
    assert len(large.content) < 1000
    assert Submission.objects.get().text.startswith("Brakes 2")


def test_a_crash_between_storing_and_the_cursor_stores_nothing_twice(server, mailbox, monkeypatch):
    server.deliver(*map(letter, range(5)))
    look(mailbox)  # the cursor stands at the last of them
    server.deliver(*map(letter, range(5, 10)))
    with monkeypatch.context() as crash:
        crash.setattr(mailboxes, "_move_cursor", lambda folder, uid: 1 / 0)
        mailboxes.look_into(Mailbox.objects.get())
    assert Mailbox.objects.get().problem == "Something unexpected went wrong (ZeroDivisionError)."
    assert IncomingMail.objects.count() == 10
    look(mailbox)
    assert IncomingMail.objects.count() == 10


KILLED = """
import os, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {name!r}
from leads import mailboxes
from leads.models import Mailbox
print("ready", flush=True)
mailboxes.look_into(Mailbox.objects.get())
"""


def look_and_die(code: str, environment: dict[str, str]) -> bool:
    """Another process looks, and is killed once it has stored some more; returns whether it was."""
    before = IncomingMail.objects.count()
    looking = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)

    def has_moved_on() -> bool:
        return IncomingMail.objects.count() > before + 10 or looking.poll() is not None

    wait_for(has_moved_on, seconds=60, every=0.01)
    was_running = looking.poll() is None
    if was_running:
        looking.send_signal(signal.SIGKILL)
    looking.wait()
    return was_running


def test_killed_in_the_middle_again_and_again_every_mail_comes_once(server, mailbox):
    server.deliver(*map(letter, range(300)))
    connections.close_all()
    code = KILLED.format(name=str(connection.settings_dict["NAME"]))
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "basecamp.settings", "SSL_CERT_FILE": str(server.certificate)}
    kills = sum(look_and_die(code, environment | {"DATA_DIR": str(settings.DATA_DIR)}) for _ in range(4))
    assert kills >= 2
    assert IncomingMail.objects.count() < 300
    while IncomingMail.objects.count() < 300:
        look(mailbox)
    look(mailbox)
    assert IncomingMail.objects.count() == 300
    take_in()
    assert (Submission.objects.count(), Lead.objects.count()) == (300, 300)


def test_two_workers_never_look_into_one_mailbox_at_once(server, mailbox):
    assert mailboxes._claim(mailbox)
    assert not mailboxes._claim(mailbox)
    assert not mailboxes.is_due()
