"""Which pairs of leads are worth comparing: those who share a key, and those whose messages are near; and what is known
of both sides."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import connection, transaction

from enrichment import embedding, people, vector_index
from enrichment.models import Embedding, LeadKey
from leads.matching import COUNTED_ONLY, Person, key_pairs
from leads.models import DuplicateSuggestion, Lead

NEIGHBOURS = 10
NEWEST = 50  # leads of one key that are looked at; a key that more share says little
KEY_LENGTH = 120
RECOUNT_AFTER = 600  # seconds
KEYS = LeadKey._meta.db_table
UNION = 100  # selects in one statement; SQLite allows 500

Pair = tuple[int, int]  # the older lead first
Keys = dict[str, tuple[str, ...]]  # by kind, as they are stored: "email:a@b.c"


@dataclass(slots=True)
class Known:
    """What is known of a batch and its candidates, by lead id."""

    leads: int = 0
    people: dict[int, Person] = field(default_factory=dict)
    keys: dict[int, Keys] = field(default_factory=dict)
    vectors: dict[int, np.ndarray] = field(default_factory=dict)
    holders: dict[str, list[int]] = field(default_factory=dict)  # key -> its newest leads
    counts: dict[str, int] = field(default_factory=dict)  # key -> how many leads have it
    marks: dict[tuple[str, tuple[str, ...]], list[tuple[str, ...]]] = field(default_factory=dict)  # of a key's holders


def collect(batch: dict[int, Person], suggested: set[Pair]) -> tuple[set[Pair], Known]:
    """Pairs of these leads with others and with each other, and what is known of both sides.

    Writes the batch's keys. They are committed before the others' are read: of two leads that are looked at in the
    same moment by two workers, at least one then meets the other. `suggested` pairs are always among the pairs.
    """
    known = Known(leads=lead_count(), people=dict(batch), keys={pk: keys_of(person) for pk, person in batch.items()})
    refresh_keys(known.keys)
    wanted = {key for keys in known.keys.values() for kind in keys for key in keys[kind]}
    known.holders = newest(key for key in wanted if key.partition(":")[0] not in COUNTED_ONLY)
    known.counts = {key: len(found) for key, found in known.holders.items() if len(found) < NEWEST}
    known.counts |= count(wanted - known.counts.keys())
    pairs = {(pk, other) for holders in known.holders.values() for pk in holders if pk in batch for other in holders}
    known.vectors = vectors(batch)
    pairs |= _neighbours(known.vectors) | suggested
    get_to_know({pk for pair in pairs for pk in pair}, known)
    ordered = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    return mergeable(pair for pair in ordered if pair[0] in known.people and pair[1] in known.people), known


def mergeable(pairs: Iterable[Pair]) -> set[Pair]:
    """Without those of a sample and a real lead, which can't be merged."""
    samples = {pk for (pk,) in people.rows("SELECT id FROM leads_lead WHERE is_sample", [])}
    return {pair for pair in pairs if (pair[0] in samples) == (pair[1] in samples)}


def get_to_know(lead_ids: set[int], known: Known) -> None:
    """Holders of a shared key count as candidates too, so everyone needed for counting others is among these."""
    others = people.read(lead_ids - known.people.keys())
    known.people.update(others)
    known.keys.update({pk: keys_of(person) for pk, person in others.items()})
    known.vectors.update(vectors(others))


def suggested_pairs(batch: Iterable[int]) -> set[Pair]:
    """Pairs that are suggested already, probes among them: new facts may speak for or against them."""
    table = DuplicateSuggestion._meta.db_table
    found: set[Pair] = set()
    for ids in people.chunks(batch):
        for side in ("first_id", "second_id"):
            sql = f"SELECT first_id, second_id FROM {table} WHERE state = 'open' AND {side} IN ({{ids}})"
            found.update((first, second) for first, second in people.rows(sql, ids))
    return found


# ---- keys ------------------------------------------------------------------------------------------------------------


def keys_of(person: Person) -> Keys:
    found: dict[str, list[str]] = {}
    for kind, key in key_pairs(person):
        found.setdefault(kind, []).append(f"{kind}:{key}"[:KEY_LENGTH])
    return {kind: tuple(dict.fromkeys(keys)) for kind, keys in found.items()}


def refresh_keys(keys: dict[int, Keys]) -> None:
    """Stores what leads are looked up by; writes nothing when it is stored already."""
    wanted = {(pk, key) for pk, kinds in keys.items() for keys_of_kind in kinds.values() for key in keys_of_kind}
    sql = f"SELECT id, lead_id, key FROM {KEYS} WHERE lead_id IN ({{ids}})"
    present = {(pk, key): row for ids in people.chunks(keys) for row, pk, key in people.rows(sql, ids)}
    outdated, new = present.keys() - wanted, wanted - present.keys()
    if outdated or new:
        with transaction.atomic():
            alive = _locked(keys)
            LeadKey.objects.filter(pk__in=[present[pair] for pair in outdated]).delete() if outdated else None
            _insert([pair for pair in sorted(new) if pair[0] in alive])


def _locked(lead_ids: Iterable[int]) -> set[int]:
    """Those that are still there, and stay there until the end of the transaction."""
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    sql = f"SELECT id FROM leads_lead WHERE id IN ({{ids}}) ORDER BY id{lock}"
    return {pk for ids in people.chunks(lead_ids) for (pk,) in people.rows(sql, ids)}


def _insert(new: Sequence[tuple[int, str]]) -> None:
    """By hand, as is what is read here: through the ORM fifteen keys of a new lead take as long as its comparisons."""
    with connection.cursor() as cursor:
        for start in range(0, len(new), people.CHUNK):
            part = new[start : start + people.CHUNK]
            values = ",".join(["(%s,%s)"] * len(part))
            sql = f"INSERT INTO {KEYS} (lead_id, key) VALUES {values} ON CONFLICT DO NOTHING"
            cursor.execute(sql, [value for pair in part for value in pair])


def newest(keys: Iterable[str], *, up_to: int | None = None) -> dict[str, list[int]]:
    """The newest leads of each key, newest first, none newer than `up_to`. By hand: a limit for each key reads fifty
    rows of a common one, where the ORM's window would read them all."""
    older = "" if up_to is None else f"AND lead_id <= {up_to:d} "
    of_one = f"SELECT key, lead_id FROM {KEYS} WHERE key = %s {older}ORDER BY lead_id DESC LIMIT {NEWEST}"
    found: dict[str, list[int]] = {}
    for part in people.chunks(keys, UNION):
        sql = " UNION ALL ".join([f"SELECT * FROM ({of_one}) AS found"] * len(part))
        for key, pk in people.rows(sql, part):
            found.setdefault(key, []).append(pk)
    return found


def count(keys: Iterable[str]) -> dict[str, int]:
    """How many leads have each key."""
    sql = f"SELECT key, COUNT(*) FROM {KEYS} WHERE key IN ({{ids}}) GROUP BY key"
    return {key: number for part in people.chunks(keys) for key, number in people.rows(sql, part)}


# ---- how many leads --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Counted:
    leads: int = 0
    newest: int = -1
    at: float = 0.0


_counted = _Counted()


def lead_count() -> int:
    """How many leads there are, to within a hundredth: counting them all takes longer than everything else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT MAX(id) FROM leads_lead")
        newest = cursor.fetchone()[0] or 0
    grown = abs(newest - _counted.newest)
    if grown * 100 > _counted.leads or time.monotonic() - _counted.at > RECOUNT_AFTER:
        _counted.leads, _counted.newest, _counted.at = Lead.objects.standing().count(), newest, time.monotonic()
    return _counted.leads


# ---- vectors ---------------------------------------------------------------------------------------------------------


def vectors(lead_ids: Iterable[int]) -> dict[int, np.ndarray]:
    sql = f"SELECT lead_id, vector FROM {Embedding._meta.db_table} WHERE model = %s AND lead_id IN ({{ids}})"
    found = [row for ids in people.chunks(lead_ids) for row in people.rows(sql, ids, embedding.model_name())]
    return {pk: np.frombuffer(vector, dtype="<f4") for pk, vector in found}


def _neighbours(own: dict[int, np.ndarray]) -> set[Pair]:
    if not own:
        return set()
    found = vector_index.nearest(np.stack(list(own.values())), NEIGHBOURS + 1)
    return {(pk, other) for pk, neighbours in zip(own, found, strict=True) for other, _ in neighbours}
