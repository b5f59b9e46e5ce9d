"""API keys: made once, shown once, kept as a SHA-256, found again by it."""

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import ApiKey

SHAPE = re.compile(r"bc_[A-Za-z0-9_-]{43}")
PREFIX_LENGTH = 10
REQUESTS = 600  # a minute, where a key says nothing else
MOST_REQUESTS = 1_000_000
REMEMBER_USE_EVERY = dt.timedelta(minutes=1)


class Scope(models.TextChoices):
    """What a key may do; none includes another."""

    INTAKE = "intake", "Intake: send inquiries"
    READ = "read", "Read: see leads"
    WRITE = "write", "Write: change and erase leads"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the row, and the text that nobody can read again later."""

    row: ApiKey
    text: str


def create(
    name: str,
    *,
    scopes: Iterable[str] = (Scope.INTAKE,),
    expires_at: dt.datetime | None = None,
    requests_per_minute: int = REQUESTS,
) -> NewKey:
    """Makes a key.

    Raises:
        ValueError: a scope that doesn't exist, or none at all.
    """
    row = ApiKey(name=name, scopes=list(scopes), expires_at=expires_at, requests_per_minute=requests_per_minute)
    return NewKey(row, issue(row))


def issue(row: ApiKey) -> str:
    """Gives a new row its key, stores it and returns the key's text. Raises what `create` does."""
    wanted = set(map(Scope, row.scopes))
    if not wanted:
        raise ValueError("A key needs at least one scope.")
    text = f"bc_{secrets.token_urlsafe(32)}"
    row.scopes = [scope.value for scope in Scope if scope in wanted]
    row.prefix, row.digest = text[:PREFIX_LENGTH], digest(text)
    row.save(force_insert=True)
    return text


def find(text: str) -> ApiKey | None:
    """The key that this text is, once it is neither revoked nor expired; remembers that it was used."""
    if not SHAPE.fullmatch(text):
        return None
    key = ApiKey.objects.filter(digest=digest(text), is_active=True).first()
    if key is not None and key.is_expired:
        return None
    if key is not None:
        _remember_use(key)
    return key


def revoke(keys: models.QuerySet[ApiKey]) -> int:
    """Makes keys useless at once; returns how many. The rows stay, so that it is known who had one."""
    return keys.filter(is_active=True).update(is_active=False)


def change(key: ApiKey, *, name: str, expires_at: dt.datetime | None, requests_per_minute: int) -> None:
    """What may be changed of a key that is in use; what it may do is settled when it is made."""
    key.name, key.expires_at, key.requests_per_minute = name, expires_at, requests_per_minute
    key.save(update_fields=["name", "expires_at", "requests_per_minute"])


def digest(text: str) -> str:
    """SHA-256 is enough here: a key is 256 random bits, not a password that someone could guess."""
    return hashlib.sha256(text.encode()).hexdigest()


def _remember_use(key: ApiKey) -> None:
    """At most once a minute: a busy key must not write its row with every request."""
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= REMEMBER_USE_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - REMEMBER_USE_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
