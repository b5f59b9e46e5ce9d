"""Trying a draft on past leads: the model is the stand-in that speaks Ollama's protocol."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enrichment import ai_settings, reading, trials
from enrichment import profile_editing as editing
from enrichment.models import Enrichment, ProfileVersion, Trial, TrialAnswer
from enrichment.profiles import ProfileField
from enrichment.running import spare_time
from enrichment.tests.test_profile_editing import AUTO, draft, publish
from enrichment.trial_results import result_of
from leads.fields import Kind
from leads.models import FieldValue, Lead, Submission
from tests.servers import ollama_behaviours as behaviours
from tests.servers.ollama import OllamaServer
from tests.servers.ollama_answer import answer_from_message

PAGE = "/ai/profiles/automotive/try/"
PARTS = ProfileField("wanted_part", "Part", Kind.CHOICE, "the part asked for", (("pads", "Brake pads"), ("oil", "Oil")))
MESSAGE = "My 2016 Subaru Outback needs brake pads. What would it cost? Thanks, Ana"


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """As the stand-in answers by itself, and the part where a profile asks for it."""
    found = answer_from_message(body)
    return found | {"wanted_part": "brake pads"} if "wanted_part" in body["format"]["properties"] else found


@pytest.fixture
def model(settings: Any, db: None) -> Iterator[OllamaServer]:
    settings.BUSINESS_TYPE = "automotive"
    settings.OLLAMA_MODEL = "mistral:latest"
    settings.OLLAMA_TIMEOUT = 5
    with OllamaServer(answer=answer) as server:
        settings.OLLAMA_BASE_URL = server.url
        ai_settings.forget()
        yield server
    ai_settings.forget()


def lead(text: str = MESSAGE, name: str = "Ana") -> Lead:
    made = Lead.objects.create(source="paste", first_name=name)
    Submission.objects.create(lead=made, source="paste", payload={}, text=text)
    return made


def begin(*leads: Lead, **changes: Any) -> Trial:
    version = draft(**(changes or {"fields": (AUTO.fields[0], PARTS)}))
    return trials.ask(version, leads, by="olivia")


def go(times: int = 100) -> int:
    return next((count for count in range(times) if not trials.go_on()), times)


def fresh(trial: Trial) -> Trial:
    return Trial.objects.select_related("version__profile").get(pk=trial.pk)


def test_both_sides_are_read_and_nothing_becomes_a_value(model):
    trial = begin(lead())
    assert go() == 3  # live, draft, the end
    found = result_of(fresh(trial))
    assert (found.done, found.total, found.is_under_way, found.live_label) == (1, 1, False, "as shipped")
    pairs = {pair.key: (pair.label, pair.live.value, pair.draft.value, pair.differs) for pair in found.leads[0].pairs}
    assert pairs["vehicle"] == ("Vehicle", "2016 Subaru Outback", "2016 Subaru Outback", False)
    assert pairs["wanted_part"] == ("Part", "", "Brake pads", True)
    assert [(each.label, each.gained, each.lost, each.other) for each in found.changes] == [("Part", 1, 0, 0)]
    assert not FieldValue.objects.exists()
    assert {each.kind for each in Enrichment.objects.all()} == {"trial"}


def test_the_leads_own_answer_is_used_where_the_model_would_be_asked_the_same(model):
    made = lead()
    submissions = list(made.submissions.all())
    found = reading.read(
        [reading.message_of(each) for each in submissions], AUTO, lead=made, submission=submissions[-1]
    )
    found.use()
    trial = begin(made)
    go()
    assert len(model.chats) == 2
    pairs = {pair.key: pair.live.value for pair in result_of(fresh(trial)).leads[0].pairs}
    assert pairs["vehicle"] == "2016 Subaru Outback"
    Submission.objects.create(lead=made, source="paste", payload={}, text="And an oil change")
    begin(made)
    go()
    assert len(model.chats) == 4


def test_while_the_model_is_away_the_trial_waits_and_then_goes_on(model):
    trial = begin(lead())
    model.stop()
    assert trials.go_on() is False
    assert "Ollama" in fresh(trial).problem
    model.start()
    go()
    assert (fresh(trial).problem, fresh(trial).finished_at is not None) == ("", True)


def test_rules_only_means_no_trial_either(model):
    trial = begin(lead())
    ai_settings.switch(off=True, by="hal")
    assert trials.go_on() is False
    assert "Switched off by hal" in fresh(trial).problem
    assert model.chats == []
    ai_settings.switch(off=False, by="hal")
    assert go() == 3


@pytest.mark.parametrize("name", ["empty", "loop", "wrong_enum"])
def test_an_answer_that_cant_be_used_is_told_and_the_rest_goes_on(model, name):
    broken = behaviours.BEHAVIOURS[name]
    model.script(broken(), broken())
    trial = begin(lead(), lead(name="Ben"))
    go()
    first, second = result_of(fresh(trial)).leads
    assert first.is_read
    assert bool(first.live_problem) == (name != "wrong_enum")
    assert (second.is_read, second.live_problem, second.draft_problem) == (True, "", "")
    assert fresh(trial).finished_at is not None


def test_leads_without_a_message_and_erased_ones_stop_nothing(model):
    silent, gone, good = lead(" "), lead(), lead()
    trial = begin(silent, gone, good)
    gone.delete()
    go()
    found = result_of(fresh(trial))
    assert [each.live_problem for each in found.leads] == ["No message.", ""]
    assert found.trial.finished_at is not None


def test_a_changed_draft_ends_the_trial(model):
    trial = begin(lead())
    trials.go_on()
    draft(tone="gruff")
    assert (fresh(trial).is_stopped, fresh(trial).problem) == (True, "The draft was changed meanwhile.")
    assert trials.go_on() is False
    publish(tone="gruffer")
    assert trials.is_of_draft(fresh(trial)) is False


def test_a_killed_worker_leaves_its_lead_to_the_next(model):
    trial = begin(lead())
    TrialAnswer.objects.create(trial=trial, lead_id=trial.lead_ids[0], leased_until="2020-01-01T00:00Z")
    assert go() == 3
    assert fresh(trial).finished_at is not None


def test_two_workers_share_a_trial(model, transactional_db):
    model.delay, model.parallel = 0.05, 2
    trial = begin(*(lead(name=f"Ana {number}") for number in range(4)))

    def work() -> None:
        go()
        connections.close_all()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    go()
    assert fresh(trial).finished_at is not None
    assert TrialAnswer.objects.filter(trial=trial).count() == 4
    assert len(model.chats) == 8


def test_a_profile_that_was_never_published_is_compared_with_the_default(model):
    made = editing.make_copy("medspa", name="Boats", by="olivia")
    trial = trials.ask(ProfileVersion.objects.get(profile=made), [lead()], by="olivia")
    go()
    found = result_of(fresh(trial))
    assert found.live_label == "default profile, as shipped"
    assert "vehicle" in {pair.key for pair in found.leads[0].pairs if pair.live.value}


def test_the_newest_trial_of_a_draft_takes_the_place_of_the_one_under_way(model):
    older = begin(lead())
    newer = trials.ask(ProfileVersion.objects.get(), trials.past_leads(), by="hal")
    assert fresh(older).is_stopped
    for _ in range(trials.KEPT + 3):
        newer = trials.ask(ProfileVersion.objects.get(), trials.past_leads(), by="hal")
    assert Trial.objects.count() == trials.KEPT
    assert Trial.objects.filter(is_stopped=False).get() == newer


# ---- the page --------------------------------------------------------------------------------------------------------


def shown(client: Client, query: str = "") -> str:
    return client.get(PAGE + query).content.decode()


def test_from_the_page_with_progress_and_stop(client, model):
    for number in range(25):
        lead(name=f"Ana{number}")
    assert "There is no draft" in shown(client)
    draft(fields=(AUTO.fields[0], PARTS))
    assert client.post(f"{PAGE}start/", {"lead": "last"})["Location"] == f"{PAGE}#trial"
    page = shown(client)
    assert "0 of 20 leads read" in page
    assert 'hx-trigger="every 2s"' in page
    assert f"{PAGE}{Trial.objects.get().pk}/stop/" in page
    for _ in range(3):
        assert spare_time()
    part = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="trial"')
    assert "1 of 20 leads read" in part
    assert "the draft is still to come" in part
    client.post(f"{PAGE}{Trial.objects.get().pk}/stop/")
    page = shown(client)
    assert "Stopped after 1 of 20 leads" in page
    assert "every 2s" not in page


def test_one_lead_is_found_by_its_words(client, model):
    draft(fields=(AUTO.fields[0], PARTS))
    made, other = lead(name="Zoe"), lead(name="Ben")
    Lead.objects.filter(pk=made.pk).update(search_text="zoe outback")
    page = shown(client, "?q=outback")
    assert str(made.public_id) in page
    assert str(other.public_id) not in page
    assert "has these words" in shown(client, "?q=nonsense")
    assert f'value="{other.public_id}"' in shown(client, f"?lead={other.public_id}")
    client.post(f"{PAGE}start/", {"lead": str(made.public_id)})
    go()
    page = shown(client)
    assert "1 lead read" in page
    assert "Brake pads" in page
    assert "The draft was changed or published since" not in page
    draft(tone="gruff")
    assert "The draft was changed or published since" in shown(client)


def test_what_cant_be_tried_is_said(client, model):
    assert "There is no draft to try" in client.post(f"{PAGE}start/", {"lead": "last"}, follow=True).content.decode()
    draft(tone="gruff")
    for wanted in ("last", "nonsense", ""):
        page = client.post(f"{PAGE}start/", {"lead": wanted}, follow=True).content.decode()
        assert "There are no leads" in page or "There is no such lead" in page
    assert client.get(f"{PAGE}?lead=nonsense&q=%00").status_code == 200
    assert not Trial.objects.exists()


def test_markup_of_strangers_stays_text(client, model):
    begin(lead("I have a 2016 Outback <script>alert(1)</script> and need brake pads", name="<b>Eve</b>"))
    go()
    page = shown(client)
    assert "<script>alert" not in page
    assert "<b>Eve" not in page


def test_same_queries_for_1_and_20_leads(client, model):
    def queries() -> int:
        client.get(PAGE)
        with CaptureQueriesContext(connection) as captured:
            client.get(PAGE)
        return len(captured)

    trial = begin(lead())
    go()
    one = queries()
    others = [lead(name=f"Ana {number}") for number in range(19)]
    Trial.objects.filter(pk=trial.pk).update(lead_ids=[*trial.lead_ids, *(each.pk for each in others)])
    read = TrialAnswer.objects.get()
    TrialAnswer.objects.bulk_create(
        TrialAnswer(trial=trial, lead=each, live=read.live, draft=read.draft) for each in others
    )
    assert queries() == one
    assert shown(client).count("trial-table") == 20
