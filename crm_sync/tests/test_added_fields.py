"""Fields that the business added are mapped and pushed like those that every lead has."""

import pytest
from django.db import transaction

from crm_sync import connection
from crm_sync.cells import payload
from crm_sync.mapping import META_FIELDS, RemoteField, propose
from crm_sync.models import FieldMapping
from leads import known_fields
from leads.fields import FIELDS, Kind

ROOF = (("flat", "Flat roof"), ("pitched", "Pitched roof"))


@pytest.fixture
def roof(db) -> None:
    known_fields.add_or_change("roof", label="Roof", kind=Kind.CHOICE, choices=ROOF)


def test_what_a_lead_is_called_in_the_crm_is_no_key_of_a_field():
    assert META_FIELDS.keys() <= known_fields.RESERVED
    assert not known_fields.RESERVED & FIELDS.keys()


def test_proposed_by_its_name(roof):
    offered = [RemoteField("fld1", "Roof", "singleSelect", ("Flat roof",))]
    assert [pair.our_key for pair in propose(connection.our_fields().values(), offered)] == ["roof"]


def test_written_as_it_is_called_here_unless_mapped_otherwise(roof):
    row = FieldMapping.objects.create(
        our_field="roof", remote_id="fld1", remote_name="Roof", remote_type="singleSelect", options=["Flat roof"]
    )
    assert payload({"roof": "flat"}, connection.targets()) == ({"fld1": "Flat roof"}, [])
    assert payload({"roof": "pitched"}, connection.targets()) == (
        {},
        ["Roof: “pitched” is not an option of “Roof”."],
    )
    row.value_map = {"pitched": "Flat roof"}
    row.save()
    assert payload({"roof": "pitched"}, connection.targets()) == ({"fld1": "Flat roof"}, [])


def test_a_retired_field_is_not_proposed_but_what_was_mapped_still_goes(roof):
    FieldMapping.objects.create(our_field="roof", remote_id="fld1", remote_name="Roof", remote_type="singleLineText")
    with transaction.atomic():
        known_fields.retire(["roof"])
    assert "roof" not in connection.our_fields()
    assert payload({"roof": "flat"}, connection.targets()) == ({"fld1": "Flat roof"}, [])


def test_yes_and_no_tick_a_box(db):
    known_fields.add_or_change("insured", label="Insured", kind=Kind.YES_NO)
    FieldMapping.objects.create(our_field="insured", remote_id="fld1", remote_name="Insured", remote_type="checkbox")
    assert payload({"insured": "yes"}, connection.targets()) == ({"fld1": True}, [])
    assert payload({"insured": "no"}, connection.targets()) == ({"fld1": False}, [])
