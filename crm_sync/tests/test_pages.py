"""The guided page, the mapping editor, the dry run and the page of the traffic, against a real server."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crm_sync import choices, connection, pausing
from crm_sync.models import AirtableBase, CrmConnection, CrmRecord, FieldMapping, SyncConflict, SyncEvent
from leads import vault
from leads.models import Lead, StageRun
from tests.servers.airtable import AirtableServer

from .test_push import inquire, outcome, send


@pytest.fixture
def airtable(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings) -> Iterator[AirtableServer]:
    settings.AIRTABLE_API_KEY = settings.AIRTABLE_BASE_ID = ""
    with AirtableServer(rate=None) as server:
        settings.AIRTABLE_ENDPOINT_URL = server.url
        monkeypatch.setattr(connection, "GAP", 0.0)
        yield server


@pytest.fixture
def admin(client):
    return client  # the one in which an admin has logged in


def connect(admin, airtable: AirtableServer) -> None:
    admin.post("/crm/connect/token/", {"token": f" {airtable.token} "})
    admin.post("/crm/connect/table/", {"base": airtable.base_id, "table": airtable.tables[0].id})


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def form_of(admin) -> dict[str, str]:
    """What a browser sends when nothing on the mapping page is changed."""
    page = admin.get("/crm/mapping/").content.decode()
    data = {}
    for name, options in re.findall(r'<select class="[^"]*" name="([^"]+)".*?>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r"<option selected>([^<]*)<", options
        )
        data[name] = chosen[1] if chosen else ""
    return data


# ---- connecting ------------------------------------------------------------------------------------------------------


def test_connected_in_three_steps_and_the_token_is_never_shown_again(admin, airtable):
    assert "Not connected." in words(admin.get("/crm/"))
    connect(admin, airtable)
    row = CrmConnection.objects.get()
    assert airtable.token not in row.token
    assert vault.unseal(row.token) == airtable.token
    assert (row.base_name, row.table_name, row.token_tail) == ("Sales", "Leads", airtable.token[-4:])
    for address in ("/crm/connect/", "/crm/", "/crm/mapping/", "/crm/dry-run/"):
        page = admin.get(address)
        assert page.status_code == 200
        assert airtable.token not in page.content.decode()
        assert row.token not in page.content.decode()
    assert FieldMapping.objects.get(our_field="email").remote_name == "Email"
    (lead,) = inquire(first_name="Ana")
    send()
    assert outcome(lead) == ("succeeded", "")
    assert "15 fields" in words(admin.post("/crm/connect/test/", follow=True))


def test_a_token_that_airtable_does_not_accept_is_not_kept(admin, airtable):
    page = admin.post("/crm/connect/token/", {"token": "pat.wrong"}, follow=True)
    assert "Airtable does not accept the access token." in words(page)
    assert CrmConnection.objects.get().token == ""


def test_missing_scopes_are_told_in_plain_words(admin, airtable):
    airtable.scopes = ("data.records:read", "schema.bases:read")
    connect(admin, airtable)
    page = words(admin.get("/crm/connect/"))
    assert "data.records:write: to write records" in page
    assert "schema.bases:write" in page


def test_missing_fields_and_a_whole_table_are_made(admin, airtable):
    airtable.tables[0].drop_field("Lead ID")
    connect(admin, airtable)
    assert "Lead ID is needed" in words(admin.get("/crm/connect/"))
    admin.post("/crm/connect/columns/")
    assert {"Lead ID", "Merged into", "Lead URL", "Owner"} <= {field.name for field in airtable.tables[0].fields}
    assert connection.key_field_id()
    admin.post("/crm/connect/table/", {"base": airtable.base_id, "make": "1"})
    assert [table.name for table in airtable.tables] == ["Leads", "Leads 2"]
    (lead,) = inquire(first_name="Ana", email="ana@example.com")
    send()
    assert outcome(lead) == ("succeeded", "")
    assert CrmRecord.objects.get().notes == []
    (record,) = airtable.tables[1].records
    assert (record["fields"]["Status"], record["fields"]["Source"]) == ("New", "Web form")


def test_airtable_away_is_no_broken_page(admin, airtable, settings):
    connect(admin, airtable)
    settings.AIRTABLE_ENDPOINT_URL = "http://127.0.0.1:9"
    for address in ("/crm/connect/", "/crm/mapping/", "/crm/"):
        assert admin.get(address).status_code == 200
    assert "can’t be reached" in words(admin.get("/crm/mapping/"))
    assert "can’t be reached" in words(admin.post("/crm/mapping/", form_of(admin)))


def test_another_secret_key_says_so(admin, staff, airtable, settings):
    connect(admin, airtable)
    settings.SECRET_KEY = "another one"
    admin.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    assert connection.current() is None
    assert "Paste it again" in words(admin.get("/crm/connect/"))


def test_disconnected_and_connected_again_makes_no_second_record(admin, airtable):
    connect(admin, airtable)
    (lead,) = inquire(first_name="Ana")
    send()
    admin.post("/crm/connect/end/")
    assert connection.current() is None
    connect(admin, airtable)
    Lead.objects.update(first_name="Anna")
    admin.post("/crm/mapping/send/")
    send()
    assert [record["fields"]["Name"] for record in airtable.records] == ["Anna"]


def test_staff_may_look_and_not_change(client, airtable):
    sam = get_user_model().objects.create_user("sam")
    client.force_login(sam, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/crm/").status_code == 200
    assert client.get("/crm/mapping/").status_code == 200
    for address in (
        "connect/token/",
        "connect/end/",
        "connect/plan/",
        "mapping/",
        "mapping/send/",
        "pause/",
        "resume/",
    ):
        assert client.post(f"/crm/{address}").status_code == 403, address
    assert client.get("/crm/connect/").status_code == 403


def test_the_plan_is_kept_and_garbage_refused(admin, airtable):
    admin.post("/crm/connect/plan/", {"plan": "other", "calls": "5000", "merged_records": "delete"})
    row = CrmConnection.objects.get()
    assert (row.monthly_limit, row.merged_records) == (5000, "delete")
    for calls in ("", "-1", "many", "9" * 30):
        admin.post("/crm/connect/plan/", {"plan": "other", "calls": calls, "merged_records": "delete"})
    assert CrmConnection.objects.get().monthly_limit == 5000


# ---- the mapping -----------------------------------------------------------------------------------------------------


def test_saved_as_it_is_nothing_changes(admin, airtable):
    connect(admin, airtable)
    columns = ("our_field", "remote_id", "direction", "unknown", "winner")
    before = sorted(FieldMapping.objects.values_list(*columns))
    page = admin.post("/crm/mapping/", form_of(admin), follow=True)
    assert "Saved." in words(page)
    assert sorted(FieldMapping.objects.values_list(*columns)) == before
    assert FieldMapping.objects.get(our_field="source").value_map["web_form"] == "Website Form"
    assert FieldMapping.objects.get(our_field="intent").value_map["quote_request"] == "Quote Request"


def test_what_can_not_work_is_refused_and_nothing_typed_is_lost(admin, airtable):
    connect(admin, airtable)
    good = form_of(admin)
    name, email = good["remote-name"], good["remote-email"]
    wrong = {
        "remote-lead_id": ("", "The lead ID must be mapped"),
        "remote-email": (name, "is already used by another field"),
        "remote-quality_score": (email, "can’t hold this kind of value"),
        "direction-name": ("both", "can’t be read back"),
        "direction-lead_id": ("both", "only goes to Airtable"),
        "map-source-paste": ("Nonsense", "is not an option"),
    }
    for key, (value, said) in wrong.items():
        data = good | {key: value, "direction-company": "both"}
        page = admin.post("/crm/mapping/", data)
        assert said in words(page), key
        assert 'value="both" selected' in page.content.decode()
        assert not FieldMapping.objects.filter(direction="both").exists()


def test_what_is_taken_off_stays_off(admin, airtable):
    connect(admin, airtable)
    admin.post("/crm/mapping/", form_of(admin) | {"remote-company": ""})
    connection.refresh_schema(connection.current())
    assert FieldMapping.objects.get(our_field="company").direction == "off"
    inquire(company="Acme", first_name="Ana")
    send()
    assert "Company" not in airtable.records[0]["fields"]


@pytest.mark.parametrize(
    ("unknown", "option", "cell"), [("leave", "", None), ("fixed", "API", "API"), ("add", "", "Website Form")]
)
def test_values_that_the_select_does_not_know(admin, airtable, unknown, option, cell):
    source = next(field for field in airtable.tables[0].fields if field.name == "Source")
    source.options["choices"] = [choice for choice in source.options["choices"] if choice["name"] == "API"]
    connect(admin, airtable)
    admin.post("/crm/mapping/", form_of(admin) | {"unknown-source": unknown, "option-source": option})
    mapping = FieldMapping.objects.get(our_field="source")
    mapping.value_map.pop("web_form")
    mapping.save()
    (lead,) = inquire()
    send()
    assert outcome(lead) == ("succeeded", "")
    assert airtable.records[0]["fields"].get("Source") == cell


def test_another_field_brings_its_options_at_once(admin, airtable):
    connect(admin, airtable)
    data = form_of(admin) | {"remote-company": next(f.id for f in airtable.tables[0].fields if f.name == "Source")}
    part = admin.post("/crm/mapping/?row=company", data, headers={"HX-Request": "true"}).content.decode()
    assert 'id="row-company"' in part
    assert "<html" not in part
    assert FieldMapping.objects.get(our_field="company").remote_name == "Company"


def test_a_mended_mapping_lets_everything_go_on(admin, airtable):
    connect(admin, airtable)
    (lead,) = inquire(company="Acme")
    airtable.tables[0].drop_field("Company")
    connection.refresh_schema(connection.current())
    send()
    assert "is gone from the Airtable table" in words(admin.get("/"))
    assert pausing.row().pause == "field"
    admin.post("/crm/mapping/", form_of(admin) | {"remote-company": ""})
    assert pausing.row().pause == ""
    send()
    assert outcome(lead) == ("succeeded", "")


# ---- the dry run -----------------------------------------------------------------------------------------------------


def test_the_dry_run_says_what_is_sent_and_sends_nothing(admin, airtable):
    connect(admin, airtable)
    first, second, third = inquire(3, first_name="Ana", email="ana@example.com", phone="not a number at all")
    StageRun.objects.exclude(lead=first).delete()
    send()
    Lead.objects.filter(pk=first.pk).update(first_name="Anna")
    CrmRecord.objects.create(lead=third, state="left")
    count = len(airtable.requests)
    page = words(admin.get("/crm/dry-run/", {"lead": first.public_id}))
    for part in ("New records 1", "Records that change 1", "Unchanged 0", "Waiting for a choice 1"):
        assert part in page, part
    assert re.search(r"Name Ana Anna", page)
    assert re.search(r"Email ana@example.com the same", page)
    assert "is not a phone number" in page
    assert len(airtable.requests) == count
    for garbage in ({"lead": "x"}, {"q": "\x00'"}, {"lead": str(second.public_id), "q": "zzz"}):
        assert admin.get("/crm/dry-run/", garbage).status_code == 200
    assert admin.get("/crm/dry-run/", {"tally": "forged"}).status_code == 404


# ---- the traffic -----------------------------------------------------------------------------------------------------


def test_paused_and_resumed(admin, airtable):
    connect(admin, airtable)
    admin.post("/crm/pause/")
    (lead,) = inquire()
    send()
    assert outcome(lead)[0] == "pending"
    assert "Paused by olivia" in words(admin.get("/"))
    admin.post("/crm/resume/")
    send()
    assert outcome(lead) == ("succeeded", "")
    assert "is paused" not in words(admin.get("/"))


def test_a_revoked_token_pauses_once_and_resuming_clears_the_backlog(admin, airtable):
    connect(admin, airtable)
    leads = inquire(12)
    good, airtable.token = airtable.token, "pat.another"
    send()
    send()
    row = pausing.row()
    assert (row.pause, row.is_mail_due) == ("token", True)
    assert "does not accept the access token" in words(admin.get("/"))
    count = len(airtable.requests)
    send()
    assert len(airtable.requests) == count
    airtable.token = good
    admin.post("/crm/resume/")
    send()
    assert {outcome(lead) for lead in leads} == {("succeeded", "")}
    assert len(airtable.records) == 12


def test_choices_for_deleted_and_doubled_records(admin, airtable):
    connect(admin, airtable)
    gone, left, twice = inquire(3)
    table = airtable.tables[0]
    two = [table.add({"Lead ID": str(twice.public_id)}) for _ in range(2)]
    send()
    for lead in (gone, left):
        table.remove(CrmRecord.objects.get(lead=lead).record_id)
    Lead.objects.update(first_name="Ana")
    admin.post("/crm/mapping/send/")
    send()
    assert {record.state for record in CrmRecord.objects.all()} == {"gone", "twice"}
    for page in ("/crm/", f"/crm/leads/{twice.public_id}/"):
        assert "This is the lead’s" in words(admin.get(page))
    admin.post(f"/crm/leads/{gone.public_id}/choose/", {"choice": "again"})
    admin.post(f"/crm/leads/{left.public_id}/choose/", {"choice": "leave"})
    assert admin.post(f"/crm/leads/{twice.public_id}/choose/", {"choice": "recNone"}).status_code == 404
    admin.post(f"/crm/leads/{twice.public_id}/choose/", {"choice": two[1]})
    choices.clear_others()
    send()
    ids = [record["fields"].get("Lead ID") for record in airtable.records]
    assert sorted(filter(None, ids)) == sorted([str(gone.public_id), str(twice.public_id)])
    assert table.rows[two[1]].cells
    states = {record.lead: record.state for record in CrmRecord.objects.all()}
    assert states == {gone: "synced", left: "left", twice: "synced"}
    assert not choices.to_clear()


def test_the_lists_take_as_many_queries_for_thirty_rows_as_for_one(admin, airtable):
    connect(admin, airtable)
    counts: dict[str, list[int]] = {}
    for more in (1, 29):
        leads = inquire(more)
        CrmRecord.objects.bulk_create(CrmRecord(lead=lead, state="failed", last_error="No.") for lead in leads)
        SyncEvent.objects.bulk_create(SyncEvent(lead=lead, kind="failed", fields=["Name"]) for lead in leads)
        SyncConflict.objects.bulk_create(SyncConflict(lead=lead, our_field="company") for lead in leads)
        for view in ("leads", "history", "conflicts"):
            admin.get("/crm/", {"view": view})
            with CaptureQueriesContext(database) as queries:
                assert admin.get("/crm/", {"view": view}).status_code == 200
            counts.setdefault(view, []).append(len(queries))
    for few, many in counts.values():
        assert few == many <= 22
    admin.post("/crm/seen/")
    assert not SyncConflict.objects.filter(seen_at=None).exists()


@pytest.mark.parametrize(
    "query", ["view=x", "view=leads&page=zzz&state=x&q=%00", "view=history&kind=x", "view=conflicts&page=-1"]
)
def test_garbage_in_the_address(admin, airtable, query):
    assert admin.get(f"/crm/?{query}").status_code in (200, 404)


def test_short_of_calls_it_warns_and_slows_down(admin, airtable):
    connect(admin, airtable)
    CrmConnection.objects.update(monthly_limit=AirtableBase.objects.get().calls_this_month)
    (lead,) = inquire()
    send()
    assert outcome(lead)[0] == "pending"
    assert "Slowed down" in words(admin.get("/crm/"))
    assert "of this month’s Airtable calls are used up" in words(admin.get("/"))
