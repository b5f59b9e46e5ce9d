"""Leads to Airtable: one record each whatever happens on the way, and sentences that tell staff what to do."""

import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from crm_sync import connection, pausing
from crm_sync.connection import NOT_CONNECTED
from crm_sync.models import AirtableBase, CrmRecord, FieldMapping
from leads import gates, merging, pipeline
from leads.models import Lead, StageGate, StageRun
from leads.models.pipeline import STAGES
from leads.values import Contact
from tests.leads_at_hand import apart
from tests.servers.airtable import BILLING, HTML_502, AirtableServer, Fault, default_fields
from tests.servers.airtable_table import Field

PUSH = STAGES["push"]


@pytest.fixture
def airtable(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AirtableServer]:
    with AirtableServer() as server:
        connect(server, monkeypatch)
        yield server


def connect(server: AirtableServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "AIRTABLE_API_KEY", server.token)
    monkeypatch.setattr(settings, "AIRTABLE_BASE_ID", server.base_id)
    monkeypatch.setattr(settings, "AIRTABLE_ENDPOINT_URL", server.url)


def inquire(count: int = 1, **contact: str) -> list[Lead]:
    leads = [apart(f"Inquiry {n}", source="web_form", contact=Contact(**contact)) for n in range(count)]
    StageRun.objects.all().delete()
    pipeline.schedule([lead.pk for lead in leads], ["push"], delay=0)
    return leads


def send() -> None:
    """Passes batches through the push stage until nothing is due."""
    while pipeline.run_batch(PUSH):
        pass


def outcome(lead: Lead) -> tuple[str, str]:
    run = StageRun.objects.get(lead=lead, stage="push")
    return run.state, run.reason


def test_a_lead_becomes_a_record_with_readable_options(airtable):
    (lead,) = inquire(first_name="Ana", last_name="Silva", email="ana@example.com", phone="+15125550142")
    merging.edit(lead, field="intent", value="quote_request", actor="olivia")
    send()
    assert airtable.records == [
        {
            "id": CrmRecord.objects.get().record_id,
            "createdTime": airtable.records[0]["createdTime"],
            "fields": {
                "Name": "Ana Silva",
                "First Name": "Ana",
                "Last Name": "Silva",
                "Email": "ana@example.com",
                "Phone": "+15125550142",
                "Message": "Inquiry 0",
                "Source": "Website Form",
                "Intent": "Quote Request",
                "Received At": lead.received_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "Status": "New",
                "Lead ID": str(lead.public_id),
            },
        }
    ]
    assert outcome(lead) == ("succeeded", "")
    assert CrmRecord.objects.get().state == "synced"
    assert lead.events.filter(text="Added to Airtable").count() == 1


def test_batches_of_ten_and_a_pace_below_the_limit(airtable):
    inquire(25)
    send()
    assert len(airtable.records) == 25
    writes = [request for request in airtable.requests if request.method == "PATCH"]
    assert [len(request.body["records"]) for request in writes] == [10, 10, 5]
    assert airtable.violations == 0
    assert AirtableBase.objects.get().calls_this_month == 4


def test_unchanged_leads_cost_no_call_and_changed_ones_update_their_record(airtable):
    (lead,) = inquire(first_name="Ana")
    send()
    before = len(airtable.requests)
    pipeline.schedule([lead.pk], ["push"], delay=0)
    send()
    assert len(airtable.requests) == before
    merging.edit(lead, field="first_name", value="Anna", actor="olivia")
    pipeline.schedule([lead.pk], ["push"], delay=0)
    send()
    assert [record["fields"]["First Name"] for record in airtable.records] == ["Anna"]


def test_sample_leads_are_not_sent(airtable):
    (lead,) = inquire()
    Lead.objects.update(is_sample=True)
    send()
    assert airtable.records == []
    assert StageRun.objects.get(lead=lead, stage="push").note == "A sample lead; it is not sent to Airtable"


def test_an_emptied_field_is_emptied_but_others_notes_stay(airtable):
    (lead,) = inquire(first_name="Ana")
    send()
    merging.edit(lead, field="first_name", value="", actor="olivia")
    pipeline.schedule([lead.pk], ["push"], delay=0)
    send()
    assert "First Name" not in airtable.records[0]["fields"]
    before = len(airtable.requests)
    pipeline.schedule([lead.pk], ["push"], delay=0)
    send()
    assert len(airtable.requests) == before


FAULTS = [
    Fault(lost_reply=True),
    HTML_502,
    Fault(status=503, body={"error": "SERVICE_UNAVAILABLE"}),
    Fault(status=500, body=None),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_the_way_never_makes_a_second_record(airtable, fault):
    (lead,) = inquire()
    gates.is_open(PUSH)
    airtable.script(fault)
    send()
    assert outcome(lead) == ("pending", "Airtable can’t be reached at the moment.")
    assert gates.is_closed(PUSH)
    StageGate.objects.update(closed_until=timezone.now())
    StageRun.objects.update(due_at=timezone.now())
    send()
    assert outcome(lead) == ("succeeded", "")
    assert len(airtable.records) == 1


def test_too_many_requests_pause_the_whole_base_for_half_a_minute(airtable):
    (lead,) = inquire()
    gates.is_open(PUSH)
    airtable.script(Fault(status=429, body={"error": {"type": "RATE_LIMIT_REACHED"}}))
    send()
    pause = (StageGate.objects.get(stage="push").closed_until - timezone.now()).total_seconds()
    assert 29 < pause <= 31
    assert outcome(lead)[0] == "pending"


def test_the_monthly_limit_waits_for_next_month(airtable):
    inquire()
    gates.is_open(PUSH)
    airtable.script(BILLING)
    send()
    gate = StageGate.objects.get(stage="push")
    assert gate.closed_until.day == 1
    assert "used up its API calls for this month" in gate.reason


def test_one_bad_record_does_not_hold_up_the_others(airtable):
    leads = inquire(3)
    bad = leads[1]
    gates.is_open(PUSH)
    mapping = FieldMapping.objects.get(our_field="first_name")
    # The table says it takes numbers where our mapping still believes in text.
    airtable.tables[0].fields[1].type = "number"
    assert mapping.remote_type == "singleLineText"
    merging.edit(bad, field="first_name", value="Ana", actor="olivia")
    send()
    assert [outcome(lead)[0] for lead in leads] == ["succeeded", "failed", "succeeded"]
    assert "First Name" in outcome(bad)[1]
    assert CrmRecord.objects.get(lead=bad).state == "failed"
    assert len(airtable.records) == 2


def test_a_field_that_is_gone_pauses_once_and_the_leads_go_on_when_it_is_mended(airtable):
    leads = inquire(12, company="Acme")
    gates.is_open(PUSH)
    airtable.tables[0].drop_field("Company")
    send()
    paused = pausing.row()
    assert (paused.pause, paused.is_mail_due) == ("field", True)
    assert paused.pause_reason == "Company: the field “Company” is gone from the Airtable table."
    assert {outcome(lead)[0] for lead in leads} == {"pending"}
    FieldMapping.objects.filter(our_field="company").update(direction="off")
    pausing.resume()
    send()
    assert {outcome(lead) for lead in leads} == {("succeeded", "")}
    assert len(airtable.records) == 12


def test_a_field_whose_type_changed_pauses(airtable):
    (lead,) = inquire(email="ana@example.com")
    gates.is_open(PUSH)
    next(field for field in airtable.tables[0].fields if field.name == "Email").type = "number"
    AirtableBase.objects.update(schema_read_at=timezone.now() - dt.timedelta(minutes=1))
    send()
    assert pausing.row().pause_reason.startswith("E-mail: “Email” has changed in Airtable.")
    assert outcome(lead)[0] == "pending"


def test_an_option_that_is_gone_leaves_its_cell_empty(airtable):
    (lead,) = inquire()
    gates.is_open(PUSH)
    source = next(field for field in airtable.tables[0].fields if field.name == "Source")
    source.options["choices"] = [choice for choice in source.options["choices"] if choice["name"] != "Website Form"]
    send()
    StageRun.objects.update(due_at=timezone.now())
    send()
    assert outcome(lead) == ("succeeded", "")
    assert "Source" not in airtable.records[0]["fields"]
    assert CrmRecord.objects.get().notes == ["Source: “web_form” is not an option of “Source”."]


def test_a_renamed_field_keeps_working(airtable):
    (lead,) = inquire(company="Acme")
    gates.is_open(PUSH)
    next(field for field in airtable.tables[0].fields if field.name == "Company").name = "Firm"
    send()
    assert outcome(lead) == ("succeeded", "")
    assert airtable.records[0]["fields"]["Firm"] == "Acme"


def test_two_records_with_our_id_stop_that_lead_only(airtable):
    twice, once = inquire(2)
    for _ in range(2):
        airtable.tables[0].add({"Lead ID": str(twice.public_id)})
    send()
    assert outcome(once) == ("succeeded", "")
    assert outcome(twice)[0] == "failed"
    assert "Several Airtable records carry the same lead ID." in outcome(twice)[1]


def test_not_connected_waits_and_catches_up(transactional_db, monkeypatch):
    (lead,) = inquire()
    send()
    assert outcome(lead) == ("pending", "")
    assert StageGate.objects.get(stage="push").reason == NOT_CONNECTED
    with AirtableServer() as server:
        connect(server, monkeypatch)
        StageGate.objects.update(closed_until=None)
        send()
        assert len(server.records) == 1


WRONG = [
    ("AIRTABLE_API_KEY", "patWrong", "Airtable does not accept the access token."),
    (
        "AIRTABLE_BASE_ID",
        "appAAAAAAAAAAAAAA",
        "Airtable has no such base or table, or the access token may not use it.",
    ),
    ("AIRTABLE_BASE_ID", "nonsense", "The Airtable base ID is not one: it starts with “app” and has 17 characters."),
    ("AIRTABLE_TABLE_NAME", "Leeds", "The Airtable base has no table “Leeds”."),
]


@pytest.mark.parametrize(("setting", "value", "sentence"), WRONG)
def test_a_wrong_connection_says_which_part_is_wrong(airtable, monkeypatch, setting, value, sentence):
    monkeypatch.setattr(settings, setting, value)
    (lead,) = inquire()
    send()
    gate = StageGate.objects.get(stage="push")
    assert gate.reason.startswith(sentence)
    assert (gate.closed_until - timezone.now()).total_seconds() > 200
    assert outcome(lead)[0] == "pending"


def test_a_table_without_a_key_field_says_what_to_add(transactional_db, monkeypatch):
    with AirtableServer(fields=[*default_fields()[:-1], Field("Lead ID", "number")]) as server:
        connect(server, monkeypatch)
        inquire()
        send()
    assert "needs a single line text field named “Lead ID”" in StageGate.objects.get(stage="push").reason


def test_a_clock_that_was_set_back_does_not_stop_the_calls(transactional_db):
    AirtableBase.objects.create(base_id="app1", next_slot=timezone.now() + dt.timedelta(days=1))
    start = time.monotonic()
    connection.wait_turn("app1")
    assert time.monotonic() - start < 1
    assert AirtableBase.objects.get().next_slot < timezone.now() + dt.timedelta(seconds=1)


def test_several_processes_read_the_table_for_the_first_time(airtable):
    """As at the first start: each worker and the health check find that nothing was read yet."""

    def read(_: int) -> int:
        try:
            connection.refresh_schema(link)
            return FieldMapping.objects.count()
        finally:
            database.close()

    airtable.rate = None
    link = replace(connection.current(), wait_turn=None)  # so that the answers come at the same time
    with ThreadPoolExecutor(4) as processes:
        counts = list(processes.map(read, range(4)))
    assert counts == [FieldMapping.objects.count()] * 4
    assert counts[0] > 5


@pytest.mark.parametrize("kept", [0, 6])
def test_a_restored_backup_makes_no_second_record(airtable, kept):
    """A backup of before the first push, or from the middle of it: what was sent since is not in it."""
    airtable.rate = None
    leads = inquire(12, first_name="Ana")
    send()
    CrmRecord.objects.exclude(lead__in=leads[:kept]).delete()
    CrmRecord.objects.update(payload_hash="", agreed={})
    pipeline.schedule([lead.pk for lead in leads], ["push"], delay=0)
    send()
    assert sorted(record["fields"]["Lead ID"] for record in airtable.records) == sorted(
        str(lead.public_id) for lead in leads
    )
    held = dict(CrmRecord.objects.values_list("lead__public_id", "record_id"))
    assert {str(key): record_id for key, record_id in held.items()} == {
        record["fields"]["Lead ID"]: record["id"] for record in airtable.records
    }


def test_two_workers_make_one_record_each(airtable):
    def work(_: int) -> None:
        try:
            while StageRun.objects.exclude(state="succeeded").exists():
                pipeline.run_batch(PUSH)
        finally:
            database.close()

    airtable.rate = None
    leads = inquire(45, first_name="Ana")
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work, range(2)))
    assert sorted(record["fields"]["Lead ID"] for record in airtable.records) == sorted(
        str(lead.public_id) for lead in leads
    )
    assert CrmRecord.objects.filter(state="synced").count() == 45
