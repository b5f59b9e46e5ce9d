"""Rows become messages on leads, a batch in one transaction."""

import logging
from collections.abc import Iterable, Sequence

from django.db import transaction

from leads import intake, known_fields, merges
from leads.import_rows import Said, read
from leads.intake import Incoming
from leads.models import Event, Import, ImportRow, Lead, LeadSource
from leads.pipeline import DATABASE_AWAY

logger = logging.getLogger(__name__)
Fate, State = ImportRow.Fate, ImportRow.State


def make(source: Import, at_once: int) -> bool:
    """Makes the next rows; returns whether there were any. Call it inside a transaction, with the import held.

    A row that can't be stored is refused with the reason, and holds up none of its neighbours.
    """
    rows = list(source.rows.to_make().order_by("number")[:at_once])
    try:
        with transaction.atomic():
            _make(source, rows)
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception("Rows of import %s could not be stored together, now one by one", source.pk)
        # Anew: these still name leads that were rolled back, and on SQLite the next ones get the same ids.
        for row in source.rows.filter(pk__in=[row.pk for row in rows]).order_by("number"):
            _make_alone(source, row)
    return bool(rows)


def _make_alone(source: Import, row: ImportRow) -> None:
    try:
        with transaction.atomic():
            _make(source, [row])
    except DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("Row %s of import %s could not be stored", row.number, source.pk)
        row.fate, row.reason = Fate.REFUSED, f"It could not be stored ({type(error).__name__})."
        row.lead = row.submission = None
        row.state = State.PENDING
        row.save(update_fields=["fate", "reason", "lead", "submission", "state"])


def _make(source: Import, rows: Sequence[ImportRow]) -> None:
    """First those that make leads, so that rows of the same batch find the lead that they follow."""
    standing = _standing(source, rows)
    heads = [row for row in rows if row.first_number is None and row.number not in standing]
    _take_in(source, heads, {})
    standing |= {row.number: row.lead for row in heads if row.lead}
    for row in (rest := [row for row in rows if row not in heads]):
        if row.first_number is not None and row.first_number in standing:
            standing[row.number] = standing[row.first_number]
    _take_in(source, rest, standing)


def _standing(source: Import, rows: Sequence[ImportRow]) -> dict[int, Lead]:
    """By number of a row, or of the earlier row that it follows: the lead, locked, into which it may have been merged
    since. Leads that were erased are missing: their rows make new ones."""
    firsts = {row.first_number for row in rows if row.first_number is not None}
    known = dict(source.rows.filter(number__in=firsts).exclude(lead=None).values_list("number", "lead"))
    known |= {row.number: row.lead_id for row in rows if row.lead_id is not None and row.first_number is None}
    roots = {pk: merges.root(lead).pk for pk, lead in Lead.objects.in_bulk(known.values()).items()}
    locked = {lead.pk: lead for lead in Lead.objects.select_for_update().filter(pk__in=roots.values()).order_by("pk")}
    return {number: locked[roots[pk]] for number, pk in known.items() if roots.get(pk) in locked}


def _take_in(source: Import, rows: Sequence[ImportRow], leads: dict[int, Lead]) -> None:
    said = [read(row.cells, columns=source.columns, headers=source.headers) for row in rows]
    incoming = [_incoming(source, row, each, leads.get(row.number)) for row, each in zip(rows, said, strict=True)]
    submissions = intake.receive_many(incoming, source=LeadSource.CSV_IMPORT)
    for row, submission in zip(rows, submissions, strict=True):
        row.submission, row.lead = submission, submission.lead
        # What it became, should it have been planned otherwise: undoing must know whether the lead is its own.
        row.fate = Fate.JOIN if row.number in leads else Fate.CREATE
        row.first_number = row.first_number if row.number in leads else None
    ImportRow.objects.bulk_update(rows, ["submission", "lead", "fate", "first_number"])
    # Who it is stands on the lead from now on, and goes with it when it is erased.
    made = ImportRow.objects.filter(pk__in=[row.pk for row in rows])
    made.update(state=State.MADE, cells=[], title="", email_key="", phone_key="")
    _tell(source, [lead for number, lead in leads.items() if number in {row.number for row in rows}])


def _incoming(source: Import, row: ImportRow, said: Said, lead: Lead | None) -> Incoming:
    payload = {"file": source.name, "row": row.number, "headers": source.headers, "cells": row.cells}
    text = said.text if lead is None else _whole(said)
    return Incoming(text=text, typed=said.values, payload=payload, lead=lead)


def _whole(said: Said) -> str:
    """A further message of a known lead has all that the row says, to be seen and read."""
    fields = known_fields.every()
    lines = [f"{fields[key].label}: {value}" for key, value in said.values.items()]
    return "\n".join(filter(None, [said.text, *lines]))


def _tell(source: Import, leads: Iterable[Lead]) -> None:
    text = f"A further message came with the import of “{source.name}”"[:300]
    Event.objects.bulk_create(Event(lead_id=pk, text=text) for pk in sorted({lead.pk for lead in leads}))
