import pytest
from django.db import transaction

from enrichment import ai_settings, restating
from leads import merging, tasks
from leads.intake import receive
from leads.models import Lead
from leads.values import FoundValue


@pytest.fixture
def leads(transactional_db) -> list[Lead]:
    """Seven whose company a rule is 60 % sure of."""
    found = [receive(f"Hello {number}", source="paste") for number in range(7)]
    company = FoundValue("company", "Elm Ltd", 0.6)
    with transaction.atomic():
        merging.apply([merging.NewValues(lead, [company]) for lead in found], origin="rule")
    return found


def test_another_threshold_counts_for_all_leads(leads, client, monkeypatch):
    monkeypatch.setattr(restating, "AT_ONCE", 3)
    client.post("/ai/model/reading/", {"review_below": "70", "staff_language": "en"})
    assert restating.left() == 7
    assert "7 leads to go" in client.get("/ai/model/").content.decode()
    assert restating.go_on()
    assert (restating.left(), Lead.objects.filter(needs_review=True).count()) == (4, 3)
    assert not Lead.objects.get(pk=leads[0].pk).needs_review  # the newest come first
    before = Lead.objects.get(pk=leads[-1].pk).updated_at
    ai_settings.forget()  # as another process, after a restart
    tasks.work("basecamp")
    assert restating.left() == 0
    assert not restating.go_on()
    assert all("company" in lead.review_fields for lead in Lead.objects.all())
    assert Lead.objects.get(pk=leads[-1].pk).updated_at >= before
    client.post("/ai/model/reading/", {"review_below": "50", "staff_language": "en"})
    tasks.work("basecamp")
    assert not any("company" in lead.review_fields for lead in Lead.objects.all())


def test_the_same_threshold_reckons_nothing(leads, client):
    client.post("/ai/model/reading/", {"review_below": "50", "staff_language": "de"})
    assert restating.left() == 0


def test_without_leads(db):
    restating.begin()
    restating.go_on()
    assert not restating.go_on()
