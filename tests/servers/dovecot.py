"""A real IMAP server of our own: Dovecot, in a temporary folder, on loopback, with a certificate made for it.

Dovecot wants root for most of what it does as a mail server. Here everything runs as one user, which is an unprivileged
one also when the tests are root. Its configuration differs between 2.3 (Debian 12) and 2.4 (Debian 13); both are
written here.
"""

import datetime as dt
import json
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient

USER, PASSWORD = "office@elm.example", "correct horse"

COMMON = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
ssl = required
namespace inbox {{
  inbox = yes
  separator = /
}}
"""
OLD = """
mail_location = maildir:{folder}/mail/%u
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
"""
NEW = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
ssl_server_cert_file = {folder}/cert.pem
ssl_server_key_file = {folder}/key.pem
auth_mechanisms = plain login xoauth2
oauth2 {{
  introspection_mode = auth
  introspection_url = {tokens}/who
  username_attribute = email
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2
}}
passdb passwd-file {{
  passwd_file_path = {folder}/users
  default_password_scheme = PLAIN
}}
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {folder}/mail/%{{user}}
  }}
}}
"""


class Tokens:
    """Gives access tokens as Microsoft and Google do, and tells Dovecot whose they are. A refresh token holds once."""

    def __init__(self) -> None:
        self.refresh, self.valid, self.given = "refresh-0", set[str](), 0
        tokens = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._answer(*tokens.give({key: values[0] for key, values in form.items()}))

            def do_GET(self) -> None:
                is_valid = self.headers.get("Authorization", "").removeprefix("Bearer ") in tokens.valid
                self._answer(200 if is_valid else 401, {"active": is_valid, "email": USER})

            def _answer(self, status: int, said: dict[str, object]) -> None:
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def give(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        is_person = form.get("grant_type") == "refresh_token" and form.get("refresh_token") == self.refresh
        is_program = form.get("grant_type") == "client_credentials" and form.get("client_secret") == PASSWORD
        if not is_person and not is_program:
            return 400, {"error": "invalid_grant", "error_description": "The refresh token has ended."}
        self.given += 1
        token = f"access-{self.given}"
        self.valid = {token}
        answer: dict[str, object] = {"access_token": token, "expires_in": 3600}
        if is_person:
            self.refresh = f"refresh-{self.given}"
            answer["refresh_token"] = self.refresh
        return 200, answer


class Dovecot:
    """A running server, its one account, and what may be done to it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        self.port, self.plain_port = _free_port(), _free_port()
        self.owner = pwd.getpwuid(os.getuid()).pw_name if os.getuid() else "nobody"
        self.process: subprocess.Popen[bytes] | None = None
        self.tokens = Tokens()

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    def start(self) -> None:
        self.process = subprocess.Popen([_program(), "-F", "-c", str(self.folder / "dovecot.conf")], **self._as_owner())
        end = time.monotonic() + 20
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"Dovecot does not start: {self.log()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else "no log"

    def write_certificate(self, *, days: int = 30) -> None:
        """One that is valid for so many days, or ended when that is negative."""
        key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        built = built.not_valid_before(now - dt.timedelta(days=60)).not_valid_after(now + dt.timedelta(days=days))
        signed = built.add_extension(names, critical=False).sign(key, hashes.SHA256())
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        (self.folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self._give()

    def write_settings(self) -> None:
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        for name in ("run", "mail"):
            (self.folder / name).mkdir(exist_ok=True)
        group = "nogroup" if self.owner == "nobody" else pwd.getpwnam(self.owner).pw_name
        template = NEW + COMMON if _version() >= (2, 4) else COMMON + OLD
        values = {"folder": self.folder, "user": self.owner, "group": group, "tokens": self.tokens.url}
        text = template.format(port=self.port, plain_port=self.plain_port, **values)
        (self.folder / "dovecot.conf").write_text(text)
        asking = f"introspection_mode = auth\nintrospection_url = {self.tokens.url}/who\nusername_attribute = email\n"
        (self.folder / "oauth2.conf").write_text(asking)
        self._give()

    def _give(self) -> None:
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", f"{self.owner}:nogroup", str(self.folder)], check=True)

    def _as_owner(self) -> dict[str, object]:
        return {"user": self.owner, "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}

    # ---- as a mail program would ----

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        context = ssl.create_default_context(cafile=str(self.certificate))
        with IMAPClient("localhost", port=self.port, ssl_context=context, timeout=20) as client:
            client.login(USER, PASSWORD)
            yield client

    def deliver(self, *mails: bytes, folder: str = "INBOX", at: dt.datetime | None = None) -> None:
        with self.client() as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for mail in mails:
                client.append(folder, mail, msg_time=at)

    def count(self, folder: str = "INBOX") -> int:
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            return len(client.search())

    def unread(self, folder: str = "INBOX") -> int:
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            return len(client.search("UNSEEN"))

    def renumber(self) -> None:
        """Has the server number all mails of all folders anew, as after it was restored from a backup."""
        self.stop()
        for path in self.folder.glob("mail/**/dovecot*"):
            if path.is_file():
                path.unlink()
        self.start()


def _version() -> tuple[int, ...]:
    said = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.split()[0].split(".")[:2])


def _program() -> str:
    found = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise FileNotFoundError("Dovecot is not installed (Debian: apt-get install dovecot-imapd).")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running() -> Iterator[Dovecot]:
    server = Dovecot()
    try:
        server.folder.chmod(0o755)
        server.write_settings()
        server.write_certificate()
        server.start()
        yield server
    finally:
        server.stop()
        server.tokens.server.shutdown()
        shutil.rmtree(server.folder, ignore_errors=True)
