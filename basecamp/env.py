"""Reading the environment: typed, with one plain sentence that names the variable when a value is wrong."""

import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured


class WrongSetting(ImproperlyConfigured):
    """An environment variable has a value that baseCamp can't use."""


def text(name: str, default: str = "") -> str:
    """The variable's value, or the default when it is absent or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    value = text(name, str(default)).lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise WrongSetting(f"{name} must be true or false, not “{value}”.")


def integer(name: str, default: int, *, low: int, high: int) -> int:
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise WrongSetting(f"{name} must be a whole number from {low} to {high}, not “{value}”.") from None
    if not low <= number <= high:
        raise WrongSetting(f"{name} must be a whole number from {low} to {high}, not {number}.")
    return number


def choice(name: str, default: str, options: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in options:
        known = f"one of {', '.join(options)}" if len(options) <= 10 else f"like {default}, and one that is known"
        raise WrongSetting(f"{name} must be {known}, not “{value}”.")
    return value


def url(name: str, default: str = "") -> str:
    """An http(s) address without its trailing slash; empty only when the default is."""
    value = text(name, default).rstrip("/")
    if value and (urlsplit(value).scheme not in ("http", "https") or not _port_is_right(value)):
        raise WrongSetting(f"{name} must be an address like http://localhost:8000, not “{value}”.")
    return value


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def database(name: str, default: str) -> dict[str, Any]:
    value = text(name, default)
    try:
        parsed = dict(environ.Env.db_url_config(value))
    except Exception as error:  # noqa: BLE001 - django-environ raises whatever the parsing hits
        raise WrongSetting(f"{name} can't be read ({error}); use postgres://user:password@host:5432/name.") from None
    if parsed.get("ENGINE") not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
        raise WrongSetting(f"{name} must begin with postgres:// or sqlite:///.")
    return parsed


def email(name: str, default: str) -> dict[str, Any]:
    value = text(name, default)
    try:
        return dict(environ.Env.email_url_config(value))
    except Exception:  # noqa: BLE001 - as above
        raise WrongSetting(f"{name} must be like smtp+tls://user:password@mail.example.com:587.") from None


def sender(name: str, default: str) -> str:
    """“Elm Street Garage <office@example.com>” or the address alone; empty without any."""
    value = text(name)
    if value and not re.fullmatch(r"(?:[^<>\r\n]+ <)?[^\s<>@]+@[^\s<>@]+>?", value):
        raise WrongSetting(f"{name} must be like Elm Street Garage <office@example.com>, not “{value}”.")
    return value or (default if "@" in default else "")


def kept_secret(name: str, folder: Path) -> str:
    """The variable, or a secret made once and kept in a file that only the owner can read."""
    if value := text(name):
        return value
    path = folder / name.lower()
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=folder) as file:  # made for the owner's eyes only
            file.write(secrets.token_urlsafe(50))
            file.flush()
            with suppress(FileExistsError):  # another process was first: its secret counts
                os.link(file.name, path)
    return path.read_text().strip()


def writable_folder(name: str, default: Path) -> Path:
    folder = Path(text(name, str(default))).expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSetting(f"{name}: the folder {folder} can't be made ({error.strerror}).") from None
    if not os.access(folder, os.W_OK):
        raise WrongSetting(f"{name}: the folder {folder} can't be written to.")
    return folder


def _port_is_right(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
