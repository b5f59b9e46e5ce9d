import re
from itertools import pairwise

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from leads import api_keys, gates
from leads.admin import CappedPaginator
from leads.intake import receive
from leads.models import (
    ApiKey,
    DuplicateSuggestion,
    FieldValue,
    Lead,
    PublicForm,
    StageGate,
    StageRun,
    Submission,
)
from leads.models.pipeline import STAGES
from leads.values import Contact

# By name: this app stands below those two and imports neither.
CrmRecord, FieldMapping = apps.get_model("crm_sync.CrmRecord"), apps.get_model("crm_sync.FieldMapping")
Embedding, Enrichment = apps.get_model("enrichment.Embedding"), apps.get_model("enrichment.Enrichment")

READ_ONLY = [
    *(Lead, Submission, FieldValue, StageRun, StageGate, DuplicateSuggestion),
    *(Enrichment, Embedding, CrmRecord),
]
OF_LEAD = [Submission, FieldValue, StageRun, DuplicateSuggestion, Enrichment, Embedding, CrmRecord]
EDITABLE = [PublicForm, ApiKey, FieldMapping]


def address(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def make(number=0):
    contact = Contact(first_name=f"Ana{number}", email=f"ana{number}@example.com", phone=f"+15125550{number:03}")
    lead = receive(f"Message {number}", source="api", contact=contact)
    Enrichment.objects.create(lead=lead, model="mistral", prompt_version="1", outcome="used")
    Embedding.objects.create(lead=lead, model="mini", dimension=1, vector=b"SECRETVECTOR", text_digest="0" * 64)
    CrmRecord.objects.create(lead=lead, base_id="app", record_id=f"rec{number}", state="failed")
    return lead


@pytest.fixture
def lead(db):
    earlier, lead = make(0), make(1)
    DuplicateSuggestion.objects.create(first=earlier, second=lead, probability=0.7)
    gates.close(STAGES["enrich"], "Ollama does not answer.")
    PublicForm.objects.create(name="Front page")
    FieldMapping.objects.create(our_field="email", remote_id="fld1", remote_name="E-mail", remote_type="email")
    api_keys.create("Website")
    return lead


def ids(response):
    assert response.status_code == 200
    return sorted(row.pk for row in response.context["cl"].result_list)


def act(client, action, rows):
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(address(type(rows[0])), data, follow=True)


# ---- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", READ_ONLY + EDITABLE)
def test_every_list_and_page_opens(client, lead, model):
    listed = client.get(address(model))
    assert ids(listed) == sorted(model.objects.values_list("pk", flat=True))
    page = client.get(address(model, "change", model.objects.first().pk))
    assert page.status_code == 200
    for text in (listed.content.decode(), page.content.decode()):
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*(\ssrc=|application/json))", text)
        assert "SECRETVECTOR" not in text


@pytest.mark.parametrize("model", READ_ONLY)
def test_what_machines_write_is_not_added_or_changed(client, lead, model):
    row = model.objects.order_by("pk").last()
    before = model.objects.filter(pk=row.pk).values().get()
    assert client.get(address(model, "add")).status_code == 403
    assert client.post(address(model, "change", row.pk), {"field": "x", "first_name": "x"}).status_code == 403
    assert model.objects.filter(pk=row.pk).values().get() == before
    deleted = client.post(address(model, "delete", row.pk), {"post": "yes"})
    assert deleted.status_code == (302 if model is Lead else 403)
    assert model.objects.filter(pk=row.pk).exists() is (model is not Lead)


@pytest.mark.parametrize("model", READ_ONLY)
def test_nothing_is_for_people_without_permission(lead, model):
    helper = User.objects.create_user("helper", is_staff=True)
    browser = Client()
    browser.force_login(helper, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(address(model)).status_code == 403


@pytest.mark.parametrize("model", READ_ONLY)
def test_lists_take_the_same_queries_for_one_and_for_thirty(client, lead, model, django_assert_max_num_queries):
    DuplicateSuggestion.objects.all().delete()
    pair = [make(2), make(3)]
    DuplicateSuggestion.objects.create(first=pair[0], second=pair[1], probability=0.5)
    client.get(address(model))
    with django_assert_max_num_queries(8) as few:
        client.get(address(model))
    leads = [make(number) for number in range(10, 41)]
    for first, second in pairwise(leads):
        DuplicateSuggestion.objects.create(first=first, second=second, probability=0.5)
    with django_assert_max_num_queries(len(few)):
        client.get(address(model))


@pytest.mark.parametrize("model", [*OF_LEAD, Lead])
@pytest.mark.parametrize(
    "term",
    ["{0.pk}", "{0.public_id}", "ana1@example.com", " ANA1@Example.com ", "+1 512 555-0001", "15125550001"],
)
def test_rows_are_found_by_their_lead(client, lead, model, term):
    found = client.get(address(model), {"q": term.format(lead)})
    if model is Lead:
        expected = [lead.pk]
    elif model is DuplicateSuggestion:
        expected = list(model.objects.values_list("pk", flat=True))
    else:
        expected = sorted(model.objects.filter(lead=lead).values_list("pk", flat=True))
    assert expected
    assert ids(found) == expected


@pytest.mark.parametrize("model", [*OF_LEAD, Lead])
@pytest.mark.parametrize("term", ["nobody", "nobody@example.com", "9" * 30, "%", "'\"", "٣"])
def test_what_is_not_there_is_not_found(client, lead, model, term):
    assert ids(client.get(address(model), {"q": term})) == []


def test_leads_are_also_found_by_words(client, lead):
    assert ids(client.get(address(Lead), {"q": "MESSAGE ana1"})) == [lead.pk]
    assert len(ids(client.get(address(Lead), {"q": "message"}))) == 2


def test_runs_are_narrowed_by_stage(client, lead):
    StageRun.objects.create(lead=lead, stage="push", state="failed")
    assert ids(client.get(address(StageRun), {"stage": "push"})) == [StageRun.objects.get(stage="push").pk]


def test_the_paginator_counts_no_further_than_people_page(client, lead, monkeypatch):
    assert CappedPaginator(Lead.objects.all(), 50).count == 2
    monkeypatch.setattr("leads.admin.MOST_COUNTED", 1)
    assert CappedPaginator(Lead.objects.all(), 50).count == 1
    assert client.get(address(Lead)).context["cl"].result_count == 1
    for model in READ_ONLY:
        assert admin.site.get_model_admin(model).paginator is CappedPaginator
        assert not admin.site.get_model_admin(model).show_full_result_count


# ---- actions -------------------------------------------------------------------------------------------------------


def test_a_lead_is_deleted_with_all_that_belongs_to_it(client, lead):
    page = client.post(address(Lead, "delete", lead.pk), {"post": "yes"}, follow=True)
    assert page.status_code == 200
    assert list(Lead.objects.values_list("first_name", flat=True)) == ["Ana0"]
    for model in OF_LEAD:
        assert not model.objects.filter(**{"second" if model is DuplicateSuggestion else "lead": lead.pk}).exists()
    assert LogEntry.objects.get().object_repr == f"Lead {lead.pk}"


def test_several_leads_are_deleted_at_once(client, lead):
    data = {"action": "delete_selected", "_selected_action": [row.pk for row in Lead.objects.all()], "post": "yes"}
    client.post(address(Lead), data, follow=True)
    assert not Lead.objects.exists()
    assert not Submission.objects.exists()
    assert all(re.fullmatch(r"Lead \d+", entry.object_repr) for entry in LogEntry.objects.all())


def test_retry_queues_failed_runs_again(client, lead):
    run = StageRun.objects.create(lead=lead, stage="score", state="failed", reason="Broke.", attempts=6)
    done = StageRun.objects.create(lead=lead, stage="embed", state="succeeded")
    page = act(client, "retry", [run, done])
    assert "1 queued again" in page.content.decode()
    run.refresh_from_db()
    done.refresh_from_db()
    assert (run.state, run.reason, run.attempts, done.state) == ("pending", "", 0, "succeeded")


def test_a_closed_gate_is_knocked_at(client, lead):
    gate = StageGate.objects.get(stage="enrich")
    assert gate.closed_until > timezone.now()
    act(client, "knock", [gate])
    gate.refresh_from_db()
    assert gate.closed_until is None


@pytest.mark.django_db(transaction=True)
def test_push_again_queues_the_push_at_once(client, lead):
    OrmQ.objects.all().delete()
    record = CrmRecord.objects.get(lead=lead)
    page = act(client, "push_again", [record])
    assert "1 queued for Airtable" in page.content.decode()
    run = StageRun.objects.get(lead=lead, stage="push")
    assert run.state == "pending"
    assert run.due_at <= timezone.now()
    assert OrmQ.objects.filter(key="basecamp").exists()


@pytest.mark.parametrize(("model", "action"), [(StageRun, "retry"), (StageGate, "knock"), (CrmRecord, "push_again")])
def test_who_may_only_look_gets_no_actions(lead, model, action):
    helper = User.objects.create_user("helper", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename=f"view_{model._meta.model_name}"))
    browser = Client()
    browser.force_login(helper, backend="django.contrib.auth.backends.ModelBackend")
    StageRun.objects.update(state="failed")
    before = list(model.objects.values())
    assert action not in browser.get(address(model)).content.decode()
    act(browser, action, list(model.objects.all()))
    assert list(model.objects.values()) == before


# ---- API keys, forms, mappings -------------------------------------------------------------------------------------


def test_an_api_key_is_shown_once(client):
    page = client.post(address(ApiKey, "add"), {"name": "Website", "scopes": ["read", "intake"]})
    assert page.status_code == 200
    [text] = re.findall(r'value="(bc_[^"]+)"', page.content.decode())
    assert "no-store" in page["Cache-Control"]
    key = ApiKey.objects.get()
    assert api_keys.find(text) == key
    assert (key.name, key.scopes, key.is_active, key.prefix) == ("Website", ["intake", "read"], True, text[:10])
    for later in (address(ApiKey), address(ApiKey, "change", key.pk), reverse("admin:index")):
        seen = client.get(later).content.decode()
        assert text not in seen
        assert key.digest not in seen


@pytest.mark.parametrize("data", [{"name": "Website"}, {"scopes": ["read"]}, {"name": "x", "scopes": ["admin"]}])
def test_a_wrong_api_key_is_not_made(client, data):
    page = client.post(address(ApiKey, "add"), data)
    assert page.status_code == 200
    assert page.context["errors"]
    assert not ApiKey.objects.exists()


def test_an_api_key_is_renamed_and_revoked_but_stays_the_same(client):
    new = api_keys.create("Website")
    client.post(address(ApiKey, "change", new.row.pk), {"name": "Shop", "scopes": ["read"], "digest": "x"})
    found = api_keys.find(new.text)
    assert (found.name, found.scopes) == ("Shop", ["read"])
    assert "1 revoked" in act(client, "revoke", [found]).content.decode()
    assert api_keys.find(new.text) is None


def test_a_public_form_is_made_and_changed(client):
    data = {"name": "Shop", "key": "shop", "is_open": "on"}
    client.post(address(PublicForm, "add"), data)
    form = PublicForm.objects.get(key="shop")
    client.post(address(PublicForm, "change", form.pk), data | {"name": "Workshop"})
    form.refresh_from_db()
    assert (form.name, form.is_open) == ("Workshop", True)


def test_of_a_mapping_only_the_choices_and_the_switch_are_changed(client, lead):
    mapping = FieldMapping.objects.get()
    data = {"our_field": "phone", "remote_id": "fld2", "value_map": '{"new": "Neu"}', "direction": "off"}
    client.post(address(FieldMapping, "change", mapping.pk), data)
    mapping.refresh_from_db()
    assert (mapping.our_field, mapping.remote_id, mapping.value_map, mapping.direction) == (
        *("email", "fld1"),
        {"new": "Neu"},
        "off",
    )
    assert client.get(address(FieldMapping, "add")).status_code == 403
