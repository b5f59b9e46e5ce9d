"""What people change in Airtable comes back, and nothing goes in circles."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from crm_sync import connection, polling
from crm_sync.models import AirtableBase, CrmConnection, CrmRecord, FieldMapping, SyncConflict, SyncEvent
from leads import facts, gates, pipeline
from leads.models import FieldValue, Lead, StageRun
from leads.status import change_status
from tests.servers.airtable import AirtableServer, Fault, default_fields
from tests.servers.airtable_table import Field

from .test_push import PUSH, connect, inquire, send

COMING_BACK = ("company", "status", "owner", "intent", "email")


@pytest.fixture
def airtable(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AirtableServer]:
    with AirtableServer(rate=None, fields=[*default_fields(), Field("Owner", "singleLineText")]) as server:
        connect(server, monkeypatch)
        monkeypatch.setattr(connection, "GAP", 0.0)
        gates.is_open(PUSH)
        FieldMapping.objects.filter(our_field__in=COMING_BACK).update(direction="both")
        yield server


def change_there(airtable: AirtableServer, lead: Lead, **cells: object) -> None:
    record = CrmRecord.objects.get(lead=lead)
    airtable.tables[0].change(record.record_id, {name.replace("_", " "): cell for name, cell in cells.items()})


def look() -> None:
    AirtableBase.objects.update(pull_due_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert polling.is_due()
    polling.look()


def push_all() -> None:
    with transaction.atomic():
        pipeline.schedule(list(Lead.objects.values_list("pk", flat=True)), ["push"])
    StageRun.objects.update(due_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    send()


def writes(airtable: AirtableServer) -> int:
    return sum(request.method == "PATCH" for request in airtable.requests)


def current(lead: Lead, field: str) -> FieldValue:
    return FieldValue.objects.current().get(lead=lead, field=field)


def test_what_changed_there_comes_back_and_does_not_go_out_again(airtable):
    leads = inquire(12, first_name="Ana", company="Acme", email="ana@example.com")
    send()
    for lead in leads[:11]:
        change_there(airtable, lead, Company="Beta", Intent="Quote Request", Status="Working")
    count = writes(airtable)
    look()
    for lead in leads[:11]:
        lead.refresh_from_db()
        assert (lead.company, lead.intent, lead.status) == ("Beta", "quote_request", "working")
        value = current(lead, "company")
        assert (value.origin, value.made_by, value.is_locked) == ("crm", "Airtable", True)
        assert lead.events.filter(actor="Airtable", text="Company changed to “Beta”").exists()
    push_all()
    assert writes(airtable) == count
    assert SyncEvent.objects.filter(kind="pulled").count() == 11
    events = SyncEvent.objects.count()
    look()
    push_all()
    assert (SyncEvent.objects.count(), writes(airtable)) == (events, count)
    assert SyncConflict.objects.count() == 0


def test_a_person_s_edit_here_gives_way_to_a_newer_one_there(airtable):
    (lead,) = inquire(company="Acme")
    facts.change_value(lead, field="company", value="Beta", actor="olivia")
    push_all()
    change_there(airtable, lead, Company="Gamma")
    look()
    assert current(lead, "company").value == "Gamma"


@pytest.mark.parametrize("winner", ["ours", "theirs"])
@pytest.mark.parametrize("is_pushed_first", [False, True])
def test_changed_on_both_sides_stands_as_set_and_the_other_is_suggested(airtable, winner, is_pushed_first):
    FieldMapping.objects.update(winner=winner)
    (lead,) = inquire(company="Acme")
    send()
    change_there(airtable, lead, Company="Theirs")
    facts.change_value(lead, field="company", value="Ours", actor="olivia")
    if is_pushed_first:
        push_all()
    look()
    push_all()
    conflict = SyncConflict.objects.get()
    assert (conflict.our_field, conflict.ours, conflict.theirs) == ("company", "Ours", "Theirs")
    stands, other = ("Ours", "Theirs") if winner == "ours" else ("Theirs", "Ours")
    assert current(lead, "company").value == stands
    assert airtable.records[0]["fields"]["Company"] == stands
    assert [value.value for value in FieldValue.objects.filter(lead=lead, field="company").suggested()] == [other]
    look()
    push_all()
    assert SyncConflict.objects.count() == 1


def test_an_edit_there_survives_a_push_of_another_field(airtable):
    (lead,) = inquire(company="Acme", first_name="Ana")
    send()
    change_there(airtable, lead, Company="Beta")
    facts.change_value(lead, field="first_name", value="Anna", actor="olivia")
    push_all()
    assert airtable.records[0]["fields"]["Company"] == "Beta"
    assert airtable.records[0]["fields"]["First Name"] == "Anna"
    look()
    assert current(lead, "company").value == "Beta"
    assert SyncConflict.objects.count() == 0


def test_a_cell_that_was_emptied_empties_the_field(airtable):
    (lead,) = inquire(company="Acme")
    send()
    change_there(airtable, lead, Company=None)
    look()
    lead.refresh_from_db()
    assert lead.company == ""


def test_a_status_that_can_not_follow_is_told_and_ours_is_sent_again(airtable):
    (lead,) = inquire()
    send()
    change_there(airtable, lead, Status="Converted")
    look()
    lead.refresh_from_db()
    assert lead.status == "new"
    assert "A lead that is new can't become converted." in SyncEvent.objects.get(kind="pulled").detail
    push_all()
    assert airtable.records[0]["fields"]["Status"] == "New"


def test_the_owner_is_found_by_name_or_address(airtable):
    olivia = get_user_model().objects.create_user("olivia", "olivia@garage.example", first_name="Olivia")
    first, second = inquire(2)
    send()
    change_there(airtable, first, Owner="olivia@garage.example")
    change_there(airtable, second, Owner="Somebody")
    look()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.owner, second.owner) == (olivia, None)
    assert "“Somebody” is not" in SyncEvent.objects.get(lead=second, kind="pulled").detail
    push_all()
    owners = {record["fields"].get("Owner") for record in airtable.records}
    assert owners == {"Olivia", "Somebody"}  # what people wrote there stays until we have something to say


def test_status_changes_on_both_sides(airtable):
    FieldMapping.objects.filter(our_field="status").update(winner="theirs")
    (lead,) = inquire()
    send()
    change_there(airtable, lead, Status="Working")
    change_status(lead, "qualified", "olivia")
    push_all()
    lead.refresh_from_db()
    assert (lead.status, airtable.records[0]["fields"]["Status"]) == ("working", "Working")
    assert SyncConflict.objects.get().ours == "qualified"


def test_looks_at_what_changed_and_once_a_day_at_everything(airtable):
    leads = inquire(3)
    send()
    look()
    airtable.tables[0].remove(CrmRecord.objects.get(lead=leads[0]).record_id)
    again = dict(airtable.tables[0].rows[CrmRecord.objects.get(lead=leads[1]).record_id].cells)
    airtable.tables[0].add(again)
    look()
    assert set(CrmRecord.objects.values_list("state", flat=True)) == {"synced", "twice"}
    AirtableBase.objects.update(compared_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    look()
    assert [CrmRecord.objects.get(lead=lead).state for lead in leads] == ["gone", "twice", "synced"]
    assert Lead.objects.count() == 3


def test_looks_seldom_where_the_plan_has_few_calls(airtable):
    inquire()
    send()
    look()
    assert not polling.is_due()
    assert polling.interval() == 60
    CrmConnection.objects.update(monthly_limit=1000)
    assert polling.interval() == 30 * 86_400 / 250


def test_a_look_that_breaks_off_is_made_again(airtable):
    (lead,) = inquire()
    send()
    change_there(airtable, lead, Company="Beta")
    airtable.script(Fault(status=503))
    look()
    gates.knock("push")
    assert AirtableBase.objects.get().pulled_at is None
    look()
    assert current(lead, "company").value == "Beta"
