"""Erasing leads, and versions of them: ETag, If-None-Match, If-Match."""

import json

import pytest

from basecamp.tests.made import make, told
from leads import merges
from leads.models import Event, FieldValue, Lead, StageRun, Submission

URL = "/api/v1/leads"


def test_a_lead_is_erased_with_all_that_hangs_on_it(api):
    lead, other = make(1), make(2)
    response = api.delete(f"{URL}/{lead.public_id}")
    assert (response.status_code, response.content) == (204, b"")
    assert api.get(f"{URL}/{lead.public_id}").status_code == 404
    assert list(Lead.objects.all()) == [other]
    for model in (Submission, FieldValue, StageRun, Event):
        assert set(model.objects.values_list("lead", flat=True)) <= {other.pk}
    assert api.delete(f"{URL}/{lead.public_id}").status_code == 404


def test_with_a_lead_goes_what_was_merged_into_it_and_not_the_other_way_round(api, staff):
    kept, folded = make(0), make(1)
    merges.merge(kept, [folded], choices={}, actor=staff)
    response = api.delete(f"{URL}/{folded.public_id}")
    assert (response.status_code, response.json()["code"]) == (409, "merged")
    assert api.delete(f"{URL}/{kept.public_id}").status_code == 204
    assert not Lead.objects.exists()


def test_what_did_not_change_is_not_sent_again(api):
    lead = make()
    url = f"{URL}/{lead.public_id}"
    tag = api.get(url)["ETag"]
    for wanted in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = api.get(url, headers={"If-None-Match": wanted})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert api.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    changed = api.patch(url, b'{"status": "working"}', content_type="application/json")
    assert changed["ETag"] == api.get(url)["ETag"] != tag
    assert api.get(url, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("method", ["patch", "put", "delete"])
def test_another_version_is_not_changed(api, method):
    lead = make()
    url = f"{URL}/{lead.public_id}"
    old = api.get(url)["ETag"]
    api.patch(url, b'{"contact": {"company": "Acme"}}', content_type="application/json")
    extra = {} if method == "delete" else {"data": b'{"status": "working"}', "content_type": "application/json"}
    response = getattr(api, method)(url, headers={"If-Match": old}, **extra)
    assert (response.status_code, told(response)["code"]) == (412, "changed_meanwhile")
    lead.refresh_from_db()
    assert (lead.status, lead.company) == ("new", "Acme")
    new = api.get(url)["ETag"]
    assert getattr(api, method)(url, headers={"If-Match": new}, **extra).status_code in (200, 204)


def test_put_changes_what_is_given_and_keeps_the_rest(api):
    lead = make(company="Acme")
    body = {"status": "qualified", "contact": {"phone": "512-555-0142"}, "values": {"vehicle": "Civic", "intent": ""}}
    answer = api.put(f"{URL}/{lead.public_id}", json.dumps(body).encode(), content_type="application/json").json()
    assert (answer["status"], answer["contact"]["phone"]) == ("qualified", "+15125550142")
    assert (answer["contact"]["first_name"], answer["contact"]["company"]) == ("Ana0", "Acme")
    assert answer["enrichment"]["entities"] == {"vehicle": "Civic"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"intent": "x"},
            "“values.intent”: Select a valid choice. x is not one of the available choices.",
        ),
        ({"date": "soon"}, "“values.date”: Write the date as 2026-11-27, or 2026-11-27 15:00."),
        ({"amount": "much"}, "“values.amount”: Write an amount as 1200, $1,200 or 1200 EUR."),
        ({"vehicle": 5}, "“values.vehicle” must be text."),
    ],
)
def test_wrong_values_are_refused(api, values, message):
    lead = make()
    body = json.dumps({"values": values}).encode()
    response = api.patch(f"{URL}/{lead.public_id}", body, content_type="application/json")
    assert (response.status_code, told(response)) == (422, {"code": "invalid", "message": message})


@pytest.mark.parametrize("field", ["email", "nonsense", ""])
def test_a_field_that_is_none_is_refused_by_name(api, field):
    body = json.dumps({"values": {field: "x"}}).encode()
    response = api.patch(f"{URL}/{make().public_id}", body, content_type="application/json")
    assert response.status_code == 422
    assert told(response)["message"].startswith(f"“values.{field}” is no field; there are: intent, urgency, ")


def test_a_number_that_no_library_reads_is_kept_as_it_came(api):
    body = json.dumps({"contact": {"phone": "0160 12 ext. 9"}}).encode()
    answer = api.patch(f"{URL}/{make().public_id}", body, content_type="application/json")
    assert answer.json()["contact"]["phone"] == "0160 12 ext. 9"
