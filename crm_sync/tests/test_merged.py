"""Merges travel to Airtable: the absorbed lead's record is marked or deleted, and an undone merge sets both right."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import timezone

from crm_sync import connection, merged, pausing
from crm_sync.models import CrmRecord, FieldMapping
from leads import gates, merges, merging, pipeline
from leads.models import ContactPoint, Lead, StageGate, StageRun
from tests.servers.airtable import AirtableServer, Fault, default_fields
from tests.servers.airtable_table import Field

from .test_push import PUSH, connect, inquire, outcome, send

SITE = "http://localhost:8000"


@pytest.fixture
def airtable(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AirtableServer]:
    fields = [*default_fields(), Field("Merged into", "url"), Field("Other emails", "multilineText")]
    with AirtableServer(fields=[*fields, Field("Other phones", "singleLineText")], rate=None) as server:
        connect(server, monkeypatch)
        monkeypatch.setattr(connection, "GAP", 0.0)
        monkeypatch.setattr(settings, "SITE_URL", SITE)
        yield server


@pytest.fixture
def pair(airtable: AirtableServer) -> tuple[Lead, Lead]:
    """Two leads, both in Airtable."""
    first, second = inquire(2, first_name="Ana")
    send()
    return first, second


@pytest.fixture
def deleting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "AIRTABLE_MERGED_RECORDS", "delete")


def fold(lead: Lead, into: Lead | None) -> None:
    """What a merge leaves of the absorbed lead, or its undoing, and nothing else."""
    Lead.objects.filter(pk=lead.pk).update(merged_into=into)
    pipeline.schedule([lead.pk], ["push"], delay=0)


def push_again(*leads: Lead) -> None:
    pausing.resume()
    StageGate.objects.update(closed_until=None)
    pipeline.schedule([lead.pk for lead in leads], ["push"], delay=0)
    StageRun.objects.update(due_at=timezone.now())
    send()


def cells(server: AirtableServer, lead: Lead) -> list[dict[str, object]]:
    """The cells of all records that carry the lead's id."""
    return [record["fields"] for record in server.records if record["fields"]["Lead ID"] == str(lead.public_id)]


def note(lead: Lead) -> str:
    return StageRun.objects.get(lead=lead, stage="push").note


def writes(server: AirtableServer) -> int:
    return sum(request.method != "GET" for request in server.requests)


def test_marked_once_and_unmarked_when_undone(airtable, pair):
    kept, absorbed = pair
    before = cells(airtable, absorbed)
    fold(absorbed, kept)
    send()
    assert cells(airtable, absorbed) == [before[0] | {"Merged into": f"{SITE}/leads/{kept.public_id}/"}]
    assert (outcome(absorbed), note(absorbed)) == (("succeeded", ""), merged.MARKED)
    count = writes(airtable)
    push_again(absorbed)
    assert (writes(airtable), note(absorbed)) == (count, merged.MARKED)
    fold(absorbed, None)
    send()
    assert cells(airtable, absorbed) == before
    push_again(absorbed, kept)
    assert (writes(airtable), len(airtable.records)) == (count + 1, 2)


def test_without_the_field_the_record_stays_until_there_is_one(airtable, pair):
    kept, absorbed = pair
    airtable.tables[0].drop_field("Merged into")
    FieldMapping.objects.filter(our_field="merged_into").delete()
    connection.refresh_schema(connection.current())
    before, count = cells(airtable, absorbed), writes(airtable)
    fold(absorbed, kept)
    send()
    assert (cells(airtable, absorbed), writes(airtable)) == (before, count)
    assert note(absorbed) == merged.NO_FIELD
    assert CrmRecord.objects.get(lead=absorbed).notes == [merged.NO_FIELD]
    airtable.tables[0].add_field(Field("Merged into", "singleLineText"))
    connection.refresh_schema(connection.current())
    StageRun.objects.update(due_at=timezone.now())
    send()
    assert cells(airtable, absorbed)[0]["Merged into"] == f"{SITE}/leads/{kept.public_id}/"
    assert CrmRecord.objects.get(lead=absorbed).notes == []


def test_a_note_about_the_missing_field_goes_when_undone(airtable, pair):
    kept, absorbed = pair
    airtable.tables[0].drop_field("Merged into")
    FieldMapping.objects.filter(our_field="merged_into").delete()
    connection.refresh_schema(connection.current())
    fold(absorbed, kept)
    send()
    fold(absorbed, None)
    send()
    assert CrmRecord.objects.get(lead=absorbed).notes == []


def test_deleted_and_made_anew_exactly_once(airtable, pair, deleting):
    kept, absorbed = pair
    before = cells(airtable, absorbed)
    fold(absorbed, kept)
    send()
    assert (cells(airtable, absorbed), note(absorbed)) == ([], merged.DELETED)
    assert not CrmRecord.objects.filter(lead=absorbed).exists()
    count = writes(airtable)
    push_again(absorbed, kept)
    assert (writes(airtable), note(absorbed)) == (count, merged.NO_RECORD)
    fold(absorbed, None)
    send()
    push_again(absorbed)
    assert cells(airtable, absorbed) == before
    assert CrmRecord.objects.get(lead=absorbed).state == "synced"


@pytest.mark.parametrize("choice", ["mark", "delete"])
def test_records_that_are_gone_hold_up_no_other(airtable, monkeypatch, choice):
    monkeypatch.setattr(settings, "AIRTABLE_MERGED_RECORDS", choice)
    kept, gone, there, standing = inquire(4, first_name="Ana")
    send()
    airtable.tables[0].remove(CrmRecord.objects.get(lead=gone).record_id)
    merging.edit(standing, field="company", value="Acme", actor="olivia")
    for lead in (gone, there):
        fold(lead, kept)
    push_again(standing)
    assert (note(gone), cells(airtable, gone)) == (merged.GONE, [])
    assert note(there) == (merged.MARKED if choice == "mark" else merged.DELETED)
    assert cells(airtable, standing)[0]["Company"] == "Acme"
    fold(gone, None)
    send()
    assert len(cells(airtable, gone)) == 1


@pytest.mark.parametrize("type_", ["ROW_DOES_NOT_EXIST", "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"])
def test_however_airtable_says_that_a_record_is_gone(airtable, pair, deleting, type_):
    kept, absorbed = pair
    airtable.tables[0].remove(CrmRecord.objects.get(lead=absorbed).record_id)
    airtable.script(Fault(status=403, body={"error": {"type": type_, "message": "?"}}))
    fold(absorbed, kept)
    send()
    assert (outcome(absorbed), note(absorbed)) == (("succeeded", ""), merged.GONE)


def test_a_token_that_may_not_write_waits(airtable, pair, deleting):
    kept, absorbed = pair
    airtable.scopes = ("data.records:read", "schema.bases:read")
    fold(absorbed, kept)
    send()
    assert outcome(absorbed)[0] == "pending"
    assert gates.is_closed(PUSH)
    assert pausing.row().pause == "table"
    airtable.scopes = ("data.records:read", "data.records:write", "schema.bases:read")
    push_again(absorbed)
    assert (cells(airtable, absorbed), note(absorbed)) == ([], merged.DELETED)


def test_a_lead_that_was_never_sent_gets_no_record(airtable, pair):
    kept, _ = pair
    (absorbed,) = inquire()
    count = len(airtable.requests)
    fold(absorbed, kept)
    send()
    assert (note(absorbed), len(airtable.requests)) == (merged.NO_RECORD, count)
    assert not CrmRecord.objects.filter(lead=absorbed).exists()


@pytest.mark.parametrize("choice", ["mark", "delete"])
def test_merged_while_the_answer_to_its_first_push_was_lost(airtable, pair, monkeypatch, choice):
    monkeypatch.setattr(settings, "AIRTABLE_MERGED_RECORDS", choice)
    kept, _ = pair
    (absorbed,) = inquire(first_name="Ana")
    airtable.script(Fault(lost_reply=True))
    send()
    fold(absorbed, kept)
    push_again(absorbed)
    marks = [found["Merged into"] for found in cells(airtable, absorbed)]
    assert marks == ([f"{SITE}/leads/{kept.public_id}/"] if choice == "mark" else [])


@pytest.mark.parametrize("choice", ["mark", "delete"])
@pytest.mark.parametrize("is_undone", [False, True])
def test_killed_between_the_call_and_saving(airtable, pair, monkeypatch, choice, is_undone):
    monkeypatch.setattr(settings, "AIRTABLE_MERGED_RECORDS", choice)
    kept, absorbed = pair
    before = cells(airtable, absorbed)
    fold(absorbed, kept)
    airtable.script(Fault(lost_reply=True))
    send()
    assert cells(airtable, absorbed) != before
    assert outcome(absorbed)[0] == "pending"
    if is_undone:
        fold(absorbed, None)
    push_again(absorbed)
    marked = [before[0] | {"Merged into": f"{SITE}/leads/{kept.public_id}/"}] if choice == "mark" else []
    assert cells(airtable, absorbed) == (before if is_undone else marked)
    assert outcome(absorbed) == ("succeeded", "")


def test_a_change_taken_back_while_its_answer_was_lost_is_sent(airtable, pair):
    lead, _ = pair
    for name, fault in (("Anna", Fault(lost_reply=True)), ("Ana", Fault())):
        merging.edit(lead, field="first_name", value=name, actor="olivia")
        airtable.script(fault)
        push_again(lead)
    assert cells(airtable, lead)[0]["First Name"] == "Ana"


def test_a_record_in_another_table_is_left_alone(airtable, pair):
    kept, absorbed = pair
    CrmRecord.objects.filter(lead=absorbed).update(base_id="appAnother")
    count = writes(airtable)
    fold(absorbed, kept)
    send()
    assert (note(absorbed), writes(airtable)) == (merged.ELSEWHERE, count)


def test_further_contact_points_are_sent(airtable, pair):
    lead, _ = pair
    for kind, value in [("email", "a@b.c"), ("email", "d@e.f"), ("phone", "+15125550142"), ("phone", "+4930123456")]:
        ContactPoint.objects.create(lead=lead, kind=kind, value=value, key=value)
    push_again(lead)
    found = cells(airtable, lead)[0]
    assert (found["Other emails"], found["Other phones"]) == ("a@b.c, d@e.f", "+15125550142, +4930123456")
    lead.contact_points.all().delete()
    push_again(lead)
    assert not {"Other emails", "Other phones"} & cells(airtable, lead)[0].keys()


@pytest.mark.parametrize("choice", ["mark", "delete"])
def test_merged_and_undone_by_staff(airtable, staff, monkeypatch, choice):
    monkeypatch.setattr(settings, "AIRTABLE_MERGED_RECORDS", choice)
    kept, absorbed = inquire(2, first_name="Ana", last_name="Silva", email="ana@example.com")
    merging.edit(absorbed, field="email", value="silva@example.com", actor="olivia")
    send()
    before = [cells(airtable, kept)[0]["Message"], cells(airtable, absorbed)[0]["Message"]]
    choices = {"email": merges.Choice(kept.pk, keep_both=True)}
    (merge,) = merges.merge(kept, [absorbed], choices=choices, actor=staff)
    push_again(kept)
    assert cells(airtable, kept)[0]["Other emails"] == "silva@example.com"
    assert cells(airtable, kept)[0]["Message"] == "Inquiry 0\n\nInquiry 1"
    assert ["Merged into" in found for found in cells(airtable, absorbed)] == ([True] if choice == "mark" else [])
    merges.undo(merge, actor=staff)
    push_again(kept, absorbed)
    found = [cells(airtable, lead) for lead in (kept, absorbed)]
    assert [len(one) for one in found] == [1, 1]
    assert [one[0]["Message"] for one in found] == before
    assert not any({"Merged into", "Other emails"} & one[0].keys() for one in found)
