import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrichment import calibration, learning
from enrichment.models import LearnedWeights, Refit, Sweep
from enrichment.tests.history import decide
from leads.matching import WEIGHTS_VERSION
from leads.models import DuplicateSuggestion, Lead

PAGE = "/ai/learning/"
OWNERS_BUTTONS = ("/ai/learning/ask/", "/ai/learning/use/1/", "/ai/learning/reset/")


def page(client: Client, query: str = "") -> str:
    return client.get(PAGE + query).content.decode()


def probe(name: str = "Ana") -> DuplicateSuggestion:
    first, second = (Lead.objects.create(source="paste", first_name=each) for each in (name, f"{name}bel"))
    return DuplicateSuggestion.objects.create(first=first, second=second, probability=0.12, is_probe=True)


@pytest.fixture
def helper(db) -> Client:
    """Staff who may read, but not change what is in use."""
    browser = Client()
    user = User.objects.create_user("hal", is_staff=True)
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_empty_states_say_what_to_do(client):
    shown = page(client)
    for part in (
        "Not enough decisions yet",
        "<b>0 of 30</b> merges",
        "<b>0 of 30</b> “not a duplicate” or “related”",
        "Nothing was learned yet.",
        "No decisions yet.",
        'href="/duplicates/"',
        "Nothing to ask now.",
        'action="/ai/learning/ask/"',
    ):
        assert part in shown, part
    assert "Versions" not in shown
    assert 'hx-trigger="every' not in shown


def test_what_was_learned_is_told_beside_the_shipped_weights(client, transactional_db):
    decide(300, taught=3)
    DuplicateSuggestion.objects.filter(pk=DuplicateSuggestion.objects.first().pk).update(signals={})
    learning.ask(by="olivia")
    learning.refit_if_asked()
    shown = page(client)
    for part in (
        "Version 1 is in use",
        "from 299 decisions",
        "Right about",
        f"On the newest {LearnedWeights.objects.get().figures['held_out']} decisions",
        'scope="row">As shipped<',
        'scope="row">Version 1<',
        "asked by olivia: Version 1 is now in use.",
        "1 older decision can't be learned from",
        'action="/ai/learning/reset/"',
    ):
        assert part in shown, part
    assert "In use before" not in shown


def test_bands_compare_what_was_said_with_what_was_decided(db):
    rows = decide(8)
    said = [0.1, 0.3, 0.5, 0.69, 0.7, 0.91, 0.95, 0.99]
    same = [0, 0, 1, 0, 1, 1, 1, 0]
    for row, probability, is_same in zip(rows, said, same, strict=True):
        row.probability, row.state = probability, "merged" if is_same else "dismissed"
    DuplicateSuggestion.objects.bulk_update(rows, ["probability", "state"])
    DuplicateSuggestion.objects.filter(pk=rows[0].pk).update(weights="others")
    found = calibration.decisions()
    assert [(band.low, band.high, band.same, band.count, band.was, band.said) for band in found.bands] == [
        (90, 100, 2, 3, 67, 95),
        (70, 90, 1, 1, 100, 70),
        (50, 70, 1, 2, 50, 60),
        (0, 50, 0, 2, 0, 20),
    ]
    assert (found.same, found.other, found.without, found.is_enough) == (4, 3, 1, False)


def test_progress_shows_itself_until_it_is_done(client, transactional_db):
    assert client.post("/ai/learning/ask/")["Location"] == PAGE
    assert 'hx-trigger="every 2s"' in page(client)
    part = client.get(PAGE, headers={"HX-Request": "true", "HX-Target": "learned"}).content.decode()
    assert part.lstrip().startswith('<div id="learned"')
    assert 'hx-trigger="every 2s"' in part
    assert "/ai/learning/ask/" not in part
    learning.refit_if_asked()
    part = client.get(PAGE, headers={"HX-Request": "true", "HX-Target": "learned"}).content.decode()
    assert "every 2s" not in part
    assert "Too few decisions to learn from" in part


def test_back_to_an_older_version_and_to_the_shipped_weights(client, transactional_db):
    for version in (1, 2):
        LearnedWeights.objects.create(version=version, shipped=WEIGHTS_VERSION, decisions=80, is_active=version == 2)
    shown = page(client)
    assert "/ai/learning/use/1/" in shown
    assert "/ai/learning/use/2/" not in shown
    assert "Version 1 is in use." in client.post("/ai/learning/use/1/", follow=True).content.decode()
    assert LearnedWeights.objects.active().get().version == 1
    assert "no version 9 any more" in client.post("/ai/learning/use/9/", follow=True).content.decode()
    assert "in use again" in client.post("/ai/learning/reset/", follow=True).content.decode()
    assert not LearnedWeights.objects.active().exists()
    assert Sweep.objects.filter(finished_at=None).count() == 1


def test_only_owners_change_it_and_others_read(client, helper, anonymous):
    for version in (1, 2):
        LearnedWeights.objects.create(version=version, shipped=WEIGHTS_VERSION, decisions=80, is_active=version == 2)
    shown = page(helper)
    assert "Version 2 is in use" in shown
    for path in OWNERS_BUTTONS:
        assert path not in shown
        assert helper.post(path).status_code == 403
        assert client.get(path).status_code == 405
        assert anonymous.post(path)["Location"].startswith("/login/")
    assert anonymous.get(PAGE)["Location"].startswith("/login/")
    assert (LearnedWeights.objects.active().get().version, Refit.objects.exists()) == (2, False)


def test_pairs_to_learn_from_one_at_a_time(client, staff, transactional_db):
    first, second = probe("Ana"), probe("Ben")
    gone = probe("Zoe")
    Lead.objects.filter(pk=gone.first_id).update(merged_into=first.first)
    shown = page(client)
    assert f"/ai/learning/different/{second.pk}/" in shown
    assert f"/ai/learning/different/{first.pk}/" not in shown
    assert f"?lead={second.first.public_id}&amp;lead={second.second.public_id}" in shown
    assert f'href="/ai/learning/?after={second.pk}#probe"' in shown
    answer = client.post(f"/ai/learning/different/{second.pk}/")
    assert answer["Location"] == f"/ai/learning/?after={second.pk}#probe"
    second.refresh_from_db()
    assert (second.state, second.decided_by) == ("dismissed", staff)
    answer = client.post(f"/ai/learning/different/{first.pk}/", headers={"HX-Request": "true", "HX-Target": "probe"})
    assert answer.content.decode().lstrip().startswith('<section id="probe"')
    assert "That was the last one." in answer.content.decode()
    assert "Nothing to ask now." in page(client, "?after=nonsense")


def test_a_skipped_pair_comes_again(client, db):
    asked = probe()
    part = client.get(f"{PAGE}?after={asked.pk}", headers={"HX-Request": "true", "HX-Target": "probe"}).content.decode()
    assert "Show the skipped ones again" in part
    part = client.get(PAGE, headers={"HX-Request": "true", "HX-Target": "probe"}).content.decode()
    assert f"/ai/learning/different/{asked.pk}/" in part


def test_only_what_is_asked_here_is_answered_here(client, db):
    shown = probe()
    DuplicateSuggestion.objects.update(is_probe=False)
    assert client.post(f"/ai/learning/different/{shown.pk}/").status_code == 404


def test_same_queries_for_1_and_30(client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(PAGE)
        return len(captured)

    def fill(numbers: range) -> None:
        for number in numbers:
            probe(f"Ana {number}")
            LearnedWeights.objects.create(version=number, shipped=WEIGHTS_VERSION, decisions=80)
            Refit.objects.create(finished_at=timezone.now())

    decide(1)
    fill(range(1, 2))
    client.get(PAGE)  # what is looked up once per process
    one = queries()
    decide(29)
    fill(range(2, 31))
    assert queries() == one <= 10
