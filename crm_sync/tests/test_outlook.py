"""What a merge will change in Airtable, and what the lead page says afterwards."""

import re

import pytest
from django.db import connection as database
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from crm_sync.foreseen import cell_changes
from crm_sync.mapping import OUR_FIELDS, RemoteField, Target
from crm_sync.merged import MARKED
from crm_sync.models import CrmRecord, FieldMapping
from crm_sync.push import values_of
from leads import merges, merging
from leads.comparison import choices_from
from leads.fields import Kind
from leads.merge_plan import plan
from leads.models import ContactPoint, Lead, StageRun
from leads.values import Contact
from tests.leads_at_hand import apart

BASE = "appAAAAAAAAAAAAAA"
RECORD = f"https://airtable.com/{BASE}/tbl2/rec"


@pytest.fixture(autouse=True)
def connected(settings) -> None:
    settings.AIRTABLE_API_KEY, settings.AIRTABLE_BASE_ID = "pat.secret-token", BASE


@pytest.fixture
def leads(db) -> list[Lead]:
    return [apart(f"My brakes squeal {n}.") for n in range(3)]


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


def mapped(kind: str = "multilineText", /, **fields: str) -> None:
    """Airtable's names with our fields."""
    for name, ours in fields.items():
        FieldMapping.objects.create(our_field=ours, remote_id=f"fld{ours}", remote_name=name, remote_type=kind)


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def preview(client, leads: list[Lead], **survivor: object) -> str:
    asked = {"lead": [str(lead.public_id) for lead in leads], "survivor": str(leads[0].public_id)} | survivor
    return client.get("/crm/merge-preview/", asked).content.decode()


@pytest.mark.parametrize(
    ("choice", "has_field", "expected"),
    [
        ("mark", True, "Its record stays, and “Went into” names the remaining lead."),
        ("mark", False, "Its record stays as it is: the table has no text or URL field “Merged into”."),
        ("delete", True, "Its record is deleted, with what was written in Airtable alone."),
    ],
)
def test_says_what_becomes_of_each_record(client, leads, settings, choice, has_field, expected):
    settings.AIRTABLE_MERGED_RECORDS = choice
    mapped(Message="message")
    if has_field:
        mapped("url", **{"Went into": "merged_into"})
    kept, absorbed, unsent = leads
    sent(kept, absorbed)
    page = preview(client, leads)
    for part in ("Its record is updated.", expected, "It was not sent yet."):
        assert part in page, part
    assert "Message: My brakes squeal 1. My brakes squeal 2. is added" in text(page)
    assert [f"{RECORD}{lead.pk}" in page for lead in leads] == [True, True, False]
    assert page.index(kept.name) < page.index(absorbed.name) < page.index(unsent.name)


def test_names_the_cells_that_change(client):
    ana, anna = (
        apart(f"Hello {name}", contact=Contact(name, "Ng", email=f"{name}@example.com", company=company))
        for name, company in (("Ana", ""), ("Anna", "Acme"))
    )
    mapped(First="first_name", Company="company", Who="name", Mail="email", More="other_emails", Score="quality_score")
    sent(ana)
    CrmRecord.objects.update(sent_fields=["first_name", "name", "email"])
    chosen = {"take-first_name": anna.pk, "take-email": ana.pk, "both-email": "1", "take-company": anna.pk}
    page = text(preview(client, [ana, anna], **chosen))
    assert "First: Ana → Anna Company: empty → Acme Who: Ana Ng → Anna Ng More: empty → Anna@example.com" in page
    assert "Mail" not in page
    assert "Score:" not in page
    page = text(preview(client, [ana, anna], **{"take-first_name": ana.pk, "take-email": anna.pk}))
    assert "Company: empty → Acme Mail: Ana@example.com → Anna@example.com" in page
    assert "More:" not in page


def test_where_no_cell_changes_it_says_so(client, leads):
    mapped(First="first_name")
    sent(leads[0])
    assert "No cell of its record changes, unless its score does." in preview(client, leads)


CASES = {
    "as preselected": {},
    "all of the other": {"all": 1},
    "the other's e-mail, both kept": {"take-email": 1, "both-email": "1", "both-phone": "1"},
    "the first's, none kept": {"take-email": 0, "take-phone": 0, "take-first_name": 0},
    "the third's": {"take-email": 2, "take-phone": 2, "both-phone": "1", "take-status": 2},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("at", [0, 1])
def test_what_is_foreseen_is_what_comes(staff, case, at):
    """Cell by cell, but for the order of what is listed and the score."""
    leads = [
        apart(f"Hello {n}", contact=Contact(*contact))
        for n, contact in enumerate((
            ("Ana", "Ng", "ana@example.com", "+15125550142", ""),
            ("Anna", "", "anna@example.org", "+15125550143", "Acme"),
            ("", "Ng", "ANA@example.com", "", "Acme Ltd"),
        ))
    ]  # fmt: skip
    ContactPoint.objects.create(lead=leads[1], kind="email", value="a@example.net", key="a@example.net")
    ContactPoint.objects.create(lead=leads[0], kind="phone", value="+15125550199", key="15125550199")
    merging.edit(leads[0], field="place", value="Bern", actor="olivia")
    merging.edit(leads[2], field="place", value="", actor="olivia")
    Lead.objects.filter(pk=leads[2].pk).update(status="working")
    leads = list(Lead.objects.order_by("pk"))
    fields = [key for key in OUR_FIELDS if key not in ("quality_score", "merged_into")]
    targets = [Target(key, Kind.TEXT, RemoteField(key, key, "multilineText")) for key in fields]
    survivor = leads[at]
    planned = plan(leads, survivor=survivor)
    form = QueryDict(mutable=True)
    form["survivor"] = str(survivor.public_id)
    for key, value in CASES[case].items():
        form[key] = str(leads[value].pk) if isinstance(value, int) else value
    choices = choices_from(planned, form)
    before = values_of([survivor])[survivor.pk]
    foreseen = {change.name: change for change in cell_changes(planned, choices, targets=targets, sent=fields)}
    merges.merge(survivor, [lead for lead in leads if lead != survivor], choices=choices, actor=staff)
    survivor = Lead.objects.get(pk=survivor.pk)
    after = values_of([survivor])[survivor.pk]
    was, will = ({key: _listed(values.get(key)) for key in fields} for values in (before, after))
    changed = {key: (was[key], will[key]) for key in fields if was[key] != will[key]}
    assert {key: (_listed(each.before), _listed(each.after)) for key, each in foreseen.items()} == changed
    assert len(changed) >= 3


def _listed(value: object) -> list[str]:
    return sorted(" ".join(str(value or "").split()).split(", "))


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
    leads += [apart("More.") for _ in range(7)]
    sent(*leads)
    counts = []
    preview(client, leads)  # what a process reads once
    for some in (leads[:2], leads):
        with CaptureQueriesContext(database) as queries:
            preview(client, some)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 21


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
