"""How the model runs: what its worker does beside the leads, and what there is to say about it.

All calls to the model are made by the workers of one cluster, each of which makes one at a time; there are as many as
OLLAMA_NUM_PARALLEL says. So never more slots are asked for than there are, whatever asks: readings, replies, trials
or tests.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Min
from django.utils import timezone

from enrichment import ai_settings, model_tests, ollama, pulls, replies, reruns, trials
from enrichment.models import Enrichment
from enrichment.ollama_library import Library
from leads import pipeline
from leads.models import StageRun
from leads.models.pipeline import STAGES

READING = "enrich"
SPEEDS = 40  # answers that the chart of the speed shows
ANSWERS = 8  # answers that are listed
SHARE_OF = 100  # answers that "used" and "refused" are counted of
MEANWHILE = "Inquiries are stored and read by rules meanwhile; the model catches up by itself."


# ---- what the worker does --------------------------------------------------------------------------------------------


def chores() -> None:
    """Before each shift: whoever tests a model or asked for a draft waits at the page, and a download waits for no
    lead."""
    pulls.keep_going()
    model_tests.go_on(STAGES[READING])
    replies.go_on(asked_only=True)


def spare_time() -> bool:
    """While no lead waits, one call to the model: a test, a draft of a reply, a step of a trial, or the next leads to
    read again."""
    pulls.keep_going()
    stage = STAGES[READING]
    if model_tests.go_on(stage):
        return True
    if ai_settings.is_off():
        return False
    pipeline.beat(stage.cluster, busy_for=stage.lease)
    return replies.go_on() or trials.go_on() or reruns.go_on()


# ---- how it is -------------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    READY = "ready"
    OFF = "off"
    AWAY = "away"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ModelState:
    """One sentence for staff, and what to do about it."""

    kind: Kind
    sentence: str
    advice: str = ""


def state(library: Library | None = None) -> ModelState:
    """How the model in use is; asks Ollama unless it was asked just now and `library` says what came of it."""
    url = settings.OLLAMA_BASE_URL
    try:
        model, reason = ai_settings.model(), ai_settings.why_off()
    except DatabaseError:  # whoever asks how all parts are wants to know this one all the same
        model, reason = settings.OLLAMA_MODEL, None
    if reason is not None:
        return ModelState(Kind.OFF, reason, "Switch it on again on the model's page; what waits is then read.")
    reason = ollama.check(url, model) if library is None else _reason(library, model)
    if reason is None:
        return ModelState(Kind.READY, f"Ollama at {url} has {model}.")
    if reason == _missing(model):
        return ModelState(Kind.MISSING, reason, f"Or get it, or choose another, on the model's page. {MEANWHILE}")
    return ModelState(Kind.AWAY, reason, f"Start Ollama (`ollama serve`), or set OLLAMA_BASE_URL. {MEANWHILE}")


def _reason(library: Library, model: str) -> str | None:
    if library.problem:
        return library.problem
    return None if library.find(model) else _missing(model)


def _missing(model: str) -> str:
    return f"The model {model} is not there; run: ollama pull {model}"


# ---- how much there is to do -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Queue:
    """Leads at the model's stages. `oldest`: since when the first of those that wait does."""

    waiting: int
    running: int
    failed: int
    oldest: dt.datetime | None

    @property
    def is_empty(self) -> bool:
        return not (self.waiting or self.running)


def queue() -> Queue:
    """Three counts over the indexes of rows that aren't done: the page asks every few seconds."""
    stages = [stage.name for stage in ai_settings.model_stages()]
    rows = StageRun.objects.filter(stage__in=stages).order_by()
    waiting = rows.pending().aggregate(count=Count("pk"), oldest=Min("due_at"))
    oldest = waiting["oldest"] if waiting["oldest"] and waiting["oldest"] < timezone.now() else None
    return Queue(waiting["count"], rows.running().count(), rows.failed().count(), oldest)


def retry_failed() -> int:
    """Has all leads tried again that the model failed at; returns how many."""
    stages = [stage.name for stage in ai_settings.model_stages()]
    return pipeline.retry(StageRun.objects.failed().filter(stage__in=stages))


# ---- how well it does ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """One answer in the chart of the speed: places and sizes in percent of the picture."""

    x: float
    y: float
    height: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second of the last answers, oldest first."""

    bars: tuple[Bar, ...]
    median: float
    slowest: float
    fastest: float


def speed() -> Speed | None:
    """None before the first answer."""
    measured = Enrichment.objects.filter(writing_ms__gt=0, answer_tokens__gt=0).order_by("-id")
    rows = list(measured.values_list("answer_tokens", "writing_ms", "model")[:SPEEDS])[::-1]
    if not rows:
        return None
    rates = [tokens / (milliseconds / 1000) for tokens, milliseconds, _ in rows]
    return Speed(_bars(rates, [model for _, _, model in rows]), _median(rates), min(rates), max(rates))


def _bars(rates: Sequence[float], models: Sequence[str]) -> tuple[Bar, ...]:
    step, top = 100 / SPEEDS, max(rates)
    return tuple(
        Bar(
            x=round((SPEEDS - len(rates) + place) * step, 2),
            y=round(100 - rate / top * 100, 1),
            height=round(rate / top * 100, 1),
            width=round(step * 0.7, 2),
            title=f"{rate:.1f} tokens a second, {model}",
        )
        for place, (rate, model) in enumerate(zip(rates, models, strict=True))
    )


def _median(numbers: Sequence[float]) -> float:
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@dataclass(frozen=True, slots=True)
class Answers:
    """The last answers, newest first, and what became of the last hundred."""

    last: tuple[Enrichment, ...]
    used: int
    counted: int


def answers() -> Answers:
    outcomes = list(Enrichment.objects.order_by("-id").values_list("outcome", flat=True)[:SHARE_OF])
    last = Enrichment.objects.select_related("lead").defer("answer", "dropped").order_by("-id")[:ANSWERS]
    return Answers(tuple(last), outcomes.count(Enrichment.Outcome.USED), len(outcomes))
