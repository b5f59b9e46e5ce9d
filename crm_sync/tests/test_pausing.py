"""A pause: once, told once by mail, over when its time has come or the connection is another one."""

import datetime as dt
import socket
from collections.abc import Iterator
from email.message import Message

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from django.utils import timezone

from crm_sync import chores, pausing
from crm_sync.models import CrmConnection
from leads import vault


class Mailbox(MessageHandler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.mails.append(message)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def mailbox(settings, port, staff) -> Iterator[Mailbox]:
    box = Mailbox()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Elm Street Garage <office@elm.example>"
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box
    controller.stop()


def test_admins_are_told_once(mailbox, staff):
    assert pausing.pause("token", "Airtable does not accept the access token.")
    assert not pausing.pause("table", "Another reason.")
    assert pausing.mail_is_due()
    chores.do_some()
    chores.do_some()
    (mail,) = mailbox.mails
    assert (mail["To"], mail["Subject"]) == (staff.email, "baseCamp: the traffic with Airtable is paused")
    body = mail.get_payload(decode=True).decode()
    assert "Airtable does not accept the access token." in body
    assert "/crm/" in body
    assert not pausing.mail_is_due()


def test_who_paused_it_needs_no_mail(mailbox):
    pausing.pause("staff", "Paused by olivia.", by="olivia")
    chores.do_some()
    assert mailbox.mails == []


def test_a_mail_server_that_is_away_is_tried_again(db, settings, staff, port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.DEFAULT_FROM_EMAIL = "office@elm.example"
    pausing.pause("token", "No.")
    CrmConnection.objects.update(paused_at=timezone.now() - dt.timedelta(hours=1), updated_at="2026-01-01T00:00:00Z")
    pausing.tell_admins()
    assert CrmConnection.objects.get().is_mail_due
    assert not pausing.mail_is_due()  # not at once


def test_over_by_itself_when_its_time_has_come_or_the_connection_is_another(db):
    pausing.pause("monthly", "Used up.", mark="a", until=timezone.now() + dt.timedelta(days=3))
    assert pausing.standing(mark="a")
    CrmConnection.objects.update(resumes_at=timezone.now())
    assert pausing.standing(mark="a") is None
    pausing.pause("token", "No.", mark="a")
    assert pausing.standing(mark="a")
    assert pausing.standing(mark="b") is None
    assert CrmConnection.objects.get().pause == ""


def test_a_sealed_secret_is_read_with_the_same_key_alone(settings):
    sealed = vault.seal("pat.secret")
    assert "secret" not in sealed
    assert vault.unseal(sealed) == "pat.secret"
    assert vault.seal("") == vault.unseal("") == ""
    settings.SECRET_KEY = "another"
    with pytest.raises(vault.Unreadable):
        vault.unseal(sealed)
