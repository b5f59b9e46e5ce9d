"""What holds for the whole API: keys, scopes, rates, errors as JSON, the documentation."""

import datetime as dt
import logging

import jsonschema
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from basecamp.api import auth
from basecamp.api.schemas import LeadFilters
from basecamp.tests.made import told
from leads import api_keys
from leads.models import ApiKey, Lead

LEAD = "/api/v1/leads/7b6a2c1e-0000-4000-8000-000000000000"
OPERATIONS = [
    ("post", "/api/v1/intake", "intake"),
    ("get", "/api/v1/leads", "read"),
    ("get", LEAD, "read"),
    ("patch", LEAD, "write"),
    ("put", LEAD, "write"),
    ("delete", LEAD, "write"),
    ("get", f"{LEAD}/similar", "read"),
    ("get", "/api/v1/leads/stats/summary", "read"),
    ("post", "/api/v1/leads/export", "read"),
    ("post", "/api/v1/intake/batch", "intake"),
    ("post", "/api/v1/intake/check-similar", "read"),
]
UNAUTHORIZED = {
    "code": "unauthorized",
    "message": "Send a valid API key as “Authorization: Bearer KEY” or in the header “X-API-Key”.",
}


def ask(method: str, path: str, headers: dict[str, str], body: bytes = b'{"message": "Hello"}'):
    extra = {"data": body, "content_type": "application/json"} if method in ("post", "patch", "put") else {}
    return getattr(Client(), method)(path, headers=headers, **extra)


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer bc_wrong"},
        {"Authorization": f"Bearer bc_{'x' * 43}"},
        {"Authorization": "Basic b2xpdmlhOng="},
        {"X-API-Key": f"bc_{'x' * 43}"},
        {"X-API-Key": "ключ".encode().decode("latin-1")},
    ],
)
def test_every_operation_needs_a_key(staff, method, path, scope, headers):
    response = ask(method, path, headers)
    assert (response.status_code, told(response)) == (401, UNAUTHORIZED)
    assert response["WWW-Authenticate"] == 'Bearer realm="baseCamp"'
    assert not Lead.objects.exists()


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_every_operation_needs_its_own_scope(staff, method, path, scope):
    others = [other for other in api_keys.Scope.values if other != scope]
    key = api_keys.create("Others", scopes=others).text
    response = ask(method, path, {"X-API-Key": key})
    assert response.status_code == 403
    assert told(response) == {"code": "forbidden", "message": f"This key lacks the scope “{scope}”."}
    assert not Lead.objects.exists()


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_both_headers_open(staff, header):
    key = api_keys.create("Reader", scopes=["read"]).text
    value = f"Bearer {key}" if header == "Authorization" else key
    assert ask("get", "/api/v1/leads", {header: value}).status_code == 200


def test_a_staff_login_is_no_key(client):
    assert client.get("/api/v1/leads").status_code == 401


def test_a_revoked_key_opens_nothing(staff):
    key = api_keys.create("Reader", scopes=["read"]).text
    api_keys.revoke(ApiKey.objects.all())
    assert ask("get", "/api/v1/leads", {"X-API-Key": key}).status_code == 401


def test_an_expired_key_opens_nothing(staff):
    soon, past = (timezone.now() + dt.timedelta(seconds=seconds) for seconds in (60, -1))
    for expires_at, status in ((soon, 200), (past, 401)):
        key = api_keys.create("Reader", scopes=["read"], expires_at=expires_at).text
        assert ask("get", "/api/v1/leads", {"X-API-Key": key}).status_code == status


def test_each_key_has_its_own_rate(staff, monkeypatch):
    monkeypatch.setattr(auth, "WINDOW", 10**9)  # no window ends during the test
    key, other = (api_keys.create(name, scopes=["read"], requests_per_minute=3).text for name in "ab")
    answers = [ask("get", "/api/v1/leads", {"X-API-Key": key}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"per-key";q=3;w=1000000000'}
    assert [answer["RateLimit"].split(";")[:2] for answer in answers] == [
        ['"per-key"', f"r={left}"] for left in (2, 1, 0, 0)
    ]
    response = ask("get", "/api/v1/leads", {"X-API-Key": key})
    wait = int(response["Retry-After"])
    assert 0 < wait <= 10**9
    assert response.json()["code"] == "too_many_requests"
    assert response.json()["detail"].startswith("This key was used more than 3 times within a minute; try again in ")
    assert ask("get", "/api/v1/leads", {"X-API-Key": other}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v1", "/api/v1/", "/api/v2/leads", "/api/v1/leads/", "/api/v1/nothing", "/api/v1/leads/x/y"],
)
def test_unknown_addresses_answer_json(staff, path):
    response = Client().get(path)
    assert response.status_code == 404
    assert told(response) == {"code": "not_found", "message": "There is nothing at this address."}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("get", "/api/v1/intake", {"POST"}),
        ("get", "/api/v1/leads/export", {"POST"}),
        ("get", "/api/v1/intake/batch", {"POST"}),
        ("delete", "/api/v1/leads", {"GET"}),
        ("post", LEAD, {"GET", "PATCH", "PUT", "DELETE"}),
        ("post", "/api/v1/health", {"GET"}),
    ],
)
def test_wrong_methods_answer_json(staff, method, path, allowed):
    response = ask(method, path, {})
    assert response.status_code == 405
    assert set(response["Allow"].split(", ")) == allowed
    assert told(response) == {
        "code": "method_not_allowed",
        "message": f"{method.upper()} is not possible here; there are: {response['Allow']}.",
    }


def test_what_breaks_here_is_said_without_details(staff, monkeypatch, caplog):
    key = api_keys.create("Reader", scopes=["read"]).text

    def break_(*args, **kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("basecamp.api.leads.page_of", break_)
    with caplog.at_level(logging.ERROR):
        response = ask("get", "/api/v1/leads", {"X-API-Key": key})
    assert response.status_code == 500
    assert told(response) == {
        "code": "server_error",
        "message": "Something went wrong here. The log has the details.",
    }
    assert "secret detail" in caplog.text


def test_health_needs_no_key(staff):
    response = Client().get("/api/v1/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_health_says_when_the_database_is_gone(staff):
    def refuse(*args, **kwargs):
        raise OperationalError("gone")

    with connection.execute_wrapper(refuse):
        response = Client().get("/api/v1/health")
    assert response.status_code == 503
    assert told(response) == {"code": "unavailable", "message": "The database does not answer."}


def test_answers_are_not_cached_and_need_no_login_or_csrf_token(staff):
    key = api_keys.create("Website").text
    browser = Client(enforce_csrf_checks=True)
    response = browser.post(
        "/api/v1/intake", b'{"message": "Hello"}', content_type="application/json", headers={"X-API-Key": key}
    )
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


def test_the_documentation_is_complete_and_comes_from_here(staff):
    document = Client().get("/api/openapi.json").json()
    operations = {
        (method, path): operation for path, found in document["paths"].items() for method, operation in found.items()
    }
    assert set(operations) == {
        ("post", "/api/v1/intake"),
        ("get", "/api/v1/leads"),
        ("get", "/api/v1/leads/{lead_id}"),
        ("patch", "/api/v1/leads/{lead_id}"),
        ("put", "/api/v1/leads/{lead_id}"),
        ("delete", "/api/v1/leads/{lead_id}"),
        ("get", "/api/v1/leads/{lead_id}/similar"),
        ("get", "/api/v1/leads/stats/summary"),
        ("post", "/api/v1/leads/export"),
        ("post", "/api/v1/intake/batch"),
        ("post", "/api/v1/intake/check-similar"),
        ("get", "/api/v1/intake/health"),
        ("get", "/api/v1/health"),
    }
    assert document["openapi"] == "3.1.0"
    assert operations["post", "/api/v1/intake"]["security"] == [{"BearerKey": []}, {"HeaderKey": []}]
    assert set(operations["post", "/api/v1/intake"]["responses"]) == {
        *("200", "201", "400", "401", "403", "409", "411", "413", "414", "415", "422", "429", "500")
    }
    [header] = operations["post", "/api/v1/intake"]["parameters"]
    assert (header["in"], header["name"], header["required"]) == ("header", "Idempotency-Key", False)
    filters = {found["name"] for found in operations["get", "/api/v1/leads"]["parameters"]}
    assert filters == set(LeadFilters.model_fields)


def test_every_example_of_the_documentation_is_right(staff):
    document = Client().get("/api/openapi.json").json()
    bodies = [
        (name, content)
        for path in document["paths"].values()
        for operation in path.values()
        for name, body in [("request", operation.get("requestBody")), *operation["responses"].items()]
        for content in ((body or {}).get("content") or {}).values()
        if not (name == "200" and operation["operationId"] == "export_leads")
    ]
    shown = [content for name, content in bodies if name == "request" or int(name) < 400]
    assert len(shown) == 20
    for content in shown:
        schema = {**content["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(content["example"])


def test_the_documentation_page_alone_may_write_styles(staff):
    page = Client().get(reverse("api:openapi-view"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "style-src 'self' 'unsafe-inline'" in page["Content-Security-Policy"]
    assert "http" not in text.replace("http-equiv", "")  # nothing from elsewhere
    assert "unsafe" not in Client().get("/api/v1/health")["Content-Security-Policy"]
