import datetime as dt
import os
import sqlite3
from contextlib import closing

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ

from basecamp import pids, watch
from basecamp.watch import MOST_HELD, Signs, Watch, is_frozen
from leads import pipeline, tasks
from leads.models import Heartbeat, Lead, StageRun

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("signs", "frozen"),
    [
        (Signs(), False),  # never asked
        (Signs(asked_at=at(-31)), True),  # never answered
        (Signs(asked_at=at(-29)), False),
        (Signs(asked_at=at(-30)), False),
        (Signs(asked_at=at(-31), beat_at=at(-500)), True),  # silent since before the bell
        (Signs(asked_at=at(-31), beat_at=at(-30)), False),  # answered
        (Signs(asked_at=at(-31), beat_at=at(-31)), False),
        (Signs(asked_at=at(-900), beat_at=at(-900)), False),  # answered long ago and not asked since
        (Signs(asked_at=at(-31), beat_at=at(-40), busy_until=at(10)), False),  # a long batch
        (Signs(asked_at=at(-31), beat_at=at(-40), busy_until=at(-1)), True),  # too long a batch
        (Signs(asked_at=at(-10), beat_at=at(-40), busy_until=at(-1)), False),  # the batch ended, the bell is young
        (Signs(beat_at=at(0), held=MOST_HELD), False),
        (Signs(beat_at=at(0), held=MOST_HELD + 1), True),  # works, but nothing is struck off
    ],
)
def test_is_frozen(signs: Signs, frozen: bool) -> None:
    assert is_frozen(signs, now=NOON, limit=30) is frozen


def test_probe_rings_once_and_remembers_since_when(transactional_db, tmp_path):
    clock = Watch(tmp_path, limit=30)
    assert clock.probe() == []
    first = dict(clock.asked)
    assert clock.probe() == []
    assert clock.asked == first
    assert sorted(OrmQ.objects.values_list("key", flat=True)) == ["basecamp", "llm", "ml"]

    Heartbeat.objects.create(cluster="ml", beat_at=timezone.now())
    clock.probe()
    assert clock.asked["ml"] > first["ml"]
    assert clock.asked["llm"] == first["llm"]


def test_probe_gives_up_a_silent_cluster(transactional_db, tmp_path, caplog):
    clock = Watch(tmp_path, limit=30)
    clock.asked = dict.fromkeys(("basecamp", "llm"), timezone.now()) | {"ml": timezone.now() - dt.timedelta(seconds=31)}
    assert clock.probe() == ["ml"]
    assert "The ml workers don't answer and none run here" in caplog.text
    assert set(clock.asked) == {"basecamp", "llm"}  # the next one starts with a clean slate


def test_release_gives_back_bells_and_rows_of_one_cluster(transactional_db):
    lead = Lead.objects.create()
    later = timezone.now() + dt.timedelta(minutes=5)
    rows = [
        StageRun.objects.create(lead=lead, stage=stage, state="running", attempts=1, lease_until=later)
        for stage in ("embed", "extract")
    ]
    pipeline.ring("ml")
    pipeline.ring("llm")
    OrmQ.objects.update(lock=later)

    assert watch.release("ml") == 1

    assert [StageRun.objects.get(pk=row.pk).state for row in rows] == ["pending", "running"]
    assert list(OrmQ.objects.filter(lock__lte=timezone.now()).values_list("key", flat=True)) == ["ml"]


def test_pid_file_holds_as_long_as_its_handle(tmp_path):
    path = tmp_path / "run" / "ml.pid"
    assert pids.holder(path) is None
    handle = pids.take(path)
    assert handle is not None
    assert pids.holder(path) == os.getpid()
    assert pids.take(path) is None
    with pytest.raises(TimeoutError, match=str(os.getpid())):
        watch.wait_until_free(path, seconds=0.1)
    os.close(handle)
    assert pids.holder(path) is None
    assert path.read_text() == str(os.getpid())  # what a dead process left behind counts for nothing
    os.close(watch.wait_until_free(path, seconds=0.1))


def test_workers_that_are_told_to_stop_begin_nothing(transactional_db):
    lead = Lead.objects.create()
    run = StageRun.objects.create(lead=lead, stage="embed")
    tasks.stopping[0] = 1
    try:
        tasks.work("ml")
    finally:
        tasks.stopping[0] = 0
    run.refresh_from_db()
    assert (run.state, run.attempts) == ("pending", 0)
    assert not Heartbeat.objects.exists()


@pytest.mark.skipif(not settings.IS_SQLITE, reason="only SQLite has one lock for all writers")
def test_what_is_frozen_is_ended_even_when_it_holds_the_lock_of_all_writers(transactional_db, tmp_path):
    now = timezone.now()
    watching = Watch(tmp_path, 1, {"basecamp": now - dt.timedelta(minutes=1)})
    Heartbeat.objects.create(cluster="basecamp", beat_at=now - dt.timedelta(minutes=2))
    connection.cursor().execute("PRAGMA busy_timeout = 100")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as frozen:
        frozen.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError):  # the others can't be rung; the clock tries again at its next turn
            watching.probe()
    connection.close()
    assert "basecamp" not in watching.asked
