import errno
import os
import socket
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from basecamp import pids, programs, watch
from basecamp.programs import PARTS, Plan
from basecamp.setup import prepare


class Command(BaseCommand):
    help = "Starts baseCamp: web, workers, clock and Chroma under one supervisor. Ctrl-C stops it."
    requires_system_checks: list[str] = []  # they would take a second of each start; `doctor` and CI run them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", type=parts, default=PARTS, metavar="PARTS", help=f"Some of {','.join(PARTS)}.")
        parser.add_argument("--no-prepare", action="store_true", help="Another container prepares the database.")
        parser.add_argument("--verbose", action="store_true", help="Show all that the programs log, not only trouble.")
        parser.add_argument("--shared", action="store_true", help="The same clusters run on other machines as well.")
        parser.add_argument("--run-dir", type=Path, default=settings.DATA_DIR / "run", help="For this machine's pids.")
        parser.add_argument("--log-dir", type=Path, default=settings.DATA_DIR / "logs")
        parser.add_argument("--sweep-every", type=float, default=2, help="Seconds between looks for due work.")
        parser.add_argument("--probe-every", type=float, default=10, help="Seconds between probes of the workers.")
        parser.add_argument("--stall-limit", type=float, default=30, help="Seconds of silence that end a cluster.")

    def handle(self, *, no_prepare: bool, verbose: bool, log_dir: Path, **options: Any) -> None:
        plan = Plan(
            parts=options["only"],
            run_dir=options["run_dir"].resolve(),
            is_shared=options["shared"],
            sweep_every=options["sweep_every"],
            probe_every=options["probe_every"],
            stall_limit=options["stall_limit"],
        )
        self.take_lock(plan.run_dir)
        require_free_ports(plan)
        if not no_prepare:
            self.stdout.write("baseCamp is starting …")
            self.stdout.flush()
            self.prepare()
            if "workers" in plan.parts and not plan.is_shared:
                watch.forget_beats(settings.CLUSTERS)
        connections.close_all()
        log_dir.mkdir(parents=True, exist_ok=True)
        path = plan.run_dir / "supervisord.conf"
        path.write_text(programs.configuration(plan, logs=log_dir.resolve(), supervisor_pid=os.getpid()))
        os.chdir(settings.BASE_DIR)
        flags = ["--verbose"] if verbose else []
        # This process becomes the supervisor: same pid, without the memory that Django takes.
        os.execv(sys.executable, [sys.executable, "-m", "basecamp.supervisor", str(path), *flags])

    def prepare(self) -> None:
        try:
            prepare()
        except OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"The database can't be used: {reason}. Check DATABASE_URL.") from None

    def take_lock(self, run_dir: Path) -> None:
        handle = pids.take(run_dir / "up.pid")
        if handle is None:
            pid = pids.holder(run_dir / "up.pid")
            raise CommandError(f"baseCamp runs here already, as process {pid}. Stop it first, or set another DATA_DIR.")
        os.set_inheritable(handle, True)


def parts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if unknown := sorted(set(names) - set(PARTS)):
        raise CommandError(f"--only knows {', '.join(PARTS)}, not {', '.join(unknown)}.")
    return names


def require_free_ports(plan: Plan, *, patience: float = 5) -> None:
    """Says which port is taken, and by which variable to choose another. What just stopped may take a moment."""
    end = time.monotonic() + patience
    addresses = programs.ports(plan)
    if len({port for _, port in addresses.values()}) < len(addresses):
        raise CommandError(f"{' and '.join(addresses)} are the same port. Set one of them to another.")
    for name, address in addresses.items():
        while not is_free(*address):
            if time.monotonic() > end:
                raise CommandError(
                    f"Port {address[1]} is taken by another program. Stop that program, or set {name} to a free port."
                )
            time.sleep(0.2)


def is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise CommandError(f"Can't listen on {host}, port {port}: {error.strerror}. Check HOST and PORT.") from None
    return True
