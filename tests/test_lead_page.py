"""The lead's page in a browser: evidence that lights up, suggestions answered with keys, a reply that is kept."""

import re
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from leads import intake, merging
from leads.models import Feedback, FieldValue, Lead, Reply
from leads.values import Contact, Evidence, FoundValue
from tests.browser import staff_page

TEXT = "Call 512 555 0142 about my 2017 Honda Civic. Could you do Friday?"

pytestmark = pytest.mark.timeout(120)


def found(field: str, value: str, words: str) -> FoundValue:
    start = TEXT.index(words)
    return FoundValue(field, value, 0.8, Evidence(start, start + len(words), words))


@pytest.fixture
def lead(transactional_db: None) -> Lead:
    contact = Contact(first_name="Ana", email="ana@example.com")
    lead = intake.receive(TEXT, source="paste", contact=contact)
    submission = lead.submissions.get()
    by_rules = [
        found("vehicle", "2017 Honda Civic", "2017 Honda Civic"),
        found("phone", "+15125550142", "512 555 0142"),
    ]
    by_model = [FoundValue("first_name", "Anna", 0.6), FoundValue("email", "anna@example.com", 0.6)]
    with transaction.atomic():
        merging.apply([merging.NewValues(lead, by_rules, submission=submission)], origin="rule")
        merging.apply([merging.NewValues(lead, by_model, made_by="mistral · prompt 2")], origin="model")
    return lead


@pytest.fixture(params=[1280, 360])
def page(request: pytest.FixtureRequest, lead: Lead, client: Client, live_server: LiveServer) -> Iterator[Page]:
    size = {"width": request.param, "height": 900}
    with staff_page(client, live_server, lead.get_absolute_url(), viewport=size) as page:
        expect(page.locator("#reply-text")).to_be_visible()
        yield page
        assert page.evaluate("document.documentElement.scrollWidth") == request.param


def test_words_and_values_light_each_other(page: Page):
    words, value = page.locator("mark[data-field=vehicle]"), page.locator("#lead_facts [data-field=vehicle]")
    for one, other in ((words, value), (value.locator(".fact-value"), words)):
        one.hover()
        assert "is-lit" in (other.get_attribute("class") or "")
        page.mouse.move(0, 0)
        assert "is-lit" not in (other.get_attribute("class") or "")
        one.focus()
        assert "is-lit" in (other.get_attribute("class") or "")
        one.blur()
        assert "is-lit" not in (other.get_attribute("class") or "")


def test_suggestions_with_keys_and_a_reply(lead: Lead, client: Client, live_server: LiveServer):
    with staff_page(client, live_server, lead.get_absolute_url()) as page:
        expect(page.locator("#reply-text")).to_be_visible()
        _keys_answer_suggestions(page)
        _what_is_typed_is_kept(page)
        _copied_and_answered(page)
    taken = FieldValue.objects.get(lead=lead, field="first_name", state="current")
    assert (taken.value, taken.origin, taken.is_locked) == ("Anna", "staff", True)
    assert FieldValue.objects.get(lead=lead, field="email", state="refused").value == "anna@example.com"
    verdicts = Feedback.objects.order_by("id").values_list("field", "verdict")
    assert list(verdicts) == [("first_name", "accepted"), ("email", "refused")]
    reply = Reply.objects.get()
    assert (reply.text, reply.state, reply.channel) == ("My own words", "sent", "copy")
    lead.refresh_from_db()
    assert (lead.status, lead.first_response_at) == ("working", reply.sent_at)


def _keys_answer_suggestions(page: Page) -> None:
    suggestions = page.locator(".fact-suggestion")
    expect(suggestions).to_have_count(2)
    page.keyboard.press("a")  # none has the focus
    page.locator("#reply-subject").click()
    page.keyboard.type("jax")  # typed, not answered
    expect(suggestions).to_have_count(2)
    page.locator("#reply-subject").blur()
    page.keyboard.press("j")
    expect(suggestions.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(suggestions.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(suggestions.nth(0)).to_contain_text("Anna")
    page.keyboard.press("a")
    expect(suggestions).to_have_count(1)
    expect(page.locator("#fact-first_name")).to_contain_text("Anna")
    expect(suggestions.nth(0)).to_be_focused()  # on to the next
    page.keyboard.press("x")
    expect(suggestions).to_have_count(0)
    expect(page.locator("#fact-email")).to_contain_text("ana@example.com")


def _what_is_typed_is_kept(page: Page) -> None:
    text = page.locator("#reply-text")
    expect(text).to_have_value(re.compile("Hello Anna"))  # a plain template: no model is at hand
    with page.expect_response("**/reply/keep/"):
        text.fill("My own words")
    page.reload()
    expect(text).to_have_value("My own words")


def _copied_and_answered(page: Page) -> None:
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_role("button", name="Yes, answered").click()
    expect(page.locator("#reply")).to_contain_text("first answered after less than a minute")
    expect(page.locator("#lead_header")).to_contain_text("answered after")
    expect(page.locator("#lead_timeline")).to_contain_text("Replied with a copied text")
