"""The stages over real rows; the model is the stand-in that speaks Ollama's protocol."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrichment import embedding, exact_search, scoring, stages, vector_index
from enrichment.models import Embedding, Enrichment
from enrichment.profiles import profile_for
from leads import merging
from leads.models import DuplicateSuggestion, FieldValue, Lead, StageGate, StageRun
from leads.pipeline import Outcome, TryAgainLater
from leads.values import Contact
from tests.leads_at_hand import receive
from tests.servers import ollama_behaviours as behaviours
from tests.servers.chroma import ChromaServer, free_port
from tests.servers.ollama import OllamaServer

pytestmark = pytest.mark.django_db

MAIL = """From: Jane Doe <jane.doe@example.com>
To: Garage <hello@garage.example>
Subject: Quote for brakes

Hi, my brakes squeal. What would new pads cost? Please call me back at (512) 555-0142.

Thanks,
Jane Doe

On Mon, Nov 16, 2026 at 9:12 AM Garage <hello@garage.example> wrote:
> We are open from 8 to 6. Call 512 555 0100.
"""


@pytest.fixture(autouse=True)
def _services(settings: Any) -> None:
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    settings.TIME_ZONE = "UTC"
    vector_index.try_again()
    exact_search.release()


@pytest.fixture
def model(settings: Any) -> Iterator[OllamaServer]:
    with OllamaServer() as server:
        settings.OLLAMA_BASE_URL = server.url
        settings.OLLAMA_MODEL = "mistral:latest"
        settings.OLLAMA_TIMEOUT = 10
        yield server


def batch(*leads: Lead) -> list[Lead]:
    return list(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).order_by("pk").prefetch_related("submissions"))


def run(stage: Any, *leads: Lead) -> Outcome:
    outcome: Outcome = stage(batch(*leads))
    outcome.save()
    return outcome


def current(lead: Lead) -> dict[str, tuple[str, str]]:
    rows = FieldValue.objects.current().filter(lead=lead)
    return {row.field: (row.value, row.origin) for row in rows}


STAGES = [stages.extract, stages.embed, stages.find_duplicates, stages.enrich, stages.score]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_no_leads_are_no_error(stage: Any) -> None:
    outcome = run(stage)
    assert (outcome.notes, outcome.failed, outcome.later) == ({}, {}, {})


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
@pytest.mark.parametrize("text", ["", " \n", "\u200b", "🙂" * 5000, "a" * 200_000])
def test_any_text_passes(stage: Any, text: str, model: OllamaServer) -> None:
    outcome = run(stage, receive(text, Contact("Ana", "Silva")))
    assert (outcome.failed, outcome.later) == ({}, {})


# ---- rules -----------------------------------------------------------------------------------------------------------


def test_extract_writes_values_with_their_words() -> None:
    lead = receive(MAIL)
    outcome = run(stages.extract, lead)
    values = current(lead)
    assert values["email"] == ("jane.doe@example.com", "rule")
    assert values["phone"] == ("+15125550142", "rule")
    assert (values["first_name"][0], values["last_name"][0]) == ("Jane", "Doe")
    assert values["intent"] == ("quote_request", "rule")
    phone = FieldValue.objects.current().get(lead=lead, field="phone")
    assert MAIL[phone.evidence_start : phone.evidence_end] == phone.evidence_text == "(512) 555-0142"
    assert outcome.notes == {lead.pk: f"{len(values)} values found"}
    lead.refresh_from_db()
    assert (lead.email_key, lead.phone_key) == ("jane.doe@example.com", "15125550142")


def test_extract_leaves_what_the_submitter_typed() -> None:
    lead = receive(MAIL, Contact(first_name="Janet", phone="+15125550199"))
    run(stages.extract, lead)
    values = current(lead)
    assert values["first_name"] == ("Janet", "submitter")
    assert values["phone"] == ("+15125550199", "submitter")
    assert values["email"] == ("jane.doe@example.com", "rule")
    assert not FieldValue.objects.suggested().filter(lead=lead).exists()


@pytest.mark.parametrize("stage", [stages.extract, stages.embed, stages.score], ids=lambda stage: stage.__name__)
def test_twice_is_as_once(stage: Any) -> None:
    lead = receive(MAIL)
    run(stage, lead)
    before = (list(FieldValue.objects.values_list()), list(Embedding.objects.values_list()))
    run(stage, lead)
    assert (list(FieldValue.objects.values_list()), list(Embedding.objects.values_list())) == before


# ---- embedding -------------------------------------------------------------------------------------------------------


def test_embed_takes_what_was_newly_written() -> None:
    lead = receive(MAIL)
    (found,) = batch(lead)
    text = stages.embedded_text(found)
    assert text.startswith("Hi, my brakes squeal. What would new pads cost?")
    assert not {"Jane", "Doe", "open", "From"} & set(text.replace(":", " ").split())
    run(stages.embed, lead)
    row = Embedding.objects.get()
    assert (row.lead_id, row.model, row.dimension, row.is_indexed) == (lead.pk, "all-MiniLM-L6-v2", 384, False)
    assert np.frombuffer(row.vector, "<f4") == pytest.approx(embedding.encode([text])[0], abs=1e-6)


def test_embed_without_a_message() -> None:
    lead = receive("", Contact("Ana"))
    assert run(stages.embed, lead).notes == {lead.pk: "No message"}
    assert not Embedding.objects.exists()


def test_embed_again_only_what_changed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    leads = [receive("One thing"), receive("Another thing")]
    run(stages.embed, *leads)
    asked: list[list[str]] = []
    encode = embedding.encode
    monkeypatch.setattr(embedding, "encode", lambda texts: (asked.append(list(texts)), encode(texts))[1])
    leads[1].submissions.update(text="Something else")
    run(stages.embed, *leads)
    assert asked == [["Something else"]]
    Embedding.objects.update(model="another")
    run(stages.embed, *leads)
    assert asked[1:] == [["One thing", "Something else"]]
    assert Embedding.objects.count() == 2


def test_embed_waits_for_its_model(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMBEDDING_MODEL = "/nowhere"
    monkeypatch.setattr(embedding, "_loaded", {})
    with pytest.raises(TryAgainLater) as caught:
        stages.embed(batch(receive("Hello")))
    assert caught.value.is_service_down


def test_chores_complete_the_index(index: ChromaServer, settings: Any) -> None:
    run(stages.embed, receive("One thing"), receive("Another"))
    settings.CHROMA_URL = index.url
    vector_index.try_again()
    stages.chores()
    assert (vector_index.count(), Embedding.objects.filter(is_indexed=False).count()) == (2, 0)


# ---- model -----------------------------------------------------------------------------------------------------------


def test_enrich_stores_the_answer_and_uses_what_is_in_the_message(model: OllamaServer) -> None:
    lead = receive(MAIL)
    answer = {
        "intent": "quote_request",
        "intent_confidence": 0.8,
        "urgency": "high",
        "urgency_confidence": 0.7,
        "summary": "Asks what new brake pads cost.",
        "topics": ["brakes", "quote"],
        "language": "en",
        "first_name": "Jane",
        "phone": "(512) 555-0142",
        "email": "someone@else.example",
    }
    model.script(behaviours.ok(answer))
    outcome = run(stages.enrich, lead)
    assert (outcome.failed, outcome.later) == ({}, {})
    stored = Enrichment.objects.get()
    assert (stored.lead_id, stored.submission_id) == (lead.pk, lead.submissions.get().pk)
    assert (stored.outcome, stored.reason, stored.model) == ("used", "", "mistral:latest")
    assert '"someone@else.example"' in stored.answer
    assert [item["field"] for item in stored.dropped] == ["email"]
    assert stored.answer_tokens > 0
    assert stored.prompt_tokens > 0
    values = current(lead)
    assert values["phone"] == ("+15125550142", "model")
    assert values["urgency"] == ("high", "model")
    assert "email" not in values
    made_by = set(FieldValue.objects.filter(lead=lead, origin="model").values_list("made_by", flat=True))
    assert made_by == {f"mistral:latest · prompt {stored.prompt_version}"}


def test_enrich_tries_a_second_time_and_otherwise(model: OllamaServer) -> None:
    lead = receive(MAIL)
    model.script(behaviours.says("I would rather not."))
    outcome = run(stages.enrich, lead)
    assert outcome.failed == {}
    options = [chat["options"] for chat in model.chats]
    assert [(each["temperature"], each["seed"]) for each in options] == [(0.0, 1), (0.4, 2)]
    refused, used = Enrichment.objects.order_by("id")
    assert (refused.outcome, refused.answer, refused.reason) == (
        "refused",
        "I would rather not.",
        "The answer was not the form that was asked for.",
    )
    assert (used.outcome, used.reason) == ("used", "")


def test_enrich_gives_up_after_two_and_the_rules_stand(model: OllamaServer) -> None:
    lead = receive(MAIL)
    run(stages.extract, lead)
    before = current(lead)
    model.script(behaviours.length(), behaviours.says("no"))
    outcome = run(stages.enrich, lead)
    assert outcome.failed == {lead.pk: "The answer was not the form that was asked for."}
    assert [row.outcome for row in Enrichment.objects.all()] == ["refused", "refused"]
    assert len(model.chats) == 2
    assert current(lead) == before


@pytest.mark.parametrize("behaviour", [behaviours.busy(), behaviours.out_of_memory(), behaviours.html_502()])
def test_enrich_waits_while_the_model_can_not_be_asked(model: OllamaServer, behaviour: Any) -> None:
    model.script(behaviour)
    with pytest.raises(TryAgainLater) as caught:
        stages.enrich(batch(receive(MAIL)))
    assert caught.value.is_service_down
    assert caught.value.reason.startswith(f"Ollama at {model.url} ")
    assert not Enrichment.objects.exists()


def test_a_message_that_the_model_never_answers_holds_up_no_other(model: OllamaServer, settings: Any) -> None:
    settings.OLLAMA_TIMEOUT = 1
    model.script(behaviours.hang())
    with pytest.raises(TryAgainLater) as caught:
        stages.enrich(batch(receive(MAIL)))
    assert not caught.value.is_service_down


def test_enrich_looks_again_for_duplicates_once_it_knows_who(model: OllamaServer) -> None:
    known, unknown = receive(MAIL), receive(MAIL)
    run(stages.extract, known)
    StageRun.objects.all().delete()
    same = {"email": "jane.doe@example.com", "first_name": "Jane", "last_name": "Doe", "phone": "(512) 555-0142"}
    for lead in (known, unknown):
        model.script(behaviours.ok({**same, "intent": "quote_request"}))
        run(stages.enrich, lead)
    assert list(StageRun.objects.values_list("lead", "stage")) == [(unknown.pk, "duplicates")]


def test_the_gate_says_why(model: OllamaServer, settings: Any) -> None:
    assert stages.model_gate() is None
    settings.OLLAMA_MODEL = "llama9"
    assert stages.model_gate() == "The model llama9 is not there; run: ollama pull llama9"
    model.stop()
    assert stages.model_gate() == f"Ollama at {model.url} does not answer."


# ---- score -----------------------------------------------------------------------------------------------------------


def test_score_is_of_the_values_that_stand() -> None:
    lead, empty = receive(MAIL), receive("", Contact())
    run(stages.extract, lead, empty)
    merging.edit(lead, field="urgency", value="urgent", actor="olivia")
    run(stages.score, lead, empty)
    lead.refresh_from_db()
    empty.refresh_from_db()
    rows = FieldValue.objects.current().filter(lead=lead)
    expected = scoring.score(
        {row.field: row.value for row in rows},
        confidences={row.field: row.confidence for row in rows},
        origins={row.field: row.origin for row in rows},
        is_repeat=False,
        by_rules={},
        profile=profile_for("general"),
    )
    assert lead.quality_score == expected.points > (empty.quality_score or 0)
    assert lead.score_reasons == [{"label": reason.label, "points": reason.points} for reason in expected.reasons]
    assert sum(reason["points"] for reason in lead.score_reasons) == lead.quality_score


@pytest.mark.parametrize(
    ("state", "probability", "changes"),
    [("open", 0.95, True), ("merged", 0.95, True), ("dismissed", 0.95, False), ("open", 0.6, False)],
)
def test_who_writes_again_scores_otherwise(state: str, probability: float, changes: bool) -> None:
    first, second = receive(MAIL), receive(MAIL)
    run(stages.extract, first, second)
    DuplicateSuggestion.objects.create(first=first, second=second, probability=probability, state=state)
    run(stages.score, first, second)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.quality_score != second.quality_score) is changes


def test_score_brings_no_erased_lead_back() -> None:
    lead = receive(MAIL)
    outcome = stages.score(batch(lead))
    Lead.objects.all().delete()
    outcome.save()
    assert not Lead.objects.exists()


def test_score_leaves_what_changed_meanwhile() -> None:
    lead = receive(MAIL)
    outcome = stages.score(batch(lead))
    merging.edit(lead, field="company", value="Acme", actor="olivia")
    outcome.save()
    lead.refresh_from_db()
    assert lead.company == "Acme"
    assert lead.quality_score is not None


# ---- all together ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 32])
def test_a_batch_takes_a_handful_of_queries(count: int) -> None:
    leads = [receive(f"{MAIL} {number}") for number in range(count)]
    for stage, most in [(stages.extract, 13), (stages.embed, 6), (stages.score, 11)]:
        found = batch(*leads)
        with CaptureQueriesContext(connection) as queries:
            stage(found).save()
        assert len(queries) <= most, stage.__name__


@pytest.mark.django_db(transaction=True)
def test_the_pipeline_carries_leads_through(
    drain: Any, model: OllamaServer, index: ChromaServer, settings: Any
) -> None:
    settings.CHROMA_URL = index.url
    vector_index.try_again()
    first, second = receive(MAIL), receive(MAIL.replace("squeal", "grind"))
    drain()
    states = dict(StageRun.objects.filter(lead=second).values_list("stage", "state"))
    done = {stage: states[stage] for stage in ("extract", "embed", "duplicates", "enrich", "score")}
    assert set(done.values()) == {"succeeded"}
    assert DuplicateSuggestion.objects.get().probability > 0.9
    assert vector_index.count() == 2
    second.refresh_from_db()
    assert second.quality_score is not None
    pair = DuplicateSuggestion.objects.values_list("first", "second").get()
    assert pair == (first.pk, second.pk)


@pytest.mark.django_db(transaction=True)
def test_without_any_service_leads_are_read_by_rules(drain: Any, settings: Any) -> None:
    settings.OLLAMA_BASE_URL = f"http://127.0.0.1:{free_port()}"
    first, second = receive(MAIL), receive(MAIL)
    drain()
    states = dict(StageRun.objects.filter(lead=second).values_list("stage", "state"))
    assert (states["score"], states["duplicates"], states["enrich"]) == ("succeeded", "succeeded", "pending")
    assert StageGate.objects.get(stage="enrich").reason == f"Ollama at {settings.OLLAMA_BASE_URL} does not answer."
    assert DuplicateSuggestion.objects.get().first_id == first.pk
