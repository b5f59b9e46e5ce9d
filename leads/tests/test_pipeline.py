"""The runner: what is claimed, what follows, what waits, what fails, and what happens when workers die."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from leads import gates, pipeline, tasks
from leads.intake import receive
from leads.models import Event, Heartbeat, Lead, StageGate, StageRun
from leads.models.pipeline import STAGES
from leads.pipeline import Outcome, TryAgainLater
from leads.stage import Chore, Stage
from tests.faults import refuse

State = StageRun.State
HERE = "leads.tests.test_pipeline"

behaviour: dict[str, Callable[[Sequence[Lead]], Outcome]] = {}
calls: list[tuple[str, list[int]]] = []
chores_done: list[int] = []
gate_says: list[str | None] = [None]


def first(leads: Sequence[Lead]) -> Outcome:
    calls.append(("first", [lead.pk for lead in leads]))
    return behaviour.get("first", lambda leads: Outcome())(leads)


def second(leads: Sequence[Lead]) -> Outcome:
    calls.append(("second", [lead.pk for lead in leads]))
    return behaviour.get("second", lambda leads: Outcome())(leads)


def gate() -> str | None:
    return gate_says[0]


@pytest.fixture(autouse=True)
def small_pipeline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    stages = (
        Stage("first", "First", f"{HERE}.first", "basecamp", 3, 60, then=("second",)),
        Stage("second", "Second", f"{HERE}.second", "ml", 3, 60, gate=f"{HERE}.gate"),
    )
    monkeypatch.setattr(settings, "LEAD_PIPELINE", stages)
    monkeypatch.setattr(settings, "CLUSTER_CHORES", {})
    behaviour.clear()
    calls.clear()
    chores_done.clear()
    gate_says[0] = None
    real = dict(STAGES)  # whole, so that it comes back in its order
    _fill(STAGES, {stage.name: stage for stage in stages})
    yield
    _fill(STAGES, real)


def _fill(known: dict[str, Stage], stages: dict[str, Stage]) -> None:
    known.clear()
    known.update(stages)


def inquire(count: int = 1) -> list[Lead]:
    return [receive(f"Inquiry {n}", source="paste") for n in range(count)]


def states() -> list[tuple[str, str]]:
    return list(StageRun.objects.order_by("lead", "stage").values_list("stage", "state"))


def test_a_lead_passes_every_stage_in_order(drain):
    (lead,) = inquire()
    drain()
    assert calls == [("first", [lead.pk]), ("second", [lead.pk])]
    assert states() == [("first", "succeeded"), ("second", "succeeded")]
    assert not OrmQ.objects.exists()


def broken() -> None:
    raise RuntimeError("no such thing")


def test_a_chore_that_breaks_holds_up_no_lead(drain, monkeypatch, caplog):
    monkeypatch.setattr(settings, "CLUSTER_CHORES", {"basecamp": (Chore(f"{HERE}.broken"),)})
    inquire()
    drain()
    assert states() == [("first", "succeeded"), ("second", "succeeded")]
    assert f"{HERE}.broken failed" in caplog.text


@pytest.mark.parametrize(("is_due", "done"), [("", 1), (f"{HERE}.always", 1), (f"{HERE}.never", 0)])
def test_only_chores_that_are_due_count_as_being_busy(db, monkeypatch, is_due, done):
    monkeypatch.setattr(settings, "CLUSTER_CHORES", {"ml": (Chore(f"{HERE}.chore", is_due),)})
    pipeline.beat("ml")
    tasks._do_chores("ml")
    assert len(chores_done) == done
    busy_until = Heartbeat.objects.get(cluster="ml").busy_until
    assert [busy_until is not None] == [bool(done)]


def chore() -> None:
    chores_done.append(1)


def always() -> bool:
    return True


def never() -> bool:
    return False


def test_work_is_done_in_batches(drain):
    ids = [lead.pk for lead in inquire(7)]
    drain()
    assert calls[:3] == [("first", ids[:3]), ("first", ids[3:6]), ("first", ids[6:])]


def test_many_inquiries_ring_one_bell(transactional_db):
    inquire(5)
    assert OrmQ.objects.count() == 1


def test_a_rolled_back_inquiry_leaves_nothing(transactional_db):
    with transaction.atomic():
        inquire()
        transaction.set_rollback(True)
    assert (Lead.objects.count(), StageRun.objects.count(), OrmQ.objects.count()) == (0, 0, 0)


def test_results_and_outcome_are_one_transaction(drain):
    (lead,) = inquire()

    def breaks_while_writing(leads: Sequence[Lead]) -> Outcome:
        def save() -> None:
            Event.objects.create(lead=lead, text="half done")
            raise ValueError("disk full")

        return Outcome(save=save)

    behaviour["first"] = breaks_while_writing
    drain()
    run = StageRun.objects.get(stage="first")
    assert (run.state, run.reason) == (
        "failed",
        "Something unexpected went wrong (ValueError). The log has the details.",
    )
    assert not Event.objects.filter(text="half done").exists()


def test_a_bad_lead_does_not_block_its_neighbours(drain):
    leads = inquire(3)

    def choke(batch: Sequence[Lead]) -> Outcome:
        if leads[1] in batch:
            raise RuntimeError("poison")
        return Outcome()

    behaviour["first"] = choke
    drain()
    by_lead = dict(StageRun.objects.filter(stage="first").values_list("lead", "state"))
    assert by_lead == {leads[0].pk: "succeeded", leads[1].pk: "failed", leads[2].pk: "succeeded"}
    assert StageRun.objects.filter(stage="second", state="succeeded").count() == 2


def test_outcomes_can_differ_within_a_batch(drain):
    good, bad, late = inquire(3)
    behaviour["first"] = lambda leads: Outcome(
        notes={good.pk: "all well"}, failed={bad.pk: "no such colour"}, later={late.pk: "too busy"}
    )
    pipeline.run_batch(STAGES["first"])
    rows = {run.lead_id: (run.state, run.reason, run.note) for run in StageRun.objects.filter(stage="first")}
    assert rows == {
        good.pk: ("succeeded", "", "all well"),
        bad.pk: ("failed", "no such colour", ""),
        late.pk: ("pending", "too busy", ""),
    }
    assert StageRun.objects.get(lead=late).due_at > timezone.now()


def test_trying_again_doubles_the_wait_and_gives_up(drain):
    inquire()

    def busy(leads: Sequence[Lead]) -> Outcome:
        raise TryAgainLater("The service is busy.")

    behaviour["first"] = busy
    waits = []
    for _ in range(pipeline.GIVE_UP_AFTER):
        StageRun.objects.update(due_at=timezone.now())
        pipeline.run_batch(STAGES["first"])
        run = StageRun.objects.get()
        waits.append(round((run.due_at - timezone.now()).total_seconds()))
    assert waits[:5] == [10, 20, 40, 80, 160]
    assert (run.state, run.reason, run.attempts) == ("failed", "The service is busy.", pipeline.GIVE_UP_AFTER)


def test_a_service_that_is_down_costs_no_lead_an_attempt(drain):
    inquire(2)

    def down(leads: Sequence[Lead]) -> Outcome:
        raise TryAgainLater("Nobody answers.", is_service_down=True, after=60)

    behaviour["first"] = down
    drain()
    assert list(StageRun.objects.values_list("state", "attempts", "reason")) == [("pending", 0, "Nobody answers.")] * 2
    assert gates.is_closed(STAGES["first"])
    behaviour.clear()
    gates.knock("first")
    drain()
    assert set(states()) == {("first", "succeeded"), ("second", "succeeded")}


def test_a_closed_gate_leaves_rows_untouched_until_it_opens(drain):
    inquire()
    gate_says[0] = "Airtable is not connected."
    drain()
    assert states() == [("first", "succeeded"), ("second", "pending")]
    assert StageRun.objects.get(stage="second").attempts == 0
    assert StageGate.objects.get(stage="second").reason == "Airtable is not connected."
    gate_says[0] = None
    StageGate.objects.update(closed_until=timezone.now())
    drain()
    assert states() == [("first", "succeeded"), ("second", "succeeded")]
    assert StageGate.objects.get(stage="second").reason == ""


def test_two_workers_never_hold_the_same_row(transactional_db):
    inquire(5)
    mine, theirs = pipeline.claim(STAGES["first"]), pipeline.claim(STAGES["first"])
    assert len(mine) == 3
    assert len(theirs) == 2
    assert not {run.pk for run in mine} & {run.pk for run in theirs}


def test_an_exclusive_stage_has_one_batch_at_a_time(transactional_db):
    inquire(5)
    alone = Stage("first", "First", f"{HERE}.first", "basecamp", 3, 60, is_exclusive=True)
    assert len(pipeline.claim(alone)) == 3
    assert pipeline.claim(alone) == []


def test_a_dead_workers_rows_are_given_back(drain):
    (lead,) = inquire()
    pipeline.claim(STAGES["first"])
    StageRun.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert pipeline.sweep() == 1
    drain()
    assert states() == [("first", "succeeded"), ("second", "succeeded")]


def test_a_late_worker_does_not_write_over_its_successor(drain):
    (lead,) = inquire()
    late = pipeline.claim(STAGES["first"])
    StageRun.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    pipeline.sweep()
    successor = pipeline.claim(STAGES["first"])
    pipeline._finish(STAGES["first"], late, Outcome(failed={lead.pk: "too late"}))
    assert StageRun.objects.get().state == "running"
    pipeline._finish(STAGES["first"], successor, Outcome(notes={lead.pk: "in time"}))
    assert StageRun.objects.get(stage="first").note == "in time"


def test_a_lead_that_kills_workers_is_taken_alone_and_at_last_failed(transactional_db):
    victim, *others = inquire(3)
    StageRun.objects.filter(lead=victim).update(attempts=2)
    assert [run.lead_id for run in pipeline.claim(STAGES["first"])] == [victim.pk]
    StageRun.objects.filter(lead=victim).update(
        attempts=pipeline.GIVE_UP_AFTER, lease_until=timezone.now() - dt.timedelta(seconds=1)
    )
    pipeline.sweep()
    run = StageRun.objects.get(lead=victim)
    assert (run.state, run.reason) == ("failed", "A worker stopped while it was at it.")


def test_a_change_during_the_work_is_worked_on_again(drain):
    (lead,) = inquire()

    def changed_meanwhile(leads: Sequence[Lead]) -> Outcome:
        if len(calls) == 1:
            with transaction.atomic():
                pipeline.schedule([lead.pk], ["first"])
        return Outcome()

    behaviour["first"] = changed_meanwhile
    drain()
    assert [name for name, _ in calls if name == "first"] == ["first", "first"]
    assert states() == [("first", "succeeded"), ("second", "succeeded")]


def test_retry_queues_failed_runs_again(drain):
    (lead,) = inquire()
    behaviour["first"] = lambda leads: Outcome(failed={lead.pk: "no"})
    drain()
    assert states() == [("first", "failed")]
    behaviour.clear()
    assert pipeline.retry(StageRun.objects.filter(lead=lead)) == 1
    drain()
    assert states() == [("first", "succeeded"), ("second", "succeeded")]


def test_a_lead_erased_meanwhile_is_no_error(drain):
    (lead,) = inquire()
    runs = pipeline.claim(STAGES["first"])
    Lead.objects.all().delete()
    pipeline._finish(STAGES["first"], runs, Outcome())
    assert StageRun.objects.count() == 0


def test_a_lost_bell_is_rung_again_by_the_sweep(drain):
    inquire()
    OrmQ.objects.all().delete()
    pipeline.sweep()
    assert OrmQ.objects.count() == 1
    drain()
    assert states() == [("first", "succeeded"), ("second", "succeeded")]


def test_a_database_that_refuses_is_not_the_leads_failure(drain):
    (lead,) = inquire()

    def deadlocked_once(leads: Sequence[Lead]) -> Outcome:
        if len(calls) == 1:
            raise OperationalError("deadlock detected")
        return Outcome()

    behaviour["first"] = deadlocked_once
    pipeline.run_batch(STAGES["first"])
    run = StageRun.objects.get()
    assert (run.state, run.attempts, run.reason) == ("pending", 1, "The database could not be used just then.")
    StageRun.objects.update(due_at=timezone.now())
    drain()
    assert states() == [("first", "succeeded"), ("second", "succeeded")]


def test_a_service_that_goes_down_among_single_leads_is_not_asked_for_the_others(drain):
    leads = inquire(3)

    def goes_down(batch: Sequence[Lead]) -> Outcome:
        if len(batch) > 1:
            raise ValueError("one of these is bad")
        raise TryAgainLater("Nobody answers.", is_service_down=True, after=60)

    behaviour["first"] = goes_down
    pipeline.run_batch(STAGES["first"])
    assert calls == [("first", [lead.pk for lead in leads]), ("first", [leads[0].pk])]
    rows = list(StageRun.objects.order_by("lead").values_list("state", "attempts", "claim", "reason"))
    assert rows == [("pending", 0, None, "Nobody answers.")] * 3
    assert StageGate.objects.get().failures == 1


def test_single_leads_have_a_lease_each_and_are_left_to_a_successor(drain):
    first_lead, taken, last_lead = inquire(3)
    leases = []

    def slow(batch: Sequence[Lead]) -> Outcome:
        if len(batch) > 1:
            StageRun.objects.update(lease_until=timezone.now() + dt.timedelta(seconds=1))
            raise ValueError("one of these is bad")
        if batch[0] == first_lead:
            StageRun.objects.filter(lead=taken).update(claim=uuid.uuid4())
        leases.append(round((StageRun.objects.get(lead=batch[0]).lease_until - timezone.now()).total_seconds()))
        return Outcome()

    behaviour["first"] = slow
    pipeline.run_batch(STAGES["first"])
    assert calls[1:] == [("first", [first_lead.pk]), ("first", [last_lead.pk])]
    assert leases == [60, 60]
    assert StageRun.objects.get(lead=taken).state == "running"


def test_a_gate_that_breaks_shuts_its_stage_and_no_other(drain, monkeypatch):
    inquire()
    monkeypatch.setattr(f"{HERE}.gate", lambda: 1 / 0)
    drain()
    assert states() == [("first", "succeeded"), ("second", "pending")]
    assert StageGate.objects.get().reason == (
        "Something unexpected went wrong (ZeroDivisionError). The log has the details."
    )


def test_wanted_again_after_a_failure_starts_afresh(drain):
    (lead,) = inquire()
    StageRun.objects.update(attempts=pipeline.GIVE_UP_AFTER - 1)

    def changed_meanwhile(leads: Sequence[Lead]) -> Outcome:
        with transaction.atomic():
            pipeline.schedule([lead.pk], ["first"])
        return Outcome(failed={lead.pk: "no"})

    behaviour["first"] = changed_meanwhile
    pipeline.run_batch(STAGES["first"])
    assert StageRun.objects.values_list("state", "attempts").get() == ("pending", 0)


def test_a_restart_asks_again_where_a_gate_was_shut_for_long(transactional_db):
    for name, seconds in (("second", 86_400), ("first", 31)):
        gates.close(STAGES[name], "Used up.", for_seconds=seconds)
    pipeline.release("ml")
    pipeline.release("basecamp")
    assert not gates.is_closed(STAGES["second"])
    assert gates.is_closed(STAGES["first"])


def test_a_bell_that_can_not_be_rung_loses_nothing(transactional_db):
    with connection.execute_wrapper(refuse("django_q_ormq")):
        inquire()
    assert states() == [("first", "pending")]
    pipeline.sweep()
    assert OrmQ.objects.count() == 1


@pytest.mark.skipif(settings.IS_SQLITE, reason="there a change shuts out every other writer until it is committed")
def test_a_change_that_is_not_committed_yet_keeps_workers_from_its_rows(transactional_db):
    (lead,) = inquire()
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            pipeline.schedule([lead.pk], ["first"])
            claimed = other.submit(lambda: [pipeline.claim(STAGES["first"]), connection.close()])
            with pytest.raises(TimeoutError):
                claimed.result(timeout=0.5)
        assert len(claimed.result(timeout=10)[0]) == 1


@pytest.mark.skipif(settings.IS_SQLITE, reason="there one writer waits for the other from the beginning")
def test_a_worker_and_a_person_lock_in_the_same_order(transactional_db):
    (lead,) = inquire()
    runs = pipeline.claim(STAGES["first"])
    with ThreadPoolExecutor(1) as worker:
        with transaction.atomic():
            Lead.objects.select_for_update().get(pk=lead.pk)
            finishing = worker.submit(lambda: [pipeline._finish(STAGES["first"], runs, Outcome()), connection.close()])
            with pytest.raises(TimeoutError):
                finishing.result(timeout=0.5)
            pipeline.schedule([lead.pk], ["first"])
        finishing.result(timeout=10)
    assert StageRun.objects.get(stage="first").state == "pending"
