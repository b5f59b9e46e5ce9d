import uuid

import pytest
from django.conf import settings
from django.utils import timezone

from basecamp.tests.made import NOON, make, told
from crm_sync.models import CrmRecord
from enrichment.models import Enrichment
from leads import gates, merges
from leads.models import Attachment, DuplicateSuggestion, FieldValue, Lead, StageGate, StageRun
from leads.models.pipeline import STAGES

URL = "/api/v1/leads"


def names(response):
    assert response.status_code == 200, response.content
    return [lead["contact"]["first_name"] for lead in response.json()["leads"]]


def brief(lead, **other):
    return {
        "id": str(lead.public_id),
        "url": f"{settings.SITE_URL}/leads/{lead.public_id}/",
        "status_url": f"{settings.SITE_URL}/api/v1/leads/{lead.public_id}",
        "contact": {"first_name": lead.first_name, "last_name": "", "email": "", "phone": "", "company": ""},
        "source": "api",
        "status": "new",
        "is_sample": False,
        "received_at": lead.received_at.isoformat().replace("+00:00", "Z"),
        "updated_at": lead.updated_at.isoformat().replace("+00:00", "Z"),
        "enrichment": {"intent": "", "urgency": "", "quality_score": None, "summary": ""},
    } | other


# ---- one lead ------------------------------------------------------------------------------------------------------


def plan(**states):
    """What `stages` says of a lead of which only the named stages have begun."""
    nothing = {"state": "planned", "reason": "", "note": "", "attempts": 0, "gate_reason": ""}
    return [
        nothing | {"stage": stage.name, "label": stage.label} | states.get(stage.name, {}) for stage in STAGES.values()
    ]


def test_a_new_lead(api):
    lead = make()
    submission = lead.submissions.get()
    file = Attachment.objects.create(
        submission=submission, name="a.pdf", content_type="application/pdf", size=9, state="ready", path="files/ab/x"
    )
    value = lead.values.get()
    assert api.get(f"{URL}/{lead.public_id}").json() == brief(
        lead,
        submissions=[
            {
                "id": submission.pk,
                "source": "api",
                "text": "Message 0",
                "received_at": submission.received_at.isoformat().replace("+00:00", "Z"),
                "attachments": [
                    {
                        "id": file.pk,
                        "name": "a.pdf",
                        "content_type": "application/pdf",
                        "size": 9,
                        "state": "ready",
                        "problem": "",
                    }
                ],
            }
        ],
        enrichment={
            "intent": "",
            "intent_confidence": None,
            "urgency": "",
            "urgency_confidence": None,
            "entities": {},
            "quality_score": None,
            "score_reasons": [],
            "topics": [],
            "summary": "",
            "language": "",
            "reply": "",
            "model": "",
            "prompt_version": "",
            "enriched_at": None,
        },
        values=[
            {
                "field": "first_name",
                "value": "Ana0",
                "origin": "submitter",
                "confidence": 1.0,
                "evidence": None,
                "note": "",
                "made_by": "",
                "is_locked": False,
                "at": value.created_at.isoformat().replace("+00:00", "Z"),
            }
        ],
        suggestions=[],
        duplicate_suggestions=[],
        stages=plan(extract={"state": "pending"}),
        crm={"state": "not_connected", "record_id": "", "error": "", "url": ""},
    )


def value(lead, field, text, *, origin, state="current", **more):
    defaults = {"confidence": 0.8, "created_at": NOON}
    return FieldValue.objects.create(lead=lead, field=field, value=text, origin=origin, state=state, **defaults | more)


def value_json(field, text, origin, **more):
    return {
        "field": field,
        "value": text,
        "origin": origin,
        "confidence": 0.8,
        "evidence": None,
        "note": "",
        "made_by": "",
        "is_locked": False,
        "at": "2026-11-20T12:00:00.123456Z",
    } | more


@pytest.fixture
def read_lead():
    """A lead that all stages have worked on, with something of everything."""
    older = make(0)
    lead = make(1, intent="quote_request", urgency="high", summary="Wants brakes.", quality_score=72)
    lead.score_reasons = [{"label": "Says what it is about", "points": 72}]
    lead.save()
    lead.values.all().delete()
    lead.runs.all().delete()
    words = {"evidence_submission": lead.submissions.get(), "evidence_start": 0, "evidence_end": 7}
    value(lead, "intent", "quote_request", origin="model", made_by="mistral:latest · prompt 3")
    value(lead, "urgency", "high", origin="rule", confidence=0.6)
    value(lead, "topics", "brakes, squeal", origin="model")
    value(lead, "language", "en", origin="rule")
    value(lead, "reply", "Thank you!", origin="model")
    value(lead, "product", "Message", origin="rule", evidence_text="Message", note="as written", **words)
    value(lead, "product", "Other", origin="model", state="suggested")
    value(lead, "product", "Older", origin="rule", state="past")
    value(lead, "product", "Refused", origin="model", state="refused")
    value(lead, "amount", "", origin="staff", is_locked=True, made_by="olivia")
    Enrichment.objects.create(lead=lead, model="old", prompt_version="2", outcome="used", created_at=NOON)
    Enrichment.objects.create(lead=lead, model="mistral:latest", prompt_version="3", outcome="used", created_at=NOON)
    Enrichment.objects.create(lead=lead, model="bad", prompt_version="4", outcome="refused", created_at=NOON)
    reasons = [{"text": "same phone", "weight": 7.2}]
    DuplicateSuggestion.objects.create(first=older, second=lead, probability=0.83, reasons=reasons)
    StageRun.objects.create(lead=lead, stage="extract", state="succeeded", note="5 values", attempts=1)
    StageRun.objects.create(lead=lead, stage="enrich", state="pending", attempts=2, reason="Was down.")
    StageRun.objects.create(lead=lead, stage="push", state="failed", attempts=6, reason="No such table.")
    gates.close(STAGES["enrich"], "Ollama does not answer.")
    CrmRecord.objects.create(
        lead=lead, base_id="app1", table_id="tbl1", record_id="rec1", state="failed", last_error="No such table."
    )
    return lead


def test_a_lead_that_was_read(api, read_lead):
    older = Lead.objects.exclude(pk=read_lead.pk).get()
    answer = api.get(f"{URL}/{read_lead.public_id}").json()
    submission = read_lead.submissions.get()
    evidence = {"submission": submission.pk, "start": 0, "end": 7, "text": "Message"}
    assert submission.text[0:7] == "Message"
    assert answer["enrichment"] == {
        "intent": "quote_request",
        "intent_confidence": 0.8,
        "urgency": "high",
        "urgency_confidence": 0.6,
        "entities": {"product": "Message"},
        "quality_score": 72,
        "score_reasons": [{"label": "Says what it is about", "points": 72}],
        "topics": ["brakes", "squeal"],
        "summary": "Wants brakes.",
        "language": "en",
        "reply": "Thank you!",
        "model": "mistral:latest",
        "prompt_version": "3",
        "enriched_at": "2026-11-20T12:00:00.123456Z",
    }
    assert answer["values"] == [
        value_json("amount", "", "staff", is_locked=True, made_by="olivia"),
        value_json("intent", "quote_request", "model", made_by="mistral:latest · prompt 3"),
        value_json("language", "en", "rule"),
        value_json("product", "Message", "rule", evidence=evidence, note="as written"),
        value_json("reply", "Thank you!", "model"),
        value_json("topics", "brakes, squeal", "model"),
        value_json("urgency", "high", "rule", confidence=0.6),
    ]
    assert answer["suggestions"] == [value_json("product", "Other", "model")]
    assert answer["duplicate_suggestions"] == [
        {
            "lead_id": str(older.public_id),
            "probability": 0.83,
            "reasons": [{"text": "same phone", "weight": 7.2}],
            "state": "open",
        }
    ]
    assert answer["stages"] == plan(
        extract={"state": "succeeded", "note": "5 values", "attempts": 1},
        enrich={"state": "pending", "attempts": 2, "reason": "Was down.", "gate_reason": "Ollama does not answer."},
        push={"state": "failed", "attempts": 6, "reason": "No such table."},
    )
    assert answer["crm"] == {
        "state": "failed",
        "record_id": "rec1",
        "error": "No such table.",
        "url": "https://airtable.com/app1/tbl1/rec1",
    }
    other = api.get(f"{URL}/{older.public_id}").json()
    assert [found["lead_id"] for found in other["duplicate_suggestions"]] == [str(read_lead.public_id)]


def test_a_merged_lead_says_where_it_went(api, staff):
    kept, folded, last = make(0), make(1), make(2)
    merges.merge(kept, [folded], choices={}, actor=staff)
    merges.merge(last, [kept], choices={}, actor=staff)
    for lead in (folded, kept):
        answer = api.get(f"{URL}/{lead.public_id}")
        assert (answer.status_code, answer.json()) == (301, {"id": str(last.public_id)})
        assert answer["Location"].endswith(f"{URL}/{last.public_id}")
        assert answer["Cache-Control"] == "no-store"  # an undone merge must not live on in caches
    assert len(api.get(URL).json()["leads"]) == 1


def test_what_nobody_is_to_review_is_no_suggestion(api):
    """An unlikely pair that is only asked to learn from, and one with a lead that was merged before the answer."""
    lead, unlikely, folded, kept, decided = (make(number) for number in range(5))
    DuplicateSuggestion.objects.create(first=lead, second=unlikely, probability=0.1, is_probe=True)
    DuplicateSuggestion.objects.create(first=lead, second=folded, probability=0.7)
    DuplicateSuggestion.objects.create(first=lead, second=decided, probability=0.6, state="dismissed")
    Lead.objects.filter(pk=folded.pk).update(merged_into=kept)
    found = api.get(f"{URL}/{lead.public_id}").json()["duplicate_suggestions"]
    assert [(each["lead_id"], each["state"]) for each in found] == [(str(decided.public_id), "dismissed")]


def test_a_merged_lead_is_not_changed(api, staff):
    kept, folded = make(0), make(1)
    merges.merge(kept, [folded], choices={}, actor=staff)
    body = b'{"status": "working", "contact": {"company": "New"}}'
    answer = api.patch(f"{URL}/{folded.public_id}", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "merged")
    assert str(kept.public_id) in answer.json()["detail"]
    folded.refresh_from_db()
    assert (folded.status, folded.company) == ("new", "")


@pytest.mark.parametrize("lead_id", ["x", "1", "%00", str(uuid.UUID(int=1)), "..%2f"])
def test_an_unknown_lead(api, lead_id):
    make()
    for response in (
        api.get(f"{URL}/{lead_id}"),
        api.patch(f"{URL}/{lead_id}", b'{"status": "working"}', content_type="application/json"),
    ):
        assert response.status_code == 404
        assert told(response) == {"code": "not_found", "message": "There is nothing at this address."}


def test_a_lead_takes_the_same_queries_however_much_is_known(api, read_lead, django_assert_num_queries, monkeypatch):
    url = f"{URL}/{read_lead.public_id}"
    api.get(url)
    # The key, its rate, the lead with its CRM record; submissions, values, runs; the answer, the suggestions.
    with django_assert_num_queries(9):
        api.get(url)
    for number in range(10, 40):
        other = make(number)
        DuplicateSuggestion.objects.create(first=read_lead, second=other, probability=0.6)
        value(read_lead, f"extra_{number}", "x", origin="rule")
    with django_assert_num_queries(9):
        assert len(api.get(url).json()["duplicate_suggestions"]) == 31


# ---- many ----------------------------------------------------------------------------------------------------------


def test_the_list_is_newest_first_and_brief(api):
    first, second = make(1), make(2)
    assert api.get(URL).json() == {"leads": [brief(second), brief(first)], "next": None}


def test_an_empty_list(api):
    assert api.get(URL).json() == {"leads": [], "next": None}


def test_the_pages_hold_every_lead_once_whatever_comes_in_meanwhile(api):
    for number in [1, 2, 2, 2, 3, 4, 4]:  # also leads of the same moment
        make(number, company="Acme & Söhne")
    make(2, status="working")
    seen, url, pages = [], f"{URL}?limit=2&status=new", 0
    while url:
        assert url.startswith((URL, f"{settings.SITE_URL}{URL}?"))
        answer = api.get(url).json()
        assert len(answer["leads"]) <= 2
        seen += [lead["id"] for lead in answer["leads"]]
        url, pages = answer["next"], pages + 1
        make(100 + pages)
    assert pages == 4
    expected = Lead.objects.filter(status="new", company="Acme & Söhne").order_by("-received_at", "-id")
    assert seen == [str(lead.public_id) for lead in expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "54321"),
        ("status=working", "2"),
        ("status=", "54321"),
        ("intent=support", "3"),
        ("urgency=urgent", "4"),
        ("source=email", "5"),
        ("status=new&urgency=urgent&intent=", "4"),
        ("status=working&urgency=urgent", ""),
        ("q=ANA3", "3"),
        ("q=message+ana4", "4"),
        ("q=%25", ""),
        ("q=nothing", ""),
        ("received_after=2026-11-20T12:03:00Z", "543"),
        ("received_after=2026-11-20T12:03:00.123456Z", "54"),
        ("received_after=2026-11-20T12:03:00.123456", "54"),
        ("received_after=2026-11-20T14:03:00.123456%2B02:00", "54"),
        ("received_after=2026-11-20T14:03:00.123456+02:00", "54"),
        ("received_after=2026-11-21", ""),
        ("updated_after=2026-11-20T12:04:00Z", "54"),
        ("updated_after=2026-11-20T12:04:00Z&source=email", "5"),
        ("limit=2", "54"),
        ("limit=200", "54321"),
    ],
)
def test_the_filters(api, query, expected):
    for number in range(1, 6):
        make(number)
    for number, column in [(2, "status"), (3, "intent"), (4, "urgency"), (5, "source")]:
        wanted = {"status": "working", "intent": "support", "urgency": "urgent", "source": "email"}[column]
        Lead.objects.filter(first_name=f"Ana{number}").update(**{column: wanted})
    assert "".join(name[-1] for name in names(api.get(f"{URL}?{query}"))) == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("status=old", "“status” must be one of: new, working, qualified, unqualified, converted."),
        ("urgency=x", "“urgency” must be one of: low, medium, high, urgent."),
        ("source=fax", "“source” must be one of: web_form, paste, email, csv_import, api."),
        ("limit=0", "“limit” must be at least 1."),
        ("limit=201", "“limit” must be at most 200."),
        ("limit=ten", "“limit” must be a whole number."),
        (f"limit={'9' * 5000}", "“limit” must be a whole number."),
        ("q=%00", "“q” must not hold NUL characters."),
        (f"q={'x' * 201}", "“q” must not have more than 200 characters."),
        ("received_after=yesterday", "“received_after” must be a moment like 2026-11-27T15:00:00Z."),
        ("updated_after=", "“updated_after” must be a moment like 2026-11-27T15:00:00Z."),
        (
            "updated_after=0001-01-01T00:00:00%2B14:00",
            "“updated_after” must be a moment like 2026-11-27T15:00:00Z.",
        ),
        ("cursor=x", "“cursor” is none that came in `next`: there is no such page."),
        ("cursor=%00", "“cursor” must not hold NUL characters."),
        ("cursor=MjAyNi0xMS0yMFQxMjowMDowMCAtMQ", "“cursor” is none that came in `next`: there is no such page."),
        ("cursor=" + "OTk5OTk5" * 20, "“cursor” is none that came in `next`: there is no such page."),
        (
            "staus=new",
            "“staus” is no filter; there are: status, intent, urgency, source, q, min_quality, max_quality, "
            "received_after, received_before, updated_after, limit, cursor.",
        ),
    ],
)
def test_wrong_filters(api, query, message):
    response = api.get(f"{URL}?{query}")
    expected = (404, "not_found") if "no such page" in message else (422, "invalid")
    assert (response.status_code, told(response)) == (expected[0], {"code": expected[1], "message": message})


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_takes_three_queries(api, count, django_assert_num_queries):
    for number in range(count):
        make(number)
    api.get(URL)
    with django_assert_num_queries(3):  # the key, its rate, the leads
        assert len(api.get(URL).json()["leads"]) == count


def test_moments_are_exact_so_that_asking_for_what_came_since_repeats_nothing(api):
    make(1)
    newest = api.get(URL).json()["leads"][0]["updated_at"]
    assert names(api.get(f"{URL}?updated_after={newest}")) == []
    Lead.objects.update(updated_at=timezone.now())
    assert names(api.get(f"{URL}?updated_after={newest}")) == ["Ana1"]


def test_a_gate_that_opened_gives_no_reason(api, read_lead):
    StageGate.objects.update(closed_at=None, closed_until=None, reason="")
    stages = api.get(f"{URL}/{read_lead.public_id}").json()["stages"]
    assert [stage["gate_reason"] for stage in stages] == [""] * len(STAGES)
