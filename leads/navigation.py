"""What every page's navigation shows, in two queries."""

from dataclasses import dataclass

from leads.models import DuplicateSuggestion, PublicForm

MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Navigation:
    duplicates: int
    form: PublicForm | None

    @property
    def duplicates_label(self) -> str:
        return f"{MOST_COUNTED}+" if self.duplicates > MOST_COUNTED else str(self.duplicates)


def navigation() -> Navigation:
    open_ones = DuplicateSuggestion.objects.to_review().order_by()[: MOST_COUNTED + 1].count()
    return Navigation(open_ones, first_form())


def first_form() -> PublicForm | None:
    return PublicForm.objects.filter(is_open=True).first()
