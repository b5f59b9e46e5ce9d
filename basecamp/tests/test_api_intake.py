import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from basecamp.tests.made import told
from leads import api_keys
from leads.intake import LONGEST_TEXT
from leads.models import ApiKey, FieldValue, Lead, StageRun, Submission

URL = "/api/v1/intake"
SOURCES = "web_form, paste, email, csv_import, api"
INQUIRY = {
    "message": "My brakes squeal. Grüße, 马克 🚗",
    "contact": {
        "first_name": " Mark ",
        "last_name": "Bruxner",
        "email": "Mark@Example.com",
        "phone": "+1 512 555 0142",
        "company": "Bruxner & Sons",
    },
    "source": "web_form",
    "custom_fields": {"campaign": "spring", "visits": 3, "tags": ["a", {"b": None}], "share": 0.25},
    "unknown": "kept as well",
}


@pytest.fixture
def key(staff):
    return api_keys.create("Website")


@pytest.fixture
def send(key):
    def send(body, content_type="application/json", **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client().post(URL, raw, content_type=content_type, headers={"X-API-Key": key.text} | names)

    return send


def test_an_inquiry_is_stored_as_it_came_and_answered_at_once(send):
    response = send(INQUIRY)
    lead = Lead.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "lead_id": str(lead.public_id),
        "status_url": f"{settings.SITE_URL}/api/v1/leads/{lead.public_id}",
    }
    submission = lead.submissions.get()
    assert submission.payload == INQUIRY
    assert (submission.text, submission.source, lead.source) == (INQUIRY["message"], "web_form", "web_form")
    assert (lead.name, lead.email, lead.company) == ("Mark Bruxner", "Mark@Example.com", "Bruxner & Sons")
    assert set(lead.values.values_list("field", "origin", "state")) == {
        (field, FieldValue.Origin.SUBMITTER, FieldValue.State.CURRENT) for field in INQUIRY["contact"]
    }
    assert list(lead.runs.values_list("stage", "state")) == [("extract", StageRun.State.PENDING)]


@pytest.mark.parametrize(
    "body",
    [
        {"message": "x"},
        {"message": "x", "contact": None, "source": None, "custom_fields": None, "idempotency_key": None},
        {"message": "x", "contact": {}},
        {"message": "x", "contact": {"email": None, "phone": ""}},
        {"message": "x", "source": ""},
        {"message": "x" * LONGEST_TEXT},
        {"message": "\U0001f697" * 160_000},  # 1.9 MB once JSON has escaped it
    ],
)
def test_only_the_message_is_required(send, body):
    response = send(body)
    assert response.status_code == 201, response.content
    lead = Lead.objects.get()
    assert (lead.source, lead.submissions.get().text) == ("api", body["message"])
    assert not lead.values.exists()


@pytest.mark.parametrize(
    ("sent", "first", "last"),
    [
        ({"utm_source": "Google", "gclid": "x"}, {"utm_source": "Google", "gclid": "x"}, None),
        ({"first": {"utm_id": 5}, "last": {"fbclid": "y"}}, {"utm_id": "5"}, {"fbclid": "y"}),
        ({"landing_page": "https://a.example/?email=a@b.example#x"}, {"landing_page": "https://a.example/"}, None),
        ({"utm_source": {"a": 1}, "password": "x", "gclid": "<b>"}, {}, None),
        ({"first": "x" * 300_000}, {}, None),
        ({}, {}, None),
        (None, {}, None),
    ],
)
def test_how_somebody_came_is_checked_and_never_an_error(send, sent, first, last):
    body = {"message": "x", "attribution": sent}
    assert send(body).status_code == 201
    lead = Lead.objects.get()
    assert (lead.first_touch, lead.last_touch) == (first, first if last is None else last)
    assert lead.submissions.get().payload == body, "as it came"


def test_how_somebody_came_is_an_object(send):
    assert send({"message": "x", "attribution": "google"}).status_code == 422


def test_numbers_in_contact_fields_are_read_as_text(send):
    assert send({"message": "x", "contact": {"phone": 5125550142}}).status_code == 201
    assert Lead.objects.get().phone == "5125550142"


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        (b"", 422, "invalid", "The body is required."),
        (b"null", 422, "invalid", "The body must be a JSON object."),
        (b"[]", 422, "invalid", "The body must be a JSON object."),
        (b'"text"', 422, "invalid", "The body must be a JSON object."),
        (b"{}", 422, "invalid", "“message” is required."),
        ({"message": None}, 422, "invalid", "“message” must be text."),
        ({"message": 5}, 422, "invalid", "“message” must be text."),
        ({"message": ["x"]}, 422, "invalid", "“message” must be text."),
        ({"message": ""}, 422, "invalid", "“message” must not be blank."),
        ({"message": " \n\t\u2003"}, 422, "invalid", "“message” must not be blank."),
        (
            {"message": "x" * (LONGEST_TEXT + 1)},
            422,
            "invalid",
            "“message” must not have more than 200,000 characters.",
        ),
        ({"message": "x", "source": "fax"}, 422, "invalid", f"“source” must be one of: {SOURCES}."),
        ({"message": "x", "source": 1}, 422, "invalid", "“source” must be text."),
        ({"message": "x", "contact": "Mark"}, 422, "invalid", "“contact” must be a JSON object."),
        ({"message": "x", "contact": []}, 422, "invalid", "“contact” must be a JSON object."),
        ({"message": "x", "contact": {"email": ["a"]}}, 422, "invalid", "“contact.email” must be text."),
        ({"message": "x", "contact": {"phone": True}}, 422, "invalid", "“contact.phone” must be text."),
        (
            {"message": "x", "contact": {"phone": "1" * 41}},
            422,
            "invalid",
            "“contact.phone” must not have more than 40 characters.",
        ),
        ({"message": "x", "custom_fields": [1]}, 422, "invalid", "“custom_fields” must be a JSON object."),
        (
            {"message": "x", "custom_fields": {str(n): n for n in range(201)}},
            422,
            "invalid",
            "“custom_fields” must not have more than 200 entries.",
        ),
        (
            {"message": "x", "idempotency_key": "k" * 151},
            422,
            "invalid",
            "“idempotency_key” must not have more than 150 characters.",
        ),
        ({"message": 1, "source": 2}, 422, "invalid", "“message” must be text. (1 more like this.)"),
        (
            b'{"message": "x",}',
            400,
            "invalid_json",
            "The body is not valid JSON: Expecting property name enclosed in double quotes at line 1, column 17.",
        ),
        (
            b'{"message": "x\x00"}',
            400,
            "invalid_json",
            "The body is not valid JSON: Invalid control character at at line 1, column 15.",
        ),
        (b'{"message": "\xff"}', 400, "invalid_json", "The body is not UTF-8."),
        ('{"message": "x"}'.encode("utf-16"), 400, "invalid_json", "The body is not UTF-8."),
        (
            b'{"message": "x", "custom_fields": {"a": NaN}}',
            400,
            "invalid_json",
            "The body is not valid JSON: NaN is no JSON value.",
        ),
        (
            b'{"message": "x", "custom_fields": {"a": -Infinity}}',
            400,
            "invalid_json",
            "The body is not valid JSON: -Infinity is no JSON value.",
        ),
        (
            b'{"message": "a\\u0000b"}',
            422,
            "invalid",
            "The body holds a NUL character (\\u0000), which can't be stored.",
        ),
        (
            b'{"message": "x", "custom_fields": {"\\u0000": 1}}',
            422,
            "invalid",
            "The body holds a NUL character (\\u0000), which can't be stored.",
        ),
        (b'{"message": "a\\ud800"}', 422, "invalid", "The body holds half a character (a lone surrogate)."),
        (
            b'{"message": "x", "custom_fields": {"a": 1e999}}',
            422,
            "invalid",
            "The body holds a number that is too large; send it as text.",
        ),
        (
            b'{"message": "x", "custom_fields": {"a": 1' + b"0" * 5000 + b"}}",
            422,
            "invalid",
            "The body holds a number that is too large; send it as text.",
        ),
        (
            b'{"message": "x", "custom_fields": {"a": ' + b"[" * 19 + b"]" * 19 + b"}}",
            422,
            "invalid",
            "The body is nested deeper than 20 levels.",
        ),
        (
            b'{"message": "x", "a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
            422,
            "invalid",
            "The body is nested deeper than 20 levels.",
        ),
        (
            b'{"message": "' + b"x" * 2_000_000 + b'"}',
            413,
            "too_large",
            "The body must not be larger than 2 MB.",
        ),
    ],
)
def test_what_it_refuses(send, body, status, code, message):
    response = send(body)
    assert (response.status_code, told(response)) == (status, {"code": code, "message": message})
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("application/json; charset=UTF-8", 201),
        ("application/vnd.api+json", 201),
        ("text/json", 415),
        ("text/plain", 415),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
        ("nonsense", 415),
    ],
)
def test_only_json_is_taken(send, content_type, status):
    response = send({"message": "x"}, content_type)
    assert response.status_code == status
    if status == 415:
        assert told(response) == {
            "code": "unsupported_media_type",
            "message": "Send JSON in UTF-8: “Content-Type: application/json”.",
        }


def test_a_body_without_a_length_is_refused(key):
    response = Client().generic(
        "POST", URL, headers={"X-API-Key": key.text, "Transfer-Encoding": "chunked"}, content_type="application/json"
    )
    assert (response.status_code, response.json()["code"]) == (411, "length_required")


@pytest.mark.parametrize("by", ["header", "body"])
def test_the_same_idempotency_key_answers_with_the_same_lead(send, by):
    def once(message):
        if by == "header":
            return send({"message": message}, Idempotency_Key="order-1")
        return send({"message": message, "idempotency_key": "order-1"})

    first, second = once("Hello"), once("Hello again")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Submission.objects.get().text == "Hello"


def test_idempotency_keys_belong_to_an_api_key(send):
    assert send({"message": "x"}, Idempotency_Key="1").status_code == 201
    assert send({"message": "x"}, Idempotency_Key="2").status_code == 201
    other = api_keys.create("Other").text
    assert send({"message": "x"}, Idempotency_Key="1", X_API_Key=other).status_code == 201
    assert Lead.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "header", "message"),
    [
        ("a", "b", "The header “Idempotency-Key” and “idempotency_key” differ."),
        (None, "k" * 151, "“Idempotency-Key” must not have more than 150 characters."),
    ],
)
def test_wrong_idempotency_keys(send, body, header, message):
    response = send({"message": "x", "idempotency_key": body}, Idempotency_Key=header)
    expected = (409, "conflict") if body else (422, "invalid")
    assert (response.status_code, told(response)) == (expected[0], {"code": expected[1], "message": message})


@pytest.mark.django_db(transaction=True)
def test_of_equal_requests_at_once_exactly_one_is_the_first(send):
    def one(_):
        try:
            return send({"message": "x"}, Idempotency_Key="race")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        responses = list(pool.map(one, range(6)))
    assert sorted(response.status_code for response in responses) == [200] * 5 + [201]
    assert len({response.json()["lead_id"] for response in responses}) == 1
    assert Lead.objects.count() == 1


def test_it_takes_few_queries_and_remembers_the_key_was_used(send, key, django_assert_max_num_queries):
    send({"message": "warm"})
    with django_assert_max_num_queries(20, connection=connection):
        response = send(INQUIRY)
    assert uuid.UUID(response.json()["lead_id"])
    assert ApiKey.objects.get().last_used_at is not None
