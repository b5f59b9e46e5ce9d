"""The second start: from the command to ready."""

import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, at_most
from tests.stack import Stack


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        stack.start()
        stack.stop()
        start = time.perf_counter()
        stack.start()
        seconds = time.perf_counter() - start
        stack.stop()
    return [at_most("Second start to ready", seconds, 10, " s")]
