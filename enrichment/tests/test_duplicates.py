"""Suggestions of duplicates: the real stage functions over a real database, and over the exact search unless told."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrichment import candidates, duplicates, exact_search, people, stages, vector_index, weighing
from enrichment.duplicates import Findings, Likely
from enrichment.models import Embedding, LeadKey, LearnedWeights
from leads import merging
from leads.duplicates import shared_contact_keys
from leads.matching import WEIGHTS_VERSION, Match
from leads.merging import NewValues
from leads.models import DuplicateSuggestion, Event, Lead, StageRun
from leads.values import Contact, FoundValue
from tests.leads_at_hand import receive
from tests.servers.chroma import ChromaServer, free_port

pytestmark = pytest.mark.django_db
State = DuplicateSuggestion.State

ANA = Contact("Ana", "Kowalczyk", "ana.kowalczyk@gmail.com", "+15125550142", "Kowalczyk Dental")
BEN = Contact("Ben", "Okafor", "ben.okafor@yahoo.com", "+15125550177")
ANA_SILVA = Contact("Ana", "Silva", "asilva@web.de")
BRAKES = "My brakes squeal since Monday, can you have a look at them this week please?"
FACIAL = "I would like to book a facial for my sister's birthday in June."


@pytest.fixture(autouse=True)
def _no_chroma(settings: Any) -> None:
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    vector_index.try_again()
    exact_search.release()


def pass_through(*leads: Lead) -> dict[int, str]:
    """Embedding and duplicates for a batch, as the runner does it; returns the notes."""
    batch = list(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).prefetch_related("submissions"))
    stages.embed(batch).save()
    outcome = stages.find_duplicates(batch)
    outcome.save()
    return outcome.notes


def suggested() -> list[tuple[int, int]]:
    """Without the unlikely pairs that are kept to learn from, which are chosen by their numbers."""
    return sorted(DuplicateSuggestion.objects.open().filter(is_probe=False).values_list("first", "second"))


def test_the_same_person_again() -> None:
    first, second = receive(BRAKES, ANA), receive(FACIAL, ANA)
    assert pass_through(first) == {}
    assert pass_through(second) == {second.pk: "1 possible duplicate"}
    suggestion = DuplicateSuggestion.objects.get()
    assert (suggestion.first_id, suggestion.second_id, suggestion.state) == (first.pk, second.pk, State.OPEN)
    assert suggestion.probability > 0.999
    assert suggestion.similarity == pytest.approx(0.2, abs=0.2)
    texts = [reason["text"].split(" (")[0] for reason in suggestion.reasons]
    assert {"Before any evidence", "Same name", "Same e-mail", "Same phone", "Same company"} <= set(texts)
    assert suggestion.weights == WEIGHTS_VERSION
    assert suggestion.signals
    assert 1 / (1 + 2**-suggestion.log_odds) == pytest.approx(suggestion.probability, abs=1e-6)


def test_samples_and_real_leads_are_kept_apart() -> None:
    """They can't be merged, so a suggestion would lead nowhere."""
    sample, real, another = receive(BRAKES, ANA), receive(BRAKES, ANA), receive(FACIAL, ANA)
    Lead.objects.filter(pk=sample.pk).update(is_sample=True)
    pass_through(sample, real, another)
    assert suggested() == [(real.pk, another.pk)]


@pytest.mark.parametrize("batches", [[[0, 1]], [[1, 0]], [[0], [1]], [[1], [0]]])
def test_any_order_of_work_finds_the_pair(batches: list[list[int]]) -> None:
    leads = [receive(BRAKES, ANA), receive(BRAKES, ANA)]
    for batch in batches:
        pass_through(*[leads[number] for number in batch])
    assert suggested() == [(leads[0].pk, leads[1].pk)]


def test_two_workers_at_once_find_the_pair() -> None:
    """Both have written their keys before either looks for candidates."""
    leads = [receive("", ANA), receive("", ANA)]
    one, other = leads
    duplicates.find([one])
    findings = duplicates.find([other])
    duplicates.save(findings)
    duplicates.save(duplicates.find([one]))
    assert suggested() == [(one.pk, other.pk)]


@pytest.mark.parametrize(
    ("again", "text"),
    [
        (Contact("Ana", "Kowalczyk", phone="+15125550143"), FACIAL),
        (Contact("A", "Kowalczyk", "anakowalczyk@gmail.com"), FACIAL),
        (Contact("Kowalczyk", "Ana"), BRAKES),
        (Contact(email="Ana.Kowalczyk+news@GMAIL.com"), ""),
        (Contact(phone="+15125550142"), BRAKES),
        (Contact(phone="(512) 555-0142"), BRAKES),
    ],
)
def test_other_spellings_are_found(again: Contact, text: str) -> None:
    first, second = receive(BRAKES, ANA), receive(text, again)
    pass_through(first, second)
    assert suggested() == [(first.pk, second.pk)]


def test_a_like_need_is_no_duplicate() -> None:
    again = "My brakes make a squealing noise, could you have a look at them on Friday?"
    pass_through(receive(BRAKES, ANA), receive(BRAKES, BEN), receive(again, Contact("Carl")), receive(again, ANA_SILVA))
    assert suggested() == []


def test_the_meaning_brings_together_what_shares_no_key() -> None:
    first, second = receive(BRAKES, Contact("Otto", "", "ak@web.de")), receive(BRAKES, Contact("", "Brenner"))
    pass_through(first, second)
    held = [set(LeadKey.objects.filter(lead=lead).values_list("key", flat=True)) for lead in (first, second)]
    assert {key for key in held[0] & held[1] if not key.startswith("text")} == set()
    assert (first.pk, second.pk) in duplicates.find([second]).probabilities


# ---- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.DISMISSED, State.MERGED])
def test_a_decision_is_never_touched(state: str) -> None:
    first, second = receive(BRAKES, ANA), receive(BRAKES, ANA)
    shared = shared_contact_keys(first, second)
    decided = DuplicateSuggestion.objects.create(
        first=first, second=second, probability=0.6, state=state, shared_keys=shared
    )
    pass_through(first, second)
    pass_through(second)
    assert list(DuplicateSuggestion.objects.values_list("pk", "probability", "state")) == [(decided.pk, 0.6, state)]


@pytest.mark.parametrize("state", [State.DISMISSED, State.RELATED])
def test_a_new_key_in_common_asks_again(state: str) -> None:
    first, second = receive(BRAKES, ANA), receive(BRAKES, Contact(ANA.first_name, ANA.last_name, phone=ANA.phone))
    pass_through(first, second)
    relation = "family" if state == State.RELATED else ""
    decided = {"state": state, "relation": relation, "decided_at": timezone.now()}
    DuplicateSuggestion.objects.update(**decided, shared_keys=shared_contact_keys(first, second))
    pass_through(second)
    assert suggested() == []

    merging.edit(second, field="email", value=ANA.email, actor="olivia")
    pass_through(second)
    row = DuplicateSuggestion.objects.get()
    assert (row.state, row.relation, row.decided_at, row.shared_keys) == (State.OPEN, "", None, [])
    said = list(Event.objects.filter(text__startswith="Suggested again").values_list("lead", "text"))
    assert sorted(pk for pk, _ in said) == [first.pk, second.pk]
    assert all(text.endswith("both have the e-mail anakowalczyk@gmail.com") for _, text in said)


def test_other_weights_or_another_model_revive_nothing(settings: Any) -> None:
    first, second = receive(BRAKES, ANA), receive(BRAKES, ANA)
    pass_through(first, second)
    shared = shared_contact_keys(first, second)
    DuplicateSuggestion.objects.update(state=State.DISMISSED, shared_keys=shared, decided_at=timezone.now())
    settings.EMBEDDING_MODEL = "another"
    LearnedWeights.objects.create(
        version=1, shipped=WEIGHTS_VERSION, decisions=300, coefficients={"": 3.0}, is_active=True
    )
    findings = duplicates.find([second])
    assert findings.weights == f"{WEIGHTS_VERSION}+learned-1"
    assert duplicates.save(findings) == set()
    assert suggested() == []


def test_further_contact_points_count(db: None) -> None:
    first, second = receive(BRAKES, ANA), receive(FACIAL, Contact("Ana", email="ana@work.example"))
    point = {"kind": "email", "value": "ana@work.example", "key": "ana@work.example"}
    first.contact_points.create(**point)
    pass_through(first, second)
    assert suggested() == [(first.pk, second.pk)]
    assert shared_contact_keys(first, second) == ["email:ana@work.example"]


def test_place_and_message_are_known() -> None:
    lead = receive(BRAKES, ANA)
    place = NewValues(lead, [FoundValue("place", "8 Stanley Street, Miami")])
    with transaction.atomic():
        merging.apply([place], origin="rule")
    person = people.read([lead.pk])[lead.pk]
    assert (person.place, person.message, person.phone) == ("8 Stanley Street, Miami", BRAKES, "15125550142")
    assert person.received_at == pytest.approx(lead.received_at.timestamp(), abs=1e-3)


# ---- probes ----------------------------------------------------------------------------------------------------------


def findings_of(pair: tuple[int, int], probability: float, *, is_likely: bool) -> Findings:
    item = Likely(pair, Match(probability, ()), None)
    found = {"likely": {pair: item}} if is_likely else {"probes": {pair: item}}
    return Findings(**found, suggested={pair})


def test_probes_are_a_small_share_and_always_the_same() -> None:
    drawn = [pair for pair in ((a, b) for a in range(1, 100) for b in range(a + 1, 100)) if weighing.is_probe(pair)]
    assert 0.04 < len(drawn) / (99 * 98 / 2) < 0.06
    assert all(weighing.is_probe(pair) for pair in drawn)


def test_a_probe_is_not_shown_until_it_is_likely() -> None:
    pair = (receive().pk, receive().pk)
    assert duplicates.save(findings_of(pair, 0.2, is_likely=False)) == set()
    assert list(DuplicateSuggestion.objects.values_list("is_probe", "probability")) == [(True, 0.2)]
    assert not DuplicateSuggestion.objects.to_review().exists()
    assert duplicates.save(findings_of(pair, 0.8, is_likely=True)) == set(pair)
    assert list(DuplicateSuggestion.objects.to_review().values_list("is_probe", "probability")) == [(False, 0.8)]
    assert duplicates.save(Findings(suggested={pair})) == set()
    assert not DuplicateSuggestion.objects.exists()


def test_an_open_suggestion_follows_the_facts() -> None:
    first, second = receive(BRAKES, ANA), receive(BRAKES, Contact(phone=ANA.phone))
    pass_through(first, second)
    before = DuplicateSuggestion.objects.get()
    merging.edit(second, field="email", value=ANA.email, actor="olivia")
    pass_through(second)
    after = DuplicateSuggestion.objects.get()
    assert (after.pk, after.probability > before.probability) == (before.pk, True)

    for field, value in [("email", BEN.email), ("phone", BEN.phone), ("first_name", "Ben"), ("last_name", "Okafor")]:
        merging.edit(second, field=field, value=value, actor="olivia")
    pass_through(second)
    assert suggested() == []
    keys = set(LeadKey.objects.filter(lead=second).values_list("key", flat=True))
    assert {"email:ben.okafor@yahoo.com", "last:okafor"} <= keys
    assert not any("kowalczyk" in key for key in keys)


def test_merged_leads_are_left_out() -> None:
    first, second, third = receive(BRAKES, ANA), receive(BRAKES, ANA), receive(BRAKES, ANA)
    pass_through(first, second)
    Lead.objects.filter(pk=second.pk).update(merged_into=first)
    pass_through(second, third)
    assert (first.pk, third.pk) in suggested()
    assert (second.pk, third.pk) not in suggested()


def test_a_lead_erased_meanwhile_is_no_error() -> None:
    first, second = receive(BRAKES, ANA), receive(BRAKES, ANA)
    pass_through(first)
    batch = list(Lead.objects.filter(pk=second.pk).prefetch_related("submissions"))
    embedded = stages.embed(batch)
    found = stages.find_duplicates(batch)
    Lead.objects.all().delete()
    embedded.save()
    found.save()
    assert (DuplicateSuggestion.objects.count(), Embedding.objects.count()) == (0, 0)


def test_a_suggestion_changes_both_leads_and_their_scores() -> None:
    first, second = receive(BRAKES, ANA), receive(BRAKES, ANA)
    pass_through(first)
    before = dict(Lead.objects.values_list("pk", "updated_at"))
    StageRun.objects.all().delete()
    pass_through(second)
    after = dict(Lead.objects.values_list("pk", "updated_at"))
    assert all(after[lead.pk] > before[lead.pk] for lead in (first, second))
    assert sorted(StageRun.objects.values_list("stage", "lead")) == [("score", first.pk), ("score", second.pk)]


# ---- how common ------------------------------------------------------------------------------------------------------


def test_namesakes_with_other_addresses_are_counted() -> None:
    people = [receive("", Contact("Maria", "Garcia", f"mg{number}@gmail.com")) for number in range(12)]
    pass_through(*people)
    assert suggested() == []


def test_a_mailbox_of_many_people_is_no_evidence() -> None:
    names = ["Ana Silva", "Ben Okafor", "Cleo Ng", "Dan Weiss", "Eva Lund", "Finn Roth", "Gia Moss", "Hal Berg"]
    staff = [receive("", Contact(*name.split(), "frontdesk77@gmail.com")) for name in names]
    pass_through(*staff)
    assert suggested() == []


def test_a_crowd_of_the_same_brings_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighing, "MOST", 3)
    leads = [receive(BRAKES, ANA) for _ in range(8)]
    pass_through(*leads)
    seconds = [second for _, second in suggested()]
    assert [seconds.count(lead.pk) for lead in leads] == [0, 1, 2, 3, 3, 3, 3, 3]


def test_only_the_newest_of_a_key_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "NEWEST", 4)
    leads = [receive("", ANA) for _ in range(9)]
    pass_through(*leads[:8])
    duplicates.save(duplicates.find([leads[8]]))
    assert {first for first, second in suggested() if second == leads[8].pk} == {lead.pk for lead in leads[5:8]}


# ---- cost ------------------------------------------------------------------------------------------------------------


def crowd(count: int) -> Sequence[Lead]:
    return [
        receive(f"{BRAKES} {number}", Contact("Ana", f"Silva{number}", f"ana{number % 9}@x.com"))
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [2, 32])
def test_a_batch_takes_a_handful_of_queries(count: int, index: ChromaServer, settings: Any) -> None:
    settings.CHROMA_URL = index.url
    vector_index.try_again()
    leads = crowd(count)
    batch = list(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).prefetch_related("submissions"))
    with CaptureQueriesContext(
        connection,
    ) as embedding:
        stages.embed(batch).save()
    vector_index.index_pending()
    with CaptureQueriesContext(connection) as finding:
        findings = duplicates.find(batch)
    with CaptureQueriesContext(connection) as saving:
        duplicates.save(findings)
    assert len(embedding) <= 5
    assert len(finding) <= 21
    assert len(saving) <= 10
