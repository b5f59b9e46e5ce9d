"""What becomes of a lead that was folded into another: its stages, its pages, and edits that come too late."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from leads import merges, merging, pipeline
from leads.models import Event, FieldValue, Lead, StageRun
from leads.stage import Outcome
from leads.status import change_status
from leads.tests.merged import fold, make, tell

HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def ana(db) -> Lead:
    return make("Brakes", first_name="Ana", email="ana@example.com", phone="+15125550142")


@pytest.fixture
def anna(db) -> Lead:
    return make("Tyres", first_name="Anna", email="anna@example.org", company="Acme")


# ---- stages ----------------------------------------------------------------------------------------------------------


def waiting(lead: Lead) -> set[str]:
    return set(lead.runs.filter(state="pending").values_list("stage", flat=True))


def test_what_the_other_had_yet_to_pass_the_lead_that_stays_passes(ana, anna, staff):
    ana.runs.update(state="succeeded")
    made = fold(ana, anna, actor=staff)
    assert (waiting(ana), waiting(anna)) == ({"extract", "embed", "enrich", "score"}, {"push"})
    merges.undo(made, actor=staff)
    assert waiting(anna) == {"extract", "embed", "enrich", "score", "push"}


def test_what_failed_for_the_other_the_lead_that_stays_tries_again(ana, anna, staff):
    """Nobody could open the merged lead to retry it, and the status page would warn of it for good."""
    StageRun.objects.all().update(state="succeeded")
    anna.runs.create(stage="enrich", state="failed", reason="The answer could not be read.")
    made = fold(ana, anna, actor=staff)
    assert (waiting(ana), waiting(anna)) == ({"enrich", "embed", "score"}, {"push"})
    assert not StageRun.objects.failed().exists()
    merges.undo(made, actor=staff)
    assert "enrich" in waiting(anna)


def score_while_one_is_merged(leads) -> Outcome:
    """A stage during whose work a person merges the last lead of the batch."""
    if len(leads) == 3:
        fold(leads[0], leads[2], actor=User.objects.get())
    return Outcome(save=lambda: Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(quality_score=7))


def test_a_stage_at_work_when_its_lead_is_merged_writes_nothing(ana, anna, staff):
    """The others of its batch are worked on again, at once."""
    zoe = make(first_name="Zoe")
    StageRun.objects.all().delete()
    pipeline.schedule([ana.pk, anna.pk, zoe.pk], ["score"])
    stage = replace(pipeline.STAGES["score"], function=f"{__name__}.score_while_one_is_merged", then=())
    assert pipeline.run_batch(stage)
    assert not Lead.objects.filter(quality_score=7).exists()
    runs = StageRun.objects.filter(stage="score").order_by("lead")
    assert list(runs.values_list("lead", "state", "attempts")) == [(ana.pk, "pending", 0), (anna.pk, "pending", 0)]
    assert pipeline.run_batch(stage)
    assert set(Lead.objects.filter(quality_score=7)) == {ana, anna}


def test_a_stage_leaves_merged_leads_in_peace(ana, anna, staff):
    fold(ana, anna, actor=staff)
    StageRun.objects.all().delete()
    pipeline.schedule([anna.pk], ["score", "push"])  # as by whoever doesn't know
    pipeline.run_batch(replace(pipeline.STAGES["score"], function=f"{__name__}.score_while_one_is_merged"))
    assert waiting(anna) == {"push"}
    assert not anna.runs.filter(stage="score").exists()


def test_a_late_answer_does_not_touch_the_merged_lead(ana, anna, staff):
    fold(ana, anna, actor=staff)
    before = list(anna.values.values())
    tell(anna, "model", company="Late", summary="Late")
    assert list(anna.values.values()) == before


def test_values_read_from_returned_messages_go_with_them(ana, anna, staff):
    message = anna.submissions.get()
    made = fold(ana, anna, actor=staff)
    found = merging.FoundValue("vehicle", "Golf", evidence=merging.Evidence(0, 5, "Tyres"))
    merging.apply([merging.NewValues(ana, [found], submission=message)], origin="rule")
    merges.undo(made, actor=staff)
    assert not ana.values.filter(field="vehicle").exists()


def test_what_stood_before_stands_again_not_what_was_only_suggested(ana, anna, staff):
    tell(ana, "rule", vehicle="Golf")
    tell(ana, "model", vehicle="Polo")
    tell(ana, "model", vehicle="Passat")  # "Polo" is past by now, but never stood
    message = anna.submissions.get()
    made = fold(ana, anna, actor=staff)
    found = merging.FoundValue("vehicle", "Audi", evidence=merging.Evidence(0, 5, "Tyres"))
    merging.apply([merging.NewValues(ana, [found], submission=message)], origin="rule")
    assert ana.values.current().get(field="vehicle").value == "Audi"
    merges.undo(made, actor=staff)
    assert ana.values.current().get(field="vehicle").value == "Golf"
    assert ana.values.suggested().get(field="vehicle").value == "Passat"


# ---- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["", "header/", "messages/", "facts/", "steps/", "timeline/", "duplicates/"])
def test_pages_of_a_merged_lead_go_on_to_where_it_went(client, ana, anna, staff, rest):
    zoe = make("Oil", first_name="Zoe")
    fold(ana, anna, actor=staff)
    fold(zoe, ana, actor=staff, first_name=zoe)
    answer = client.get(f"{anna.get_absolute_url()}{rest}", follow=True)
    assert answer.redirect_chain == [(zoe.get_absolute_url(), 302)]
    assert "Anna was merged into this lead." in answer.content.decode()
    fragment = client.get(f"{anna.get_absolute_url()}{rest}", **HTMX)
    assert fragment["HX-Redirect"] == zoe.get_absolute_url()


@pytest.mark.parametrize(
    ("rest", "data"),
    [
        ("facts/company/", {"value": "New"}),
        ("status/", {"status": "working"}),
        ("values/{value}/lock/", {"lock": "1"}),
        ("values/{suggestion}/accept/", {}),
        ("values/{suggestion}/refuse/", {}),
        ("steps/extract/retry/", {}),
    ],
)
def test_an_edit_in_another_tab_is_not_lost_in_silence(client, ana, anna, staff, rest, data):
    tell(anna, "rule", company="Acme Inc")
    ids = {value.state: value.pk for value in anna.values.filter(field="company")}
    fold(ana, anna, actor=staff)
    before = list(anna.values.values()), anna.status
    rest = rest.format(value=ids["current"], suggestion=ids["suggested"])
    answer = client.post(f"{anna.get_absolute_url()}{rest}", data, follow=True)
    assert answer.redirect_chain == [(ana.get_absolute_url(), 302)]
    assert "What you changed in it meanwhile was not saved." in answer.content.decode()
    anna.refresh_from_db()
    assert (list(anna.values.values()), anna.status) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda lead: merging.edit(lead, field="company", value="New", actor="bo"),
        lambda lead: merging.accept(lead.values.suggested().get(), actor="bo"),
        lambda lead: change_status(lead, "working", "bo"),
    ],
)
def test_changes_of_a_lead_that_was_merged_a_moment_ago_are_refused(ana, anna, staff, change):
    tell(anna, "rule", company="Acme Inc")
    fold(ana, anna, actor=staff)
    events = Event.objects.count()
    with pytest.raises(merging.MergedAway):
        change(anna)
    assert Event.objects.count() == events
    assert not FieldValue.objects.filter(value="New").exists()
