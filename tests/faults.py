"""Faults of the database, at its border."""

from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connection


def refuse(table: str) -> Callable[..., Any]:
    """For `connection.execute_wrapper`: the table takes no new rows, as when it is locked for too long."""
    words = f"INSERT INTO {connection.ops.quote_name(table)} "

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(words):
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    return wrapper
