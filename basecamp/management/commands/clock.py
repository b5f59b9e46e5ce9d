import datetime as dt
import logging
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection
from django.utils import timezone
from django_q.models import Failure

from basecamp.watch import Watch
from crm_sync import chores
from crm_sync.models import SyncEvent
from enrichment import confidence, nightly, replies, restating, sweep, trials
from enrichment.models import MeaningQuery
from leads import files, forms_logo, imports, limits, mailboxes, mails, notices, outbox, pipeline, webhooks
from leads.models import Notice, WebhookDelivery

logger = logging.getLogger(__name__)

MINUTE, HOUR = 60.0, 3600.0
KEPT = 30  # days
PATIENCE = 4  # seconds that the clock waits for SQLite's lock


@dataclass
class Chore:
    """Something to do every so many seconds."""

    name: str
    every: float
    do: Callable[[], object]
    due: float = 0.0  # on the monotonic clock

    def run(self) -> None:
        """Never raises: what fails now, as while the database restarts, is tried again at the next turn."""
        self.due = time.monotonic() + self.every
        try:
            self.do()
        except Exception:  # a clock that stops would stop everything that heals itself
            logger.exception("The clock could not %s", self.name)
            close_old_connections()


class Command(BaseCommand):
    help = "Rings for due work, watches the clusters and clears out what has expired. `up` starts it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run-dir", type=Path, default=settings.DATA_DIR / "run", help="Where the pid files are.")
        parser.add_argument("--sweep-every", type=float, default=2, metavar="SECONDS")
        parser.add_argument("--probe-every", type=float, default=10, metavar="SECONDS")
        parser.add_argument("--stall-limit", type=float, default=30, metavar="SECONDS")

    def handle(
        self, *, run_dir: Path, sweep_every: float, probe_every: float, stall_limit: float, **options: Any
    ) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        if settings.IS_SQLITE:  # whoever watches must not stand in line for long: it tries again at the next turn
            connection.settings_dict["OPTIONS"]["timeout"] = PATIENCE
        watch = Watch(run_dir, stall_limit)
        rounds = [
            Chore("sweep", sweep_every, pipeline.sweep),
            Chore("have mail sent", sweep_every, outbox.ring_if_due),
            Chore("have inquiries told of", sweep_every, notices.ring_if_due),
            Chore("have webhooks taken in", sweep_every, webhooks.ring_if_due),
            Chore("have mailboxes looked into", sweep_every, mailboxes.ring_if_due),
            Chore("have mails taken in", sweep_every, mails.ring_if_due),
            Chore("go on with imports", sweep_every, imports.ring_if_due),
            Chore("have images cleaned", sweep_every, files.ring_if_due),
            Chore("have the CRM follow", sweep_every, chores.ring_if_due),
            Chore("probe the workers", probe_every, watch.probe),
            Chore("clear out", HOUR, clear_out),
            Chore("start learning", MINUTE, nightly.start_refit),
            Chore("learn how sure machines are", 10 * MINUTE, confidence.learn_if_due),
            Chore("go on with trials", MINUTE / 2, trials.ring_if_waiting),
            Chore("go on with drafts", MINUTE / 4, replies.ring_if_waiting),
            Chore("go on with the new threshold", MINUTE / 4, restating.ring_if_waiting),
            Chore("start the nightly check of all leads", MINUTE, sweep.start_if_due),
        ]
        while True:
            now = time.monotonic()
            for chore in rounds:
                if chore.due <= now:
                    chore.run()
            time.sleep(max(0.05, min(chore.due for chore in rounds) - time.monotonic()))


def clear_out() -> None:
    """Deletes what has expired: counts, old questions, sessions, and what django-q keeps of failed tasks."""
    limits.forget_expired()
    forms_logo.forget_unused()
    MeaningQuery.objects.forgotten().delete()
    SyncEvent.objects.forgotten().delete()
    WebhookDelivery.objects.forgotten().delete()
    Notice.objects.forgotten().delete()
    mails.forget_old()
    Failure.objects.filter(stopped__lt=timezone.now() - dt.timedelta(days=KEPT)).delete()
    call_command("clearsessions")
