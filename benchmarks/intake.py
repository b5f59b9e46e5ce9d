"""Accepting a public submission, beside a bare Django view that inserts one row: same server, same database."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.load import Load, post, send_all
from tests.stack import ROOT, Stack, wait_for

AT_ONCE = 50
ROUND = 2000
ROUNDS = 3
ALL = 10_000

# Run inside the product's environment: a form, and tokens that are old enough to be sent.
SEED = """
import time
from unittest import mock
from leads import form_tokens
from leads.models import PublicForm
PublicForm.objects.get_or_create(key="bench", defaults={"name": "Bench"})
with mock.patch("django.core.signing.time.time", return_value=time.time() - 60):
    for _ in range(%d):
        print(form_tokens.new_token("bench"))
"""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), DJANGO_SETTINGS_MODULE="benchmarks.settings")
        stack.manage("prepare")
        tokens = stack.manage("shell", "--no-imports", "-c", SEED % (ROUNDS * ROUND + ALL)).split()
        server = _web(stack)
        try:
            return _measure(stack, tokens)
        finally:
            server.terminate()
            server.wait()


def _web(stack: Stack) -> "subprocess.Popen[bytes]":
    command = stack.manage(
        "shell", "--no-imports", "-c", "from basecamp.programs import _web; print(*_web().command)"
    ).split()
    environment = stack.environment | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    wait_for(lambda: _is_up(stack), seconds=30)
    return server


def _is_up(stack: Stack) -> bool:
    try:
        return send_all(stack.port, [b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"], at_once=1).statuses == {
            200: 1
        }
    except OSError:
        return False


def _measure(stack: Stack, tokens: list[str]) -> list[Figure]:
    forms = [_submission(number, token) for number, token in enumerate(tokens)]
    bare = [post("/bench/bare/", {"message": "x"})] * ROUND
    send_all(stack.port, bare[:200], at_once=AT_ONCE)  # warm both up
    ratios, last = [], None
    for turn in range(ROUNDS):
        yardstick = send_all(stack.port, bare, at_once=AT_ONCE)
        last = send_all(stack.port, forms[turn * ROUND : (turn + 1) * ROUND], at_once=AT_ONCE)
        ratios.append(last.per_second / yardstick.per_second)
        print(f"  bare {yardstick.per_second:.0f}/s, form {last.per_second:.0f}/s")
    flood = send_all(stack.port, forms[ROUNDS * ROUND :], at_once=AT_ONCE)
    return [
        at_least("Form submissions/s ÷ bare inserts/s (median of 3)", statistics.median(ratios), 0.6),
        at_most(f"p99 of a submission, {AT_ONCE} at once", flood.percentile(0.99) * 1000, 250, " ms"),
        _kept(stack, flood),
    ]


def _submission(number: int, token: str) -> bytes:
    fields = {"first_name": "Ana", "last_name": f"Silva {number}", "email": f"ana{number}@example.com", "website": ""}
    message = f"My brakes squeal when I stop, car number {number}. Could you look at it next Friday?"
    return post("/f/bench/", fields | {"phone": "", "company": "", "message": message, "token": token})


def _kept(stack: Stack, flood: Load) -> Figure:
    count = "from leads.models import Submission; print(Submission.objects.count())"
    kept = int(stack.manage("shell", "--no-imports", "-c", count)) - ROUNDS * ROUND
    accepted = flood.statuses.get(302, 0)
    return Figure("Submissions kept", f"{kept} of {ALL}", f"{ALL} of {ALL}", kept == accepted == ALL)
