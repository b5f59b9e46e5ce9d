"""A form in other websites, in a browser: as high as it is, on those that may show it, and a link on others."""

import gzip
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from leads import forms_editing
from leads.forms_templates import TEMPLATES
from leads.models import PublicForm, Submission
from leads.views.public_form import _known_form
from tests.browser import FLAGS

HOST = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Garage</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head><body><h1>Our garage</h1>
<script src="{url}/embed.js" data-form="abc" async></script><noscript><a href="{url}/f/abc/">Write to us</a></noscript>
</body></html>"""

pytestmark = pytest.mark.timeout(120)


class _Host(BaseHTTPRequestHandler):
    def __init__(self, page: str, *args: object) -> None:
        self.page = page
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def website(url: str, *, style: str = "") -> Iterator[str]:
    """Another origin with the form's line in its page."""
    page = HOST.format(url=url).replace("<head>", f"<head><style>{style}</style>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Host, page))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@contextmanager
def visitor(*flags: str, **options: object) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *flags])
        yield browser.new_context(**options).new_page()
        browser.close()


@contextmanager
def at_website(url: str, *flags: str, style: str = "", **options: object) -> Iterator[tuple[str, Page]]:
    """A visitor of a website that may show the form. Only the page should talk to the database meanwhile."""
    with website(url, style=style) as host:
        PublicForm.objects.update(origins=[host])
        with visitor(*flags, **options) as page:
            yield host, page


@pytest.fixture
def form(transactional_db, staff) -> PublicForm:
    _known_form.cache_clear()
    made = forms_editing.make_form("Garage", definition=TEMPLATES["garage"].definition)
    PublicForm.objects.filter(pk=made.pk).update(key="abc")
    return PublicForm.objects.get()


def fits(page: Page) -> bool:
    """No scroll bar inside the frame, and no more height than the form has."""
    frame = page.frames[1]
    needed = frame.evaluate("document.querySelector('main').getBoundingClientRect().height")
    box = page.locator("iframe").bounding_box()
    wide = frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    bar = frame.evaluate("document.documentElement.scrollHeight > document.documentElement.clientHeight + 1")
    return wide and not bar and abs(box["height"] - needed) <= 2


def wait_until_it_fits(page: Page, words: str) -> None:
    page.frame_locator("iframe").get_by_text(words).first.wait_for()
    for _ in range(40):
        if fits(page):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the frame is not as high as the form")


@pytest.mark.parametrize("width", [320, 768, 1200])
def test_an_embedded_form_has_no_scroll_bar_and_stores(live_server, form, width):
    with at_website(live_server.url, viewport={"width": width, "height": 700}) as (host, page):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(host)
        wait_until_it_fits(page, "Ask our garage")
        ours = [url for url in asked if url.startswith(live_server.url)]
        assert len(ours) == 4, ours
        assert [url for url in asked if not url.startswith((live_server.url, host, "data:"))] == []
        frame = page.frame_locator("iframe")
        frame.get_by_role("button").click()
        wait_until_it_fits(page, "Something is missing")
        frame.get_by_label("E-mail").fill("ana@example.com")
        frame.get_by_label("What is wrong").fill("The brakes squeal.")
        frame.get_by_label("I agree").check()
        page.wait_for_timeout(2100)  # nobody types faster than the token's least age
        frame.get_by_role("button").click()
        wait_until_it_fits(page, "We have your message")
        assert page.context.cookies() == []
    assert Submission.objects.get().contact["email"] == "ana@example.com"


def test_other_websites_get_a_link_instead(live_server, form):
    PublicForm.objects.update(origins=["https://garage.example"])
    with website(live_server.url) as host, visitor() as page:
        page.goto(host)
        link = page.get_by_role("link", name="Contact form")
        link.wait_for()
        assert link.get_attribute("href").partition("?")[0] == f"{live_server.url}/f/abc/"
        assert page.locator("iframe").count() == 0


def test_without_scripts_there_is_a_link(live_server, form):
    with website(live_server.url) as host, visitor(java_script_enabled=False) as page:
        page.goto(host)
        assert page.get_by_role("link", name="Write to us").get_attribute("href") == f"{live_server.url}/f/abc/"


def test_the_page_around_goes_on_to_the_owners_thanks(live_server, form):
    with website(live_server.url) as host:
        definition, mark = forms_editing.draft_of(form)
        forms_editing.save_draft(form, replace(definition, redirect=f"{host}/thanks"), seen=mark, by="olivia")
        forms_editing.publish(form, note="", by="olivia")
        PublicForm.objects.update(origins=[host])
        go_on(host)
    assert Submission.objects.count() == 1


def go_on(host: str) -> None:
    with visitor() as page:
        page.goto(host)
        frame = page.frame_locator("iframe")
        frame.get_by_label("E-mail").fill("ana@example.com")
        frame.get_by_label("What is wrong").fill("The brakes squeal.")
        frame.get_by_label("I agree").check()
        page.wait_for_timeout(2100)
        frame.get_by_role("button").click()
        page.wait_for_url(f"{host}/thanks")


def test_what_websites_load_is_small_and_framed_by_them_alone(form):
    PublicForm.objects.update(origins=["https://garage.example"])
    browser = Client()
    script = browser.get("/embed.js")
    assert (script.status_code, script["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "max-age=3600" in script["Cache-Control"]
    assert browser.get("/embed.js", headers={"If-None-Match": script["ETag"]}).status_code == 304
    assert len(gzip.compress(script.content)) < 3000
    page = browser.get("/f/abc/embed/")
    assert "frame-ancestors 'self' https://garage.example" in page["Content-Security-Policy"]
    assert "X-Frame-Options" not in page
    assert not page.cookies
    hosted = browser.get("/f/abc/")
    assert (hosted["X-Frame-Options"], "frame-ancestors 'none'" in hosted["Content-Security-Policy"]) == ("DENY", True)


@pytest.mark.parametrize(
    ("style", "is_dark"),
    [
        ("", False),
        ("body { background: #f4f1ea }", False),
        ("body { background: #14181f }", True),
        (":root { color-scheme: light dark }", True),
        (":root { color-scheme: light dark } body { background: white }", False),
    ],
)
def test_the_form_is_as_light_or_dark_as_the_page_around_it_on_a_dark_system(live_server, form, style, is_dark):
    system = "--blink-settings=preferredColorScheme=0"  # unlike one that is emulated, frames may differ from it
    with at_website(live_server.url, system, style=style, color_scheme="null") as (host, page):
        page.goto(host)
        wait_until_it_fits(page, "Name")
        paper = page.frames[1].evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(21, 27, 36)" if is_dark else "rgb(255, 255, 255)")
