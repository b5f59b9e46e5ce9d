"""Who asks, and whether they may: an API key in either of two headers, its scope, and its rate."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from ninja.security import APIKeyHeader, HttpBearer

from basecamp.api.problems import ApiError
from leads import api_keys, limits
from leads.api_keys import Scope
from leads.models import ApiKey

WINDOW = 60  # seconds
POLICY = "per-key"  # how the headers call the one limit there is


@dataclass(frozen=True, slots=True)
class Rate:
    """Where a key stands: so many requests in the window, so many left, which begins anew in `reset` seconds."""

    limit: int
    left: int
    reset: int


class BearerKey(HttpBearer):
    """`Authorization: Bearer KEY`. Where both headers are sent, they must hold the same key."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        text = token.strip()
        other = request.headers.get(HeaderKey.param_name, text).strip()
        return _admit(request, text, self.scope) if text == other else None


class HeaderKey(APIKeyHeader):
    """`X-API-Key: KEY`"""

    param_name = "X-API-Key"

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiKey | None:
        # Another key that was refused isn't made up for by this one. Basic is what proxies before us ask for.
        other = request.headers.get("Authorization")
        is_alone = other is None or other.lower().startswith("basic ")
        return _admit(request, key.strip(), self.scope) if key and is_alone else None


def key_with(scope: Scope) -> list[Callable[[HttpRequest], ApiKey | None]]:
    """The ways to show a key that may do this."""
    return [BearerKey(scope), HeaderKey(scope)]


def tell_rate(request: HttpRequest, response: HttpResponse) -> None:
    """The IETF's draft “RateLimit header fields for HTTP”; nothing for requests without a key."""
    rate: Rate | None = getattr(request, "rate", None)
    if rate is not None:
        response["RateLimit-Policy"] = f'"{POLICY}";q={rate.limit};w={WINDOW}'
        response["RateLimit"] = f'"{POLICY}";r={rate.left};t={rate.reset}'


def _admit(request: HttpRequest, text: str, scope: Scope) -> ApiKey | None:
    key = api_keys.find(text)
    if key is None:
        return None
    rate = _count(key)
    request.rate = rate  # type: ignore[attr-defined]
    if rate.left < 0:
        request.rate = Rate(rate.limit, 0, rate.reset)  # type: ignore[attr-defined]
        message = f"This key was used more than {rate.limit} times within a minute; try again in {rate.reset} seconds."
        raise ApiError(429, "too_many_requests", message, retry_after=rate.reset)
    if scope not in key.scopes:
        raise ApiError(403, "forbidden", f"This key lacks the scope “{scope.value}”.")
    return key


def _count(key: ApiKey) -> Rate:
    name = f"api:{key.pk}"
    used = limits.count([name], window=WINDOW)[name]
    return Rate(key.requests_per_minute, key.requests_per_minute - used, limits.seconds_left(WINDOW))
