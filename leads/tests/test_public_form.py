"""The public form: open to strangers, without cookies, and nothing typed is ever lost."""

import re
import time

import pytest
from django.core import signing
from django.test import Client, override_settings

from leads import form_tokens
from leads.intake import admit_waiting
from leads.models import PublicForm, Submission
from leads.views.public_form import _known_form

TYPED = {"first_name": "Ana", "email": "ana@example.com", "message": "My brakes squeal.\nCan you look?", "website": ""}


@pytest.fixture
def form(transactional_db, staff) -> PublicForm:
    _known_form.cache_clear()
    return PublicForm.objects.create(key="abc", name="Website")


@pytest.fixture
def ripe(form, monkeypatch) -> str:
    """A token that is old enough to be sent."""
    token = form_tokens.new_token(form.key)
    later = time.time() + form_tokens.YOUNGEST + 1
    monkeypatch.setattr(signing.time, "time", lambda: later)
    return token


def send(client: Client, ripe: str, **changes: str):
    return client.post("/f/abc/", TYPED | {"token": ripe} | changes)


def test_public_form_shows_without_login_or_cookies(anonymous, form):
    page = anonymous.get("/f/abc/")
    assert page.status_code == 200
    assert not page.cookies
    assert page["Cache-Control"] == "no-store"
    assert "></textarea>" in page.content.decode(), "no spaces that would stand before what is typed"


def test_public_form_stores_and_thanks(anonymous, form, ripe):
    answer = send(anonymous, ripe)
    assert (answer.status_code, answer.url) == (302, "/f/abc/thanks/")
    submission = Submission.objects.get()
    assert submission.payload == {
        "first_name": "Ana",
        "last_name": "",
        "email": "ana@example.com",
        "phone": "",
        "company": "",
        "message": TYPED["message"],
    }
    assert (submission.lead, submission.form, submission.source) == (None, form, "web_form")
    admit_waiting()
    submission.refresh_from_db()
    assert (submission.lead.first_name, submission.lead.email) == ("Ana", "ana@example.com")
    assert "We have your message" in anonymous.get(answer.url).content.decode()
    assert not answer.cookies


def test_a_double_click_stores_once(anonymous, form, ripe):
    assert send(anonymous, ripe).status_code == send(anonymous, ripe).status_code == 302
    assert Submission.objects.count() == 1


def test_an_edited_second_message_is_not_swallowed(anonymous, form, ripe):
    send(anonymous, ripe)
    page = send(anonymous, ripe, message="Something else")
    assert page.status_code == 409
    assert "Something else" in page.content.decode()
    assert token_in(page) != ripe


REFUSED = [
    ({"message": ""}, "This field is required."),
    ({"message": "x" * 200_001}, "at most 200000 characters"),
    ({"email": "", "phone": ""}, "leave an e-mail address or a phone number"),
    ({"email": "nonsense"}, "Enter a valid email address."),
    ({"first_name": "x" * 101}, "at most 100 characters"),
    ({"first_name": "a\x00b"}, "Null characters are not allowed."),
    ({"token": ""}, "nothing you typed is lost"),
    ({"token": "forged:x:y"}, "nothing you typed is lost"),
]


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_what_is_refused_says_why_and_keeps_what_was_typed(anonymous, form, ripe, changes, sentence):
    page = send(anonymous, ripe, **changes)
    text = page.content.decode()
    assert page.status_code == 422
    assert sentence in text
    assert "ana@example.com" in text or "email" in changes
    assert "My brakes squeal." in text or "message" in changes
    assert not Submission.objects.exists()


def test_a_filled_honeypot_is_kept_in_quarantine_and_thanked(anonymous, form, ripe):
    for token in (ripe, "forged"):
        answer = send(anonymous, token, website="http://spam")
        assert (answer.status_code, answer.url) == (302, "/f/abc/thanks/")
    admit_waiting()
    rows = Submission.objects.values_list("lead", "is_held", "verdict", "spam_reasons")
    assert list(rows) == [(None, True, "suspect", ["It filled in a field that people don't see."])] * 2


def test_too_fast_keeps_its_token_and_works_a_moment_later(anonymous, form, monkeypatch):
    token = form_tokens.new_token(form.key)
    page = send(anonymous, token)
    assert (page.status_code, token_in(page)) == (422, token)
    later = time.time() + form_tokens.YOUNGEST + 1
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert send(anonymous, token).status_code == 302


def test_a_token_of_another_form_or_yesterday_is_refused(anonymous, form, ripe, monkeypatch):
    assert send(anonymous, form_tokens.new_token("other")).status_code == 422
    later = time.time() + form_tokens.OLDEST + 60
    monkeypatch.setattr(signing.time, "time", lambda: later)
    page = send(anonymous, ripe)
    assert "open for too long" in page.content.decode()
    assert token_in(page) != ripe


@pytest.mark.parametrize("setting", ["FORM_LIMIT_PER_IP", "FORM_LIMIT_PER_FORM"])
def test_too_many_messages_are_held_back_with_their_text(anonymous, form, ripe, setting):
    with override_settings(**{setting: 1}):
        assert send(anonymous, ripe).status_code == 302
        page = send(anonymous, ripe, message="Second one")
    assert page.status_code == 429
    assert "Second one" in page.content.decode()
    assert Submission.objects.count() == 1


def test_a_closed_form_says_so(anonymous, form):
    PublicForm.objects.update(is_open=False)
    _known_form.cache_clear()
    assert anonymous.get("/f/abc/").status_code == 410
    assert anonymous.post("/f/abc/", TYPED).status_code == 410


def test_an_unknown_form_is_not_found(anonymous, form):
    assert anonymous.get("/f/nope/").status_code == 404


def test_other_methods_are_refused(anonymous, form):
    assert anonymous.put("/f/abc/", b"x").status_code == 405


GARBAGE = [
    (b"", "application/x-www-form-urlencoded"),
    (bytes(range(256)) * 10, "application/octet-stream"),
    (b"message=%ff%fe%00&email=%00", "application/x-www-form-urlencoded"),
    (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    (b"--x\r\nbroken", "multipart/form-data"),
    (b'{"message": "hi"}', "application/json"),
    (b"message=" + "😀".encode() * 10_000, "application/x-www-form-urlencoded"),
    (b"&".join(b"f%d=1" % n for n in range(300)), "application/x-www-form-urlencoded"),
    (b"message=" + b"a" * 2_100_000, "application/x-www-form-urlencoded"),
]


@pytest.mark.parametrize(("body", "content_type"), GARBAGE)
def test_garbage_gets_a_clear_refusal(anonymous, form, body, content_type):
    anonymous.raise_request_exception = False
    assert anonymous.post("/f/abc/", body, content_type=content_type).status_code in (400, 413, 422)


MEAN = [
    "😀" * 10_000,
    "مرحبا \u202e\u200b\u2066 hi",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "'; DROP TABLE leads_lead; --",
    "a" * 199_000,
]


@pytest.mark.parametrize("message", MEAN)
def test_mean_texts_are_kept_as_they_are(anonymous, form, ripe, message):
    assert send(anonymous, ripe, message=message).status_code == 302
    assert Submission.objects.get().text == message


def token_in(page) -> str:
    return re.search(r'name="token" value="([^"]*)"', page.content.decode()).group(1)


def test_public_form_deleted_a_moment_ago_is_not_found(transactional_db, anonymous, form, ripe):
    assert anonymous.get("/f/abc/").status_code == 200
    PublicForm.objects.all().delete()
    assert send(anonymous, ripe).status_code == 404
    assert not Submission.objects.exists()
