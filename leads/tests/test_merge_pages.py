"""Comparing, merging, merging many and undoing, through the pages."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import merge_list, merges
from leads.models import ContactPoint, DuplicateSuggestion, Lead, Merge
from leads.values import Contact
from tests.leads_at_hand import apart

HTMX = {"headers": {"HX-Request": "true"}}


def receive(first_name: str, email: str, **more: str) -> Lead:
    return apart(f"Hello from {email}", contact=Contact(first_name, email=email, **more))


@pytest.fixture
def ana(db) -> Lead:
    return receive("Ana", "ana@example.com", phone="+15125550142")


@pytest.fixture
def anna(ana) -> Lead:
    return receive("Anna", "anna@bakery.example", phone="+15125550142", company="Bakery")


def suggest(first: Lead, second: Lead, probability: float = 0.97) -> DuplicateSuggestion:
    return DuplicateSuggestion.objects.create(
        first=first, second=second, probability=probability, reasons=[{"text": "Same phone", "weight": 5}]
    )


def compare_url(*leads: Lead) -> str:
    return "/duplicates/compare/?" + "&".join(f"lead={lead.public_id}" for lead in leads)


def form(*leads: Lead, survivor: Lead, **choices: object) -> dict[str, object]:
    taken = {f"take-{key}": value.pk for key, value in choices.items() if isinstance(value, Lead)}
    taken |= {f"both-{key}": "1" for key, value in choices.items() if value == "both"}
    return {"lead": [lead.public_id for lead in leads], "survivor": survivor.public_id, **taken}


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def preview(html: str) -> str:
    return text(html.split('id="preview"')[1].split("</section>")[0])


def fieldset(html: str, label: str) -> str:
    return next(part for part in html.split("<fieldset")[1:] if f"<legend>{label}" in part).split("</fieldset>")[0]


# ---- comparing -------------------------------------------------------------------------------------------------------


def test_differing_fields_come_first_and_equal_ones_are_folded(client, ana, anna):
    found = suggest(ana, anna)
    page = client.get(compare_url(ana, anna)).content.decode()
    differing, equal = page.split('<details class="compare-equal">')
    assert re.findall(r"<legend>(?!Which)([^<]+)", differing) == ["First name", "E-mail", "Company"]
    assert "Phone" in re.findall(r"<legend>([^<]+)", equal)
    assert "only one has it" in fieldset(page, "Company")
    assert 'name="both-email" value="1" checked' in fieldset(page, "E-mail")
    assert "Same phone" in page
    assert f'name="pair" value="{found.pk}"' in page
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", page)
    assert "1 message" in preview(page)


def test_the_preview_follows_the_choices(client, ana, anna):
    chosen = form(ana, anna, survivor=anna, first_name=ana, email=ana, company=anna)
    fragment = client.post("/duplicates/compare/preview/", chosen, **HTMX).content.decode()
    assert fragment.lstrip().startswith('<section id="preview"')
    shown = preview(fragment)
    assert "First name Ana " in shown
    assert "E-mail ana@example.com " in shown
    assert "also" not in shown
    assert "Old links lead to Anna." in shown
    both = client.post("/duplicates/compare/preview/", chosen | {"both-email": "1"}, **HTMX).content.decode()
    assert "E-mail ana@example.com, also anna@bakery.example" in preview(both)


def test_without_javascript_the_preview_is_the_page_with_the_choices_kept(client, ana, anna):
    chosen = form(ana, anna, survivor=anna, first_name=ana)
    page = client.post("/duplicates/compare/preview/", chosen).content.decode()
    assert "<!doctype html>" in page
    assert f'value="{ana.pk}" checked' in fieldset(page, "First name")
    assert f'name="survivor" value="{anna.public_id}" checked' in page
    everything = client.post("/duplicates/compare/preview/", chosen | {"all": anna.pk}).content.decode()
    assert f'value="{anna.pk}" checked' in fieldset(everything, "First name")
    assert "both-email" in page
    assert 'name="both-email" value="1" checked' not in page


def test_leads_that_were_merged_meanwhile_are_shown_where_they_went(client, staff, ana, anna):
    third = receive("Annie", "annie@example.com")
    merges.merge(ana, [anna], choices={}, actor=staff)
    page = client.get(compare_url(anna, third)).content.decode()
    assert "which is compared instead" in page
    assert f'name="lead" value="{ana.public_id}"' in page
    page = client.get(compare_url(ana, anna)).content.decode()
    assert "This is one lead" in page
    assert 'id="compare"' not in page


@pytest.mark.parametrize("query", ["", "?lead=nonsense", "?lead=00000000-0000-4000-8000-000000000000"])
def test_nothing_to_compare_is_said_in_words(client, query):
    page = client.get(f"/duplicates/compare/{query}")
    assert page.status_code == 200
    assert "Nothing to merge" in page.content.decode()


# ---- merging and undoing ---------------------------------------------------------------------------------------------


def test_merge_and_undo_through_the_pages(client, ana, anna):
    suggest(ana, anna)
    chosen = form(ana, anna, survivor=ana, first_name=anna, email="both", company=anna)
    answer = client.post("/duplicates/compare/merge/", chosen)
    merge = Merge.objects.get()
    assert answer["Location"] == f"{ana.get_absolute_url()}?merged={merge.pk}"
    ana.refresh_from_db()
    assert (ana.first_name, ana.company, ana.submissions.count()) == ("Anna", "Bakery", 2)
    assert ContactPoint.objects.get(lead=ana).kind == "email"
    page = text(client.get(answer["Location"]).content.decode())
    assert "Merged: Anna into this lead. Undo" in page
    assert "Made of 2 leads: Anna merged by olivia" in page
    assert "Also reached by" in page
    assert "Merged: Anna into Anna Undo" in text(client.get("/duplicates/").content.decode())

    assert client.post(f"/merges/{merge.pk}/undo/", {"next": "lead"})["Location"] == ana.get_absolute_url()
    ana.refresh_from_db()
    anna.refresh_from_db()
    assert (ana.first_name, ana.company, anna.merged_into) == ("Ana", "", None)
    listed = client.get("/merges/").content.decode()
    assert "Undone: Anna is a lead of its own again." in text(listed)
    assert f'action="/merges/{merge.pk}/redo/"' in listed
    client.post(f"/merges/{merge.pk}/redo/")
    anna.refresh_from_db()
    assert anna.merged_into == ana


def test_of_two_who_merge_at_once_the_second_is_told(client, staff, ana, anna):
    merges.merge(anna, [ana], choices={}, actor=staff)
    page = client.post("/duplicates/compare/merge/", form(ana, anna, survivor=ana), follow=True).content.decode()
    assert 'class="alert alert-danger' in page
    assert "This is one lead" in page
    assert Merge.objects.count() == 1
    merge = Merge.objects.get()
    client.post(f"/merges/{merge.pk}/undo/")
    assert "was undone by olivia" in client.post(f"/merges/{merge.pk}/undo/", follow=True).content.decode()


def test_nobody_is_merged_who_was_not_on_the_page(client, staff, ana, anna):
    """One of the two went into a third meanwhile, or is gone: the page is shown anew with the leads as they are."""
    third, fourth = receive("Annie", "annie@example.com"), receive("Zoe", "zoe@example.com")
    merges.merge(third, [anna], choices={}, actor=staff)
    chosen = form(ana, anna, survivor=ana)
    answer = client.post("/duplicates/compare/merge/", chosen, follow=True)
    assert "which is compared instead" in answer.content.decode()
    assert client.post("/duplicates/compare/preview/", chosen, **HTMX)["HX-Redirect"].startswith("/duplicates/compare/")
    gone = form(ana, third, fourth, survivor=ana)
    fourth.delete()
    assert "erased meanwhile" in client.post("/duplicates/compare/merge/", gone, follow=True).content.decode()
    assert Merge.objects.count() == 1


def test_a_preview_that_is_no_longer_possible_is_no_page_within_the_page(client, staff, ana, anna):
    merges.merge(ana, [anna], choices={}, actor=staff)
    answer = client.post("/duplicates/compare/preview/", form(ana, anna, survivor=ana), **HTMX)
    assert answer["HX-Redirect"].startswith("/duplicates/compare/?lead=")
    assert not answer.content


def test_the_list_of_merges(client, staff, ana, anna):
    third = receive("Zoe", "zoe@example.com")
    made = merges.merge(ana, [anna, third], choices={}, actor=staff)
    page = client.get("/merges/").content.decode()
    assert len(re.findall(r'action="/merges/\d+/undo/"', page)) == 1  # made in one go, undone in one go
    assert "Anna" in text(page)
    assert "can be undone until" in page
    assert "Nothing found" in client.get("/merges/?words=nobody").content.decode()
    Merge.objects.update(merged_at=made[0].merged_at - merges.UNDO_FOR * 2)
    page = client.get("/merges/").content.decode()
    assert "A merge can be undone for 30 days" in page
    assert "/undo/" not in page


@pytest.mark.parametrize(
    ("words", "expected"),
    [("", [(["Cleo", "Ana"], True), (["Ben"], False), ([], False)]), ("ana2", [(["Ana"], False), ([], False)])],
)
def test_a_group_is_never_split(staff, monkeypatch, words, expected):
    """Not at the end of a page, and not where only one of its leads has the words."""
    monkeypatch.setattr(merge_list, "PAGE_SIZE", 2)
    for name in ("Ben", "Ana", "Cleo"):
        leads = [receive(f"{name}{n}", f"{name}{n}@example.com".lower()) for n in range(4)]
        merges.merge(leads[0], leads[1:], choices={"first_name": merges.Choice(leads[0].pk)}, actor=staff)
    pages = [merge_list.merges_page(number, words=words) for number in range(1, len(expected) + 1)]
    whole = [([f"{name}{n}" for name in names for n in (1, 2, 3)], more) for names, more in expected]
    shown = [([lead.name for group in page.groups for lead in group.absorbed], page.has_next) for page in pages]
    assert shown == whole


def test_a_lead_of_many_shows_whole_groups(client, staff, monkeypatch):
    monkeypatch.setattr(merge_list, "MOST_OF_LEAD", 1)
    leads = [receive(f"Ana{n}", f"ana{n}@example.com") for n in range(4)]
    merges.merge(leads[0], leads[1:], choices={}, actor=staff)
    assert "Made of 4 leads" in text(client.get(leads[0].get_absolute_url()).content.decode())


def test_list_of_merges_takes_the_same_queries_for_1_and_30(client, staff):
    def one_more(n: int) -> None:
        first, second = (Lead.objects.create(source="paste", first_name=f"{side}{n}") for side in "ab")
        Merge.objects.create(survivor=first, absorbed=second, merged_by="olivia")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/merges/")
        return len(captured)

    one_more(0)
    queries()
    one = queries()
    for n in range(1, 30):
        one_more(n)
    assert queries() == one <= 9


def test_a_merge_of_a_lead_that_went_on_is_undone_with_the_later_one(client, staff, ana, anna):
    zoe = receive("Zoe", "zoe@example.com")
    (first,) = merges.merge(ana, [anna], choices={}, actor=staff)
    (second,) = merges.merge(zoe, [ana], choices={}, actor=staff)
    listed = client.get("/merges/").content.decode()
    of_first = listed.split("<li")[-1]
    assert f'href="{zoe.get_absolute_url()}"' in of_first
    assert f'action="/merges/{first.pk}/undo/"' in of_first
    assert re.search(r'name="with_later" value="1">.*Undo both', of_first, re.S)
    client.post(f"/merges/{first.pk}/undo/")
    assert Merge.objects.standing().count() == 2  # without it the later one is undone first, as the list says
    client.post(f"/merges/{first.pk}/undo/", {"with_later": "1"})
    assert not Lead.objects.exclude(merged_into=None).exists()
    assert [lead.submissions.count() for lead in (ana, anna, zoe)] == [1, 1, 1]
    assert "with_later" not in client.get("/merges/").content.decode()


def test_undoing_with_the_later_ones_is_all_or_nothing(client, staff, ana, anna):
    """The first is from too long ago."""
    zoe = receive("Zoe", "zoe@example.com")
    (first,) = merges.merge(ana, [anna], choices={}, actor=staff)
    merges.merge(zoe, [ana], choices={}, actor=staff)
    Merge.objects.filter(pk=first.pk).update(merged_at=first.merged_at - merges.UNDO_FOR * 2)
    with pytest.raises(merges.MergeRefused, match="for 30 days"):
        merges.undo(first, actor=staff, with_later=True)
    assert Merge.objects.standing().count() == 2
    assert "with_later" not in client.get("/merges/").content.decode()
