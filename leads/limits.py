"""How often something may happen, counted in the database, so that the limit holds across processes."""

import datetime as dt
import time
from collections.abc import Mapping, Sequence

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from leads.models import RateCount

# On SQLite and on PostgreSQL alike.
COUNT = """
    INSERT INTO leads_ratecount (key, count, expires_at) VALUES {rows}
    ON CONFLICT (key) DO UPDATE SET count = leads_ratecount.count + 1
    RETURNING key, count
"""


def is_over(key: str, *, limit: int, window: int) -> bool:
    """Counts one more of `key` in the current window of so many seconds; True when that is more than `limit`."""
    return is_any_over({key: limit}, window=window)


def is_any_over(limits: Mapping[str, int], *, window: int) -> bool:
    """Counts one more of each key; True when one of them is over its limit."""
    counts = count(sorted(limits), window=window)
    return any(counts[key] > limit for key, limit in limits.items())


def count(keys: Sequence[str], *, window: int) -> dict[str, int]:
    """Counts one more of each key in the current window of so many seconds; returns how many it makes. One statement
    counts and answers."""
    start = int(time.time()) // window * window
    expires_at = connection.ops.adapt_datetimefield_value(dt.datetime.fromtimestamp(start + 2 * window, dt.UTC))
    stored = {f"{key[:90]}:{window}:{start}": key for key in keys}
    rows = ", ".join(["(%s, 1, %s)"] * len(stored))
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(rows=rows), [part for key in stored for part in (key, expires_at)])
        return {stored[key]: counted for key, counted in cursor.fetchall()}


def seconds_left(window: int) -> int:
    """Until the current window ends and counting begins anew; at least 1."""
    return window - int(time.time()) % window


def forget_expired() -> int:
    """Deletes counts whose window is over; returns how many."""
    return RateCount.objects.filter(expires_at__lt=timezone.now()).delete()[0]


def client_ip(request: HttpRequest, *, trusted_proxies: int) -> str:
    """The caller's address. X-Forwarded-For is believed only as far as our own proxies wrote it."""
    if trusted_proxies:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= trusted_proxies:
            return hops[-trusted_proxies]
    return request.META.get("REMOTE_ADDR", "")
