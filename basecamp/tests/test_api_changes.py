"""Changing leads through the API."""

import json

import pytest

from basecamp.tests.made import make, told
from leads.models import FieldValue, StageRun

URL = "/api/v1/leads"


def change(api, lead, body):
    return api.patch(f"{URL}/{lead.public_id}", json.dumps(body).encode(), content_type="application/json")


def test_status_and_contact_are_changed_as_by_a_person(api):
    lead = make()
    lead.runs.all().update(state="succeeded")
    body = {"status": "working", "contact": {"first_name": " Anna ", "phone": "(512) 555-0142", "company": None}}
    answer = change(api, lead, body)
    assert answer.status_code == 200
    assert answer.json() == api.get(f"{URL}/{lead.public_id}").json()
    assert answer.json()["status"] == "working"
    assert answer.json()["contact"] == {
        "first_name": "Anna",
        "last_name": "",
        "email": "",
        "phone": "+15125550142",
        "company": "",
    }
    current = FieldValue.objects.current().values_list("field", "value", "origin", "made_by", "is_locked")
    assert set(current) == {
        ("first_name", "Anna", "staff", "API: Robot", True),
        ("phone", "+15125550142", "staff", "API: Robot", True),
    }
    assert set(lead.events.values_list("actor", "text")) >= {
        ("API: Robot", "First name changed to “Anna”"),
        ("API: Robot", "Phone changed to “+15125550142”"),
        ("API: Robot", "Status changed to Working"),
    }
    due = StageRun.objects.filter(lead=lead, state="pending").values_list("stage", flat=True)
    assert set(due) == {"duplicates", "score", "push"}


def test_a_contact_field_is_erased_by_null_and_by_nothing(api):
    lead = make()
    assert change(api, lead, {"contact": {"first_name": None}}).json()["contact"]["first_name"] == ""
    assert change(api, lead, {"contact": {"first_name": "Ana"}}).json()["contact"]["first_name"] == "Ana"
    assert change(api, lead, {"contact": {"first_name": ""}}).json()["contact"]["first_name"] == ""


@pytest.mark.parametrize("body", [{}, {"contact": {}}, {"contact": None, "status": None}, {"status": "new"}])
def test_what_is_not_given_stays(api, body):
    lead = make()
    before = api.get(f"{URL}/{lead.public_id}").json()
    response = change(api, lead, body)
    assert (response.status_code, response.json()) == (200, before)


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        (
            {"status": "old"},
            422,
            "invalid",
            "“status” must be one of: new, working, qualified, unqualified, converted.",
        ),
        ({"status": "converted"}, 409, "conflict", "A lead that is new can't become converted."),
        (
            {"status": "converted", "contact": {"first_name": "Anna"}},
            409,
            "conflict",
            "A lead that is new can't become converted.",
        ),
        (
            {"status": "working", "contact": {"email": "nobody"}},
            422,
            "invalid",
            "“contact.email” must be an e-mail address.",
        ),
        ({"contact": {"phone": "call me"}}, 422, "invalid", "“contact.phone” must be a phone number."),
        ({"contact": "Anna"}, 422, "invalid", "“contact” must be a JSON object."),
    ],
)
def test_wrong_changes_change_nothing(api, body, status, code, message):
    lead = make()
    before = api.get(f"{URL}/{lead.public_id}").json()
    response = change(api, lead, body)
    assert (response.status_code, told(response)) == (status, {"code": code, "message": message})
    assert api.get(f"{URL}/{lead.public_id}").json() == before
