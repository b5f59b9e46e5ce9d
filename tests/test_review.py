"""The review of duplicates in a browser, from the queue to a merge and its undo, with keys only."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from leads.models import DuplicateSuggestion
from leads.values import Contact
from tests.browser import staff_page
from tests.leads_at_hand import apart

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def pairs(transactional_db: None) -> None:
    """Three pairs; the likeliest one's leads differ in name, e-mail and company."""
    for name, other, probability in (("Ana", "Anna", 0.97), ("Ben", "Benjamin", 0.9), ("Cleo", "Chloe", 0.7)):
        first = receive(name, f"{name}@example.com", "+15125550142", "")
        second = receive(other, f"{other}@bakery.example", "+15125550142", "Bakery")
        DuplicateSuggestion.objects.create(
            first=first, second=second, probability=probability, reasons=[{"text": "Same phone", "weight": 5}]
        )


def receive(first_name: str, email: str, phone: str, company: str):
    return apart("Hello", contact=Contact(first_name, "Silva", email.lower(), phone, company))


@pytest.fixture
def page(pairs: None, client: Client, live_server: LiveServer) -> Iterator[Page]:
    """Staff who have logged in, in front of the queue. Only the page talks to the database from here on."""
    with staff_page(client, live_server, "/duplicates/") as page:
        yield page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_review_with_keys_only(page: Page):
    cards, current = page.locator("[data-card]"), page.locator("[data-card].is-current")
    expect(cards).to_have_count(3)
    expect(current).to_contain_text("Anna Silva")

    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("Compare and merge")
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    press(page, "j", "x")
    expect(cards).to_have_count(2)
    expect(page.locator(".review-undo")).to_contain_text("Not a duplicate: Ben Silva and Benjamin Silva")
    expect(current).to_contain_text("Chloe Silva")
    press(page, "u")
    expect(cards).to_have_count(3)
    expect(current).to_contain_text("Benjamin Silva")  # the one that is back
    press(page, "r", "c")
    expect(page.locator(".review-undo")).to_contain_text("Related (colleague): Ben Silva and Benjamin Silva")
    expect(page.locator(".review-left")).to_contain_text("2 pairs left")

    press(page, "k", "s")
    expect(page.locator("[data-card].is-skipped")).to_contain_text("Anna Silva")
    expect(current).to_contain_text("Chloe Silva")
    press(page, "k", "m")
    expect(page).to_have_url(re.compile("/duplicates/compare/"))

    preview = page.locator("#preview")
    press(page, "j", "j", "j")  # which lead stays, first name, e-mail
    expect(page.locator("[data-row]:focus-within legend")).to_contain_text("E-mail")
    press(page, "2", "b")
    expect(preview).to_contain_text("anna@bakery.example")
    expect(preview).not_to_contain_text("also")
    press(page, "a")
    expect(preview).to_contain_text("ana@example.com")
    press(page, "k", "2")
    expect(preview).to_contain_text("Anna")
    press(page, "Enter")
    expect(page.get_by_role("button", name="Merge 2 leads")).to_be_focused()
    press(page, "Enter")

    expect(page.locator(".merged-bar")).to_contain_text("Merged: Anna Silva into this lead.")
    expect(page.get_by_role("heading", name="Anna Silva")).to_be_visible()
    expect(page.locator("#fact-email")).to_contain_text("ana@example.com")
    press(page, "u")
    expect(page.get_by_role("status").first).to_contain_text("Undone")
    expect(page.get_by_role("heading", name="Ana Silva")).to_be_visible()
    page.goto("/duplicates/")
    expect(cards).to_have_count(2)
