"""Getting a model from Ollama's library: rows say what is wanted and how far it is, a thread of the model's worker
holds the line to Ollama.

A thread, because a download outlasts many shifts: leads are read meanwhile, and it doesn't wait until none is due. It
takes no model slot. When the worker dies, the next one goes on where Ollama was.
"""

import datetime as dt
import logging
import time
from contextlib import closing
from threading import Thread

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from enrichment import ai_settings, ollama_library
from enrichment.models import ModelPull
from enrichment.ollama_library import Progress, PullFailed
from leads import gates, pipeline

logger = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks at the row: has somebody stopped it?
SILENT = dt.timedelta(seconds=10)  # after which another worker takes over; two at once would do no harm
SPEED_OVER = 5.0  # seconds that the speed is the mean of
KEPT = 20  # finished pulls

_thread: Thread | None = None


class NoSuchName(ValueError):
    """No model can be called so."""


# ---- asking for it ---------------------------------------------------------------------------------------------------


def start(name: str, *, by: str) -> ModelPull:
    """Wants a model. One that is on its way already is left to it. Raises NoSuchName."""
    name = name.strip()
    if not ollama_library.is_name(name):
        raise NoSuchName(name)
    with transaction.atomic():
        ModelPull.objects.bulk_create([ModelPull(name=name, asked_by=by[:150])], ignore_conflicts=True)
        pipeline.ring_after_commit(ai_settings.CLUSTER)
    kept = list(ModelPull.objects.exclude(finished_at=None).order_by("-id").values_list("pk", flat=True)[:KEPT])
    ModelPull.objects.exclude(finished_at=None).exclude(pk__in=kept).delete()
    return ModelPull.objects.filter(name=name, finished_at=None).latest("id")


def stop(pull: ModelPull) -> None:
    """Ends it; what arrived is kept by Ollama, and a new pull goes on from there."""
    waiting = ModelPull.objects.filter(pk=pull.pk, finished_at=None)
    waiting.update(is_stopped=True, finished_at=timezone.now(), speed=0)


# ---- doing it --------------------------------------------------------------------------------------------------------


def keep_going() -> None:
    """Sees to it that a thread of this process works on what is wanted. Cheap; call it often."""
    global _thread
    if (_thread and _thread.is_alive()) or not _waiting().exists():
        return
    _thread = Thread(target=_work, name="pulls", daemon=True)
    _thread.start()


def _work() -> None:
    try:
        while go_on():
            pass
    except DatabaseError as error:
        logger.warning("Pulling a model must wait: %s", error)
    except Exception:
        logger.exception("Pulling a model failed")
    finally:
        connections.close_all()  # nobody else closes this thread's


def go_on() -> bool:
    """Works on the oldest pull that nobody works on, until it is there, stopped or has failed; returns whether there
    was one. While Ollama is away it waits, and says so."""
    pull = _take()
    if pull is None:
        return False
    try:
        _follow(pull)
    except PullFailed as failure:
        if failure.is_away:
            _write(pull, problem=f"{failure.reason} The download goes on when it is back."[:300], speed=0)
            return False
        _write(pull, problem=failure.reason[:300], speed=0, finished_at=timezone.now())
    return True


def _waiting() -> QuerySet[ModelPull]:
    now = timezone.now()
    # One that was never begun, or whose worker fell silent.
    return ModelPull.objects.filter(Q(status="", problem="") | Q(moved_at__lt=now - SILENT), finished_at=None)


def _take() -> ModelPull | None:
    pull = _waiting().order_by("id").first()
    if pull is None:
        return None
    mine = ModelPull.objects.filter(pk=pull.pk, moved_at=pull.moved_at, finished_at=None)
    return pull if mine.update(moved_at=timezone.now(), status="asking Ollama", problem="") else None


def _follow(pull: ModelPull) -> None:
    written, speed = 0.0, _Speed()
    with closing(ollama_library.pull(settings.OLLAMA_BASE_URL, pull.name)) as said:  # type: ignore[type-var]
        for progress in said:
            if progress.is_done:
                break
            if time.monotonic() - written < EVERY:
                continue
            written = time.monotonic()
            if not _note(pull, progress, speed.now(progress.completed)):
                return  # somebody stopped it: closing the line ends the download
        else:
            return
    _write(pull, status="success", completed=progress.total, total=progress.total, speed=0, finished_at=timezone.now())
    for stage in ai_settings.model_stages():  # it may be the one that leads wait for
        gates.knock(stage.name)


def _note(pull: ModelPull, progress: Progress, speed: int) -> bool:
    completed, total = progress.completed, progress.total
    return _write(pull, status=progress.status, completed=completed, total=total, speed=speed, problem="")


def _write(pull: ModelPull, **values: object) -> bool:
    """Whether it is still wanted."""
    waiting = ModelPull.objects.filter(pk=pull.pk, finished_at=None)
    return waiting.update(moved_at=timezone.now(), **values) > 0


class _Speed:
    """Bytes a second over the last seconds."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, int]] = []

    def now(self, completed: int) -> int:
        now = time.monotonic()
        self.seen = [(at, size) for at, size in self.seen if now - at <= SPEED_OVER and size <= completed]
        if completed:  # else nothing came yet, and what was there before would count as come at once
            self.seen.append((now, completed))
        began, first = self.seen[0] if self.seen else (now, 0)
        return round((completed - first) / (now - began)) if now > began else 0
