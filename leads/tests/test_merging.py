"""Which value wins, and what becomes of the loser."""

import pytest

from leads import merging
from leads.intake import receive
from leads.merging import NewValues
from leads.models import FieldValue, Lead
from leads.values import Contact, Evidence, FoundValue

Origin = FieldValue.Origin


@pytest.fixture
def lead(db) -> Lead:
    return receive("Hi, Ana here", source="paste")


def tell(lead: Lead, origin: str, **fields: str) -> None:
    merging.apply([NewValues(lead, [FoundValue(key, value) for key, value in fields.items()])], origin=origin)
    lead.refresh_from_db()


def rows(lead: Lead) -> set[tuple[str, str, str, str]]:
    return set(lead.values.values_list("field", "value", "origin", "state"))


RANKS = [
    # field, standing origin, newer origin, who holds the field afterwards
    ("company", "rule", "model", "rule"),
    ("company", "model", "rule", "rule"),
    ("company", "rule", "crm", "crm"),
    ("company", "crm", "rule", "crm"),
    ("company", "submitter", "rule", "submitter"),
    ("company", "submitter", "model", "submitter"),
    ("company", "crm", "submitter", "submitter"),
    ("company", "rule", "rule", "newer"),
    ("intent", "rule", "model", "model"),
    ("intent", "model", "rule", "model"),
]


@pytest.mark.parametrize(("field", "standing", "newer", "holder"), RANKS)
def test_the_stronger_origin_holds_the_field(lead, field, standing, newer, holder):
    tell(lead, standing, **{field: "support"})
    tell(lead, newer, **{field: "complaint"})
    expected = "complaint" if holder in (newer, "newer") and (standing != holder) else "support"
    assert getattr(lead, field) == expected


def test_a_losing_newer_value_becomes_a_suggestion(lead):
    tell(lead, Origin.SUBMITTER, company="Acme")
    tell(lead, Origin.MODEL, company="Acme Inc")
    assert rows(lead) == {("company", "Acme", "submitter", "current"), ("company", "Acme Inc", "model", "suggested")}


def test_a_newer_suggestion_of_the_same_origin_replaces_the_older(lead):
    tell(lead, Origin.SUBMITTER, company="Acme")
    tell(lead, Origin.MODEL, company="Acme Inc")
    tell(lead, Origin.MODEL, company="Acme LLC")
    assert set(lead.values.suggested().values_list("value", flat=True)) == {"Acme LLC"}


def test_the_same_value_again_changes_nothing(lead):
    for _ in range(3):
        tell(lead, Origin.RULE, company="Acme")
        tell(lead, Origin.MODEL, company="ACME")
    assert rows(lead) == {("company", "Acme", "rule", "current")}


def test_rules_do_not_nag_after_the_model_has_judged(lead):
    tell(lead, Origin.MODEL, urgency="high")
    tell(lead, Origin.RULE, urgency="low")
    assert rows(lead) == {("urgency", "high", "model", "current")}


@pytest.mark.parametrize("origin", ["submitter", "rule", "model", "crm"])
def test_a_persons_edit_wins_and_locks(lead, origin):
    tell(lead, Origin.SUBMITTER, company="Acme")
    merging.edit(lead, field="company", value="Bruxner & Sons", actor="olivia")
    tell(lead, origin, company="Other")
    assert lead.company == "Bruxner & Sons"
    current = lead.values.current().get(field="company")
    assert (current.origin, current.is_locked, current.made_by) == ("staff", True, "olivia")


def test_an_empty_edit_is_an_edit_too(lead):
    tell(lead, Origin.RULE, company="Acme")
    merging.edit(lead, field="company", value=" ", actor="olivia")
    tell(lead, Origin.MODEL, company="Acme")
    assert lead.company == ""


def test_a_person_can_edit_a_locked_field_again(lead):
    merging.edit(lead, field="company", value="Acme", actor="olivia")
    merging.edit(lead, field="company", value="Bruxner", actor="ben")
    lead.refresh_from_db()
    assert (lead.company, lead.values.current().get(field="company").made_by) == ("Bruxner", "ben")


def test_an_unlocked_edit_gives_way_to_the_next_machine_value(lead):
    merging.edit(lead, field="company", value="Acme", actor="olivia")
    merging.set_lock(lead.values.current().get(field="company"), is_locked=False, actor="ana")
    tell(lead, Origin.MODEL, company="Acme Inc")
    assert lead.company == "Acme Inc"


def test_a_locked_machine_value_stays(lead):
    tell(lead, Origin.MODEL, company="Acme")
    merging.set_lock(lead.values.current().get(field="company"), is_locked=True, actor="ana")
    tell(lead, Origin.RULE, company="Other")
    assert lead.company == "Acme"


def test_accepting_a_suggestion_makes_it_the_persons_edit_with_its_evidence(lead):
    tell(lead, Origin.SUBMITTER, company="Acme")
    found = FoundValue("company", "Ana Inc", 0.8, Evidence(4, 7, "Ana"))
    merging.apply([NewValues(lead, [found], submission=lead.submissions.get())], origin=Origin.MODEL)
    merging.accept(lead.values.suggested().get(), actor="olivia")
    lead.refresh_from_db()
    current = lead.values.current().get(field="company")
    assert (lead.company, current.origin, current.made_by, current.is_locked) == ("Ana Inc", "staff", "olivia", True)
    assert (current.evidence_submission, current.evidence_text) == (lead.submissions.get(), "Ana")
    assert not lead.values.suggested().exists()


def test_a_refused_value_is_not_suggested_again(lead):
    tell(lead, Origin.SUBMITTER, company="Acme")
    tell(lead, Origin.MODEL, company="Acme Inc")
    merging.refuse(lead.values.suggested().get(), actor="olivia")
    tell(lead, Origin.MODEL, company="acme inc")
    assert not lead.values.suggested().exists()


def test_evidence_points_into_the_submission(lead):
    submission = lead.submissions.get()
    found = FoundValue("first_name", "Ana", 0.8, Evidence(4, 7, "Ana"), note="introduced herself")
    merging.apply([NewValues(lead, [found], submission=submission, made_by="rules")], origin=Origin.RULE)
    value = lead.values.get(field="first_name")
    assert submission.text[value.evidence_start : value.evidence_end] == value.evidence_text == "Ana"
    assert (value.evidence_submission, value.note, value.made_by) == (submission, "introduced herself", "rules")


def test_keys_and_search_follow_the_columns(lead):
    tell(lead, Origin.RULE, email="Mark.B+x@Gmail.com", phone="+1 512 555 0142")
    assert (lead.email_key, lead.phone_key) == ("markb@gmail.com", "15125550142")
    assert list(Lead.objects.matching("MARK.b ana")) == [lead]


def test_a_phone_number_is_found_however_it_was_typed(lead):
    tell(lead, Origin.SUBMITTER, phone="(512) 555-0142")
    assert (lead.phone, lead.phone_key) == ("(512) 555-0142", "15125550142")
    for words in ("(512) 555-0142", "5125550142", "512 555 0142"):
        assert list(Lead.objects.matching(words)) == [lead]


def test_a_stale_lead_does_not_undo_an_edit_made_meanwhile(lead):
    stale = Lead.objects.get(pk=lead.pk)
    merging.edit(lead, field="company", value="Acme", actor="olivia")
    tell(stale, Origin.MODEL, summary="Needs brakes")
    lead.refresh_from_db()
    assert (lead.company, lead.summary) == ("Acme", "Needs brakes")


def test_values_longer_than_the_column_are_kept_whole_in_the_value(lead):
    tell(lead, Origin.RULE, company="x" * 500)
    assert len(lead.company) == 200
    assert len(lead.values.get(field="company").value) == 500


def test_many_leads_cost_as_many_queries_as_one(db, django_assert_num_queries):
    leads = [receive(f"Inquiry {n}", source="paste", contact=Contact(email=f"a{n}@b.co")) for n in range(20)]
    items = [NewValues(lead, [FoundValue("company", "Acme"), FoundValue("intent", "support")]) for lead in leads]
    with django_assert_num_queries(6):
        merging.apply(items, origin=Origin.RULE)
