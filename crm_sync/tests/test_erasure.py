"""Erasing a lead erases its record in Airtable, whatever happened to its last push."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone

from crm_sync import chores, connection, erasure, pausing
from crm_sync.models import CrmRecord, SyncEvent
from leads.models import StageGate
from tests.servers.airtable import AirtableServer, Fault

from .test_push import connect, inquire, send


@pytest.fixture
def airtable(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AirtableServer]:
    with AirtableServer(rate=None) as server:
        connect(server, monkeypatch)
        monkeypatch.setattr(connection, "GAP", 0.0)
        yield server


def later(seconds: float = 61) -> None:
    rows = CrmRecord.objects.orphaned()
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
