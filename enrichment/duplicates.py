"""Which leads may be the same person or company: candidates from keys and from the meaning of the message, each pair
weighed by `leads.matching`, the likely ones kept as suggestions for a person to decide."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from django.db import transaction
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from enrichment import embedding, vector_index
from enrichment.models import Embedding, LeadKey
from leads.matching import Holders, Match, Person, keys, match, probability
from leads.models import DuplicateSuggestion, Lead

LIKELY = 0.5  # the least probability that is worth a person's look
NEIGHBOURS = 10
NEWEST = 50  # leads of one key that are looked at; a key that more share says little
MOST = 20  # suggestions that one lead may bring
KEY_LENGTH = 120

# Kinds of keys that only tell how common a name is.
COUNTED_ONLY = frozenset({"first", "last"})
# The key of the phone, so that "(512) 555-0142" and "+1 512 555 0142" are the same.
CONTACT_COLUMNS = ("first_name", "last_name", "email", "phone_key", "company")

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Likely:
    """Two leads, the older first, that are likely the same."""

    pair: Pair
    match: Match
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Findings:
    """The likely pairs, and the pairs that were suggested before and were looked at again."""

    likely: dict[Pair, Likely] = field(default_factory=dict)
    suggested: set[Pair] = field(default_factory=set)


@dataclass(slots=True)
class _Known:
    """What is known of a batch and its candidates, by lead id."""

    leads: int = 0
    people: dict[int, Person] = field(default_factory=dict)
    keys: dict[int, dict[str, str]] = field(default_factory=dict)
    vectors: dict[int, np.ndarray] = field(default_factory=dict)
    holders: dict[str, list[int]] = field(default_factory=dict)  # key -> its newest leads
    counts: dict[str, int] = field(default_factory=dict)  # key -> how many leads have it


def find(leads: Sequence[Lead]) -> Findings:
    """The likely pairs between these leads and all others. Writes the leads' keys, and nothing else.

    The keys are committed before the others' are read: of two leads that are looked at in the same moment by two
    workers, at least one then meets the other.
    """
    standing = [lead for lead in leads if lead.merged_into_id is None]
    if not standing:
        return Findings()
    people = {lead.pk: _person(lead) for lead in standing}
    _refresh_keys(people)
    known = _Known(leads=Lead.objects.count(), people=people)
    suggested = _suggested(set(people))
    pairs = _candidates(known, suggested)
    return Findings(_likely(pairs, known), suggested)


def save(findings: Findings) -> set[int]:
    """Writes the suggestions and returns the leads that got new ones; inside a transaction.

    Open ones are brought up to date, or taken back when the pair is likely no more. A decision is never touched.
    """
    pairs = findings.likely.keys() | findings.suggested
    about = DuplicateSuggestion.objects.filter(
        first__in={pair[0] for pair in pairs}, second__in={pair[1] for pair in pairs}
    )
    earlier = {(row.first_id, row.second_id): row for row in about.select_for_update().order_by("pk")}
    is_open = {pair: row for pair, row in earlier.items() if row.state == DuplicateSuggestion.State.OPEN}
    outdated = [row.pk for pair, row in is_open.items() if pair in findings.suggested - findings.likely.keys()]
    DuplicateSuggestion.objects.filter(pk__in=outdated).delete()
    changed = [_fill(row, findings.likely[pair]) for pair, row in is_open.items() if pair in findings.likely]
    DuplicateSuggestion.objects.bulk_update(changed, ["probability", "similarity", "reasons"])
    return _create([item for pair, item in findings.likely.items() if pair not in earlier])


def _create(items: Sequence[Likely]) -> set[int]:
    ids = {pk for item in items for pk in item.pair}
    # Locked, so that none of them is erased or merged before the suggestion is there.
    standing = set(
        Lead.objects.standing().select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)
    )
    rows = [_fill(DuplicateSuggestion(), item) for item in items if standing.issuperset(item.pair)]
    DuplicateSuggestion.objects.bulk_create(rows, ignore_conflicts=True)
    touched = {pk for row in rows for pk in (row.first_id, row.second_id)}
    Lead.objects.filter(pk__in=touched).update(updated_at=timezone.now())
    return touched


def _fill(row: DuplicateSuggestion, item: Likely) -> DuplicateSuggestion:
    row.first_id, row.second_id = item.pair
    row.probability = item.match.probability
    row.similarity = item.similarity
    row.reasons = [asdict(reason) for reason in item.match.reasons]
    return row


# ---- keys ------------------------------------------------------------------------------------------------------------


def _person(lead: Lead) -> Person:
    return Person(*(getattr(lead, column) for column in CONTACT_COLUMNS))


def _row_key(kind: str, key: str) -> str:
    return f"{kind}:{key}"[:KEY_LENGTH]


def _row_keys(person: Person) -> list[str]:
    return [_row_key(kind, key) for kind, key in keys(person).items()]


def _refresh_keys(people: dict[int, Person]) -> None:
    wanted = {(pk, key) for pk, person in people.items() for key in _row_keys(person)}
    with transaction.atomic():
        alive = set(Lead.objects.select_for_update().filter(pk__in=people).order_by("pk").values_list("pk", flat=True))
        present = {
            (pk, key): row for row, pk, key in LeadKey.objects.filter(lead__in=people).values_list("id", "lead", "key")
        }
        LeadKey.objects.filter(pk__in=[row for pair, row in present.items() if pair not in wanted]).delete()
        new = [LeadKey(lead_id=pk, key=key) for pk, key in sorted(wanted - present.keys()) if pk in alive]
        LeadKey.objects.bulk_create(new, ignore_conflicts=True)


# ---- candidates ------------------------------------------------------------------------------------------------------


def _candidates(known: _Known, suggested: set[Pair]) -> set[Pair]:
    """Pairs worth comparing; fills in what is known of both sides."""
    batch = set(known.people)
    all_keys = {key for person in known.people.values() for key in _row_keys(person)}
    known.counts = _counts(all_keys)
    known.holders = _newest({key for key in all_keys if key.split(":", 1)[0] not in COUNTED_ONLY})
    pairs = {
        (pk, other) for holders in known.holders.values() for pk in batch.intersection(holders) for other in holders
    }
    pairs |= _neighbours(batch) | suggested
    _get_to_know({pk for pair in pairs for pk in pair}, known)
    ordered = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    return {pair for pair in ordered if pair[0] in known.people and pair[1] in known.people}


def _counts(all_keys: Iterable[str]) -> dict[str, int]:
    rows = LeadKey.objects.filter(key__in=all_keys).values("key").annotate(number=Count("lead"))
    return dict(rows.values_list("key", "number"))


def _newest(all_keys: Iterable[str]) -> dict[str, list[int]]:
    """The newest leads of each key."""
    place = Window(RowNumber(), partition_by="key", order_by=F("lead").desc())
    rows = LeadKey.objects.filter(key__in=all_keys).annotate(place=place).filter(place__lte=NEWEST)
    found: dict[str, list[int]] = defaultdict(list)
    for key, pk in rows.values_list("key", "lead"):
        found[key].append(pk)
    return found


def _neighbours(batch: set[int]) -> set[Pair]:
    own = _vectors(batch)
    if not own:
        return set()
    found = vector_index.nearest(np.stack(list(own.values())), NEIGHBOURS + 1)
    return {(pk, other) for pk, neighbours in zip(own, found, strict=True) for other, _ in neighbours}


def _suggested(batch: set[int]) -> set[Pair]:
    """Pairs that are suggested already: new facts may speak for or against them."""
    rows = DuplicateSuggestion.objects.open().filter(Q(first__in=batch) | Q(second__in=batch))
    return set(rows.values_list("first", "second"))


def _vectors(lead_ids: Iterable[int]) -> dict[int, np.ndarray]:
    rows = Embedding.objects.filter(model=embedding.model_name()).values_list("lead", "vector")
    return {
        pk: np.frombuffer(vector, dtype="<f4") for ids in _chunks(lead_ids) for pk, vector in rows.filter(lead__in=ids)
    }


def _get_to_know(lead_ids: set[int], known: _Known) -> None:
    """Holders of a shared key count as candidates too, so everyone needed for counting others is among these."""
    rows = Lead.objects.standing().values_list("pk", *CONTACT_COLUMNS)
    for ids in _chunks(lead_ids - known.people.keys()):
        known.people.update({pk: Person(*contact) for pk, *contact in rows.filter(pk__in=ids)})
    known.keys = {pk: keys(person) for pk, person in known.people.items()}
    known.vectors = _vectors(known.people)


def _chunks(lead_ids: Iterable[int]) -> Iterator[list[int]]:
    """A statement takes only so many parameters."""
    ids = sorted(lead_ids)
    return (ids[start : start + 5000] for start in range(0, len(ids), 5000))


# ---- weighing --------------------------------------------------------------------------------------------------------


def _likely(pairs: Iterable[Pair], known: _Known) -> dict[Pair, Likely]:
    """The likely pairs, at most MOST for the newer lead of each."""
    found: dict[int, list[Likely]] = defaultdict(list)
    for pair in pairs:
        one, other = (known.people[pk] for pk in pair)
        similarity = _similarity(pair, known)
        holders = _holders(pair, known)
        if probability(one, other, similarity=similarity, holders=holders) >= LIKELY:
            matched = match(one, other, similarity=similarity, holders=holders)
            found[pair[1]].append(Likely(pair, matched, similarity))
    for items in found.values():
        items.sort(key=lambda item: (-item.match.probability, item.pair))
    return {item.pair: item for items in found.values() for item in items[:MOST]}


def _similarity(pair: Pair, known: _Known) -> float | None:
    one, other = (known.vectors.get(pk) for pk in pair)
    if one is None or other is None or len(one) != len(other):
        return None
    return max(-1.0, min(1.0, float(one @ other)))


def _holders(pair: Pair, known: _Known) -> Holders:
    """How common the values are that a pair shares. A mailbox or phone, or a name, is held by another person when
    the other lead's name, or mailbox and phone, are none of the pair's."""
    one, other = (known.keys[pk] for pk in pair)
    shared = {kind: key for kind, key in one.items() if other.get(kind) == key}
    return Holders(
        leads=known.leads,
        name=_others("name", shared, pair, known, told_apart_by=("email", "phone")),
        email=_others("email", shared, pair, known, told_apart_by=("name",)),
        phone=_others("phone", shared, pair, known, told_apart_by=("name",)),
        first=_count("first", shared, known),
        last=_count("last", shared, known),
        company=_count("company", shared, known),
        domain=_count("domain", shared, known),
    )


def _count(kind: str, shared: dict[str, str], known: _Known) -> int:
    return max(known.counts.get(_row_key(kind, shared[kind]), 0) - 2, 0) if kind in shared else 0


def _others(kind: str, shared: dict[str, str], pair: Pair, known: _Known, *, told_apart_by: tuple[str, ...]) -> int:
    if kind not in shared:
        return 0
    holders = known.holders.get(_row_key(kind, shared[kind]), ())
    ours = {known.keys[pk][sort] for pk in pair for sort in told_apart_by if sort in known.keys[pk]}
    marks = [
        [known.keys[pk][sort] for sort in told_apart_by if sort in known.keys[pk]] for pk in holders if pk in known.keys
    ]
    return len({mark[0] for mark in marks if mark and not ours.intersection(mark)})
