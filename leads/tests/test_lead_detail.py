import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads import merging
from leads.forms import ValueForm
from leads.intake import receive
from leads.models import DuplicateSuggestion, Event, FieldValue, Lead, StageGate, StageRun
from leads.values import Contact, Evidence, FoundValue

TEXT = "Call 512 555 0142 about my 2017 Honda\u200b Civic."
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def lead(db) -> Lead:
    return receive(TEXT, source="paste", contact=Contact(first_name="Ana", email="ana@example.com"))


@pytest.fixture
def vehicle(lead) -> FieldValue:
    """A fact that a rule read, with the words behind it."""
    say(
        lead,
        "vehicle",
        "2017 Honda Civic",
        "rule",
        words="2017 Honda\u200b Civic",
        confidence=0.9,
        note="By a word list",
    )
    return lead.values.get(field="vehicle")


@pytest.fixture
def suggestion(lead) -> FieldValue:
    say(lead, "first_name", "Anna", "model", confidence=0.6)
    return lead.values.suggested().get()


def say(
    lead: Lead, field: str, value: str, origin: str, *, words: str = "", confidence: float = 0.8, note: str = ""
) -> None:
    start = TEXT.find(words) if words else 0
    evidence = Evidence(start, start + len(words), words) if words else None
    found = FoundValue(field, value, confidence, evidence, note)
    submission = lead.submissions.get()
    merging.apply([merging.NewValues(lead, [found], submission=submission, made_by="rules 3")], origin=origin)


def url(lead: Lead, rest: str = "") -> str:
    return f"/leads/{lead.public_id}/{rest}"


def get(client, lead: Lead, rest: str = "") -> str:
    return client.get(url(lead, rest)).content.decode()


def current(lead: Lead, field: str) -> tuple[str, str, bool]:
    value = lead.values.current().get(field=field)
    return value.value, value.origin, value.is_locked


def test_facts_are_marked_in_the_message(client, lead, vehicle):
    page = get(client, lead)
    mark = re.search(r'<mark class="found" tabindex="0" data-field="vehicle" title="Vehicle">(.*?)</mark>', page)
    assert mark[1].startswith("2017 Honda<span")
    assert 'title="Invisible: zero width space U+200B">ZWSP</span> Civic' in mark[1]
    assert "Call 512 555 0142 about my <mark" in page
    assert 'id="fact-vehicle" data-field="vehicle"' in page


def test_a_summary_marks_nothing(client, lead):
    say(lead, "summary", "Call about my Civic", "rule", words=TEXT[:25])
    assert "<mark" not in get(client, lead)


def test_a_fact_says_how_it_was_read(client, lead, vehicle):
    row = get(client, lead).split('id="fact-vehicle"')[1].split("</li>")[0]
    for part in (
        "2017 Honda Civic",
        "Rule",
        "Read by a rule",
        "rules 3",
        "From the words",
        "By a word list",
        "90&thinsp;%",
    ):
        assert part in row, part


def test_what_strangers_write_is_text_only(client):
    evil = "<script>alert(1)</script>"
    lead = receive(evil, source="paste", contact=Contact(first_name=evil, company=evil))
    say(lead, "vehicle", evil, "rule")
    say(lead, "company", f"{evil}2", "rule")
    page = get(client, lead)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 5


def test_page_has_no_inline_style_or_script(client, lead, vehicle, suggestion):
    for path in (url(lead), "/", "/paste/", "/duplicates/", "/duplicates/bulk/", "/duplicates/decisions/", "/merges/"):
        page = client.get(path).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", page), path


def test_empty_contact_fields_can_be_filled_in(client, lead):
    page = get(client, lead)
    assert f'href="{url(lead)}?edit=phone#fact-phone"' in page
    assert '<option value="vehicle">' in page  # "Add"
    assert 'value="first_name"' not in page


@pytest.mark.parametrize("rest", ["?edit=vehicle", "facts/?edit=vehicle"])
def test_edit_form(client, lead, vehicle, rest):
    page = get(client, lead, rest)
    assert f'action="{url(lead, "facts/vehicle/")}"' in page
    assert 'value="2017 Honda Civic"' in page
    assert page.count("data-editing") == 1


def test_unknown_field_is_not_edited(client, lead):
    assert "data-editing" not in get(client, lead, "?edit=nonsense")
    assert client.post(url(lead, "facts/nonsense/"), {"value": "x"}).status_code == 404


def test_edit_wins_locks_and_queues_what_reads_it(client, lead, vehicle):
    answer = client.post(url(lead, "facts/vehicle/"), {"value": " 2018 Civic "}, **HTMX)
    assert answer["HX-Trigger"] == '{"lead-edited": {}}'
    assert answer.content.decode().lstrip().startswith('<section id="lead_facts"')
    assert current(lead, "vehicle") == ("2018 Civic", "staff", True)
    assert Event.objects.get().text == "Vehicle changed to “2018 Civic”"
    assert Event.objects.get().actor == "olivia"
    assert set(StageRun.objects.values_list("stage", flat=True)) == {"extract", "score"}
    say(lead, "vehicle", "1999 Ford", "rule")
    assert current(lead, "vehicle") == ("2018 Civic", "staff", True)


def test_edit_without_javascript_goes_back_to_the_lead(client, lead):
    answer = client.post(url(lead, "facts/email/"), {"value": "ana.silva@example.com"})
    assert (answer.status_code, answer["Location"]) == (302, url(lead))
    lead.refresh_from_db()
    assert (lead.email, lead.email_key) == ("ana.silva@example.com", "ana.silva@example.com")
    assert set(StageRun.objects.values_list("stage", flat=True)) == {"extract", "duplicates", "score"}


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("phone", "(512) 555-0142", "+15125550142"),
        ("phone", "", ""),
        ("date", "2026-11-27", "2026-11-27"),
        ("date", "2026-11-27 15:00", "2026-11-27T15:00"),
        ("topics", " brakes,, quote ,brakes", "brakes, quote"),
        ("urgency", "urgent", "urgent"),
        ("company", "Bakery & Sons", "Bakery & Sons"),
    ],
)
def test_values_are_stored_in_their_normal_form(client, lead, field, typed, stored):
    assert client.post(url(lead, f"facts/{field}/"), {"value": typed}).status_code == 302
    assert current(lead, field) == (stored, "staff", True)


@pytest.mark.parametrize(
    ("field", "typed", "problem"),
    [
        ("email", "ana(at)example", "valid email"),
        ("phone", "call me", "not a phone number"),
        ("phone", "123", "too few or too many"),
        ("date", "Friday", "Write the date as"),
        ("date", "2026-02-31", "Write the date as"),
        ("urgency", "panic", "not one of the available choices"),
        ("first_name", "x" * 101, "at most 100 characters"),
    ],
)
@pytest.mark.parametrize("extra", [{}, HTMX], ids=["page", "htmx"])
def test_a_value_that_cannot_be_right_comes_back(client, lead, field, typed, problem, extra):
    answer = client.post(url(lead, f"facts/{field}/"), {"value": typed}, **extra)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert problem in page
    assert "data-editing" in page
    assert field == "urgency" or f'value="{typed}"' in page
    assert not lead.values.filter(origin="staff").exists()


def test_lock_and_unlock(client, lead, vehicle):
    path = url(lead, f"values/{vehicle.pk}/lock/")
    assert "Unlock Vehicle" in client.post(path, {"lock": "1"}, **HTMX).content.decode()
    assert current(lead, "vehicle") == ("2017 Honda Civic", "rule", True)
    assert client.post(path, {"lock": "0"})["Location"] == url(lead)
    assert current(lead, "vehicle") == ("2017 Honda Civic", "rule", False)


def test_accept_a_suggestion(client, lead, suggestion):
    assert "Model suggests <b>Anna</b>" in get(client, lead)
    page = client.post(url(lead, f"values/{suggestion.pk}/accept/"), **HTMX).content.decode()
    assert "suggests" not in page
    assert current(lead, "first_name") == ("Anna", "staff", True)


def test_refuse_a_suggestion(client, lead, suggestion):
    page = client.post(url(lead, f"values/{suggestion.pk}/refuse/"), **HTMX).content.decode()
    assert "suggests" not in page
    assert current(lead, "first_name") == ("Ana", "submitter", False)
    say(lead, "first_name", "Anna", "model")
    assert "suggests" not in get(client, lead)


def test_values_of_another_lead_are_out_of_reach(client, lead, suggestion, vehicle):
    other = receive("Another", source="paste")
    for action, pk in (("accept", suggestion.pk), ("refuse", suggestion.pk), ("lock", vehicle.pk)):
        assert client.post(url(other, f"values/{pk}/{action}/")).status_code == 404


def test_status_offers_only_what_may_follow(client, lead):
    assert 'value="working"' in get(client, lead)
    assert 'value="converted"' not in get(client, lead)
    answer = client.post(url(lead, "status/"), {"status": "qualified"}, **HTMX)
    assert answer["HX-Trigger"] == '{"lead-edited": {}}'
    assert 'value="converted"' in answer.content.decode()
    lead.refresh_from_db()
    assert lead.status == "qualified"


def test_a_status_that_cannot_follow_is_refused_in_words(client, lead):
    answer = client.post(url(lead, "status/"), {"status": "converted"}, follow=True)
    assert "A lead that is new can&#x27;t become converted." in answer.content.decode()
    lead.refresh_from_db()
    assert lead.status == "new"


def test_steps_say_what_waits_and_why(client, lead):
    StageRun.objects.create(lead=lead, stage="embed", state="failed", reason="Too long.")
    StageRun.objects.create(lead=lead, stage="enrich")
    StageGate.objects.create(stage="enrich", reason="Ollama does not answer.", closed_at=timezone.now())
    page = get(client, lead, "steps/")
    rows = [re.sub(r"<[^>]+>|\s+", " ", row) for row in re.findall(r'<li class="step-row.*?</li>', page, re.S)]
    assert [" ".join(row.split()) for row in rows] == [
        "Rules Waiting",
        "Embedding Failed Too long. Retry",
        "Duplicates Not yet",
        "Model AI offline Ollama does not answer. Try now",
        "Score Not yet",
        "Airtable Not yet",
    ]


def test_steps_answer_only_when_something_changed(client, lead):
    version = re.search(r"steps/\?version=(\w+)", get(client, lead))[1]
    assert client.get(url(lead, f"steps/?version={version}"), **HTMX).status_code == 204
    StageRun.objects.update(state="running")
    answer = client.get(url(lead, f"steps/?version={version}"), **HTMX)
    assert answer.status_code == 200
    assert answer["HX-Trigger"] == '{"lead-changed": {}}'


@pytest.mark.parametrize(
    ("states", "trigger"),
    [
        ({"extract": "pending"}, "every 1s, lead-edited from:body"),
        ({"extract": "running", "enrich": "pending"}, "every 1s, lead-edited from:body"),
        ({"extract": "succeeded", "enrich": "pending"}, "every 10s, lead-edited from:body"),
        ({"extract": "succeeded", "enrich": "failed"}, "lead-edited from:body"),
    ],
)
def test_how_often_the_page_asks(client, lead, states, trigger):
    StageGate.objects.create(stage="enrich", reason="Down.", closed_at=timezone.now())
    StageRun.objects.all().delete()
    for stage, state in states.items():
        StageRun.objects.create(lead=lead, stage=stage, state=state)
    assert f'hx-trigger="{trigger}"' in get(client, lead, "steps/")


def test_retry(client, lead):
    run = StageRun.objects.create(lead=lead, stage="embed", state="failed", reason="Too long.", attempts=6)
    answer = client.post(url(lead, "steps/embed/retry/"), **HTMX)
    assert answer["HX-Trigger"] == '{"lead-changed": {}}'
    run.refresh_from_db()
    assert (run.state, run.attempts, run.reason) == ("pending", 0, "")
    assert client.post(url(lead, "steps/embed/retry/"))["Location"] == url(lead)
    assert client.post(url(lead, "steps/nonsense/retry/")).status_code == 404


def test_try_now_asks_a_closed_gate_again(client, lead, django_capture_on_commit_callbacks):
    StageRun.objects.create(lead=lead, stage="enrich")
    later = timezone.now() + timezone.timedelta(hours=1)
    StageGate.objects.create(stage="enrich", reason="Down.", closed_at=timezone.now(), closed_until=later)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(url(lead, "steps/enrich/retry/"))
    assert StageGate.objects.get().closed_until is None


def test_timeline_newest_first(client, lead):
    StageRun.objects.filter(stage="extract").update(
        state="succeeded", finished_at=timezone.now(), note="3 values found"
    )
    client.post(url(lead, "status/"), {"status": "working"})
    page = get(client, lead, "timeline/")
    lines = [re.sub(r"<[^>]+>", "|", row).split("|") for row in re.findall(r"<li class=.*?</li>", page, re.S)]
    lines = [next(part.strip() for part in line if part.strip()) for line in lines]
    assert lines == ["Status changed to Working", "Rules done: 3 values found", "Received: Paste"]
    assert "olivia, " in page


def test_possible_duplicates(client, lead):
    other = receive("Me again", source="paste", contact=Contact(first_name="Ana", email="a@example.org"))
    reasons = [{"text": "Same first name", "weight": 3.2}, {"text": "Different e-mail", "weight": -1.0}]
    found = DuplicateSuggestion.objects.create(first=lead, second=other, probability=0.83, reasons=reasons)
    page = get(client, lead, "duplicates/")
    for part in (f'href="{other.get_absolute_url()}"', "83&thinsp;%", "Same first name", "+3.2", "−1"):
        assert part in page, part
    assert f'href="{lead.get_absolute_url()}"' in get(client, other, "duplicates/")
    assert f"/duplicates/compare/?lead={lead.public_id}&amp;lead={other.public_id}" in page
    answer = client.post(url(lead, f"duplicates/{found.pk}/"), {"answer": "dismissed"}, **HTMX)
    assert "Same first name" not in answer.content.decode()
    assert answer["HX-Trigger"] == '{"lead-edited": {}}'
    found.refresh_from_db()
    assert (found.state, found.decided_by.username) == ("dismissed", "olivia")


def test_who_is_related(client, lead):
    other = receive("From the same company", source="paste", contact=Contact(first_name="Ana", last_name="Silva"))
    found = DuplicateSuggestion.objects.create(first=lead, second=other, probability=0.6)
    assert "Belongs together" not in get(client, lead)
    assert client.post(url(lead, f"duplicates/{found.pk}/"), {"answer": "colleague"})["Location"] == url(lead)
    page = get(client, lead)
    assert f'Related: <a href="{other.get_absolute_url()}">Ana Silva</a>' in page
    assert "(colleague)" in page
    assert "Possible duplicates" not in page
    client.post(url(lead, f"duplicates/{found.pk}/"), {"answer": "open"}, **HTMX)
    assert "Possible duplicates" in get(client, other)
    assert client.post(url(lead, f"duplicates/{found.pk}/"), {"answer": "nonsense"}).status_code == 400


def test_a_merged_lead_leads_to_where_it_went(client, lead):
    target = receive("The other", source="paste", contact=Contact(first_name="Zoe"))
    Lead.objects.filter(pk=lead.pk).update(merged_into=target)
    answer = client.get(url(lead), follow=True)
    assert answer.redirect_chain == [(target.get_absolute_url(), 302)]
    assert "Ana was merged into this lead." in answer.content.decode()


def test_panels_are_fetched_by_address(client, lead):
    page = get(client, lead)
    for path in (f"/ai/leads/{lead.public_id}/", f"/crm/leads/{lead.public_id}/"):
        assert f'hx-get="{path}"' in page
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("rest", ["", "header/", "messages/", "facts/", "steps/", "timeline/", "duplicates/"])
def test_every_region_needs_a_login_and_a_lead(client, anonymous, lead, rest):
    assert client.get(url(lead, rest)).status_code == 200
    assert anonymous.get(url(lead, rest))["Location"].startswith("/login/")
    assert client.get(f"/leads/00000000-0000-4000-8000-000000000000/{rest}").status_code == 404


def test_queries_do_not_grow_with_facts(client, lead):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(url(lead))
        return len(captured)

    client.get(url(lead))  # what is looked up once per process
    before = queries()
    for field in ("vehicle", "mileage", "symptoms", "place", "amount"):
        say(lead, field, f"a {field}", "rule")
        say(lead, field, f"some {field}", "model")
        Event.objects.create(lead=lead, text=field)
    assert queries() == before


AMOUNTS = [
    ("1200", "1200"),
    ("$1,200", "1200 USD"),
    ("€ 250.50", "250.50 EUR"),
    ("1200 usd", "1200 USD"),
    ("", ""),
    ("x", None),
    ("12 apples", None),
    ("1,2", None),
]


@pytest.mark.parametrize(("typed", "kept"), AMOUNTS)
def test_an_edited_amount_is_an_amount(typed, kept):
    form = ValueForm({"value": typed}, field="amount")
    assert (form.cleaned_data["value"] if form.is_valid() else None) == kept
