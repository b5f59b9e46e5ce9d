"""The first visit: preparing the database, the one-time code, and the owner's account."""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from basecamp import __version__, env
from leads import forms_definition, forms_editing
from leads.models import PublicForm

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else
ALWAYS_OPEN = ("/setup/", "/static/", "/healthz", "/readyz", "/f/", "/embed.js", "/api/", "/favicon.ico")


class AlreadySetUp(Exception):
    """Somebody else made the owner's account in the meantime."""


class SetupMiddleware:
    """While no user exists, every page leads to the set-up page. Asks the database until one exists, then never."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.is_done = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self.is_done and not request.path.startswith(ALWAYS_OPEN):
            self.is_done = is_set_up()
            if not self.is_done:
                return redirect("setup")
        return self.get_response(request)


def is_set_up() -> bool:
    return get_user_model().objects.exists()


# ---- the one-time code -------------------------------------------------------------------------------------------


def code_file() -> Path:
    return settings.DATA_DIR / "setup_code"


def make_code() -> str:
    """The one-time code, made now unless there is one; only the owner of the process can read its file."""
    if not (code := read_code()):
        letters = "".join(secrets.choice(ALPHABET) for _ in range(12))
        code = "-".join(letters[start : start + 4] for start in (0, 4, 8))
        code_file().unlink(missing_ok=True)
        handle = os.open(code_file(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(code)
    return code


def read_code() -> str:
    try:
        return code_file().read_text().strip()
    except FileNotFoundError:
        return ""


def is_right_code(given: str) -> bool:
    """Compares in constant time; without a code nothing is right. Case, spaces and dashes don't matter."""
    code = read_code()
    return bool(code) and secrets.compare_digest(_bare(given), _bare(code))


def _bare(code: str) -> bytes:
    return "".join(char for char in code.lower() if char.isalnum()).encode()


def create_owner(user: User) -> User:
    """Saves the first user, who may do everything, and uses up the code.

    Raises:
        AlreadySetUp: a user exists, or another request used the code first.
    """
    user.is_staff = user.is_superuser = True
    with transaction.atomic():
        user.save()
        if get_user_model().objects.exclude(pk=user.pk).exists():
            raise AlreadySetUp
        try:
            code_file().unlink()  # of two requests at the same time one finds it
        except FileNotFoundError:
            raise AlreadySetUp from None
    return user


# ---- preparing ---------------------------------------------------------------------------------------------------


def prepare() -> str:
    """Brings database, static files and first rows up to date; returns the one-time code while no user exists."""
    call_command("migrate", interactive=False, verbosity=0)
    collect_static()
    ensure_form()
    create_owner_from_environment()
    if is_set_up():
        code_file().unlink(missing_ok=True)
        return ""
    return make_code()


def ensure_form() -> None:
    """There is always a public form to link to."""
    if not PublicForm.objects.exists():
        forms_editing.make_form("Website", definition=forms_definition.default())


def create_owner_from_environment() -> None:
    """For installations without a terminal: the owner from DJANGO_SUPERUSER_USERNAME, _EMAIL and _PASSWORD."""
    if env.text("DJANGO_SUPERUSER_USERNAME") and env.text("DJANGO_SUPERUSER_PASSWORD") and not is_set_up():
        os.environ.setdefault("DJANGO_SUPERUSER_EMAIL", "")
        call_command("createsuperuser", interactive=False, verbosity=0)


def collect_static() -> bool:
    """Collects the static files unless nothing changed since the last time; returns whether it did."""
    stamp = settings.STATIC_ROOT / ".stamp"
    fingerprint = static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return False
    # redoc is the other page of API documentation that django-ninja brings; ours is Swagger's.
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=["redoc*"])
    stamp.write_text(fingerprint)
    return True


def static_fingerprint() -> str:
    """Changes with any of our static files and with the installed packages, which bring theirs."""
    parts = [__version__]
    for folder in [
        *map(Path, settings.STATICFILES_DIRS),
        *(Path(app.path) / "static" for app in apps.get_app_configs()),
    ]:
        for path in sorted(folder.rglob("*")):
            facts = path.stat()
            parts.append(f"{path}:{facts.st_size}:{facts.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
