"""The whole product as its owner runs it: `manage.py up` in a folder and on ports of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
OWNER = {
    "DJANGO_SUPERUSER_USERNAME": "olivia",
    "DJANGO_SUPERUSER_EMAIL": "olivia@example.com",
    "DJANGO_SUPERUSER_PASSWORD": "correct horse battery",
}


def wait_for(what: Callable[[], Any], *, seconds: float, every: float = 0.2) -> Any:
    """Asks until the answer is true, and returns it; fails with the last answer when the time is over."""
    end = time.monotonic() + seconds
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < end, f"Not within {seconds} s: {what.__name__}, last answer {answer!r}"
        time.sleep(every)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """A running product. `environment` adds to or replaces what the test process has."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        clean = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "SECRET_KEY")}
        self.environment = clean | {
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "CHROMA_PORT": str(free_port()),
            "OLLAMA_BASE_URL": f"http://127.0.0.1:{free_port()}",  # nobody there, unless a test says otherwise
            "AIRTABLE_API_KEY": "",
            "AIRTABLE_BASE_ID": "",
            "AIRTABLE_WAIT": "2",
            **OWNER,
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.is_up = "readyz"

    def start(self, *options: str, seconds: float = 60, is_up: str = "readyz") -> None:
        """Returns once the page `is_up` says so: “healthz” where only the web is started."""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *options],
            cwd=ROOT,
            env=self.environment,
            stdout=(self.folder / "terminal.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.is_up = is_up
        wait_for(self.is_ready, seconds=seconds)

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "terminal.log").read_text()
        try:
            return httpx.get(f"{self.url}/{self.is_up}", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, *, seconds: float = 60) -> None:
        """As Ctrl-C does; whatever is left after so many seconds is killed, and that is a failure."""
        if self.process is None or self.process.poll() is not None:
            return
        family = self.processes()
        self.process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs([psutil.Process(self.process.pid), *family], timeout=seconds)
        for process in alive:
            process.kill()
        self.process.wait()
        assert not alive, f"Still running after Ctrl-C: {alive}"

    def processes(self) -> list[psutil.Process]:
        """Everything below the supervisor."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def api(self, *scopes: str) -> httpx.Client:
        """A client of the API with a fresh key."""
        options = [option for scope in scopes for option in ("--scope", scope)]
        key = next(word for word in self.manage("create_api_key", "tests", *options).split() if word.startswith("bc_"))
        return httpx.Client(
            base_url=f"{self.url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False
        )


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Stack]:
    stack = Stack(folder, **environment)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
