"""Reading leads again: through the real rows and the workers' task."""

import datetime as dt

import pytest
from django.utils import timezone

from enrichment import ai_settings, reruns
from enrichment.models import Enrichment, Rerun
from leads import facts, pipeline, tasks
from leads.models import FieldValue, StageRun
from tests.leads_at_hand import receive
from tests.servers.ollama import OllamaServer

TEXT = "Hello, this is Ana Silva. My brakes squeal, can I come in on Friday? ana@silva.example"


@pytest.fixture
def server(settings):
    with OllamaServer() as server:
        settings.OLLAMA_BASE_URL, settings.OLLAMA_MODEL = server.url, "mistral:latest"
        yield server


def readings(lead):
    return Enrichment.objects.filter(lead=lead, kind="reading").count()


@pytest.fixture
def read(drain, server):
    """Three leads that the model has read."""
    leads = [receive(TEXT.replace("Ana", name)) for name in ("Ana", "Bea", "Cleo")]
    drain()
    assert [readings(lead) for lead in leads] == [1, 1, 1]
    return leads


def test_one_lead_again(read, drain):
    reruns.again(read[1])
    drain()
    assert [readings(lead) for lead in read] == [1, 2, 1]


def test_a_selection_again_with_progress(read, drain):
    rerun = reruns.start_selection([read[0].pk, read[2].pk, 999_999], by="olivia")
    assert (rerun.done, rerun.total) == (0, 2)
    tasks.work("llm")
    drain()
    rerun.refresh_from_db()
    assert (rerun.done, bool(rerun.finished_at), rerun.is_stopped) == (2, True, False)
    assert [readings(lead) for lead in read] == [2, 1, 2]


def test_an_empty_selection(read):
    assert reruns.start_selection([999_999], by="olivia") is None


def test_all_that_another_prompt_or_model_read(read, drain):
    assert reruns.start_all(by="olivia", only_other=True) is None
    Enrichment.objects.filter(lead=read[0]).update(prompt_version="0")
    Enrichment.objects.filter(lead=read[1]).update(model="phi4:latest")
    assert reruns.count_other() == 2
    rerun = reruns.start_all(by="olivia", only_other=True)
    assert rerun.total == 2
    assert reruns.start_all(by="olivia", only_other=True) is None  # one at a time
    tasks.work("llm")
    assert [readings(lead) for lead in read] == [2, 2, 1]
    assert reruns.count_other() == 0
    assert Rerun.objects.get().finished_at


def test_a_name_without_tag_is_the_same_model(read, settings):
    settings.OLLAMA_MODEL = "mistral"
    assert reruns.count_other() == 0


def test_all_since_a_day(read, drain):
    type(read[0]).objects.filter(pk=read[0].pk).update(received_at=timezone.now() - dt.timedelta(days=9))
    since = timezone.now() - dt.timedelta(days=1)
    assert reruns.start_all(by="olivia", only_other=False, since=since).total == 2
    tasks.work("llm")
    assert [readings(lead) for lead in read] == [1, 2, 2]


def test_new_inquiries_come_first(read, server):
    before = len(server.readings)
    reruns.start_selection([lead.pk for lead in read], by="olivia")
    assert reruns.go_on()  # one lead of it is queued
    new = receive("My new car needs tyres. Regards, Dora")
    with_rules = StageRun.objects.filter(lead=new, stage="extract")
    with_rules.update(state="succeeded")
    pipeline.schedule([new.pk], ["enrich"])
    tasks.work("llm")
    texts = [str(chat["messages"]) for chat in server.readings[before:]]
    assert len(texts) == 4
    assert ["Dora" in text for text in texts] == [False, True, False, False]


def test_a_rerun_that_is_stopped_queues_no_more(read, drain):
    rerun = reruns.start_selection([lead.pk for lead in read], by="olivia")
    assert reruns.go_on()
    reruns.stop(rerun)
    assert not reruns.go_on()
    drain()
    assert sorted(readings(lead) for lead in read) == [1, 1, 2]


def test_a_rerun_goes_on_after_a_restart_where_it_was(read, drain):
    reruns.start_selection([lead.pk for lead in read], by="olivia")
    assert reruns.go_on()
    StageRun.objects.filter(lead=read[2], stage="enrich").update(state="running", attempts=1)  # and the worker died
    pipeline.release("llm")
    tasks.work("llm")
    drain()
    assert [readings(lead) for lead in read] == [2, 2, 2]
    assert Rerun.objects.get().done == 3


def test_a_rerun_waits_while_the_model_is_away_or_off(read, server):
    reruns.start_selection([lead.pk for lead in read], by="olivia")
    ai_settings.switch(off=True, by="olivia")
    tasks.work("llm")
    assert (Rerun.objects.get().done, [readings(lead) for lead in read]) == (0, [1, 1, 1])


def test_what_people_said_stays(read, drain, server):
    lead = read[0]
    facts.change_value(lead, field="company", value="Silva & Sons", actor="olivia")
    current = FieldValue.objects.current().get(lead=lead, field="urgency")
    facts.change_value(lead, field="urgency", value="low", actor="olivia")
    reruns.start_selection([lead.pk], by="olivia")
    tasks.work("llm")
    drain()
    values = {value.field: value for value in FieldValue.objects.current().filter(lead=lead)}
    assert readings(lead) == 2
    assert (values["company"].value, values["company"].origin) == ("Silva & Sons", "staff")
    assert (values["urgency"].value, values["urgency"].origin) == ("low", "staff")
    assert current.origin != "staff"


def test_merged_leads_are_not_read_again(read):
    type(read[0]).objects.filter(pk=read[0].pk).update(merged_into=read[1])
    Enrichment.objects.update(prompt_version="0")
    assert reruns.count_other() == 2
