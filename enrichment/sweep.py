"""The check of all leads for duplicates: each night, or when someone asks for it. In blocks, between which live work
goes first; wherever it is stopped, it goes on there."""

import datetime as dt
import logging
import os
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from enrichment import nightly
from enrichment.models import Sweep
from leads import pipeline
from leads.models import Lead

if TYPE_CHECKING:
    from enrichment.survey import Held

logger = logging.getLogger(__name__)

CLUSTER = "ml"
BLOCK = 1000  # leads; about a second
KEPT = 30  # finished sweeps
TRIES = 3  # of a block that fails

_held: "Held | None" = None
_failures = 0


# ---- asking for it ---------------------------------------------------------------------------------------------------


def start(*, over: bool = False) -> None:
    """Has all leads checked. One that is under way goes on; `over`: or begins anew, as after new weights."""
    with transaction.atomic():
        begun = Sweep(total=Lead.objects.standing().count())
        Sweep.objects.bulk_create([begun], ignore_conflicts=True)  # there is one at a time
        if over:
            Sweep.objects.filter(finished_at=None).update(position=0, done=0, total=begun.total)
        pipeline.ring_after_commit(CLUSTER)


def start_if_due() -> None:
    """Once a night; and rings for one that was left unfinished. The clock calls it."""
    latest = last()
    if latest is not None and latest.finished_at is None:
        pipeline.ring(CLUSTER)
    elif nightly.is_due(latest.started_at if latest else None, hour=nightly.SWEEP_AT) and Lead.objects.exists():
        start()


def last() -> Sweep | None:
    return Sweep.objects.order_by("-id").first()


# ---- doing it --------------------------------------------------------------------------------------------------------


def go_on() -> bool:
    """Checks one block, if a sweep is under way; returns whether there is more to do. Never raises."""
    global _failures
    try:
        more = _check_block()
        _failures = 0
    except pipeline.DATABASE_AWAY as error:
        logger.warning("The check of all leads waits: %s", error)
        return False
    except Exception:
        logger.exception("A block of the check of all leads failed")
        _failures += 1
        return _skip_block() if _failures >= TRIES else True
    return more


def _check_block() -> bool:
    from enrichment import suggestions, survey  # late: whoever only asks for a sweep needs no numpy

    sweep = Sweep.objects.filter(finished_at=None).first()
    ids = _next_ids(sweep) if sweep else []
    if sweep is None or not ids:
        _finish(sweep)
        return False
    findings = survey.compare(ids, _keep(survey.Held))
    with transaction.atomic():
        # Another worker may have done the block meanwhile, or it was begun anew.
        mine = Sweep.objects.select_for_update().filter(pk=sweep.pk, finished_at=None, position=sweep.position).first()
        if mine is not None:
            written = suggestions.write(findings)
            pipeline.schedule(sorted(written.leads), ["score"])
            _move(mine, ids, found=written.new)
    return True


def _next_ids(sweep: Sweep) -> list[int]:
    rest = Lead.objects.standing().filter(pk__gt=sweep.position).order_by("pk")
    return list(rest.values_list("pk", flat=True)[:BLOCK])


def _move(sweep: Sweep, ids: list[int], *, found: int) -> None:
    Sweep.objects.filter(pk=sweep.pk).update(
        position=ids[-1], done=F("done") + len(ids), found=F("found") + found, moved_at=timezone.now()
    )


def _skip_block() -> bool:
    global _failures
    _failures = 0
    sweep = Sweep.objects.filter(finished_at=None).first()
    ids = _next_ids(sweep) if sweep else []
    if sweep and ids:
        logger.error("Leads %s to %s are left out of the check of all leads", ids[0], ids[-1])
        _move(sweep, ids, found=0)
    return bool(ids)


def _finish(sweep: Sweep | None) -> None:
    """Also gives back what was held in memory."""
    global _held
    _held = None
    if sweep is None:
        return
    Sweep.objects.filter(pk=sweep.pk, finished_at=None).update(finished_at=timezone.now(), moved_at=timezone.now())
    kept = Sweep.objects.order_by("-id").values("pk")[:KEPT]
    Sweep.objects.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    _forget_merged()


def _forget_merged() -> None:
    """The keys of leads that were folded into another: nobody is to be compared with them."""
    from enrichment.models import LeadKey

    LeadKey.objects.filter(lead__merged_into__isnull=False).delete()


def _keep(kind: "type[Held]") -> "Held":
    """What this process holds; a fork inherits none."""
    global _held
    if _held is None or _held.pid != os.getpid():
        _held = kind.read()
    return _held


def seconds(sweep: Sweep) -> float:
    """How long it took, or has taken so far."""
    return max((sweep.moved_at - sweep.started_at) / dt.timedelta(seconds=1), 0.0)
