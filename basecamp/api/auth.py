"""Who asks, and whether they may: an API key in either of two headers, its scope, and its rate."""

import time
from collections.abc import Callable

from django.http import HttpRequest
from ninja.security import APIKeyHeader, HttpBearer

from basecamp.api.problems import ApiError
from leads import api_keys
from leads.api_keys import Scope
from leads.limits import is_over
from leads.models import ApiKey

REQUESTS = 600
WINDOW = 60  # seconds


class BearerKey(HttpBearer):
    """`Authorization: Bearer KEY`"""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        return _admit(token.strip(), self.scope)


class HeaderKey(APIKeyHeader):
    """`X-API-Key: KEY`"""

    param_name = "X-API-Key"

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiKey | None:
        return _admit(key.strip(), self.scope) if key else None


def key_with(scope: Scope) -> list[Callable[[HttpRequest], ApiKey | None]]:
    """The ways to show a key that may do this."""
    return [BearerKey(scope), HeaderKey(scope)]


def _admit(text: str, scope: Scope) -> ApiKey | None:
    key = api_keys.find(text)
    if key is None:
        return None
    if is_over(f"api:{key.pk}", limit=REQUESTS, window=WINDOW):
        wait = WINDOW - int(time.time()) % WINDOW
        message = f"This key was used more than {REQUESTS} times within a minute; try again in {wait} seconds."
        raise ApiError(429, "too_many_requests", message, retry_after=wait)
    if scope not in key.scopes:
        raise ApiError(403, "forbidden", f"This key lacks the scope “{scope.value}”.")
    return key
