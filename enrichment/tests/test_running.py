"""Rules only, which model, getting one and trying one: through the real rows and the workers' task."""

import datetime as dt

import pytest
from django.utils import timezone

from enrichment import ai_settings, model_tests, pulls, running
from enrichment.models import AiSettings, Enrichment, ModelPull, ModelTest
from leads import gates, tasks
from leads.models import FieldValue, StageGate, StageRun
from leads.models.pipeline import STAGES
from leads.steps import steps_of, with_runs
from tests.leads_at_hand import receive
from tests.servers.ollama import OllamaServer
from tests.servers.ollama_behaviours import hang, says

TEXT = "Hello, this is Ana Silva. My brakes squeal, can I come in on Friday? ana@silva.example"


@pytest.fixture
def server(settings):
    with OllamaServer() as server:
        settings.OLLAMA_BASE_URL, settings.OLLAMA_MODEL = server.url, "mistral:latest"
        yield server


def run_of(lead):
    return StageRun.objects.get(lead=lead, stage="enrich")


def readings(lead):
    return Enrichment.objects.filter(lead=lead, kind="reading").count()


# ---- settings --------------------------------------------------------------------------------------------------------


def test_what_nobody_chose_is_the_environments(db, settings):
    settings.OLLAMA_MODEL = "phi4"
    assert (ai_settings.model(), ai_settings.is_off(), ai_settings.review_below()) == ("phi4", False, 0.5)
    assert (ai_settings.staff_language(), ai_settings.why_off()) == ("en", None)


def test_what_was_chosen_is_remembered_for_seconds_only(transactional_db, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(ai_settings, "KEPT", 30.0)
    with django_assert_num_queries(1):
        assert {ai_settings.model() for _ in range(5)} == {ai_settings.model()}
    ai_settings.choose_model("phi4", by="olivia")
    assert ai_settings.model() == "phi4"  # at once where it was chosen
    AiSettings.objects.update(model="mistral")  # by another process
    assert ai_settings.model() == "phi4"
    monkeypatch.setattr(ai_settings, "KEPT", 0.0)
    assert ai_settings.model() == "mistral"


@pytest.mark.parametrize(("below", "language"), [(1.1, "en"), (-0.1, "en"), (0.5, "xx")])
def test_settings_that_cannot_be(db, below, language):
    with pytest.raises(ValueError, match="Not possible"):
        ai_settings.set_reading(review_below=below, staff_language=language, by="olivia")
    assert not AiSettings.objects.exists()


def test_who_switched_it_off_is_named_whoever_changes_something_later(db):
    ai_settings.switch(off=True, by="olivia")
    ai_settings.set_reading(review_below=0.4, staff_language="de", by="max")
    assert ai_settings.why_off() == "Switched off by olivia: rules only."


# ---- rules only ------------------------------------------------------------------------------------------------------


def test_rules_only_and_back(drain, server):
    ai_settings.switch(off=True, by="olivia")
    lead = receive(TEXT)
    drain()
    run = run_of(lead)
    assert (run.state, run.attempts, readings(lead), server.chats) == ("pending", 0, 0, [])
    assert FieldValue.objects.current().get(lead=lead, field="email").origin == "rule"  # rules read it all the same
    step = next(step for step in steps_of(with_runs(type(lead).objects.all()).get()) if step.stage == "enrich")
    assert (step.state, step.is_off, step.reason) == ("gated", True, "Switched off by olivia: rules only.")
    assert (step.state_label, step.can_retry) == ("Switched off", False)

    ai_settings.switch(off=False, by="olivia")
    drain()
    assert (run_of(lead).state, readings(lead)) == ("succeeded", 1)
    assert not StageGate.objects.get(stage="enrich").is_off


def test_ollama_that_is_away_is_not_called_switched_off(drain, server):
    server.stop()
    lead = receive(TEXT)
    drain()
    step = next(step for step in steps_of(with_runs(type(lead).objects.all()).get()) if step.stage == "enrich")
    assert (step.state, step.is_off, step.can_retry) == ("gated", False, True)


def test_switching_off_says_so_at_once(db):
    ai_settings.switch(off=True, by="olivia")
    gate = StageGate.objects.get(stage="enrich")
    assert (gate.is_off, gate.reason, gate.failures) == (True, "Switched off by olivia: rules only.", 0)
    assert gates.is_closed(STAGES["enrich"])


def test_choosing_another_model(drain, server):
    server.models = {"phi4:latest"}
    lead = receive(TEXT)
    drain()
    assert run_of(lead).state == "pending"
    ai_settings.choose_model("phi4", by="olivia")
    drain()
    assert run_of(lead).state == "succeeded"
    assert {chat["model"] for chat in server.chats} == {"phi4"}


@pytest.mark.parametrize(
    ("setting", "kind", "sentence"),
    [
        ("ready", "ready", "Ollama at {url} has mistral:latest."),
        ("missing", "missing", "The model mistral:latest is not there; run: ollama pull mistral:latest"),
        ("away", "away", "Ollama at {url} does not answer."),
        ("off", "off", "Switched off by olivia: rules only."),
    ],
)
def test_the_state_in_one_sentence(db, server, setting, kind, sentence):
    """The same for the page, which has asked Ollama already, and for the health check, which asks."""
    from enrichment.ollama_library import look

    if setting == "missing":
        server.models.clear()
    elif setting == "away":
        server.stop()
    elif setting == "off":
        ai_settings.switch(off=True, by="olivia")
    found = running.state()
    assert (found.kind, found.sentence) == (kind, sentence.format(url=server.url))
    assert running.state(look(server.url)) == found
    assert bool(found.advice) is (kind != "ready")


# ---- getting a model -------------------------------------------------------------------------------------------------


def test_a_pull_is_followed_to_its_end(transactional_db, server):
    pull = pulls.start(" qwen2.5:3b ", by="olivia")
    assert pulls.go_on()
    pull.refresh_from_db()
    assert (pull.status, pull.completed, pull.total, pull.problem) == ("success", 1_930_000_000, 1_930_000_000, "")
    assert pull.finished_at
    assert "qwen2.5:3b" in server.models
    assert not pulls.go_on()


def test_asking_twice_is_asking_once(transactional_db, server):
    assert pulls.start("phi4", by="olivia") == pulls.start("phi4", by="max")
    assert ModelPull.objects.count() == 1


@pytest.mark.parametrize("name", ["", "two words", "http://evil/x", "../x"])
def test_names_that_cannot_be_pulled(db, name):
    with pytest.raises(pulls.NoSuchName):
        pulls.start(name, by="olivia")
    assert not ModelPull.objects.exists()


def test_a_pull_that_failed_says_why_and_can_be_tried_again(transactional_db, server):
    server.library.errors = [(3, "write /models: no space left on device")]
    pull = pulls.start("qwen2.5:3b", by="olivia")
    assert pulls.go_on()
    pull.refresh_from_db()
    assert pull.problem == "There is no room for qwen2.5:3b on Ollama's disk. Make some and try again."
    assert pull.finished_at
    assert pulls.start("qwen2.5:3b", by="olivia") != pull
    assert pulls.go_on()
    assert "qwen2.5:3b" in server.models


def test_a_pull_waits_for_ollama_and_goes_on(transactional_db, server, monkeypatch):
    server.stop()
    pull = pulls.start("phi4", by="olivia")
    assert not pulls.go_on()
    pull.refresh_from_db()
    assert pull.problem == f"Ollama at {server.url} does not answer. The download goes on when it is back."
    assert pull.finished_at is None
    server.start()
    assert not pulls.go_on()  # not before it was silent for a while
    monkeypatch.setattr(pulls, "SILENT", dt.timedelta(0))
    assert pulls.go_on()
    assert "phi4:latest" in server.models


def test_stopping_a_pull_ends_the_download(transactional_db, server, monkeypatch):
    monkeypatch.setattr(pulls, "EVERY", 0.0)
    server.library.seconds = 2.0
    pull = pulls.start("qwen2.5:3b", by="olivia")
    pulls.keep_going()
    wait_until(lambda: ModelPull.objects.get().completed > 0)
    pulls.stop(pull)
    pulls._thread.join(5)
    arrived = server.library.arrived["qwen2.5:3b"]
    pull.refresh_from_db()
    assert (pull.is_stopped, pull.problem) == (True, "")
    assert 0 < arrived < 1_930_000_000
    assert "qwen2.5:3b" not in server.models


def test_after_a_workers_death_another_takes_the_pull_over(transactional_db, server):
    long_ago = timezone.now() - dt.timedelta(minutes=1)
    dead = ModelPull.objects.create(name="qwen2.5:3b", status="pulling 1", moved_at=long_ago, asked_by="olivia")
    alive = ModelPull.objects.create(name="phi4", status="pulling 2", asked_by="olivia")
    server.library.arrived["qwen2.5:3b"] = 1_000_000_000
    assert pulls.go_on()
    assert not pulls.go_on()
    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.status, alive.status, server.library.pulled) == ("success", "pulling 2", ["qwen2.5:3b"])


def test_leads_that_wait_for_the_model_are_read_once_it_is_there(drain, server):
    server.models.clear()
    server.library.sizes["mistral:latest"] = 4_000_000_000
    lead = receive(TEXT)
    drain()
    assert run_of(lead).state == "pending"
    pulls.start("mistral", by="olivia")
    tasks.work("llm")
    pulls._thread.join(10)
    drain()
    assert run_of(lead).state == "succeeded"


def wait_until(what):
    import time

    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


# ---- trying a model --------------------------------------------------------------------------------------------------


def test_a_test_shows_what_would_come_of_it(transactional_db, server):
    model_tests.ask(TEXT, model="mistral:latest", by="olivia")
    tasks.work("llm")
    test = ModelTest.objects.get()
    assert test.finished_at
    assert test.problem == ""
    assert test.result["email"] == {"value": "ana@silva.example", "evidence": "ana@silva.example", "note": ""}
    assert (test.answer.kind, test.answer.outcome, test.answer.lead) == ("trial", "used", None)
    assert not FieldValue.objects.exists()


def test_what_a_test_drops_is_kept_to_look_at(transactional_db, server):
    server.answer = lambda body: {
        key: "mark@example.com" if key == "email" else [] if rule.get("type") == "array" else ""
        for key, rule in body["format"]["properties"].items()
    }
    model_tests.ask("do you guys do weddings? thanks, Mark", model="mistral", by="olivia")
    tasks.work("llm")
    test = ModelTest.objects.get()
    assert "email" not in test.result
    assert test.problem or "email" in [drop["field"] for drop in test.answer.dropped]


def test_an_answer_that_cannot_be_used_is_shown_with_the_reason(transactional_db, server):
    server.script(says("I am a teapot."), says("I am a teapot."))
    model_tests.ask(TEXT, model="mistral:latest", by="olivia")
    tasks.work("llm")
    test = ModelTest.objects.get()
    assert test.finished_at
    assert test.problem
    assert test.answer.answer == "I am a teapot."


def test_a_test_of_a_model_that_is_not_there(transactional_db, server):
    model_tests.ask(TEXT, model="phi4", by="olivia")
    tasks.work("llm")
    test = ModelTest.objects.get()
    assert (bool(test.finished_at), test.problem) == (True, "The model phi4 is not there; run: ollama pull phi4")


def test_a_test_is_possible_while_rules_only(transactional_db, server):
    ai_settings.switch(off=True, by="olivia")
    model_tests.ask(TEXT, model="mistral", by="olivia")
    tasks.work("llm")
    assert ModelTest.objects.get().problem == ""


def test_a_test_that_hangs_ends(transactional_db, server, settings):
    settings.OLLAMA_TIMEOUT = 0.3
    server.script(hang(), hang())
    model_tests.ask(TEXT, model="mistral", by="olivia")
    tasks.work("llm")
    assert "gave no answer" in ModelTest.objects.get().problem


def test_the_test_of_a_worker_that_died_is_done_by_another(transactional_db, server):
    lease = STAGES["enrich"].lease
    now = timezone.now()
    ModelTest.objects.create(model="mistral", text=TEXT, asked_by="o", started_at=now - dt.timedelta(seconds=lease + 1))
    held = ModelTest.objects.create(model="mistral", text=TEXT, asked_by="o", started_at=now)
    assert model_tests.go_on(STAGES["enrich"])
    assert not model_tests.go_on(STAGES["enrich"])
    assert ModelTest.objects.get(finished_at=None) == held


# ---- slots -----------------------------------------------------------------------------------------------------------


def test_there_are_as_many_workers_as_slots(settings):
    assert settings.Q_CLUSTER["ALT_CLUSTERS"]["llm"]["workers"] == settings.OLLAMA_NUM_PARALLEL


def test_speed_of_the_last_answers(db):
    assert running.speed() is None
    for tokens, milliseconds in ((10, 1000), (30, 1000), (0, 1000), (20, 1000), (10, 0)):
        Enrichment.objects.create(
            model="m", prompt_version="1", outcome="used", answer_tokens=tokens, writing_ms=milliseconds
        )
    found = running.speed()
    assert (found.median, found.slowest, found.fastest) == (20, 10, 30)
    assert [bar.height for bar in found.bars] == [33.3, 100.0, 66.7]
