import datetime as dt
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from django.db import OperationalError
from django.utils import timezone

from basecamp import health
from basecamp.health import Check, State
from leads.models import Heartbeat, Lead, Mailbox, StageRun, Webhook, WebhookDelivery
from tests.servers.airtable import AirtableServer

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def silence():
    """The address of a server that takes connections and never says a word."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(server.accept()[0])
            except OSError:
                pass  # closed: the test is over

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for connection in taken:
            connection.close()


@pytest.fixture
def nothing_runs(settings):
    """Services that aren't there."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        settings.OLLAMA_BASE_URL = settings.CHROMA_URL = f"http://127.0.0.1:{probe.getsockname()[1]}"
    settings.AIRTABLE_API_KEY = ""


def beat_all(seconds_ago: float = 1) -> None:
    for name in ("basecamp", "ml", "llm"):
        Heartbeat.objects.create(cluster=name, beat_at=timezone.now() - dt.timedelta(seconds=seconds_ago))


@pytest.mark.parametrize(
    ("beat", "state", "sentence"),
    [
        (None, State.DOWN, "No sign of life yet."),
        (Heartbeat(beat_at=NOON), State.OK, "Last sign of life a moment ago."),
        (Heartbeat(beat_at=NOON - dt.timedelta(seconds=60)), State.OK, "Last sign of life 60 seconds ago."),
        (Heartbeat(beat_at=NOON - dt.timedelta(seconds=61)), State.DOWN, "Silent for 61 seconds."),
        (Heartbeat(beat_at=NOON - dt.timedelta(hours=5)), State.DOWN, "Silent for 5 hours."),
        (
            Heartbeat(beat_at=NOON - dt.timedelta(seconds=150), busy_until=NOON + dt.timedelta(seconds=1)),
            State.OK,
            "At work on one batch for 2 minutes.",
        ),
        (
            Heartbeat(beat_at=NOON - dt.timedelta(seconds=150), busy_until=NOON),
            State.DOWN,
            "Silent for 2 minutes.",
        ),
    ],
)
def test_cluster(beat, state, sentence):
    check = health.cluster("ml", beat, now=NOON)
    assert (check.name, check.state, check.sentence, check.is_needed) == ("Embedding worker", state, sentence, True)
    assert bool(check.advice) is (state is State.DOWN)


def test_healthz_asks_nothing(anonymous, django_assert_num_queries):
    anonymous.get("/healthz")
    with django_assert_num_queries(0):
        answer = anonymous.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_readyz_gives_the_reasons(anonymous, nothing_runs, settings):
    beat_all()
    Heartbeat.objects.filter(cluster="ml").update(beat_at=timezone.now() - dt.timedelta(minutes=3))
    answer = anonymous.get("/readyz")
    assert answer.status_code == 503
    found = answer.json()
    assert found["ready"] is False
    worker, chroma = found["reasons"]
    assert worker == "Embedding worker: Silent for 3 minutes."
    assert chroma.startswith("Chroma: ")
    assert settings.CHROMA_URL in chroma
    assert [(check["name"], check["state"]) for check in found["checks"]] == [
        ("Database", "ok"),
        ("Quick workers", "ok"),
        ("Embedding worker", "down"),
        ("Model worker", "ok"),
        ("Chroma", "down"),
        ("Ollama", "warning"),
        ("Airtable", "warning"),
    ]


def test_ready_without_ollama_and_airtable(anonymous, nothing_runs, monkeypatch):
    beat_all()
    monkeypatch.setattr("enrichment.vector_index.check", lambda: None)
    answer = anonymous.get("/readyz")
    assert (answer.status_code, answer.json()["ready"], answer.json()["reasons"]) == (200, True, [])


def test_readyz_when_the_database_is_gone(anonymous, nothing_runs, monkeypatch):
    def cursor(*_args: object) -> None:
        raise OperationalError("connection refused\nIs the server running?")

    anonymous.get("/healthz")
    with monkeypatch.context() as patch:
        patch.setattr("basecamp.health.connection.cursor", cursor)
        answer = anonymous.get("/readyz")
    assert answer.status_code == 503
    kind = answer.json()["checks"][0]["sentence"].split()[1]
    assert answer.json()["reasons"][0] == f"Database: The {kind} database does not answer: connection refused"


def test_status_answers_soon_when_nothing_else_does(transactional_db, client, silence, settings):
    settings.OLLAMA_BASE_URL = settings.CHROMA_URL = settings.AIRTABLE_ENDPOINT_URL = silence
    settings.AIRTABLE_API_KEY, settings.AIRTABLE_BASE_ID = "patX.secret", "appX"
    client.get("/healthz")
    start = time.monotonic()
    answer = client.get("/status/")
    assert time.monotonic() - start < 3
    states = {check.name: check.state for check in answer.context["checks"]}
    assert (states["Chroma"], states["Ollama"], states["Airtable"]) == ("down", "warning", "warning")
    assert answer.context["worst"] == "down"
    assert "secret" not in answer.content.decode()


def test_looking_often_does_not_mean_asking_airtable_often(transactional_db, anonymous, nothing_runs, settings):
    """Anyone may ask /readyz: each look must not be a call to a base that refuses us, or has used up its calls."""
    with AirtableServer() as server:
        settings.AIRTABLE_API_KEY, settings.AIRTABLE_BASE_ID = "patWrong.1", server.base_id
        settings.AIRTABLE_ENDPOINT_URL = server.url
        sentences = [anonymous.get("/readyz").json()["checks"][-1]["sentence"] for _ in range(4)]
    assert sentences == ["Airtable does not accept the access token."] * 4
    assert len(server.requests) == 1


def test_status_shows_every_check(client, nothing_runs):
    beat_all()
    answer = client.get("/status/")
    names = [check.name for check in answer.context["checks"]]
    assert names == [
        *("Database", "Quick workers", "Embedding worker", "Model worker", "Work"),
        *("Chroma", "Ollama", "Airtable", "Embedding model", "Disk"),
    ]
    for name in names:
        assert f'<strong class="ms-2">{name}</strong>' in answer.content.decode()


def test_status_is_for_staff(anonymous):
    assert anonymous.get("/status/").headers["Location"] == "/login/?next=/status/"


def test_work_counts_by_stage(transactional_db):
    assert health.work() == Check("Work", State.OK, "Nothing waits.")
    leads = Lead.objects.bulk_create([Lead() for _ in range(3)])
    StageRun.objects.create(lead=leads[0], stage="extract", state="running")
    StageRun.objects.create(lead=leads[0], stage="embed", due_at=timezone.now() + dt.timedelta(hours=1))
    StageRun.objects.create(lead=leads[1], stage="extract")
    StageRun.objects.create(lead=leads[2], stage="extract")
    assert health.work() == Check("Work", State.OK, "2 × Rules waiting; 1 × Rules running.")

    StageRun.objects.create(lead=leads[1], stage="push", state="failed")
    assert health.work() == Check(
        "Work",
        State.WARNING,
        "2 × Rules waiting; 1 × Rules running; 1 × Airtable failed.",
        "Open the leads marked as failed: each says why and has Retry.",
    )
    StageRun.objects.pending().update(due_at=timezone.now() - dt.timedelta(minutes=2))
    assert health.work().state is State.WARNING
    assert "The oldest waits since" in health.work().sentence


@pytest.mark.parametrize(
    ("free", "state"), [(2_000_000_000, State.OK), (1_999_999_999, State.WARNING), (199_999_999, State.DOWN)]
)
def test_disk(monkeypatch, free, state):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": free}))
    assert health.disk().state is state


@pytest.mark.parametrize(
    ("model", "state", "sentence"),
    [
        ("all-MiniLM-L6-v2", State.OK, "all-MiniLM-L6-v2 is installed."),
        ("/nowhere/model", State.DOWN, "The folder /nowhere/model is missing."),
        ("/tmp", State.OK, "/tmp is there."),
        ("BAAI/bge-small-en", State.OK, "BAAI/bge-small-en, fetched from the hub when first needed."),
    ],
)
def test_embedding_model(settings, model, state, sentence):
    settings.EMBEDDING_MODEL = model
    check = health.embedding_model()
    assert (check.state, check.sentence) == (state, sentence)


def test_a_broken_check_spares_the_others(db, monkeypatch, nothing_runs):
    def broken(*_args: object) -> None:
        raise RuntimeError("the client has a bug")

    monkeypatch.setattr("enrichment.ollama.check", broken)
    checks = {check.name: check for check in health.all_checks()}
    assert checks["Ollama"].sentence == "The check failed: the client has a bug"
    assert checks["Disk"].state is State.OK


def test_web_process_never_imports_torch():
    """Neither the pages nor the health checks: it takes seconds and hundreds of megabytes."""
    code = """
import sys, basecamp.wsgi
from django.urls import get_resolver
from basecamp import health
len(get_resolver().url_patterns), health.embedding_model(), health.vectors(), health.ollama()
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_calls_of_webhooks_that_nobody_mapped_are_told(db):
    hook = Webhook.objects.create(name="Spring", kind="other")
    WebhookDelivery.objects.create(webhook=hook, body=b"{}", digest="x", state="unmapped")
    check = health.work()
    assert (check.state, check.sentence) == ("warning", "Calls of webhooks that can't be taken in yet: 1.")
    assert "Webhooks" in check.advice


@pytest.mark.django_db
def test_a_mailbox_that_needs_somebody_is_named():
    assert health.mailboxes() == []
    box = Mailbox.objects.create(name="Office", host="localhost", user="u", is_active=True)
    assert [(each.state, each.sentence) for each in health.mailboxes()] == [("ok", "1 looked into every minute.")]
    Mailbox.objects.filter(pk=box.pk).update(problem="localhost does not answer in time.")
    assert health.mailboxes()[0].state == "warning"
    Mailbox.objects.filter(pk=box.pk).update(pause_reason="localhost refuses the password.")
    (found,) = health.mailboxes()
    assert (found.state, found.sentence) == ("down", "“Office”: localhost refuses the password.")
    assert not found.is_blocking
