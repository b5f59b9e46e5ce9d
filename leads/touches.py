"""What brought a lead's people: worked out of its submissions alone, so that it moves and comes back with them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet, Value

from leads.attribution import TOLD, Attribution, Touch, folded
from leads.models import Lead, Submission
from leads.models.lead import TOUCHED_BY

COLUMNS = ("first_touch", "last_touch", *TOUCHED_BY)
MOST_OFFERED = 200  # values of one filter
MOST_READ = 1000


def note(lead: Lead, told: Iterable[Mapping[str, Any]]) -> bool:
    """Sets the lead's columns from what its submissions tell, oldest first; whether that changed any. Saves nothing.

    The first touch is that of the first one that tells any, the last touch that of the newest."""
    said = [each for each in told if each]
    first, last = (said[0].get("first"), said[-1].get("last")) if said else (None, None)
    known = Attribution.of(first, last)
    wanted: dict[str, Any] = {
        "first_touch": known.first.to_json(),
        "last_touch": known.last.to_json(),
        "channel": known.first.channel,
        **{column: folded(getattr(known.first, column)) for column in TOUCHED_BY if column != "channel"},
    }
    is_changed = any(getattr(lead, column) != value for column, value in wanted.items())
    for column, value in wanted.items():
        setattr(lead, column, value)
    return is_changed


def retrace(lead_ids: Collection[int]) -> None:
    """Has leads tell it after messages came or moved. Call it in the same transaction."""
    told: dict[int, list[Mapping[str, Any]]] = {pk: [] for pk in lead_ids}
    rows = Submission.objects.filter(lead__in=told).order_by("received_at", "id")
    for lead_id, attribution in rows.values_list("lead", "attribution"):
        told[lead_id or 0].append(attribution)
    leads = Lead.objects.filter(pk__in=told).only(*COLUMNS)
    changed = [lead for lead in leads if note(lead, told[lead.pk])]
    if changed:
        Lead.objects.bulk_update(changed, COLUMNS)


def told(lead: Lead, key: str) -> str:
    """One of attribution.TOLD."""
    which, _, name = key.partition("_")
    touch = lead.first_touch if which == "first" else lead.last_touch
    if name == "channel":
        return lead.channel if which == "first" else Touch.of(touch).channel
    return str(touch.get(name, ""))


def used(found: QuerySet[Lead]) -> list[str]:
    """Of attribution.TOLD what any of the leads tells, in its order."""
    keys: set[str] = set()
    rows = found.order_by().exclude(first_touch={}).values_list("first_touch", "last_touch")
    for first, last in rows.iterator():
        keys.update(f"first_{key}" for key in first)
        keys.update(f"last_{key}" for key in last)
    return [key for key in TOLD if key in keys or (keys and key.endswith("_channel"))]


def offered() -> dict[str, list[str]]:
    """By column what leads can be narrowed by besides the channel, in one query."""
    asked = [_distinct(column) for column in TOUCHED_BY if column != "channel"]
    found: dict[str, list[str]] = {}
    for column, value in asked[0].union(*asked[1:], all=True)[:MOST_READ]:
        found.setdefault(column, []).append(value)
    return {column: sorted(values)[:MOST_OFFERED] for column, values in found.items()}


def _distinct(column: str) -> Any:
    rows = Lead.objects.exclude(**{column: ""}).order_by().annotate(column=Value(column))
    return rows.values_list("column", column).distinct()
