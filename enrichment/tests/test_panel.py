import pytest
from django.utils import timezone

from enrichment.models import Enrichment
from leads import merging
from leads.intake import receive
from leads.models import Lead, StageGate, StageRun
from leads.values import FoundValue


@pytest.fixture
def lead(db) -> Lead:
    return receive("My brakes squeal.", source="paste")


def panel(client, lead: Lead) -> str:
    return client.get(f"/ai/leads/{lead.public_id}/").content.decode()


def test_what_the_model_said(client, lead):
    values = [
        FoundValue("summary", "Wants new brakes <b>", 0.7),
        FoundValue("topics", "brakes, noise", 0.7),
        FoundValue("intent", "quote_request", 0.6),
        FoundValue("urgency", "high", 0.5),
    ]
    merging.apply([merging.NewValues(lead, values, made_by="mistral · prompt 1")], origin="model")
    Enrichment.objects.create(
        lead=lead,
        model="mistral:latest",
        prompt_version="1",
        outcome="used",
        duration_ms=8421,
        dropped=[{"field": "amount", "value": "$400", "reason": "not in the message"}],
    )
    Lead.objects.update(quality_score=73, score_reasons=[{"label": "Has a phone number", "points": 14}])
    StageRun.objects.create(lead=lead, stage="enrich", state="succeeded")
    page = panel(client, lead)
    for part in (
        "mistral:latest · prompt 1 · 8.4 s",
        "Wants new brakes &lt;b&gt;",
        ">brakes<",
        ">noise<",
        "Quote request",
        "confidence 60 %",
        "High",
        "are judgements",
        'aria-label="Score 73 of 100"',
        "Has a phone number",
        "+14",
        "1 left out",
        "amount: “$400”",
        "not in the message",
    ):
        assert part in page, part
    assert "AI offline" not in page


@pytest.mark.parametrize(
    ("state", "reason", "gate", "expected"),
    [
        (None, "", "", "Waiting for its turn."),
        ("pending", "", "", "Waiting for its turn."),
        (
            "pending",
            "",
            "Ollama at http://localhost:11434 does not answer.",
            "Ollama at http://localhost:11434 does not",
        ),
        ("running", "", "", "The model is reading the message."),
        ("failed", "The answer was cut off.", "", "The answer was cut off."),
    ],
)
def test_why_there_is_nothing_yet(client, lead, state, reason, gate, expected):
    if state:
        StageRun.objects.create(lead=lead, stage="enrich", state=state, reason=reason)
    if gate:
        StageGate.objects.create(stage="enrich", reason=gate, closed_at=timezone.now())
    page = panel(client, lead)
    assert expected in page
    assert ("AI offline" in page) == bool(gate)
    assert ("/steps/enrich/retry/" in page) == (state == "failed")


def test_needs_a_login_and_a_lead(client, anonymous, lead):
    assert anonymous.get(f"/ai/leads/{lead.public_id}/")["Location"].startswith("/login/")
    assert client.get("/ai/leads/00000000-0000-4000-8000-000000000000/").status_code == 404
