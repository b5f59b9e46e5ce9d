"""The queue of suspected duplicates: pairs likeliest first, and groups where several pairs may be one person.

Whatever the queue's length, a page costs the same: it starts behind a pair rather than at a number, groups grow from
the pairs of the page alone, and counting stops at a thousand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from django.contrib.auth.models import User
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Substr
from django.utils import timezone

from leads.duplicates import with_leads
from leads.fields import CONTACT, FIELDS
from leads.merge_judging import normal
from leads.merge_plan import MOST as MOST_IN_GROUP
from leads.models import DuplicateSuggestion, Lead, Submission
from leads.models.duplicates import DuplicateSuggestionQuerySet

PAGE_SIZE = 10
COUNTED = 1000
IN_GROUP = 0.5  # the least probability that holds a group together
ROUNDS = 2  # how far a group grows from a pair of the page
MOST_GROWN = 200  # pairs that are looked at in a round
WINDOW = 60  # pairs that a page looks at: those of one group make one card
MOST_PAIRS = 10  # of a group, that its card shows with their reasons
Place = tuple[float, int, int, int]  # a pair by its probability and id, and its two leads
PLACE = ("probability", "pk", "first", "second")
BANDS = {"95": (0.95, 1.01), "80": (0.8, 0.95), "50": (0.0, 0.8)}


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the queue; empty strings narrow nothing. `owner` is a user's id, or "none"."""

    band: str = ""
    shared: str = ""
    source: str = ""
    owner: str = ""
    samples: str = ""

    @property
    def is_set(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One contact field of two leads; `is_equal` when both say the same, however it is written."""

    key: str
    label: str
    first: str
    second: str

    @property
    def is_equal(self) -> bool:
        return bool(self.first) and normal(self.key, self.first) == normal(self.key, self.second)

    @property
    def is_contrary(self) -> bool:
        return bool(self.first and self.second) and not self.is_equal


@dataclass(frozen=True, slots=True)
class Pair:
    """A suggestion with its two leads side by side; in a group, which of its leads they are, from 1."""

    suggestion: DuplicateSuggestion
    fields: list[ComparedField]
    numbers: tuple[int, int] = (1, 2)


@dataclass(frozen=True, slots=True)
class Card:
    """What is decided at once: one pair, or a group of leads that several pairs hold together. `left_out` leads are too
    many to be merged in one go."""

    pairs: list[Pair]
    leads: list[Lead]
    left_out: int = 0

    @property
    def key(self) -> int:
        return self.pairs[0].suggestion.pk

    @property
    def is_group(self) -> bool:
        return len(self.leads) > 2

    @property
    def size(self) -> int:
        return len(self.leads) + self.left_out

    @property
    def shown(self) -> list[Pair]:
        return self.pairs[:MOST_PAIRS]

    @property
    def not_shown(self) -> int:
        return len(self.pairs) - len(self.shown)

    @property
    def title(self) -> str:
        return f"{', '.join(lead.name for lead in self.leads[:-1])} and {self.leads[-1].name}"


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page. `after` is the pair that the next page starts behind, None on the last; `left` stops at COUNTED + 1."""

    cards: list[Card]
    after: int | None
    left: int
    decided_today: int

    @property
    def left_label(self) -> str:
        count = f"{COUNTED:,}+" if self.left > COUNTED else f"{self.left:,}"
        return f"{count} pair{'' if self.left == 1 else 's'} left"

    @property
    def today(self) -> int:
        """Today's share of the work, done and still to do."""
        return self.decided_today + self.left


def to_review(filters: Filters) -> DuplicateSuggestionQuerySet:
    """The open pairs that the filters leave."""
    found = DuplicateSuggestion.objects.to_review()
    if filters.band in BANDS:
        least, below = BANDS[filters.band]
        found = found.filter(probability__gte=least, probability__lt=below)
    if filters.source:
        found = found.filter(Q(first__source=filters.source) | Q(second__source=filters.source))
    if filters.owner:
        owner = int(filters.owner) if filters.owner.isdecimal() else None
        found = found.filter(Q(first__owner=owner) | Q(second__owner=owner))
    if filters.shared:
        found = found.filter(_shares_a_key()) if filters.shared == "yes" else found.exclude(_shares_a_key())
    if filters.samples:
        found = found.filter(second__is_sample=filters.samples == "only")
    return found


def _shares_a_key() -> Q:
    return Q(first__email_key=F("second__email_key"), first__email_key__gt="") | Q(
        first__phone_key=F("second__phone_key"), first__phone_key__gt=""
    )


def queue_page(filters: Filters, *, after: int | None, actor: User) -> QueuePage:
    """The cards behind the pair `after`, or from the likeliest on."""
    narrowed = to_review(filters)
    likeliest = list(narrowed.likeliest_first().values_list(*PLACE)[: COUNTED + 1])
    found = _from_place(narrowed, likeliest, after)
    ids = _filling_a_page(found)
    page = list(_shown(narrowed.filter(pk__in=ids)))
    following = ids[-1] if len(ids) < len(found) else None
    return QueuePage(_cards(page, narrowed), following, len(likeliest), _decided_today(actor))


def _from_place(
    narrowed: DuplicateSuggestionQuerySet, likeliest: Sequence[Place], after: int | None
) -> Sequence[Place]:
    """The pairs that a page looks at behind the pair `after`, and one more if there are more. Mostly they are among
    those that were counted: where the filters leave little, going through all pairs is what a page costs."""
    place = _place(after)
    found = [each for each in likeliest if place is None or each[:2] < (place.probability, place.pk)]
    if place is not None and len(found) <= WINDOW and len(likeliest) > COUNTED:
        found = list(behind(narrowed, after).likeliest_first().values_list(*PLACE)[: WINDOW + 1])
    return found[: WINDOW + 1]


def _filling_a_page(found: Sequence[Place]) -> list[int]:
    """The pairs from the first on that make PAGE_SIZE cards. A group's pairs make one, and a page of hardly anything
    else would be a page of few cards, or of none."""
    heads = _Heads()
    ids: list[int] = []
    count = 0
    for probability, pk, first, second in found[:WINDOW]:
        count += 0 if probability >= IN_GROUP and heads.join(first, second) else 1
        if count > PAGE_SIZE:
            break
        ids.append(pk)
    return ids


def _place(after: int | None) -> DuplicateSuggestion | None:
    return DuplicateSuggestion.objects.filter(pk=after).first() if after is not None else None


def behind(found: DuplicateSuggestionQuerySet, after: int | None) -> DuplicateSuggestionQuerySet:
    """By the pair's place, which it keeps when it is decided. One that is gone starts from the top."""
    place = _place(after)
    if place is None:
        return found
    # The first part alone is what the index can start at.
    return found.filter(probability__lte=place.probability).exclude(probability=place.probability, pk__gte=place.pk)


def _shown(found: DuplicateSuggestionQuerySet) -> DuplicateSuggestionQuerySet:
    """With what a card shows."""
    words = {f"{side}_words": Subquery(_first_words(side)) for side in ("first", "second")}
    return with_leads(found).annotate(**words).likeliest_first()


def _first_words(side: str) -> QuerySet[Submission, dict[str, str]]:
    earliest = Submission.objects.filter(lead=OuterRef(side)).order_by("received_at", "id")
    return earliest.annotate(words=Substr("text", 1, 240)).values("words")[:1]


def _decided_today(actor: User) -> int:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = DuplicateSuggestion.objects.decided().filter(decided_at__gte=midnight, decided_by=actor)
    return mine.order_by()[:COUNTED].count()


# ---- groups ----------------------------------------------------------------------------------------------------------


def _cards(page: Sequence[DuplicateSuggestion], narrowed: DuplicateSuggestionQuerySet) -> list[Card]:
    """A card for each pair; a group has one, where its likeliest pair stands."""
    related = _grown(page, narrowed)
    parts = _connected([row for row in related if row.probability >= IN_GROUP])
    on_page = {row.pk for row in page}
    cards = []
    for row in page:
        part = parts.get(row.pk, [row])
        if len(part) < 2:
            cards.append(_card([row]))
        elif part[0].pk == row.pk and row.pk in on_page:
            cards.append(_card(part))
    return cards


def _card(rows: Sequence[DuplicateSuggestion]) -> Card:
    """With the leads of the likeliest pairs, as many as can be merged in one go, and all pairs between them."""
    leads = {lead.pk: lead for row in rows for lead in (row.first, row.second)}
    numbers = {pk: number for number, pk in enumerate(sorted(list(leads)[:MOST_IN_GROUP]), start=1)}
    pairs = [
        Pair(row, compare(row.first, row.second), (numbers[row.first_id], numbers[row.second_id]))
        for row in rows
        if row.first_id in numbers and row.second_id in numbers
    ]
    return Card(pairs, [leads[pk] for pk in numbers], len(leads) - len(numbers))


def _grown(page: Sequence[DuplicateSuggestion], narrowed: DuplicateSuggestionQuerySet) -> list[DuplicateSuggestion]:
    """The page's pairs with those that touch their leads, and once more; always in as many queries."""
    rows = {row.pk: row for row in page}
    for _ in range(ROUNDS):
        known = _lead_ids(rows.values())
        touching = narrowed.filter(Q(first__in=known) | Q(second__in=known), probability__gte=IN_GROUP)
        more = with_leads(touching).exclude(pk__in=list(rows)).order_by()[:MOST_GROWN]
        rows |= {row.pk: row for row in more}
    return sorted(rows.values(), key=lambda row: (-row.probability, -row.pk))


def _lead_ids(rows: Iterable[DuplicateSuggestion]) -> set[int]:
    return {pk for row in rows for pk in (row.first_id, row.second_id)}


def _connected(rows: Sequence[DuplicateSuggestion]) -> dict[int, list[DuplicateSuggestion]]:
    """For each pair, all pairs that hang together with it, in the given order."""
    heads = _Heads()
    for row in rows:
        heads.join(row.first_id, row.second_id)
    parts: dict[int, list[DuplicateSuggestion]] = {}
    for row in rows:
        parts.setdefault(heads.of(row.first_id), []).append(row)
    return {row.pk: parts[heads.of(row.first_id)] for row in rows}


class _Heads:
    """Which leads hang together: all of one group have the same head."""

    def __init__(self) -> None:
        self._heads: dict[int, int] = {}

    def of(self, pk: int) -> int:
        while self._heads.setdefault(pk, pk) != pk:
            pk = self._heads[pk]
        return pk

    def join(self, first: int, second: int) -> bool:
        """Whether one of the two was in a group before."""
        is_known = first in self._heads or second in self._heads
        self._heads[self.of(second)] = self.of(first)
        return is_known


# ---- side by side ----------------------------------------------------------------------------------------------------


def compare(first: Lead, second: Lead) -> list[ComparedField]:
    """The contact fields that either of the two has."""
    rows = [ComparedField(key, FIELDS[key].label, getattr(first, key), getattr(second, key)) for key in CONTACT]
    return [row for row in rows if row.first or row.second]
