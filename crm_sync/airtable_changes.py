"""What Airtable's list of changes tells, read. Knows nothing of leads, rows or jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_sync.airtable_errors import AirtableError, ErrorKind


@dataclass(frozen=True, slots=True)
class Changes:
    """A part of what happened to a table: the cells that changed by record and field id (None for one that was
    emptied), the records that were deleted, where the next part begins, and whether there is one already."""

    cells: Mapping[str, Mapping[str, Any]]
    gone: frozenset[str]
    cursor: int
    is_more: bool


def changes_from(answer: Mapping[str, Any], table_id: str) -> Changes:
    """What one answer tells of the table, later changes over earlier ones. Raises AirtableError, `NOT_FOUND` when the
    list can't go on."""
    cells: dict[str, dict[str, Any]] = {}
    gone: set[str] = set()
    for payload in answer["payloads"]:
        if payload.get("error"):
            raise AirtableError(ErrorKind.NOT_FOUND, detail=str(payload.get("code", "")))
        table = (payload.get("changedTablesById") or {}).get(table_id) or {}
        for record_id, news in _cells(table):
            cells.setdefault(record_id, {}).update(news)
        gone.update(table.get("destroyedRecordIds") or ())
    return Changes(cells, frozenset(gone), int(answer["cursor"]), bool(answer["mightHaveMore"]))


def _cells(table: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    created = list((table.get("createdRecordsById") or {}).items())
    changed = [(key, each.get("current") or {}) for key, each in (table.get("changedRecordsById") or {}).items()]
    return [
        (record_id, {key: _plain(cell) for key, cell in (record.get("cellValuesByFieldId") or {}).items()})
        for record_id, record in created + changed
    ]


def _plain(cell: Any) -> Any:
    """A cell as records have it: of an option, which changes tell with its id, the name."""
    if isinstance(cell, list):
        return [_plain(each) for each in cell]
    return cell["name"] if isinstance(cell, dict) and "name" in cell else cell
