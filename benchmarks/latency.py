"""From pressing Send to "rules and duplicates on the page", in a browser whose inbox was open all the time."""

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

from playwright.sync_api import Page, sync_playwright

from benchmarks.figures import Figure, at_most
from benchmarks.load import post, send_all
from tests.stack import OWNER, Stack

COUNT = 30
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FORM = "from leads.models import PublicForm; print(PublicForm.objects.first().key)"
# Both dots of the newest row, by the titles that people read.
DONE = """name => {
  const row = [...document.querySelectorAll('.lead-row')].find(row => row.textContent.includes(name));
  const titles = row ? [...row.querySelectorAll('[title]')].map(dot => dot.title) : [];
  return ['Rules: Done', 'Duplicates: Done'].every(wanted => titles.some(title => title.startsWith(wanted)));
}"""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), FORM_LIMIT_PER_IP="100000", FORM_LIMIT_PER_FORM="100000")
        stack.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
                times = _measure(stack, browser.new_page())
                browser.close()
        finally:
            stack.stop()
    print("  " + ", ".join(f"{seconds:.2f}" for seconds in times))
    return [
        at_most("Submit to rules and duplicates on the page, p50", statistics.median(times), 1, " s"),
        at_most("Submit to rules and duplicates on the page, p95", statistics.quantiles(times, n=20)[-1], 2, " s"),
    ]


def _measure(stack: Stack, page: Page) -> list[float]:
    key = stack.manage("shell", "--no-imports", "-c", FORM).strip()
    page.goto(f"{stack.url}/login/")
    page.locator("[name=username]").fill(OWNER["DJANGO_SUPERUSER_USERNAME"])
    page.locator("[name=password]").fill(OWNER["DJANGO_SUPERUSER_PASSWORD"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{stack.url}/")
    _submit(stack, key, "Warmup")
    page.wait_for_function(DONE, arg="Warmup", timeout=90_000)
    return [_one(stack, page, key, f"Silva{number:03}") for number in range(COUNT)]


def _one(stack: Stack, page: Page, key: str, name: str) -> float:
    page.wait_for_timeout(300 + 37 * (int(name[-3:]) % 20))  # not in step with the page's own asking
    start = time.perf_counter()
    _submit(stack, key, name)
    page.wait_for_function(DONE, arg=name, timeout=30_000, polling=20)
    return time.perf_counter() - start


def _submit(stack: Stack, key: str, name: str) -> None:
    """As a visitor who opened the form a minute ago."""
    fields = {
        "first_name": "Ana",
        "last_name": name,
        "email": f"{name.lower()}@example.com",
        "phone": "",
        "company": "",
    }
    message = f"My brakes squeal when I stop, says {name}. Could you look at it next Friday at 3pm?"
    form = post(f"/f/{key}/", fields | {"message": message, "website": "", "token": _token(stack, key)})
    assert send_all(stack.port, [form], at_once=1).statuses == {302: 1}


def _token(stack: Stack, key: str) -> str:
    from django.core import signing

    with mock.patch("django.core.signing.time.time", return_value=time.time() - 60):
        secret = (stack.folder / "secret_key").read_text()
        return signing.TimestampSigner(key=secret, salt=f"public-form:{key}").sign(f"bench-{time.time_ns()}")
