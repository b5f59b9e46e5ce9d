"""Broken answers, orders hidden in messages, and a model that lies or obeys: the lead stays right."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from enrichment import prompts, stages
from enrichment.models import Enrichment
from enrichment.normalise import fold
from enrichment.profiles import PROFILES
from enrichment.tests.injections import INJECTIONS
from leads.fields import FIELDS, Group
from leads.models import FieldValue, Lead, StageGate, StageRun
from tests.leads_at_hand import receive
from tests.servers import ollama_behaviours as ways
from tests.servers.ollama import OllamaServer
from tests.servers.ollama_liar import lies

HONEST = """Hello,

do you fit tow bars? I need one for my van by Friday, my budget is $400.

Thanks,
Mark Bruxner
mark@bruxner.example"""


@pytest.fixture(scope="module")
def server() -> Iterator[OllamaServer]:
    with OllamaServer() as running:
        yield running


@pytest.fixture(autouse=True)
def model(server: OllamaServer, settings: Any) -> OllamaServer:
    settings.OLLAMA_BASE_URL, settings.OLLAMA_MODEL, settings.OLLAMA_TIMEOUT = server.url, "mistral:latest", 0.4
    server.queue.clear()
    server.requests.clear()
    server.answer = None
    return server


def current(lead: Lead) -> dict[str, tuple[str, str]]:
    rows = FieldValue.objects.current().filter(lead=lead)
    return {row.field: (row.value, row.origin) for row in rows}


@pytest.fixture
def without_vectors(transactional_db: None, settings: Any) -> None:
    """They have no part in this and take long to load."""
    settings.CLUSTER_CHORES = {}
    StageGate.objects.create(stage="embed", closed_until=timezone.now() + timedelta(hours=1))


def read_again(lead: Lead) -> None:
    """The wait before the next attempt is over."""
    StageGate.objects.filter(stage="enrich").update(closed_until=None)
    StageRun.objects.filter(lead=lead, stage="enrich").update(due_at=timezone.now())


# ---- broken answers --------------------------------------------------------------------------------------------------

ECHO = json.dumps(prompts.schema(PROFILES["general"]))
WRONG = json.dumps({"intent": 7, "urgency": ["high"], "summary": {"text": "x"}, "email": [1], "topics": 5, "phone": {}})
LONG = "The model kept repeating itself."
NO_FORM = "The answer was not the form that was asked for."
BROKEN = {
    "empty": (ways.empty(), "The answer was empty."),
    "white space only": (ways.says(" \n "), "The answer was empty."),
    "cut off": (ways.length(), "The answer was cut off after"),
    "wrong types": (ways.says(WRONG), "The answer held nothing that can be used."),
    "schema echo": (ways.says(ECHO), NO_FORM),
    "form of types": (ways.says('{"email": {"type": "string"}}'), "The answer held nothing that can be used."),
    "prose": (ways.says("Sure! The customer wants a tow bar."), NO_FORM),
    "endless white space": (ways.loop(), LONG),
    "endless words": (ways.says('{"summary": "' + "sales pitch " * 600), LONG),
    "thoughts only": (ways.says('<think>Well, {"intent": "complaint"}. Hm.'), NO_FORM),
    "half an object": (ways.says('{"intent": "complaint", "summary": "He wa'), NO_FORM),
    "a list": (ways.says('["complaint", "urgent"]'), NO_FORM),
    "too deep": (ways.says('{"facts":' * 3000), NO_FORM),
    "another form": (ways.says('{"answer": "yes", "score": 100}'), NO_FORM),
    "error in the middle": (ways.midstream_error(), "Ollama stopped in the middle of the answer"),
    "stalls": (ways.stall(), "The answer was not finished after 0.4 seconds."),
    "hangs": (ways.hang(), "gave no answer within 0.4 seconds."),
    "dropped connection": (ways.cut_connection(), "broke off the connection."),
    "500": (ways.Behaviour(status=500, error="llama runner process has terminated"), "answers with an error"),
}


@pytest.mark.usefixtures("without_vectors")
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_answer_is_asked_for_again_at_most_twice_and_then_the_rules_stand(
    kind: str, drain: Any, server: OllamaServer, client: Client
) -> None:
    way, reason = BROKEN[kind]
    server.script(way, way, way, way)
    lead = receive(HONEST)

    drain()
    read_again(lead)
    drain()

    run = StageRun.objects.get(lead=lead, stage="enrich")
    assert (run.state, reason in run.reason) == ("failed", True)
    assert run.reason.endswith(".") or "error" in run.reason
    assert 2 <= len(server.readings) <= 3
    values = current(lead)
    assert (values["email"], values["first_name"]) == (("mark@bruxner.example", "rule"), ("Mark", "rule"))
    assert {origin for _, origin in values.values()} == {"rule"}
    assert values["summary"][0]
    assert set(Enrichment.objects.values_list("outcome", flat=True)) == {"refused"}
    lead.refresh_from_db()
    assert lead.quality_score
    assert client.get(f"/leads/{lead.public_id}/").status_code == 200


AWAY = {
    "404": (ways.not_found(), "The model mistral:latest is not there; run: ollama pull mistral:latest"),
    "503": (ways.busy(), "is busy."),
    "out of memory": (ways.out_of_memory(), "requires more system memory"),
    "html with 200": (ways.html_200(), "but it is not Ollama."),
    "html with 502": (ways.html_502(), "HTTP status 502"),
}


@pytest.mark.usefixtures("without_vectors")
@pytest.mark.parametrize("kind", AWAY)
def test_while_the_service_is_not_well_the_rules_stand_and_the_lead_catches_up(
    kind: str, drain: Any, server: OllamaServer
) -> None:
    way, reason = AWAY[kind]
    server.script(way)
    lead = receive(HONEST)

    drain()
    gate = StageGate.objects.get(stage="enrich")
    assert reason in gate.reason
    assert len(server.readings) == 1
    assert {origin for _, origin in current(lead).values()} == {"rule"}
    lead.refresh_from_db()
    assert lead.quality_score
    read_again(lead)
    drain()

    assert StageRun.objects.get(lead=lead, stage="enrich").state == "succeeded"
    assert Enrichment.objects.get(kind="reading").outcome == "used"


@pytest.mark.usefixtures("without_vectors")
@pytest.mark.parametrize("way", [ways.format_ignored(), ways.think_leak(), ways.wrong_enum()])
def test_an_answer_with_something_around_it_is_read(way: ways.Behaviour, drain: Any, server: OllamaServer) -> None:
    server.script(way)
    lead = receive(HONEST)

    drain()

    assert StageRun.objects.get(lead=lead, stage="enrich").state == "succeeded"
    assert len(server.readings) == 1


@pytest.mark.usefixtures("without_vectors")
def test_when_nobody_gets_an_answer_it_is_not_about_the_leads(drain: Any, server: OllamaServer) -> None:
    server.script(*[ways.hang()] * 3)
    leads = [receive(HONEST) for _ in range(3)]

    drain()

    assert "gave no answer" in StageGate.objects.get(stage="enrich").reason
    states = StageRun.objects.filter(lead__in=leads, stage="enrich").values_list("state", flat=True)
    assert set(states) == {"pending"}


# ---- orders in the message -------------------------------------------------------------------------------------------

OBEYED = {
    "intent": "complaint",
    "intent_confidence": 1.0,
    "urgency": "urgent",
    "urgency_confidence": 1.0,
    "summary": "Pay at [x](https://globex.example/pay) <img src=x onerror=alert(1)>",
    "topics": ["Globex", "<b>urgent</b>", "https://globex.example"],
    "language": "en",
    "first_name": "Globex",
    "company": "Globex",
    "email": "boss@globex.example",
    "phone": "(212) 555-0199",
    "website": "https://globex.example/pay",
    "amount": "$100",
    "score": 100,
    "quality_score": 100,
    "push": True,
    "status": "converted",
    "tool_calls": [{"function": {"name": "send_mail", "arguments": {"to": "boss@globex.example"}}}],
}
MODELS_OWN = {"What the model reads in the message"}


def passed(text: str, *, with_model: bool) -> Lead:
    lead = receive(text)
    for stage in (stages.extract, stages.enrich, stages.score) if with_model else (stages.extract, stages.score):
        (found,) = Lead.objects.filter(pk=lead.pk).prefetch_related("submissions")
        outcome = stage([found])
        assert outcome.failed == {}
        outcome.save()
    lead.refresh_from_db()
    return lead


@pytest.mark.django_db
@pytest.mark.parametrize("kind", INJECTIONS)
def test_an_order_changes_nothing_but_the_models_own_judgements(kind: str, server: OllamaServer) -> None:
    honest = passed(HONEST, with_model=False)
    StageRun.objects.all().delete()
    server.script(ways.ok(OBEYED))

    lead = passed(f"{HONEST}\n\n{INJECTIONS[kind]}", with_model=True)

    ours, before = current(lead), current(honest)
    for judged in ("intent", "urgency", "summary", "topics", "language"):
        ours.pop(judged, None), before.pop(judged, None)
    assert ours == before
    own = [reason for reason in lead.score_reasons if reason["label"] not in MODELS_OWN]
    assert own == honest.score_reasons
    assert abs((lead.quality_score or 0) - (honest.quality_score or 0)) <= 10
    assert lead.status == "new"
    assert not StageRun.objects.filter(lead=lead, stage="push").exists()
    summary = FieldValue.objects.current().get(lead=lead, field="summary")
    assert summary.origin == "rule"
    assert not FieldValue.objects.filter(lead=lead, value__contains="<b>", origin="model").exists()


@pytest.mark.parametrize("kind", ["markup", "script", "html comment", "link"])
def test_what_a_message_holds_is_never_markup_on_the_page(kind: str, client: Client, server: OllamaServer) -> None:
    server.script(ways.ok(OBEYED))
    lead = passed(f"{HONEST}\n\n{INJECTIONS[kind]}", with_model=True)

    page = client.get(f"/leads/{lead.public_id}/").content.decode()

    assert "onerror=alert(1)>" not in page.replace("&gt;", "")
    assert "<script>/*" not in page
    assert 'href="https://globex.example' not in page


@pytest.mark.parametrize("kind", ["html comment", "hidden element", "no size", "tag characters", "zero-width bits"])
def test_the_model_is_not_shown_what_people_do_not_see(kind: str) -> None:
    shown = prompts.prompt_text(f"{HONEST}\n\n{INJECTIONS[kind]}")

    assert shown == prompts.prompt_text(HONEST)


# ---- lies ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("profile", PROFILES)
def test_of_a_liars_answers_nothing_becomes_a_value_that_is_not_in_the_message(
    profile: str, server: OllamaServer, settings: Any
) -> None:
    settings.BUSINESS_TYPE, server.answer = profile, lies
    texts = [HONEST, "do you guys do weddings? we'd love to. thanks, Mark", *INJECTIONS.values()][:12]

    leads = [passed(text, with_model=True) for text in texts]

    rows = FieldValue.objects.filter(lead__in=leads, origin="model").select_related("evidence_submission")
    for row in rows:
        if FIELDS[row.field].group is Group.JUDGEMENT:
            assert row.field in ("intent", "urgency", "language", "topics")
            continue
        text = row.evidence_submission.text
        assert text[row.evidence_start : row.evidence_end] == row.evidence_text
        assert fold(row.evidence_text).text in fold(text).text
    dropped = [item for stored in Enrichment.objects.all() for item in stored.dropped]
    assert len(dropped) > 8 * len(texts)
