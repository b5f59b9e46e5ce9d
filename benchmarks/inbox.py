"""The inbox at 100 and at 100,000 leads: queries and server time."""

import random
import statistics
import time
import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, get_runner
from django.utils import timezone

from benchmarks.figures import Figure, at_most
from leads.fields import INTENTS, URGENCIES
from leads.models import Lead, StageRun, Submission

FEW, MANY = 100, 100_000
PAGES = ("/", "/?status=working", "/?intent=quote_request&urgency=high", "/?sort=score")
VISITS = 40


def run() -> list[Figure]:
    """In a scratch database of its own."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        return _measure()
    finally:
        runner.teardown_databases(databases)


def _measure() -> list[Figure]:
    browser = Client()
    browser.force_login(User.objects.create_superuser("bench"), backend="django.contrib.auth.backends.ModelBackend")
    seed(FEW)
    few_queries, few_times = visit(browser)
    seed(MANY - FEW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    many_queries, many_times = visit(browser)
    p95_few, p95_many = _p95(few_times), _p95(many_times)
    detail = f"{p95_few * 1000:.0f} ms → {p95_many * 1000:.0f} ms"
    return [
        Figure(
            f"Inbox queries at {FEW} and {MANY:,} leads",
            f"{few_queries} and {many_queries}",
            "equal, ≤ 8",
            few_queries == many_queries <= 8,
        ),
        at_most(f"Inbox p95 at {MANY:,} ÷ at {FEW} leads ({detail})", p95_many / p95_few, 1.5),
    ]


def visit(browser: Client) -> tuple[int, list[float]]:
    """The highest number of queries of one page, and the seconds of each visit."""
    queries, times = 0, []
    for page in PAGES:
        browser.get(page)
        with CaptureQueriesContext(connection) as captured:
            browser.get(page)
        queries = max(queries, len(captured))
    for _ in range(VISITS):
        for page in PAGES:
            start = time.perf_counter()
            assert browser.get(page).status_code == 200
            times.append(time.perf_counter() - start)
    return queries, times


def seed(count: int) -> None:
    random.seed(count)
    now = timezone.now()
    names = ["Ana", "Ben", "Cleo", "Dev", "Eva", "Finn", "Gus", "Hana"]
    for start in range(0, count, 5000):
        size = min(5000, count - start)
        leads = Lead.objects.bulk_create(
            Lead(
                public_id=uuid.uuid4(),
                source="web_form",
                status=random.choices(Lead.Status.values, [5, 2, 1, 1, 1])[0],
                received_at=now - timedelta(minutes=start + n),
                first_name=random.choice(names),
                last_name=f"Silva{n}",
                email=f"a{start + n}@example.com",
                intent=random.choice(INTENTS)[0],
                urgency=random.choice(URGENCIES)[0],
                summary="Brakes squeal; wants a quote for next Friday.",
                quality_score=random.randrange(101),
                search_text=f"silva{n} brakes squeal quote friday",
            )
            for n in range(size)
        )
        Submission.objects.bulk_create(
            Submission(lead=lead, source="web_form", payload={}, text="Brakes squeal. " * 10) for lead in leads
        )
        StageRun.objects.bulk_create(
            StageRun(lead=lead, stage=stage.name, state="succeeded")
            for lead in leads
            for stage in settings.LEAD_PIPELINE
        )


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
