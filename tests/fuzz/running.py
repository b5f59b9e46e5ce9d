"""schemathesis with all its checks against the API of a running web process, with a database of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.stack import ROOT, Stack, wait_for

HERE = Path(__file__).parent
LONGEST_LINE = 1500  # characters; bodies may have hundreds of thousands
SETUP = """
from leads import api_keys, samples
samples.load()
print(api_keys.create("Fuzz", scopes=api_keys.Scope.values, requests_per_minute=100_000_000).text)
"""


@dataclass(frozen=True)
class Report:
    """`cases`: requests that were made up; `failures`: unique ones that schemathesis reports."""

    is_clean: bool
    cases: int
    operations: int
    failures: int
    seconds: float
    output: str


def run(folder: Path, *, examples: int, seed: int) -> Report:
    """Phases, checks and modes are schemathesis's own: all of them."""
    stack = Stack(folder)
    stack.manage("prepare")
    key = stack.manage("shell", "--no-imports", "-c", SETUP).split()[-1]
    with _web(stack):
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
        command += ["run", f"{stack.url}/api/openapi.json", "--checks", "all"]
        # Both ways to show a key: else it makes one up for the other, and hardly gets past 401.
        command += ["--header", f"X-API-Key: {key}", "--header", f"Authorization: Bearer {key}"]
        command += ["--max-examples", str(examples), "--seed", str(seed), "--generation-database", "none"]
        command += ["--continue-on-failure", "--output-sanitize", "false"]
        environment = os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "NO_COLOR": "1"}
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return _report(done.returncode, "\n".join(line[:LONGEST_LINE] for line in lines))


def _report(code: int, output: str) -> Report:
    def figure(pattern: str) -> float:
        found = re.search(pattern, output)
        return float(found[1]) if found else 0

    return Report(
        is_clean=code == 0,
        cases=int(figure(r"(\d+) generated")),
        operations=int(figure(r"Tested: +(\d+)")),
        failures=int(figure(r"found (\d+) unique failure")),
        seconds=figure(r"in (\d+\.\d+)s ="),
        output=output,
    )


@contextmanager
def _web(stack: Stack) -> Iterator[None]:
    """The web process alone: without workers every inquiry must be taken all the same."""
    command = [sys.executable, "-m", "gunicorn", "basecamp.wsgi:application", "--bind", f"127.0.0.1:{stack.port}"]
    command += ["--worker-class", "gthread", "--limit-request-line", "8190", "--threads", "8", "--log-level", "warning"]
    log = (stack.folder / "web.log").open("ab")
    server = subprocess.Popen(command, cwd=ROOT, env=stack.environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: _is_up(stack), seconds=60)
        yield
    finally:
        server.terminate()
        server.wait()
        log.close()


def _is_up(stack: Stack) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{stack.url}/api/v1/health", timeout=5).status_code == 200
    return False
