import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import duplicates
from leads.duplicates import ComparedField, compare, dismiss
from leads.models import DuplicateSuggestion, Event, Lead, StageRun

HTMX = {"headers": {"HX-Request": "true"}}


def pair(probability: float = 0.8, **changes) -> DuplicateSuggestion:
    first = Lead.objects.create(source="paste", first_name="Ana", phone="+15125550142")
    second = Lead.objects.create(source="paste", **{"first_name": "Anna", "phone": "(512) 555-0142"} | changes)
    reasons = [{"text": "Same phone", "weight": 7.25}, {"text": "Different first names", "weight": -2}]
    return DuplicateSuggestion.objects.create(first=first, second=second, probability=probability, reasons=reasons)


def test_empty_state_says_what_comes_here(client):
    page = client.get("/duplicates/").content.decode()
    assert "No duplicates to review" in page
    assert "/dismiss/" not in page


def test_the_two_leads_side_by_side(client):
    found = pair(0.914)
    page = client.get("/duplicates/").content.decode()
    for part in (
        f'href="{found.first.get_absolute_url()}"',
        f'href="{found.second.get_absolute_url()}"',
        "91&thinsp;%",
        "Same phone",
        "+7.2",
        "Different first names",
        "−2",
        '<tr class="is-equal"><th scope="row">Phone',
        '<tr><th scope="row">First name',
        f'action="/duplicates/{found.pk}/dismiss/"',
    ):
        assert part in page, part


def test_likeliest_first_open_and_standing_only(client):
    low, high, dismissed, merged = pair(0.6), pair(0.9), pair(0.95), pair(0.97)
    DuplicateSuggestion.objects.filter(pk=dismissed.pk).update(state="dismissed")
    Lead.objects.filter(pk=merged.first_id).update(merged_into=low.first)
    page = client.get("/duplicates/").content.decode()
    assert page.index(f"/{high.pk}/dismiss/") < page.index(f"/{low.pk}/dismiss/")
    assert f"/{dismissed.pk}/dismiss/" not in page
    assert f"/{merged.pk}/dismiss/" not in page


@pytest.mark.parametrize(
    ("key", "first", "second", "is_equal"),
    [
        ("first_name", "Ana", "ANA", True),
        ("first_name", "Ana", "Anna", False),
        ("first_name", "", "", False),
        ("phone", "+15125550142", "(512) 555-0142", True),
        ("phone", "+15125550142", "+15125550143", False),
        ("email", "Ana.Silva+x@gmail.com", "anasilva@googlemail.com", True),
        ("email", "ana@example.com", "ana@example.org", False),
        ("company", "Bakery", "", False),
    ],
)
def test_equal_values(key, first, second, is_equal):
    assert ComparedField(key, "", first, second).is_equal is is_equal


def test_compare_leaves_out_what_neither_has():
    rows = compare(Lead(first_name="Ana", email="a@example.com"), Lead(first_name="Ben"))
    assert [(row.label, row.first, row.second) for row in rows] == [
        ("First name", "Ana", "Ben"),
        ("E-mail", "a@example.com", ""),
    ]


@pytest.mark.parametrize("extra", [{}, HTMX], ids=["page", "htmx"])
def test_not_a_duplicate(client, staff, extra):
    found, other = pair(0.9), pair(0.7)
    before = found.first.updated_at
    answer = client.post(f"/duplicates/{found.pk}/dismiss/", {"page": "1"}, **extra)
    if extra:
        assert answer.content.decode().lstrip().startswith('<div id="pairs"')
        assert f"/{other.pk}/dismiss/" in answer.content.decode()
        assert f"/{found.pk}/dismiss/" not in answer.content.decode()
    else:
        assert (answer.status_code, answer["Location"]) == (302, "/duplicates/")
    found.refresh_from_db()
    assert (found.state, found.decided_by, found.decided_at is not None) == ("dismissed", staff, True)
    assert set(Event.objects.values_list("lead", "actor", "text")) == {
        (found.first_id, "olivia", "Not a duplicate of Anna"),
        (found.second_id, "olivia", "Not a duplicate of Ana"),
    }
    assert Lead.objects.get(pk=found.first_id).updated_at > before


@pytest.mark.parametrize("state", ["dismissed", "merged"])
def test_what_was_decided_stays_decided(staff, state):
    found = pair()
    DuplicateSuggestion.objects.update(state=state)
    dismiss(found, staff)
    found.refresh_from_db()
    assert (found.state, found.decided_by) == (state, None)
    assert not Event.objects.exists()


def test_pages(client, monkeypatch):
    monkeypatch.setattr(duplicates, "PAGE_SIZE", 2)
    pairs = [pair(0.9 - n / 10) for n in range(3)]
    first = client.get("/duplicates/").content.decode()
    assert [f"/{each.pk}/dismiss/" in first for each in pairs] == [True, True, False]
    assert 'rel="next" href="/duplicates/?page=2"' in first
    second = client.get("/duplicates/?page=2").content.decode()
    assert [f"/{each.pk}/dismiss/" in second for each in pairs] == [False, False, True]
    assert 'rel="next"' not in second
    assert client.get("/duplicates/?page=nonsense").content.decode().count('class="card pair"') == 2
    assert "Nothing on this page" in client.get("/duplicates/?page=99999").content.decode()


def test_navigation_counts_the_open_ones(client):
    assert "to review</span>" not in client.get("/duplicates/").content.decode()
    pair()
    assert '>1<span class="visually-hidden"> to review</span>' in client.get("/duplicates/").content.decode()
    for _ in range(100):
        pair()
    assert '>99+<span class="visually-hidden"> to review</span>' in client.get("/duplicates/").content.decode()


def test_same_queries_for_1_and_30(client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/duplicates/")
        return len(captured)

    pair()
    client.get("/duplicates/")  # what is looked up once per process
    one = queries()
    for _ in range(29):
        pair()
    assert queries() == one <= 6


def test_needs_login_and_post(client, anonymous):
    found = pair()
    assert client.get(f"/duplicates/{found.pk}/dismiss/").status_code == 405
    assert anonymous.post(f"/duplicates/{found.pk}/dismiss/")["Location"].startswith("/login/")
    assert client.post("/duplicates/999999/dismiss/").status_code == 404
    found.refresh_from_db()
    assert found.state == "open"


def test_dismissing_scores_both_again(staff):
    """Who writes again scores higher: that reason goes with the suggestion."""
    found = pair(0.95)
    dismiss(found, staff)
    assert set(StageRun.objects.values_list("lead", "stage", "state")) == {
        (found.first_id, "score", "pending"),
        (found.second_id, "score", "pending"),
    }
