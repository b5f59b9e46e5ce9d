import os
import platform
import sys
from importlib import metadata
from typing import Any

from django.conf import settings
from django.core.checks import run_checks
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from basecamp import __version__, health, pids, programs
from basecamp.health import Check, State
from basecamp.management.commands.up import is_free

MARKS = {State.OK: "ok     ", State.WARNING: "look   ", State.DOWN: "BROKEN "}
START = "Start baseCamp with `make run`."


class Command(BaseCommand):
    help = "Says in plain words what works and what doesn't; ends with 1 when something needed is broken."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        checks = [python(), packages(), code(), data_folder(), migrations(), *ports(), *health.all_checks()]
        for check in checks:
            self.stdout.write(f"{MARKS[check.state]} {check.name}: {check.sentence}")
            if check.advice and check.state is not State.OK:
                self.stdout.write(f"        {check.advice}")
        if any(check.is_blocking for check in checks):
            sys.exit(1)


def python() -> Check:
    return Check("Python", State.OK, f"{platform.python_version()} in {sys.prefix}.")


def packages() -> Check:
    """Compares what is installed with the exact versions in requirements.txt."""
    wrong = []
    for line in (settings.BASE_DIR / "requirements.txt").read_text().splitlines():
        name, _, wanted = line.split("#")[0].strip().partition("==")
        if wanted and (found := _installed(name.split("[")[0])) != wanted:
            wrong.append(f"{name} {found or 'is missing'} (wanted {wanted})")
    if wrong:
        return Check("Packages", State.DOWN, "; ".join(wrong) + ".", "pip install -r requirements.txt", True)
    return Check("Packages", State.OK, "All are installed in the wanted versions.", is_needed=True)


def _installed(name: str) -> str:
    try:
        return metadata.version(name).split("+")[0]  # "+cpu" is the same version, built for less
    except metadata.PackageNotFoundError:
        return ""


def code() -> Check:
    """Django's own look at settings, models and addresses."""
    problems = [problem for problem in run_checks() if problem.is_serious()]
    if problems:
        return Check("Program", State.DOWN, " ".join(str(problem.msg) for problem in problems), "", True)
    return Check("Program", State.OK, f"baseCamp {__version__}.", is_needed=True)


def data_folder() -> Check:
    folder = settings.DATA_DIR
    unwritable = [str(path) for path in (folder, *folder.iterdir()) if not os.access(path, os.W_OK)]
    if unwritable:
        advice = "Make it writable for the user that runs baseCamp, or set DATA_DIR."
        return Check("Data folder", State.DOWN, f"Can't write to {', '.join(unwritable)}.", advice, True)
    return Check("Data folder", State.OK, f"{folder} can be written to.", is_needed=True)


def migrations() -> Check:
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        return Check("Tables", State.DOWN, f"Can't be read: {error}".strip(), "Check DATABASE_URL.", True)
    if missing:
        advice = f"python manage.py migrate; or: {START}"
        return Check("Tables", State.DOWN, f"{missing} changes are missing.", advice, True)
    return Check("Tables", State.OK, "Up to date.", is_needed=True)


def ports() -> list[Check]:
    """While baseCamp runs its ports are rightly taken; otherwise they must be free."""
    pid = pids.holder(settings.DATA_DIR / "run" / "up.pid")
    if pid is not None:
        return [Check("Supervisor", State.OK, f"baseCamp runs as process {pid}.")]
    found = [Check("Supervisor", State.WARNING, "baseCamp does not run here.", START)]
    for name, (host, port) in programs.ports(programs.Plan()).items():
        if not is_free(host, port):
            advice = f"Stop that program, or set {name} to a free port."
            found.append(Check(name, State.DOWN, f"Port {port} is taken by another program.", advice, True))
    return found
