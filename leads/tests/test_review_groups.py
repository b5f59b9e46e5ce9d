"""Groups of leads that may be one person: on the queue's cards, page by page, and side by side."""

import re
from itertools import combinations

import pytest
from django.contrib.auth.models import User

from leads import review
from leads.duplicates import dismiss
from leads.models import DuplicateSuggestion, Lead, Merge

pytestmark = pytest.mark.django_db


def people(name: str, count: int, **more: object) -> list[Lead]:
    return [Lead.objects.create(source="paste", first_name=f"{name}{n}", **more) for n in range(count)]


def suggest(first: Lead, second: Lead, probability: float = 0.9) -> DuplicateSuggestion:
    return DuplicateSuggestion.objects.create(first=first, second=second, probability=probability)


def all_pairs(leads: list[Lead], probability: float = 0.9) -> list[DuplicateSuggestion]:
    return [suggest(first, second, probability) for first, second in combinations(leads, 2)]


def cards(client, address: str = "/duplicates/") -> list[str]:
    return client.get(address).content.decode().split('<article class="card pair"')[1:]


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def asked(client, **query: list[Lead]) -> str:
    return client.get("/duplicates/compare/", {"lead": [lead.public_id for lead in query["leads"]]}).content.decode()


def test_a_group_card_holds_all_of_up_to_ten_leads(client):
    leads = people("Ana", 7)
    pairs = all_pairs(leads)
    (card,) = cards(client)
    assert "7 leads, one person?" in card
    assert len(set(re.findall(r"compare/\?([^\"]+)", card)[0].split("&amp;lead="))) == 7
    answers = card.split('class="pair-answers"')[1].split("</form>")[0]
    assert {int(pk) for pk in re.findall(r'name="pair" value="(\d+)"', answers)} == {pair.pk for pair in pairs}
    assert card.count('class="why group-pair"') == review.MOST_PAIRS
    assert "and 11 more pairs" in text(card)


def test_of_a_larger_group_the_card_says_how_many_follow(client):
    leads = people("Ana", 12)
    for other in leads[1:]:
        suggest(leads[0], other)
    card = text(cards(client)[0])
    assert "10 of 12 leads, one person?" in card
    assert "The other 2 come after these." in card
    assert "Compare and merge these 10" in card


def test_leads_of_one_name_are_told_apart_by_numbers(client):
    leads = [Lead.objects.create(source="paste", first_name="Ana") for _ in range(3)]
    suggest(leads[0], leads[1], 0.9)
    suggest(leads[1], leads[2], 0.8)
    card = text(cards(client)[0])
    assert "1 Ana and 2 Ana 90" in card
    assert "2 Ana and 3 Ana 80" in card
    assert "2 Ana and 3 Ana" in text(asked(client, leads=leads))


def test_sample_leads_of_a_group_are_marked(client):
    all_pairs(people("Ana", 3, is_sample=True))
    assert text(cards(client)[0].split("</ul>")[0]).count("· sample") == 3


def test_a_page_is_filled_with_cards_however_many_pairs_a_group_has(client, monkeypatch):
    monkeypatch.setattr(review, "PAGE_SIZE", 3)
    all_pairs(people("Ana", 5), 0.95)
    others = [suggest(*people(name, 2), 0.8) for name in ("Bea", "Cleo", "Dora")]
    page = client.get("/duplicates/").content.decode()
    assert re.findall(r"(\d+) leads, one person|Compare and merge <", page) == ["5", "", ""]
    following = re.search(r'data-next-page href="([^"]+)"', page)[1]
    assert re.findall(r'data-card="(\d+)"', client.get(following).content.decode()) == [str(others[0].pk)]


def test_ten_leads_are_compared_side_by_side(client):
    leads = people("Ana", 11)
    page = asked(client, leads=leads)
    assert page.count('name="survivor"') == 10
    assert "the other 1 can be merged after these" in page
    assert 'class="compare compare-many"' in page
    page = asked(client, leads=leads[:6])
    assert page.count('name="survivor"') == 6
    assert "Merge 6 leads" in page


def test_of_many_pairs_the_reasons_of_six_are_unfolded(client):
    leads = people("Ana", 5)
    all_pairs(leads)
    shown, folded = asked(client, leads=leads).split("4 more pairs</summary>")
    assert (shown.count('class="reasons"'), folded.count('class="reasons"')) == (6, 4)


def test_what_can_not_be_merged_does_not_say_how_many_fit(client):
    leads = people("Ana", 12)
    Lead.objects.filter(pk=leads[0].pk).update(is_sample=True)
    page = asked(client, leads=leads)
    assert "Nothing to merge" in page
    assert "side by side" not in page


def test_of_three_all_e_mails_are_kept(client):
    leads = people("Ana", 3)
    for number, lead in enumerate(leads):
        Lead.objects.filter(pk=lead.pk).update(email=f"ana{number}@example.com")
    assert "Keep all" in asked(client, leads=leads)
    assert "Keep both" in asked(client, leads=leads[:2])


def test_who_merges_what_was_told_apart_meanwhile_is_told(client, staff):
    leads = people("Ana", 2)
    found = suggest(*leads)
    page = asked(client, leads=leads)
    form = dict(re.findall(r'<input type="hidden" name="(open|from)" value="([^"]+)"', page))
    chosen = {"lead": [lead.public_id for lead in leads], "survivor": leads[0].public_id}
    dismiss(found, User.objects.create(username="otto"))
    answer = client.post("/duplicates/compare/merge/", chosen | form, follow=True).content.decode()
    assert not Merge.objects.exists()
    assert "otto decided meanwhile that Ana0 and Ana1 are not the same" in answer
    again = dict(re.findall(r'<input type="hidden" name="(open)" value="([^"]+)"', answer))
    client.post("/duplicates/compare/merge/", chosen | again)  # who insists, may
    assert Merge.objects.count() == 1


def test_only_what_differs_can_be_kept_beside(client):
    leads = people("Ana", 2)
    Lead.objects.filter(pk=leads[0].pk).update(email="ana@example.com")
    page = asked(client, leads=leads)
    assert "<legend>E-mail" in page
    assert "both-email" not in page


def test_phones_of_the_list_to_merge_are_written_as_people_read_them(client):
    suggest(*people("Ana", 2, phone="+16175550147"), 0.99)
    page = client.get("/duplicates/bulk/").content.decode()
    assert page.count('<div class="text-secondary">+1 617-555-0147</div>') == 2
