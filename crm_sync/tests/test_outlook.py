"""What a merge will change in Airtable, and what the lead page says afterwards."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crm_sync.merged import MARKED
from crm_sync.models import CrmRecord, FieldMapping
from leads.intake import receive
from leads.models import Lead, StageRun

BASE = "appAAAAAAAAAAAAAA"
RECORD = f"https://airtable.com/{BASE}/tbl2/rec"


@pytest.fixture(autouse=True)
def connected(settings) -> None:
    settings.AIRTABLE_API_KEY, settings.AIRTABLE_BASE_ID = "pat.secret-token", BASE


@pytest.fixture
def leads(db) -> list[Lead]:
    return [receive(f"My brakes squeal {n}.", source="paste") for n in range(3)]


def sent(*leads: Lead) -> None:
    for lead in leads:
        CrmRecord.objects.create(
            lead=lead,
            base_id=BASE,
            table_id="tbl2",
            record_id=f"rec{lead.pk}",
            state="synced",
            synced_at=lead.updated_at,
        )


def preview(client, leads: list[Lead], **survivor: object) -> str:
    asked = {"lead": [str(lead.public_id) for lead in leads], "survivor": str(leads[0].public_id)} | survivor
    return client.get("/crm/merge-preview/", asked).content.decode()


@pytest.mark.parametrize(
    ("choice", "has_field", "expected"),
    [
        ("mark", True, "Its record stays, and “Merged into” names the remaining lead."),
        ("mark", False, "Its record stays as it is: the table has no text or URL field “Merged into”."),
        ("delete", True, "Its record is deleted, with what was written in Airtable alone."),
    ],
)
def test_says_what_becomes_of_each_record(client, leads, settings, choice, has_field, expected):
    settings.AIRTABLE_MERGED_RECORDS = choice
    if has_field:
        FieldMapping.objects.create(our_field="merged_into", remote_id="fld1", remote_name="X", remote_type="url")
    kept, absorbed, unsent = leads
    sent(kept, absorbed)
    page = preview(client, leads)
    for part in ("Its record is updated.", expected, "It was not sent yet."):
        assert part in page, part
    assert [f"{RECORD}{lead.pk}" in page for lead in leads] == [True, True, False]
    assert page.index(kept.name) < page.index(absorbed.name) < page.index(unsent.name)


def test_a_survivor_that_is_not_there_gets_a_record(client, leads):
    sent(leads[1])
    assert "It is sent as a new record." in preview(client, leads)


def test_nothing_to_change_is_one_line(client, leads, settings):
    assert "None of these leads is in Airtable yet." in preview(client, leads)
    Lead.objects.update(is_sample=True)
    assert "Sample leads are not sent to Airtable." in preview(client, leads)
    settings.AIRTABLE_API_KEY = ""
    assert "Airtable is not connected; nothing changes there." in preview(client, leads)


def test_needs_a_login_and_two_leads(client, anonymous, leads):
    ids = [str(lead.public_id) for lead in leads]
    for wrong in ({}, {"survivor": "x"}, {"survivor": ids[0]}, {"survivor": ids[0], "lead": [ids[0], "1"]}):
        assert client.get("/crm/merge-preview/", wrong).status_code == 404, wrong
    asked = {"survivor": ids[0], "lead": ids}
    assert anonymous.get("/crm/merge-preview/", asked)["Location"].startswith("/login/")


def test_as_many_queries_for_ten_leads_as_for_two(client, leads):
    leads += [receive("More.", source="paste") for _ in range(7)]
    sent(*leads)
    counts = []
    preview(client, leads)  # what a process reads once
    for some in (leads[:2], leads):
        with CaptureQueriesContext(database) as queries:
            preview(client, some)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7


def test_the_lead_page_says_what_became_of_the_records(client, leads):
    kept, absorbed, deeper = leads
    sent(kept, absorbed)
    Lead.objects.filter(pk=absorbed.pk).update(merged_into=kept)
    Lead.objects.filter(pk=deeper.pk).update(merged_into=absorbed)
    StageRun.objects.update_or_create(lead=absorbed, stage="push", defaults={"state": "succeeded", "note": MARKED})
    StageRun.objects.update_or_create(
        lead=deeper, stage="push", defaults={"state": "failed", "reason": "Airtable errs."}
    )
    page = client.get(f"/crm/leads/{kept.public_id}/").content.decode()
    for part in (
        "Merged into this lead",
        MARKED,
        f"{RECORD}{absorbed.pk}",
        "Its record could not follow. Airtable errs.",
    ):
        assert part in page, part
    page = client.get(f"/crm/leads/{deeper.public_id}/").content.decode()
    assert "Merged into this lead" not in page
