import datetime as dt
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads import inbox
from leads.inbox import inbox_page, inbox_state
from leads.intake import keep, receive
from leads.models import DuplicateSuggestion, Lead, PublicForm, StageGate, StageRun, Submission

NOW = timezone.now()
HTMX = {"headers": {"HX-Request": "true"}}


def lead(name: str = "Ana", *, minutes: float = 0, text: str = "My brakes squeal.", **columns) -> Lead:
    moment = NOW - dt.timedelta(minutes=minutes)
    found = Lead.objects.create(
        source="web_form",
        first_name=name,
        received_at=moment,
        last_message_at=moment,
        updated_at=moment,
        search_text=f"{name} {text}".lower(),
        **columns,
    )
    Submission.objects.create(lead=found, source="web_form", payload={}, text=text, received_at=moment)
    return found


def names(page: str) -> list[str]:
    return re.findall(r'class="stretched-link"[^>]*>([^<]+)</a>', page)


def shown(client, query: str = "") -> list[str]:
    return names(client.get(f"/{query}").content.decode())


def test_empty_inbox_says_what_to_do_next(client):
    form = PublicForm.objects.create(name="Website")
    page = client.get("/").content.decode()
    assert f'href="/f/{form.key}/"' in page
    for way in ('href="/paste/"', 'action="/samples/load/"', "Connect Airtable", "Connect Ollama", 'href="/status/"'):
        assert way in page


def test_row_shows_everything(client):
    known = lead(
        "Ana",
        last_name="Silva",
        company="Bakery",
        intent="quote_request",
        urgency="urgent",
        summary="Wants a quote.",
        quality_score=73,
        status="working",
    )
    other = lead("Ben", minutes=5)
    DuplicateSuggestion.objects.create(first=known, second=other, probability=0.9)
    StageRun.objects.create(lead=known, stage="extract", state="succeeded", note="3 values")
    StageRun.objects.create(lead=known, stage="embed", state="failed", reason="Too long.")
    StageRun.objects.create(lead=known, stage="enrich", state="pending")
    StageGate.objects.create(stage="enrich", reason="Ollama does not answer.", closed_at=NOW)
    page = (
        client.get("/?q=silva").content.decode()
        if known.search_text.count("silva")
        else client.get("/").content.decode()
    )
    for part in (
        f'href="/leads/{known.public_id}/"',
        "Ana Silva",
        "Bakery",
        "Wants a quote.",
        "Quote request",
        "Urgent",
        'aria-label="Score 73 of 100"',
        "Working",
        "Web form",
        "Duplicate?",
        "AI offline",
        "Embedding failed",
        'title="Rules: Done"',
        'title="Embedding: Failed – Too long."',
        'title="Model: Waiting for the service – Ollama does not answer."',
        'title="Airtable: Not yet"',
        "My brakes squeal.",  # Ben has no summary
        f'datetime="{known.received_at.isoformat()}"',
    ):
        assert part in page, part
    assert page.count("Duplicate?") == 2
    assert page.count("AI offline") == 1


def test_what_strangers_write_is_text_only(client):
    lead("<script>alert(1)</script>", text="<img src=x onerror=alert(1)>", company="<b>x</b>")
    page = client.get("/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Ana", "Ben", "Cleo", "Dev"]),
        ("?q=BRAKES", ["Ana", "Ben"]),
        ("?q=brakes+ben", ["Ben"]),
        ("?q=100%25", ["Dev"]),
        ("?q=nothing", []),
        ("?status=working", ["Ben"]),
        ("?intent=complaint", ["Cleo"]),
        ("?urgency=high", ["Ana", "Cleo"]),
        ("?urgency=high&intent=complaint&q=cleo", ["Cleo"]),
        ("?status=nonsense&page=x&sort=x", ["Ana", "Ben", "Cleo", "Dev"]),
        ("?sort=oldest", ["Dev", "Cleo", "Ben", "Ana"]),
        ("?sort=score", ["Cleo", "Dev", "Ana", "Ben"]),
        ("?sort=urgency", ["Ben", "Ana", "Cleo", "Dev"]),
        ("?page=2", []),
        ("?page=99999999", []),
    ],
)
def test_search_filters_and_order(client, query, expected):
    lead("Ana", minutes=1, urgency="high")
    lead("Ben", minutes=2, urgency="urgent", status="working")
    lead("Cleo", minutes=3, text="Late.", urgency="high", intent="complaint", quality_score=90)
    lead("Dev", minutes=4, text="100% off", quality_score=10)
    lead("Gone", minutes=5, merged_into=Lead.objects.get(first_name="Ana"))
    assert shown(client, query) == expected


def test_pages(client, monkeypatch):
    monkeypatch.setattr(inbox, "PAGE_SIZE", 2)
    for minute in range(5):
        lead(f"L{minute}", minutes=minute)
    first = client.get("/").content.decode()
    assert names(first) == ["L0", "L1"]
    assert "1–2 of 5 leads" in first
    assert 'rel="next" href="?page=2"' in first
    assert 'rel="prev"' not in first
    last = client.get("/?page=3&q=l").content.decode()
    assert names(last) == ["L4"]
    assert "5–5 of 5 leads" in last
    assert 'rel="next"' not in last
    assert 'rel="prev" href="?page=2&amp;q=l"' in last


def test_counting_stops(db, monkeypatch):
    monkeypatch.setattr(inbox, "PAGE_SIZE", 1)
    monkeypatch.setattr(inbox, "COUNTED", 3)
    for minute in range(3):
        lead(minutes=minute)
    page = {"words": "", "filters": {}, "order": "newest", "number": 1}
    assert inbox_page(**page).count_label == "3 leads"
    for minute in range(3, 6):
        lead(minutes=minute)
    assert inbox_page(**page).count_label == "3+ leads"


def test_open_list_hears_of_changes_only(client):
    first = lead("Ana", minutes=1)
    version = inbox_state().version
    unchanged = client.get("/", {"version": version}, **HTMX)
    assert (unchanged.status_code, unchanged.content) == (204, b"")
    receive("I am new here", source="paste")
    changed = client.get("/", {"version": version, "sort": "oldest"}, **HTMX)
    page = changed.content.decode()
    assert changed.status_code == 200
    assert page.lstrip().startswith('<div id="lead_table"')
    assert "<html" not in page
    assert names(page)[0] == "Ana"
    assert "I am new here" in page
    # The new fragment asks with the new version and keeps the order.
    assert (
        f"version={inbox_state().version}&amp;sort=oldest" in page
        or f"sort=oldest&amp;version={inbox_state().version}" in page
    )
    assert f'href="/leads/{first.public_id}/"' in page


@pytest.mark.parametrize(
    "change",
    [
        lambda found: StageRun.objects.create(lead=found, stage="extract", state="running", started_at=NOW),
        lambda found: StageGate.objects.create(stage="enrich", reason="Down.", closed_at=NOW),
        lambda found: Lead.objects.filter(pk=found.pk).update(updated_at=NOW),
        lambda found: Lead.objects.filter(pk=found.pk).update(is_sample=True),
        lambda found: lead("Ben"),
    ],
    ids=["a stage runs", "a gate closes", "a lead changes", "a sample", "a new lead"],
)
def test_version_changes_with(db, change):
    found = lead(minutes=10)
    before = inbox_state().version
    assert inbox_state().version == before
    change(found)
    assert inbox_state().version != before


def test_first_lead_loads_the_whole_page(client):
    assert client.get("/", {"version": ""}, **HTMX).status_code == 204
    receive("The first", source="paste")
    assert client.get("/", {"version": ""}, **HTMX)["HX-Refresh"] == "true"


@pytest.mark.parametrize("has_leads", [False, True])
def test_stored_inquiries_that_no_worker_takes_in_are_shown(client, has_leads):
    if has_leads:
        lead()
    keep("Is anybody there?", source="web_form")
    warning = "no worker takes them in"
    assert warning not in client.get("/").content.decode()
    Submission.objects.waiting().update(received_at=NOW - dt.timedelta(minutes=1))
    assert warning in client.get("/").content.decode()


def test_same_address_for_page_and_fragment_is_not_mixed_up(client):
    page = client.get("/")
    assert "HX-Request" in page["Vary"]
    assert "no-store" in page["Cache-Control"]


def test_few_queries_whatever_the_number(client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/")
        return len(captured)

    seed(1)
    client.get("/")  # what is looked up once per process
    one = queries()
    seed(29)
    thirty = queries()
    assert one <= thirty <= 10
    seed(30)
    assert queries() == thirty


def seed(count: int) -> None:
    for _ in range(count):
        found = lead(uuid.uuid4().hex[:6], urgency="high", intent="inquiry")
        StageRun.objects.create(lead=found, stage="extract", state="succeeded")
        if other := Lead.objects.exclude(pk=found.pk).first():
            first, second = sorted([found, other], key=lambda each: each.pk)
            DuplicateSuggestion.objects.get_or_create(first=first, second=second, defaults={"probability": 0.7})


def test_needs_a_login(anonymous):
    assert anonymous.get("/")["Location"] == "/login/?next=/"
