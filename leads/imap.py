"""Speaking IMAP, and nothing else does: folders, new mails, moving them. Never marks a mail as read."""

import datetime as dt
import logging
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from imaplib import IMAP4

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

logger = logging.getLogger(__name__)

CONNECT, READ = 8, 15  # seconds
# A server may be at it again and again in small pieces: after so many seconds the line is cut.
LONGEST = 60
PASSING = re.compile(
    r"unavailable|inuse|\[limit|try again|temporar|too many|overquota|serverbug|internal", re.IGNORECASE
)
UNSELECTABLE = (b"\\Noselect", b"\\NonExistent")


class Trouble(Exception):
    """The mailbox can't be looked into; the message is a plain sentence."""


class Away(Trouble):
    """Not now: it is tried again."""


class Refused(Trouble):
    """Not before somebody mends it: the server does not take the user name or password."""


class NoFolder(Trouble):
    """The server has no such folder."""


@dataclass(frozen=True, slots=True)
class Account:
    """`token` is an OAuth access token; with one, `password` is not used."""

    host: str
    port: int
    is_tls: bool
    user: str
    password: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    uid_validity: int
    uid_next: int


@dataclass(frozen=True, slots=True)
class Found:
    """A mail in a folder: its number, its size in bytes, and when the server got it."""

    uid: int
    size: int
    received_at: dt.datetime | None


class Session:
    """An open connection. All its methods raise Trouble."""

    def __init__(self, client: IMAPClient) -> None:
        self._client = client

    def folders(self) -> list[str]:
        with _plainly(self._client.host):
            found = self._client.list_folders()
        return [str(name) for flags, _, name in found if not any(flag in UNSELECTABLE for flag in flags)]

    def open(self, name: str, *, to_change: bool = False) -> Folder:
        with _plainly(self._client.host):
            try:
                said = self._client.select_folder(name, readonly=not to_change)
            except IMAPClientError as error:
                if isinstance(error, IMAPClient.AbortError):
                    raise
                raise NoFolder(f"The server has no folder “{name}”, or doesn’t open it.") from error
        return Folder(int(said.get(b"UIDVALIDITY", 0)), int(said.get(b"UIDNEXT", 0)))

    def after(self, uid: int) -> list[int]:
        """The numbers of mails above that one, the lowest first."""
        with _plainly(self._client.host):
            found = self._client.search([b"UID", f"{uid + 1}:*".encode()])
        return sorted(each for each in found if each > uid)  # "n:*" always finds the last one, too

    def since(self, day: dt.date) -> list[int]:
        with _plainly(self._client.host):
            return sorted(self._client.search([b"SINCE", day]))

    def look_at(self, uids: Sequence[int]) -> list[Found]:
        with _plainly(self._client.host):
            self._client.normalise_times = False
            rows = self._client.fetch(list(uids), [b"RFC822.SIZE", b"INTERNALDATE"])
        found = [
            Found(uid, int(row.get(b"RFC822.SIZE", 0)), _aware(row.get(b"INTERNALDATE"), uid))
            for uid, row in rows.items()
        ]
        return sorted(found, key=lambda each: each.uid)

    def content(self, uid: int, *, headers_only: bool = False) -> bytes | None:
        """The mail as it is; None when it is no longer there."""
        part = b"BODY.PEEK[HEADER]" if headers_only else b"BODY.PEEK[]"
        with _plainly(self._client.host):
            row = self._client.fetch([uid], [part]).get(uid, {})
        found = row.get(b"BODY[HEADER]" if headers_only else b"BODY[]")
        return found if isinstance(found, bytes) else None

    def move(self, uids: Sequence[int], folder: str) -> None:
        """To another folder of the mailbox, which is made when there is none."""
        with _plainly(self._client.host):
            if not self._client.folder_exists(folder):
                self._client.create_folder(folder)
            if self._client.has_capability("MOVE"):
                self._client.move(list(uids), folder)
            elif self._client.has_capability("UIDPLUS"):
                self._client.copy(list(uids), folder)
                self._client.delete_messages(list(uids), silent=True)
                self._client.uid_expunge(list(uids))
            else:
                raise Away("The server can’t move mails. Choose no folder to move them to.")


@dataclass(slots=True)
class _Line:
    """What can be cut when a server is too slow: the socket, from the first word on."""

    host: str
    wire: socket.socket | None = None
    client: IMAPClient | None = None

    def cut(self) -> None:
        logger.warning("%s is too slow: the connection is cut", self.host)
        wire = self.client.socket() if self.client else self.wire  # with STARTTLS it is another one later
        with suppress(OSError):
            if wire is not None:
                wire.shutdown(socket.SHUT_RDWR)


class _Client(IMAPClient):
    """Gives its socket out before the server has said a word, which may take as long as the server likes."""

    def __init__(self, line: _Line, account: Account) -> None:
        self._line = line
        context = ssl.create_default_context() if account.is_tls else None
        timeout = SocketTimeout(CONNECT, READ)
        super().__init__(account.host, port=account.port, ssl=account.is_tls, ssl_context=context, timeout=timeout)

    def _create_IMAP4(self) -> IMAP4:
        line = self._line

        class Secure(IMAP4_TLS):
            def _create_socket(self, timeout: float | None = None) -> socket.socket:
                line.wire = super()._create_socket(timeout)
                return line.wire

        class Plain(IMAP4WithTimeout):
            def _create_socket(self, timeout: float | None = None) -> socket.socket:
                line.wire = super()._create_socket(timeout)
                return line.wire

        if self.ssl:
            return Secure(self.host, self.port, self.ssl_context, CONNECT)
        return Plain(self.host, self.port, CONNECT)


@contextmanager
def connected(account: Account) -> Iterator[Session]:
    """Logs in, and out at the end. Raises Trouble."""
    line = _Line(account.host)
    watchdog = threading.Timer(LONGEST, line.cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        with _plainly(account.host):
            client = line.client = _Client(line, account)
        try:
            with _plainly(account.host):
                if not account.is_tls:  # the password never travels in the open
                    client.starttls(ssl.create_default_context())
                    client.socket().settimeout(READ)
            _log_in(client, account)
            yield Session(client)
        finally:
            _leave(client)
    finally:
        watchdog.cancel()


def _log_in(client: IMAPClient, account: Account) -> None:
    with _plainly(account.host):
        try:
            if account.token:
                client.oauth2_login(account.user, account.token)
            else:
                client.login(account.user, account.password)
        except LoginError as error:
            said = _said(error)
            if isinstance(error.__context__, IMAPClient.AbortError) or PASSING.search(said):
                raise Away(f"{account.host} does not let anyone in just now: {said}") from error
            what = "access token" if account.token else "user name or password"
            raise Refused(f"{account.host} refuses the {what}: {said}") from error


def _leave(client: IMAPClient) -> None:
    with suppress(IMAPClientError, OSError, ValueError):
        client.logout()
        return
    with suppress(IMAPClientError, OSError, ValueError):
        client.shutdown()


@contextmanager
def _plainly(host: str) -> Iterator[None]:
    """What libraries raise, as sentences."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Away(f"The certificate of {host} can’t be trusted: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise Away(f"{host} does not speak TLS on this port ({error.reason or 'no reason given'}).") from error
    except TimeoutError as error:
        raise Away(f"{host} does not answer in time.") from error
    except socket.gaierror as error:
        raise Away(f"There is no server named {host}, or the name can’t be looked up.") from error
    except ConnectionRefusedError as error:
        raise Away(f"Nobody answers on this port of {host}.") from error
    except (OSError, EOFError) as error:
        raise Away(f"The connection to {host} broke.") from error
    except IMAPClientError as error:
        raise Away(f"{host} answers: {_said(error)}") from error
    except (ValueError, TypeError, IndexError, KeyError, UnicodeError) as error:  # answers that make no sense
        raise Away(f"{host} answers what can’t be understood ({type(error).__name__}).") from error


def _said(error: Exception) -> str:
    """The server's words, one line."""
    text = str(error)
    text = text[2:-1] if text.startswith(("b'", 'b"')) else text
    return " ".join(text.split())[:200]


def _aware(moment: object, uid: int) -> dt.datetime | None:
    """Servers say the second; with the number below it mails of one second keep their order."""
    if not isinstance(moment, dt.datetime):
        return None
    moment = moment.replace(microsecond=uid % 1_000_000)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
