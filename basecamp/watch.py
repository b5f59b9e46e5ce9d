"""Keeps the clusters alive: rings each now and then, and ends one that doesn't answer.

django-q2 does not notice when the kernel kills a worker that waits for work: it dies holding the queue's lock, and the
cluster stands still for ever. A killed monitor is as bad: tasks run but are never struck off. So we look from outside.
"""

import datetime as dt
import logging
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django_q.models import OrmQ

from basecamp import pids
from leads import pipeline
from leads.models import Heartbeat

logger = logging.getLogger(__name__)

MOST_HELD = 20  # bells that a healthy cluster never holds at once: it takes at most queue_limit + workers + 1


@dataclass(frozen=True)
class Signs:
    """What is known of a cluster. `asked_at`: when the bell rang that nobody has answered so far; `held`: how many
    bells its workers took and have not struck off."""

    beat_at: dt.datetime | None = None
    busy_until: dt.datetime | None = None
    asked_at: dt.datetime | None = None
    held: int = 0


def is_frozen(signs: Signs, *, now: dt.datetime, limit: float) -> bool:
    """Whether a cluster has to be ended: silent for `limit` seconds after a bell and not busy, or never done."""
    if signs.held > MOST_HELD:
        return True
    if signs.asked_at is None or (signs.beat_at and signs.beat_at >= signs.asked_at):
        return False
    end = signs.asked_at + dt.timedelta(seconds=limit)
    return now > max(end, signs.busy_until or end)


@dataclass
class Watch:
    """The clock's memory: when each cluster was asked for a sign of life."""

    run_dir: Path
    limit: float
    asked: dict[str, dt.datetime] = field(default_factory=dict)

    def probe(self) -> list[str]:
        """Ends the frozen clusters and rings all others; returns the names of the ended ones."""
        signs = self.signs()
        frozen = [name for name in signs if is_frozen(signs[name], now=timezone.now(), limit=self.limit)]
        # First, because ringing writes: on SQLite what is frozen may hold the lock that every writer waits for.
        for cluster in frozen:
            self.asked.pop(cluster, None)
            end(cluster, self.run_dir)
        for cluster in signs.keys() - frozen:
            self.ask(cluster, signs[cluster])
        return frozen

    def ask(self, cluster: str, signs: Signs) -> None:
        if signs.asked_at is None or (signs.beat_at and signs.beat_at >= signs.asked_at):
            self.asked[cluster] = timezone.now()
        pipeline.ring(cluster)

    def signs(self) -> dict[str, Signs]:
        beats = {beat.cluster: beat for beat in Heartbeat.objects.all()}
        bells = OrmQ.objects.filter(lock__gt=timezone.now()).values_list("key").annotate(Count("id"))
        held: dict[str, int] = dict(bells)
        return {name: self._signs(name, beats.get(name), held.get(name, 0)) for name in settings.CLUSTERS}

    def _signs(self, name: str, beat: Heartbeat | None, held: int) -> Signs:
        asked_at = self.asked.get(name)
        if beat is None:
            return Signs(asked_at=asked_at, held=held)
        return Signs(beat_at=beat.beat_at, busy_until=beat.busy_until, asked_at=asked_at, held=held)


def end(cluster: str, run_dir: Path) -> None:
    """Kills all of a cluster's processes; the supervisor starts it again, and what it held goes back to the queue."""
    pid = pids.holder(run_dir / f"{cluster}.pid")
    if pid is None:
        logger.warning("The %s workers don't answer and none run here", cluster)
        return
    logger.error("The %s workers stopped answering; ending process %s so that they start again", cluster, pid)
    with suppress(ProcessLookupError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)  # started by hand; its own children are on a leash


def release(cluster: str) -> int:
    """Gives back at once what dead workers of a cluster held, bells and rows; returns the number of rows.

    Only right while none of the cluster's workers runs anywhere.
    """
    forget_beats([cluster])
    OrmQ.objects.filter(key=cluster, lock__gt=timezone.now()).update(lock=timezone.now())
    return pipeline.release(cluster)


def forget_beats(clusters: Iterable[str]) -> None:
    """Nobody is to take the signs of life of clusters that are gone for those of the ones that start now."""
    Heartbeat.objects.filter(cluster__in=clusters).delete()


def wait_until_free(path: Path, *, seconds: float) -> int:
    """Takes a pid file for this process, waiting for the one before to be gone; returns its handle, to be kept open."""
    finish = time.monotonic() + seconds
    while (handle := pids.take(path)) is None:
        if time.monotonic() > finish:
            raise TimeoutError(f"Process {pids.holder(path)} holds {path}.")
        time.sleep(0.1)
    return handle
