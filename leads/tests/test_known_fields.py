"""Fields that the business added: known everywhere that a lead's values are shown, edited, merged or mapped."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leads import known_fields, merging
from leads.fields import EXTRA_KINDS, Group, Kind
from leads.forms import ValueForm
from leads.merge_plan import plan, result
from leads.models import ExtraField, FieldValue, Lead
from leads.values import FoundValue

ROOF = (("flat", "Flat roof"), ("pitched", "Pitched roof"))


def add(key: str = "roof", label: str = "Roof", kind: Kind = Kind.CHOICE, choices=ROOF) -> None:
    known_fields.add_or_change(key, label=label, kind=kind, choices=choices)


def give(lead: Lead, field: str, value: str, origin: str = "model") -> None:
    with transaction.atomic():
        merging.apply([merging.NewValues(lead, [FoundValue(field, value)])], origin=origin)


@pytest.fixture
def lead(db) -> Lead:
    return Lead.objects.create(source="paste", first_name="Ana")


def facts(client, lead: Lead, edit: str = "") -> str:
    return client.get(f"/leads/{lead.public_id}/facts/?edit={edit}").content.decode()


def save(client, lead: Lead, field: str, value: str) -> str:
    return client.post(
        f"/leads/{lead.public_id}/facts/{field}/", {"value": value}, headers={"HX-Request": "true"}
    ).content.decode()


@pytest.mark.parametrize("key", ["email", "lead_id", "status"])
def test_a_key_that_means_something_else_is_refused(db, key):
    with pytest.raises(ValueError, match="another field"):
        add(key)
    assert not ExtraField.objects.exists()


def test_a_field_keeps_its_kind_for_good(db):
    add()
    with pytest.raises(ValueError, match="another field"):
        add(kind=Kind.NUMBER)
    add(label="Type of roof")
    assert known_fields.known("roof").label == "Type of roof"
    assert (known_fields.known("roof").kind, known_fields.known("roof").group) == (Kind.CHOICE, Group.FACT)


def test_asked_once_in_a_few_seconds(db):
    add()
    with CaptureQueriesContext(connection) as captured:
        for _ in range(30):
            assert known_fields.known("roof").choices == ROOF
            assert known_fields.known("email").label == "E-mail"
            assert known_fields.known("nonsense") is None
    assert len(captured) == 1


def test_what_was_rolled_back_is_not_known(transactional_db):
    with transaction.atomic():
        add()
        assert known_fields.known("roof") is not None
        transaction.set_rollback(True)
    known_fields.forget()
    assert known_fields.known("roof") is None


def test_shown_offered_and_edited_on_the_lead_page(client, lead):
    add()
    assert '<option value="roof">Roof</option>' in facts(client, lead)
    assert '<option value="flat">Flat roof</option>' in facts(client, lead, "roof")
    assert "Select a valid choice" in save(client, lead, "roof", "thatched")
    assert "Flat roof" in save(client, lead, "roof", "flat")
    value = FieldValue.objects.current().get(lead=lead, field="roof")
    assert (value.value, value.origin, value.label, value.display) == ("flat", "staff", "Roof", "Flat roof")
    assert client.post(f"/leads/{lead.public_id}/facts/nonsense/", {"value": "x"}).status_code == 404


def test_a_retired_field_is_no_longer_offered_but_old_values_are_readable_and_editable(client, lead):
    add()
    give(lead, "roof", "flat")
    with transaction.atomic():
        known_fields.retire(["roof"])
    shown = facts(client, lead)
    assert "Flat roof" in shown
    assert '<option value="roof">' not in shown
    assert "Pitched roof" in save(client, lead, "roof", "pitched")
    other = Lead.objects.create(source="paste")
    assert '<option value="roof">' not in facts(client, other)
    add()
    assert '<option value="roof">' in facts(client, other)


def test_a_choice_that_is_gone_stays_with_who_has_it(client, lead):
    add()
    give(lead, "roof", "flat")
    add(choices=ROOF[1:])
    assert "Flat" in facts(client, lead)
    assert '<option value="flat" selected>Flat</option>' in facts(client, lead, "roof")
    assert "Select a valid choice" not in save(client, lead, "roof", "flat")
    assert "Select a valid choice" in save(client, Lead.objects.create(source="paste"), "roof", "flat")


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        (Kind.NUMBER, "85,000", "85000"),
        (Kind.NUMBER, " 2.50 ", "2.5"),
        (Kind.NUMBER, "-3", "-3"),
        (Kind.NUMBER, "two", "Write a number"),
        (Kind.NUMBER, "1,20", "Write a number"),
        (Kind.NUMBER, "1e5", "Write a number"),
        (Kind.NUMBER, "٣", "3"),
        (Kind.DATE, "2026-11-27", "2026-11-27"),
        (Kind.DATE, "2026-11-27 15:00", "2026-11-27T15:00"),
        (Kind.DATE, "27.11.", "Write the date"),
        (Kind.MONEY, "$1,200", "1200 USD"),
        (Kind.MONEY, "a lot", "Write an amount"),
        (Kind.YES_NO, "yes", "yes"),
        (Kind.YES_NO, "perhaps", "Select a valid choice"),
        (Kind.CHOICE, "flat", "flat"),
        (Kind.CHOICE, "Flat roof", "Select a valid choice"),
        (Kind.TEXT, "  slate ", "slate"),
        *((kind, "", "") for kind in EXTRA_KINDS),
    ],
)
def test_values_are_normalised_by_kind_or_refused_in_words(db, kind, typed, stored):
    add(kind=kind, choices=ROOF if kind is Kind.CHOICE else ())
    form = ValueForm({"value": typed}, field="roof")
    if form.is_valid():
        assert form.cleaned_data["value"] == stored
    else:
        assert stored
        assert stored in str(form.errors["value"])


def test_merged_with_its_label_after_the_other_facts(db, lead):
    add()
    other = Lead.objects.create(source="paste", first_name="Ana")
    give(lead, "roof", "flat")
    give(other, "roof", "pitched")
    give(other, "place", "Austin")
    planned = plan([lead, other])
    rows = result(planned, planned.choices())
    assert [row[0] for row in rows] == ["first_name", "place", "roof", "status"]
    assert rows[2][1:] in (("Roof", "Flat roof"), ("Roof", "Pitched roof"))
