"""Search by meaning: the page asks, the worker reads, the page shows; and what happens when one of them can't."""

import datetime as dt
import os
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from enrichment import embedding, meaning, nearness, stages, vector_index
from enrichment.models import Embedding, MeaningQuery
from enrichment.tests.test_nearness import no_chroma
from enrichment.tests.test_similar import AXES, lead
from leads.models import Lead
from tests.leads_at_hand import receive
from tests.servers.chroma import ChromaServer

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}
SEARCH = "/ai/search/"


@pytest.fixture(autouse=True)
def _no_chroma(settings: Any) -> None:
    no_chroma(settings)


def shown(page: str) -> list[str]:
    return re.findall(r'class="stretched-link"[^>]*>([^<]+)</a>', page)


def get(client: Client, query: str = "", **options: Any) -> str:
    return client.get(f"{SEARCH}{query}", **options).content.decode()


def read(text: str = "brakes", axis: int = 0) -> MeaningQuery:
    """A question as the worker leaves it."""
    return MeaningQuery.objects.create(text=text, model="all-MiniLM-L6-v2", vector=AXES[axis].tobytes())


# ---- the whole way ---------------------------------------------------------------------------------------------------


def test_found_by_meaning(client: Client, transactional_db: None) -> None:
    """With the real model, as a person without JavaScript goes it."""
    leads = [receive(text) for text in ("My car makes a grinding noise when I slow down.", "A facial for my sister.")]
    outcome = stages.embed(list(Lead.objects.prefetch_related("submissions")))
    with transaction.atomic():
        outcome.save()
    waiting = get(client, "?q=squealing+brakes")
    assert "Reading your words" in waiting
    assert 'hx-trigger="load delay:200ms, every 400ms"' in waiting
    assert '<a class="btn btn-sm" href="?q=squealing+brakes">' in waiting
    assert OrmQ.objects.filter(key="ml").count() == 1
    stages.chores()
    page = get(client, "?q=squealing+brakes")
    assert re.findall(r'href="(/leads/[^"]+)"', page)[:1] == [leads[0].get_absolute_url()]
    assert "&thinsp;% close" in page
    assert "every" not in page
    assert np.linalg.norm(np.frombuffer(MeaningQuery.objects.get().vector, dtype="<f4")) == pytest.approx(1, abs=1e-5)


def test_the_page_hears_of_changes_only(client: Client) -> None:
    first = get(client, "?q=brakes", **HTMX)
    assert "<html" not in first
    assert client.get(f"{SEARCH}?q=brakes&waiting=waiting", **HTMX).status_code == 204
    MeaningQuery.objects.update(asked_at=timezone.now() - dt.timedelta(seconds=21))
    late = get(client, "?q=brakes&waiting=waiting", **HTMX)
    assert "has not answered for 20 seconds" in late
    assert 'hx-trigger="every 3s"' in late
    assert client.get(f"{SEARCH}?q=brakes&waiting=late", **HTMX).status_code == 204
    lead("Ana")
    MeaningQuery.objects.update(vector=AXES[0].tobytes())
    assert shown(get(client, "?q=brakes&waiting=late", **HTMX)) == ["Ana"]


def test_a_lost_bell_is_rung_again(client: Client, transactional_db: None) -> None:
    get(client, "?q=brakes")
    OrmQ.objects.all().delete()
    get(client, "?q=brakes&waiting=waiting", **HTMX)
    assert not OrmQ.objects.exists()
    MeaningQuery.objects.update(asked_at=timezone.now() - dt.timedelta(seconds=21))
    for _ in range(3):
        get(client, "?q=brakes&waiting=late", **HTMX)
    assert OrmQ.objects.filter(key="ml").count() == 1


def test_looking_again_starts_the_wait_anew(client: Client) -> None:
    get(client, "?q=brakes")
    MeaningQuery.objects.update(asked_at=timezone.now() - dt.timedelta(hours=1))
    assert "Reading your words" in get(client, "?q=brakes")
    assert MeaningQuery.objects.count() == 1


def test_a_known_question_is_answered_at_once_and_rings_nobody(client: Client, transactional_db: None) -> None:
    lead("Ana")
    read("brakes")
    assert shown(get(client, "?q=++brakes+")) == ["Ana"]
    assert not OrmQ.objects.exists()


def test_a_question_of_another_model_is_read_anew(client: Client, settings: Any) -> None:
    read("brakes")
    settings.EMBEDDING_MODEL = "another"
    assert "Reading your words" in get(client, "?q=brakes")
    assert MeaningQuery.objects.waiting().get().model == "another"


# ---- the worker ------------------------------------------------------------------------------------------------------


def test_a_model_that_can_not_be_loaded_is_said_and_tried_again(
    client: Client, settings: Any, monkeypatch: Any
) -> None:
    settings.EMBEDDING_MODEL = "/nowhere/model"
    monkeypatch.setattr(embedding, "_loaded", {})
    get(client, "?q=brakes")
    assert meaning.read_questions() == 0
    page = get(client, "?q=brakes&waiting=waiting", **HTMX)
    assert "The embedding model is not in the folder /nowhere/model, or its files are broken." in page
    assert "every" not in page
    assert "Reading your words" in get(client, "?q=brakes")
    assert MeaningQuery.objects.waiting().count() == 1


def test_questions_go_before_a_backlog(client: Client) -> None:
    get(client, "?q=brakes")
    stages.embed([receive("Hello")])  # not saved: the batch is still at work
    assert MeaningQuery.objects.get().vector is not None


def test_old_questions_are_forgotten() -> None:
    for days in (29, 31):
        MeaningQuery.objects.create(text=f"{days}", model="m", asked_at=timezone.now() - dt.timedelta(days=days))
    MeaningQuery.objects.forgotten().delete()
    assert [question.text for question in MeaningQuery.objects.all()] == ["29"]


# ---- what comes out --------------------------------------------------------------------------------------------------


@pytest.fixture
def five(db: None) -> None:
    for number, (name, close) in enumerate([("Ana", 0.5), ("Ben", 0.9), ("Cleo", 0.7), ("Far", 0.24), ("Dev", 0.26)]):
        lead(name, close=close, status="working" if number % 2 else "new", intent="complaint" if number else "")
    lead("Gone", close=1.0, merged_into=Lead.objects.get(first_name="Ana"))
    lead("Unread", close=None)
    read("brakes")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Ben", "Cleo", "Ana", "Dev"]),
        ("&status=working", ["Ben"]),
        ("&status=new&intent=complaint", ["Cleo", "Dev"]),
        ("&status=nonsense&page=x&sort=x", ["Ben", "Cleo", "Ana", "Dev"]),
        ("&page=99", ["Ben", "Cleo", "Ana", "Dev"]),
        ("&status=converted", []),
    ],
)
def test_closest_first_with_filters(client: Client, five: None, query: str, expected: list[str]) -> None:
    page = get(client, f"?q=brakes{query}")
    assert shown(page) == expected
    assert ("Nothing comes close" in page) == (not expected)
    assert ("Search without filters" in page) == (not expected)


def test_pages(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("enrichment.views.search.PAGE_SIZE", 2)
    monkeypatch.setattr("leads.inbox.PAGE_SIZE", 2)
    for number in range(5):
        lead(f"L{number}", close=0.9 - number / 10)
    read("brakes")
    first, last = get(client, "?q=brakes&status=new"), get(client, "?q=brakes&status=new&page=3")
    assert (shown(first), shown(last)) == (["L0", "L1"], ["L4"])
    assert "1–2 of the 5 closest" in first
    assert 'rel="next" href="?q=brakes&amp;status=new&amp;page=2"' in first
    assert "5–5 of the 5 closest" in last
    assert 'rel="next"' not in last


def test_with_chroma_and_after_it_died(index: ChromaServer, client: Client, five: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(nearness, "FEW", 0)
    vector_index.index_pending()
    assert shown(get(client, "?q=brakes")) == ["Ben", "Cleo", "Ana", "Dev"]
    index.kill()
    assert shown(get(client, "?q=brakes")) == ["Ben", "Cleo", "Ana", "Dev"]


def test_what_strangers_write_is_text_only(client: Client) -> None:
    lead("<script>alert(1)</script>", text="<img src=x onerror=alert(1)>")
    read("<b>brakes</b>")
    page = get(client, "?q=%3Cb%3Ebrakes%3C/b%3E")
    for tag in ("<script>alert", "<img src=x", "<b>brakes"):
        assert tag not in page


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("", ""),
        (" \t\n ", ""),
        ("\x00", ""),
        ("a\x00b", "a b"),
        ("\ud800x", "x"),
        ("😀", "😀"),
        ("  two \n lines ", "two lines"),
        ("x" * 10_000, "x" * 500),
        ("ab " * 400, ("ab " * 167)[:500].rstrip()),
    ],
)
def test_garbage(client: Client, raw: str, kept: str) -> None:
    assert meaning.tidy(raw) == kept
    page = client.get(SEARCH, {"q": raw.encode("utf-8", "ignore").decode()}).content.decode()
    assert ("Say what you look for" in page) == (not kept.strip("x") and not kept)
    assert list(MeaningQuery.objects.values_list("text", flat=True)) == [kept] * bool(kept)
    assert meaning.read_questions() == bool(kept)


# ---- beside the search for words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/?by=meaning", SEARCH),
        ("/?q=my+brakes&by=meaning&status=new&sort=score&page=3", f"{SEARCH}?q=my+brakes&status=new"),
        (f"{SEARCH}?q=my+brakes&by=words&urgency=high", "/?q=my+brakes&urgency=high"),
    ],
)
def test_from_one_search_to_the_other(client: Client, asked: str, expected: str) -> None:
    assert client.get(asked)["Location"] == expected
    assert client.get(asked, **HTMX)["HX-Redirect"] == expected
    assert not MeaningQuery.objects.exists()


@pytest.mark.parametrize("by", ["", "words", "nonsense", "https://example.com"])
def test_the_inbox_stays_the_inbox(client: Client, by: str) -> None:
    lead("Ana")
    page = client.get("/", {"by": by}).content.decode()
    assert shown(page) == ["Ana"]
    assert re.search(r'id="by-words" value="" checked', page)
    assert re.search(r'id="by-meaning" value="meaning" autocomplete', page)


def test_needs_a_login(anonymous: Client) -> None:
    assert anonymous.get(f"{SEARCH}?q=brakes")["Location"].startswith("/login/")
    assert not MeaningQuery.objects.exists()


def test_only_looks(client: Client) -> None:
    assert client.post(SEARCH, {"q": "brakes"}).status_code == 405


def test_few_queries_whatever_the_number(client: Client) -> None:
    read("brakes")

    def queries(count: int) -> int:
        while Embedding.objects.count() < count:
            lead(f"L{Lead.objects.count()}")
        get(client, "?q=brakes")
        with CaptureQueriesContext(connection) as captured:
            get(client, "?q=brakes&status=new")
        return len(captured)

    assert queries(1) == queries(30) <= 14


def test_the_web_process_never_imports_torch() -> None:
    code = """if True:
        import sys, warnings, django
        warnings.simplefilter("ignore")
        django.setup()
        from django.urls import reverse
        import basecamp.wsgi, enrichment.similar, enrichment.meaning
        reverse("enrichment:search"), reverse("inbox")
        print(sorted({"torch", "sentence_transformers", "transformers"}.intersection(sys.modules)))
    """
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "basecamp.settings"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
