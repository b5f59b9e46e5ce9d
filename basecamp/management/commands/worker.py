import gc
import logging
import os
import signal
import sys
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils.module_loading import import_string
from django_q.cluster import Cluster
from django_q.conf import Conf

from basecamp import leash, watch
from leads import pipeline, tasks

logger = logging.getLogger(__name__)


LAST_BATCH = 20  # seconds to finish the batch at hand; what is cut off is in rows and is done again


class Workers(Cluster):
    """A cluster whose workers hear at once that they are to stop, and end their shift after the batch at hand."""

    def sig_handler(self, signum: int, frame: object) -> None:
        tasks.stopping[0] = 1
        # A cluster that is frozen would never stop, and the supervisor may be gone: then nobody else ends it.
        last = Timer(LAST_BATCH, self.give_up)
        last.daemon = True
        last.start()
        super().sig_handler(signum, frame)

    def give_up(self) -> None:
        """Ends the sentinel, and with it all that it started: they are on its leash."""
        with suppress(ProcessLookupError):
            os.kill(self.sentinel.pid, signal.SIGKILL)
        os._exit(1)


class Command(BaseCommand):
    help = "Runs one cluster of workers; all of its processes end with it. `up` starts them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=settings.CLUSTERS)
        parser.add_argument("--run-dir", type=Path, default=settings.DATA_DIR / "run", help="Where the pid file goes.")
        parser.add_argument(
            "--shared",
            action="store_true",
            help="The same cluster runs elsewhere on this database too: leave alone what its workers hold.",
        )

    def handle(self, *, name: str, run_dir: Path, shared: bool, **options: Any) -> None:
        self.become(name)
        try:
            # Kept open until the last process of the cluster is gone.
            watch.wait_until_free(run_dir / f"{name}.pid", seconds=20)
        except TimeoutError as error:
            raise CommandError(f"The {name} workers run already. {error}") from None
        if not shared and (count := watch.release(name)):
            logger.warning("Gave back %s rows that the %s workers held before", count, name)
        pipeline.ring(name)
        self.load(name)
        connections.close_all()
        gc.collect()
        gc.freeze()  # what is loaded by now stays shared: the children's collectors would copy it by touching it
        leash.leash_children()
        Workers().start()

    def load(self, name: str) -> None:
        """Before the fork, so that the workers share the memory and none is slow at its first lead."""
        loader = settings.CLUSTER_LOADS.get(name)
        if loader:
            import_string(loader)()

    def become(self, name: str) -> None:
        """django-q reads the cluster's name from the environment when it is imported, which was before us."""
        if name == Conf.CLUSTER_NAME:
            return
        if os.environ.get("Q_CLUSTER_NAME") == name:
            raise CommandError(f"settings.Q_CLUSTER knows no cluster {name}.")
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "Q_CLUSTER_NAME": name})
