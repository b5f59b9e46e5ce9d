"""5,000 hostile posts to the public form, every tenth a valid one: none may break the server, no valid one may be lost.

The limits are off, since one address sends it all; the seed is fixed.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from unittest import mock
from urllib.parse import quote_from_bytes, urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.test.utils import get_runner

from benchmarks.figures import Figure
from leads import form_tokens
from leads.intake import admit_waiting
from leads.models import PublicForm, Submission
from leads.views.public_form import _known_form

POSTS = 5000
VALID_EVERY = 10
FORM = "application/x-www-form-urlencoded"
NASTY = (
    "\x00", "a\x00b", "\u202e\u200b\ufeff", "😀" * 3000, "x" * 200_001, "'; DROP TABLE leads_submission; --", "{{7*7}}",
    "<script>alert(1)</script>", "../../etc/passwd", "%s%n%x", "=HYPERLINK(1)", "\r\nBcc: a@b.c", "NaN", "1e309", "-1",
    "a" * 70_000 + "@b.c", "ｆｕｌｌ", "\u0301" * 2000, "[" * 20_000, "http://x" * 3000, " " * 5000, "\x1b[31m", "",
)  # fmt: skip
NAMES = ("first_name", "last_name", "email", "phone", "company", "message", "website", "token", "altcha", "unchecked")


def run() -> list[Figure]:
    """In a scratch database of its own."""
    logging.disable(logging.WARNING)  # Django tells of each refused post
    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with override_settings(FORM_LIMIT_PER_IP=10**9, FORM_LIMIT_PER_FORM=10**9):
            return _measure(random.Random(7))
    finally:
        runner.teardown_databases(databases)


def _measure(dice: random.Random) -> list[Figure]:
    User.objects.create_superuser("bench")  # else every page leads to the set-up
    PublicForm.objects.create(key="fuzz", name="Fuzz")
    _known_form.cache_clear()
    browser = Client(raise_request_exception=False)
    statuses: Counter[int] = Counter()
    sent: list[str] = []
    for at in range(POSTS):
        if at % VALID_EVERY == 0:
            sent.append(f"Valid inquiry {at}: could you look at my brakes on Friday?")
            statuses[_valid(browser, sent[-1])] += 1
        else:
            statuses[dice.choice(ATTACKS)(browser, dice)] += 1
    while admit_waiting():
        pass
    kept = set(Submission.objects.filter(text__in=sent).values_list("text", flat=True))
    on_leads = Submission.objects.filter(text__in=sent, lead__isnull=False).count()
    broken = sum(count for status, count in statuses.items() if status >= 500)
    stuck = Submission.objects.stuck().count()
    return [
        Figure(f"Server errors of {POSTS:,} hostile posts ({_told(statuses)})", str(broken), "0", broken == 0),
        Figure(f"Valid ones lost of {len(sent)}", str(len(sent) - len(kept)), "0", len(kept) == len(sent)),
        Figure("Valid ones that became leads", f"{on_leads} of {len(sent)}"),
        Figure("Stored ones that broke the worker", str(stuck), "0", stuck == 0),
    ]


def _told(statuses: Counter[int]) -> str:
    return ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))


def _token() -> str:
    with mock.patch("django.core.signing.time.time", return_value=time.time() - 60):
        return form_tokens.new_token("fuzz")


def _valid(browser: Client, text: str) -> int:
    typed = {"email": "ana@example.com", "message": text, "token": _token()}
    return browser.post("/f/fuzz/", typed).status_code


def _nasty_fields(browser: Client, dice: random.Random) -> int:
    typed = {"email": "ana@example.com", "message": "Hello", "token": _token()}
    typed |= {dice.choice(NAMES[:-3]): dice.choice(NASTY) for _ in range(3)}
    return browser.post("/f/fuzz/", urlencode(typed, errors="replace"), content_type=FORM).status_code


def _nasty_tokens(browser: Client, dice: random.Random) -> int:
    typed = {name: dice.choice(NASTY) for name in NAMES} | {"message": "Hello", "email": "a@b.example"}
    return browser.post("/f/fuzz/", urlencode(typed, errors="replace"), content_type=FORM).status_code


def _raw_bytes(browser: Client, dice: random.Random) -> int:
    kinds = (
        FORM,
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json",
        "text/plain",
        "",
        "a/b;;=",
    )
    body = dice.randbytes(dice.randrange(2000))
    return browser.generic("POST", "/f/fuzz/", body, content_type=dice.choice(kinds)).status_code


def _bad_encoding(browser: Client, dice: random.Random) -> int:
    body = f"message={quote_from_bytes(dice.randbytes(50))}&email=a@b.example&token={_token()}&first_name=%ED%A0%80"
    charset = dice.choice(("", "; charset=utf-7", "; charset=latin-1", "; charset=nonsense", "; charset=utf-16"))
    return browser.generic("POST", "/f/fuzz/", body.encode(), content_type=FORM + charset).status_code


def _broken_multipart(browser: Client, dice: random.Random) -> int:
    parts = b'--x\r\nContent-Disposition: form-data; name="message"; filename="a"\r\n\r\n' + dice.randbytes(300)
    cut = parts[: dice.randrange(len(parts))]
    return browser.generic("POST", "/f/fuzz/", cut, content_type="multipart/form-data; boundary=x").status_code


def _too_many_fields(browser: Client, dice: random.Random) -> int:
    body = "&".join(f"f{at}={at}" for at in range(dice.choice((150, 250, 2000))))
    return browser.post("/f/fuzz/", body, content_type=FORM).status_code


def _headers(browser: Client, dice: random.Random) -> int:
    nasty = dice.choice(NASTY[:12])[:2000].encode("latin-1", "replace").decode("latin-1").replace("\r\n", " ")
    extra = {dice.choice(("HTTP_X_FORWARDED_FOR", "HTTP_REFERER", "HTTP_USER_AGENT", "REMOTE_ADDR")): nasty}
    typed = {"email": "ana@example.com", "message": "Hello", "token": _token()}
    return browser.post("/f/fuzz/", typed, **extra).status_code  # type: ignore[arg-type]


def _methods(browser: Client, dice: random.Random) -> int:
    method = dice.choice(("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"))
    path = dice.choice(("/f/fuzz/", "/f/fuzz/thanks/", "/f/%00/", "/f/" + "a" * 3000 + "/", "/f/../admin/"))
    return browser.generic(method, path, dice.randbytes(20)).status_code


def _twice(browser: Client, dice: random.Random) -> int:
    typed = {"email": "ana@example.com", "message": dice.choice(("Hello", "Hallo")), "token": _token()}
    browser.post("/f/fuzz/", typed)
    return browser.post("/f/fuzz/", typed | {"message": dice.choice(NASTY[:8])}).status_code


ATTACKS: tuple[Callable[[Client, random.Random], int], ...] = (
    _nasty_fields,
    _nasty_tokens,
    _raw_bytes,
    _bad_encoding,
    _broken_multipart,
    _too_many_fields,
    _headers,
    _methods,
    _twice,
)
