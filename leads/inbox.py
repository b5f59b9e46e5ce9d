"""What the inbox lists: one page of leads with everything a row shows, in a fixed number of queries."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.functions import Substr
from django.utils import timezone

from leads.fields import URGENCIES
from leads.models import DuplicateSuggestion, Lead, StageGate, StageRun, Submission
from leads.steps import Step, steps_of, with_runs

PAGE_SIZE = 25
COUNTED = 1000  # beyond that the inbox says "1,000+": counting 100,000 rows for each look isn't worth it
LAST_PAGE = 2000
LATE_AFTER = dt.timedelta(seconds=15)
# What the list is narrowed by: the parameter, and what it must be of a lead.
FILTERS = {
    "status": "status",
    "intent": "intent",
    "urgency": "urgency",
    "needs_review": "needs_review",
    "repeat": "repeat_count__gte",
    "channel": "channel",
    "utm_source": "utm_source",
    "utm_medium": "utm_medium",
    "utm_campaign": "utm_campaign",
}

URGENCY_RANK = Case(
    *(When(urgency=key, then=Value(rank)) for rank, (key, _) in enumerate(URGENCIES, start=1)),
    default=Value(0),
    output_field=IntegerField(),
)
ORDERS: dict[str, tuple[str | OrderBy, ...]] = {
    "newest": ("-last_message_at", "-id"),
    "oldest": ("last_message_at", "id"),
    "score": (F("quality_score").desc(nulls_last=True), "-last_message_at"),
    "urgency": ("-urgency_rank", "-last_message_at"),
}


@dataclass(frozen=True, slots=True)
class InboxState:
    """`version` differs whenever a list may; empty without leads. `is_stalled`: no worker takes in what is stored."""

    version: str
    has_samples: bool = False
    is_stalled: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """`closeness`: of the message to what was searched by meaning, 0 to 1."""

    lead: Lead
    steps: list[Step]
    closeness: float | None = None

    @property
    def waits_for_model(self) -> bool:
        return any(step.stage == "enrich" and step.state == "gated" for step in self.steps)

    @property
    def is_rules_only(self) -> bool:
        return any(step.is_off for step in self.steps)

    @property
    def failed(self) -> list[Step]:
        return [step for step in self.steps if step.state == "failed"]


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of rows. `count` stops at COUNTED + 1."""

    rows: list[Row]
    number: int
    has_next: bool
    count: int

    @property
    def count_label(self) -> str:
        if self.count > COUNTED:
            return f"{COUNTED:,}+ leads"
        return "1 lead" if self.count == 1 else f"{self.count:,} leads"

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def inbox_state() -> InboxState:
    """Has anything changed? One query on the ends of small indexes, as open inboxes ask it every second."""
    waiting = Submission.objects.waiting().order_by("id").values("received_at")[:1]
    running = StageRun.objects.running().order_by("-started_at").values("started_at")[:1]
    shut = StageGate.objects.filter(closed_at__isnull=False).order_by("-closed_at").values("closed_at")[:1]
    row = (
        Lead.objects.order_by("-updated_at")
        .annotate(running=Subquery(running), shut=Subquery(shut), waiting=Subquery(waiting))
        .annotate(has_samples=Exists(Lead.objects.samples()))
        .values_list("updated_at", "running", "shut", "waiting", "has_samples")
        .first()
    )
    if row is None:
        return InboxState("", is_stalled=_is_late(waiting.values_list("received_at", flat=True).first()))
    *moments, waiting_since, has_samples = row
    is_stalled = _is_late(waiting_since)
    marks = [f"{moment.timestamp():.6f}" if moment else "0" for moment in moments]
    return InboxState("-".join([*marks, f"{has_samples:d}{is_stalled:d}"]), has_samples, is_stalled)


def _is_late(waiting_since: dt.datetime | None) -> bool:
    return waiting_since is not None and waiting_since < timezone.now() - LATE_AFTER


def inbox_page(*, words: str, filters: Mapping[str, str], order: str, number: int) -> InboxPage:
    """Page `number`, from 1, of the standing leads that match."""
    number = min(max(number, 1), LAST_PAGE)
    start = (number - 1) * PAGE_SIZE
    found = found_leads(words=words, filters=filters)
    leads = list(_rows(found, order, start))
    rows = [Row(lead, steps_of(lead)) for lead in leads[:PAGE_SIZE]]
    has_next = len(leads) > PAGE_SIZE
    # The last page says how many there are; a search for a rare word needn't read all leads twice.
    is_known = not has_next and (leads or number == 1)
    count = start + len(leads) if is_known else found.order_by()[: COUNTED + 1].count()
    return InboxPage(rows, number, has_next=has_next and number < LAST_PAGE, count=count)


def found_leads(*, words: str, filters: Mapping[str, str]) -> QuerySet[Lead]:
    """The standing leads that match."""
    return Lead.objects.standing().matching(words).with_any_of(**filters)


def found_in_order(*, words: str, filters: Mapping[str, str], order: str) -> QuerySet[Lead]:
    """All of them, as the inbox orders them."""
    found = found_leads(words=words, filters=filters)
    return found.annotate(urgency_rank=URGENCY_RANK).order_by(*ORDERS[order])


def _rows(found: QuerySet[Lead], order: str, start: int) -> QuerySet[Lead]:
    """One row more than a page, to know whether there is a next one.

    The inner query sorts and cuts ids alone: what a row shows is only worked out for the rows that are shown.
    """
    keys = ORDERS[order]
    ids = found.annotate(urgency_rank=URGENCY_RANK).order_by(*keys).values("pk")[start : start + PAGE_SIZE + 1]
    leads = Lead.objects.filter(pk__in=ids).annotate(urgency_rank=URGENCY_RANK).order_by(*keys)
    return with_runs(_with_marks(leads))


def rows_of(closeness: Sequence[tuple[int, float]]) -> list[Row]:
    """The rows of these leads (id, closeness), in the order given; without those that are no more."""
    leads = with_runs(_with_marks(Lead.objects.filter(pk__in=[pk for pk, _ in closeness]))).in_bulk()
    return [Row(leads[pk], steps_of(leads[pk]), close) for pk, close in closeness if pk in leads]


def _with_marks(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    marked = leads.annotate(first_words=Subquery(first_words()), has_duplicate=_has_duplicate())
    return marked.defer("search_text", "score_reasons")


def first_words() -> QuerySet[Submission, dict[str, str]]:
    """For a subquery on leads: how the first message begins."""
    first = Submission.objects.filter(lead=OuterRef("pk")).order_by("received_at", "id")
    return first.annotate(words=Substr("text", 1, 240)).values("words")[:1]


def _has_duplicate() -> Q:
    suggestions = DuplicateSuggestion.objects.open().filter(is_probe=False)
    return Q(Exists(suggestions.filter(first=OuterRef("pk")))) | Q(Exists(suggestions.filter(second=OuterRef("pk"))))
