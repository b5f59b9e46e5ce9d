"""Duplicates among 100,000 leads: a new lead's lookup and scoring, a sweep over all, and the pages of the review."""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.duplicates import baselines, leads_set, population
from benchmarks.duplicates.writing import Lead as Row
from benchmarks.figures import Figure, at_least, at_most
from enrichment import duplicates, sweep, vector_index
from enrichment.evaluation import Row as EvaluatedRow
from leads.models import DuplicateSuggestion, Lead

LEADS, NEW, SUGGESTIONS = 100_000, 300, 10_000
ASKED, NEAREST, VISITS = 200, 20, 60
FEW = 1000  # suggestions, for the number of queries


def run() -> list[Figure]:
    rows = leads_set.make(LEADS + NEW)
    with population.scratch():
        vectors = population.vectors_for(rows)
        population.fill(rows[:LEADS], vectors[:LEADS])
        figures = [_recall(vectors[:LEADS]), *_one_by_one(rows[LEADS:], vectors[LEADS:])]
        return [*figures, *_splinks_pair(rows[:2000]), *_swept(), *_pages()]


# ---- one new lead ----------------------------------------------------------------------------------------------------


def _one_by_one(rows: Sequence[Row], vectors: np.ndarray) -> list[Figure]:
    """Each new lead is in the database with its vector; what is timed is finding and saving its duplicates."""
    times, busy, pairs = [], [], 0
    for row, vector in zip(rows, vectors, strict=True):
        leads = population.add([row], vector[None], with_keys=False)
        vector_index.index_pending()
        begun, worked = time.perf_counter(), time.process_time()
        findings = duplicates.find(leads)
        duplicates.save(findings)
        times.append(1000 * (time.perf_counter() - begun))
        busy.append(1000 * (time.process_time() - worked))
        pairs += len(findings.probabilities)
    print(f"  {pairs / len(rows):.1f} pairs for one lead; processor time of ours {statistics.median(busy):.1f} ms p50")
    return [
        at_most(f"One new lead among {LEADS:,}: lookup, scoring and saving, p50", statistics.median(times), 5, " ms"),
        at_most("… p95", _p95(times), 10, " ms"),
    ]


def _splinks_pair(rows: Sequence[Row]) -> list[Figure]:
    """Splink's own scoring of one pair, which it offers for new records."""
    known = [EvaluatedRow("", row.name, row.email, row.phone, row.region, row.company, "", 0.0, "") for row in rows]
    records = [baselines.record(at, row) for at, row in enumerate(known)]
    linker = baselines.linker_for(records, baselines.RULES, baselines.comparisons())
    times = _times(lambda: linker.inference.score_pair(records[0], records[1]).as_duckdbpyrelation().fetchall(), 20)
    return [Figure("Splink's scoring of one pair, p50", f"{statistics.median(times):.0f} ms")]


def _recall(vectors: np.ndarray) -> Figure:
    """What the index finds of the truly nearest."""
    first = Lead.objects.order_by("pk").values_list("pk", flat=True)[0]
    asked = vectors[:: len(vectors) // ASKED]
    found = vector_index.ask(asked, NEAREST)
    shares = []
    for one, neighbours in zip(asked, found, strict=True):
        truly = {first + int(at) for at in np.argpartition(-(vectors @ one), NEAREST)[:NEAREST]}
        shares.append(len(truly & {pk for pk, _ in neighbours}) / NEAREST)
    return at_least(f"Nearest {NEAREST} of {LEADS:,} vectors: share of the truly nearest", float(np.mean(shares)), 0.95)


# ---- all of them -----------------------------------------------------------------------------------------------------


def _swept() -> list[Figure]:
    begun, worked = time.perf_counter(), time.process_time()
    sweep.start()
    while sweep.go_on():
        pass
    seconds, busy = time.perf_counter() - begun, time.process_time() - worked
    swept = sweep.last()
    assert swept is not None
    assert swept.finished_at is not None
    assert swept.done == LEADS + NEW
    print(f"  {swept.found:,} new suggestions; {swept.done / busy:.0f} leads per second of processor time", flush=True)
    return [at_least(f"A sweep over {LEADS:,} leads", swept.done / seconds, 2000, " leads/s")]


# ---- pages -----------------------------------------------------------------------------------------------------------


def _pages() -> list[Figure]:
    browser = Client()
    browser.force_login(User.objects.create_superuser("bench"), backend="django.contrib.auth.backends.ModelBackend")
    DuplicateSuggestion.objects.all().delete()
    suggest(FEW)
    few = {name: _queries(browser, address) for name, address in _addresses().items()}
    suggest(SUGGESTIONS - FEW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return [figure for name, address in _addresses().items() for figure in _page(browser, name, address, few[name])]


def _page(browser: Client, name: str, address: str, few: int) -> list[Figure]:
    many = _queries(browser, address)
    times = _times(lambda: browser.get(address), VISITS)
    said = f"{few} and {many}"
    return [
        Figure(f"{name}: queries at {FEW} and {SUGGESTIONS:,} suggestions", said, "equal", few == many),
        at_most(f"{name}: p95 at {SUGGESTIONS:,} suggestions", _p95(times), 60, " ms"),
    ]


def suggest(count: int) -> None:
    """So many open pairs of leads that stand near each other in time; a tenth share a lead with the pair before."""
    chance = random.Random(count)
    pks = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    taken = set(DuplicateSuggestion.objects.values_list("first", "second"))
    made, first, second = [], 0, 1
    while len(made) < count:
        first = second if chance.random() < 0.1 else chance.randrange(len(pks) - 60)
        second = min(first + chance.randrange(1, 50), len(pks) - 1)
        pair = (pks[first], pks[second])
        if pair in taken or first == second:
            continue
        taken.add(pair)
        likelihood = 0.5 + chance.random() / 2
        reasons = [{"text": "Same phone", "weight": 9.1}, {"text": "Different messages", "weight": -1.2}]
        made.append(DuplicateSuggestion(first_id=pair[0], second_id=pair[1], probability=likelihood, reasons=reasons))
    DuplicateSuggestion.objects.bulk_create(made, batch_size=1000)


def _addresses() -> dict[str, str]:
    pair = DuplicateSuggestion.objects.order_by("pk")[0]
    asked = f"?lead={pair.first.public_id}&lead={pair.second.public_id}"
    return {
        "Queue": "/duplicates/",
        "Queue of pairs from 80 to 95 %": "/duplicates/?band=80",
        "Compare": f"/duplicates/compare/{asked}",
    }


def _queries(browser: Client, address: str) -> int:
    assert browser.get(address).status_code == 200, address
    with CaptureQueriesContext(connection) as captured:
        browser.get(address)
    return len(captured)


def _times(do: Callable[[], Any], count: int) -> list[float]:
    """Milliseconds of each time."""
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        do()
        times.append(1000 * (time.perf_counter() - begun))
    return times


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
