"""Hands one mail to the mail server, and knows afterwards whether the server has it. Only workers call it."""

import logging
import smtplib
from email.utils import make_msgid, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from leads.mail.kinds import MARK

logger = logging.getLogger(__name__)


class NotTaken(Exception):
    """The server certainly did not take the mail. `is_final`: it won't take it later either. `is_away`: it would take
    no other one now."""

    def __init__(self, reason: str, *, is_final: bool = False, is_away: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.is_away = is_away


class Unknown(Exception):
    """Nobody can say whether the mail was taken."""


def can_send() -> bool:
    """Whether baseCamp sends mail itself: an SMTP server and an address to send from are set."""
    return settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and bool(sender())


def sender() -> str:
    """The address that mail is sent from; empty when there is none."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1] if settings.DEFAULT_FROM_EMAIL else ""


def new_message_id() -> str:
    """To be kept with the mail before it leaves: tried again, it is the same mail."""
    return make_msgid(domain=sender().rpartition("@")[2])


def hand_over(message: EmailMessage) -> None:
    """Gives a mail to one recipient to the server, marked as ours: should it come back, it is no inquiry.

    Raises:
        NotTaken: it certainly did not leave; the reason is a plain sentence.
        Unknown: it may have left.
    """
    if not can_send():
        raise NotTaken("No mail server is set.", is_final=True)
    message.extra_headers.setdefault(MARK, "sent")
    connection = get_connection()
    _open(connection)
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        address, (code, said) = next(iter(error.recipients.items()))
        raise NotTaken(_refused(f"the address {address}", code, said), is_final=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        # Also the server's answer to the text itself: it says no, so the mail was not taken.
        is_final = error.smtp_code >= 500
        raise NotTaken(_refused("the mail", error.smtp_code, error.smtp_error), is_final=is_final) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unknown("The connection to the mail server broke while the mail was handed over.") from error
    finally:
        _shut(connection)


def _open(connection: BaseEmailBackend) -> None:
    where = f"The mail server {settings.EMAIL_HOST}"
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < 500:  # too many at once, or nobody there who knows the passwords
            raise NotTaken(f"{where} lets nobody in just now.", is_away=True) from error
        raise NotTaken(f"{where} refuses the user name or password in EMAIL_URL.", is_final=True) from error
    except smtplib.SMTPNotSupportedError as error:
        raise NotTaken(f"{where} does not support what EMAIL_URL asks for: {error}", is_final=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotTaken(f"{where} does not answer.", is_away=True) from error


def _shut(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (smtplib.SMTPException, OSError):
        logger.info("The mail server broke off the connection at its end")


def _refused(what: str, code: int, said: bytes | str) -> str:
    words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return f"The mail server refuses {what}: {code} {' '.join(words.split())[:200]}"
