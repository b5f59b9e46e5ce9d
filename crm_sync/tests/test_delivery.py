"""One bad record never holds up the others, and is found with few calls."""

import random
from collections.abc import Iterator

import pytest
from django.db import transaction

from crm_sync import connection
from crm_sync.models import CrmRecord, SyncDay, SyncEvent
from leads import gates, pipeline
from leads.models import Lead, StageRun
from tests.servers.airtable import AirtableServer, Fault

from .test_push import PUSH, connect, inquire, outcome, send


@pytest.fixture
def airtable(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AirtableServer]:
    with AirtableServer(rate=None) as server:
        connect(server, monkeypatch)
        monkeypatch.setattr(connection, "GAP", 0.0)
        yield server


def many(count: int) -> list[Lead]:
    with transaction.atomic():
        leads = Lead.objects.bulk_create(Lead(source="api", email=f"ana{n}@example.com") for n in range(count))
        StageRun.objects.bulk_create(StageRun(lead=lead, stage="push") for lead in leads)
    return leads


def refuse(airtable: AirtableServer, name: str, values: set[object]) -> None:
    next(field for field in airtable.tables[0].fields if field.name == name).refuses = values


def writes(airtable: AirtableServer) -> int:
    return sum(request.method == "PATCH" for request in airtable.requests)


def test_few_bad_records_among_many_cost_few_calls(airtable):
    leads = many(300)
    gates.is_open(PUSH)
    bad = random.Random(5).sample(leads, 2)
    refuse(airtable, "Name", {lead.email for lead in bad})
    send()
    assert len(airtable.records) == 298
    for lead in bad:
        assert outcome(lead) == (
            "failed",
            'Airtable refused the value for “Name”. Airtable says: Field "Name" cannot accept the provided value '
            f"Change the value here, or the field in Airtable, then press “Retry”. The value is “{lead.email}”.",
        )
    assert CrmRecord.objects.filter(state="synced").count() == 298
    assert CrmRecord.objects.filter(state="failed").count() == 2
    assert writes(airtable) <= 30 + 2 * 5
    day = SyncDay.objects.get()
    assert (day.sent, day.failed, day.calls) == (298, 2, len(airtable.requests))
    assert set(SyncEvent.objects.filter(kind="failed").values_list("lead", "fields__0")) == {
        (lead.pk, "Name") for lead in bad
    }


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_all_bad_fail_each_by_itself(airtable, count):
    leads = inquire(count, company="Acme")
    gates.is_open(PUSH)
    refuse(airtable, "Company", {"Acme"})
    send()
    assert {outcome(lead)[0] for lead in leads} == {"failed"}
    assert airtable.records == []
    refuse(airtable, "Company", set())
    pipeline.retry(StageRun.objects.filter(stage="push"))
    send()
    assert len(airtable.records) == count
    assert {outcome(lead) for lead in leads} == {("succeeded", "")}


def test_a_record_that_was_deleted_in_airtable_is_flagged_and_not_made_again(airtable):
    leads = inquire(10)
    send()
    airtable.tables[0].remove(CrmRecord.objects.get(lead=leads[4]).record_id)
    Lead.objects.update(company="Acme", first_name="Bo")
    pipeline.schedule([lead.pk for lead in leads], ["push"], delay=0)
    before = writes(airtable)
    send()
    assert len(airtable.records) == 9
    assert {record["fields"]["Name"] for record in airtable.records} == {"Bo"}
    record = CrmRecord.objects.get(lead=leads[4])
    assert (record.state, outcome(leads[4])[0]) == ("gone", "failed")
    assert "deleted in Airtable" in outcome(leads[4])[1]
    assert writes(airtable) - before == 2  # Airtable names the record, so nothing has to be halved
    pipeline.schedule([leads[4].pk], ["push"], delay=0)
    send()
    assert len(airtable.records) == 9


def test_two_records_with_our_id_stop_that_lead_and_no_other(airtable):
    leads = inquire(10)
    table = airtable.tables[0]
    ids = [table.add({"Lead ID": str(leads[3].public_id)}, typecast=False) for _ in range(2)]
    send()
    record = CrmRecord.objects.get(lead=leads[3])
    assert (record.state, sorted(record.several)) == ("twice", sorted(ids))
    assert len(airtable.records) == 11
    assert sum(outcome(lead)[0] == "succeeded" for lead in leads) == 9


def test_lost_answers_and_broken_servers_make_no_second_record(airtable):
    leads = many(60)
    gates.is_open(PUSH)
    for _ in range(4):
        airtable.script(Fault(lost_reply=True), Fault(), Fault(status=503), Fault(lost_reply=True), Fault(status=500))
    for _ in range(40):
        send()
        gates.knock("push")
    assert sorted(record["fields"]["Lead ID"] for record in airtable.records) == sorted(
        str(lead.public_id) for lead in leads
    )
    assert not StageRun.objects.filter(stage="push").exclude(state="succeeded").exists()
    assert CrmRecord.objects.filter(state="synced").count() == 60
