"""Store first: whatever comes in is kept as it came, once."""

import pytest
from django.db import connection
from django_q.models import OrmQ

from leads import intake
from leads.intake import admit_waiting, keep, receive
from leads.models import Lead, StageRun, Submission
from leads.values import Contact
from tests.faults import refuse


def test_a_submission_is_stored_with_its_lead_values_and_first_stage(transactional_db):
    lead = receive(
        "My brakes squeal",
        source="web_form",
        contact=Contact(first_name=" Ana ", email="ANA@Example.com"),
        payload={"message": "My brakes squeal", "extra": [1, None, {"a": True}]},
    )
    submission = lead.submissions.get()
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
    lead = receive(text, source="paste", contact=Contact(first_name=text[:150]), payload={"t\x00": [text]})
    submission = lead.submissions.get()
    assert len(submission.text) == len(text)
    assert submission.text == text.replace("\x00", "\ufffd").replace("\ud800", "?")


def test_a_kept_submission_is_put_on_a_lead_by_the_worker(drain):
    submissions = [keep(f"Inquiry {n}", source="web_form", contact=Contact(first_name="Ana")) for n in range(3)]
    assert Lead.objects.count() == 0
    assert OrmQ.objects.filter(key="basecamp").count() == 1
    admit_waiting()
    leads = [Submission.objects.get(pk=submission.pk).lead for submission in submissions]
    assert [(lead.first_name, lead.received_at) for lead in leads] == [("Ana", s.received_at) for s in submissions]
    assert StageRun.objects.filter(stage="extract", state="pending").count() == 3
    assert not admit_waiting()


def test_many_submissions_are_admitted_in_as_many_queries_as_one(transactional_db, django_assert_max_num_queries):
    for n in range(20):
        keep(f"Inquiry {n}", source="web_form", contact=Contact(first_name="Ana"))
    with django_assert_max_num_queries(12):
        admit_waiting()
    assert Lead.objects.count() == 20


def test_a_submission_that_breaks_admission_holds_up_no_other(transactional_db, monkeypatch):
    good, bad = keep("Good", source="web_form"), keep("Bad", source="web_form")
    new_lead = intake._new_lead

    def choke(submission, **options):
        if submission == bad:
            raise RuntimeError("poison")
        return new_lead(submission, **options)

    monkeypatch.setattr(intake, "_new_lead", choke)
    admit_waiting()
    good.refresh_from_db()
    bad.refresh_from_db()
    assert good.lead is not None
    assert (bad.lead, bad.problem) == (None, "It could not be put on a lead (RuntimeError).")
    assert not Submission.objects.waiting().exists()
    monkeypatch.undo()
    assert intake.try_again(Submission.objects.all()) == 1
    admit_waiting()
    assert Lead.objects.filter(submissions=bad).exists()


def test_a_database_that_refuses_leaves_submissions_waiting(transactional_db):
    submission = keep("Hello", source="web_form")
    with connection.execute_wrapper(refuse("leads_lead")):
        assert not admit_waiting()
    assert list(Submission.objects.waiting()) == [submission]
    assert admit_waiting()
    assert Lead.objects.filter(submissions=submission).exists()
