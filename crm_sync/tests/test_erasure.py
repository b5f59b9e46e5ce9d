"""Erasing a lead erases its record in Airtable, whatever happened to its last push."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone

from crm_sync import chores, connection, erasure, pausing
from crm_sync.models import CrmRecord, SyncEvent
from leads import pipeline, quarantine
from leads.models import StageGate, StageRun
from tests.servers.airtable import AirtableServer, Fault

from .test_push import connect, inquire, send


@pytest.fixture
def airtable(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AirtableServer]:
    with AirtableServer(rate=None) as server:
        connect(server, monkeypatch)
        monkeypatch.setattr(connection, "GAP", 0.0)
        yield server


def later(seconds: float = 61) -> None:
    rows = CrmRecord.objects.unwanted()
    for row in rows.exclude(erase_at=None):
        rows.filter(pk=row.pk).update(erase_at=row.erase_at - dt.timedelta(seconds=seconds))


def test_the_records_of_erased_leads_go_and_no_others(airtable):
    leads = inquire(12)
    send()
    for lead in leads[:11]:
        lead.delete()
    assert erasure.is_due()
    chores.do_some()
    chores.do_some()
    assert [record["fields"]["Lead ID"] for record in airtable.records] == [str(leads[11].public_id)]
    assert list(CrmRecord.objects.values_list("lead", flat=True)) == [leads[11].pk]
    assert SyncEvent.objects.filter(kind="erased").count() == 11
    count = len(airtable.requests)
    assert not erasure.is_due()
    chores.do_some()
    assert len(airtable.requests) == count


def test_one_that_was_deleted_in_airtable_before_holds_up_none(airtable):
    leads = inquire(3)
    send()
    airtable.tables[0].remove(CrmRecord.objects.get(lead=leads[0]).record_id)
    for lead in leads:
        lead.delete()
    chores.do_some()
    assert (airtable.records, CrmRecord.objects.count()) == ([], 0)


def test_a_record_whose_id_never_came_back_is_found_by_the_lead_id(airtable):
    (lead,) = inquire()
    connection.refresh_schema(connection.current())
    airtable.script(Fault(lost_reply=True))
    send()
    StageGate.objects.update(closed_until=None)
    assert (len(airtable.records), CrmRecord.objects.get().record_id) == (1, "")
    lead.delete()
    chores.do_some()
    assert len(airtable.records) == 1  # an answer may still be on its way
    later()
    chores.do_some()
    assert (airtable.records, CrmRecord.objects.count()) == ([], 0)


def test_erased_while_its_push_was_under_way(airtable, monkeypatch):
    lead, other = inquire(2)
    change = airtable.tables[0].add

    def add_and_erase(*args: object, **kwargs: object) -> str:
        made = change(*args, **kwargs)
        lead.delete()
        monkeypatch.setattr(airtable.tables[0], "add", change)
        return made

    monkeypatch.setattr(airtable.tables[0], "add", add_and_erase)
    send()
    assert CrmRecord.objects.get(lead=other).state == "synced"
    assert len(airtable.records) == 2
    chores.do_some()
    later()
    chores.do_some()
    assert [record["fields"]["Lead ID"] for record in airtable.records] == [str(other.public_id)]


def test_while_airtable_is_away_or_paused_the_erasure_waits(airtable):
    first, second = inquire(2)
    send()
    first.delete()
    pausing.pause("staff", "Paused.", by="olivia")
    chores.do_some()
    assert len(airtable.records) == 2
    pausing.resume()
    airtable.script(Fault(status=503))
    chores.do_some()
    assert (len(airtable.records), CrmRecord.objects.orphaned().count()) == (2, 1)
    StageGate.objects.update(closed_until=None)
    CrmRecord.objects.orphaned().update(erase_at=timezone.now())
    chores.do_some()
    assert [record["fields"]["Lead ID"] for record in airtable.records] == [str(second.public_id)]


def test_a_lead_that_was_never_sent_leaves_nothing(airtable):
    (lead,) = inquire()
    lead.delete()
    connection.refresh_schema(connection.current())
    chores.do_some()
    assert CrmRecord.objects.count() == 0
    assert airtable.records == []


def test_a_record_in_a_table_that_is_no_longer_connected_is_told(airtable):
    (lead,) = inquire()
    send()
    CrmRecord.objects.update(table_id="tblAnother")
    lead.delete()
    chores.do_some()
    assert CrmRecord.objects.count() == 0
    assert "is in a table that is no longer connected" in SyncEvent.objects.get(kind="erased").detail


def test_what_turns_out_to_be_spam_goes_after_a_time_for_second_thoughts_and_may_come_back(airtable):
    leads = inquire(3)
    send()
    quarantine.mark_lead(leads[0], actor="olivia")
    assert erasure.is_due()
    chores.do_some()
    assert (len(airtable.records), erasure.is_due()) == (3, False)
    later(erasure.SECOND_THOUGHTS + 1)
    chores.do_some()
    left = {str(lead.public_id) for lead in leads[1:]}
    assert {record["fields"]["Lead ID"] for record in airtable.records} == left
    quarantine.take_back_lead(leads[0], actor="olivia")
    pipeline.schedule([leads[0].pk], ["push"], delay=0)  # it passes all stages again, this one last
    send()
    ids = sorted(record["fields"]["Lead ID"] for record in airtable.records)
    assert ids == sorted(str(lead.public_id) for lead in leads)
    assert CrmRecord.objects.get(lead=leads[0]).erase_at is None


def test_a_mark_that_is_taken_back_in_time_keeps_the_record(airtable):
    (lead,) = inquire()
    send()
    record = CrmRecord.objects.get(lead=lead)
    quarantine.mark_lead(lead, actor="olivia")
    chores.do_some()
    quarantine.take_back_lead(lead, actor="olivia")
    chores.do_some()
    later(erasure.SECOND_THOUGHTS + 1)
    chores.do_some()
    assert [each["id"] for each in airtable.records] == [record.record_id]
    assert CrmRecord.objects.get(lead=lead).erase_at is None


def test_a_lead_that_comes_back_while_its_record_is_deleted_is_sent_anew(airtable, monkeypatch):
    (lead,) = inquire()
    send()
    quarantine.mark_lead(lead, actor="olivia")
    chores.do_some()
    later(erasure.SECOND_THOUGHTS + 1)
    delete = erasure._delete

    def and_meanwhile(link, ids):
        delete(link, ids)
        quarantine.take_back_lead(lead, actor="olivia")
        StageRun.objects.all().delete()  # as if its push had passed before the record went

    monkeypatch.setattr(erasure, "_delete", and_meanwhile)
    chores.do_some()
    StageRun.objects.update(due_at=timezone.now())
    send()
    assert [record["fields"]["Lead ID"] for record in airtable.records] == [str(lead.public_id)]
