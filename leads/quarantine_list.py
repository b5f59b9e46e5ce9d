"""What the quarantine page lists."""

from dataclasses import dataclass

from leads.models import Submission

PAGE_SIZE = 25
LONGEST = 1500  # characters of a text that are shown at first


@dataclass(frozen=True, slots=True)
class Row:
    submission: Submission

    @property
    def sender(self) -> str:
        """Who it says it is from."""
        typed = self.submission.contact
        name = f"{typed.get('first_name', '')} {typed.get('last_name', '')}".strip()
        return ", ".join(part for part in (name, typed.get("company", ""), typed.get("email", "")) if part) or "No name"

    @property
    def beginning(self) -> str:
        return self.submission.text[:LONGEST]

    @property
    def rest(self) -> str:
        return self.submission.text[LONGEST:]


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    rows: list[Row]
    number: int
    has_next: bool


def quarantine_page(show: str, number: int) -> QuarantinePage:
    """`show`: "suspect", "spam" or "not_spam"; the newest first."""
    found = {
        "suspect": Submission.objects.suspect,
        "spam": Submission.objects.spam,
        "not_spam": Submission.objects.acquitted,
    }[show]()
    first = (max(number, 1) - 1) * PAGE_SIZE
    newest = (
        found.select_related("lead", "form", "lesson").defer("payload", "lesson__signs").prefetch_related("attachments")
    )
    rows = list(newest.order_by("-received_at", "-id")[first : first + PAGE_SIZE + 1])
    return QuarantinePage([Row(each) for each in rows[:PAGE_SIZE]], max(number, 1), len(rows) > PAGE_SIZE)
