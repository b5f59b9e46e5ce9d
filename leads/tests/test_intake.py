"""Store first: whatever comes in is kept as it came, once."""

import pytest
from django_q.models import OrmQ

from leads.intake import receive
from leads.models import Lead, StageRun, Submission
from leads.values import Contact


def test_a_submission_is_stored_with_its_lead_values_and_first_stage(transactional_db):
    submission = receive(
        "My brakes squeal",
        source="web_form",
        contact=Contact(first_name=" Ana ", email="ANA@Example.com"),
        payload={"message": "My brakes squeal", "extra": [1, None, {"a": True}]},
    )
    lead = submission.lead
    assert (submission.text, submission.payload) == (
        "My brakes squeal",
        {"message": "My brakes squeal", "extra": [1, None, {"a": True}]},
    )
    assert (lead.first_name, lead.email, lead.email_key, lead.status) == (
        "Ana",
        "ANA@Example.com",
        "ana@example.com",
        "new",
    )
    assert set(lead.values.values_list("field", "value", "origin", "state")) == {
        ("first_name", "Ana", "submitter", "current"),
        ("email", "ANA@Example.com", "submitter", "current"),
    }
    assert list(lead.runs.values_list("stage", "state")) == [("extract", "pending")]
    assert OrmQ.objects.filter(key="basecamp").count() == 1


def test_the_same_idempotency_key_stores_once(transactional_db):
    first = receive("Hello", source="api", idempotency_key="k1")
    assert receive("Hello", source="api", idempotency_key="k1") == first
    assert (Lead.objects.count(), Submission.objects.count(), StageRun.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize(
    "text",
    ["", "a" * 1_000_000, "\x00\x01\x02", "😀" * 10_000, "שלום \u202e\u200b", "<script>", "'; DROP TABLE", "\ud800"],
)
def test_any_text_is_kept(transactional_db, text):
    submission = receive(text, source="paste", contact=Contact(first_name=text[:150]), payload={"t\x00": [text]})
    submission.refresh_from_db()
    assert len(submission.text) == len(text)
    assert submission.text == text.replace("\x00", "\ufffd").replace("\ud800", "?")
