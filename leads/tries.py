"""Doing a person's change once more when the database broke it off in favour of another."""

import functools
import logging
import random
import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.db import OperationalError, connection

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])
TRIES = 4
PATIENCE = 5.0  # seconds: SQLite waits for its lock itself, and nobody waits for a page four times as long
LOST = ("40P01", "40001")  # PostgreSQL: a deadlock, or two changes that can't both have been first


def again_when_busy(refusal: Callable[[], Exception] | None = None) -> Callable[[Function], Function]:
    """For a function that is one transaction: nothing of it was kept, so it may run again, a few times within seconds.
    When that doesn't help either, raises the `refusal`, without one what the database said.

    What is part of a greater transaction isn't tried again; nor is what failed for another reason.
    """

    def of(function: Function) -> Function:
        @functools.wraps(function)
        def trying(*args: Any, **kwargs: Any) -> Any:
            since = time.monotonic()
            for attempt in range(1, TRIES + 1):
                try:
                    return function(*args, **kwargs)
                except OperationalError as error:
                    if connection.in_atomic_block or not is_busy(error):
                        raise
                    logger.warning("%s lost its locks to another change, try %s", function.__name__, attempt)
                    if attempt == TRIES or time.monotonic() - since > PATIENCE:
                        raise (refusal() if refusal else error) from error
                time.sleep(random.uniform(0.02, 0.1) * attempt)  # so that the two don't meet again
            raise AssertionError("unreachable")

        return cast(Function, trying)

    return of


def is_busy(error: OperationalError) -> bool:
    """Whether another change was in the way: a deadlock, or SQLite's lock that was kept for too long."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return getattr(cause, "sqlstate", None) in LOST
