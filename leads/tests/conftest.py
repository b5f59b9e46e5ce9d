"""A mail server for tests: real SMTP on loopback that takes mail, refuses it, or dies in the middle."""

import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller


class Mailbox:
    """What came, and how to answer: an SMTP status by step, or a connection that breaks."""

    def __init__(self) -> None:
        self.taken: list = []
        self.answers: dict[str, list[str]] = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.answers.get("rcpt"):
            return self.answers["rcpt"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = self.answers["data"].pop(0) if self.answers.get("data") else "250 OK"
        if answer in ("250 OK", "break"):
            self.taken.append(envelope)
        if answer == "break":  # it has the mail, and we shall never know
            server.transport.abort()
        return answer


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Elm Street Garage <office@elm.example>"
    yield box
    controller.stop()
