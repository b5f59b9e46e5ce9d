"""The models that Ollama has, and getting another from its library. Pure: imports no Django.

Beside `enrichment.ollama`, which asks a model something; here nothing is asked, so no slot is needed.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx

from enrichment.ollama import address, same_model

LOOK_SECONDS = 2.0  # in which Ollama has to answer the page's three questions, together
SILENT_SECONDS = 600.0  # Ollama says nothing while it verifies what it got: minutes for a big model on a slow disk
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*){0,3}(:[a-z0-9][a-z0-9._-]*)?", re.IGNORECASE)
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Model:
    """One that is on Ollama's disk. Sizes in bytes; `in_memory` is 0 while it is not loaded, `in_vram` of it on the
    graphics card."""

    name: str
    size: int
    parameters: str = ""
    quantisation: str = ""
    in_memory: int = 0
    in_vram: int = 0

    @property
    def facts(self) -> str:
        """“7.2B · Q4_K_M · 4.4 GB”."""
        return " · ".join(part for part in (self.parameters, self.quantisation, size_in_words(self.size)) if part)

    @property
    def memory(self) -> str:
        """“5.1 GB, all on the graphics card”; empty while it is not loaded."""
        if not self.in_memory:
            return ""
        if self.in_vram >= self.in_memory:
            return f"{size_in_words(self.in_memory)}, all on the graphics card"
        if not self.in_vram:
            return f"{size_in_words(self.in_memory)} of main memory"
        return f"{size_in_words(self.in_memory)}, {size_in_words(self.in_vram)} of it on the graphics card"


@dataclass(frozen=True, slots=True)
class Library:
    """What Ollama said, or `problem`: one sentence for staff."""

    version: str = ""
    models: tuple[Model, ...] = ()
    problem: str = ""

    def find(self, name: str) -> Model | None:
        return next((model for model in self.models if same_model(model.name, name)), None)


@dataclass(slots=True)
class Progress:
    """How far a pull is, in bytes over all layers known so far. `is_done` once everything is there."""

    status: str = ""
    is_done: bool = False
    layers: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def completed(self) -> int:
        return sum(done for done, _ in self.layers.values())

    @property
    def total(self) -> int:
        return sum(total for _, total in self.layers.values())


class PullFailed(Exception):
    """It can't be had. `reason` is one sentence for staff; `is_away`: Ollama was not there, another try may do."""

    def __init__(self, reason: str, *, is_away: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_away = is_away


def is_name(text: str) -> bool:
    """Whether a model could be called so: "qwen2.5:3b", "library/mistral", "hf.co/someone/model:Q4_K_M"."""
    return len(text) <= LONGEST_NAME and NAME.fullmatch(text) is not None


def size_in_words(size: float) -> str:
    """As Ollama writes it: 4372824384 is “4.4 GB”."""
    for unit, power in (("TB", 12), ("GB", 9), ("MB", 6)):
        if size >= 0.95 * 10**power:
            return f"{size / 10**power:.{0 if unit == 'MB' else 1}f} {unit}"
    return f"{size / 1000:.0f} kB"


# ---- looking ---------------------------------------------------------------------------------------------------------


def look(base_url: str, *, seconds: float = LOOK_SECONDS) -> Library:
    """Version, models on disk and those in memory. Never raises; takes little more than `seconds`."""
    url = address(base_url)
    until = time.monotonic() + seconds
    try:
        with httpx.Client(base_url=url, trust_env=False, verify=url.startswith("https")) as client:
            version, tags, loaded = (_asked(client, path, until) for path in ("version", "tags", "ps"))
        in_memory = [_model(entry) for entry in loaded["models"]]
        return Library(str(version["version"]), tuple(_with_memory(entry, in_memory) for entry in tags["models"]))
    except httpx.HTTPStatusError as error:
        return Library(problem=f"Ollama at {url} answers with an error: HTTP status {error.response.status_code}.")
    except (httpx.HTTPError, httpx.InvalidURL):
        return Library(problem=f"Ollama at {url} does not answer.")
    except (ValueError, TypeError, KeyError, AttributeError):
        return Library(problem=f"Something answers at {url}, but it is not Ollama.")


def _asked(client: httpx.Client, path: str, until: float) -> Any:
    left = max(until - time.monotonic(), 0.05)
    return client.get(f"/api/{path}", timeout=left).raise_for_status().json()


def _model(entry: Any) -> Model:
    details = entry.get("details") or {}
    return Model(
        str(entry.get("model") or entry["name"]),
        _number(entry, "size"),
        str(details.get("parameter_size") or ""),
        str(details.get("quantization_level") or ""),
        in_vram=_number(entry, "size_vram"),
    )


def _with_memory(entry: Any, in_memory: list[Model]) -> Model:
    model = _model(entry)
    loaded = next((each for each in in_memory if same_model(each.name, model.name)), None)
    return Model(
        model.name,
        model.size,
        model.parameters,
        model.quantisation,
        in_memory=loaded.size if loaded else 0,
        in_vram=min(loaded.in_vram, loaded.size) if loaded else 0,
    )


# ---- pulling ---------------------------------------------------------------------------------------------------------


def pull(base_url: str, name: str) -> Iterator[Progress]:
    """Has Ollama get a model; yields one and the same Progress each time it said something. What was there already is
    kept, so a pull that broke off goes on where it was. Ending the iteration ends the download.

    Raises PullFailed.
    """
    url = address(base_url)
    limits = httpx.Timeout(SILENT_SECONDS, connect=5.0)
    progress = Progress()
    try:
        with (
            httpx.Client(timeout=limits, trust_env=False, verify=url.startswith("https")) as client,
            client.stream("POST", f"{url}/api/pull", json={"model": name, "stream": True}) as response,
        ):
            if response.status_code != httpx.codes.OK:
                response.read()
                raise _refused(response, url, name)
            with closing(response.iter_lines()) as lines:  # type: ignore[type-var]
                for line in lines:
                    if line.strip():
                        _take(progress, line, url, name)
                        yield progress
                    if progress.is_done:
                        return
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise PullFailed(f"Ollama at {url} does not answer.", is_away=True) from error
    except httpx.HTTPError as error:
        raise PullFailed(f"Ollama at {url} broke off the connection.", is_away=True) from error
    raise PullFailed(f"Ollama at {url} broke off the connection.", is_away=True)


def _take(progress: Progress, line: str, url: str, name: str) -> None:
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise PullFailed(f"Something answers at {url}, but it is not Ollama.")
    if "error" in said:
        raise PullFailed(in_plain_words(str(said["error"]), name))
    progress.status = str(said.get("status") or "")[:200]
    progress.is_done = progress.status == "success"
    if digest := said.get("digest"):
        # `completed` is left out at 0, and never more than there is to come.
        total = _number(said, "total")
        progress.layers[str(digest)] = (min(_number(said, "completed"), total), total)


def _refused(response: httpx.Response, url: str, name: str) -> PullFailed:
    try:
        said = str(response.json()["error"])
    except (ValueError, TypeError, KeyError):
        return PullFailed(f"Ollama at {url} answers with an error: HTTP status {response.status_code}.", is_away=True)
    return PullFailed(in_plain_words(said, name))


# What Ollama's errors mean to somebody who doesn't run registries; the first that matches.
PLAIN = (
    (r"file does not exist|not found|invalid model name|name is invalid", "Ollama's library has no model {name}."),
    (r"newer version", "{name} needs a newer Ollama. Update it from ollama.com, then try again."),
    (r"no space|disk full|not enough space", "There is no room for {name} on Ollama's disk. Make some and try again."),
    (r"unauthorized|forbidden|access denied", "Ollama may not get {name}: it is private, or has terms to accept."),
    (
        r"no such host|dial tcp|timeout|connection (refused|reset)|max retries|network|tls|EOF|certificate",
        "Ollama could not reach its library. Check that its machine is on the internet, then try again.",
    ),
    (r"digest mismatch", "What arrived of {name} was damaged. Try again."),
)  # fmt: skip


def in_plain_words(said: str, name: str) -> str:
    """One sentence for staff."""
    for pattern, sentence in PLAIN:
        if re.search(pattern, said, re.IGNORECASE):
            return sentence.format(name=name)
    return f"Ollama could not get {name}: {' '.join(said.split())[:160]}"


def _number(entry: Any, key: str) -> int:
    value = entry.get(key)
    return value if isinstance(value, int) and value > 0 else 0
