"""Editing the mapping: what stands, what a person typed, what can't work, and saving it."""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from crm_sync import connection, pausing
from crm_sync.airtable_errors import AirtableError
from crm_sync.cells import DEFAULT_NAMES
from crm_sync.connecting import PATIENCE
from crm_sync.mapping import (
    CHANNEL_FIELDS,
    KEY_FIELD,
    META_FIELDS,
    STATUS,
    Mapping,
    OurField,
    RemoteField,
    normalised,
    propose,
    refusal,
    refusals,
)
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.reading import META_READABLE, can_come_back
from leads import known_fields
from leads.channels import CHANNELS
from leads.models import Lead
from leads.models.lead import LeadSource

Direction, Unknown, Winner = FieldMapping.Direction, FieldMapping.Unknown, FieldMapping.Winner
SELECTS = ("singleSelect", "multipleSelects")
BACK = (Direction.PULL, Direction.BOTH)


@dataclass(frozen=True, slots=True)
class Offer:
    """An Airtable field as one of ours may be given it; `reason` says why it can't."""

    field: RemoteField
    reason: str = ""


@dataclass(slots=True)
class Row:
    """One of our fields with what is chosen for it. `choices`: ours, with labels; `names`: the option each goes to."""

    ours: OurField
    remote_id: str = ""
    direction: str = Direction.PUSH
    unknown: str = Unknown.LEAVE
    unknown_option: str = ""
    winner: str = Winner.OURS
    choices: Sequence[tuple[str, str]] = ()
    names: dict[str, str] = field(default_factory=dict)
    offers: Sequence[Offer] = ()
    error: str = ""

    @property
    def remote(self) -> RemoteField | None:
        return next((offer.field for offer in self.offers if offer.field.id == self.remote_id), None)

    @property
    def is_select(self) -> bool:
        return self.remote is not None and self.remote.type in SELECTS

    @property
    def named(self) -> list[tuple[str, str, str]]:
        """Each of our choices, its label, and the option it goes to."""
        return [(key, label, self.names.get(key, "")) for key, label in self.choices]

    @property
    def may_come_back(self) -> bool:
        return may_come_back(self.ours, self.remote)


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    rows: Sequence[Row]


def may_come_back(ours: OurField, remote: RemoteField | None) -> bool:
    """Whether people may change this field in Airtable. Before a field is chosen: whether any could be."""
    if ours.key in META_FIELDS and ours.key not in META_READABLE:
        return False
    return remote is None or can_come_back(ours.kind, remote.type)


def fields() -> tuple[list[RemoteField], str]:
    """The table's fields, live, and what went wrong: then they are those that were mapped when it was last read."""
    link = connection.current()
    if link is None:
        return [], connection.not_connected()
    try:
        return list(connection.refresh_schema(replace(link, timeout=PATIENCE)).fields), ""
    except AirtableError as error:
        return [connection.remote(row) for row in FieldMapping.objects.all()], error.message


def rows(remotes: Sequence[RemoteField], *, is_proposed: bool = False) -> list[Row]:
    """The mapping as it stands, or as names and types propose it."""
    stored = {row.our_field: row for row in FieldMapping.objects.all()}
    ours = connection.our_fields()
    proposed = {pair.our_key: pair.field_id for pair in propose(ours.values(), remotes)} if is_proposed else {}
    return [_row(each, stored.get(each.key), remotes, proposed) for each in ours.values()]


def _row(ours: OurField, stored: FieldMapping | None, remotes: Sequence[RemoteField], proposed: Map[str, str]) -> Row:
    row = Row(ours, choices=_choices(ours.key), offers=[Offer(each, refusal(ours, each)) for each in remotes])
    if stored and stored.direction != Direction.OFF:
        row.remote_id, row.direction, row.unknown = stored.remote_id, stored.direction, stored.unknown
        row.unknown_option, row.winner, row.names = stored.unknown_option, stored.winner, dict(stored.value_map)
    elif ours.key in proposed:
        row.remote_id = proposed[ours.key]
    _fill_in(row)
    return row


def _choices(key: str) -> Sequence[tuple[str, str]]:
    if key == "source":
        return LeadSource.choices
    if key in CHANNEL_FIELDS:
        return CHANNELS
    if key == STATUS:
        return Lead.Status.choices
    known = known_fields.in_use().get(key)
    return known.choices if known else ()


def _fill_in(row: Row) -> None:
    """Options of close names for choices that have none yet."""
    if row.remote is None or not row.is_select:
        return
    options = {normalised(name): name for name in row.remote.options}
    for key, label in row.choices:
        close = (key, label, *DEFAULT_NAMES.get(key, ()))
        row.names.setdefault(key, next((options[normalised(n)] for n in close if normalised(n) in options), ""))


def typed(remotes: Sequence[RemoteField], data: QueryDict) -> list[Row]:
    """The mapping as the form has it; nothing is lost of what can't work."""
    found = []
    for ours in connection.our_fields().values():
        row = Row(ours, choices=_choices(ours.key), offers=[Offer(each, refusal(ours, each)) for each in remotes])
        key = ours.key
        row.remote_id = data.get(f"remote-{key}", "")
        row.direction = _one_of(data.get(f"direction-{key}"), Direction.values, Direction.PUSH)
        row.unknown = _one_of(data.get(f"unknown-{key}"), Unknown.values, Unknown.LEAVE)
        row.unknown_option = data.get(f"option-{key}", "")
        row.winner = _one_of(data.get(f"winner-{key}"), Winner.values, Winner.OURS)
        asked = {choice: data.get(f"map-{key}-{choice}") for choice, _ in row.choices}
        row.names = {choice: name for choice, name in asked.items() if name is not None}
        _fill_in(row)
        found.append(row)
    return found


def _one_of(given: str | None, allowed: Sequence[str], else_: str) -> str:
    return given if given and given in allowed else else_


def check(found: Sequence[Row]) -> bool:
    """Writes beside each row why it can't work; returns whether all can."""
    used = [row for row in found if row.remote_id and row.direction != Direction.OFF]
    remotes = [offer.field for offer in found[0].offers] if found else []
    wrong = refusals([Mapping(row.ours.key, row.remote_id) for row in used], remotes, connection.our_fields())
    for row in found:
        row.error = wrong.get(row.ours.key, "") or _wrong(row)
    return not any(row.error for row in found)


def _wrong(row: Row) -> str:
    remote = row.remote
    if remote is None or row.direction == Direction.OFF:
        return ""
    if row.ours.key == KEY_FIELD and row.direction != Direction.PUSH:
        return "The lead ID only goes to Airtable."
    if row.direction in BACK and not row.may_come_back:
        return f"What is changed in “{remote.name}” can’t be read back. Choose “To Airtable”."
    if row.is_select and row.unknown == Unknown.FIXED and row.unknown_option not in remote.options:
        return "Choose the option that stands for unknown values."
    unknown = [name for name in row.names.values() if name and name not in remote.options] if row.is_select else []
    return f"“{unknown[0]}” is not an option of “{remote.name}”." if unknown else ""


def save(found: Sequence[Row]) -> None:
    """Stores the mapping and lets waiting leads go on. What is no longer mapped is remembered as off, so that it isn't
    proposed again. Call it with rows that `check` found right."""
    now = timezone.now()
    with transaction.atomic():
        FieldMapping.objects.update(direction=Direction.OFF)  # first: a field may pass from one of ours to another
        for row in found:
            if row.remote is not None and row.direction != Direction.OFF:
                FieldMapping.objects.update_or_create(
                    our_field=row.ours.key, defaults=_columns(row) | {"updated_at": now}
                )
    if pausing.row().pause == CrmConnection.Pause.FIELD and not connection.misfits():
        pausing.resume()


def _columns(row: Row) -> dict[str, Any]:
    remote = row.remote
    assert remote is not None
    return {
        "remote_id": remote.id,
        "remote_name": remote.name,
        "remote_type": remote.type,
        "options": list(remote.options),
        "option_ids": list(remote.option_ids),
        "direction": row.direction,
        "unknown": row.unknown,
        "unknown_option": row.unknown_option if row.unknown == Unknown.FIXED else "",
        "winner": row.winner,
        "value_map": row.names if row.is_select else {},
    }


def groups(found: Sequence[Row]) -> list[Group]:
    """As the page shows them."""
    titles = {"contact": "Contact", "judgement": "Judgements", "fact": "Facts"}
    known = known_fields.every()
    parts: dict[str, list[Row]] = {"The lead": [], **{title: [] for title in titles.values()}}
    for row in found:
        group = known.get(row.ours.key)
        parts[titles[group.group] if group else "The lead"].append(row)
    return [Group(title, part) for title, part in parts.items() if part]
