"""How a visitor came, in a browser: noted on one page of a website, sent with the form on another."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils.html import escape
from playwright.sync_api import Page

from leads import intake
from leads.models import Lead, PublicForm, Submission
from tests.test_embed import form, visitor  # noqa: F401

HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Garage</title><link rel="icon" href="data:,">'
NOTE = '<script src="{url}/embed.js" async></script>'
FORM = '<script src="{url}/embed.js" data-form="abc" async></script>'
LINKS = '<a href="/">Home</a> <a href="/contact">Contact</a> <a id="away" href="{away}">Away</a>'
SPOILED = "<script>Object.defineProperty(window, 'sessionStorage', {get() { throw new Error('blocked') }})</script>"
HOSTILE = """<script>addEventListener("message", (event) => {
  const post = (data) => event.source.postMessage(data, "*");
  const loop = {first: {}}; loop.first.self = loop;
  for (const touches of [null, 5, "x", [], {first: 5}, loop, {first: {utm_source: {a: 1}, gclid: "<b>"}}, {first: 1n},
    {first: {utm_source: "x".repeat(1e6)}}]) post({t: "basecamp:touches", touches});
  post(null); post("basecamp:touches"); post({t: "basecamp:touches"});
})</script>"""

pytestmark = pytest.mark.timeout(120)


class _Site(BaseHTTPRequestHandler):
    def __init__(self, pages: dict[str, str], *args: object) -> None:
        self.pages = pages
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        body = self.pages.get(self.path.partition("?")[0], "")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Referrer-Policy", "unsafe-url")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def site(**pages: str) -> Iterator[str]:
    """Another origin; `home` is its first page."""
    bodies = {"/" if name == "home" else f"/{name}": body for name, body in pages.items()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, bodies))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@contextmanager
def garage(url: str, *, away: str = "", before: str = "", is_allowed: bool = True) -> Iterator[tuple[str, Page]]:
    """A website of two pages, the form on the second, and its visitor."""
    links = LINKS.format(away=escape(away))
    home = HEAD + before + NOTE.format(url=url) + "</head><body>" + links + "</body></html>"
    contact = HEAD + before + "</head><body>" + links + FORM.format(url=url) + "</body></html>"
    with site(home=home, contact=contact) as host:
        PublicForm.objects.update(origins=[host] if is_allowed else ["https://other.example"])
        with visitor() as page:
            yield host, page


def fill_in(page: Page) -> None:
    frame = page.frame_locator("iframe")
    frame.get_by_role("button").click()
    frame.get_by_text("Something is missing").wait_for()  # the frame was loaded anew
    frame.get_by_label("E-mail").fill("ana@example.com")
    frame.get_by_label("What is wrong").fill("The brakes squeal.")
    frame.get_by_label("I agree").check()
    page.wait_for_timeout(2100)
    frame.get_by_role("button").click()
    frame.get_by_text("We have your message").wait_for()
    assert page.context.cookies() == []


def lead_of_the_form() -> Lead:
    intake.admit_waiting()
    return Submission.objects.get().lead


def test_first_and_last_touch_survive_the_way_to_the_form(live_server, form):  # noqa: F811
    with site(post='<a id="go" href="">Go</a>') as blog, garage(live_server.url, away=f"{blog}/post") as (host, page):
        page.goto(f"{blog}/post?secret=1")
        page.evaluate(f"document.querySelector('#go').href = '{host}/?utm_source=blog&utm_medium=link&name=Ana#top'")
        page.click("#go")
        page.wait_for_url(f"{host}/*")
        touches_of(page)
        page.get_by_role("link", name="Contact").click()
        page.reload()
        page.goto(f"{host}/?utm_source=news&utm_medium=email&utm_campaign=May&gclid=")
        page.wait_for_function("sessionStorage.getItem('basecamp:touches').includes('news')")
        page.get_by_role("link", name="Contact").click()
        page.go_back()
        page.go_forward()
        stored = page.evaluate("Object.entries({...sessionStorage}).map(([key]) => key)")
        assert stored == ["basecamp:touches"]
        fill_in(page)
    lead = lead_of_the_form()
    assert lead.first_touch == {
        "utm_source": "blog",
        "utm_medium": "link",
        "referrer": f"{blog}/post",
        "landing_page": f"{host}/?utm_source=blog&utm_medium=link",
        "form_page": f"{host}/contact",
    }
    assert lead.last_touch == {
        "utm_source": "news",
        "utm_medium": "email",
        "utm_campaign": "May",
        "landing_page": f"{host}/?utm_source=news&utm_medium=email&utm_campaign=May",
        "form_page": f"{host}/contact",
    }
    assert lead.channel == "campaign"


def test_coming_back_from_elsewhere_is_a_touch_and_going_back_is_none(live_server, form):  # noqa: F811
    with site(post="<p>Post</p>") as blog, garage(live_server.url) as (host, page):
        page.goto(f"{host}/")
        page.goto(f"{blog}/post")
        page.go_back()
        assert touches_of(page) == {"first": {"landing_page": f"{host}/"}, "last": {"landing_page": f"{host}/"}}
        page.goto(f"{blog}/post")
        page.evaluate(f"location.href = '{host}/contact?utm_term=brakes'")
        page.wait_for_url(f"{host}/contact*")
        page.locator("iframe").wait_for()
        last = {"utm_term": "brakes", "referrer": f"{blog}/post", "landing_page": f"{host}/contact?utm_term=brakes"}
        assert touches_of(page) == {"first": {"landing_page": f"{host}/"}, "last": last}


def touches_of(page: Page) -> dict:
    page.wait_for_function("sessionStorage.getItem('basecamp:touches')")
    return json.loads(page.evaluate("sessionStorage.getItem('basecamp:touches')"))


def test_where_storage_is_blocked_the_form_s_own_page_tells(live_server, form):  # noqa: F811
    with garage(live_server.url, before=SPOILED) as (host, page):
        page.goto(f"{host}/?utm_source=lost")
        page.goto(f"{host}/contact?utm_source=van")
        fill_in(page)
    lead = lead_of_the_form()
    assert lead.first_touch == lead.last_touch
    assert lead.first_touch == {
        "utm_source": "van",
        "landing_page": f"{host}/contact?utm_source=van",
        "form_page": f"{host}/contact?utm_source=van",
    }


@pytest.mark.parametrize("kept", ["", "{", "5", "null", '{"first":5}', '{"first":{"utm_source":{"a":1}},"last":[]}'])
def test_what_others_left_in_the_storage_harms_nothing(live_server, form, kept):  # noqa: F811
    with garage(live_server.url) as (host, page):
        page.goto(f"{host}/")
        page.evaluate("(kept) => sessionStorage.setItem('basecamp:touches', kept)", kept)
        page.goto(f"{host}/contact?utm_source=van")
        fill_in(page)
    assert lead_of_the_form().last_touch["utm_source"] == "van"


def test_a_hostile_page_around_the_form_can_only_spoil_its_own_touch(live_server, form):  # noqa: F811
    with garage(live_server.url, before=HOSTILE) as (host, page):
        page.goto(f"{host}/contact")
        page.frame_locator("iframe").get_by_label("E-mail").fill("a")
        page.wait_for_timeout(500)
        fill_in(page)
    submission = Submission.objects.get()
    assert submission.contact["email"] == "ana@example.com"
    assert "<b>" not in json.dumps(submission.attribution)


def test_the_link_that_is_left_instead_of_the_form_brings_them_along(live_server, form):  # noqa: F811
    with garage(live_server.url, is_allowed=False) as (host, page):
        page.goto(f"{host}/contact?utm_source=van")
        link = page.get_by_role("link", name="Contact form")
        link.wait_for()
        link.click()
        page.wait_for_url(f"{live_server.url}/f/abc/*")
        sent = json.loads(page.locator("input[name=attribution]").get_attribute("value") or "")
    assert sent["first"]["utm_source"] == "van"
    assert sent["first"]["landing_page"] == f"{host}/contact?utm_source=van"


@pytest.mark.parametrize(("query", "source", "channel"), [("", None, ""), ("?utm_source=blog&x=1", "blog", "campaign")])
def test_in_a_new_tab_only_the_page_before_tells(live_server, form, query, source, channel):  # noqa: F811
    with garage(live_server.url) as (host, page):
        page.goto(f"{host}/{query}")
        touches_of(page)
        page.evaluate("sessionStorage.clear()")  # as a new tab begins
        page.get_by_role("link", name="Contact").click()
        fill_in(page)
    lead = lead_of_the_form()
    assert (lead.first_touch.get("utm_source"), lead.channel) == (source, channel)
    assert lead.first_touch.get("landing_page") == (f"{host}/?utm_source=blog" if source else None)
    assert lead.first_touch["form_page"] == f"{host}/contact"
