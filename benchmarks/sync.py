"""Leads to Airtable and back: pace, one record each whatever happens, and few calls, against a strict server.

The server is in a process of its own, answers after 50 ms, allows five requests a second and shuts for 30 s when there
are more. `COUNT=1000 make bench-sync` takes fewer leads.
"""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.figures import Figure, at_least, at_most
from tests.stack import ROOT

COUNT = int(os.environ.get("COUNT", "10000"))
BASE, TOKEN = "appBenchBenchBenc", "pat.bench"
LATENCY = 0.05
KILLS = 5
MOST_A_SECOND = 50  # records: five calls of ten
BAD, MANY = 7, 1000
EDITS, CONFLICTS = 200, 50

WORKER = """
import os, time, django
django.setup()
from leads import gates, pipeline
from leads.models.pipeline import STAGES
push = STAGES["push"]
pipeline.release(push.cluster)
while True:
    if not pipeline.run_batch(push):
        pipeline.sweep()
        time.sleep(0.1)
"""


def run() -> list[Figure]:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return [*first_push(), *edited_lead(), *refused_values(), *both_ways(), *faults()]


# ---- the server ------------------------------------------------------------------------------------------------------


def serve(pipe: Connection) -> None:
    from tests.servers.airtable import AirtableServer

    with AirtableServer(latency=LATENCY, token=TOKEN, base_id=BASE) as server:
        pipe.send(server.url)
        while (asked := pipe.recv()) is not None:
            pipe.send(_answer(server, *asked))


def _answer(server: Any, what: str, given: Any) -> Any:
    if what == "state":
        return server.records, server.violations, len(server.requests)
    if what == "arrived":
        return max((request.at for request in server.requests if request.method == "PATCH"), default=0.0)
    if what == "misbehave":
        server.misbehave(**given)
    if what == "scripted":
        from tests.servers.airtable import Fault

        server.script(*[Fault(status=429, body={"error": {"type": "RATE_LIMIT_REACHED"}})] * given)
    if what == "refuse":
        next(field for field in server.tables[0].fields if field.name == "Name").refuses = set(given)
    if what == "change":
        for record_id, cells in given:
            server.tables[0].change(record_id, cells)
    return None


@contextmanager
def airtable() -> Iterator[Callable[..., Any]]:
    """A fresh server and an empty database; yields what asks the server."""
    from django.conf import settings

    from crm_sync.models import AirtableBase, CrmConnection, CrmRecord, FieldMapping
    from leads.models import Lead, StageGate

    for model in (CrmRecord, Lead, StageGate, AirtableBase, FieldMapping, CrmConnection):
        model.objects.all().delete()
    CrmRecord.objects.all().delete()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    settings.AIRTABLE_API_KEY, settings.AIRTABLE_BASE_ID = TOKEN, BASE
    settings.AIRTABLE_ENDPOINT_URL = ours.recv()

    def ask(what: str, given: Any = None) -> Any:
        ours.send((what, given))
        return ours.recv()

    try:
        yield ask
    finally:
        process.kill()
        process.join()


# ---- what is measured ------------------------------------------------------------------------------------------------


def first_push() -> list[Figure]:
    with airtable() as ask:
        make_leads(COUNT)
        start = time.perf_counter()
        push_all()
        per_second = COUNT / (time.perf_counter() - start)
        records, violations, _ = ask("state")
        naive = plain_loop()
        print(f"  first push {per_second:.1f} records/s, a plain loop with 0.2 s of sleep {naive:.1f}")
        return [
            at_least(f"First push of {COUNT:,}: share of the limit of {MOST_A_SECOND} records/s",
                     per_second / MOST_A_SECOND, 0.95),
            at_most("Answers 429", violations, 0),
            at_most("Records too many or too few", abs(len(records) - COUNT), 0),
        ]  # fmt: skip


def plain_loop() -> float:
    """Records a second of pyairtable called in a row, with a fifth of a second of sleep after each call."""
    from django.conf import settings
    from pyairtable import Api

    calls = 20
    with airtable() as ask:
        table = Api(TOKEN, endpoint_url=settings.AIRTABLE_ENDPOINT_URL).table(BASE, "Leads")
        start = time.perf_counter()
        for at in range(calls):
            rows: list[Any] = [{"fields": {"Lead ID": f"{at}-{n}", "Name": "Ana"}} for n in range(10)]
            table.batch_upsert(rows, key_fields=["Lead ID"])
            time.sleep(0.2)
        ask("state")
        return 10 * calls / (time.perf_counter() - start)


def edited_lead() -> list[Figure]:
    from django.db import transaction

    from leads import facts, pipeline
    from leads.models import Lead, StageRun

    with airtable() as ask:
        make_leads(20)
        push_all()
        lead = Lead.objects.order_by("pk")[7]
        with transaction.atomic():
            facts.change_value(lead, field="company", value="Acme", actor="bench")
            pipeline.schedule([lead.pk], ["push"])
        due = StageRun.objects.get(lead=lead, stage="push").due_at
        from django.utils import timezone

        offset = time.monotonic() - timezone.now().timestamp()
        while StageRun.objects.filter(lead=lead, stage="push").exclude(state="succeeded").exists():
            push_all()
            time.sleep(0.05)
        late = ask("arrived") - (due.timestamp() + offset)
        return [at_most("One edited lead: seconds after its wait", late, 1.5, " s")]


def refused_values() -> list[Figure]:
    from leads.models import StageRun

    with airtable() as ask:
        make_leads(MANY)
        push_all()
        clean = ask("state")[2]
    with airtable() as ask:
        leads = make_leads(MANY)
        ask("refuse", [lead.name for lead in random.Random(3).sample(leads, BAD)])
        push_all()
        records, _, calls = ask("state")
        failed = StageRun.objects.filter(stage="push", state="failed", reason__contains="“Name”").count()
        print(f"  {len(records)} pushed, {failed} failed with the field named, {calls} calls, {clean} in a clean run")
        return [
            at_most(f"{BAD} of {MANY:,} refused: calls ÷ those of a clean run", calls / clean, 1.3),
            at_most("Pushed and failed wrongly", abs(len(records) - MANY + BAD) + abs(failed - BAD), 0),
        ]


def both_ways() -> list[Figure]:
    from crm_sync import polling
    from crm_sync.models import AirtableBase, CrmRecord, FieldMapping, SyncConflict
    from leads import facts
    from leads.models import Lead, StageRun

    with airtable() as ask:
        make_leads(EDITS + CONFLICTS)
        push_all()
        FieldMapping.objects.filter(our_field="company").update(direction="both", winner="theirs")
        records = list(CrmRecord.objects.order_by("pk").values_list("record_id", flat=True))
        ask("change", [(record_id, {"Company": "Theirs"}) for record_id in records])
        for lead in Lead.objects.order_by("pk")[EDITS:]:
            facts.change_value(lead, field="company", value="Ours", actor="bench")
        StageRun.objects.exclude(stage="push").delete()
        calls = ask("state")[2]
        AirtableBase.objects.update(pull_due_at="2026-01-01T00:00:00Z", compared_at="2026-01-01T00:00:00Z")
        polling.look()
        back = Lead.objects.filter(company="Theirs").count()
        looked = ask("state")[2] - calls
        schedule_all()
        push_all()
        echoes = ask("state")[2] - calls - looked
        print(f"  {back} came back by {looked} calls, {echoes} calls after it")
        wrong = abs(SyncConflict.objects.count() - CONFLICTS) + abs(back - EDITS - CONFLICTS)
        return [at_most("Edits and conflicts not as set", wrong, 0), at_most("Calls that echo them", echoes, 0)]


def faults() -> list[Figure]:
    from crm_sync.models import CrmRecord
    from leads.models import Lead, StageRun

    with airtable() as ask:
        make_leads(COUNT)
        ask("misbehave", {"lost": 0.05, "broken": 0.05})
        ask("scripted", 2)
        start = time.perf_counter()
        for _ in range(KILLS):
            with worker():
                time.sleep(max(3.0, COUNT / MOST_A_SECOND / (KILLS + 1)))
        with worker():
            while StageRun.objects.filter(stage="push", state__in=["pending", "running"]).exists():
                time.sleep(1)
        records, _, _ = ask("state")
        held = {record["fields"]["Lead ID"]: record["fields"]["Name"] for record in records}
        leads = {str(lead.public_id): lead.name for lead in Lead.objects.iterator()}
        failed = StageRun.objects.filter(stage="push", state="failed").count()
        unlinked = COUNT - CrmRecord.objects.filter(state="synced").count()
        print(f"  {len(records)} records after {time.perf_counter() - start:.0f} s and {KILLS} kills, {failed} failed")
        wrong = abs(len(records) - COUNT) + sum(held.get(key) != name for key, name in leads.items())
        return [at_most(f"{COUNT:,} with faults and kills: records wrong, leads failed or without a link",
                        wrong + failed + unlinked, 0)]  # fmt: skip


# ---- leads and workers -----------------------------------------------------------------------------------------------


def make_leads(count: int) -> list[Any]:
    from django.db import transaction

    from leads.models import FieldValue, Lead, StageRun, Submission

    with transaction.atomic():
        leads = Lead.objects.bulk_create(
            Lead(source="web_form", first_name=f"Ana{n}", last_name="Silva", email=f"ana{n}@example.com")
            for n in range(count)
        )
        text = "My brakes squeal since Monday, what would new pads cost? " * 4
        Submission.objects.bulk_create(
            Submission(lead=lead, source="web_form", payload={}, text=text) for lead in leads
        )
        FieldValue.objects.bulk_create(
            FieldValue(lead=lead, field=key, value=getattr(lead, key), origin="submitter", state="current")
            for lead in leads
            for key in ("first_name", "last_name", "email")
        )
        StageRun.objects.bulk_create(StageRun(lead=lead, stage="push") for lead in leads)
    return leads


def schedule_all() -> None:
    from django.db import transaction

    from leads import pipeline
    from leads.models import Lead, StageRun

    with transaction.atomic():
        pipeline.schedule(list(Lead.objects.values_list("pk", flat=True)), ["push"])
    StageRun.objects.update(due_at="2026-01-01T00:00:00Z")


def push_all() -> None:
    from leads import pipeline
    from leads.models.pipeline import STAGES

    while pipeline.run_batch(STAGES["push"]):
        pass


@contextmanager
def worker() -> Iterator[None]:
    """A process that pushes as a worker does, killed at the end."""
    from django.conf import settings

    environment = os.environ | {
        "AIRTABLE_API_KEY": TOKEN,
        "AIRTABLE_BASE_ID": BASE,
        "AIRTABLE_ENDPOINT_URL": settings.AIRTABLE_ENDPOINT_URL,
        "DJANGO_SETTINGS_MODULE": "basecamp.settings",
    }
    process = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment)
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
