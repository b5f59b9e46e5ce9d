"""What the Ollama stand-in knows of its library: pulling models, with progress, ends and errors as Ollama has them."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Library:
    """`sizes` are the models that can be had, in bytes; any other name fails as an unknown one does.

    `seconds` is how long one takes, in so many `pieces`. `errors` are the next pulls' errors in Ollama's words, each
    after so many lines. What arrived is kept: a pull that was broken off goes on from there.
    """

    sizes: dict[str, int] = field(
        default_factory=lambda: {"qwen2.5:3b": 1_930_000_000, "smollm2:135m": 271_000_000, "phi4:latest": 9_053_000_000}
    )
    seconds: float = 0.0
    pieces: int = 10
    errors: list[tuple[int, str]] = field(default_factory=list)
    arrived: dict[str, int] = field(default_factory=dict)
    pulled: list[str] = field(default_factory=list)  # the names asked for, in order

    def lines(self, name: str, pause: Callable[[float], None]) -> Iterator[dict[str, Any]]:
        """The lines of one pull; `pause` waits that many seconds and raises if the client has gone."""
        self.pulled.append(name)
        after, error = self.errors.pop(0) if self.errors else (0, "")
        yield {"status": "pulling manifest"}
        if name not in self.sizes and not error:
            error = "pull model manifest: file does not exist"
        if error and not after:
            yield {"error": error}
            return
        total = self.sizes[name]
        for place, line in enumerate(self._layer(name, total, pause), start=1):
            yield line
            if error and place >= after:
                yield {"error": error}
                return
        yield from ({"status": said} for said in ("verifying sha256 digest", "writing manifest", "success"))

    def _layer(self, name: str, total: int, pause: Callable[[float], None]) -> Iterator[dict[str, Any]]:
        digest = hashlib.sha256(name.encode()).hexdigest()
        line = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": total}
        while (done := self.arrived.get(name, 0)) < total:
            yield {**line, "completed": done} if done else line
            pause(self.seconds / self.pieces)
            self.arrived[name] = min(total, done + -(-total // self.pieces))
        yield {**line, "completed": total}
