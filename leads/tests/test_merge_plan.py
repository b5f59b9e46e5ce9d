"""What a merge would do: which value is preselected and why, and what the lead will say."""

import pytest
from django.contrib.auth.models import User

from leads import merging, quarantine
from leads.merge_judging import completeness, normal
from leads.merge_plan import Choice, MergeRefused, plan, result
from leads.merges import merge
from leads.models import Lead
from leads.status import change_status
from leads.tests.merged import make, tell


def field(leads, key, **more):
    return next(found for found in plan(leads, **more).fields if found.key == key)


def preselected(leads, key) -> tuple[str, str]:
    found = field(leads, key)
    return found.option(found.chosen).value, found.why


# ---- the better value ------------------------------------------------------------------------------------------------

BETTER = [
    # field, then origin and value of the older and of the newer lead, what is preselected, why
    ("company", ("submitter", "Acme"), ("submitter", "Zeta"), "Zeta", "newer"),
    ("company", ("staff", "Acme"), ("submitter", "Zeta Works"), "Acme", "edited by staff"),
    ("company", ("submitter", "Acme Brake Works"), ("submitter", "Zeta"), "Acme Brake Works", "complete"),
    ("company", ("rule", "Acme"), ("rule", ""), "Acme", "only one has it"),
    ("company", ("rule", "Acme"), ("rule", "ACME"), "Acme", "equal"),
    ("company", ("rule", "acme"), ("rule", "Acme"), "Acme", "equal"),
    ("first_name", ("submitter", "Mark"), ("submitter", "M."), "Mark", "complete"),
    ("last_name", ("submitter", "O’Brien"), ("submitter", "obrien"), "O’Brien", "equal"),
    ("email", ("submitter", "a@x.com"), ("rule", "b@x.com"), "a@x.com", "verified"),
    ("email", ("submitter", "a@x.com"), ("submitter", "not an address"), "a@x.com", "verified"),
    ("email", ("submitter", "a@x.com"), ("submitter", "b@x.com"), "b@x.com", "newer"),
    ("email", ("submitter", "a+1@x.com"), ("submitter", "A@x.com"), "a+1@x.com", "equal"),
    ("phone", ("rule", "+15125550142"), ("rule", "(512) 555-0199"), "+15125550142", "complete"),
    ("phone", ("rule", "(512) 555-0142"), ("rule", "+15125550142"), "+15125550142", "equal"),
    ("phone", ("staff", ""), ("submitter", "+15125550142"), "", "edited by staff"),
    ("urgency", ("model", "low"), ("model", "high"), "high", "newer"),
]


@pytest.mark.parametrize(("key", "older", "newer", "value", "why"), BETTER)
def test_the_better_value_is_preselected(db, key, older, newer, value, why):
    leads = [make("One"), make("Other")]
    for lead, (origin, text) in zip(leads, (older, newer), strict=True):
        if origin == "staff":
            merging.edit(lead, field=key, value=text or "x", actor="bo")
            merging.edit(lead, field=key, value=text, actor="bo")
        elif text:
            tell(lead, origin, **{key: text})
    assert preselected(leads, key) == (value, why)
    assert preselected(leads[::-1], key) == (value, why)
    assert field(leads, key).is_equal == (why == "equal")


def test_what_two_of_three_say_is_verified(db):
    leads = [make(str(n)) for n in range(3)]
    for lead, company in zip(leads, ("Acme", "acme", "Zeta"), strict=True):
        tell(lead, "rule", company=company)
    found = field(leads, "company")
    assert [option.is_verified for option in found.options] == [True, True, False]
    assert (found.chosen, found.why) == (leads[0].pk, "verified")


def test_status_is_the_one_that_is_further_on(db):
    leads = [make("One"), make("Other")]
    assert (field(leads, "status").is_equal, field(leads, "status").why) == (True, "equal")
    change_status(leads[1], "qualified", "bo")
    leads[1].refresh_from_db()
    assert preselected(leads, "status") == ("qualified", "further on")


def test_owner(db):
    ana, bo = User.objects.create_user("ana", first_name="Ana", last_name="Ng"), User.objects.create_user("bo")
    leads = [make("One"), make("Other")]
    assert "owner" not in {found.key for found in plan(leads).fields}
    leads[1].owner = ana
    assert preselected(leads, "owner") == (str(ana.pk), "only one has it")
    leads[0].owner = bo
    assert preselected(leads, "owner") == (str(bo.pk), "of the lead that stays")
    assert [option.display for option in field(leads, "owner").options] == ["bo", "Ana Ng"]


# ---- the plan --------------------------------------------------------------------------------------------------------


def test_the_lead_that_stays(db):
    leads = [make("One"), make("Two"), make("Three")]
    assert plan(leads[::-1]).survivor == leads[0]
    change_status(leads[1], "working", "bo")
    leads[1].refresh_from_db()
    assert plan(leads).survivor == leads[1]
    assert plan(leads, survivor=leads[2]).absorbed == (leads[0], leads[1])


def test_differing_fields_come_first_and_equal_ones_last(db):
    leads = [
        make("One", first_name="Ana", email="a@x.com", company="Acme"),
        make("Two", first_name="Ana", email="b@x.com", phone="+15125550142"),
    ]
    assert [found.key for found in plan(leads).fields] == ["email", "phone", "company", "first_name", "status"]


def test_both_are_kept_where_a_lead_can_have_several(db):
    leads = [make("One", first_name="A", email="a@x.com"), make("Two", first_name="B", email="b@x.com")]
    found = {row.key: (row.can_keep_both, row.keep_both) for row in plan(leads).fields}
    assert found == {"email": (True, True), "first_name": (False, False), "status": (False, False)}


def test_facts_of_the_business_are_planned_too(db):
    leads = [make("One"), make("Two")]
    tell(leads[0], "model", roof_type="Slate")
    found = field(leads, "roof_type")
    assert (found.label, found.option(leads[0].pk).value) == ("Roof type", "Slate")


def test_the_result(db):
    ana = make("One", first_name="Ana", email="a@x.com")
    bea = make("Two", first_name="Bea", email="b@x.com", phone="+15125550142")
    tell(bea, "model", urgency="high")
    found = plan([ana, bea])
    assert result(found, {}) == [
        ("first_name", "First name", "Bea"),
        ("email", "E-mail", "b@x.com, also a@x.com"),
        ("phone", "Phone", "+15125550142"),
        ("urgency", "Urgency", "High"),
        ("status", "Status", "New"),
    ]
    chosen = {"first_name": Choice(ana.pk), "email": Choice(ana.pk), "phone": Choice(ana.pk)}
    assert result(found, chosen)[:2] == [("first_name", "First name", "Ana"), ("email", "E-mail", "a@x.com")]


def test_the_result_is_what_the_lead_will_say(db, staff):
    leads = [
        make("One", first_name="M.", email="a@x.com", company="Acme"),
        make("Two", first_name="Mark", email="b@x.com", phone="+15125550142"),
    ]
    said = {key: value for key, _, value in result(plan(leads), {})}
    merge(leads[0], leads[1:], choices={}, actor=staff)
    lead = Lead.objects.get(pk=leads[0].pk)
    assert lead.first_name == said["first_name"] == "Mark"
    assert f"{lead.email}, also {lead.contact_points.get().value}" == said["email"]
    assert (lead.phone, lead.company) == (said["phone"], said["company"])


def test_what_moves(db, staff):
    one, two, three = make("One"), make("Two", email="a@x.com"), make("Three", email="b@x.com")
    merge(two, [three], choices={}, actor=staff)
    two.refresh_from_db()
    moves = plan([one, two]).moves
    assert (moves.messages, moves.replies, moves.events, moves.contact_points, moves.suggestions) == (2, 0, 1, 1, 0)


def test_a_plan_costs_as_many_queries_for_ten_leads_as_for_two(db, django_assert_max_num_queries):
    leads = [make(str(n), email=f"a{n}@x.com", first_name=str(n)) for n in range(10)]
    with django_assert_max_num_queries(7):
        plan(leads[:2])
    with django_assert_max_num_queries(7):
        plan(leads)


def test_what_cannot_be_planned(db, staff):
    one, two, sample = make("One"), make("Two"), make("Three", is_sample=True)
    for leads, why in (
        ([one], "at least two"),
        ([one, one], "at least two"),
        ([one, sample], "A sample lead"),
        ([one, *(make(str(n)) for n in range(10))], "No more than 10"),
    ):
        with pytest.raises(MergeRefused, match=why):
            plan(leads)
    with pytest.raises(MergeRefused, match="one of those"):
        plan([one, two], survivor=sample)
    spam = make("Four", first_name="Four")
    quarantine.mark_lead(spam, actor="olivia")
    spam.refresh_from_db()
    with pytest.raises(MergeRefused, match="“Four” is in quarantine as spam"):
        plan([one, spam])
    merge(one, [two], choices={}, actor=staff)
    two.refresh_from_db()
    with pytest.raises(MergeRefused, match="was merged into another lead already"):
        plan([one, two])


@pytest.mark.parametrize(
    ("key", "one", "other", "is_same"),
    [
        ("email", "A.b@gmail.com", "ab@googlemail.com", True),
        ("email", "a@x.com", "b@x.com", False),
        ("phone", "(512) 555-0142", "+1 512 555 0142", True),
        ("first_name", "José", "jose", True),
        ("company", "Müller & Co.", "muller co", True),
        ("company", "株式会社", "有限会社", False),
        ("summary", "Wants  tyres", "wants tyres", True),
    ],
)
def test_mere_spelling_is_no_difference(key, one, other, is_same):
    assert (normal(key, one) == normal(key, other)) is is_same


def test_completeness():
    assert completeness("first_name", "Mark") > completeness("first_name", "M.") > completeness("first_name", "")
    assert completeness("phone", "+15125550142") > completeness("phone", "512 555 0142") > completeness("phone", "")
