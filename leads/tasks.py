"""The one task of the workers' clusters. It carries no data: what is to be done stands in the rows."""

import ctypes
import logging
import mmap
import time
from contextlib import suppress

from django.conf import settings
from django.db import close_old_connections
from django.utils.module_loading import import_string

from leads import intake, pipeline
from leads.stage import Chore, Stage

logger = logging.getLogger(__name__)

SHIFT = 20  # seconds a task works before it lets the cluster breathe
CHORES = 120  # seconds that chores may take: a model may have to be loaded

# Set by a cluster's main process when it is told to stop, and seen by the workers that it forked: a long backlog must
# not keep anyone who pressed Ctrl-C waiting for the end of the shift.
stopping = mmap.mmap(-1, 1)


def work(cluster: str) -> None:
    """Admits what came in and passes batches through the cluster’s stages until nothing is due or the shift is over.

    When no lead waits, there is time for what can wait: a little of it at a time, after which leads come first again.
    """
    if stopping[0]:
        return  # the bell is rung again at the next start
    stages = [stage for stage in settings.LEAD_PIPELINE if stage.cluster == cluster]
    _do_chores(cluster)
    end = time.monotonic() + SHIFT
    pipeline.beat(cluster)
    while _pass_one_round(stages) or _do_what_can_wait(cluster):
        if stopping[0] or time.monotonic() > end:
            pipeline.ring(cluster)
            break
    pipeline.beat(cluster)
    _give_back_memory()


def _give_back_memory() -> None:
    """What a batch needed, tensors above all, goes back to the system; glibc alone would keep it for the next one."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _do_chores(cluster: str) -> None:
    chores: tuple[Chore, ...] = settings.CLUSTER_CHORES.get(cluster, ())
    for chore in chores:
        try:
            _do_chore(cluster, chore)
        except Exception:  # whatever goes wrong with it, leads don't wait for it
            logger.exception("%s failed", chore.function)
            close_old_connections()


def _do_chore(cluster: str, chore: Chore) -> None:
    """Only what is due counts as being busy: a worker that dies with nothing to do is missed at once."""
    if not chore.is_due or import_string(chore.is_due)():
        pipeline.beat(cluster, busy_for=CHORES)
        import_string(chore.function)()


def _do_what_can_wait(cluster: str) -> bool:
    """Whether there is more of it."""
    spare = settings.CLUSTER_SPARE_TIME.get(cluster)
    if not spare or stopping[0]:
        return False
    pipeline.beat(cluster, busy_for=CHORES)
    return bool(import_string(spare)())


def _pass_one_round(stages: list[Stage]) -> bool:
    """One batch through each stage, in order, so that a single lead passes them all at once."""
    did = [intake.admit_waiting()] if settings.LEAD_PIPELINE[0] in stages else []
    did += [pipeline.run_batch(stage) for stage in stages]
    return any(did)
