"""What the page about learning shows: what was said of decided pairs beside what was decided, and pairs to ask."""

from dataclasses import dataclass

from django.db.models import Avg, Case, Count, IntegerField, Q, Value, When

from enrichment.learning import FEWEST, teaching
from leads.duplicates import with_leads
from leads.models import DuplicateSuggestion

# From these probabilities on; the first are the unlikely pairs that are only asked to learn from.
BANDS = (0.0, 0.5, 0.7, 0.9)
State = DuplicateSuggestion.State


@dataclass(frozen=True, slots=True)
class Band:
    """Decided pairs of like probability. `said` and `was` are percentages: duplicates foretold and decided."""

    low: int
    high: int
    count: int
    same: int
    said: int

    @property
    def was(self) -> int:
        return round(100 * self.same / self.count) if self.count else 0


@dataclass(frozen=True, slots=True)
class Decisions:
    """How many decisions of each kind teach; `without` are those that don't, as their numbers were not kept."""

    same: int
    other: int
    without: int
    bands: list[Band]

    @property
    def needed(self) -> int:
        return FEWEST

    @property
    def is_enough(self) -> bool:
        return min(self.same, self.other) >= FEWEST

    @property
    def total(self) -> int:
        return self.same + self.other


def decisions() -> Decisions:
    """One query, which reads all decided pairs."""
    band = Case(
        *(When(probability__gte=low, then=Value(place)) for place, low in reversed(list(enumerate(BANDS)))),
        default=Value(0),
        output_field=IntegerField(),
    )
    is_same = Q(state=State.MERGED)
    decided = DuplicateSuggestion.objects.decided().order_by().annotate(band=band).values("band")
    rows = decided.annotate(
        count=Count("id"),
        same=Count("id", filter=is_same),
        said=Avg("probability"),
        teaching_same=Count("id", filter=is_same & teaching()),
        teaching_other=Count("id", filter=~is_same & teaching()),
    )
    found = {row["band"]: row for row in rows}
    same = sum(row["teaching_same"] for row in found.values())
    other = sum(row["teaching_other"] for row in found.values())
    bands = [_band(place, found.get(place)) for place in reversed(range(len(BANDS)))]
    return Decisions(same, other, sum(band.count for band in bands) - same - other, bands)


def _band(place: int, row: dict[str, float] | None) -> Band:
    low, high = (round(100 * edge) for edge in (*BANDS, 1.0)[place : place + 2])
    if row is None:
        return Band(low, high, 0, 0, 0)
    return Band(low, high, int(row["count"]), int(row["same"]), round(100 * row["said"]))


def probe(after: int | None = None) -> DuplicateSuggestion | None:
    """The newest unlikely pair to ask about, or the next one behind `after`."""
    found = with_leads(DuplicateSuggestion.objects.open()).filter(is_probe=True)
    standing = found.filter(first__merged_into=None, second__merged_into=None).order_by("-id")
    return (standing if after is None else standing.filter(pk__lt=after)).first()
