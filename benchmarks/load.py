"""A small load generator: prepared requests over kept-alive sockets, so that the client costs next to nothing."""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True)
class Load:
    """What came back: seconds in all, seconds per request in order of size, and how often each status came."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


def post(path: str, fields: dict[str, str]) -> bytes:
    body = urlencode(fields).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(path: str, cookie: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()


def send_all(port: int, requests: Sequence[bytes], *, at_once: int) -> Load:
    """Sends every request, so many at a time; each is answered before its connection carries the next."""
    queue = iter(requests)
    lock = threading.Lock()
    latencies: list[float] = []
    statuses: dict[int, int] = {}

    def run() -> None:
        connection = _connect(port)
        while True:
            with lock:
                request = next(queue, None)
            if request is None:
                return
            start = time.perf_counter()
            try:
                status = _exchange(connection, request)
            except ConnectionError:  # the server closed a kept-alive connection: that request goes again on a new one
                connection = _connect(port)
                status = _exchange(connection, request)
            with lock:
                latencies.append(time.perf_counter() - start)
                statuses[status] = statuses.get(status, 0) + 1

    threads = [threading.Thread(target=run) for _ in range(at_once)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(time.perf_counter() - start, sorted(latencies), statuses)


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _exchange(connection: socket.socket, request: bytes) -> int:
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _receive(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += _receive(connection)
    return int(head.split(b" ", 2)[1])


def _receive(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("closed by the server")
    return part
