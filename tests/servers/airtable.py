"""A stand-in for Airtable: a real HTTP server on loopback, as strict as the real one, that can be told to misbehave.

    with AirtableServer() as server:
        server.script(Fault(lost_reply=True))
        ...
        assert server.records == [...]

By hand, to try the product against it: `python -m tests.servers.airtable --port 8100`.
"""

import argparse
import json
import random
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.airtable_routes import ROUTES, Request
from tests.servers.airtable_table import ApiError, Field, NotFoundError, Table, new_id, select

ALL_SCOPES = ("data.records:read", "data.records:write", "schema.bases:read", "schema.bases:write", "webhook:manage")
RATE_LIMITED = {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}]}


def default_fields() -> list[Field]:
    """A Leads table as an owner would have made it: readable options, a column for our id."""
    intents = ("Inquiry", "Appointment Request", "Quote Request", "Support", "Complaint", "General")
    return [
        Field("Name", "singleLineText"),
        Field("First Name", "singleLineText"),
        Field("Last Name", "singleLineText"),
        Field("Email", "email"),
        Field("Phone", "phoneNumber"),
        Field("Company", "singleLineText"),
        Field("Message", "multilineText"),
        select("Source", "Website Form", "Paste", "Email", "CSV Import", "API"),
        select("Intent", *intents, "Job Application", "Sales Pitch"),
        select("Urgency", "Low", "Medium", "High", "Urgent"),
        Field("Quality Score", "number", {"precision": 0}),
        Field("Summary", "multilineText"),
        Field("Received At", "dateTime", {"dateFormat": {"name": "iso"}, "timeZone": "utc"}),
        select("Status", "New", "Working", "Qualified", "Unqualified", "Converted"),
        Field("Lead ID", "singleLineText"),
    ]


@dataclass(frozen=True)
class Fault:
    """What happens to one data request.

    `lost_reply`: the request is carried out, then the connection drops without an answer. `status` and `body`: this
    answer instead of carrying it out; a text body is sent as HTML. `delay`: so many seconds pass between carrying it
    out and answering.
    """

    lost_reply: bool = False
    status: int = 0
    body: object = None
    delay: float = 0.0


HTML_502 = Fault(status=502, body="<html><body><h1>502 Bad Gateway</h1></body></html>")
BILLING = Fault(
    status=429,
    body={
        "error": {
            "type": "PUBLIC_API_BILLING_LIMIT_EXCEEDED",
            "message": "API billing plan limit exceeded. Please upgrade to increase your API limit.",
        }
    },
)


@dataclass
class LoggedRequest:
    """`at` is monotonic seconds; `status` stays 0 where no answer was sent; `base_id` is empty on base-less routes."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    at: float
    base_id: str = ""
    status: int = 0


class AirtableServer:
    """One base with one table (more by API), a token, a log. `rate` is requests per second and base, None for no limit;
    going over it locks the base for `lockout` seconds. `fields` replaces the default ones; every
    answer takes `latency` seconds."""

    def __init__(
        self,
        *,
        fields: list[Field] | None = None,
        rate: int | None = 5,
        lockout: float = 30.0,
        port: int = 0,
        token: str = "",
        base_id: str = "",
        scopes: tuple[str, ...] = ALL_SCOPES,
        latency: float = 0.0,
    ) -> None:
        self.token = token or f"pat{new_id('')}.{'0' * 32}"
        self.base_id = base_id or new_id("app")
        self.user_id = new_id("usr")
        self.scopes = scopes
        self.rate, self.lockout, self.latency = rate, lockout, latency
        self._chance: random.Random | None = None
        self._lost = self._broken = 0.0
        self.tables = [Table("Leads", fields or default_fields())]
        self.requests: list[LoggedRequest] = []
        self.violations = 0
        self.iterators: dict[str, list[str]] = {}
        # By id: the table, how long its log was when the webhook was made, and the fields it watches.
        self.webhooks: dict[str, tuple[Table, int, set[str]]] = {}
        self.lock = threading.RLock()
        self._faults: deque[Fault] = deque()
        self._recent: deque[float] = deque()
        self._locked_until = 0.0
        self._closing = threading.Event()
        self._http = _HttpServer(("127.0.0.1", port), self)

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def records(self) -> list[dict[str, Any]]:
        """All rows of the first table, cells by field name, oldest first."""
        return self.tables[0].records

    def table(self, name_or_id: str) -> Table:
        for table in self.tables:
            if name_or_id in (table.name, table.id):
                return table
        raise KeyError(name_or_id)

    @contextmanager
    def by_api(self) -> Iterator[None]:
        """What is changed meanwhile counts as changed by a program."""
        for table in self.tables:
            table.source = "publicApi"
        try:
            yield
        finally:
            for table in self.tables:
                table.source = "client"

    def script(self, *faults: Fault) -> None:
        """Each fault meets one of the next data requests (not `/v0/meta`), in this order."""
        self._faults.extend(faults)

    def misbehave(self, *, lost: float, broken: float, seed: int = 1) -> None:
        """From now on this share of data requests loses its reply, or is refused with HTTP 500 or 503."""
        self._chance, self._lost, self._broken = random.Random(seed), lost, broken

    def max_in_window(self, seconds: float = 1.0) -> int:
        """The most requests to the base that arrived within any `seconds`."""
        times = sorted(request.at for request in self.requests if request.base_id == self.base_id)
        return max((sum(start <= at < start + seconds for at in times) for start in times), default=0)

    def next_fault(self) -> Fault:
        with self.lock:
            if self._faults:
                return self._faults.popleft()
            if self._chance is None:
                return Fault()
            drawn = self._chance.random()
            if drawn < self._lost:
                return Fault(lost_reply=True)
            return Fault(status=self._chance.choice([500, 503])) if drawn < self._lost + self._broken else Fault()

    def take_turn(self, now: float) -> None:
        """Counts a request to the base. Raises ApiError when it comes too soon, and then for `lockout` seconds."""
        if self.rate is None:
            return
        with self.lock:
            while self._recent and self._recent[0] <= now - 1.0:
                self._recent.popleft()
            self._recent.append(now)
            if now >= self._locked_until and len(self._recent) <= self.rate:
                return
            if now >= self._locked_until:
                self._locked_until = now + self.lockout
            self.violations += 1
        refusal = ApiError(429, "RATE_LIMIT_REACHED")
        refusal.body = RATE_LIMITED
        raise refusal

    def pause(self, seconds: float) -> None:
        """Waits; less when the server is being closed."""
        self._closing.wait(seconds)


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], airtable: AirtableServer) -> None:
        self.airtable = airtable
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what some tests are about; anything else is a fault of this server."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet per answer: with Nagle's algorithm, two would cost 40 ms
    server: _HttpServer

    def _serve(self) -> None:
        airtable = self.server.airtable
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        logged = LoggedRequest(
            self.command, unquote(parts.path), parse_qs(parts.query, keep_blank_values=True), None, time.monotonic()
        )
        with airtable.lock:
            airtable.requests.append(logged)
        fault = Fault()
        try:
            handle, names = self._route(parts.path)
            self._check_token()
            logged.base_id = names.get("base", "")
            if logged.base_id:
                airtable.take_turn(logged.at)
            if not parts.path.startswith("/v0/meta"):
                fault = airtable.next_fault()
            logged.body = self._parse(raw)
            status, body = self._carry_out(handle, names, logged, fault)
        except ApiError as refusal:
            status, body = refusal.status, refusal.body
        airtable.pause(fault.delay + airtable.latency)
        if fault.lost_reply:
            self.close_connection = True
            return
        logged.status = status
        self._answer(status, body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

    def _route(self, path: str) -> tuple[Callable[[Request], object], dict[str, str]]:
        for method, pattern, handle in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == self.command:
                return handle, {name: unquote(value) for name, value in found.groupdict().items()}
        raise NotFoundError

    def _check_token(self) -> None:
        given = self.headers.get("Authorization", "")
        if not given.startswith("Bearer "):
            raise ApiError(401, "AUTHENTICATION_REQUIRED", "Authentication required")
        if given != f"Bearer {self.server.airtable.token}":
            raise ApiError(401, "UNAUTHORIZED", "Invalid authentication token")

    def _parse(self, raw: bytes) -> Any:
        if not raw:
            return None
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(422, "INVALID_REQUEST_BODY", "Could not parse request body")
        return body

    def _carry_out(
        self, handle: Callable[[Request], object], names: dict[str, str], logged: LoggedRequest, fault: Fault
    ) -> tuple[int, object]:
        if fault.status:
            return fault.status, fault.body
        airtable = self.server.airtable
        with airtable.lock, airtable.by_api():
            return 200, handle(Request(airtable, logged.method, names, logged.query, logged.body or {}))

    def _answer(self, status: int, body: object) -> None:
        is_html = isinstance(body, str)
        payload = body.encode() if is_html else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if is_html else "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: `requests` is the log."""


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Airtable, to try the product without an account.")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--token", default="", help="default: a new one")
    parser.add_argument("--base", default="", help="app and 14 letters or digits; default: a new one")
    parser.add_argument("--rate", type=int, default=5, help="requests per second; 0 switches the limit off")
    parser.add_argument("--lockout", type=float, default=30.0, help="seconds")
    given = parser.parse_args()
    server = AirtableServer(
        port=given.port, token=given.token, base_id=given.base, rate=given.rate or None, lockout=given.lockout
    )
    with server:
        sys.stdout.write(
            f"AIRTABLE_ENDPOINT_URL={server.url}\nAIRTABLE_API_KEY={server.token}\n"
            f"AIRTABLE_BASE_ID={server.base_id}\nAIRTABLE_TABLE_NAME={server.tables[0].name}\n"
        )
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
