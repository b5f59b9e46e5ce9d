"""Airtable's own list of changes, where a plan's calls are few."""

import datetime as dt

import pytest
from django.utils import timezone

from crm_sync.models import AirtableBase, CrmConnection, CrmRecord, SyncConflict, SyncEvent
from leads import facts
from leads.models import Lead
from tests.servers.airtable import AirtableServer

from .test_pull import airtable, change_there, current, look, push_all, writes  # noqa: F401 - the fixture
from .test_push import inquire, send


@pytest.fixture
def few_calls(airtable: AirtableServer) -> AirtableServer:  # noqa: F811
    CrmConnection.objects.update_or_create(pk=1, defaults={"monthly_limit": 1000})
    return airtable


def begin(count: int = 1, **contact: str) -> list[Lead]:
    """Leads whose records were compared once, and a list from then on."""
    leads = inquire(count, **contact)
    send()
    look()
    assert AirtableBase.objects.get().webhook_id
    return leads


def test_one_call_tells_what_changed_and_our_own_writes_stay_silent(few_calls):
    leads = begin(12, first_name="Ana", company="Acme", email="ana@example.com")
    for lead in leads:
        facts.change_value(lead, field="email", value=f"ana{lead.pk}@example.com", actor="olivia")
    push_all()
    for lead in leads[:11]:
        change_there(few_calls, lead, Company="Beta", Intent="Quote Request", Status="Working")
    before, sent = len(few_calls.requests), writes(few_calls)
    look()
    assert [request.path.rsplit("/", 1)[-1] for request in few_calls.requests[before:]] == ["payloads"]
    for lead in leads[:11]:
        lead.refresh_from_db()
        assert (lead.company, lead.intent, lead.status) == ("Beta", "quote_request", "working")
        assert lead.email == f"ana{lead.pk}@example.com"
    assert current(leads[11], "company").value == "Acme"
    push_all()
    look()
    assert (writes(few_calls), SyncConflict.objects.count()) == (sent, 0)
    assert SyncEvent.objects.filter(kind="pulled").count() == 11


def test_many_changes_are_read_in_parts_and_the_last_one_counts(few_calls):
    (lead,) = begin(company="Acme")
    for at in range(120):
        change_there(few_calls, lead, Company=f"Beta {at}")
    before = len(few_calls.requests)
    look()
    assert len(few_calls.requests) == before + 3
    assert current(lead, "company").value == "Beta 119"
    assert lead.events.filter(actor="Airtable").count() == 1


def test_a_cell_that_was_emptied_empties_the_field(few_calls):
    (lead,) = begin(company="Acme")
    change_there(few_calls, lead, Company=None)
    look()
    lead.refresh_from_db()
    assert lead.company == ""


def test_changed_on_both_sides_is_a_conflict(few_calls):
    (lead,) = begin(company="Acme")
    change_there(few_calls, lead, Company="Theirs")
    facts.change_value(lead, field="company", value="Ours", actor="olivia")
    look()
    push_all()
    conflict = SyncConflict.objects.get()
    assert (conflict.ours, conflict.theirs) == ("Ours", "Theirs")
    assert few_calls.records[0]["fields"]["Company"] == "Ours"


def test_deleted_and_doubled_records_are_flagged_at_once(few_calls):
    deleted, doubled, other = begin(3)
    few_calls.tables[0].remove(CrmRecord.objects.get(lead=deleted).record_id)
    first = CrmRecord.objects.get(lead=doubled).record_id
    second = few_calls.tables[0].add(dict(few_calls.tables[0].rows[first].cells))
    look()
    rows = CrmRecord.objects.in_bulk(field_name="lead_id")
    assert [rows[lead.pk].state for lead in (deleted, doubled, other)] == ["gone", "twice", "synced"]
    assert rows[doubled.pk].several == sorted([first, second])
    assert sorted(SyncEvent.objects.exclude(kind="pushed").values_list("kind", flat=True)) == ["gone", "twice"]


def test_a_list_that_ended_is_begun_anew_and_everything_compared(few_calls):
    (lead,) = begin(company="Acme")
    ended = AirtableBase.objects.get().webhook_id
    few_calls.webhooks.clear()
    change_there(few_calls, lead, Company="Beta")
    look()
    assert current(lead, "company").value == "Acme"
    look()
    assert current(lead, "company").value == "Beta"
    assert AirtableBase.objects.get().webhook_id not in ("", ended)
    change_there(few_calls, lead, Company="Gamma")
    look()
    assert current(lead, "company").value == "Gamma"


def test_without_the_scope_modified_records_are_read(few_calls):
    few_calls.scopes = tuple(scope for scope in few_calls.scopes if scope != "webhook:manage")
    (lead,) = inquire(company="Acme")
    send()
    look()
    change_there(few_calls, lead, Company="Beta")
    look()
    assert current(lead, "company").value == "Beta"
    refused = [request for request in few_calls.requests if request.path.endswith("/webhooks")]
    assert len(refused) == 1
    AirtableBase.objects.update(webhook_refused_at=timezone.now() - dt.timedelta(days=2))
    look()
    assert len([request for request in few_calls.requests if request.path.endswith("/webhooks")]) == 2


def test_what_was_sent_while_the_list_was_read_is_looked_at_again(few_calls):
    (lead,) = begin(company="Acme")
    change_there(few_calls, lead, Company="Beta")
    CrmRecord.objects.update(synced_at=timezone.now() + dt.timedelta(minutes=1))
    cursor = AirtableBase.objects.get().webhook_cursor
    look()
    assert current(lead, "company").value == "Acme"
    assert AirtableBase.objects.get().webhook_cursor == cursor
    CrmRecord.objects.update(synced_at=timezone.now() - dt.timedelta(minutes=1))
    look()
    assert current(lead, "company").value == "Beta"


def test_calls_without_a_limit_need_no_list(airtable):  # noqa: F811
    inquire()
    send()
    look()
    look()
    assert not airtable.webhooks
