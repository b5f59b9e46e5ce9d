"""A lead with several messages: the newest wins, and the whole is told."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from enrichment import stages
from enrichment.models import Enrichment
from leads.models import FieldValue, Lead, Submission
from leads.values import Contact
from tests.leads_at_hand import receive
from tests.servers import ollama_behaviours as ways
from tests.servers.ollama import OllamaServer

pytestmark = pytest.mark.django_db

FIRST = """Hello, my brakes squeal. What would new pads cost? Call me at (512) 555-0142. My budget is $400.

Thanks,
Mark Bruxner"""
SECOND = "Sorry, please use my new number (512) 555-0177. Also, the budget is $600 now."


@pytest.fixture
def model(settings: Any) -> Iterator[OllamaServer]:
    with OllamaServer() as server:
        settings.OLLAMA_BASE_URL, settings.OLLAMA_MODEL, settings.OLLAMA_TIMEOUT = server.url, "mistral:latest", 10
        yield server


def follow_up(lead: Lead, text: str, **changed: Any) -> Submission:
    later = timezone.now() + timedelta(hours=1)
    made: Submission = Submission.objects.create(
        **{"lead": lead, "source": "email", "payload": {}, "text": text, "received_at": later, **changed}
    )
    return made


def run(stage: Any, lead: Lead) -> None:
    (found,) = Lead.objects.filter(pk=lead.pk).prefetch_related("submissions")
    outcome = stage([found])
    assert outcome.failed == {}
    outcome.save()


def values(lead: Lead, field: str) -> list[tuple[str, str, int | None]]:
    rows = FieldValue.objects.filter(lead=lead, field=field).order_by("id")
    return [(row.value, row.state, row.evidence_submission_id) for row in rows]


def test_by_rules_the_newest_message_wins_and_the_older_stays_in_the_history() -> None:
    lead = receive(FIRST)
    run(stages.extract, lead)
    first, second = lead.submissions.get(), follow_up(lead, SECOND)

    run(stages.extract, lead)

    assert values(lead, "phone") == [("+15125550142", "past", first.pk), ("+15125550177", "current", second.pk)]
    assert values(lead, "amount") == [("400 USD", "past", first.pk), ("600 USD", "current", second.pk)]
    assert values(lead, "first_name") == [("Mark", "current", first.pk)]
    (summary,) = FieldValue.objects.current().filter(lead=lead, field="summary").values_list("value", flat=True)
    assert "brakes" in summary
    assert "new number" in summary


def test_a_conversation_that_is_read_at_once_has_the_same_history_and_twice_is_as_once() -> None:
    lead = receive(FIRST)
    second = follow_up(lead, SECOND)

    run(stages.extract, lead)
    before = list(FieldValue.objects.order_by("id").values_list())
    run(stages.extract, lead)

    assert [row[1] for row in values(lead, "phone")] == ["past", "current"]
    assert values(lead, "phone")[1] == ("+15125550177", "current", second.pk)
    assert list(FieldValue.objects.order_by("id").values_list()) == before


def test_thanks_do_not_take_back_what_was_asked_for() -> None:
    lead = receive("My car broke down on the highway, this is an emergency! How much is a tow to Austin?")
    run(stages.extract, lead)
    before = FieldValue.objects.current().get(lead=lead, field="urgency")
    follow_up(lead, "Thank you very much for the quick help, have a nice day over there.")

    run(stages.extract, lead)

    assert FieldValue.objects.current().get(lead=lead, field="urgency").value == before.value


def test_the_model_reads_all_messages_and_each_fact_says_which_one_it_stands_in(model: OllamaServer) -> None:
    lead = receive(FIRST)
    first, second = lead.submissions.get(), follow_up(lead, SECOND)
    summary = "Mark Bruxner wants new brake pads for $600 at most, first said $400."
    answer = {"first_name": "Mark", "last_name": "Bruxner", "phone": "(512) 555-0177", "amount": "$600"}
    model.script(ways.ok({**answer, "intent": "quote_request", "summary": summary}))

    run(stages.enrich, lead)

    (chat,) = model.chats
    assert chat["messages"][1]["content"].index("squeal") < chat["messages"][1]["content"].index("new number")
    assert values(lead, "first_name") == [("Mark", "current", first.pk)]
    assert values(lead, "phone") == [("+15125550177", "current", second.pk)]
    assert values(lead, "amount") == [("600 USD", "current", second.pk)]
    assert values(lead, "summary") == [(summary, "current", None)]
    stored = Enrichment.objects.get()
    assert (stored.submission_id, stored.profile, stored.kind) == (second.pk, "general 0", "reading")
    assert stored.dropped == []


def test_words_in_both_messages_are_taken_from_the_newest(model: OllamaServer) -> None:
    lead = receive("It is about my 2018 Honda Civic.")
    second = follow_up(lead, "Again about the 2018 Honda Civic: can you do it for $300?")
    model.script(ways.ok({"product": "2018 Honda Civic", "intent": "inquiry"}))

    run(stages.enrich, lead)

    assert values(lead, "product") == [("2018 Honda Civic", "current", second.pk)]


def test_a_newer_answer_of_the_model_replaces_its_older_one(model: OllamaServer) -> None:
    lead = receive("I would like a gazebo.")
    model.script(ways.ok({"product": "gazebo", "intent": "inquiry"}))
    run(stages.enrich, lead)
    follow_up(lead, "On second thought, a pergola please.")
    model.script(ways.ok({"product": "pergola", "intent": "inquiry"}))

    run(stages.enrich, lead)

    assert [row[:2] for row in values(lead, "product")] == [("gazebo", "past"), ("pergola", "current")]


def test_what_the_submitter_typed_may_be_named_in_the_summary(model: OllamaServer) -> None:
    lead = receive("What would new pads cost?", Contact(first_name="Zelda", last_name="Quigley"))
    model.script(ways.ok({"intent": "quote_request", "summary": "Zelda Quigley asks what new pads cost."}))

    run(stages.enrich, lead)

    assert values(lead, "summary")[0][:2] == ("Zelda Quigley asks what new pads cost.", "current")


def test_the_summary_is_asked_for_in_the_staffs_language(model: OllamaServer, settings: Any) -> None:
    from enrichment.models import AiSettings

    AiSettings.objects.create(id=1, staff_language="de")
    lead = receive("Bonjour, mes freins grincent. Combien coûtent des plaquettes pour vendredi ? Merci, Chloé Moreau")
    summary = "Die Kundin Chloé Moreau fragt nach dem Preis neuer Bremsbeläge und möchte am Freitag kommen."
    model.script(ways.ok({"intent": "quote_request", "language": "fr", "summary": summary, "date": "vendredi"}))

    run(stages.enrich, lead)

    assert "one sentence in German" in model.chats[0]["messages"][0]["content"]
    assert values(lead, "summary")[0][0] == summary
    assert values(lead, "language")[0][0] == "fr"
    assert values(lead, "date")[0][2] == lead.submissions.get().pk
