"""The check of all leads: its blocks, its progress, and that it finds what a new lead's search finds."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from enrichment import duplicates, exact_search, stages, survey, sweep, vector_index
from enrichment.models import LeadKey, Sweep
from leads import tasks
from leads.duplicates import shared_contact_keys
from leads.models import DuplicateSuggestion, Lead, StageRun
from leads.values import Contact
from tests.leads_at_hand import receive
from tests.servers.chroma import free_port

pytestmark = pytest.mark.django_db

ANA = Contact("Ana", "Kowalczyk", "ana.kowalczyk@gmail.com", "+15125550142", "Kowalczyk Dental")
BRAKES = "My brakes squeal since Monday, can you have a look at them this week please?"


@pytest.fixture(autouse=True)
def _alone(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    vector_index.try_again()
    exact_search.release()
    monkeypatch.setattr(sweep, "_held", None)


def crowd() -> list[Lead]:
    """Pairs of like people in various disguises, and people who only share a company or a text."""
    people = [
        ANA,
        Contact("Ana", "Kowalczyk", phone="+15125550143"),
        Contact("A", "Kowalczyk", "anakowalczyk@gmail.com"),
        Contact("Kowalczyk", "Ana", company="Kowalczyk Dental"),
        Contact("Ben", "Okafor", "ben@kowalczykdental.com", company="Kowalczyk Dental"),
        Contact("Benjamin", "Okafor", "ben.okafor@yahoo.com"),
        Contact("Mia", "Berg", "mia@berg.example", company="Kowalczyk Dental"),
        Contact("Mia", "", "mia@berg.example"),
    ]
    return [receive(BRAKES if number % 3 else f"Hello {number}", person) for number, person in enumerate(people)]


def embed(leads: list[Lead]) -> None:
    stages.embed(list(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).prefetch_related("submissions"))).save()


def shown() -> dict[tuple[int, int], float]:
    rows = DuplicateSuggestion.objects.filter(is_probe=False).values_list("first", "second", "probability")
    return {(first, second): round(probability, 6) for first, second, probability in rows}


def run() -> int:
    rounds = 0
    while sweep.go_on():
        rounds += 1
    return rounds


def test_it_finds_what_the_search_of_each_lead_finds() -> None:
    leads = crowd()
    embed(leads)
    expected = duplicates.find(leads)
    assert len(expected.likely) >= 3
    LeadKey.objects.all().delete()
    duplicates.find([])
    for lead in leads:  # the keys of all
        duplicates.find([lead])
    found = survey.compare([lead.pk for lead in leads], survey.Held.read())
    assert {pair: item.match.probability for pair, item in found.likely.items()} == {
        pair: pytest.approx(item.match.probability) for pair, item in expected.likely.items()
    }


def test_in_blocks_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BLOCK", 3)
    leads = crowd()
    embed(leads)
    sweep.start()
    sweep.start()  # one at a time
    StageRun.objects.all().delete()
    assert run() == 3
    (row,) = Sweep.objects.all()
    assert (row.position, row.done, row.total, row.found) == (leads[-1].pk, 8, 8, len(shown()))
    assert row.finished_at is not None
    assert shown().keys() == duplicates.find(leads).likely.keys()
    assert set(StageRun.objects.values_list("stage", flat=True)) == {"score"}
    assert run() == 0


def test_killed_it_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BLOCK", 3)
    crowd()
    sweep.start()
    assert sweep.go_on()
    monkeypatch.setattr(sweep, "_held", None)  # a new process
    assert Sweep.objects.get().done == 3
    assert run() == 2
    assert Sweep.objects.get().done == 8


def test_new_weights_begin_anew() -> None:
    crowd()
    sweep.start()
    sweep.go_on()
    sweep.start()
    assert Sweep.objects.get().done == 8
    sweep.start(over=True)
    assert (Sweep.objects.get().done, Sweep.objects.get().position) == (0, 0)


def test_open_suggestions_are_brought_up_to_date_and_decisions_are_kept() -> None:
    first, second, third, other = receive(BRAKES, ANA), receive("Hi", ANA), receive("Ho", ANA), receive()
    rows = {
        "stale": DuplicateSuggestion.objects.create(first=first, second=second, probability=0.5),
        "unlikely": DuplicateSuggestion.objects.create(first=first, second=other, probability=0.9),
        "decided": DuplicateSuggestion.objects.create(
            first=first,
            second=third,
            probability=0.6,
            state="dismissed",
            decided_at=timezone.now(),
            shared_keys=shared_contact_keys(first, third),
        ),
    }
    sweep.start()
    run()
    kept = DuplicateSuggestion.objects.in_bulk([row.pk for row in rows.values()])
    assert kept[rows["stale"].pk].probability > 0.99
    assert rows["unlikely"].pk not in kept
    assert (kept[rows["decided"].pk].probability, kept[rows["decided"].pk].state) == (0.6, "dismissed")


def test_merged_leads_take_no_part() -> None:
    first, second = receive(BRAKES, ANA), receive(BRAKES, ANA)
    duplicates.find([first, second])
    Lead.objects.filter(pk=second.pk).update(merged_into=first)
    sweep.start()
    run()
    assert shown() == {}
    assert not LeadKey.objects.filter(lead=second).exists()
    Lead.objects.filter(pk=second.pk).update(merged_into=None)  # it stands again
    sweep.start()
    run()
    assert shown().keys() == {(first.pk, second.pk)}


def test_blocks_that_fail_are_left_out_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BLOCK", 5)
    crowd()
    monkeypatch.setattr(sweep, "_held", survey.Held(common=None))
    sweep.start()
    assert run() == 2 * sweep.TRIES
    (row,) = Sweep.objects.all()
    assert (row.done, row.found, row.finished_at is not None) == (8, 0, True)


@pytest.mark.parametrize(
    ("started_days_ago", "starts"), [(None, True), (0, False), (2, True)], ids=["never", "today", "before"]
)
def test_once_a_night(started_days_ago: int | None, starts: bool) -> None:
    receive()
    if started_days_ago is not None:
        started = timezone.now() - dt.timedelta(days=started_days_ago)
        Sweep.objects.create(started_at=started, finished_at=started)
    sweep.start_if_due()
    assert Sweep.objects.filter(finished_at=None).exists() is starts


def test_the_worker_does_it_between_leads(transactional_db: None) -> None:
    leads = crowd()
    sweep.start()
    tasks.work("ml")
    assert Sweep.objects.get().finished_at is not None
    assert StageRun.objects.filter(lead__in=leads, stage="score").exists()


# ---- the page's part -------------------------------------------------------------------------------------------------


def test_progress_and_outcome(client: Client, django_assert_max_num_queries: Any) -> None:
    assert "that has not happened yet" in client.get("/ai/sweep/").content.decode()
    Sweep.objects.create(total=100_000, done=12_400)
    with django_assert_max_num_queries(6):
        page = client.get("/ai/sweep/").content.decode()
    assert "Checking all leads: 12,400 of 100,000" in page
    assert 'hx-trigger="every 2s"' in page
    now = timezone.now()
    Sweep.objects.update(done=100_000, found=3, finished_at=now, moved_at=now, started_at=now - dt.timedelta(minutes=2))
    page = client.get("/ai/sweep/").content.decode()
    assert "100,000 leads in 2 minutes, 3 new suggestions." in page
    assert "every 2s" not in page


def test_the_button_starts_it(client: Client, anonymous: Client) -> None:
    receive()
    assert client.get("/ai/sweep/start/").status_code == 405
    answer = client.post("/ai/sweep/start/", headers={"HX-Request": "true"}, follow=True)
    assert "Checking all leads: 0 of 1" in answer.content.decode()
    assert anonymous.get("/ai/sweep/").status_code == 302
