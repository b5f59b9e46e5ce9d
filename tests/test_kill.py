"""Whatever dies in the middle, every inquiry ends enriched, with exactly one Airtable record."""

import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.servers.airtable import AirtableServer
from tests.servers.ollama import OllamaServer
from tests.stack import Stack, wait_for

COUNT = 120
WATCHFUL = ("--stall-limit", "8", "--probe-every", "2")


def cluster(stack: Stack, name: str) -> psutil.Process:
    """The main process of a cluster; below it is the sentinel, below that workers, monitor and pusher."""

    def is_there() -> psutil.Process | None:
        found = [p for p in stack.processes() if is_worker(p, name)]
        return next((p for p in found if p.ppid() not in {other.pid for other in found} and p.children()), None)

    main: psutil.Process = wait_for(is_there, seconds=30)
    return main


def is_worker(process: psutil.Process, name: str) -> bool:
    with suppress(psutil.Error):  # it ended just now
        words = process.cmdline()
        return "worker" in words and name in words
    return False


def kill(process: psutil.Process) -> None:
    os.kill(process.pid, signal.SIGKILL)


def kill_all_below_the_sentinel(stack: Stack, name: str) -> None:
    """Worker, monitor and pusher: whichever holds a queue's lock takes it to the grave."""
    (sentinel,) = cluster(stack, name).children()
    for process in sentinel.children():
        kill(process)


def kill_a_cluster(stack: Stack) -> None:
    kill(cluster(stack, "ml"))


def kill_chroma(stack: Stack) -> None:
    kill(next(p for p in stack.processes() if "chroma" in " ".join(p.cmdline()[:3]) and "run" in p.cmdline()))


def kill_supervisor(stack: Stack) -> None:
    assert stack.process is not None
    family = stack.processes()
    stack.process.kill()
    stack.process.wait()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive, f"Orphans: {[p.cmdline() for p in alive]}"
    stack.start(*WATCHFUL)


def submit(stack: Stack, client: httpx.Client, number: int) -> None:
    """As a careful client does: until there is an answer, with the same key."""
    body = {
        "message": f"Hi, my car number {number} needs new brakes next Friday. Thanks, Ana Number{number}",
        "contact": {"email": f"ana{number}@example.com"},
        "idempotency_key": f"inquiry-{number}",
    }

    def is_taken() -> bool:
        try:
            return client.post("/intake", json=body).status_code in (200, 201)
        except httpx.HTTPError:
            return False

    wait_for(is_taken, seconds=90)


def run_states(folder: Path) -> Counter[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{folder}/basecamp.sqlite3?mode=ro", uri=True, timeout=20)) as database:
        return Counter(database.execute("SELECT stage, state FROM leads_stagerun").fetchall())


@pytest.mark.timeout(420)
def test_all_inquiries_survive_kills(tmp_path):
    with AirtableServer() as airtable, OllamaServer() as ollama:
        stack = Stack(
            tmp_path,
            OLLAMA_BASE_URL=ollama.url,
            OLLAMA_TIMEOUT="10",
            AIRTABLE_API_KEY=airtable.token,
            AIRTABLE_BASE_ID=airtable.base_id,
            AIRTABLE_ENDPOINT_URL=airtable.url,
        )
        stack.start(*WATCHFUL)
        try:
            flood_and_kill(stack)
            stages = ("extract", "embed", "duplicates", "enrich", "score", "push")
            done = Counter({(stage, "succeeded"): COUNT for stage in stages})

            def is_all_done() -> bool:
                return run_states(tmp_path) == done

            wait_for(is_all_done, seconds=300, every=1)
            ids = Counter(record["fields"]["Lead ID"] for record in airtable.records)
            assert (len(ids), set(ids.values())) == (COUNT, {1})
            # Calls of programs that are starved may bunch up on their way: then all wait, and nobody hammers.
            assert airtable.violations < 5
            assert {record["fields"]["Summary"] != "" for record in airtable.records} == {True}
        finally:
            stack.stop()


def flood_and_kill(stack: Stack) -> None:
    kills: dict[int, Callable[[], None]] = {
        24: lambda: kill_all_below_the_sentinel(stack, "basecamp"),
        48: lambda: kill_a_cluster(stack),
        66: lambda: kill_chroma(stack),
        84: lambda: kill_all_below_the_sentinel(stack, "llm"),
        102: lambda: kill_supervisor(stack),
    }
    with stack.api("intake") as client, ThreadPoolExecutor(4) as senders:
        waiting = []
        for number in range(COUNT):
            waiting.append(senders.submit(submit, stack, client, number))
            if number in kills:
                waiting[-4].result()
                kills[number]()
        for sent in waiting:
            sent.result()
