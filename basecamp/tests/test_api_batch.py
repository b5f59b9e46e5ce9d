"""Many inquiries in one request."""

import json

import pytest
from django.test import Client

from basecamp.tests.made import told
from leads import api_keys
from leads.models import Lead, Submission

URL = "/api/v1/intake/batch"


@pytest.fixture
def send(staff):
    key = api_keys.create("Website").text

    def send(body, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = json.dumps(body).encode()
        return Client().post(URL, raw, content_type="application/json", headers={"X-API-Key": key} | names)

    return send


@pytest.mark.parametrize("wrap", [lambda found: found, lambda found: {"leads": found}])
def test_each_inquiry_is_stored_or_refused_on_its_own(send, wrap):
    inquiries = [
        {"message": "My brakes squeal", "contact": {"email": "mark@example.com"}, "campaign": "spring"},
        {"message": " "},
        "no object",
        {"message": "Do you have time?", "source": "email"},
    ]
    response = send(wrap(inquiries))
    assert response.status_code == 200
    answer = response.json()
    assert (answer["stored"], answer["repeated"], answer["refused"]) == (2, 0, 2)
    assert [found["index"] for found in answer["results"]] == [0, 1, 2, 3]
    assert [found["result"] for found in answer["results"]] == ["stored", "refused", "refused", "stored"]
    assert answer["results"][1]["lead"] is None
    assert answer["results"][1]["problem"] == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "“message” must not be blank.",
        "code": "invalid",
        "errors": [{"field": "message", "message": "must not be blank"}],
    }
    assert answer["results"][2]["problem"]["detail"] == "The body must be a JSON object."
    leads = [Lead.objects.get(public_id=answer["results"][place]["lead"]["lead_id"]) for place in (0, 3)]
    assert [lead.submissions.get().payload for lead in leads] == [inquiries[0], inquiries[3]]
    assert [lead.source for lead in leads] == ["api", "email"]


def test_a_repeated_batch_stores_nothing_new(send):
    inquiries = [{"message": "One"}, {"message": "Two"}, {"message": "Three", "idempotency_key": "own"}]
    first, second = (send(inquiries, Idempotency_Key="monday").json() for _ in range(2))
    assert (first["stored"], first["repeated"]) == (3, 0)
    assert (second["stored"], second["repeated"]) == (0, 3)
    assert [found["lead"] for found in first["results"]] == [found["lead"] for found in second["results"]]
    assert set(Submission.objects.values_list("text", flat=True)) == {"One", "Two", "Three"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Send a list of inquiries, or an object with such a list as “leads”."),
        ("x", "Send a list of inquiries, or an object with such a list as “leads”."),
        ([], "A batch holds from 1 to 50 inquiries; this one has 0."),
        ([{"message": "x"}] * 51, "A batch holds from 1 to 50 inquiries; this one has 51."),
    ],
)
def test_what_is_no_batch(send, body, message):
    response = send(body)
    assert (response.status_code, told(response)) == (422, {"code": "invalid", "message": message})
    assert not Submission.objects.exists()


def test_fifty_are_taken(send):
    answer = send([{"message": f"Number {number}"} for number in range(50)]).json()
    assert (answer["stored"], Lead.objects.count()) == (50, 50)
