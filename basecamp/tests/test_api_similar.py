"""Leads with a like need, whether somebody is known already, and what came in, counted."""

import datetime as dt
import json

import numpy as np
import pytest
from django.utils import timezone

from basecamp.tests.made import make, told
from enrichment import embedding
from enrichment.models import Embedding, MeaningQuery
from leads.intake import receive
from leads.models import Heartbeat, Lead, Submission
from leads.values import Contact

URL = "/api/v1/leads"
CHECK = "/api/v1/intake/check-similar"


def vector(angle):
    """A unit vector; the cosine of two is that of the angle between them."""
    found = np.zeros(384, dtype="<f4")
    found[:2] = np.cos(angle), np.sin(angle)
    return found.tobytes()


def read(lead, angle):
    Embedding.objects.create(
        lead=lead, model=embedding.model_name(), dimension=384, vector=vector(angle), text_digest=str(lead.pk)
    )


def test_similar_leads_are_the_nearest_messages_of_others(api):
    lead, near, far = make(1), make(2), make(3)
    url = f"{URL}/{lead.public_id}/similar"
    assert api.get(url).json() == {"similar": [], "is_read": False}
    for each, angle in ((lead, 0.0), (near, 0.3), (far, 1.2)):
        read(each, angle)
    answer = api.get(url).json()
    assert answer["is_read"] is True
    [found] = answer["similar"]
    assert found["lead"]["id"] == str(near.public_id)
    assert found["similarity"] == pytest.approx(np.cos(0.3), abs=1e-3)
    assert found["words"] == "Message 2"
    both = api.get(f"{url}?threshold=0.1").json()["similar"]
    assert [each["lead"]["contact"]["first_name"] for each in both] == ["Ana2", "Ana3"]
    assert len(api.get(f"{url}?threshold=0.1&limit=1").json()["similar"]) == 1


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("threshold=2", "“threshold” must be at most 1.0."),
        ("limit=0", "“limit” must be at least 1."),
        ("most=5", "“most” is no filter; there are: threshold, limit."),
    ],
)
def test_wrong_questions(api, query, message):
    response = api.get(f"{URL}/{make().public_id}/similar?{query}")
    assert (response.status_code, told(response)["message"]) == (422, message)


def check(api, query="", **body):
    return api.post(f"{CHECK}{query}", json.dumps(body).encode(), content_type="application/json").json()


def test_the_same_person_is_known_by_mailbox_and_phone_though_no_worker_runs(api):
    receive("Brakes", source="api", contact=Contact("Mark", "Bruxner", "mark.bruxner@gmail.com", "(512) 555-0142"))
    make(5)
    answer = check(api, message="Hello again", contact={"email": "MarkBruxner@gmail.com", "phone": "+15125550142"})
    assert answer["is_read"] is False
    [found] = answer["similar"]
    assert found["lead"]["contact"]["last_name"] == "Bruxner"
    assert found["probability"] > 0.9
    assert found["similarity"] is None
    assert found["reasons"]
    assert Lead.objects.count() == Submission.objects.count() == 2  # nothing new


def test_a_like_need_is_known_by_its_meaning(api):
    near = make(1)
    read(near, 0.2)
    read(make(2), 1.4)
    Heartbeat.objects.create(cluster="ml", beat_at=timezone.now())
    MeaningQuery.objects.create(text="My brakes squeal", model=embedding.model_name(), vector=vector(0.0))
    answer = check(api, message="My brakes squeal")
    assert answer["is_read"] is True
    [found] = answer["similar"]
    assert (found["lead"]["id"], found["similarity"]) == (str(near.public_id), pytest.approx(np.cos(0.2), abs=1e-3))
    assert check(api, "?threshold=0.99", message="My brakes squeal")["similar"] == []


def test_what_came_in_is_counted(api):
    now = timezone.now()
    for number, columns in enumerate(
        [
            {"status": "working", "intent": "support", "quality_score": 40},
            {"urgency": "urgent", "quality_score": 61, "needs_review": True, "first_response_at": now},
            {"received_at": now - dt.timedelta(days=40)},
            {"is_sample": True},
        ]
    ):
        make(number, **{"received_at": now - dt.timedelta(days=number), **columns})
    answer = api.get(f"{URL}/stats/summary").json()
    assert dt.datetime.fromisoformat(answer.pop("since")) == pytest.approx(
        now - dt.timedelta(days=30), abs=dt.timedelta(minutes=1)
    )
    assert answer == {
        "days": 30,
        "leads": 2,
        "messages": answer["messages"],
        "answered": 1,
        "need_review": 1,
        "duplicates_to_review": 0,
        "average_quality": 50.5,
        "by_status": {"new": 1, "working": 1, "qualified": 0, "unqualified": 0, "converted": 0},
        "by_intent": {**dict.fromkeys(INTENTS, 0), "support": 1, "unknown": 1},
        "by_urgency": {"low": 0, "medium": 0, "high": 0, "urgent": 1, "unknown": 1},
        "by_source": {"web_form": 0, "paste": 0, "email": 0, "csv_import": 0, "api": 2},
        "by_day": [
            {"day": str((now - dt.timedelta(days=1)).date()), "leads": 1},
            {"day": str(now.date()), "leads": 1},
        ],
    }
    assert api.get(f"{URL}/stats/summary?days=60").json()["leads"] == 3
    assert api.get(f"{URL}/stats/summary?days=0").status_code == 422


INTENTS = (
    *("inquiry", "appointment_request", "quote_request", "support", "complaint", "general", "job_application"),
    "sales_pitch",
)


def test_the_health_of_intake_says_when_nobody_takes_up_what_came(anonymous):
    assert anonymous.get("/api/v1/intake/health").json() == {"status": "ok", "waiting": 0, "oldest_waits": 0}
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    Submission.objects.create(source="api", payload={}, text="x", received_at=long_ago)
    answer = anonymous.get("/api/v1/intake/health").json()
    assert (answer["status"], answer["waiting"], answer["oldest_waits"]) == ("late", 1, pytest.approx(300, abs=5))


@pytest.mark.parametrize(
    ("query", "expected"),
    [("min_quality=50", "5"), ("max_quality=40", "4"), ("received_before=2026-11-20T12:02:00Z", "1")],
)
def test_the_further_filters_of_the_list(api, query, expected):
    for number in range(1, 6):
        make(number, **({"quality_score": number * 10} if number > 3 else {}))
    found = api.get(f"{URL}?{query}").json()["leads"]
    assert "".join(lead["contact"]["first_name"][-1] for lead in found) == expected
