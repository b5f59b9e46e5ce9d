import pytest
from django.utils import timezone

from crm_sync.models import CrmRecord
from leads.intake import receive
from leads.models import Lead, StageGate, StageRun


@pytest.fixture
def lead(db) -> Lead:
    return receive("My brakes squeal.", source="paste")


@pytest.fixture
def connected(settings) -> None:
    settings.AIRTABLE_API_KEY, settings.AIRTABLE_BASE_ID = "pat.secret-token", "app1"


def panel(client, lead: Lead) -> str:
    return client.get(f"/crm/leads/{lead.public_id}/").content.decode()


def test_not_connected_says_how(client, lead, settings):
    settings.AIRTABLE_API_KEY = settings.AIRTABLE_BASE_ID = ""
    page = panel(client, lead)
    for part in ("Not connected.", 'href="/crm/connect/"'):
        assert part in page, part


def test_in_airtable_links_to_the_record(client, lead, connected):
    CrmRecord.objects.create(
        lead=lead,
        base_id="app1",
        table_id="tbl2",
        record_id="rec3",
        state="synced",
        synced_at=timezone.now(),
        notes=["Intent has no option “Complaint”."],
    )
    StageRun.objects.create(lead=lead, stage="push", state="succeeded")
    page = panel(client, lead)
    assert "In Airtable, " in page
    assert 'href="https://airtable.com/app1/tbl2/rec3"' in page
    assert "Intent has no option “Complaint”." in page
    assert "secret-token" not in page


@pytest.mark.parametrize(
    ("state", "reason", "gate", "expected"),
    [
        (None, "", "", "Waiting to be sent."),
        ("pending", "", "", "Waiting to be sent."),
        ("pending", "", "Airtable does not answer.", "Airtable does not answer."),
        ("failed", "Airtable refuses the phone number.", "", "Airtable refuses the phone number."),
    ],
)
def test_why_it_is_not_there(client, lead, connected, state, reason, gate, expected):
    if state:
        StageRun.objects.create(lead=lead, stage="push", state=state, reason=reason)
    if gate:
        StageGate.objects.create(stage="push", reason=gate, closed_at=timezone.now())
    page = panel(client, lead)
    assert expected in page
    assert "airtable.com" not in page
    assert ("/steps/push/retry/" in page) == (state == "failed")


def test_needs_a_login_and_a_lead(client, anonymous, lead):
    assert anonymous.get(f"/crm/leads/{lead.public_id}/")["Location"].startswith("/login/")
    assert client.get("/crm/leads/00000000-0000-4000-8000-000000000000/").status_code == 404
