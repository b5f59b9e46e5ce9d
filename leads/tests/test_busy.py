"""What a merge does when the database breaks a deadlock, or is locked by another for too long."""

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from leads import merges, pipeline
from leads.merges import MergeRefused
from leads.models import Lead, Merge
from leads.models.pipeline import STAGES
from leads.stage import Outcome
from leads.tests.merged import make

on_postgres = pytest.mark.skipif(settings.IS_SQLITE, reason="there one writer shuts out every other")
on_sqlite = pytest.mark.skipif(not settings.IS_SQLITE, reason="there writers wait for rows")


def lock(*leads: Lead) -> None:
    for lead in leads:
        Lead.objects.select_for_update().get(pk=lead.pk)


def closing(work: Callable[[], object]) -> None:
    """For another thread, which has a connection of its own."""
    try:
        work()
    finally:
        connection.close()


@on_postgres
@pytest.mark.parametrize("is_in_batch", [True, False])
def test_a_worker_that_saves_and_a_person_lock_in_the_same_order(transactional_db, is_in_batch):
    """What a stage saves may touch the later leads of its batch alone, or earlier ones that aren't in it."""
    first, last = make("Brakes"), make("Tyres")
    if not is_in_batch:
        first.runs.all().delete()
    stage = STAGES["extract"]
    runs = pipeline.claim(stage)
    is_saving, has_first = threading.Event(), threading.Event()

    def save() -> None:
        if is_in_batch:
            lock(last)
        is_saving.set()
        has_first.wait(0.4)  # in the right order nobody gets it meanwhile
        lock(first, last)

    def person() -> None:
        with transaction.atomic():
            is_saving.wait(10)
            lock(first)
            has_first.set()
            lock(last)

    with ThreadPoolExecutor(1) as thread:
        locking = thread.submit(closing, person)
        pipeline._finish(stage, runs, Outcome(save=save, others=[] if is_in_batch else [first.pk]))
        locking.result(timeout=20)
    assert {run.state for run in last.runs.filter(stage="extract")} == {"succeeded"}


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


@on_postgres
@pytest.mark.parametrize("act", ["merge", "undo"])
def test_who_loses_a_deadlock_does_it_again(transactional_db, staff, act):
    ana, anna = make(first_name="Ana"), make(first_name="Anna")
    if act == "undo":
        (made,) = merges.merge(ana, [anna], choices={}, actor=staff)
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '60s'")  # so that it is the other who is told to give way
            lock(anna)
            if act == "merge":
                acting = thread.submit(closing, lambda: merges.merge(ana, [anna], choices={}, actor=staff))
            else:
                acting = thread.submit(closing, lambda: merges.undo(made, actor=staff))
            until = time.monotonic() + 20
            while not waits_for_a_lock() and time.monotonic() < until:
                time.sleep(0.01)
            lock(ana)
        acting.result(timeout=20)
    anna.refresh_from_db()
    assert anna.merged_into == (ana if act == "merge" else None)
    assert Merge.objects.count() == 1


@pytest.fixture
def writer(transactional_db):
    """Another connection that keeps SQLite's lock; what it is asked for here waits 50 ms rather than seconds."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    yield other
    other.close()
    connection.close()


@on_sqlite
def test_a_locked_database_is_asked_again(writer, staff):
    ana, anna = make(first_name="Ana"), make(first_name="Anna")
    refused = []

    def let_go(execute, sql, params, many, context):
        try:
            return execute(sql, params, many, context)
        except OperationalError:
            refused.append(sql)
            writer.rollback()
            raise

    writer.execute("BEGIN IMMEDIATE")
    with connection.execute_wrapper(let_go):
        merges.merge(ana, [anna], choices={}, actor=staff)
    assert refused == ["BEGIN IMMEDIATE"]
    assert Merge.objects.count() == 1


@on_sqlite
def test_one_that_stays_locked_is_said_in_words(writer, staff):
    ana, anna = make(first_name="Ana"), make(first_name="Anna")
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(MergeRefused, match="busy just now"):
        merges.merge(ana, [anna], choices={}, actor=staff)
    writer.rollback()
    assert not Merge.objects.exists()


@on_sqlite
@pytest.mark.parametrize("is_htmx", [True, False])
def test_a_page_whose_change_found_the_database_locked(writer, client, staff, is_htmx):
    lead = make(first_name="Ana")
    client.force_login(staff)
    headers = {"HX-Request": "true"} if is_htmx else {}
    writer.execute("BEGIN IMMEDIATE")
    answer = client.post(reverse("lead_status", args=[lead.public_id]), {"status": "working"}, headers=headers)
    writer.rollback()
    assert answer.status_code == 503
    assert b"try again in a moment" in answer.content
    assert ("try again" in client.get(reverse("inbox")).content.decode()) is is_htmx
    lead.refresh_from_db()
    assert lead.status == "new"


def test_what_is_no_quarrel_over_locks_is_not_tried_again(transactional_db, staff):
    ana, anna = make(first_name="Ana"), make(first_name="Anna")
    asked = []

    def fail(execute, sql, params, many, context):
        if "leads_merge" in sql and sql.startswith("INSERT"):
            asked.append(sql)
            raise OperationalError("disk full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail), pytest.raises(OperationalError, match="disk full"):
        merges.merge(ana, [anna], choices={}, actor=staff)
    assert len(asked) == 1
