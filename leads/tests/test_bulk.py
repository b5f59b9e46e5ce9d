"""Merging many pairs at once, and taking all of it back."""

import re

import pytest
from django.contrib.auth.models import User

from leads import bulk, merges, merging
from leads.models import DuplicateSuggestion, Lead, Merge
from leads.tests.test_merge_pages import receive, suggest, text


def same_twice(name: str, probability: float = 0.97) -> DuplicateSuggestion:
    first, second = (receive(name, f"{name}@example.com".lower()) for _ in range(2))
    return suggest(first, second, probability)


def test_many_pairs_at_once_and_all_undone(client, monkeypatch):
    monkeypatch.setattr(bulk, "PAGE_SIZE", 2)
    pairs = [same_twice(name, p) for name, p in (("Ana", 0.99), ("Ben", 0.98), ("Cleo", 0.96))]
    unlikely = same_twice("Dan", 0.9)
    page = client.get("/duplicates/bulk/?least=0.95").content.decode()
    assert re.findall(r'name="pair" value="(\d+)" checked', page) == [str(each.pk) for each in pairs[:2]]
    assert "3 pairs to look through" in text(page)
    assert not Merge.objects.exists()

    sent = {"least": "0.95", "after": pairs[1].pk, "done": "", "pair": [each.pk for each in pairs[:2]]}
    page = client.post("/duplicates/bulk/merge/", sent).content.decode()
    assert "2 of 2 merged" in text(page)
    done = re.search(r'name="done" value="([\d,]+)"', page)[1]
    assert re.findall(r'name="pair" value="(\d+)" checked', page) == [str(pairs[2].pk)]
    page = client.post("/duplicates/bulk/merge/", {"least": "0.95", "done": done, "pair": pairs[2].pk}).content.decode()
    assert "1 of 1 merged, 3 in all" in text(page)
    assert "That was the last page" in page
    done = re.search(r'name="done" value="([\d,]+)"', page)[1]

    page = client.post("/duplicates/bulk/undo/", {"done": done}, follow=True).content.decode()
    assert "3 merges undone." in page
    assert not Lead.objects.exclude(merged_into=None).exists()
    assert not Merge.objects.filter(survivor=unlikely.first).exists()


def test_who_skips_a_page_can_still_undo_all(client, monkeypatch):
    """Also who then looks at less likely pairs."""
    monkeypatch.setattr(bulk, "PAGE_SIZE", 1)
    pairs = [same_twice(name, p) for name, p in (("Ana", 0.99), ("Ben", 0.98), ("Cleo", 0.96), ("Dan", 0.9))]
    page = client.get("/duplicates/bulk/?least=0.95").content.decode()
    assert re.search(r'<a href="/duplicates/bulk/\?least=0.95&amp;after=\d+">Skip to the next page</a>', page)
    sent = {"least": "0.95", "after": pairs[0].pk, "done": "", "pair": pairs[0].pk}
    page = client.post("/duplicates/bulk/merge/", sent).content.decode()
    form = re.search(r"<form[^>]*data-bulk.*?</form>", page, re.S)[0]
    assert re.search(r'<button[^>]*name="skip"[^>]*>Skip to the next page</button>', form)
    fields = dict(re.findall(r'<input type="hidden" name="(least|done|after)" value="([^"]*)"', form))
    page = client.post("/duplicates/bulk/merge/", fields | {"pair": pairs[1].pk, "skip": "1"}).content.decode()
    assert "1 merged so far" in text(page)
    assert re.findall(r'name="pair" value="(\d+)" checked', page) == [str(pairs[2].pk)]
    filters = re.search(r'<form class="filters".*?</form>', page, re.S)[0]
    fields = dict(re.findall(r'name="(done|skip)" value="([^"]*)"', filters))
    page = client.post("/duplicates/bulk/merge/", fields | {"least": "0.8"}).content.decode()
    assert "3 pairs to look through" in text(page)
    assert Merge.objects.count() == 1
    done = re.search(r'name="done" value="([\d,]+)"', page)[1]
    client.post("/duplicates/bulk/undo/", {"done": done})
    assert not Lead.objects.exclude(merged_into=None).exists()


def edit(lead: Lead, **fields: str) -> None:
    for field, value in fields.items():
        merging.edit(lead, field=field, value=value, actor="olivia")
    lead.refresh_from_db()


def changes(page: str) -> str:
    return text(page.split('class="bulk-percent"')[1].split("</tr>")[0])


@pytest.mark.parametrize("field", ["company", "phone"])
def test_what_staff_emptied_stays_empty(client, field):
    """The list promises nothing there, and says so where a value would go."""
    stays = receive("Ana", "ana@example.com")
    other = receive("Ana", "ana@example.com", **{field: "+15125550142"})
    edit(stays, **{field: ""})
    found = suggest(stays, other)
    page = client.get("/duplicates/bulk/").content.decode()
    assert "Only the message moves" in changes(page)
    assert "555" not in changes(page)
    client.post("/duplicates/bulk/merge/", {"pair": found.pk})
    stays.refresh_from_db()
    assert (stays.merged.count(), getattr(stays, field)) == (1, "")


@pytest.mark.parametrize("field", ["company", "phone"])
def test_a_value_that_an_emptied_one_would_take_away_is_a_conflict(client, field):
    stays = receive("Ana", "ana@example.com", **{field: "+15125550142"})
    other = receive("Ana", "ana@example.com")
    edit(other, **{field: ""})
    suggest(stays, other)
    page = client.get("/duplicates/bulk/").content.decode()
    assert "or emptied by staff" in changes(page)
    assert 'checked aria-label="Merge' not in page


def test_of_two_edits_one_of_them_empty_neither_is_taken_unseen(client):
    stays, other = receive("Ana", "ana@example.com"), receive("Ana", "ana@example.com")
    edit(stays, company="")
    edit(other, company="Acme")
    suggest(stays, other)
    page = client.get("/duplicates/bulk/").content.decode()
    assert "Company: emptied by staff or Acme" in changes(page)
    assert 'checked aria-label="Merge' not in page


def test_conflicts_are_flagged_and_left_out(client, staff):
    ana = receive("Ana", "ana@example.com", phone="+15125550142")
    conflict = suggest(ana, receive("Anna", "anna@bakery.example", phone="+15125550142", company="Bakery"), 0.99)
    ben = User.objects.create_user("ben")
    owned = same_twice("Cleo")
    Lead.objects.filter(pk=owned.first_id).update(owner=staff)
    Lead.objects.filter(pk=owned.second_id).update(owner=ben)
    page = client.get("/duplicates/bulk/?least=0.9").content.decode()
    assert re.findall(r'name="pair" value="(\d+)" (checked)?', page) == [(str(conflict.pk), ""), (str(owned.pk), "")]
    assert "First name: Ana or Anna" in text(page)
    assert "Owner: two people" in text(page)
    assert "E-mail anna@bakery.example" in text(page)


def test_a_refused_pair_stops_none_of_the_others(client, staff):
    first, second, third = same_twice("Ana"), same_twice("Ben"), same_twice("Cleo")
    chained = suggest(first.second, third.first, 0.95)
    DuplicateSuggestion.objects.filter(pk=second.pk).update(state="dismissed")
    sent = {"least": "0.9", "pair": [each.pk for each in (first, second, third, chained)]}
    page = text(client.post("/duplicates/bulk/merge/", sent).content.decode())
    assert "3 of 4 merged" in page
    assert "Somebody decided meanwhile that they are two." in page
    ends = {
        merges.root(Lead.objects.get(pk=pk)).pk for each in (first, third) for pk in (each.first_id, each.second_id)
    }
    assert ends == {first.first_id}


def test_two_that_were_told_apart_are_not_merged_by_way_of_a_third(client, staff):
    first = same_twice("Ana")
    third = receive("Ana", "ana@example.com")
    chained = suggest(first.second, third, 0.96)
    DuplicateSuggestion.objects.create(first=first.first, second=third, probability=0.9, state="dismissed")
    sent = {"least": "0.9", "pair": [first.pk, chained.pk]}
    page = text(client.post("/duplicates/bulk/merge/", sent).content.decode())
    assert "1 of 2 merged" in page
    assert "Somebody decided meanwhile that they are two." in page
    third.refresh_from_db()
    assert third.merged_into is None


def test_a_conflict_that_the_list_did_not_show_is_left_for_a_closer_look(client):
    one, other = (receive("Ana", "ana@example.com", company=company) for company in ("Acme", "Bruxner"))
    between = receive("Ana", "ana@example.com")
    pairs = [suggest(one, between, 0.99), suggest(other, between, 0.98)]
    sent = {"least": "0.9", "pair": [each.pk for each in pairs]}
    page = text(client.post("/duplicates/bulk/merge/", sent).content.decode())
    assert "1 of 2 merged" in page
    assert "They differ by now: Company." in page
    assert set(Lead.objects.standing()) == {one, other}
