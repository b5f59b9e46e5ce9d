"""The proof of work of the public form: asked for under attack, good for once, and never the only way."""

import html
import json
import re

import altcha
import pytest
from django.test import override_settings

from leads import challenge
from leads.intake import admit_waiting
from leads.models import Submission
from leads.tests.test_public_form import form, ripe, send  # noqa: F401 - fixtures

MADE_UP = [
    "",
    "x",
    "e30=",
    "bnVsbA==",
    "W10=",
    "eyJjaGFsbGVuZ2UiOiAxLCAic29sdXRpb24iOiBbXX0=",
    "a" * 5000,
    "\ud800",
    "é",
]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    monkeypatch.setattr(challenge, "COST", 1)
    monkeypatch.setattr(challenge, "GUESSES", (2, 5))


def solved(text: str) -> str:
    asked = altcha.Challenge.from_dict(json.loads(text))
    return altcha.Payload(asked, altcha.solve_challenge(asked)).to_base64()


def test_a_solution_serves_once_and_for_its_form_alone(db):
    solution = solved(challenge.new_challenge("abc"))
    assert not challenge.is_solved(solution, "other")
    assert challenge.is_solved(solution, "abc")
    assert not challenge.is_solved(solution, "abc")


@pytest.mark.parametrize("payload", MADE_UP)
def test_what_strangers_make_up_is_no_solution(db, payload):
    assert not challenge.is_solved(payload, "abc")


def test_an_expired_challenge_is_refused(db, monkeypatch):
    monkeypatch.setattr(challenge, "LIFETIME", -challenge.LIFETIME)
    assert not challenge.is_solved(solved(challenge.new_challenge("abc")), "abc")


def asked_in(page) -> str:
    return html.unescape(re.search(r'challenge="([^"]+)"', page.content.decode())[1])


def token_in(page) -> str:
    return re.search(r'name="token" value="([^"]+)"', page.content.decode())[1]


@override_settings(FORM_LIMIT_PER_IP=1)
def test_under_attack_the_form_asks_keeps_what_was_typed_and_takes_the_solution_once(anonymous, form, ripe):  # noqa: F811
    assert send(anonymous, ripe).status_code == 302
    page = send(anonymous, ripe, message="The second")
    assert page.status_code == 429
    assert "The second" in page.content.decode()
    solution = solved(asked_in(page))
    answer = send(anonymous, ripe, message="The second", altcha=solution)
    assert answer.status_code == 409, "the token's own rule still holds"
    assert send(anonymous, ripe, altcha=solution).status_code == 429, "a solution serves once"
    assert Submission.objects.count() == 1


@override_settings(FORM_LIMIT_PER_IP=2)
def test_who_cannot_do_the_check_is_kept_in_quarantine(anonymous, form, ripe):  # noqa: F811
    for _ in range(3):
        send(anonymous, "forged", website="x")
    answer = send(anonymous, ripe, unchecked="1")
    assert (answer.status_code, answer.url) == (302, "/f/abc/thanks/")
    admit_waiting()
    kept = Submission.objects.latest("id")
    assert (kept.is_held, kept.lead, kept.text) == (True, None, "My brakes squeal.\nCan you look?")
    assert kept.spam_reasons == ["It was sent without the check that the form asked for while many messages came in."]
    for _ in range(7):
        page = send(anonymous, ripe, unchecked="1", message="One more")
    assert (page.status_code, "One more" in page.content.decode()) == (429, True)
    assert "wait a minute" in page.content.decode()
