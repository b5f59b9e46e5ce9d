"""Calls of other services: stored first, checked, taken in once, and nothing lost."""

import base64
import hashlib
import hmac
import json
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlencode

import pytest
from django.test import Client
from django_q.models import OrmQ

from leads import tasks, webhooks
from leads.intake import admit_waiting
from leads.models import Lead, Submission, Webhook, WebhookDelivery
from leads.tests.webhook_calls import ELEMENTOR, FACEBOOK, TYPEFORM, WEBFLOW
from leads.vault import seal
from leads.webhooks import mapping_for, save_mapping, take_due, values_of


def hook(kind="other", **columns):
    return Webhook.objects.create(name="Test", kind=kind, **columns)


def call(webhook, payload, content_type="application/json", **headers):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(enforce_csrf_checks=True).post(f"/in/{webhook.key}/", body, content_type=content_type, headers=names)


def map_as_proposed(webhook):
    values = webhooks.looked_at(webhook)
    return save_mapping(webhook, mapping_for(webhook, values))


def states(webhook):
    return list(webhook.deliveries.order_by("id").values_list("state", "problem"))


def test_a_call_is_stored_as_it_came_and_waits_for_its_mapping(anonymous):
    webhook = hook("typeform")
    body = json.dumps(TYPEFORM, indent=1).encode()
    response = call(webhook, body)
    assert (response.status_code, response.json()) == (200, {"ok": True})
    assert not response.cookies
    delivery = webhook.deliveries.get()
    assert (bytes(delivery.body), delivery.state, delivery.content_type) == (body, "waiting", "application/json")
    take_due()
    assert states(webhook) == [("unmapped", "Nobody said yet which value is what.")]
    assert not Submission.objects.exists()
    assert map_as_proposed(webhook) == 1
    take_due()
    assert states(webhook) == [("taken", "")]
    admit_waiting()
    lead = Lead.objects.get()
    assert (lead.name, lead.email, lead.source) == ("Ana Lopez", "ana@example.com", "web_form")
    submission = lead.submissions.get()
    assert submission.text.startswith("My brakes squeal.\n\nWhen? This week")
    assert submission.payload == {"webhook": "Test", "received": TYPEFORM}
    lead.delete()
    assert not WebhookDelivery.objects.exists()  # erased with the lead


def test_the_worker_takes_calls_in_by_itself(anonymous, django_capture_on_commit_callbacks):
    webhook = hook(mapping={"text": "message", "mail": "email"})
    with django_capture_on_commit_callbacks(execute=True):
        call(webhook, {"text": "Hello", "mail": "a@example.com"})
    assert OrmQ.objects.filter(key="basecamp").exists()  # the bell
    assert webhooks.is_due()
    tasks.work("basecamp")
    assert Lead.objects.get().email == "a@example.com"
    assert not webhooks.is_due()


@pytest.mark.parametrize(
    ("kind", "payload", "content_type"),
    [
        ("typeform", TYPEFORM, "application/json"),
        ("webflow", WEBFLOW, "application/json"),
        ("elementor", urlencode(ELEMENTOR).encode(), "application/x-www-form-urlencoded"),
        ("other", {"message": "Hi"}, "text/plain"),
    ],
)
def test_the_same_call_again_is_taken_once(anonymous, kind, payload, content_type):
    webhook = hook(kind)
    for _ in range(3):
        assert call(webhook, payload, content_type).status_code == 200
    map_as_proposed(webhook)
    take_due()
    assert states(webhook) == [("taken", ""), ("repeated", ""), ("repeated", "")]
    assert Submission.objects.count() == 1


def test_the_same_words_two_days_later_are_a_new_message(anonymous):
    webhook = hook(mapping={"message": "message"})
    call(webhook, {"message": "Call me"})
    take_due()
    WebhookDelivery.objects.update(received_at=webhook.created_at - 2 * webhooks.SAME_CALL)
    call(webhook, {"message": "Call me"})
    take_due()
    assert Submission.objects.count() == 2


def test_a_call_that_can_not_be_read_waits_and_blocks_no_other(anonymous):
    webhook = hook(mapping={"message": "message"})
    call(webhook, b'{"message": ')
    call(webhook, {"quite": {"another": "form"}})
    call(webhook, {"message": " "})
    call(webhook, {"message": "Hello"})
    take_due()
    assert states(webhook) == [
        ("unreadable", "It is not valid JSON."),
        ("unmapped", "None of its values are among those that were mapped."),
        ("unmapped", "None of its values are among those that were mapped."),
        ("taken", ""),
    ]


def test_nul_and_half_characters_are_no_error(anonymous):
    webhook = hook(mapping={"message": "message"})
    call(webhook, b'{"message": "a\\u0000b \\ud800"}')
    take_due()
    admit_waiting()
    assert Lead.objects.get().submissions.get().text == "a\ufffdb ?"


def test_typeform_signs_in_base64(anonymous):
    webhook = hook("typeform", secret=seal("s3cret"))
    body = json.dumps(TYPEFORM).encode()
    digest = hmac.digest(b"s3cret", body, hashlib.sha256)
    right = "sha256=" + base64.b64encode(digest).decode()
    assert call(webhook, body, Typeform_Signature=right).status_code == 200
    for wrong in ({}, {"Typeform_Signature": right[:-2]}, {"Typeform_Signature": "sha256=ü"}):
        response = call(webhook, body, **wrong)
        assert (response.status_code, response.json()["ok"]) == (401, False)
    assert call(webhook, body + b" ", Typeform_Signature=right).status_code == 401
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.parametrize("kind", ["facebook", "elementor", "other"])
def test_others_sign_as_facebook_does(anonymous, kind):
    webhook = hook(kind, secret=seal("s3cret"))
    right = "sha256=" + hmac.new(b"s3cret", b'{"a": 1}', hashlib.sha256).hexdigest()
    assert call(webhook, b'{"a": 1}', X_Hub_Signature_256=right).status_code == 200
    assert call(webhook, b'{"a": 2}', X_Hub_Signature_256=right).status_code == 401


def test_webflow_signs_with_the_time(anonymous):
    webhook = hook("webflow", secret=seal("s3cret"))
    for age, status in ((0, 200), (1000, 401)):
        stamp = str(int((time.time() - age) * 1000))
        right = hmac.new(b"s3cret", f"{stamp}:".encode() + b"{}", hashlib.sha256).hexdigest()
        answer = call(webhook, b"{}", X_Webflow_Timestamp=stamp, X_Webflow_Signature=right)
        assert answer.status_code == status
    assert call(webhook, b"{}", X_Webflow_Timestamp="now", X_Webflow_Signature=right).status_code == 401


def test_a_secret_that_can_not_be_read_lets_nobody_in(anonymous, settings):
    webhook = hook(secret=seal("s3cret"))
    settings.SECRET_KEY = "another one" * 5
    assert call(webhook, {"a": 1}).status_code == 503


def test_facebook_asks_before_it_sends(anonymous):
    webhook = hook("facebook")
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": webhook.verify_token}
    answer = anonymous.get(f"/in/{webhook.key}/", asked)
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert anonymous.get(f"/in/{webhook.key}/", asked | {"hub.verify_token": "x"}).status_code == 403
    assert b"Send POST" in anonymous.get(f"/in/{webhook.key}/").content


@pytest.fixture
def graph(settings):
    """A server that answers as Facebook's does."""

    class Handler(BaseHTTPRequestHandler):
        asked: list[tuple[str, str]] = []

        def do_GET(self):
            number = self.path.split("?")[0].rpartition("/")[2]
            self.asked.append((number, self.headers["Authorization"]))
            known = self.headers["Authorization"] == "Bearer page-token"
            fields = [{"name": "full_name", "values": [f"Joe {number[0]}"]}, {"name": "email", "values": ["j@e.com"]}]
            body = {"id": number, "field_data": fields} if known else {"error": {"message": "Invalid token"}}
            self.send_response(200 if known else 400)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.FACEBOOK_GRAPH_URL = f"http://127.0.0.1:{server.server_port}"
    yield Handler
    server.shutdown()
    server.server_close()


def test_facebook_is_asked_for_the_answers(anonymous, graph):
    webhook = hook("facebook")
    call(webhook, FACEBOOK)
    take_due()
    assert states(webhook) == [("waiting", "Facebook's answers can be asked for once a page access token is set.")]
    for token, expected in (("wrong", ("waiting", "Facebook refuses: Invalid token")), ("page-token", None)):
        webhook.access_token = seal(token)
        webhook.save()
        webhooks.try_again(webhook)
        take_due()
        assert states(webhook) == [expected or ("unmapped", "Nobody said yet which value is what.")]
    paths = [value.path for value in values_of(webhook.deliveries.get())]
    assert paths[:2] == ["field_data.full_name", "field_data.email"]
    asked = len(graph.asked)
    map_as_proposed(webhook)
    take_due()
    call(webhook, FACEBOOK)
    take_due()
    assert [state for state, _ in states(webhook)] == ["taken", "repeated"]
    admit_waiting()
    assert sorted(Lead.objects.values_list("last_name", flat=True)) == ["4", "5"]
    assert len(graph.asked) == asked + 2  # once for what was repeated; what was known isn't asked for again


def test_while_facebook_is_away_it_is_asked_once_and_everything_waits(anonymous, settings):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.FACEBOOK_GRAPH_URL = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    webhook = hook("facebook", access_token=seal("page-token"))
    for number in range(3):
        call(webhook, FACEBOOK | {"object": f"page {number}"})
    take_due()
    assert states(webhook) == [("waiting", "Facebook does not answer."), ("waiting", ""), ("waiting", "")]
    assert not webhooks.is_due()


def test_a_webhook_takes_only_so_many_calls(anonymous, monkeypatch):
    monkeypatch.setattr("leads.views.webhook_in.WINDOW", 10**9)
    webhook, other = hook(per_minute=2), hook(per_minute=2)
    assert [call(webhook, {"a": 1}).status_code for _ in range(3)] == [200, 200, 429]
    assert int(call(webhook, {"a": 1})["Retry-After"]) > 0
    assert call(other, {"a": 1}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"x" * 2_000_001, 413), (b"\x00\xff", 200), (b"x" * 2_000_000, 200)]
)
def test_what_is_stored_and_what_is_not(anonymous, body, status):
    webhook = hook()
    assert call(webhook, body, "application/octet-stream").status_code == status
    take_due()
    assert WebhookDelivery.objects.filter(state="unreadable").count() == (status == 200)


def test_who_is_not_let_in(anonymous):
    webhook = hook(is_active=False)
    assert call(webhook, {"a": 1}).status_code == 410
    assert anonymous.post("/in/nothing/", b"{}", content_type="application/json").status_code == 404
    Webhook.objects.update(is_active=True)
    answer = anonymous.put(f"/in/{webhook.key}/", b"{}", content_type="application/json")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST")
    assert not WebhookDelivery.objects.exists()
