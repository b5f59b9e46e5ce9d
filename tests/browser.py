"""A browser in which staff have logged in, for the tests that need one. It fails when the page complains."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from django.test import Client
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def staff_page(client: Client, live_server: LiveServer, path: str, **context_options: object) -> Iterator[Page]:
    """A page at `path`. Only the page should talk to the database while it is open."""
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        context = browser.new_context(base_url=live_server.url, **context_options)
        context.add_cookies([session])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        yield page
        browser.close()
    assert complaints == []
