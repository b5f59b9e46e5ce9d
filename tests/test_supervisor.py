"""`manage.py up` as an owner runs it: the real programs, on free ports, killed in every way."""

import datetime as dt
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
QUICK = ("--sweep-every", "0.5", "--probe-every", "0.5", "--stall-limit", "4")


class Running:
    """A running baseCamp and all processes that ever belonged to it."""

    def __init__(self, process: subprocess.Popen[str], port: int, output: Path) -> None:
        self.supervisor = process
        self.url = f"http://127.0.0.1:{port}"
        self.output = output
        self.seen: dict[int, psutil.Process] = {}

    def processes(self) -> list[psutil.Process]:
        if psutil.pid_exists(self.supervisor.pid):
            family = psutil.Process(self.supervisor.pid)
            for process in (family, *family.children(recursive=True)):
                self.seen[process.pid] = process
        return [process for process in self.seen.values() if is_alive(process)]

    def readyz(self) -> tuple[int, dict]:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError as error:
            return 0, {"reasons": [str(error)]}

    def wait_until_ready(self) -> None:
        wait(lambda: self.readyz()[0] == 200, 90, lambda: f"{self.readyz()}\n{self.output.read_text()}")

    def programs(self) -> list[psutil.Process]:
        return [child for child in psutil.Process(self.supervisor.pid).children() if is_alive(child)]

    def program(self, *words: str) -> psutil.Process:
        """The main process of one program: the supervisor's own child with all these words in its command."""
        (found,) = [child for child in self.programs() if set(words) <= set(child.cmdline())]
        return found

    def worker(self, name: str) -> psutil.Process:
        return self.program("worker", name)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait(is_done: Callable[[], bool], seconds: float, explain: Callable[[], object] = lambda: "") -> None:
    end = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < end, explain()
        time.sleep(0.1)


def has_ended(process: psutil.Process, *, within: float) -> bool:
    end = time.monotonic() + within
    while is_alive(process) and time.monotonic() < end:
        time.sleep(0.1)
    return not is_alive(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests here: only the first start collects the static files."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def start(data_dir: Path, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started = []

    def up(*options: str, **variables: str) -> Running:
        port = int(variables.get("PORT", 0)) or free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "SITE_URL")},
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": f"sqlite:///{data_dir / 'basecamp.sqlite3'}",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "CHROMA_PORT": str(free_port()),
            "CHROMA_URL": "",
            "OLLAMA_BASE_URL": f"http://127.0.0.1:{free_port()}",
            "AIRTABLE_API_KEY": "",
            "SECRET_KEY": "s" * 50,
            **variables,
        }
        output = tmp_path / "output.txt"
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *options],
            cwd=ROOT,
            env=environment,
            stdout=output.open("w"),
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(Running(process, port, output))
        return started[-1]

    yield up
    for running in started:
        for process in running.processes():
            process.kill()
        running.supervisor.wait()


def test_starts_announces_itself_and_stops_in_order(start: Callable[..., Running], data_dir: Path) -> None:
    running = start()
    running.wait_until_ready()
    wait(lambda: "Stop with Ctrl-C." in running.output.read_text(), 10)
    code = (data_dir / "setup_code").read_text()
    assert f"one-time code {code}" in running.output.read_text()
    assert (data_dir / "setup_code").stat().st_mode & 0o777 == 0o600
    processes = running.processes()
    assert len(processes) >= 20

    log = data_dir / "logs" / "supervisor.log"
    before = len(log.read_text())
    running.supervisor.send_signal(signal.SIGINT)

    assert running.supervisor.wait(timeout=60) == 0
    assert [process for process in processes if is_alive(process)] == []
    stopped = [
        line.split("stopped: ")[1].split()[0] for line in log.read_text()[before:].splitlines() if "stopped:" in line
    ]
    # The announcer may be about to end by itself, its last line just written.
    order = [name.split("-")[0] for name in stopped if name != "announce"]
    assert order == ["web", "clock", "worker", "worker", "worker", "chroma"]
    assert running.output.read_text().endswith("baseCamp has stopped.\n")


def test_nothing_outlives_a_killed_supervisor(start: Callable[..., Running]) -> None:
    running = start()
    running.wait_until_ready()
    running.processes()
    running.supervisor.kill()
    running.supervisor.wait()
    wait(lambda: running.processes() == [], 20, lambda: [process.cmdline() for process in running.processes()])


@pytest.fixture
def quick(start: Callable[..., Running]) -> Running:
    running = start("--only", "workers,clock,web,chroma", *QUICK)
    running.wait_until_ready()
    return running


def test_dead_programs_come_back_alone(quick: Running) -> None:
    """No second cluster beside the first one's orphans, whichever of its processes died."""
    cluster = quick.worker("basecamp")
    family = cluster.children(recursive=True)
    other_sentinel = quick.worker("ml").children()[0]
    other_family = other_sentinel.children(recursive=True)

    for process in (cluster, other_sentinel, quick.program("gunicorn"), quick.program("run", "--path")):
        process.kill()

    wait(lambda: not any(is_alive(process) for process in (*family, *other_family)), 10)
    wait(lambda: len(quick.programs()) == 6 and quick.readyz()[0] == 200, 40, quick.output.read_text)
    for name in ("web", "chroma", "worker-basecamp", "worker-ml"):
        assert f"{name} stopped unexpectedly and is started again." in quick.output.read_text()


def kill_idle_workers(sentinel: psutil.Process) -> None:
    """The one that waits for work dies holding the queue's lock; one that is still starting holds none."""
    workers = sentinel.children()[:2]
    wait(lambda: all(is_at_rest(process) for process in workers), 40, lambda: "the workers never rest")
    for process in workers:
        process.kill()


def is_at_rest(process: psutil.Process) -> bool:
    before = process.cpu_times()
    time.sleep(0.2)  # well below the time between two probes
    return process.cpu_times()[:2] == before[:2]


def kill_monitor(sentinel: psutil.Process) -> None:
    """Tasks run on, but none is struck off any more."""
    sentinel.children()[2].kill()


def suspend_all(sentinel: psutil.Process) -> None:
    for process in sentinel.children():
        process.suspend()


@pytest.mark.parametrize("harm", [kill_idle_workers, kill_monitor, suspend_all])
def test_frozen_cluster_is_started_again(
    quick: Running, data_dir: Path, harm: Callable[[psutil.Process], None]
) -> None:
    frozen = quick.worker("basecamp")
    # Whoever is just at work when it dies takes no lock with it, and the cluster lives on: then once more.
    for _ in range(4):
        with suppress(psutil.NoSuchProcess, IndexError):  # it is being ended at this moment
            harm(frozen.children()[0])
        if has_ended(frozen, within=20):
            break
    assert not is_alive(frozen), quick.output.read_text()
    restarted_at = dt.datetime.now(dt.UTC)
    assert "The basecamp workers stopped answering" in quick.output.read_text()
    wait(lambda: last_beat(data_dir, "basecamp") > restarted_at, 40, quick.output.read_text)
    assert quick.worker("basecamp").pid != frozen.pid


def last_beat(data_dir: Path, cluster: str) -> dt.datetime:
    with closing(sqlite3.connect(data_dir / "basecamp.sqlite3", timeout=20)) as database:
        row = database.execute("SELECT beat_at FROM leads_heartbeat WHERE cluster = ?", [cluster]).fetchone()
        return dt.datetime.fromisoformat(row[0] if row else "2000-01-01").replace(tzinfo=dt.UTC)


def test_second_start_on_the_same_data_is_refused(start: Callable[..., Running], quick: Running) -> None:
    second = start()
    assert second.supervisor.wait(timeout=60) == 1
    pid = quick.supervisor.pid
    assert f"baseCamp runs here already, as process {pid}." in second.output.read_text()


@pytest.mark.parametrize("name", ["PORT", "CHROMA_PORT"])
def test_taken_port_is_named(start: Callable[..., Running], name: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = start(**{name: str(port)})
        assert refused.supervisor.wait(timeout=60) == 1
    assert refused.output.read_text().strip() == (
        f"CommandError: Port {port} is taken by another program. Stop that program, or set {name} to a free port."
    )


def test_database_that_is_not_there_is_named(start: Callable[..., Running]) -> None:
    refused = start(DATABASE_URL=f"postgres://a:b@127.0.0.1:{free_port()}/c")
    assert refused.supervisor.wait(timeout=60) == 1
    first, last = refused.output.read_text().strip().splitlines()
    assert first == "baseCamp is starting …"
    assert last.startswith("CommandError: The database can't be used: connection")
    assert last.endswith("Check DATABASE_URL.")
