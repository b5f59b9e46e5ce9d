import hashlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crm_sync import airtable
from crm_sync.cells import CUT_MARK, Omit, Problem, payload, payload_hash, to_cell
from crm_sync.mapping import (
    COMPUTED_TYPES,
    META_FIELDS,
    OUR_FIELDS,
    TYPES_BY_KIND,
    Mapping,
    OurField,
    RemoteField,
    Target,
    compatible,
    propose,
    refusals,
)
from leads.fields import FIELDS, Kind
from tests.servers.airtable import AirtableServer
from tests.servers.airtable_table import NUMBER_TYPES, OTHER_TYPES, TEXT_TYPES, Field, select

CHICAGO = ZoneInfo("America/Chicago")
INTENT = RemoteField("fldI", "Intent", "singleSelect", ("Quote Request", "Support"))
SOURCE = RemoteField("fldS", "Source", "singleSelect", ("Website Form", "Paste", "Email", "CSV Import", "API"))
TAGS = RemoteField("fldT", "Tags", "multipleSelects", ("Roof", "Fire damage"))


def remote(airtable_type: str, name: str = "Field", *options: str) -> RemoteField:
    return RemoteField(f"fld{name}", name, airtable_type, options)


def test_our_fields_are_the_lead_fields_and_the_meta_fields():
    assert OUR_FIELDS.keys() == FIELDS.keys() | META_FIELDS.keys()
    assert not FIELDS.keys() & META_FIELDS.keys()
    assert TYPES_BY_KIND.keys() == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_text_takes_everything_and_computed_fields_nothing(kind):
    assert compatible(kind, "singleLineText") == (True, "")
    for airtable_type in COMPUTED_TYPES:
        assert compatible(kind, airtable_type) == (False, "Airtable fills this field by itself.")
    assert compatible(kind, "multipleRecordLinks")[0] is False
    assert compatible(kind, "something new")[0] is False


@pytest.mark.parametrize(
    ("kind", "airtable_type", "fits"),
    [
        ("email", "email", True),
        ("email", "phoneNumber", False),
        ("phone", "phoneNumber", True),
        ("url", "url", True),
        ("choice", "singleSelect", True),
        ("long_text", "singleSelect", False),
        ("list", "multipleSelects", True),
        ("list", "singleSelect", False),
        ("date", "dateTime", True),
        ("money", "currency", True),
        ("number", "number", True),
        ("number", "percent", False),
        ("number", "rating", False),
        ("text", "number", False),
    ],
)
def test_kinds_fit_types(kind, airtable_type, fits):
    assert compatible(kind, airtable_type)[0] is fits


def test_the_owners_usual_table_is_mapped_whole():
    with AirtableServer(rate=None) as server:
        connection = airtable.Connection(server.token, server.base_id, "Leads", server.url)
        fields = airtable.fetch_schema(connection).fields
    by_id = {item.id: item.name for item in fields}
    proposed = {mapping.our_key: by_id[mapping.field_id] for mapping in propose(OUR_FIELDS.values(), fields)}
    assert proposed == {
        "lead_id": "Lead ID",
        "name": "Name",
        "message": "Message",
        "source": "Source",
        "status": "Status",
        "quality_score": "Quality Score",
        "received_at": "Received At",
        "first_name": "First Name",
        "last_name": "Last Name",
        "email": "Email",
        "phone": "Phone",
        "company": "Company",
        "intent": "Intent",
        "urgency": "Urgency",
        "summary": "Summary",
    }
    assert refusals(propose(OUR_FIELDS.values(), fields), fields) == {}


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ([remote("email", "E-Mail")], {"email": "E-Mail"}),
        ([remote("email", "e_mail address")], {"email": "e_mail address"}),
        ([remote("phoneNumber", "Email")], {}),
        ([remote("formula", "Name"), remote("singleLineText", "Full Name")], {"name": "Full Name"}),
        ([remote("singleLineText", "Contact"), remote("singleLineText", "Name")], {"name": "Name"}),
        ([remote("singleLineText", "Reply draft"), remote("multilineText", "Draft reply")], {"reply": "Draft reply"}),
        ([remote("email", "Lead ID")], {}),
        ([remote("singleSelect", "Lead ID")], {}),
        ([remote("singleLineText", "baseCamp ID")], {"lead_id": "baseCamp ID"}),
        ([remote("multilineText", "Notes"), remote("currency", "Deal value"), remote("date", "Date")], {}),
        ([remote("number", "Budget")], {"amount": "Budget"}),
    ],
)
def test_proposals_go_by_name_and_type(offered, expected):
    names = {item.id: item.name for item in offered}
    assert {item.our_key: names[item.field_id] for item in propose(OUR_FIELDS.values(), offered)} == expected


def test_no_two_of_our_fields_get_the_same_column():
    ours = [OurField("roof", "Roof type", Kind.TEXT), OurField("type", "Roof Type", Kind.TEXT)]
    first, second = remote("singleLineText", "Roof type"), RemoteField("fld2", "roof_type", "singleSelect", ("Flat",))
    assert propose(ours, [first]) == [Mapping("roof", first.id)]
    assert propose(ours, [first, second]) == [Mapping("roof", first.id), Mapping("type", second.id)]


def test_wrong_mappings_are_refused():
    fields = [remote("singleSelect", "A"), remote("formula", "B"), remote("email", "C"), remote("singleLineText", "D")]
    mappings = [
        Mapping("lead_id", "fldA"),
        Mapping("name", "fldB"),
        Mapping("email", "fldC"),
        Mapping("phone", "fldC"),
        Mapping("company", "fldGone"),
        Mapping("nonsense", "fldD"),
    ]
    assert refusals(mappings, fields) == {
        "lead_id": "The lead ID needs a plain text field.",
        "name": "Airtable fills this field by itself.",
        "phone": "“C” is already used by another field.",
        "company": "This field is no longer in the Airtable table.",
        "nonsense": "Unknown field.",
    }
    assert refusals([], fields) == {"lead_id": "The lead ID must be mapped: by it a lead finds its record."}
    assert refusals([Mapping("lead_id", "fldD")], fields) == {}


@pytest.mark.parametrize(
    ("kind", "value", "airtable_type", "cell"),
    [
        ("text", "  Ana  ", "singleLineText", "Ana"),
        ("text", "two\nlines", "singleLineText", "two lines"),
        ("long_text", "two\r\nlines\x00", "multilineText", "two\nlines"),
        ("long_text", "=1+1", "multilineText", "'=1+1"),
        ("text", "@SUM(A1)", "singleLineText", "'@SUM(A1)"),
        ("text", "-2+3+cmd", "singleLineText", "'-2+3+cmd"),
        ("text", "＝1", "singleLineText", "'＝1"),
        ("text", "a=b", "singleLineText", "a=b"),
        ("email", "=a@example.com", "singleLineText", "'=a@example.com"),
        ("phone", "+15125550142", "singleLineText", "+15125550142"),
        ("phone", "+15125550142", "phoneNumber", "+15125550142"),
        ("phone", "+1 (512) 555-0142 ext. 5", "phoneNumber", "+1 (512) 555-0142 ext. 5"),
        ("number", -5, "singleLineText", "-5"),
        ("long_text", "[x](http://e.com) *b*", "richText", r"\[x\](http://e.com) \*b\*"),
        ("email", "ana@example.com", "email", "ana@example.com"),
        ("url", "https://example.com/a?b=1", "url", "https://example.com/a?b=1"),
        ("url", "example.com", "url", "https://example.com"),
        ("number", 85, "number", 85),
        ("number", "85.0", "number", 85),
        ("number", 0, "number", 0),
        ("number", "-1.5", "number", -1.5),
        ("money", "4000", "currency", 4000),
        ("money", "4000 USD", "singleLineText", "4000 USD"),
        ("choice", "quote_request", "singleLineText", "Quote Request"),
        ("choice", "high", "multilineText", "High"),
        ("list", "roof, fire", "multilineText", "roof, fire"),
        ("text", "Yes", "checkbox", True),
        ("text", False, "checkbox", False),
    ],
)
def test_cells(kind, value, airtable_type, cell):
    written = to_cell(value, kind=kind, remote=remote(airtable_type))
    assert (written, type(written)) == (cell, type(cell))


@pytest.mark.parametrize(
    ("kind", "value", "airtable_type", "reason"),
    [
        ("email", "ana", "email", "“ana” is not an e-mail address."),
        ("email", "=cmd@example.com", "email", "“=cmd@example.com” is not an e-mail address."),
        ("phone", "=1+1", "phoneNumber", "“=1+1” is not a phone number."),
        ("phone", "call me", "phoneNumber", "“call me” is not a phone number."),
        ("url", "javascript:alert(1)", "url", "“javascript:alert(1)” is not a web address."),
        ("url", "https://a b", "url", "“https://a b” is not a web address."),
        ("number", "many", "number", "“many” is not a number."),
        ("number", float("nan"), "number", "“nan” is not a number."),
        ("number", "1e999", "number", "“1e999” is not a number."),
        ("date", "next Friday", "date", "“next Friday” is not a date."),
        ("date", "2026-02-30", "date", "“2026-02-30” is not a date."),
        ("date", "2026-11-27Tx", "dateTime", "“2026-11-27Tx” is not a date."),
        ("date", "0001-01-01T00:00+14:00", "dateTime", "“0001-01-01T00:00+14:00” is not a date."),
        ("text", "perhaps", "checkbox", "“perhaps” is neither yes nor no."),
        ("email", "ana@example.com", "number", "A field of type number can’t hold this kind of value."),
    ],
)
def test_values_that_do_not_fit(kind, value, airtable_type, reason):
    assert to_cell(value, kind=kind, remote=remote(airtable_type)) == Problem(reason)


@pytest.mark.parametrize("value", ["", "  ", None, "\x00"])
def test_nothing_to_write(value):
    assert to_cell(value, kind="text", remote=remote("singleLineText")) == Omit()


def test_an_amount_is_sent_as_a_number_and_its_currency_told():
    written = to_cell("4000.50 EUR", kind="money", remote=remote("currency"))
    assert written == Problem("Sent as a number, without the currency EUR.", 4000.5)


@pytest.mark.parametrize(
    ("value", "airtable_type", "cell"),
    [
        ("2026-11-27", "date", "2026-11-27"),
        ("2026-11-27T23:30", "date", "2026-11-27"),
        ("2026-11-28T03:00:00+00:00", "date", "2026-11-27"),
        ("2026-11-27", "dateTime", "2026-11-27T06:00:00.000Z"),
        ("2026-11-27T15:00", "dateTime", "2026-11-27T21:00:00.000Z"),
        ("2026-07-01T15:00", "dateTime", "2026-07-01T20:00:00.000Z"),
        ("2026-11-27T15:00:00Z", "dateTime", "2026-11-27T15:00:00.000Z"),
        (datetime(2026, 11, 28, 3, 0, 5, 99, tzinfo=UTC), "dateTime", "2026-11-28T03:00:05.000Z"),
        (datetime(2026, 11, 28, 3, 0, tzinfo=UTC), "date", "2026-11-27"),
    ],
)
def test_dates_are_in_the_businesss_zone(value, airtable_type, cell):
    assert to_cell(value, kind="date", remote=remote(airtable_type), zone=CHICAGO) == cell


@pytest.mark.parametrize(
    ("kind", "value", "field", "value_map", "cell"),
    [
        ("choice", "quote_request", INTENT, {}, "Quote Request"),
        ("choice", "QUOTE REQUEST", INTENT, {}, "Quote Request"),
        ("choice", "web_form", SOURCE, {}, "Website Form"),
        ("choice", "csv_import", SOURCE, {}, "CSV Import"),
        ("choice", "email", SOURCE, {}, "Email"),
        ("choice", "api", SOURCE, {}, "API"),
        ("choice", "general", INTENT, {"general": "Support"}, "Support"),
        ("choice", "quote_request", INTENT, {"quote_request": ""}, Omit()),
        ("choice", "support", INTENT, {"support": "Help"}, Problem("“support” is not an option of “Intent”.")),
        ("choice", "complaint", INTENT, {}, Problem("“complaint” is not an option of “Intent”.")),
        ("text", "a new option", INTENT, {}, Problem("“a new option” is not an option of “Intent”.")),
        ("choice", "high", remote("singleSelect", "X"), {}, Problem("“high” is not an option of “X”.")),
        ("list", "fire damage, roof, Roof", TAGS, {}, ["Fire damage", "Roof"]),
        ("list", "roof, hail", TAGS, {}, Problem("“hail” is not an option of “Tags”.", ["Roof"])),
        ("list", "hail, , wind", TAGS, {}, Problem("“hail”, “wind” are not options of “Tags”.")),
        ("list", " , ", TAGS, {}, Omit()),
        ("choice", "roof", TAGS, {}, ["Roof"]),
    ],
)  # fmt: skip
def test_selects_get_only_options_they_have(kind, value, field, value_map, cell):
    assert to_cell(value, kind=kind, remote=field, value_map=value_map) == cell


@pytest.mark.parametrize("letter", ["x", "é", "🙂", "\ud800"])
def test_long_text_is_cut_with_a_mark(letter):
    written = to_cell(letter * 100_000, kind="long_text", remote=remote("multilineText"))
    assert written.endswith(CUT_MARK)
    assert 98_900 <= len(written.encode("utf-16-le")) / 2 <= 99_000
    whole = letter * 40_000
    assert to_cell(whole, kind="long_text", remote=remote("multilineText")) == whole


def test_a_payload_has_cells_by_field_id_and_notes():
    targets = [
        Target("lead_id", Kind.TEXT, remote("singleLineText", "Key")),
        Target("email", Kind.EMAIL, remote("email", "Mail")),
        Target("source", Kind.CHOICE, SOURCE),
        Target("intent", Kind.CHOICE, INTENT, {"inquiry": "Support"}),
        Target("urgency", Kind.CHOICE, remote("singleSelect", "Urgency", "Hot")),
        Target("date", Kind.DATE, remote("dateTime", "Day")),
        Target("topics", Kind.LIST, TAGS),
        Target("company", Kind.TEXT, remote("singleLineText", "Firm")),
    ]
    values = {
        "lead_id": "7b1e",
        "email": "ana@example.com",
        "source": "web_form",
        "intent": "inquiry",
        "urgency": "high",
        "date": "2026-11-27T15:00",
        "topics": "roof, hail",
        "company": "",
        "phone": "not mapped",
    }
    cells = {
        "fldKey": "7b1e",
        "fldMail": "ana@example.com",
        "fldS": "Website Form",
        "fldI": "Support",
        "fldDay": "2026-11-27T21:00:00.000Z",
        "fldT": ["Roof"],
    }
    notes = ["Urgency: “high” is not an option of “Urgency”.", "Topics: “hail” is not an option of “Tags”."]
    assert payload(values, targets, zone=CHICAGO) == (cells, notes)
    emptied = payload(values, targets, zone=CHICAGO, pushed_before={"lead_id", "email", "urgency", "company"})
    assert emptied == (cells | {"fldUrgency": None, "fldFirm": None}, notes)
    assert payload({}, targets, pushed_before={"lead_id"}) == ({}, [])


def test_what_a_payload_holds_is_what_airtable_takes():
    """Every kind into every type it may go to, through the real border."""
    samples = {
        Kind.TEXT: "yes",
        Kind.LONG_TEXT: "=1+1\n*x*",
        Kind.EMAIL: "ana@example.com",
        Kind.PHONE: "+15125550142",
        Kind.URL: "example.com",
        Kind.CHOICE: "yes",
        Kind.DATE: "2026-11-27T15:00",
        Kind.MONEY: "4000 USD",
        Kind.NUMBER: "85",
        Kind.LIST: "yes, no",
        Kind.YES_NO: "no",
    }
    with AirtableServer(rate=None, fields=list(_a_field_of_each_type())) as server:
        connection = airtable.Connection(server.token, server.base_id, "Leads", server.url)
        fields = airtable.fetch_schema(connection).fields
        for kind, sample in samples.items():
            targets = [Target(kind, kind, field) for field in fields if compatible(kind, field.type)[0]]
            cells, _ = payload({kind: sample}, targets)
            assert cells.keys() == {target.remote.id for target in targets}
            airtable.upsert(connection, [cells | {fields[0].id: kind}], key_field=fields[0].id)
        assert [record["fields"]["singleLineText"] for record in server.records] == list(samples)


def _a_field_of_each_type():
    yield Field("singleLineText", "singleLineText")
    for airtable_type in sorted((TEXT_TYPES | NUMBER_TYPES | OTHER_TYPES) - {"singleLineText"}):
        if airtable_type.endswith(("Select", "Selects")):
            yield select(airtable_type, "Yes", "No", several=airtable_type == "multipleSelects")
        else:
            yield Field(airtable_type, airtable_type)


def test_equal_payloads_have_equal_hashes():
    assert payload_hash({"a": 1, "b": ["x"]}) == payload_hash({"b": ["x"], "a": 1})
    assert payload_hash({"a": 1}) != payload_hash({"a": "1"})
    assert payload_hash({"a": None}) != payload_hash({})
    assert payload_hash({"a": "é"}) == hashlib.sha256(b'{"a":"\\u00e9"}').hexdigest()
