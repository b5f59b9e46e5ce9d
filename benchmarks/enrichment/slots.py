"""Leads a minute with two slots beside one: `python -m benchmarks enrichment.slots`.

The whole product runs against a scripted server that takes the same time for every answer and works on as many at once
as OLLAMA_NUM_PARALLEL says.
"""

import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure, at_least, at_most
from tests.servers.ollama import OllamaServer
from tests.stack import ROOT, Stack, wait_for

COUNT = 30
SECONDS = 1.0  # per answer

STORE = """
from leads.intake import receive
for number in range(%d):
    receive(f"Inquiry {number}: my brakes squeal, what would new pads cost?", source="api")
"""


def run() -> list[Figure]:
    one, most_one = _rate(1)
    two, most_two = _rate(2)
    print(f"  one slot {one:.2f} answers/s, two slots {two:.2f}; at once {most_one} and {most_two}")
    return [
        at_least("Answers/s with two slots ÷ with one", two / one, 1.8),
        at_most("Asked at once with one slot", most_one, 1),
        at_most("Asked at once with two slots", most_two, 2),
    ]


def _rate(slots: int) -> tuple[float, int]:
    """Answers a second between the first and the last, and how many were asked for at once."""
    with tempfile.TemporaryDirectory() as name, OllamaServer(delay=SECONDS, parallel=8) as server:
        folder = Path(name)
        stack = Stack(folder, OLLAMA_BASE_URL=server.url, OLLAMA_NUM_PARALLEL=str(slots), OLLAMA_MODEL="mistral:latest")
        stack.start()
        try:
            store(stack)
            wait_for(lambda: answered(folder) >= 1, seconds=120, every=0.02)
            start = time.perf_counter()
            wait_for(lambda: answered(folder) >= COUNT, seconds=240, every=0.02)
            taken = time.perf_counter() - start
        finally:
            stack.stop()
        return (COUNT - 1) / taken, server.most_at_once


def store(stack: Stack) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", STORE % COUNT],
        cwd=ROOT,
        env=stack.environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def answered(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "basecamp.sqlite3", timeout=20)) as database:
        (count,) = database.execute("SELECT count(*) FROM enrichment_enrichment").fetchone()
    return int(count)
