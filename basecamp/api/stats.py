"""What came in lately, counted."""

import datetime as dt

from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from basecamp.api.auth import key_with
from basecamp.api.leads import refuse_unknown
from basecamp.api.problems import PROBLEMS
from basecamp.api.schemas import CHOICES
from leads.api_keys import Scope
from leads.models import DuplicateSuggestion, Lead, Submission
from leads.models.lead import LeadQuerySet

router = Router(tags=["Leads"])


class StatsFilters(Schema):
    days: int = Field(30, ge=1, le=3650, description="Leads that came in during so many days up to now.")


class Day(Schema):
    day: dt.date
    leads: int


class Stats(Schema):
    days: int
    since: dt.datetime
    leads: int
    messages: int
    answered: int = Field(description="How many of the leads were answered.")
    need_review: int
    duplicates_to_review: int = Field(description="Pairs that wait for a decision, whenever their leads came in.")
    average_quality: float | None = Field(description="Of the quality scores; null where no lead has one.")
    by_status: dict[str, int]
    by_intent: dict[str, int] = Field(description="Leads whose intent isn't known are under “unknown”.")
    by_urgency: dict[str, int]
    by_source: dict[str, int]
    by_day: list[Day] = Field(description="In UTC, oldest first; days without a lead are left out.")


@router.get(
    "leads/stats/summary",
    auth=key_with(Scope.READ),
    response={200: Stats, **PROBLEMS},
    summary="Leads of the last days, counted",
    operation_id="stats_summary",
)
def stats_summary(request: HttpRequest, filters: Query[StatsFilters]) -> Stats:
    """Standing leads alone: what was merged into another counts once. Samples don't count."""
    refuse_unknown(request, StatsFilters)
    since = timezone.now() - dt.timedelta(days=filters.days)
    found = Lead.objects.standing().filter(received_at__gte=since, is_sample=False)
    totals = found.aggregate(
        leads=Count("pk"),
        answered=Count("pk", filter=Q(first_response_at__isnull=False)),
        need_review=Count("pk", filter=Q(needs_review=True)),
        average=Avg("quality_score"),
    )
    return Stats(
        days=filters.days,
        since=since,
        leads=totals["leads"],
        messages=Submission.objects.filter(lead__in=found, received_at__gte=since).count(),
        answered=totals["answered"],
        need_review=totals["need_review"],
        duplicates_to_review=DuplicateSuggestion.objects.to_review().count(),
        average_quality=None if totals["average"] is None else round(totals["average"], 1),
        by_status=_counts(found, "status"),
        by_intent=_counts(found, "intent"),
        by_urgency=_counts(found, "urgency"),
        by_source=_counts(found, "source"),
        by_day=_by_day(found),
    )


def _counts(found: LeadQuerySet, column: str) -> dict[str, int]:
    """By every choice, also where there is none of it; what is empty is unknown."""
    counted = dict(found.order_by().values_list(column).annotate(Count("pk")))
    known = {choice: counted.pop(choice, 0) for choice in CHOICES[column]}
    return known | ({"unknown": unknown} if (unknown := sum(counted.values())) else {})


def _by_day(found: LeadQuerySet) -> list[Day]:
    days = found.annotate(day=TruncDate("received_at", tzinfo=dt.UTC)).order_by("day")
    return [Day(day=day, leads=count) for day, count in days.values_list("day").annotate(Count("pk"))]
