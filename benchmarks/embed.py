"""The form in another website on a slow phone: bytes, requests, and the time until it can be filled in.

Slowed down as Lighthouse does for its mobile figures: 150 ms a round trip, 1.6 Mbit/s down, a processor four times
slower. The yardstick is the same page without the form, in the same run.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.figures import Figure, at_most
from tests.browser import FLAGS
from tests.stack import Stack, wait_for

VISITS = 5
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
PROCESSOR = 4  # times slower
MOST_REQUESTS = 4
SETTLED = 2000  # ms without anything new after which the page counts as finished

SEED = """
from leads import forms_editing
from leads.forms_templates import TEMPLATES
from leads.models import PublicForm
form = forms_editing.make_form("Garage", definition=TEMPLATES["garage"].definition)
PublicForm.objects.filter(pk=form.pk).update(key="bench", origins=["http://127.0.0.1:%d"])
"""
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>Garage</title><link rel="icon" href="data:,"><h1>Our garage</h1>%s</html>'
)
# Kept from the first moment on, in the page and in the frame: tasks that hold up a tap (over 50 ms).
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((e) => e.startTime + e.duration)))
  .observe({ type: "longtask", buffered: true });
"""
TIMES = """() => ({
  origin: performance.timeOrigin,
  painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
  loaded: performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart,
  busy: Math.max(0, ...longTasks),
})"""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        stack = Stack(Path(folder))
        with website(stack, Path(folder)) as host:
            stack.manage("prepare")
            stack.manage("shell", "--no-imports", "-c", SEED % int(host.rpartition(":")[2]))
            stack.start("--only", "web", is_up="healthz")
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            try:
                bare = [visit(browser, f"{host}/bare.html", stack.url) for _ in range(VISITS)]
                with_form = [visit(browser, f"{host}/form.html", stack.url) for _ in range(VISITS)]
            finally:
                browser.close()
                stack.stop()
    ready = statistics.median(each["ready"] for each in with_form)
    yardstick = statistics.median(each["ready"] for each in bare)
    print(f"  the page alone: ready after {yardstick:.0f} ms; the form: painted after {with_form[0]['painted']:.0f} ms")
    return [
        at_most("Requests of the form", max(each["requests"] for each in with_form), MOST_REQUESTS),
        at_most("Bytes of the form, headers included", max(each["bytes"] for each in with_form) / 1000, 43, " kB"),
        Figure("Time to interactive on a slow phone (median of 5)", f"{ready:.0f} ms"),
        Figure("Times the same page without the form", f"{ready / yardstick:.2f}"),
    ]


@contextmanager
def website(stack: Stack, folder: Path) -> Iterator[str]:
    """Another origin: a page with the form's line, and the same without it."""
    pages = folder / "website"
    pages.mkdir()
    (pages / "bare.html").write_text(PAGE % "")
    (pages / "form.html").write_text(PAGE % f'<script src="{stack.url}/embed.js" data-form="bench" async></script>')
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(pages)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ)
    assert server.stdout
    try:
        yield f"http://127.0.0.1:{server.stdout.readline().split(' port ')[1].split()[0]}"
    finally:
        server.terminate()
        server.wait()


def visit(browser: Browser, address: str, ours: str) -> dict[str, float]:
    """A first visit with an empty cache; times in ms since it began, bytes as they went over the line."""
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.add_init_script(WATCH)
    session = page.context.new_cdp_session(page)
    asked = _count(session, ours)
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR})
    page.goto(address)
    if address.endswith("form.html"):
        wait_for(lambda: _is_fitted(page), seconds=30, every=0.01)
    page.wait_for_timeout(SETTLED)
    found = [frame.evaluate(TIMES) for frame in page.frames]
    page.close()
    start = found[0]["origin"]
    # A frame's times count from when it began to load.
    ends = [each["origin"] - start + max(each["painted"], each["loaded"], each["busy"]) for each in found]
    return {
        "requests": len(asked),
        "bytes": sum(asked.values()),
        "ready": max(ends),
        "painted": found[-1]["origin"] - start + found[-1]["painted"],
    }


def _count(session: CDPSession, ours: str) -> dict[str, float]:
    """Bytes by request of ours; filled while the page loads."""
    asked: dict[str, float] = {}

    def begin(event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith(ours):
            asked[event["requestId"]] = 0

    def end(event: dict[str, Any]) -> None:
        if event["requestId"] in asked:
            asked[event["requestId"]] = event["encodedDataLength"]

    session.on("Network.requestWillBeSent", begin)
    session.on("Network.loadingFinished", end)
    session.send("Network.enable")
    return asked


def _is_fitted(page: Page) -> bool:
    return len(page.frames) > 1 and bool(page.frames[1].evaluate("document.documentElement.matches('.is-fitted')"))
