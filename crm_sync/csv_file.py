"""Leads as a CSV file, with the columns that the mapping has: for any CRM that imports files."""

import zoneinfo
from collections.abc import Iterator, Sequence

from django.conf import settings

from crm_sync import connection
from crm_sync.cells import Omit, Problem, to_cell
from crm_sync.mapping import RemoteField, Target
from crm_sync.push import values_of
from leads.export import Column, csv_lines
from leads.models import Lead

AT_ONCE = 300  # leads that are in memory together


def columns() -> list[Target]:
    """What is mapped, under the names it has in Airtable; all there is while nothing is mapped. As text, whatever the
    types are there."""
    mapped = connection.targets()
    if mapped:
        named = [(target.our_key, target.kind, target.remote.name, target.value_map) for target in mapped]
    else:
        named = [(key, ours.kind, ours.label, {}) for key, ours in connection.our_fields().items()]
    return [Target(key, kind, RemoteField("", name, "multilineText"), names) for key, kind, name, names in named]


def lines() -> Iterator[str]:
    """The file, line by line: all standing leads but samples, oldest first."""
    targets = columns()
    return csv_lines([Column(target.our_key, target.remote.name) for target in targets], _rows(targets))


def _rows(targets: Sequence[Target]) -> Iterator[dict[str, str]]:
    for leads in _batches():
        values = values_of(leads)
        for lead in leads:
            yield {target.our_key: _text(values[lead.pk], target) for target in targets}


def _batches() -> Iterator[Sequence[Lead]]:
    standing, last = Lead.objects.standing().filter(is_sample=False).order_by("pk"), 0
    while leads := list(standing.filter(pk__gt=last).prefetch_related("submissions").select_related("owner")[:AT_ONCE]):
        yield leads
        last = leads[-1].pk


def _text(values: dict[str, object], target: Target) -> str:
    """As a cell of text in Airtable has it."""
    cell = to_cell(
        values.get(target.our_key),
        kind=target.kind,
        remote=target.remote,
        value_map=target.value_map,
        zone=zoneinfo.ZoneInfo(settings.TIME_ZONE),
    )
    return "" if isinstance(cell, Omit | Problem) else str(cell)
