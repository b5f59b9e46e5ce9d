"""The queue of suspected duplicates and the decisions that are no merge."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads import duplicates, review
from leads.duplicates import dismiss, relate, reopen, shared_contact_keys
from leads.models import ContactPoint, DuplicateSuggestion, Event, Lead, StageRun
from leads.review import ComparedField, compare
from leads.templatetags.leads import reasons as waterfall

HTMX = {"headers": {"HX-Request": "true"}}
REASONS = [{"text": "Same phone", "weight": 7.25}, {"text": "Different first names", "weight": -2}]


def suggest(first: Lead, second: Lead, probability: float = 0.8, **more) -> DuplicateSuggestion:
    return DuplicateSuggestion.objects.create(
        first=first, second=second, probability=probability, reasons=REASONS, **more
    )


def pair(probability: float = 0.8, **changes) -> DuplicateSuggestion:
    first = Lead.objects.create(source="paste", first_name="Ana", phone="+15125550142")
    other = {"source": "paste", "first_name": "Anna", "phone": "(512) 555-0142"} | changes
    second = Lead.objects.create(**other)
    return suggest(first, second, probability)


def shown(client, address: str = "/duplicates/") -> list[int]:
    """The cards of the page, by their likeliest pair."""
    return [int(pk) for pk in re.findall(r'data-card="(\d+)"', client.get(address).content.decode())]


def answer(client, found: DuplicateSuggestion, what: str, query: str = "", **extra):
    return client.post("/duplicates/decide/", {"pair": found.pk, "answer": what, "query": query}, **extra)


def state(found: DuplicateSuggestion) -> tuple[str, str, User | None]:
    found.refresh_from_db()
    assert (found.decided_at is None) == (found.state == "open")
    return found.state, found.relation, found.decided_by


# ---- the queue -------------------------------------------------------------------------------------------------------


def test_empty_state_says_what_comes_here(client):
    page = client.get("/duplicates/").content.decode()
    assert "No duplicates to review" in page
    assert "data-card" not in page


def test_the_two_leads_side_by_side(client):
    found = pair(0.914)
    page = client.get("/duplicates/").content.decode()
    for part in (
        f'href="{found.first.get_absolute_url()}"',
        f'href="{found.second.get_absolute_url()}"',
        "91&thinsp;%",
        "Same phone",
        '+7.2<span class="visually-hidden"> for',
        '−2<span class="visually-hidden"> against',
        '<tr class="is-equal"><th scope="row">Phone',
        '<tr><th scope="row">First name',
        f"/duplicates/compare/?lead={found.first.public_id}&amp;lead={found.second.public_id}&amp;from=queue",
        "1 pair left",
    ):
        assert part in page, part
    for key in "mxrcfs":
        assert page.count(f'data-key="{key}"') == 1, key


def test_reasons_are_a_waterfall():
    drawn = waterfall([{"text": "a", "weight": -4}, {"text": "b", "weight": 10}, {"text": "c", "weight": -2}], "94 %")
    assert [(bar["x"], bar["width"], bar["end"], bar["for"]) for bar in drawn["bars"]] == [
        ("0.0%", "40.0%", "0.0%", False),
        ("0.0%", "100.0%", "100.0%", True),
        ("80.0%", "20.0%", "80.0%", False),
    ]
    assert (drawn["zero"], drawn["total"]["x"], drawn["total"]["width"]) == ("40.0%", "40.0%", "40.0%")
    assert waterfall([], "5 %")["bars"] == []


def test_likeliest_first_open_and_standing_only(client):
    low, high, dismissed, merged, probe = pair(0.6), pair(0.9), pair(0.95), pair(0.97), pair(0.2)
    DuplicateSuggestion.objects.filter(pk=dismissed.pk).update(state="dismissed")
    DuplicateSuggestion.objects.filter(pk=probe.pk).update(is_probe=True)
    Lead.objects.filter(pk=merged.first_id).update(merged_into=low.first)
    assert shown(client) == [high.pk, low.pk]


def test_filters(client, staff):
    likely, other = pair(0.97, source="email"), pair(0.6, phone="+15125550199", owner=staff, is_sample=True)
    Lead.objects.filter(pk__in=[likely.first_id, likely.second_id]).update(phone_key="15125550142")
    for query, found in (
        ("band=95", [likely]),
        ("band=80", []),
        ("band=50", [other]),
        ("band=nonsense", [likely, other]),
        ("source=email", [likely]),
        ("source=paste", [likely, other]),
        ("shared=yes", [likely]),
        ("shared=no", [other]),
        (f"owner={staff.pk}", [other]),
        ("owner=none", [likely, other]),
        ("samples=hide", [likely]),
        ("samples=only", [other]),
        ("band=95&samples=only", []),
    ):
        assert shown(client, f"/duplicates/?{query}") == [each.pk for each in found], query
    assert "No open pair matches these filters" in client.get("/duplicates/?band=80").content.decode()


def test_pages_start_behind_a_pair(client, monkeypatch):
    monkeypatch.setattr(review, "PAGE_SIZE", 2)
    pairs = [pair(probability).pk for probability in (0.9, 0.8, 0.8, 0.7)]
    assert shown(client) == [pairs[0], pairs[2]]
    page = client.get("/duplicates/?samples=hide").content.decode()
    assert f'data-next-page href="/duplicates/?samples=hide&amp;after={pairs[2]}"' in page
    assert "4 pairs left" in page
    answer(client, DuplicateSuggestion.objects.get(pk=pairs[2]), "dismissed")  # its place stays
    assert shown(client, f"/duplicates/?after={pairs[2]}") == [pairs[1], pairs[3]]
    assert shown(client, f"/duplicates/?after={pairs[3]}") == []
    assert shown(client, "/duplicates/?after=999999") == [pairs[0], pairs[1]]


@pytest.mark.parametrize("counted", [2, 1000])
@pytest.mark.parametrize("query", ["", "shared=yes&"])
def test_page_by_page_each_pair_comes_once(client, monkeypatch, counted, query):
    """Also beyond what is counted, and with the pair that a page started behind decided meanwhile."""
    monkeypatch.setattr(review, "PAGE_SIZE", 2)
    monkeypatch.setattr(review, "COUNTED", counted)
    pairs = [pair(probability, phone_key="15125550142").pk for probability in (0.9, 0.8, 0.8, 0.8, 0.7, 0.6, 0.6)]
    Lead.objects.update(phone_key="15125550142")
    found, address = [], f"/duplicates/?{query}"
    while address:
        found += shown(client, address)
        after = re.search(r'data-next-page href="[^"]*after=(\d+)"', client.get(address).content.decode())
        if after:
            DuplicateSuggestion.objects.filter(pk=after[1]).update(state="dismissed")
        address = f"/duplicates/?{query}after={after[1]}" if after else ""
    assert found == [pairs[0], pairs[3], pairs[2], pairs[1], pairs[4], pairs[6], pairs[5]]


def test_a_filter_that_leaves_little_goes_through_the_pairs_once(client, staff):
    """Counting them and finding those of the page is one pass, which at thousands of pairs is what a page costs."""
    mine = pair(0.6)
    Lead.objects.filter(pk=mine.first_id).update(owner=staff)
    with CaptureQueriesContext(connection) as captured:
        assert shown(client, f"/duplicates/?owner={staff.pk}") == [mine.pk]
    passes = [each["sql"] for each in captured if "owner_id" in each["sql"].partition("WHERE")[2]]
    through_all = [sql for sql in passes if "IN (" not in sql.partition("WHERE")[2]]
    assert len(through_all) == 1


def test_leads_that_hang_together_are_one_card(client, monkeypatch):
    found = pair(0.9)
    third, fourth = (Lead.objects.create(source="api", first_name=name) for name in ("Annie", "Ann"))
    alone = pair(0.85)
    chain = [found, suggest(found.second, third, 0.7), suggest(third, fourth, 0.55)]
    weak = suggest(found.first, alone.first, 0.3)  # too unlikely to hold a group together
    assert shown(client) == [found.pk, alone.pk, weak.pk]
    page = client.get("/duplicates/").content.decode()
    assert "4 leads, one person?" in page
    card = page.split(f'data-card="{found.pk}"')[1].split("</article>")[0]
    assert card.count(f"lead={third.public_id}&amp;") == 1
    monkeypatch.setattr(review, "PAGE_SIZE", 1)
    assert shown(client) == [found.pk]
    assert shown(client, f"/duplicates/?after={alone.pk}") == []  # a part of the group; it is further up
    client.post("/duplicates/decide/", {"pair": [each.pk for each in chain], "answer": "dismissed"})
    assert {state(each)[0] for each in chain} == {"dismissed"}
    page = client.get("/duplicates/").content.decode()
    undo = page.split('class="review-undo"')[1].split("</form>")[0]
    assert [f'value="{each.pk}"' in undo for each in chain] == [True, True, True]


def test_same_queries_for_1_and_30(client):
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    pair()
    dismiss(pair(), User.objects.get())
    addresses = (
        "/duplicates/",
        "/duplicates/bulk/?least=0.5",
        "/duplicates/decisions/",
    )
    for address in addresses:
        client.get(address)  # what is looked up once per process
    before = [queries(address) for address in addresses]
    for _ in range(29):
        chained = pair()
        suggest(chained.second, Lead.objects.create(source="api"), 0.6)  # on a later page
        dismiss(pair(), User.objects.get())
    assert [queries(address) for address in addresses] == before
    assert max(before) <= 13


def test_navigation_counts_the_open_ones(client):
    assert "to review</span>" not in client.get("/duplicates/").content.decode()
    pair()
    assert '>1<span class="visually-hidden"> to review</span>' in client.get("/duplicates/").content.decode()
    for _ in range(100):
        pair()
    assert '>99+<span class="visually-hidden"> to review</span>' in client.get("/duplicates/").content.decode()


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


# ---- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [{}, HTMX], ids=["page", "htmx"])
def test_not_a_duplicate(client, staff, extra):
    found, other = pair(0.9), pair(0.7)
    before = Lead.objects.get(pk=found.first_id).updated_at
    answered = answer(client, found, "dismissed", query="band=50", **extra)
    if extra:
        page = answered.content.decode()
    else:
        assert (answered.status_code, answered["Location"]) == (302, "/duplicates/?band=50")
        page = client.get(answered["Location"]).content.decode()
    assert re.findall(r'data-card="(\d+)"', page) == [str(other.pk)]
    assert "Not a duplicate: Ana and Anna" in page
    assert "1 decided by you today" in page
    assert state(found) == ("dismissed", "", staff)
    assert set(Event.objects.values_list("lead", "actor", "text")) == {
        (found.first_id, "olivia", "Not a duplicate of Anna"),
        (found.second_id, "olivia", "Not a duplicate of Ana"),
    }
    assert Lead.objects.get(pk=found.first_id).updated_at > before


@pytest.mark.parametrize(
    ("what", "stored", "sentence"),
    [
        ("colleague", ("related", "colleague"), "Related (colleague): Ana and Anna"),
        ("family", ("related", "family"), "Related (family): Ana and Anna"),
        ("dismissed", ("dismissed", ""), "Not a duplicate: Ana and Anna"),
    ],
)
def test_every_answer_can_be_taken_back(client, staff, what, stored, sentence):
    found = pair()
    answer(client, found, what)
    assert state(found) == (*stored, staff)
    assert sentence in client.get("/duplicates/").content.decode()
    answer(client, found, "open")
    assert state(found) == ("open", "", None)
    assert shown(client) == [found.pk]
    assert "review-undo" not in client.get("/duplicates/").content.decode()
    assert Event.objects.filter(text="Decision taken back: possible duplicate of Anna").count() == 1


@pytest.mark.parametrize("before", ["dismissed", "merged"])
def test_what_was_decided_stays_decided(client, staff, before):
    found = pair()
    DuplicateSuggestion.objects.update(state=before, decided_at=timezone.now())
    assert not dismiss(found, staff)
    assert not relate(found, "family", staff)
    assert state(found) == (before, "", None)
    assert not Event.objects.exists()
    page = client.post("/duplicates/decide/", {"pair": found.pk, "answer": "family"}, follow=True).content.decode()
    assert "Somebody else decided that a moment ago" in page


def test_a_merge_is_not_reopened_as_a_decision(staff):
    found = pair()
    DuplicateSuggestion.objects.update(state="merged", decided_at=timezone.now())
    assert not reopen(found, staff)
    assert state(found)[0] == "merged"


def test_a_decision_remembers_what_both_share(staff):
    found = pair()
    first, second = found.first, found.second
    Lead.objects.filter(pk__in=[first.pk, second.pk]).update(phone_key="15125550142")
    for lead, kind, key in (
        (first, "email", "a@example.com"),
        (second, "email", "a@example.com"),
        (second, "email", "b@example.com"),
        (second, "phone", "15125550199"),
    ):
        ContactPoint.objects.create(lead=lead, kind=kind, value=key, key=key)
    dismiss(found, staff)
    found.refresh_from_db()
    assert found.shared_keys == ["email:a@example.com", "phone:15125550142"]
    first.phone_key, second.email_key = "15125550199", "a@example.com"
    assert shared_contact_keys(first, second) == ["email:a@example.com", "phone:15125550199"]
    reopen(found, staff)
    found.refresh_from_db()
    assert found.shared_keys == []


def test_a_decision_scores_both_again(staff):
    """Who writes again scores higher: that reason goes with the suggestion."""
    found = pair(0.95)
    dismiss(found, staff)
    assert set(StageRun.objects.values_list("lead", "stage", "state")) == {
        (found.first_id, "score", "pending"),
        (found.second_id, "score", "pending"),
    }


def test_the_list_of_decisions(client, staff, monkeypatch):
    ben = User.objects.create_user("ben")
    ours, theirs, still_open = pair(), pair(company="Halden"), pair()
    Lead.objects.filter(pk=theirs.second_id).update(search_text="anna halden")
    dismiss(ours, staff)
    relate(theirs, "family", ben)

    def listed(query: str = "") -> list[int]:
        page = client.get(f"/duplicates/decisions/?{query}").content.decode()
        return [int(pk) for pk in re.findall(r'name="pair" value="(\d+)"', page)]

    assert listed() == [theirs.pk, ours.pk]
    assert listed("kind=dismissed") == [ours.pk]
    assert listed("kind=family") == [theirs.pk]
    assert listed("kind=colleague") == []
    assert listed(f"by={ben.pk}") == [theirs.pk]
    assert listed("words=HALDEN") == [theirs.pk]
    monkeypatch.setattr(duplicates, "PAGE_SIZE", 1)
    assert listed("page=2") == [ours.pk]
    assert "ben, " in client.get("/duplicates/decisions/").content.decode()
    back = client.post("/duplicates/decide/", {"pair": ours.pk, "answer": "open", "next": "decisions"})
    assert back["Location"] == "/duplicates/decisions/"
    assert state(ours)[0] == state(still_open)[0] == "open"


def test_needs_login_and_post(client, anonymous):
    found = pair()
    for address in ("/duplicates/", "/duplicates/decisions/", "/duplicates/bulk/", "/duplicates/compare/", "/merges/"):
        assert anonymous.get(address)["Location"].startswith("/login/"), address
    assert client.get("/duplicates/decide/").status_code == 405
    assert answer(anonymous, found, "dismissed")["Location"].startswith("/login/")
    assert answer(client, found, "nonsense").status_code == 400
    assert state(found)[0] == "open"


def test_a_pair_of_a_merged_lead_is_decided_no_more(client, staff):
    """Its copy on the lead that stays is; a second tab still shows the old one."""
    old = pair()
    relate(frozen := pair(), "family", staff)
    survivor = Lead.objects.create(source="paste", first_name="Ana")
    copy = DuplicateSuggestion.objects.create(
        first=frozen.first, second=survivor, probability=0.8, state="dismissed", decided_at=timezone.now()
    )
    Lead.objects.filter(pk__in=[old.second_id, frozen.second_id]).update(merged_into=survivor)
    assert not dismiss(old, staff)
    assert not reopen(frozen, staff)
    assert (state(old)[0], state(frozen)[0]) == ("open", "related")
    page = client.get("/duplicates/decisions/").content.decode()
    assert re.findall(r'name="pair" value="(\d+)"', page) == [str(copy.pk)]


def test_a_large_group_says_how_many_are_left_out(client):
    leads = [Lead.objects.create(source="paste", first_name="Ana") for _ in range(12)]
    for other in leads[1:]:
        suggest(leads[0], other, 0.9)
    card = client.get("/duplicates/").content.decode()
    assert "The other 2 come after these." in card
    link = re.search(r'href="(/duplicates/compare/[^"]+)"', card)[1].replace("&amp;", "&")
    assert "Merge 10 leads" in client.get(link).content.decode()
