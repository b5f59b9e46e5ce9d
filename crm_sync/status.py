"""How the traffic with the CRM stands, as the page shows it."""

import datetime as dt
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count, Min
from django.utils import timezone

from crm_sync import connection, meter, pausing
from crm_sync.meter import Calls
from crm_sync.models import CrmConnection, CrmRecord, SyncConflict, SyncDay, SyncEvent
from leads import gates
from leads.models import StageRun
from leads.models.pipeline import STAGES

DAYS = 30
PAGE = 50
LATELY = dt.timedelta(minutes=2)
HEIGHT = 90  # of the chart's tallest bar, in units of its picture


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of the connection. `state`: off, paused, waiting or running; `reason` in plain words; `pace`: records a
    minute that were sent lately."""

    row: CrmConnection
    state: str
    reason: str
    where: str
    calls: Calls
    pace: float
    waiting: int
    oldest: dt.datetime | None
    counts: dict[str, int]
    conflicts: int

    @property
    def is_moving(self) -> bool:
        return self.state == "running" and self.waiting > 0


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart: heights in the picture's units, and what they stand for."""

    day: dt.date
    x: float
    sent: float
    failed: float
    pulled: float
    figures: SyncDay

    @property
    def failed_y(self) -> float:
        return HEIGHT - self.failed

    @property
    def pulled_y(self) -> float:
        return HEIGHT - self.failed - self.pulled

    @property
    def sent_y(self) -> float:
        return HEIGHT - self.failed - self.pulled - self.sent


def standing() -> Standing:
    row, link = pausing.row(), connection.current()
    gate = gates.shut(STAGES[pausing.STAGE])
    state, reason = "running", ""
    if link is None:
        state, reason = "off", connection.not_connected()
    elif row.pause:
        state, reason = "paused", row.pause_reason
    elif gate:
        state, reason = "waiting", gate.reason
    runs = StageRun.objects.filter(stage=pausing.STAGE, state__in=[StageRun.State.PENDING, StageRun.State.RUNNING])
    backlog = runs.filter(lead__is_sample=False).aggregate(count=Count("pk"), oldest=Min("due_at"))
    states = CrmRecord.objects.exclude(lead=None).values_list("state").annotate(Count("pk")).order_by()
    name = " › ".join(part for part in (row.base_name, row.table_name) if part)
    return Standing(
        row,
        state,
        reason,
        where=(name or f"{link.base_id} › {link.table}") if link else "",
        calls=meter.calls(link.base_id) if link else Calls(0, None),
        pace=_pace(),
        waiting=backlog["count"],
        oldest=backlog["oldest"],
        counts=dict(states),
        conflicts=SyncConflict.objects.filter(seen_at=None).count(),
    )


def _pace() -> float:
    since = timezone.now() - LATELY
    sent = SyncEvent.objects.filter(kind=SyncEvent.Kind.PUSHED, at__gte=since).count()
    return 60 * sent / LATELY.total_seconds()


def chart() -> list[Bar]:
    """The last 30 days, oldest first."""
    today = timezone.localdate()
    first = today - dt.timedelta(days=DAYS - 1)
    known = {each.day: each for each in SyncDay.objects.filter(day__gte=first)}
    days = [known.get(day) or SyncDay(day=day) for day in (first + dt.timedelta(days=n) for n in range(DAYS))]
    most = max((day.sent + day.failed + day.pulled for day in days), default=0) or 1
    return [
        Bar(
            day.day,
            x=10.0 * at,
            sent=round(HEIGHT * day.sent / most, 1),
            failed=round(HEIGHT * day.failed / most, 1),
            pulled=round(HEIGHT * day.pulled / most, 1),
            figures=day,
        )
        for at, day in enumerate(days)
    ]


def records(*, state: str, words: str, page: str) -> Page[CrmRecord]:
    """The leads' records, those that changed last first."""
    found = CrmRecord.objects.exclude(lead=None).select_related("lead")
    if state in CrmRecord.State.values:
        found = found.filter(state=state)
    for word in words.lower().split()[:8]:
        found = found.filter(lead__search_text__contains=word)
    return Paginator(found.order_by("-synced_at", "-pk"), PAGE).get_page(page)


def history(*, kind: str, page: str) -> Page[SyncEvent]:
    found = SyncEvent.objects.select_related("lead")
    if kind in SyncEvent.Kind.values:
        found = found.filter(kind=kind)
    return Paginator(found, PAGE).get_page(page)


def conflicts(*, page: str) -> Page[SyncConflict]:
    return Paginator(SyncConflict.objects.filter(seen_at=None).select_related("lead"), PAGE).get_page(page)


def field_names() -> dict[str, str]:
    """What we call our fields, by key."""
    return {key: field.label for key, field in connection.our_fields(with_retired=True).items()}
