"""Search by meaning at 100,000 leads: filtering what the index found against the index's own filter, and how long a
person waits for the first answer to a question that nobody asked before."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from pathlib import Path

import numpy as np
from django.conf import settings
from django.test.utils import get_runner
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from benchmarks.figures import Figure, at_least, at_most
from enrichment import embedding, meaning, nearness, vector_index
from enrichment.models import Embedding
from leads.models import Lead
from tests.servers.chroma import ChromaServer
from tests.stack import OWNER, Stack

LEADS = 100_000
NOISE = 0.023  # per dimension: a message that says nearly the same has a cosine of some 0.91
ASKED = 40
# Statuses with the share of the leads that have them, from most to hardly any.
SHARES = {"new": 0.5, "working": 0.378, "qualified": 0.1, "unqualified": 0.02, "converted": 0.002}
THINGS = (
    "brakes|engine|invoice|appointment|website|password|parcel|contract|facial|haircut|roof|kitchen|heating|passport|"
    "insurance|tyres|printer|wedding|training|tax return|logo|swimming pool|garden|laptop|refund"
)
NEEDS = (
    "I need a quote for the {}.|The {} is broken and I need help.|Can someone call me back about the {}?|"
    "How much does the {} cost?|I want to complain about the {}.|When can you come and look at the {}?|"
    "I have waited for the {} for two weeks.|Please cancel the {}.|Is the {} included in the price?|"
    "I would like to change the date for the {}.|Who do I ask about the {}?|Thank you for the {}, it is perfect."
)
QUESTIONS = [f"{what} for {whom}" for what, whom in product(("noise when it stops", "money back", "too expensive"),
             ("my car", "our house", "the office", "my mother", "a friend", "next week", "the whole team", "Monday",
              "a new customer", "someone else"))]  # fmt: skip
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def run() -> list[Figure]:
    return [*in_scratch(), *in_browser()]


# ---- filters ---------------------------------------------------------------------------------------------------------


def in_scratch() -> list[Figure]:
    """In a scratch database and with a Chroma server of its own."""
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    folder = Path(tempfile.mkdtemp())
    try:
        with ChromaServer(folder) as server:
            settings.CHROMA_URL = server.url
            vector_index.try_again()
            return _measure(server)
    finally:
        vector_index.try_again()
        shutil.rmtree(folder, ignore_errors=True)
        runner.teardown_databases(databases)


def _measure(server: ChromaServer) -> list[Figure]:
    vectors = jittered(base_vectors(), LEADS)
    statuses = np.random.default_rng(2).choice(list(SHARES), LEADS, p=list(SHARES.values()))
    seed(vectors, statuses)
    vector_index.rebuild()
    asked = jittered(vectors[:: LEADS // ASKED], ASKED)
    figures = [*_filtered(asked, vectors), *_by_chroma(server, asked, vectors, statuses)]
    server.kill()
    return [*figures, *_without_index(asked)]


def _filtered(asked: np.ndarray, vectors: np.ndarray) -> Iterator[Figure]:
    every, recall = Lead.objects.standing(), _recall(asked, vectors)
    taken = _ms(asked, lambda one: _find(one, every))
    yield at_most(f"Closest {meaning.MOST} of {LEADS:,} messages, p50", taken, 60, " ms")
    yield at_least("… share of the truly closest among them", recall, 0.95)
    for status, share in SHARES.items():
        some = every.with_any_of(status=status)
        taken = _ms(asked, lambda one, some=some: _find(one, some))  # type: ignore[misc]
        yield at_most(f"… with a filter that {share:.1%} pass, p50", taken, 100, " ms")


def _without_index(asked: np.ndarray) -> Iterator[Figure]:
    taken = _ms(asked[:10], lambda one: _find(one, Lead.objects.standing()))
    yield at_most("… while Chroma is away, p50", taken, 2000, " ms")


def _find(vector: np.ndarray, leads: object) -> list[tuple[int, float]]:
    return nearness.nearest(vector, leads, meaning.MOST)  # type: ignore[arg-type]


def _recall(asked: np.ndarray, vectors: np.ndarray) -> float:
    first = Lead.objects.order_by("pk").values_list("pk", flat=True)[0]
    shares = []
    for one in asked:
        truly = {first + int(at) for at in np.argsort(-(vectors @ one))[: meaning.MOST]}
        shares.append(len(truly & {pk for pk, _ in _find(one, Lead.objects.standing())}) / meaning.MOST)
    return float(np.mean(shares))


def _by_chroma(server: ChromaServer, asked: np.ndarray, vectors: np.ndarray, statuses: np.ndarray) -> Iterator[Figure]:
    """What the index's own filter would take: the same vectors once more, with metadata."""
    import chromadb

    client = chromadb.HttpClient(host="127.0.0.1", port=server.port)
    collection = client.create_collection(
        "with-metadata", embedding_function=None, configuration={"hnsw": vector_index.HNSW}
    )
    for start in range(0, LEADS, 2000):
        rows = range(start, start + 2000)
        metadata = [{"status": str(statuses[row])} for row in rows]
        collection.upsert(ids=[str(row) for row in rows], embeddings=vectors[start : start + 2000], metadatas=metadata)
    for status, share in SHARES.items():
        options = {"n_results": meaning.MOST, "where": {"status": status}, "include": ["distances"]}
        taken = _ms(asked, lambda one, options=options: collection.query(one[None], **options))  # type: ignore[misc]
        yield Figure(f"Chroma's own filter that {share:.1%} pass, p50", f"{taken:.2f} ms")


def _ms(asked: np.ndarray, ask: Callable[[np.ndarray], object]) -> float:
    """The median in milliseconds."""
    times = []
    for one in asked:
        start = time.perf_counter()
        ask(one)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def base_vectors() -> np.ndarray:
    return embedding.encode([need.format(thing) for need in NEEDS.split("|") for thing in THINGS.split("|")])


def jittered(vectors: np.ndarray, count: int) -> np.ndarray:
    """So many vectors, each near one of these."""
    chance = np.random.default_rng(count)
    many = vectors[np.arange(count) % len(vectors)] + NOISE * chance.normal(size=(count, vectors.shape[1]))
    return (many / np.linalg.norm(many, axis=1, keepdims=True)).astype(np.float32)


def seed(vectors: np.ndarray, statuses: np.ndarray) -> None:
    now = timezone.now()
    for start in range(0, len(vectors), 5000):
        rows = range(start, min(start + 5000, len(vectors)))
        leads = Lead.objects.bulk_create(
            Lead(source="api", status=str(statuses[row]), received_at=now - timedelta(minutes=row)) for row in rows
        )
        Embedding.objects.bulk_create(
            Embedding(
                lead=lead, model=embedding.model_name(), dimension=vectors.shape[1], vector=vectors[row].tobytes()
            )
            for lead, row in zip(leads, rows, strict=True)
        )


# ---- a person waits --------------------------------------------------------------------------------------------------


def in_browser() -> list[Figure]:
    with running_with_samples() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        times = _ask_all(stack, browser.new_page())
        browser.close()
    print("  " + ", ".join(f"{seconds:.2f}" for seconds in times))
    return [
        at_most("A new question by meaning, submit to answer, p50", statistics.median(times), 1, " s"),
        at_most("A new question by meaning, submit to answer, p95", statistics.quantiles(times, n=20)[-1], 2, " s"),
    ]


@contextmanager
def running_with_samples() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        stack.start()
        try:
            yield stack
        finally:
            stack.stop()


def _ask_all(stack: Stack, page: Page) -> list[float]:
    page.goto(f"{stack.url}/login/")
    page.locator("[name=username]").fill(OWNER["DJANGO_SUPERUSER_USERNAME"])
    page.locator("[name=password]").fill(OWNER["DJANGO_SUPERUSER_PASSWORD"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{stack.url}/")
    page.get_by_role("button", name="sample").first.click()
    page.wait_for_selector(".lead-row")
    _ask(stack, page, "is the model warm", seconds=90)
    return [_ask(stack, page, question) for question in QUESTIONS]


def _ask(stack: Stack, page: Page, question: str, *, seconds: float = 30) -> float:
    page.goto(f"{stack.url}/ai/search/")
    page.locator("#id_q").fill(question)
    start = time.perf_counter()
    page.keyboard.press("Enter")
    page.wait_for_selector("#lead_table :is(.lead-row, h2:text('Nothing comes close'))", timeout=seconds * 1000)
    return time.perf_counter() - start
