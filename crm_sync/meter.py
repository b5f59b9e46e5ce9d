"""How much passed between baseCamp and Airtable, per day and against the month's calls that the plan allows."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone

from crm_sync.models import AirtableBase, CrmConnection, SyncDay

WARN_AT = 0.8  # of the month's calls
SHORTEST, LONGEST = 60.0, 3600.0  # seconds between batches once calls run short


@dataclass(frozen=True, slots=True)
class Calls:
    """This month's calls to the base; `limit` is None when the plan has none or it isn't known."""

    used: int
    limit: int | None

    @property
    def share(self) -> float:
        return self.used / self.limit if self.limit else 0.0

    @property
    def percent(self) -> int:
        return int(100 * self.share)

    @property
    def is_short(self) -> bool:
        return self.share >= WARN_AT


def count(*, calls: int = 0, sent: int = 0, failed: int = 0, pulled: int = 0) -> None:
    """Adds to today's figures."""
    today = SyncDay.objects.filter(day=timezone.localdate())
    added = {"calls": calls, "sent": sent, "failed": failed, "pulled": pulled}
    changes = {name: F(name) + number for name, number in added.items() if number}
    if changes and not today.update(**changes):
        SyncDay.objects.bulk_create([SyncDay(day=timezone.localdate())], ignore_conflicts=True)
        today.update(**changes)


def calls(base_id: str) -> Calls:
    """Calls by this baseCamp; what other programs use up of the plan isn't known."""
    base = AirtableBase.objects.filter(base_id=base_id, month=f"{timezone.now():%Y-%m}").first()
    limit = CrmConnection.objects.filter(pk=1).values_list("monthly_limit", flat=True).first()
    return Calls(base.calls_this_month if base else 0, limit or None)


def pause_between(used: Calls) -> float:
    """Seconds to leave between two batches so that what is left of the month's calls lasts until its end; 0 while there
    are enough of them."""
    if used.limit is None or not used.is_short:
        return 0.0
    left = max(used.limit - used.used, 1)
    return min(max(until_next_month() / left, SHORTEST), LONGEST)


def next_month() -> dt.datetime:
    """When a new month's calls begin: a little after its first midnight in UTC."""
    now = timezone.now().astimezone(dt.UTC)
    return (now.replace(day=1) + dt.timedelta(days=32)).replace(day=1, hour=0, minute=5, second=0, microsecond=0)


def until_next_month() -> float:
    return (next_month() - timezone.now()).total_seconds()
