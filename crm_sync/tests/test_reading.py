"""Cells that come back, as values of ours."""

import zoneinfo

import pytest

from crm_sync.cells import to_cell
from crm_sync.mapping import RemoteField, Target
from crm_sync.reading import Unreadable, can_come_back, from_cell
from leads.fields import INTENTS

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def target(kind: str, type_: str, **changes: object) -> Target:
    return Target("field", kind, RemoteField("fld1", "Field", type_, ("Angebot", "Support")), **changes)


@pytest.mark.parametrize(
    ("kind", "type_", "cell", "value"),
    [
        ("text", "singleLineText", " Acme ", "Acme"),
        ("text", "singleLineText", None, ""),
        ("text", "singleLineText", "'=1+1", "=1+1"),
        ("text", "singleLineText", "'quoted", "'quoted"),
        ("email", "email", "ana@example.com", "ana@example.com"),
        ("number", "number", 4.0, "4"),
        ("number", "number", 4.5, "4.5"),
        ("yes_no", "checkbox", True, "yes"),
        ("yes_no", "checkbox", None, "no"),
        ("list", "multipleSelects", ["a", "b"], "a, b"),
        ("date", "date", "2026-11-27", "2026-11-27"),
        ("date", "dateTime", "2026-11-27T14:00:00.000Z", "2026-11-27T15:00"),
        ("choice", "singleSelect", "Quote Request", "quote_request"),
        ("choice", "singleSelect", "quote request", "quote_request"),
        ("choice", "singleSelect", "Support", "support"),
    ],
)
def test_a_cell_as_a_value(kind, type_, cell, value):
    assert from_cell(cell, target(kind, type_), choices=INTENTS, zone=BERLIN) == value


def test_the_mapping_s_own_names_come_first():
    named = target("choice", "singleSelect", value_map={"quote_request": "Angebot", "support": ""})
    assert from_cell("Angebot", named, choices=INTENTS) == "quote_request"
    assert from_cell("Support", named, choices=INTENTS) == "support"


@pytest.mark.parametrize(("kind", "type_", "cell"), [("choice", "singleSelect", "Nonsense"), ("date", "date", "soon")])
def test_what_our_field_can_not_hold_says_so(kind, type_, cell):
    with pytest.raises(Unreadable, match=cell):
        from_cell(cell, target(kind, type_), choices=INTENTS)


@pytest.mark.parametrize(
    ("kind", "type_", "value"),
    [
        ("text", "singleLineText", "Acme"),
        ("text", "singleLineText", "=SUM(A1)"),
        ("email", "email", "ana@example.com"),
        ("phone", "phoneNumber", "+15125550142"),
        ("url", "url", "https://example.com/a"),
        ("number", "number", "12.5"),
        ("date", "dateTime", "2026-11-27T15:00"),
        ("date", "date", "2026-11-27"),
        ("yes_no", "checkbox", "yes"),
        ("money", "singleLineText", "4000 USD"),
        ("choice", "singleSelect", "support"),
    ],
)
def test_there_and_back_is_the_same(kind, type_, value):
    field = target(kind, type_)
    cell = to_cell(value, kind=kind, remote=field.remote, zone=BERLIN)
    assert can_come_back(kind, type_)
    assert from_cell(cell, field, choices=INTENTS, zone=BERLIN) == value


def test_what_is_escaped_on_the_way_does_not_come_back():
    assert not can_come_back("text", "richText")
    assert not can_come_back("long_text", "richText")
