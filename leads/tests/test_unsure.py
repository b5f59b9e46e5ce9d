"""Feedback of what staff do with machines' values, and the leads that want a look."""

import pytest
from django.urls import reverse

from leads import facts, merging
from leads.intake import receive
from leads.merging import NewValues
from leads.models import Feedback, FieldValue, Lead
from leads.unsure import unsure_fields
from leads.values import FoundValue

Origin = FieldValue.Origin


@pytest.fixture
def lead(db) -> Lead:
    return receive("Hi, Ana from Acme here", source="paste")


def tell(
    lead: Lead, origin: str, field: str, value: str, confidence: float = 0.8, claimed: float | None = None
) -> None:
    found = FoundValue(field, value, confidence, claimed=claimed)
    merging.apply([NewValues(lead, [found], made_by="m · prompt 1")], origin=origin)


def remembered() -> list[tuple[str, str, str, float, str]]:
    rows = Feedback.objects.order_by("id")
    return list(rows.values_list("field", "origin", "verdict", "confidence", "actor"))


def current(lead: Lead, field: str) -> FieldValue:
    return lead.values.current().get(field=field)


def test_another_value_is_an_edit_and_the_same_one_confirms(lead):
    tell(lead, Origin.RULE, "company", "Acme", 0.7)
    facts.change_value(lead, field="company", value="Acme Inc", actor="ana")
    tell(lead, Origin.MODEL, "intent", "support", 0.6, claimed=0.9)
    facts.change_value(lead, field="intent", value="support", actor="ana")
    facts.change_value(lead, field="company", value="Acme", actor="ana")  # her own value: no machine's
    assert remembered() == [
        ("company", "rule", "edited", 0.7, "ana"),
        ("intent", "model", "confirmed", 0.9, "ana"),
    ]


def test_suggestions_that_are_accepted_and_refused(lead):
    tell(lead, Origin.RULE, "company", "Acme", 0.7)
    tell(lead, Origin.MODEL, "company", "Acme Inc", 0.5)
    tell(lead, Origin.RULE, "phone", "+15125550142", 0.9)
    tell(lead, Origin.MODEL, "phone", "+15125550143", 0.4)
    suggested = {value.field: value for value in lead.values.suggested()}
    facts.accept_suggestion(suggested["company"], actor="ana")
    facts.refuse_suggestion(suggested["phone"], actor="bo")
    facts.refuse_suggestion(suggested["phone"], actor="bo")  # a second press says nothing new
    assert remembered() == [
        ("company", "model", "accepted", 0.5, "ana"),
        ("company", "rule", "edited", 0.7, "ana"),
        ("phone", "model", "refused", 0.4, "bo"),
    ]
    assert lead.values.get(state="refused").made_by == "m · prompt 1"


def test_locking_confirms_once_and_unlocking_says_nothing(lead):
    tell(lead, Origin.RULE, "company", "Acme", 0.7)
    value = current(lead, "company")
    for is_locked in (True, True, False):
        facts.lock_value(value, is_locked=is_locked, actor="ana")
    assert remembered() == [("company", "rule", "confirmed", 0.7, "ana")]
    assert current(lead, "company").is_locked is False


def test_what_a_machine_is_not_sure_of_wants_a_look_the_least_sure_first(lead):
    tell(lead, Origin.RULE, "company", "Acme", 0.4)
    tell(lead, Origin.RULE, "urgency", "high", 0.3)
    tell(lead, Origin.RULE, "phone", "+15125550142", 0.9)
    tell(lead, Origin.RULE, "summary", "Ana writes.", 0.1)  # nothing to decide on
    tell(lead, Origin.SUBMITTER, "email", "a@x.com", 0.1)
    merging.edit(lead, field="product", value="Tyres", actor="ana")
    values = {value.field: value for value in lead.values.current()}
    assert unsure_fields(values, below=0.5) == ["urgency", "company"]
    assert unsure_fields(values, below=0.35) == ["urgency"]
    assert unsure_fields(values, below=0) == []


def unsure(lead: Lead, *fields: str) -> None:
    Lead.objects.filter(pk=lead.pk).update(review_fields=list(fields), needs_review=bool(fields))


def test_the_mark_goes_with_the_last_decision(lead):
    tell(lead, Origin.RULE, "company", "Acme", 0.4)
    tell(lead, Origin.RULE, "urgency", "high", 0.3)
    unsure(lead, "urgency", "company")
    facts.change_value(lead, field="urgency", value="low", actor="ana")
    lead.refresh_from_db()
    assert (lead.needs_review, lead.review_fields, lead.review_labels) == (True, ["company"], ["Company"])
    facts.lock_value(current(lead, "company"), is_locked=True, actor="ana")
    lead.refresh_from_db()
    assert (lead.needs_review, lead.review_fields) == (False, [])


def test_the_inbox_shows_and_narrows_to_what_wants_a_look(lead, client, staff):
    receive("Another one", source="paste")
    unsure(lead, "phone")
    client.force_login(staff)
    page = client.get(reverse("inbox"))
    assert page.content.count(b"mark-review") == 1
    assert b"Not sure: Phone" in page.content
    page = client.get(reverse("inbox"), {"needs_review": "1"})
    assert page.content.count(b'class="lead-row"') == 1


def test_the_lead_page_names_the_value_and_takes_a_confirmation(lead, client, staff):
    tell(lead, Origin.RULE, "company", "Acme", 0.4)
    unsure(lead, "company")
    client.force_login(staff)
    page = client.get(lead.get_absolute_url()).content.decode()
    assert "Needs review: Company" in page
    assert "Company looks right" in page
    address = reverse("value_lock", args=[lead.public_id, current(lead, "company").pk])
    page = client.post(address, {"lock": "1"}, follow=True).content.decode()
    assert "Needs review" not in page
    assert remembered() == [("company", "rule", "confirmed", 0.4, "olivia")]


def test_earlier_values_are_on_the_page(lead, client, staff):
    tell(lead, Origin.RULE, "company", "Acme", 0.4)
    merging.edit(lead, field="company", value="Bright Dental", actor="ana")
    client.force_login(staff)
    page = client.get(lead.get_absolute_url()).content.decode()
    assert "Earlier: 1" in page
