"""Merging leads field by field, undoing it, doing it again."""

import datetime as dt
import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from leads import merges, merging
from leads.inbox import inbox_page
from leads.merges import MergeRefused
from leads.models import DuplicateSuggestion, Lead, Merge, Submission
from leads.status import change_status
from leads.tests.merged import fold, make, tell


@pytest.fixture
def ana(db) -> Lead:
    return make("Brakes", first_name="Ana", email="ana@example.com", phone="+15125550142")


@pytest.fixture
def anna(db) -> Lead:
    return make("Tyres", first_name="Anna", email="anna@example.org", company="Acme")


def values(lead: Lead, field: str) -> list[tuple[str, str, str, bool]]:
    return list(lead.values.filter(field=field).order_by("id").values_list("value", "origin", "state", "is_locked"))


def told(lead: Lead) -> list[str]:
    return list(lead.events.order_by("id").values_list("text", flat=True))


def pair(one: Lead, other: Lead, **more) -> DuplicateSuggestion:
    return DuplicateSuggestion.objects.create(
        first=one, second=other, **{"probability": 0.8, "signals": {"x": 1}} | more
    )


# ---- what a merge does -----------------------------------------------------------------------------------------------


def test_everything_is_on_the_lead_that_stays(ana, anna, staff):
    made = fold(ana, anna, actor=staff, email=ana, first_name=anna, both=True)
    assert (anna.merged_into, made.merged_by) == (ana, "olivia")
    assert [message.text for message in ana.submissions.all()] == ["Brakes", "Tyres"]
    assert (ana.first_name, ana.email, ana.phone, ana.company) == ("Anna", "ana@example.com", "+15125550142", "Acme")
    assert list(ana.contact_points.values_list("kind", "value", "key")) == [
        ("email", "anna@example.org", "anna@example.org")
    ]
    assert told(ana) == ["“Anna” was merged into this lead"]
    assert told(anna) == ["Merged into “Ana”"]
    assert anna.values.count() == 3


@pytest.mark.parametrize("words", ["ana@example.com", "anna@example.org", "brakes", "tyres", "acme"])
def test_search_finds_the_lead_by_all_it_brought(ana, anna, staff, words):
    fold(ana, anna, actor=staff, both=True, email=ana)
    assert [row.lead for row in inbox_page(words=words, filters={}, order="newest", number=1).rows] == [ana]


def test_a_chosen_value_keeps_its_origin_and_is_not_overwritten(ana, anna, staff):
    fold(ana, anna, actor=staff, first_name=anna)
    assert values(ana, "first_name") == [
        ("Ana", "submitter", "past", False),
        ("Anna", "submitter", "current", True),
        ("Ana", "submitter", "refused", False),
    ]
    tell(ana, "submitter", first_name="Anne")
    tell(ana, "model", first_name="Ana")
    assert values(ana, "first_name")[3:] == [("Anne", "submitter", "suggested", False)]


def test_what_was_chosen_against_the_other_is_made_fast_too(ana, anna, staff):
    fold(ana, anna, actor=staff, first_name=ana)
    tell(ana, "submitter", first_name="Anna")
    ana.refresh_from_db()
    assert ana.first_name == "Ana"


def test_what_only_one_had_may_be_corrected_by_the_next_message(ana, anna, staff):
    fold(ana, anna, actor=staff)
    assert values(ana, "company") == [("Acme", "submitter", "current", False)]


def test_a_preselected_judgement_may_be_judged_anew(ana, anna, staff):
    tell(ana, "model", urgency="low")
    tell(anna, "model", urgency="high")
    fold(ana, anna, actor=staff)
    tell(ana, "model", urgency="medium")
    ana.refresh_from_db()
    assert ana.urgency == "medium"


def test_a_judgement_chosen_against_the_preselection_stays(ana, anna, staff):
    tell(ana, "model", urgency="low")
    tell(anna, "model", urgency="high")
    fold(ana, anna, actor=staff, urgency=ana)
    tell(ana, "model", urgency="medium")
    ana.refresh_from_db()
    assert ana.urgency == "low"


def test_an_emptied_field_can_be_chosen(ana, anna, staff):
    merging.edit(anna, field="phone", value="", actor="bo")
    fold(ana, anna, actor=staff, phone=anna, company=ana)
    assert (ana.phone, ana.phone_key, ana.company) == ("", "", "")
    tell(ana, "rule", company="Acme")
    ana.refresh_from_db()
    assert ana.company == ""


def test_columns_without_values_are_kept_and_come_back(staff):
    one, other = (Lead.objects.create(source="paste", first_name=name) for name in ("Ana", "Zoe"))
    made = fold(one, other, actor=staff, first_name=other)
    assert one.first_name == "Zoe"
    merges.undo(made, actor=staff)
    one.refresh_from_db()
    assert one.first_name == "Ana"


def test_status_and_owner_are_chosen_like_fields(ana, anna, staff):
    change_status(anna, "working", "bo")
    Lead.objects.filter(pk=anna.pk).update(owner=staff)
    made = fold(ana, anna, actor=staff)
    assert (ana.status, ana.owner) == ("working", staff)
    merges.undo(made, actor=staff)
    ana.refresh_from_db()
    assert (ana.status, ana.owner) == ("new", None)


def test_a_status_changed_since_stays(ana, anna, staff):
    change_status(anna, "working", "bo")
    made = fold(ana, anna, actor=staff)
    change_status(ana, "qualified", "bo")
    merges.undo(made, actor=staff)
    ana.refresh_from_db()
    assert ana.status == "qualified"


# ---- suggestions -----------------------------------------------------------------------------------------------------


def test_the_pair_is_decided_and_comes_back_as_it_was(ana, anna, staff):
    found = pair(ana, anna)
    made = fold(ana, anna, actor=staff)
    found.refresh_from_db()
    assert (found.state, found.decided_by, found.signals) == ("merged", staff, {"x": 1})
    merges.undo(made, actor=staff)
    found.refresh_from_db()
    assert (found.state, found.decided_by, found.decided_at) == ("open", None, None)


def test_a_pair_nobody_suggested_is_remembered_while_it_is_merged(ana, anna, staff):
    made = fold(anna, ana, actor=staff)
    row = DuplicateSuggestion.objects.get()
    assert (row.first, row.second, row.state, row.signals) == (ana, anna, "merged", {})
    merges.undo(made, actor=staff)
    assert not DuplicateSuggestion.objects.exists()


def test_decisions_about_the_other_hold_for_the_lead_that_stays(ana, anna, staff):
    zoe = make(first_name="Zoe")
    mine = pair(ana, zoe)
    pair(anna, zoe, state="related", relation="family", decided_by=staff, decided_at=timezone.now())
    made = fold(ana, anna, actor=staff)
    mine.refresh_from_db()
    assert (mine.state, mine.relation, mine.decided_by) == ("related", "family", staff)
    merges.undo(made, actor=staff)
    mine.refresh_from_db()
    assert (mine.state, mine.relation, mine.decided_by) == ("open", "", None)


def test_an_open_suggestion_comes_along_but_beats_no_decision(ana, anna, staff):
    zoe, kim = make(first_name="Zoe"), make(first_name="Kim")
    dismissed = pair(ana, zoe, state="dismissed")
    pair(anna, zoe)
    pair(anna, kim)
    made = fold(ana, anna, actor=staff)
    dismissed.refresh_from_db()
    assert dismissed.state == "dismissed"
    assert {(row.first, row.second) for row in DuplicateSuggestion.objects.to_review()} == {(ana, kim)}
    merges.undo(made, actor=staff)
    assert {(row.first, row.second) for row in DuplicateSuggestion.objects.to_review()} == {(anna, zoe), (anna, kim)}


def test_what_was_decided_since_stays(ana, anna, staff):
    kim = make(first_name="Kim")
    pair(anna, kim)
    made = fold(ana, anna, actor=staff)
    DuplicateSuggestion.objects.filter(first=ana, second=kim).update(state="dismissed", decided_at=timezone.now())
    merges.undo(made, actor=staff)
    assert DuplicateSuggestion.objects.get(first=ana, second=kim).state == "dismissed"
    assert DuplicateSuggestion.objects.get(first=anna, second=kim).state == "open"


# ---- undoing ---------------------------------------------------------------------------------------------------------


def test_undo_leaves_what_came_since_and_says_so(ana, anna, staff):
    made = fold(ana, anna, actor=staff, first_name=anna)
    Submission.objects.create(lead=ana, source="email", payload={}, text="Any news?")
    merging.edit(ana, field="first_name", value="Annabel", actor="bo")
    assert merges.undo(made, actor=staff) == [anna]
    ana.refresh_from_db()
    assert [message.text for message in ana.submissions.all()] == ["Brakes", "Any news?"]
    assert ana.first_name == "Annabel"
    assert told(ana)[-1] == "Merge of “Anna” undone; 1 message that came since stays here"
    assert told(anna)[-1] == "Merge into “Annabel” undone"
    assert "tyres" not in ana.search_text


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_merges_into_one_lead_are_undone_in_any_order(ana, anna, staff, order):
    zoe = make("Oil", first_name="Zoe", email="zoe@example.net", phone="+15125550177")
    was = (ana.first_name, ana.email, ana.phone, ana.search_text)
    made = [
        fold(ana, anna, actor=staff, first_name=anna, email=anna, both=True),
        fold(ana, zoe, actor=staff, first_name=zoe, email=zoe, phone=zoe, both=True),
    ]
    assert set(ana.contact_points.values_list("key", flat=True)) == {
        "ana@example.com",
        "anna@example.org",
        "15125550142",
    }
    for at in order:
        merges.undo(made[at], actor=staff)
    ana.refresh_from_db()
    assert (ana.first_name, ana.email, ana.phone, ana.search_text) == was
    assert not ana.contact_points.exists()


def test_undoing_a_group_leaves_no_contact_point_behind(ana, anna, staff):
    """Taking out its second lead has the first ask for a contact point, which the first must know of in turn."""
    kim, zoe = make("Oil", first_name="Kim", email="ana@example.com"), make("Gears", email="zoe@example.net")
    group = fold(ana, anna, kim, actor=staff, email=ana, both=True)
    alone = fold(ana, zoe, actor=staff, email=zoe, both=False)
    merges.undo(group, actor=staff)
    merges.undo(alone, actor=staff)
    ana.refresh_from_db()
    assert ana.email == "ana@example.com"
    assert not ana.contact_points.exists()


def test_the_e_mail_that_is_taken_is_no_further_contact(ana, anna, staff):
    """Of three leads, two have the one that is taken."""
    kim = make("Oil", first_name="Kim", email="ANNA@example.org")
    made = fold(ana, anna, kim, actor=staff, email=kim, both=True)
    assert ana.email == "ANNA@example.org"
    assert [point.value for point in ana.contact_points.all()] == ["ana@example.com"]
    merges.undo(made, actor=staff)
    assert not ana.contact_points.exists()


def test_what_was_merged_in_one_go_is_undone_in_one_go(ana, anna, staff):
    zoe = make("Oil", first_name="Zoe")
    made = fold(ana, anna, zoe, actor=staff)
    assert merges.undo(made, actor=staff) == [anna, zoe]
    assert not Merge.objects.standing().exists()


def test_a_lead_that_was_merged_on_is_brought_back_first(ana, anna, staff):
    zoe = make("Oil", first_name="Zoe", last_name="Ng")
    first = fold(ana, anna, actor=staff)
    second = fold(zoe, ana, actor=staff)
    assert merges.root(anna) == zoe
    with pytest.raises(MergeRefused, match=r"“Anna?” was itself merged into “.*” since: undo that first"):
        merges.undo(first, actor=staff)
    merges.undo(second, actor=staff)
    merges.undo(first, actor=staff)
    assert Lead.objects.standing().count() == 3


def test_undo_ends_after_thirty_days(ana, anna, staff):
    made = fold(ana, anna, actor=staff)
    Merge.objects.update(merged_at=timezone.now() - dt.timedelta(days=31))
    with pytest.raises(MergeRefused, match="can be undone for 30 days"):
        merges.undo(made, actor=staff)


def test_undo_twice(ana, anna, staff):
    made = fold(ana, anna, actor=staff)
    merges.undo(made, actor=staff)
    with pytest.raises(MergeRefused, match="was undone by olivia a moment ago"):
        merges.undo(made, actor=staff)


def test_redo(ana, anna, staff):
    made = fold(ana, anna, actor=staff, first_name=anna, email=ana, both=True)
    with pytest.raises(MergeRefused, match="stands"):
        merges.redo(made, actor=staff)
    merges.undo(made, actor=staff)
    (again,) = merges.redo(made, actor=staff)
    ana.refresh_from_db()
    assert (ana.first_name, ana.contact_points.get().key) == ("Anna", "anna@example.org")
    merges.undo(again, actor=staff)
    ana.refresh_from_db()
    assert ana.first_name == "Ana"


@pytest.mark.parametrize("who", [0, 1])
def test_after_an_erasure_there_is_nothing_to_undo(ana, anna, staff, who):
    made = fold(ana, anna, actor=staff)
    (ana, anna)[who].delete()
    assert Lead.objects.count() == who  # with the lead that stays goes what was folded into it
    for again in (merges.undo, merges.redo):
        with pytest.raises(MergeRefused, match="erased"):
            again(made, actor=staff)


# ---- what is refused -------------------------------------------------------------------------------------------------


def test_a_merged_lead_is_not_merged_again(ana, anna, staff):
    zoe = make(first_name="Zoe")
    fold(ana, anna, actor=staff, first_name=ana)
    for leads in ((zoe, anna), (anna, zoe), (ana, anna)):
        with pytest.raises(MergeRefused, match="“Anna” was merged into “Ana” by olivia a moment ago"):
            merges.merge(leads[0], leads[1:], choices={}, actor=staff)


def test_leads_that_cannot_be_merged(ana, anna, staff):
    sample, gone = make(is_sample=True), make()
    Lead.objects.filter(pk=gone.pk).delete()
    for others, why in (([ana], "two different"), ([], "two different"), ([sample], "sample"), ([gone], "erased")):
        with pytest.raises(MergeRefused, match=why):
            merges.merge(ana, others, choices={}, actor=staff)
    with pytest.raises(MergeRefused, match="must be one of"):
        merges.merge(ana, [anna], choices={"email": merges.Choice(sample.pk)}, actor=staff)
    assert not Merge.objects.exists()


def test_of_two_people_who_merge_at_once_one_wins(transactional_db, staff):
    ana, anna, zoe = (make(name, first_name=name) for name in ("Ana", "Anna", "Zoe"))
    bo = User.objects.create_user("bo")
    ready, outcomes = threading.Barrier(2), []

    def merge(survivor: Lead, actor: User) -> None:
        ready.wait()
        try:
            outcomes.append(merges.merge(survivor, [anna], choices={}, actor=actor)[0].survivor)
        except MergeRefused as refused:
            outcomes.append(refused.reason)
        finally:
            connection.close()

    threads = [threading.Thread(target=merge, args=args) for args in ((ana, staff), (zoe, bo))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    anna.refresh_from_db()
    assert anna.merged_into in outcomes
    (reason,) = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert reason.startswith(f"“Anna” was merged into “{anna.merged_into.name}” by ")
