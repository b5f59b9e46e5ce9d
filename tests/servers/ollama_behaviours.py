"""Ways a chat with the Ollama stand-in can go: `server.script(busy(), length())`."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.servers.ollama_answer import Answer


@dataclass(frozen=True)
class Behaviour:
    """How one chat goes. Times are seconds; `stop_after` counts the pieces sent before `ending`."""

    status: int = 200
    error: str | None = None  # Ollama's {"error": ...}
    page: str | None = None  # a page of HTML instead, as a proxy sends
    answer: Answer | None = None  # instead of the server's own
    text: str | None = None  # instead of an answer's JSON
    write: Callable[[str], str] = str  # changes the text on its way out
    first: float = 0.0
    each: float = 0.0
    stop_after: int | None = None
    ending: str = "stop"  # stop, length, error, cut, hang
    prompt_tokens: int | None = None


def ok(answer: Answer | None = None) -> Behaviour:
    return Behaviour(answer=answer)


def says(text: str) -> Behaviour:
    """Answers with exactly this text."""
    return Behaviour(text=text)


def slow(first: float = 1.0, each: float = 0.05) -> Behaviour:
    return Behaviour(first=first, each=each)


def length() -> Behaviour:
    """Ends in the middle of the JSON because the token limit was reached."""
    return Behaviour(write=lambda text: text[: len(text) // 2], ending="length")


def loop(each: float = 0.0) -> Behaviour:
    """Begins well and goes on with white space until the limit."""
    return Behaviour(write=lambda text: text[:20] + " \n" * 3000, each=each, ending="length")


def think_leak() -> Behaviour:
    return Behaviour(write=lambda text: f'<think>Let me see. {{"intent": "sales_pitch"}} No.</think>\n\n{text}')


def format_ignored() -> Behaviour:
    return Behaviour(
        write=lambda text: f"Sure! Here is the form:\n\n```json\n{text}\n```\nLet me know what else I can do."
    )


def wrong_enum() -> Behaviour:
    return Behaviour(write=lambda text: re.sub(r'("intent": )"\w+"', r'\1"buy_now"', text))


def empty() -> Behaviour:
    return Behaviour(text="")


def truncated() -> Behaviour:
    """What a server that doesn't know `shift` does with a long prompt: keeps half the context and says nothing."""
    return Behaviour(prompt_tokens=-1)


def not_found() -> Behaviour:
    return Behaviour(status=404, error="model 'mistral:latest' not found")


def too_long() -> Behaviour:
    said = "the prompt is longer than the context length currently available to the model; shorten the prompt"
    return Behaviour(status=400, error=said)


def busy() -> Behaviour:
    return Behaviour(status=503, error="server busy, please try again.  maximum pending requests exceeded")


def out_of_memory() -> Behaviour:
    return Behaviour(status=500, error="model requires more system memory (5.6 GiB) than is available (3.2 GiB)")


def midstream_error() -> Behaviour:
    return Behaviour(stop_after=3, ending="error")


def cut_connection() -> Behaviour:
    return Behaviour(stop_after=3, ending="cut")


def html_502() -> Behaviour:
    return Behaviour(status=502, page="<html><body><h1>502 Bad Gateway</h1></body></html>")


def html_200() -> Behaviour:
    return Behaviour(page="<html><body>Please log in to the wireless network.</body></html>")


def hang() -> Behaviour:
    """Takes the request and says nothing, until the client goes or the server stops."""
    return Behaviour(stop_after=0, ending="hang")


def stall() -> Behaviour:
    """Says three pieces, then nothing."""
    return Behaviour(stop_after=3, ending="hang")


BEHAVIOURS: dict[str, Callable[[], Behaviour]] = {
    made.__name__: made
    for made in (
        ok, slow, length, loop, think_leak, format_ignored, wrong_enum, empty, truncated, not_found, too_long, busy,
        out_of_memory, midstream_error, cut_connection, html_502, html_200, hang, stall,
    )
}  # fmt: skip
