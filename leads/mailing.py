"""Mail that waits in rows, and leaves once.

    waiting --claim--> sending --> sent
       ^                  |  +---> failed, with the reason; staff try again or take it back
       +--- not taken ----+

A mail is never sent twice by itself: what is tried again is only what the server certainly did not take. Where that
can't be known (the connection broke after the text was handed over, or the worker died), it fails and a person looks.
"""

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from leads.models import Event, Lead
from leads.smtp import NotTaken, Unknown, hand_over

logger = logging.getLogger(__name__)

WAITING, SENDING, SENT, FAILED = "waiting", "sending", "sent", "failed"
AT_ONCE = 5  # mails of a kind that a shift begins with, so that leads don't wait for a slow mail server
LEASE = 180  # seconds after which a worker that is sending must have died
AWAY = 30  # seconds for which no mail is tried after the server did not answer
MAY_HAVE_LEFT = "It may have left all the same: look for it in your mailbox before you send it again."


@dataclass(frozen=True, slots=True)
class Kind:
    """A model whose rows are mails. They have the columns `state` as above, `due_at`, `attempts`, `problem`, `sent_at`.

    `due`: the rows to be sent now, or with a worker for longer than that takes; `message`: the mail of a row; `lead`:
    the lead of a row as it is now, for it may have been merged or erased meanwhile; `was_sent`: what else is noted on
    that lead, which is locked, in the transaction that notes that it left; `called`: what the row is called in the
    timeline; `give_up_after`: so many attempts.
    """

    due: Callable[[], QuerySet[Any]]
    message: Callable[[Any], EmailMessage]
    lead: Callable[[Any], QuerySet[Lead]]
    was_sent: Callable[[Lead, Any], None]
    called: Callable[[Any], str]
    give_up_after: int


def send_due(kinds: Sequence[Kind]) -> None:
    """Sends a few of the mails that are due; the bell rings again for the others."""
    for kind in kinds:
        if not all(_deal_with(kind, row) for row in kind.due().order_by("due_at", "id")[:AT_ONCE]):
            _let_wait(kinds)
            return


def _deal_with(kind: Kind, row: Any) -> bool:
    """Returns whether the server is there, as far as this shows."""
    if row.state == SENDING:
        _close(kind, row, f"baseCamp was stopped while it sent this. {MAY_HAVE_LEFT}")
    elif claim(row):
        return _send(kind, row)
    return True


def _let_wait(kinds: Sequence[Kind]) -> None:
    """Leads wait while mails are tried: one try is enough to know that nobody is there."""
    for kind in kinds:
        kind.due().filter(state=WAITING).update(due_at=timezone.now() + dt.timedelta(seconds=AWAY))


def claim(row: Any) -> bool:
    """Takes a mail for this worker; returns whether no other one has it."""
    waiting = type(row).objects.filter(pk=row.pk, state=WAITING, due_at__lte=timezone.now())
    until = timezone.now() + dt.timedelta(seconds=LEASE)
    return bool(waiting.update(state=SENDING, due_at=until, attempts=F("attempts") + 1))


def _send(kind: Kind, row: Any) -> bool:
    """Returns whether the server is there."""
    is_there = True
    try:
        hand_over(kind.message(row))
    except NotTaken as refused:
        is_there = not refused.is_away
        if refused.is_final or row.attempts + 1 >= kind.give_up_after:
            _close(kind, row, refused.reason)
        else:
            _wait(kind, row, refused.reason)
    except Unknown as broken:
        _close(kind, row, f"{broken} {MAY_HAVE_LEFT}")
    except Exception as error:
        logger.exception("%s %s could not be sent", type(row).__name__, row.pk)
        _close(kind, row, f"Something unexpected went wrong ({type(error).__name__}). {MAY_HAVE_LEFT}")
    else:
        _record(kind, row)
    return is_there


def _record(kind: Kind, row: Any) -> None:
    with transaction.atomic():
        lead = kind.lead(row).select_for_update(of=("self",)).first()
        mine = type(row).objects.filter(pk=row.pk, state=SENDING)
        if lead and mine.update(state=SENT, sent_at=timezone.now(), problem=""):
            kind.was_sent(lead, row)


def _wait(kind: Kind, row: Any, reason: str) -> None:
    due_at = timezone.now() + dt.timedelta(seconds=min(10 * 2**row.attempts, 900))
    _say(kind, row, state=WAITING, problem=reason, due_at=due_at)


def _close(kind: Kind, row: Any, reason: str) -> None:
    _say(kind, row, f"{kind.called(row)} could not be sent", state=FAILED, problem=reason)


def _say(kind: Kind, row: Any, event: str = "", **changes: object) -> None:
    with transaction.atomic():
        lead = kind.lead(row).select_for_update(of=("self",)).first()
        if lead and type(row).objects.filter(pk=row.pk, state=SENDING).update(**changes):
            if event:
                Event.objects.create(lead=lead, text=event[:300])
            Lead.objects.filter(pk=lead.pk).update(updated_at=timezone.now())
