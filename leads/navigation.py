"""What every page's navigation shows, in two queries."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from leads.models import DuplicateSuggestion, PublicForm, Submission

MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Navigation:
    duplicates: int
    form: PublicForm | None
    suspects: int = 0

    @property
    def duplicates_label(self) -> str:
        return _label(self.duplicates)

    @property
    def suspects_label(self) -> str:
        return _label(self.suspects)


def navigation() -> Navigation:
    duplicates, suspects = _counts(DuplicateSuggestion.objects.to_review(), Submission.objects.suspect())
    return Navigation(duplicates, first_form(), suspects)


def _counts(*found: QuerySet[Any]) -> tuple[int, ...]:
    """How many each finds, up to a little more than is shown; all in one query, as every page asks it."""
    parts = [each.order_by().values("pk")[: MOST_COUNTED + 1].query.sql_with_params() for each in found]
    counts = ", ".join(f"(SELECT COUNT(*) FROM ({sql}) found_{at})" for at, (sql, _) in enumerate(parts))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [value for _, values in parts for value in values])
        return tuple(cursor.fetchone())


def _label(count: int) -> str:
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


def first_form() -> PublicForm | None:
    return PublicForm.objects.filter(is_open=True).first()
