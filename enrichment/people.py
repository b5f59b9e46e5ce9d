"""Who leads are, as the matcher sees them: contact, place, what they wrote, and further e-mails and phones."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection

from leads.matching import Person

MAX_TEXT = 2000  # characters of one message
MAX_MESSAGE = 4000  # of all messages of a lead
CHUNK = 500

# By hand, all four: this runs for each new lead and its candidates, and building and reading such queries through the
# ORM takes four times as long as asking them. Each reads a handful of rows by an index.
_CONTACT = (
    "SELECT id, first_name, last_name, email, phone_key, company, received_at FROM leads_lead "
    "WHERE merged_into_id IS NULL AND quarantined_at IS NULL AND id IN ({ids})"
)
_TEXTS = (
    f"SELECT lead_id, SUBSTR(text, 1, {MAX_TEXT}) FROM leads_submission "
    "WHERE lead_id IN ({ids}) ORDER BY received_at, id"
)
_PLACES = (
    "SELECT lead_id, value FROM leads_fieldvalue WHERE state = 'current' AND field = 'place' AND lead_id IN ({ids})"
)
_POINTS = "SELECT lead_id, kind, key FROM leads_contactpoint WHERE lead_id IN ({ids}) ORDER BY id"


def read(lead_ids: Iterable[int]) -> dict[int, Person]:
    """The people behind these leads, by lead id; none for leads that are no more or were folded into another."""
    known: dict[int, Person] = {}
    for ids in chunks(lead_ids):
        contacts = rows(_CONTACT, ids)
        texts: dict[int, list[str]] = defaultdict(list)
        for pk, text in rows(_TEXTS, ids):
            texts[pk].append(text)
        places = dict(rows(_PLACES, ids))
        points: dict[tuple[int, str], list[str]] = defaultdict(list)
        for pk, kind, key in rows(_POINTS, ids):
            points[pk, kind].append(key)
        for pk, first_name, last_name, email, phone, company, received_at in contacts:
            known[pk] = Person(
                first_name=first_name,
                last_name=last_name,
                email=email,
                # The key, so that "(512) 555-0142" and "+1 512 555 0142" are the same.
                phone=phone,
                company=company,
                place=places.get(pk, ""),
                message="\n".join(texts[pk])[-MAX_MESSAGE:] if pk in texts else "",
                received_at=_seconds(received_at),
                emails=tuple(points.get((pk, "email"), ())),
                phones=tuple(points.get((pk, "phone"), ())),
            )
    return known


def locked(lead_ids: Iterable[int]) -> set[int]:
    """Those that stand, and do so until the end of the transaction: none is erased or merged meanwhile."""
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    standing = "merged_into_id IS NULL AND quarantined_at IS NULL"
    sql = f"SELECT id FROM leads_lead WHERE {standing} AND id IN ({{ids}}) ORDER BY id{lock}"
    return {pk for ids in chunks(lead_ids) for (pk,) in rows(sql, ids)}


def rows(sql: str, values: Sequence[Any], *before: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement with `{ids}` where the values go, after the parameters that come `before` them."""
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("{ids}", ",".join(["%s"] * len(values))), [*before, *values])
        return cursor.fetchall()


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """Sorted, in lists of so many: a statement takes only so many parameters."""
    ordered = sorted(values)
    return (ordered[start : start + size] for start in range(0, len(ordered), size))


def _seconds(moment: dt.datetime | str) -> float:
    """Unix seconds; SQLite hands out text in UTC."""
    if isinstance(moment, str):
        moment = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
    return moment.timestamp()
