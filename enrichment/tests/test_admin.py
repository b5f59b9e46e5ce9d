"""What the admin shows of profiles and of the model's work."""

import pytest
from django.urls import reverse

from enrichment import models
from enrichment import profile_editing as editing
from enrichment.tests.test_profile_editing import AUTO, ROOF, draft, publish
from leads.models import ExtraField, Feedback, Lead, PublicForm, Reply

READ_ONLY = [
    *(models.BusinessProfile, models.ProfileVersion, models.Trial, models.TrialAnswer),
    *(models.ReplyDraft, models.ModelPull, models.ModelTest, models.Rerun, models.ConfidenceTable),
    *(ExtraField, Feedback, Reply),
]


@pytest.fixture
def rows(db) -> None:
    publish(fields=(*AUTO.fields, ROOF))
    lead = Lead.objects.create(source="paste")
    trial = models.Trial.objects.create(version=draft(tone="gruff"), lead_ids=[lead.pk], asked_by="olivia")
    models.TrialAnswer.objects.create(trial=trial, lead=lead)
    models.ReplyDraft.objects.create(lead=lead)
    models.ModelPull.objects.create(name="mistral", asked_by="olivia")
    models.ModelTest.objects.create(model="mistral", text="Hello", asked_by="olivia")
    models.Rerun.objects.create(asked_by="olivia")
    models.ConfidenceTable.objects.create()
    Feedback.objects.create(lead=lead, field="phone", origin="rule", confidence=0.5, verdict="refused", actor="olivia")
    Reply.objects.create(lead=lead, channel="copy", text="Hello", sent_by="olivia")


def address(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", READ_ONLY)
def test_lists_and_pages_open_for_reading_only(client, rows, model):
    row = model.objects.first()
    assert client.get(address(model)).status_code == 200
    assert client.get(address(model, "change", row.pk)).status_code == 200
    assert client.get(address(model, "add")).status_code == 403
    assert client.post(address(model, "change", row.pk), {"name": "x"}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_form_chooses_its_profile(client, db):
    editing.make_copy("general", name="Never published", by="olivia")
    editing.archive("consulting", is_archived=True)
    shown = client.get(address(PublicForm, "add")).content.decode()
    for part in (">The default profile (General)<", 'value="medspa">Med spa<', 'value="automotive"'):
        assert part in shown, part
    assert "Never published" not in shown
    assert 'value="consulting"' not in shown
    data = {"name": "Spa", "key": "spa", "business_profile": "medspa"}
    client.post(address(PublicForm, "add"), data)
    form = PublicForm.objects.get(key="spa")
    assert form.business_profile == "medspa"
    answer = client.post(address(PublicForm, "change", form.pk), data | {"business_profile": "nonsense"})
    assert "Select a valid choice" in answer.content.decode()
    PublicForm.objects.filter(pk=form.pk).update(business_profile="gone")
    assert client.get(address(PublicForm, "change", form.pk)).status_code == 200
    client.post(address(PublicForm, "change", form.pk), data | {"business_profile": ""})
    form.refresh_from_db()
    assert form.business_profile == ""
