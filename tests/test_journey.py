"""The main job in a browser, from the first visit on, with real programs behind it."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.servers.airtable import AirtableServer
from tests.servers.ollama import OllamaServer
from tests.stack import OWNER, Stack, wait_for

# Background services of the browser itself would ask the network for things that have nothing to do with us.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PASTED = """From: Ana Silva <ana.silva@example.com>
To: office@garage.example
Subject: Brakes again

Hello, the brakes of my 2015 Honda Civic squeal again. Could I come in on Friday at 3pm? My budget is $400.

Thanks,
Ana Silva
"""

pytestmark = pytest.mark.timeout(300)
expect.set_options(timeout=20_000)


@dataclass
class Scene:
    stack: Stack
    airtable: AirtableServer
    ollama: OllamaServer
    browser: Browser
    complaints: list[str]

    def person(self, **options: object) -> BrowserContext:
        """A person's own browser; what the pages complain about in the console is kept."""
        context = self.browser.new_context(base_url=self.stack.url, **options)
        context.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with ExitStack() as opened:
        airtable = opened.enter_context(AirtableServer())
        ollama = opened.enter_context(OllamaServer())
        stack = Stack(
            tmp_path_factory.mktemp("journey"),
            OLLAMA_BASE_URL=ollama.url,
            AIRTABLE_API_KEY=airtable.token,
            AIRTABLE_BASE_ID=airtable.base_id,
            AIRTABLE_ENDPOINT_URL=airtable.url,
            BUSINESS_TYPE="automotive",
        )
        for name in OWNER:  # the owner's account is made in the browser
            del stack.environment[name]
        opened.callback(stack.stop)
        stack.start()
        browser = opened.enter_context(sync_playwright()).chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS
        )
        opened.callback(browser.close)
        yield Scene(stack, airtable, ollama, browser, [])


@pytest.fixture(scope="module")
def owner(scene: Scene) -> Page:
    """The owner, set up and logged in, in front of an inbox."""
    page = scene.person().new_page()
    page.goto("/")
    expect(page).to_have_url(re.compile("/setup/$"))
    set_up(page, code="wrong-code")
    expect(page.get_by_role("alert").first).to_be_visible()
    set_up(page, code=printed_code(scene.stack.folder))
    expect(page.get_by_role("heading", name="Your inbox is ready")).to_be_visible()
    return page


def set_up(page: Page, *, code: str) -> None:
    page.locator("[name=code]").fill(code)
    page.locator("[name=username]").fill("olivia")
    page.locator("[name=email]").fill("olivia@example.com")
    page.locator("[name=password1]").fill("correct horse battery")
    page.locator("[name=password2]").fill("correct horse battery")
    page.get_by_role("button", name="Make my account").click()


def printed_code(folder: Path) -> str:
    """The one-time code, where the owner reads it: on the terminal."""

    def code() -> re.Match[str] | None:
        return re.search(r"one-time code (\S+)", (folder / "terminal.log").read_text())

    found: re.Match[str] = wait_for(code, seconds=30)
    return found[1]


def wait_until_done(page: Page) -> None:
    """Every step of the lead's processing, as the page shows it by itself."""
    expect(page.locator("#lead_steps .step-row-succeeded")).to_have_count(6)


def test_samples_are_loaded_and_removed_with_one_click_each(scene: Scene, owner: Page):
    owner.get_by_role("button", name="Load 40 sample inquiries").click()
    expect(owner.locator(".lead-row")).to_have_count(25)
    owner.get_by_role("button", name="Remove them").click()
    expect(owner.get_by_role("heading", name="Your inbox is ready")).to_be_visible()
    assert scene.airtable.records == []


def test_an_inquiry_becomes_an_enriched_lead_in_airtable(scene: Scene, owner: Page):
    visitor = scene.person(viewport={"width": 360, "height": 740})
    form = visitor.new_page()
    form.goto(owner.get_by_role("link", name="Open your form").get_attribute("href"))
    form.get_by_label("First name").fill("Ana")
    form.get_by_label("Last name").fill("Silva")
    form.get_by_label("E-mail").fill("ana.silva@example.com")
    form.get_by_label("Your message").fill(
        "My 2015 Honda Civic squeals when I brake. Can you look at it next Friday? Call me at (512) 555-0142."
    )
    form.wait_for_timeout(2500)  # nobody types faster than the form's minimum time
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("heading", name="Thank you")).to_be_visible()
    assert visitor.cookies() == []

    # The inbox was open all the time; nobody reloads it.
    owner.get_by_role("link", name="Ana Silva").click()
    wait_until_done(owner)
    expect(owner.locator("#fact-phone")).to_contain_text("555-0142")
    expect(owner.locator("#fact-phone .origin")).to_have_text("Rule")
    expect(owner.locator("#fact-first_name .origin")).to_have_text("Submitter")
    expect(owner.locator("mark", has_text="(512) 555-0142")).to_be_visible()
    expect(owner.locator(".ai-panel")).to_contain_text("prompt")
    (record,) = scene.airtable.records
    assert (record["fields"]["Name"], record["fields"]["Email"]) == ("Ana Silva", "ana.silva@example.com")
    expect(owner.get_by_role("link", name="Open the record")).to_have_attribute(
        "href", f"https://airtable.com/{scene.airtable.base_id}/{scene.airtable.tables[0].id}/{record['id']}"
    )


def test_a_pasted_email_is_read_and_its_duplicate_found(scene: Scene, owner: Page):
    paste(owner, PASTED)
    wait_until_done(owner)
    expect(owner.locator("#fact-email")).to_contain_text("ana.silva@example.com")
    expect(owner.locator("#fact-amount")).to_contain_text("400 USD")
    expect(owner.locator("#lead_duplicates")).to_contain_text("Ana Silva")
    owner.goto("/duplicates/")
    owner.get_by_role("button", name="Not a duplicate").first.click()
    expect(owner.get_by_role("button", name="Not a duplicate")).to_have_count(0)


def test_an_edit_is_locked_and_reaches_airtable(scene: Scene, owner: Page):
    owner.goto("/")
    owner.get_by_role("link", name="Ana Silva").first.click()
    owner.get_by_role("link", name=re.compile("^Company")).click()
    owner.get_by_role("textbox", name="Company").fill("Silva Bakery")
    owner.get_by_role("button", name="Save").click()
    expect(owner.locator("#fact-company")).to_contain_text("Silva Bakery")
    expect(owner.get_by_role("button", name="Unlock Company")).to_be_visible()
    owner.reload()
    expect(owner.locator("#fact-company")).to_contain_text("Silva Bakery")

    def companies() -> list[str]:
        return [record["fields"].get("Company", "") for record in scene.airtable.records]

    wait_for(lambda: "Silva Bakery" in companies(), seconds=30)
    assert companies().count("Silva Bakery") == 1


def test_without_the_model_the_lead_is_complete_and_catches_up(scene: Scene, owner: Page):
    scene.ollama.stop()
    paste(owner, "Hi, I'm Ben Torres. Our van won't start, please help today! 512 555 0177")
    expect(owner.locator("#lead_steps")).to_contain_text("AI offline")
    expect(owner.locator("#fact-phone")).to_contain_text("555-0177")
    expect(owner.locator("#lead_steps .step-row-succeeded")).to_have_count(5)
    scene.ollama.start()
    owner.get_by_role("button", name="Try now: Model").click()
    wait_until_done(owner)


def test_no_page_complained(scene: Scene, owner: Page):
    for path in ("/", "/paste/", "/duplicates/", "/status/", "/admin/", "/api/docs"):
        owner.goto(path)
    assert scene.complaints == []


def paste(page: Page, text: str) -> None:
    page.goto("/paste/")
    page.locator("textarea").fill(text)
    page.locator("main").get_by_role("button").first.click()
    expect(page).to_have_url(re.compile("/leads/"))
