"""What services send, made flat, and what comes of it."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.tests.webhook_calls import ELEMENTOR, TYPEFORM, WEBFLOW
from leads.values import Contact
from leads.webhook_mapping import inquiry_of, is_for, proposed
from leads.webhook_payloads import Unreadable, Value, guess, leadgens, parse, sender_id, values_of

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def come(kind, payload):
    values = values_of(kind, payload)
    return inquiry_of(values, proposed(values))


def test_typeform_is_read_by_its_questions():
    inquiry = come("typeform", parse(json.dumps(TYPEFORM).encode(), JSON))
    assert inquiry.contact == Contact("Ana", "Lopez", "ana@example.com", "+15125550142", "")
    assert inquiry.text == ("My brakes squeal.\n\nWhen? This week\nWhich days? Mon, Fri, Sat\nFirst visit? yes")
    assert sender_id("typeform", TYPEFORM) == "a3a12ec67a1365927098a606107fac15"


def test_webflow():
    inquiry = come("webflow", WEBFLOW)
    assert inquiry.contact == Contact(first_name="Zaphod", email="zaphod@example.com")
    assert inquiry.text == "My ship rattles."
    assert sender_id("webflow", WEBFLOW) == "6321ca84df3949bfc6752327"


def test_elementor_with_advanced_data_and_without():
    inquiry = come("elementor", parse(urlencode(ELEMENTOR).encode(), FORM))
    assert inquiry.contact == Contact("Mark", "Bruxner", "mark@example.com")
    assert inquiry.text == "The brakes squeal.\nCould you look?\n\nCar: 2019 Civic & more"
    plain = parse(urlencode({"Name": "Mark Bruxner", "Email": "m@example.com", "form_id": "1"}).encode(), FORM)
    assert come("elementor", plain).contact == Contact("Mark", "Bruxner", "m@example.com")


def test_any_json_is_read_leaf_by_leaf():
    payload = {
        "data": {"customer": {"e-mail": "a@example.com", "full_name": "Carmen Jones"}, "tags": ["a", "b"]},
        "items": [{"label": "Oil"}, {"label": "Brakes"}],
        "id": 5,
        "agreed": False,
        "none": None,
    }
    assert values_of("other", payload) == [
        Value("data.customer.e-mail", "e-mail", "a@example.com"),
        Value("data.customer.full_name", "full_name", "Carmen Jones"),
        Value("data.tags", "tags", "a, b"),
        Value("items.0.label", "label", "Oil"),
        Value("items.1.label", "label", "Brakes"),
        Value("id", "id", "5"),
        Value("agreed", "agreed", "no"),
    ]
    assert come("other", payload).contact == Contact("Carmen", "Jones", "a@example.com")


def test_facebook_with_its_answers_and_without():
    answered = {"leadgen_id": "1", "field_data": [{"name": "full_name", "values": ["Joe Doe"]}]}
    assert come("facebook", answered).contact == Contact("Joe", "Doe")
    assert leadgens(answered) == [answered]
    assert leadgens({"entry": [{"changes": [{"field": "feed", "value": {"leadgen_id": "1"}}]}]}) == []
    assert leadgens([1]) == []


@pytest.mark.parametrize(
    ("body", "content_type", "sentence"),
    [
        (b"\xff", JSON, "It is not UTF-8."),
        (b'{"a": ', JSON, "It is not valid JSON."),
        (b"[" * 100_000, JSON, "It is not valid JSON."),
        (b"a=1", JSON, "It is said to be JSON and is not."),
        (b"hello", "text/plain", "It is neither JSON nor a form."),
        (b"&".join(b"a=1" for _ in range(2000)), FORM, "It has more than 1,000 fields."),
        (
            b"--x",
            "multipart/form-data; boundary=x",
            "It is a form with files (multipart). Have it sent as JSON or as a plain form.",
        ),
    ],
)
def test_what_can_not_be_read_is_said_plainly(body, content_type, sentence):
    with pytest.raises(Unreadable) as error:
        parse(body, content_type)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    "payload", [None, 5, "x", [], {}, [[[]]], {"form_response": 5}, {"payload": []}, {"fields": 1}]
)
@pytest.mark.parametrize("kind", ["typeform", "webflow", "elementor", "facebook", "other"])
def test_no_payload_breaks_the_reader(kind, payload):
    assert all(value.text for value in values_of(kind, payload))
    assert sender_id(kind, payload) == ""


TEXTS = st.text(max_size=20)
PLACES = st.sampled_from(
    ["form_response", "answers", "field", "fields", "payload", "data", "field_data", "entry", "type"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLACES | TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["typeform", "webflow", "elementor", "facebook", "other"]), ANYTHING)
def test_whatever_comes_is_read_without_an_error(kind, payload):
    values = values_of(kind, payload)
    inquiry = inquiry_of(values, proposed(values))
    assert all(isinstance(text, str) for text in (inquiry.text, inquiry.contact.email, sender_id(kind, payload)))
    assert all("leadgen_id" in found or "field_data" in found for found in leadgens(payload))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Email", "email"),
        ("your-phone", "phone"),
        ("Nachname", "last_name"),
        ("Company name", "company"),
        ("How can we help?", "message"),
        ("name", "name"),
        ("form_id", ""),
        ("user_agent", ""),
        ("Colour", "extra"),
    ],
)
def test_what_a_value_probably_is(name, expected):
    assert guess(Value(name, name, "x")) == expected


def test_a_question_that_was_added_since_is_kept_and_another_form_waits():
    mapping = {"email": "email", "site": ""}
    values = [Value("email", "Email", "a@b.de"), Value("site", "site", "x"), Value("new", "New", "yes")]
    assert inquiry_of(values, mapping).text == "New: yes"
    assert is_for(mapping, values)
    assert not is_for(mapping, [Value("site", "site", "x"), Value("new", "New", "yes")])


def test_what_does_not_fit_its_column_is_not_lost():
    inquiry = inquiry_of([Value("p", "Phone", "1" * 60)], {"p": "phone"})
    assert inquiry.contact.phone == "1" * 40
    assert inquiry.text == "Phone: " + "1" * 60
