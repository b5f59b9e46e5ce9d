"""The pipeline: rows are the queue, django-q2 is the doorbell.

    pending --claim--> running --> succeeded --> the next stages' rows, in the same transaction
       ^                 |  |
       |   try later,    |  +----> failed, with the reason; Retry makes it pending again
       +-- lease ran out +

A stage is a function over a batch of leads that is safe to run twice. It reads and calls services outside any
transaction and returns an `Outcome` whose `save` writes; the runner calls `save` in the transaction that also records
the outcome and queues what follows. Whatever dies, `sweep` finds the rows again.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, models, transaction
from django.db.models import Case, F, Min, Q, Value, When
from django.utils import timezone
from django.utils.module_loading import import_string

from leads import gates
from leads.bells import ring, ring_after_commit
from leads.models import Heartbeat, Lead, StageGate, StageRun, Submission
from leads.models.pipeline import STAGES
from leads.stage import Outcome, Stage, TryAgainLater

logger = logging.getLogger(__name__)
State = StageRun.State
GIVE_UP_AFTER = 6  # attempts of one lead at one stage
LONGEST_WAIT = 900  # seconds
LONG_SHUT = 60  # seconds; a gate that is to stay shut for longer is asked again at a restart
# What the database raises when it is away, is locked for too long or breaks a deadlock: nothing is wrong with the data.
DATABASE_AWAY = (OperationalError, InterfaceError)


class _Folded(Exception):
    """Leads of the batch were merged into others or set aside as spam while it was worked on: what came of it must not
    be saved."""

    def __init__(self, lead_ids: Collection[int]) -> None:
        self.lead_ids = lead_ids


# ---- asking for work -----------------------------------------------------------------------------------------------


def start(leads: Sequence[Lead], *, can_wait: bool = False) -> None:
    """Queues the first stage for new leads. Call it in the transaction that stores them. With `can_wait` other leads
    come first in every stage."""
    first: Stage = settings.LEAD_PIPELINE[0]
    StageRun.objects.bulk_create(StageRun(lead=lead, stage=first.name, can_wait=can_wait) for lead in leads)
    ring_after_commit(first.cluster)


@transaction.atomic(savepoint=False)
def schedule(
    lead_ids: Sequence[int], stage_names: Iterable[str], *, delay: float | None = None, can_wait: bool = False
) -> None:
    """Makes stages due for leads, whether or not they passed before. Call it in the transaction that changed them. With
    `can_wait` other leads come first.

    A row that is being worked on is remembered as wanted again, so that a change during the work isn't lost. The other
    rows are locked until the change is committed: a worker that took one now would still read the lead as it was.
    """
    for name in stage_names:
        stage = STAGES[name]
        due_at = timezone.now() + dt.timedelta(seconds=stage.delay if delay is None else delay)
        StageRun.objects.bulk_create(
            [StageRun(lead_id=pk, stage=name, due_at=due_at, can_wait=can_wait) for pk in lead_ids],
            ignore_conflicts=True,
            batch_size=500,
        )
        rows = StageRun.objects.filter(lead__in=lead_ids, stage=name)
        list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
        rows.running().update(is_wanted_again=True)
        rows.filter(state__in=[State.SUCCEEDED, State.FAILED]).update(
            state=State.PENDING, attempts=0, reason="", due_at=due_at, finished_at=None, can_wait=can_wait
        )
        if not (stage.delay if delay is None else delay):
            ring_after_commit(stage.cluster)


def retry(runs: models.QuerySet[StageRun]) -> int:
    """Queues failed or waiting runs again at once; returns how many."""
    clusters = {STAGES[run.stage].cluster for run in runs if run.stage in STAGES}
    count = runs.exclude(state__in=[State.RUNNING, State.SUCCEEDED]).update(
        state=State.PENDING, attempts=0, reason="", due_at=timezone.now()
    )
    for cluster in clusters:
        ring_after_commit(cluster)
    return count


def sweep() -> int:
    """Gives back what dead workers held and rings for whatever is due; returns how many rows were given back.

    Run often: it is what makes every other loss harmless.
    """
    count = _release(StageRun.objects.expired())
    due = StageRun.objects.due()
    clusters = {
        stage.cluster
        for stage in STAGES.values()
        if not gates.is_closed(stage) and due.filter(stage=stage.name).exists()
    }
    if Submission.objects.waiting().exists():
        clusters.add(settings.LEAD_PIPELINE[0].cluster)
    for cluster in clusters:
        ring(cluster)
    return count


def release(cluster: str) -> int:
    """Gives back at once what a cluster's workers held; returns how many rows. Gates that would stay shut for long are
    asked again: a restart is how owners change a token or a plan.

    Only right while none of its workers runs anywhere, as before the only cluster of its name starts.
    """
    stages = [stage.name for stage in settings.LEAD_PIPELINE if stage.cluster == cluster]
    soon = timezone.now() + dt.timedelta(seconds=LONG_SHUT)
    StageGate.objects.filter(stage__in=stages, closed_until__gt=soon).update(closed_until=None)
    return _release(StageRun.objects.running().filter(stage__in=stages))


def _release(runs: models.QuerySet[StageRun]) -> int:
    again = Q(attempts__lt=GIVE_UP_AFTER)
    return runs.update(
        state=Case(When(again, then=Value(State.PENDING)), default=Value(State.FAILED)),
        reason="A worker stopped while it was at it.",
        due_at=timezone.now(),
        claim=None,
        lease_until=None,
    )


# ---- doing the work ------------------------------------------------------------------------------------------------


def beat(cluster: str, *, busy_for: float | None = None) -> None:
    """A sign of life. `busy_for`: seconds for which silence is no sign of death."""
    now = timezone.now()
    busy_until = now + dt.timedelta(seconds=busy_for) if busy_for else None
    Heartbeat.objects.update_or_create(cluster=cluster, defaults={"beat_at": now, "busy_until": busy_until})


def run_batch(stage: Stage) -> bool:
    """Claims one batch and passes it through the stage; returns whether there was anything to do."""
    if not StageRun.objects.due().filter(stage=stage.name).exists() or not gates.is_open(stage):
        return False
    runs = claim(stage)
    if runs:
        beat(stage.cluster, busy_for=stage.lease)
        _pass(stage, runs)
    return bool(runs)


def claim(stage: Stage) -> list[StageRun]:
    """Takes up to a batch of due rows for this worker by a conditional UPDATE.

    A row that already outlived workers is taken alone: should it be what kills them, its neighbours go free.
    """
    with transaction.atomic():
        if stage.is_exclusive and _is_taken(stage):
            return []
        token = _take(stage)
    return list(StageRun.objects.running().filter(claim=token).order_by("due_at", "id"))


def _is_taken(stage: Stage) -> bool:
    StageGate.objects.get_or_create(stage=stage.name)
    StageGate.objects.select_for_update().get(stage=stage.name)  # one claimer at a time, also on PostgreSQL
    return StageRun.objects.running().filter(stage=stage.name).exists()


def _take(stage: Stage) -> uuid.UUID:
    queue = StageRun.objects.due().filter(stage=stage.name).order_by("can_wait", "due_at", "id")
    due = list(queue[: stage.batch_size])
    suspects = [run for run in due if run.attempts >= 2]
    due = suspects[:1] or due
    token = uuid.uuid4()
    now = timezone.now()
    StageRun.objects.pending().filter(pk__in=[run.pk for run in due]).update(
        state=State.RUNNING,
        attempts=F("attempts") + 1,
        claim=token,
        started_at=now,
        lease_until=now + dt.timedelta(seconds=stage.lease),
    )
    return token


def _pass(stage: Stage, runs: list[StageRun]) -> None:
    try:
        _finish(stage, runs, _call(stage, runs))
    except _Folded as folded:
        _leave_out(runs, folded.lead_ids)
    except TryAgainLater as later:
        _postpone(stage, runs, later)
    except Exception as error:
        if len(runs) > 1:
            kind = type(error).__name__  # alone: what databases and services say may quote a person's data
            logger.warning("Stage %s failed for a batch of %s (%s), now one by one", stage.name, len(runs), kind)
            _pass_one_by_one(stage, runs)
        elif isinstance(error, DATABASE_AWAY):
            logger.warning("Stage %s must wait for lead %s: %s", stage.name, runs[0].lead_id, error)
            _postpone(stage, runs, TryAgainLater("The database could not be used just then."))
        else:
            logger.exception("Stage %s failed for lead %s", stage.name, runs[0].lead_id)
            _fail(runs[0], gates.unexpected(error))


def _pass_one_by_one(stage: Stage, runs: list[StageRun]) -> None:
    """Each with a lease of its own, which the batch's was not made for. Once the service is down the rest wait."""
    for at, run in enumerate(runs):
        if gate := gates.shut(stage):
            _put_back(runs[at:], TryAgainLater(gate.reason, is_service_down=True))
            break
        held = StageRun.objects.running().filter(claim=run.claim)
        held.update(lease_until=timezone.now() + dt.timedelta(seconds=stage.lease))
        if held.filter(pk=run.pk).exists():  # else it is another worker's by now
            beat(stage.cluster, busy_for=stage.lease)
            _pass(stage, [run])


def _call(stage: Stage, runs: list[StageRun]) -> Outcome:
    """Read and call, outside any transaction. Leads that were folded into others or set aside are left in peace."""
    function: Callable[[Sequence[Lead]], Outcome] = import_string(stage.function)
    found = Lead.objects.filter(pk__in=[run.lead_id for run in runs], quarantined_at=None)
    found = found.prefetch_related("submissions")
    leads = [lead for lead in found if stage.takes_merged or lead.merged_into_id is None]
    return function(sorted(leads, key=lambda lead: lead.pk))


def _finish(stage: Stage, runs: list[StageRun], outcome: Outcome) -> None:
    """Write: the stage's results, the rows' outcomes and the next stages, in one transaction."""
    with transaction.atomic():
        _lock_leads(runs, outcome.others, may_be_merged=stage.takes_merged, may_be_held=False)
        outcome.save()
        mine = _held(runs)
        held_up = {*outcome.failed, *outcome.later, *outcome.again}
        passed = [run for run in mine if run.lead_id not in held_up]
        now = timezone.now()
        for run in mine:
            if run.lead_id in outcome.failed:
                _close(run, State.FAILED, now, reason=outcome.failed[run.lead_id])
            elif run.lead_id in outcome.later:
                _wait(run, now, outcome.later[run.lead_id])
            elif run.lead_id in outcome.again:
                run.attempts = max(run.attempts - 1, 0)
                _wait(run, now, run.reason, after=0)
            else:
                _close(run, State.SUCCEEDED, now, note=outcome.notes.get(run.lead_id, ""))
        _save(mine)
        for can_wait in {run.can_wait for run in passed}:
            schedule([run.lead_id for run in passed if run.can_wait == can_wait], stage.then, can_wait=can_wait)


def _leave_out(runs: list[StageRun], lead_ids: Collection[int]) -> None:
    """The merged leads' rows go; the others' are worked on once more, at once."""
    StageRun.objects.filter(pk__in=[run.pk for run in runs], lead__in=lead_ids).delete()
    again = TryAgainLater("Another lead of the batch was merged or set aside meanwhile.", is_service_down=True)
    _put_back([run for run in runs if run.lead_id not in lead_ids], again)


def _lock_leads(
    runs: list[StageRun],
    others: Collection[int] = (),
    *,
    may_be_merged: bool = True,
    may_be_held: bool = True,
) -> None:
    """All that is to be written to in one go and one order, and before any other row, as a person's change and a merge
    do it: else they would deadlock."""
    batch = {run.lead_id for run in runs}
    leads = Lead.objects.select_for_update().filter(pk__in=batch.union(others)).order_by("pk")
    rows = [row for row in leads.values_list("pk", "merged_into", "quarantined_at") if row[0] in batch]
    merged = {pk for pk, into, _ in rows if into is not None and not may_be_merged}
    held = {pk for pk, _, quarantined_at in rows if quarantined_at is not None and not may_be_held}
    if merged or held:
        raise _Folded(merged | held)


def _held(runs: list[StageRun]) -> list[StageRun]:
    """The rows that are still this worker's: none whose lease ran out and which another took, none erased."""
    claims = {run.claim for run in runs}
    held = StageRun.objects.select_for_update().running().filter(claim__in=claims, pk__in=[run.pk for run in runs])
    return list(held.order_by("pk"))


def _close(run: StageRun, state: str, now: dt.datetime, *, reason: str = "", note: str = "") -> None:
    run.state, run.reason, run.note, run.finished_at = state, reason, note, now
    run.claim = run.lease_until = None
    if run.is_wanted_again:
        run.state, run.due_at, run.is_wanted_again, run.attempts = State.PENDING, now, False, 0
    if state == State.SUCCEEDED:
        run.attempts = 0


def _wait(run: StageRun, now: dt.datetime, reason: str, *, after: float | None = None) -> None:
    """Back to the queue, each time twice as long; given up after so many attempts."""
    if run.attempts >= GIVE_UP_AFTER:
        _close(run, State.FAILED, now, reason=reason)
        return
    seconds = after if after is not None else min(5 * 2**run.attempts, LONGEST_WAIT)
    run.state, run.reason, run.is_wanted_again = State.PENDING, reason, False
    run.due_at = now + dt.timedelta(seconds=seconds)
    run.claim = run.lease_until = None


def _save(runs: list[StageRun]) -> None:
    """One UPDATE for all rows that came out alike, as most do: bulk_update would build a CASE per row and column."""
    columns = ("state", "reason", "note", "finished_at", "claim", "lease_until", "is_wanted_again", "attempts")
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for run in runs:
        changed = (*columns, "due_at") if run.state == State.PENDING else columns
        alike.setdefault(tuple((column, getattr(run, column)) for column in changed), []).append(run.pk)
    for values, pks in alike.items():
        StageRun.objects.filter(pk__in=pks).update(**dict(values))
    Lead.objects.filter(pk__in=[run.lead_id for run in runs]).update(updated_at=timezone.now())


def _fail(run: StageRun, reason: str) -> None:
    with transaction.atomic():
        _lock_leads([run])
        for held in (mine := _held([run])):
            _close(held, State.FAILED, timezone.now(), reason=reason)
        _save(mine)


def _postpone(stage: Stage, runs: list[StageRun], later: TryAgainLater) -> None:
    _put_back(runs, later)
    if later.is_service_down:
        gates.close_for(stage, later)


def _put_back(runs: list[StageRun], later: TryAgainLater) -> None:
    with transaction.atomic():
        _lock_leads(runs)
        mine, now = _held(runs), timezone.now()
        for run in mine:
            if later.is_service_down:
                run.attempts = max(run.attempts - 1, 0)
            _wait(run, now, later.reason, after=0 if later.is_service_down else later.after)
        _save(mine)


# ---- how it stands ------------------------------------------------------------------------------------------------


def oldest_due_age() -> float:
    """Seconds that the oldest due row of an open stage has waited, those apart that can wait; 0 when nothing does."""
    shut = StageGate.objects.filter(closed_until__gt=timezone.now()).values("stage")
    oldest = (
        StageRun.objects.due().filter(can_wait=False).exclude(stage__in=shut).aggregate(oldest=Min("due_at"))["oldest"]
    )
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0
