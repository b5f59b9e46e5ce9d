"""The one file that talks to Ollama. Pure: imports no Django; whoever calls passes the address and the model.

Readiness is asked through the official client. The chat is one POST by httpx, because the official client offers
neither `shift` nor `truncate`: without `"shift": false` the server silently cuts a long prompt to half the context,
the system prompt first, and answers as if nothing had happened.
"""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import Any

import httpx
import ollama

CONNECT_SECONDS = 5.0
CHECK_SECONDS = 5.0
LOAD_SECONDS = 300.0  # as long as Ollama itself waits for a model to load
RAW_LIMIT = 20_000
DETAIL_LIMIT = 200
# What a template adds around the messages, at most; used only to tell whether a prompt can have been cut.
TEMPLATE_TOKENS = 200
NO_MEMORY = re.compile(r"system memory|out of memory|failed to allocate|malloc failed|no space", re.IGNORECASE)
LOOP_TAIL = 240
LOOP_PERIOD = 80


class ModelUnavailable(Exception):
    """The model can't be asked now: not this lead's failure, the work waits. `reason` is one sentence for staff."""

    def __init__(self, reason: str, raw: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw[:RAW_LIMIT]


class NoAnswer(ModelUnavailable):
    """The model was asked and nothing came: the service may be gone, or this message may be what keeps it busy."""


class BadAnswer(Exception):
    """The model was asked and its answer can't be used. `reason` is one sentence for staff, `raw` the text so far."""

    def __init__(self, reason: str, raw: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw[:RAW_LIMIT]


@dataclass(frozen=True, slots=True)
class Answer:
    """One finished answer. `duration_ms` is measured here and contains waiting in Ollama's queue and loading;
    `writing_ms` is Ollama's own figure of how long the model wrote the `answer_tokens`."""

    text: str
    model: str
    prompt_tokens: int
    answer_tokens: int
    duration_ms: int
    done_reason: str
    writing_ms: int = 0


def check(base_url: str, model: str) -> str | None:
    """None when the model can be asked, else one plain sentence for staff. Answers within about five seconds."""
    url = address(base_url)
    try:
        # Certificates take 30 ms to load, so only where there are any.
        verify = url.startswith("https")
        with ollama.Client(host=str(httpx.URL(url)), timeout=CHECK_SECONDS, trust_env=False, verify=verify) as client:
            names = [entry.model for entry in client.list().models if entry.model]
    except ollama.ResponseError as error:
        return f"Ollama at {url} answers with an error: {_clip(error.error)}"
    except (ConnectionError, httpx.HTTPError, httpx.InvalidURL):
        return f"Ollama at {url} does not answer."
    except (ValueError, TypeError, AttributeError):
        # The client's ways of stumbling over a body that is no list of models: HTML, `null`, another program's JSON.
        return f"Something answers at {url}, but it is not Ollama."
    if any(same_model(name, model) for name in names):
        return None
    return _missing(model)


def same_model(one: str, other: str) -> bool:
    """A name without a tag means the tag `latest`, as Ollama reads it."""
    return _full_name(one) == _full_name(other)


def address(base_url: str) -> str:
    """The address with a scheme and without a slash at the end, as owners also write "localhost:11434"."""
    url = base_url.strip().rstrip("/")
    return url if "://" in url else f"http://{url}"


def chat(
    *,
    base_url: str,
    model: str,
    messages: Sequence[Mapping[str, str]],
    schema: Mapping[str, Any] | None,
    timeout: float,
    temperature: float = 0.0,
    seed: int = 1,
    num_predict: int = 800,
    num_ctx: int = 8192,
    load_timeout: float = LOAD_SECONDS,
    on_text: Callable[[str], None] | None = None,
) -> Answer:
    """One answer that follows `schema`, or plain text without one.

    `timeout` is in seconds for everything together, however it drips. Loading the model doesn't count: one that is not
    in memory has `load_timeout` seconds more before its first word, and `timeout` from then on.

    `on_text` gets the text so far each time it grew. Whatever it raises ends the call, and with it the generation.

    Raises ModelUnavailable when the service is not there or not well, BadAnswer when it answered uselessly. A second
    try should pass another temperature and seed: temperature 0 repeats the same loop. Always pass the same `num_ctx`,
    a change makes Ollama load the model again.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": list(messages),
        "stream": True,
        "think": False,  # a model that can think would do so by default, which doubles the time
        "shift": False,
        "truncate": False,
        "options": {"temperature": temperature, "seed": seed, "num_predict": num_predict, "num_ctx": num_ctx},
    }
    if schema is not None:
        body["format"] = schema
    reading = _Reading(address(base_url), model, timeout, load_timeout, on_text)
    last = reading.run(body)
    _refuse_unfinished(last, reading.text, messages, num_ctx)
    return Answer(
        text=reading.text,
        model=str(last.get("model") or model),
        prompt_tokens=_count(last, "prompt_eval_count"),
        answer_tokens=_count(last, "eval_count"),
        duration_ms=round((time.monotonic() - reading.began) * 1000),
        done_reason=str(last.get("done_reason", "")),
        writing_ms=_count(last, "eval_duration") // 1_000_000,
    )


class _Reading:
    """One POST and its stream of lines, joined as they come so that a failure can still show the text so far."""

    def __init__(
        self, url: str, model: str, timeout: float, load_timeout: float, on_text: Callable[[str], None] | None
    ) -> None:
        self.url = url
        self.model = model
        self.timeout = timeout
        self.load_timeout = load_timeout
        self.on_text = on_text
        self.began = time.monotonic()
        self.until = self.began + timeout
        self.is_loading = False
        self.alarm = _Alarm()
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.parts)

    @property
    def left(self) -> float:
        return self.until - time.monotonic()

    def run(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The last line of the answer, with its figures."""
        limits = httpx.Timeout(self.timeout + self.load_timeout, connect=min(CONNECT_SECONDS, self.timeout))
        try:
            # trust_env off: a proxy in the environment would catch requests to this machine.
            with httpx.Client(timeout=limits, trust_env=False, verify=self.url.startswith("https")) as client:
                if not _is_loaded(client, self.url, body, self.timeout):
                    self.is_loading = True
                    self.until += self.load_timeout
                return self._post(client, body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._ended(error) from error

    def _post(self, client: httpx.Client, body: Mapping[str, Any]) -> dict[str, Any]:
        with client.stream("POST", f"{self.url}/api/chat", json=body) as response, self.alarm.over(response, self.left):
            if response.status_code != httpx.codes.OK:
                response.read()
                raise _refusal(response, self.url, self.model)
            for line in response.iter_lines():
                last = self._take(line)
                if last is not None:
                    return last
        raise httpx.RemoteProtocolError("the stream ended before its last line")

    def _take(self, line: str) -> dict[str, Any] | None:
        """Adds one line to the text; returns it if it is the last."""
        if not line.strip():
            return None
        try:
            chunk = json.loads(line)
        except ValueError:
            chunk = None
        if not isinstance(chunk, dict):
            raise ModelUnavailable(f"Something answers at {self.url}, but it is not Ollama.", line)
        if "error" in chunk:
            raise BadAnswer(f"Ollama stopped in the middle of the answer: {_clip(chunk['error'])}", self.text)
        self._add(chunk.get("message"))
        if len(self.parts) % 32 == 0 and is_looping(self.text):
            raise BadAnswer("The model kept repeating itself.", self.text)
        if self.left <= 0:
            raise self._ended(None)
        return chunk if chunk.get("done") else None

    def _add(self, message: object) -> None:
        if not isinstance(message, dict):
            return
        if self.is_loading:  # it is in memory now: its time begins
            self.is_loading, self.until = False, time.monotonic() + self.timeout
            self.alarm.set(self.timeout)
        piece = str(message.get("content") or "")
        self.parts.append(piece)
        if piece and self.on_text is not None:
            self.on_text(self.text)

    def _ended(self, error: Exception | None) -> Exception:
        """What a broken-off exchange means: too slow while answering is the answer's fault, all else the service's."""
        seconds = f"{self.timeout:g} seconds"
        is_late = self.left <= 0 or isinstance(error, httpx.ReadTimeout)
        if is_late and self.is_loading:
            return ModelUnavailable(f"Ollama at {self.url} is still loading the model {self.model}.")
        if self.left <= 0 and self.text:
            return BadAnswer(f"The answer was not finished after {seconds}.", self.text)
        if is_late:
            return NoAnswer(f"Ollama at {self.url} gave no answer within {seconds}.", self.text)
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.InvalidURL | httpx.UnsupportedProtocol):
            return ModelUnavailable(f"Ollama at {self.url} does not answer.")
        return NoAnswer(f"Ollama at {self.url} broke off the connection.", self.text)


def _is_loaded(client: httpx.Client, url: str, body: Mapping[str, Any], timeout: float) -> bool:
    """Whether the model is in memory with this context size. True too when that can't be told: then nothing is
    waited for beyond the answer's own time."""
    try:
        listed = client.get(f"{url}/api/ps", timeout=min(CHECK_SECONDS, timeout)).raise_for_status().json()["models"]
        named = [each for each in listed if same_model(str(each.get("model") or each.get("name")), body["model"])]
    except (httpx.TimeoutException, httpx.HTTPStatusError, ValueError, TypeError, KeyError, AttributeError):
        return True
    return any(_count(each, "context_length") in (0, body["options"]["num_ctx"]) for each in named)


class _Alarm:
    """Ends the reading when its time is up: httpx counts every read anew, so a server that drips never ends it."""

    def __init__(self) -> None:
        self.connection: socket.socket | None = None
        self.timer: Timer | None = None

    @contextmanager
    def over(self, response: httpx.Response, seconds: float) -> Iterator[None]:
        self.connection = response.extensions["network_stream"].get_extra_info("socket")
        self.set(seconds)
        try:
            yield
        finally:
            self.stop()

    def set(self, seconds: float) -> None:
        self.stop()
        self.timer = Timer(max(seconds, 0), self._ring)
        self.timer.daemon = True
        self.timer.start()

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def _ring(self) -> None:
        try:
            if self.connection is not None:
                self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it ended by itself in the same moment


def _refusal(response: httpx.Response, url: str, model: str) -> Exception:
    """What a status other than 200 means. 400 and a refused schema are about this request, the rest is not."""
    said = _said(response)
    status = response.status_code
    if status == httpx.codes.NOT_FOUND and "model" in said:
        return ModelUnavailable(_missing(model), said)
    if status == httpx.codes.BAD_REQUEST and ("context" in said or "too long" in said):
        return BadAnswer("The message is too long for the model's context.", said)
    if status == httpx.codes.BAD_REQUEST or "invalid format" in said:
        return BadAnswer(f"Ollama refused the request: {_clip(said)}", said)
    if status == httpx.codes.INTERNAL_SERVER_ERROR and not NO_MEMORY.search(said):
        # The model's process died at it: it may be this message that kills it.
        return NoAnswer(f"Ollama at {url} answers with an error: {_clip(said)}", said)
    if status == httpx.codes.SERVICE_UNAVAILABLE:
        return ModelUnavailable(f"Ollama at {url} is busy.", said)
    return ModelUnavailable(f"Ollama at {url} answers with an error: {_clip(said)}", said)


def _said(response: httpx.Response) -> str:
    """Ollama's error text; for anything else (a proxy's page) the status alone, pages are no use to staff."""
    try:
        body = response.json()
    except ValueError:
        return f"HTTP status {response.status_code}"
    error = body.get("error") if isinstance(body, dict) else None
    return str(error) if error else f"HTTP status {response.status_code}"


def _refuse_unfinished(last: Mapping[str, Any], text: str, messages: Sequence[Mapping[str, str]], num_ctx: int) -> None:
    reason = last.get("done_reason")
    if reason == "length":
        raise BadAnswer(f"The answer was cut off after {_count(last, 'eval_count')} tokens.", text)
    if reason != "stop":
        raise BadAnswer(f"The model ended without an answer ({_clip(reason)}).", text)
    if _was_cut(_count(last, "prompt_eval_count"), messages, num_ctx):
        raise BadAnswer("The message was too long: Ollama read only the end of it.", text)
    if not text.strip():
        raise BadAnswer("The answer was empty.", text)


def _was_cut(prompt_tokens: int, messages: Sequence[Mapping[str, str]], num_ctx: int) -> bool:
    """Servers that don't know `shift` keep just over half the context. A token is never less than one byte."""
    size = sum(len(message["content"].encode()) for message in messages) + TEMPLATE_TOKENS
    return size >= num_ctx and num_ctx // 2 <= prompt_tokens <= num_ctx // 2 + 8


def is_looping(text: str) -> bool:
    """Whether the end of the text is the same few characters again and again, or nothing but white space."""
    tail = text[-LOOP_TAIL:]
    if len(tail) < LOOP_TAIL:
        return False
    return not tail.strip() or any(tail[period:] == tail[:-period] for period in range(1, LOOP_PERIOD + 1))


def _full_name(model: str) -> str:
    name = model.strip().casefold()
    return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"


def _missing(model: str) -> str:
    return f"The model {model} is not there; run: ollama pull {model}"


def _count(last: Mapping[str, Any], key: str) -> int:
    value = last.get(key)
    return value if isinstance(value, int) else 0


def _clip(said: object) -> str:
    return " ".join(str(said).split())[:DETAIL_LIMIT]
