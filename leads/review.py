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
from leads.models import DuplicateSuggestion, Lead, Submission
from leads.models.duplicates import DuplicateSuggestionQuerySet

PAGE_SIZE = 10
COUNTED = 1000
IN_GROUP = 0.5  # the least probability that holds a group together
ROUNDS = 2  # how far a group grows from a pair of the page
MOST_GROWN = 200  # pairs that are looked at in a round
MOST_IN_GROUP = 10  # leads, and pairs between them, that a card shows
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
    """A suggestion with its two leads side by side."""

    suggestion: DuplicateSuggestion
    fields: list[ComparedField]


@dataclass(frozen=True, slots=True)
class Card:
    """What is decided at once: one pair, or a group of leads that several pairs hold together."""

    pairs: list[Pair]
    leads: list[Lead]

    @property
    def key(self) -> int:
        return self.pairs[0].suggestion.pk

    @property
    def is_group(self) -> bool:
        return len(self.leads) > 2

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
        return f"{COUNTED:,}+ left" if self.left > COUNTED else f"{self.left:,} left"

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
    found = list(_shown(behind(narrowed, after))[: PAGE_SIZE + 1])
    page, has_next = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    left = narrowed.order_by()[: COUNTED + 1].count()
    return QueuePage(_cards(page, narrowed), page[-1].pk if has_next else None, left, _decided_today(actor))


def behind(found: DuplicateSuggestionQuerySet, after: int | None) -> DuplicateSuggestionQuerySet:
    """By the pair's place, which it keeps when it is decided. One that is gone starts from the top."""
    place = DuplicateSuggestion.objects.filter(pk=after).first() if after is not None else None
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
            cards.append(_card(part[:MOST_IN_GROUP]))
    return cards


def _card(rows: Sequence[DuplicateSuggestion]) -> Card:
    leads = {lead.pk: lead for row in rows for lead in (row.first, row.second)}
    return Card(
        [Pair(row, compare(row.first, row.second)) for row in rows],
        [leads[pk] for pk in sorted(leads)][:MOST_IN_GROUP],
    )


def _grown(page: Sequence[DuplicateSuggestion], narrowed: DuplicateSuggestionQuerySet) -> list[DuplicateSuggestion]:
    """The page's pairs with those that touch their leads, and once more; a fixed number of queries at most."""
    rows = {row.pk: row for row in page}
    known: set[int] = set()
    for _ in range(ROUNDS):
        new = _lead_ids(rows.values()) - known
        if not new:
            break
        known |= new
        touching = narrowed.filter(Q(first__in=new) | Q(second__in=new), probability__gte=IN_GROUP)
        more = with_leads(touching).exclude(pk__in=list(rows)).order_by()[:MOST_GROWN]
        rows |= {row.pk: row for row in more}
    return sorted(rows.values(), key=lambda row: (-row.probability, -row.pk))


def _lead_ids(rows: Iterable[DuplicateSuggestion]) -> set[int]:
    return {pk for row in rows for pk in (row.first_id, row.second_id)}


def _connected(rows: Sequence[DuplicateSuggestion]) -> dict[int, list[DuplicateSuggestion]]:
    """For each pair, all pairs that hang together with it, in the given order."""
    heads: dict[int, int] = {}

    def head(pk: int) -> int:
        while heads.setdefault(pk, pk) != pk:
            pk = heads[pk]
        return pk

    for row in rows:
        heads[head(row.second_id)] = head(row.first_id)
    parts: dict[int, list[DuplicateSuggestion]] = {}
    for row in rows:
        parts.setdefault(head(row.first_id), []).append(row)
    return {row.pk: parts[head(row.first_id)] for row in rows}


# ---- side by side ----------------------------------------------------------------------------------------------------


def compare(first: Lead, second: Lead) -> list[ComparedField]:
    """The contact fields that either of the two has."""
    rows = [ComparedField(key, FIELDS[key].label, getattr(first, key), getattr(second, key)) for key in CONTACT]
    return [row for row in rows if row.first or row.second]
