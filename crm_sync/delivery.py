"""Writes a batch of leads to the CRM so that one bad record never holds up the others.

Airtable carries out a request whole or not at all, and says which field it refused but not in which record. So a batch
that is refused is halved until the bad one is found; what was not looked into goes back to the queue and travels with
the next leads, which costs fewer calls than sending it by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from crm_sync.airtable_errors import VALUE_ERRORS, AirtableError, ErrorKind, last_request_id
from crm_sync.push import Parcel

ABOUT_A_RECORD = (ErrorKind.INVALID, ErrorKind.AMBIGUOUS, ErrorKind.ROW_GONE)

Write = Callable[[Sequence[Parcel]], list[str]]


@dataclass(slots=True)
class Delivery:
    """What became of a batch: what was sent, with record ids and Airtable's ids of the requests in the same order, why
    others were refused, and who was not tried."""

    sent: list[Parcel] = field(default_factory=list)
    record_ids: list[str] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    refused: list[tuple[Parcel, AirtableError]] = field(default_factory=list)
    untried: list[Parcel] = field(default_factory=list)


def deliver(parcels: Sequence[Parcel], write: Write) -> Delivery:
    """Sends them by `write`, which returns record ids in order. Raises AirtableError when it isn't about a record."""
    done = Delivery()
    error = _send(done, parcels, write)
    suspects = list(parcels)
    while error is not None:
        named = _named(suspects, error)
        if named is not None:
            done.untried += [parcel for parcel in suspects if parcel is not named]
            suspects = [named]
        if len(suspects) == 1:
            _close(done, suspects[0], error, write, is_alone=len(parcels) == 1)
            break
        error, suspects = _halve(done, suspects, error, write)
    return done


def _halve(
    done: Delivery, suspects: list[Parcel], error: AirtableError, write: Write
) -> tuple[AirtableError, list[Parcel]]:
    first, rest = suspects[: len(suspects) // 2], suspects[len(suspects) // 2 :]
    found = _send(done, first, write)
    if found is None:
        return error, rest  # it is among these, then
    done.untried += rest
    return found, first


def _send(done: Delivery, parcels: Sequence[Parcel], write: Write) -> AirtableError | None:
    try:
        ids = write(parcels)
    except AirtableError as error:
        if error.kind not in ABOUT_A_RECORD:
            # What went before is written and linked by its key at the next try.
            raise
        return error
    done.sent += parcels
    done.record_ids += ids
    done.request_ids += [last_request_id()] * len(ids)
    return None


def _named(suspects: list[Parcel], error: AirtableError) -> Parcel | None:
    """The one that the refusal itself tells, by its record id or by the option that only it wants."""
    if error.kind is ErrorKind.ROW_GONE:
        told = [each for each in suspects if each.record_id and each.record_id in error.detail]
    elif error.type == "INVALID_MULTIPLE_CHOICE_OPTIONS":
        told = [each for each in suspects if any(f'"{name}"' in error.detail for name in each.options)]
    else:
        return None
    return told[0] if len(told) == 1 else None


def _close(done: Delivery, parcel: Parcel, error: AirtableError, write: Write, *, is_alone: bool) -> None:
    """What says nothing about a value may mean something else for one record than for several: it is asked alone."""
    is_clear = error.type in VALUE_ERRORS or error.kind is not ErrorKind.INVALID or is_alone
    found = error if is_clear else _send(done, [parcel], write)
    if found is not None:
        done.refused.append((parcel, found))
