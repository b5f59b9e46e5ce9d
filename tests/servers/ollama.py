"""An Ollama stand-in: a real HTTP server on loopback with Ollama's routes, lines and ways to fail.

It has no model. Unless a test scripts something else, its answer is what plain search finds in the inquiry, put into
the keys of the requested schema; so screens look real and nothing in them is invented. By hand:

    python -m tests.servers.ollama --port 11434 --delay 1.5
"""

import argparse
import json
import re
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.servers.ollama_answer import Answer, answer_from_message, reply_to_message
from tests.servers.ollama_behaviours import BEHAVIOURS, Behaviour, too_long
from tests.servers.ollama_library import Library

Body = dict[str, Any]

VERSION = "0.33.0"
LOAD_SECONDS_NS = 120_000_000
HANG_SECONDS = 60.0


@dataclass(frozen=True)
class Received:
    """One request: `body` is its JSON, {} where there was none."""

    method: str
    path: str
    body: Body
    at: float


@dataclass
class OllamaServer:
    """The stand-in. Use it as a context manager, or `start()` and `stop()` it; it keeps its port over a restart.

    `answer` makes the default answer from a request's body. `delay` is the time before the first word of every
    answer. Like Ollama it works on one chat at a time (`parallel`); `most_at_once` counts what was asked at once.
    `unloaded` models are not in memory: the first chat with one takes `load_seconds` more.
    """

    port: int = 0
    models: set[str] = field(default_factory=lambda: {"mistral:latest"})
    answer: Callable[[Body], Answer] | None = None
    delay: float = 0.0
    parallel: int = 1
    requests: list[Received] = field(default_factory=list)
    most_at_once: int = 0
    unloaded: set[str] = field(default_factory=set)
    load_seconds: float = 0.0
    library: Library = field(default_factory=Library)

    def __post_init__(self) -> None:
        self.queue: deque[Behaviour] = deque()
        self.lock = threading.Lock()
        self.slots = threading.BoundedSemaphore(self.parallel)
        self.stopping = threading.Event()
        self.at_once = 0
        self.server: _Server | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def chats(self) -> list[Body]:
        """The bodies of all chats asked for, in order."""
        return [request.body for request in self.requests if request.path == "/api/chat"]

    @property
    def readings(self) -> list[Body]:
        """Those of them that asked for a form: not the drafts of replies, which are plain text."""
        return [body for body in self.chats if "format" in body]

    def start(self) -> Self:
        self.stopping.clear()
        self.server = _Server(("127.0.0.1", self.port), _Handler)
        self.server.owner = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        if self.server is None:
            return
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        self.server = None

    def script(self, *behaviours: Behaviour) -> None:
        """The next chats go like this, one each; after them the default again."""
        with self.lock:
            self.queue.extend(behaviours)

    def next_behaviour(self) -> Behaviour:
        with self.lock:
            return self.queue.popleft() if self.queue else Behaviour()

    def asked(self, by: int) -> None:
        with self.lock:
            self.at_once += by
            self.most_at_once = max(self.most_at_once, self.at_once)

    def has_model(self, name: str) -> bool:
        return _tagged(name) in {_tagged(model) for model in self.models}

    def _load(self, model: str, pause: Callable[[float], None]) -> None:
        if _tagged(model) in self.unloaded:
            pause(self.load_seconds)
            self.unloaded.discard(_tagged(model))

    def lines(self, body: Body, behaviour: Behaviour, pause: Callable[[float], None]) -> Iterator[Body]:
        """The lines of one answer; `pause` waits that many seconds and raises if the client has gone."""
        began = time.monotonic()
        text = _text(body, behaviour, self.answer or answer_from_message)
        pieces = re.findall(r"\s{0,3}\S+|\s{1,4}", text)
        limit = body.get("options", {}).get("num_predict", -1)
        is_cut = 0 <= limit < len(pieces)
        pieces = pieces[:limit] if is_cut else pieces
        self._load(body["model"], pause)
        pause(self.delay + behaviour.first)
        for piece in pieces[: behaviour.stop_after]:
            yield chunk(body, piece)
            pause(behaviour.each)
        if behaviour.ending == "hang":
            pause(HANG_SECONDS)
        elif behaviour.ending == "error":
            yield {"error": "an error was encountered while running the model"}
        elif behaviour.ending != "cut":
            is_half = behaviour.prompt_tokens == -1 or prompt_tokens(body) >= context_size(body)
            read = context_size(body) // 2 + 2 if is_half else prompt_tokens(body)
            yield last(body, "length" if is_cut else behaviour.ending, read, len(pieces), time.monotonic() - began)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    owner: OllamaServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is a case under test, not an error of this server's."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: `requests` is the log."""

    def do_HEAD(self) -> None:
        self._send(200, b"", "text/plain")

    def do_GET(self) -> None:
        owner = self.server.owner
        self._note({})
        if self.path == "/":
            self._send(200, b"Ollama is running", "text/plain; charset=utf-8")
        elif self.path == "/api/version":
            self._json(200, {"version": VERSION})
        elif self.path == "/api/tags":
            self._json(200, {"models": [_listed(name) for name in sorted(owner.models)]})
        elif self.path == "/api/ps":
            self._json(200, {"models": [_loaded(name) for name in sorted(owner.models - owner.unloaded)]})
        else:
            self._send(404, b"404 page not found", "text/plain")

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path == "/script":
            self.server.owner.script(*(BEHAVIOURS[name]() for name in body["behaviours"]))
            self._json(200, {})
        elif self.path == "/api/show":
            self._show(body)
        elif self.path == "/api/pull":
            self._pull(_tagged(body["model"]), is_streamed=body.get("stream", True))
        elif self.path == "/api/chat":
            self._counted_chat(body)
        else:
            self._send(404, b"404 page not found", "text/plain")

    def do_DELETE(self) -> None:
        body = self._body() or {}
        self.server.owner.models.discard(_tagged(str(body.get("model"))))
        self._send(200, b"", "application/json")

    # --- chat ---

    def _counted_chat(self, body: Body) -> None:
        owner = self.server.owner
        owner.asked(+1)
        try:
            with owner.slots:
                self._chat(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client went, which cancels the generation
        finally:
            owner.asked(-1)

    def _chat(self, body: Body) -> None:
        refusal = self._refusal(body)
        if refusal:
            self._json(refusal[0], {"error": refusal[1]})
            return
        if not body.get("messages"):
            reason = "unload" if body.get("keep_alive") == 0 else "load"
            self._json(200, {**chunk(body, ""), "done": True, "done_reason": reason})
            return
        behaviour = self.server.owner.next_behaviour()
        if behaviour.page is not None:
            self._send(behaviour.status, behaviour.page.encode(), "text/html")
        elif behaviour.error is not None:
            self._json(behaviour.status, {"error": behaviour.error})
        elif body.get("stream", True):
            self._stream(body, behaviour)
        else:
            self._joined(body, behaviour)

    def _refusal(self, body: Body) -> tuple[int, str] | None:
        if not body.get("model"):
            return 400, "model is required"
        if not self.server.owner.has_model(body["model"]):
            return 404, f"model '{body['model']}' not found"
        asked = body.get("format")
        if asked is not None and asked not in ("", "json") and not (isinstance(asked, dict) and "type" in asked):
            return 500, f'invalid format: {json.dumps(asked)}; expected "json" or a valid JSON Schema object'
        if prompt_tokens(body) >= context_size(body) and body.get("shift") is False:
            return 400, too_long().error or ""
        return None

    def _stream(self, body: Body, behaviour: Behaviour) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in self.server.owner.lines(body, behaviour, self._pause):
            data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        if behaviour.ending in {"cut", "hang"}:
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

    def _joined(self, body: Body, behaviour: Behaviour) -> None:
        lines = list(self.server.owner.lines(body, behaviour, self._pause))
        if behaviour.ending == "error":
            self._json(500, lines[-1])
        elif behaviour.ending in {"cut", "hang"}:
            self.close_connection = True
        else:
            text = "".join(line["message"]["content"] for line in lines)
            self._json(200, {**lines[-1], "message": {"role": "assistant", "content": text}})

    # --- library ---

    def _pull(self, name: str, *, is_streamed: bool) -> None:
        if not is_streamed:
            *_, end = self.server.owner.library.lines(name, self._pause)
            self.server.owner.models.update([] if "error" in end else [name])
            self._json(500 if "error" in end else 200, end)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()
        self.close_connection = True  # the end of the body
        with suppress(BrokenPipeError, ConnectionResetError):  # the client went, which ends the download
            for line in self.server.owner.library.lines(name, self._pause):
                if line.get("status") == "success":  # there before it is said
                    self.server.owner.models.add(name)
                self.wfile.write(json.dumps(line).encode() + b"\n")
                self.wfile.flush()

    # --- plumbing ---

    def _pause(self, seconds: float) -> None:
        """Waits, but not for a client that has gone: that ends the generation, as in Ollama."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.server.owner.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.05))
            if readable:
                raise ConnectionResetError

    def _show(self, body: Body) -> None:
        if not self.server.owner.has_model(str(body.get("model"))):
            self._json(404, {"error": f"model '{body.get('model')}' not found"})
            return
        info = {"general.architecture": "llama", "llama.context_length": 32768}
        self._json(200, {"details": _listed("x")["details"], "model_info": info, "capabilities": ["completion"]})

    def _body(self) -> Body | None:
        """The request's JSON; answers 400 itself and returns None where there is none."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw) if raw else None
        except ValueError as error:
            self._json(400, {"error": str(error)})
            return None
        if not isinstance(body, dict):
            self._json(400, {"error": "missing request body"})
            return None
        self._note(body)
        return body

    def _note(self, body: Body) -> None:
        self.server.owner.requests.append(Received(self.command, self.path, body, time.monotonic()))

    def _json(self, status: int, body: Body) -> None:
        self._send(status, json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8")

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _text(body: Body, behaviour: Behaviour, answer: Callable[[Body], Answer]) -> str:
    if behaviour.text is not None:
        return behaviour.text
    if "format" not in body and behaviour.answer is None:
        return behaviour.write(reply_to_message(body))
    made = answer(body) if behaviour.answer is None else behaviour.answer
    return behaviour.write(json.dumps(made, ensure_ascii=False))


def chunk(body: Body, piece: str) -> Body:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "model": body["model"],
        "created_at": now,
        "message": {"role": "assistant", "content": piece},
        "done": False,
    }


def last(body: Body, reason: str, read: int, written: int, seconds: float) -> Body:
    """The line that ends an answer: `read` and `written` count tokens."""
    nanoseconds = int(seconds * 1e9)
    return {
        **chunk(body, ""),
        "done": True,
        "done_reason": reason,
        "total_duration": nanoseconds + LOAD_SECONDS_NS,
        "load_duration": LOAD_SECONDS_NS,
        "prompt_eval_count": read,
        "prompt_eval_duration": 1_000_000,
        "eval_count": written,
        "eval_duration": nanoseconds,
    }


def prompt_tokens(body: Body) -> int:
    """About as many as a real model counts for English: four characters each."""
    return sum(len(message["content"]) for message in body["messages"]) // 4


def context_size(body: Body) -> int:
    return int(body.get("options", {}).get("num_ctx", 4096))


def _tagged(name: str) -> str:
    return name if ":" in name else f"{name}:latest"


def _listed(name: str) -> Body:
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-08-21T10:00:00Z",
        "size": 4_372_824_384,
        "digest": "6577803aa9a036369e481d648a2baebb381ebc6e897f2bb9a766a2aa7bfbc1cf",
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "llama",
            "families": ["llama"],
            "parameter_size": "7.2B",
            "quantization_level": "Q4_K_M",
        },
    }


def _loaded(name: str) -> Body:
    return {**_listed(name), "size": 5_137_025_024, "size_vram": 5_137_025_024, "expires_at": "2318-01-01T00:00:00Z"}


def main() -> None:
    parser = argparse.ArgumentParser(description="An Ollama stand-in for trying baseCamp without a model.")
    parser.add_argument("--port", type=int, default=11434)
    parser.add_argument("--model", action="append", help="a model that is there (default: mistral:latest)")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before the first word of every answer")
    given = parser.parse_args()
    server = OllamaServer(port=given.port, models=set(given.model or ["mistral:latest"]), delay=given.delay).start()
    print(f"OLLAMA_BASE_URL={server.url}", flush=True)  # noqa: T201
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
