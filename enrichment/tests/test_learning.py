import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrichment import learning
from enrichment.learning import NotUsable, Trial, current, examples, refit, reset, use
from enrichment.models import LearnedWeights, Refit, Sweep
from enrichment.tests.history import decide
from leads.matching import WEIGHTS_VERSION
from leads.models import DuplicateSuggestion

OTHER_SHIPPED = "another version"


def learned(version: int, **values: Any) -> LearnedWeights:
    values = {"shipped": WEIGHTS_VERSION, "coefficients": {"shared_phone": 1.5}, "decisions": 80} | values
    return LearnedWeights.objects.create(version=version, **values)


def active() -> list[int]:
    return list(LearnedWeights.objects.active().values_list("version", flat=True))


# ---- what is in use --------------------------------------------------------------------------------------------------


def test_without_anything_learned_there_is_no_correction(db):
    learned(1)
    assert current() is None


def test_the_correction_in_use_is_read_once_and_noticed_at_once(db):
    learned(1, is_active=True)
    first = current()
    assert first is not None
    assert (first.version, first.decisions, first.coefficients) == (1, 80, {"shared_phone": 1.5})
    with CaptureQueriesContext(connection) as captured:
        assert current() is first
    assert len(captured) == 1
    learned(2, coefficients={"shared_phone": -1.0})
    use(2, by="olivia")
    assert current().coefficients == {"shared_phone": -1.0}
    reset(by="olivia")
    assert current() is None


def test_a_correction_of_other_shipped_weights_is_not_used(db):
    learned(1, is_active=True, shipped=OTHER_SHIPPED)
    assert current() is None
    with pytest.raises(NotUsable, match="other shipped weights"):
        use(1, by="olivia")
    assert active() == [1]


# ---- decisions -------------------------------------------------------------------------------------------------------


def test_examples_are_the_decided_pairs_with_their_numbers(db):
    rows = decide(9, seed=3)
    for row, changes in zip(
        rows,
        [
            {"state": "merged"},
            {"state": "dismissed"},
            {"state": "related", "relation": "family"},
            {"state": "merged", "weights": f"{WEIGHTS_VERSION}+learned-2"},
            {"state": "open", "decided_at": None},  # a merge that was undone
            {"signals": {}},
            {"decided_at": None},
            {"weights": OTHER_SHIPPED},
            {"weights": ""},
        ],
        strict=True,
    ):
        DuplicateSuggestion.objects.filter(pk=row.pk).update(**changes)
    found = examples()
    assert [example.is_same for example in found] == [True, False, False, True]
    assert [(example.signals, example.log_odds) for example in found] == [
        (row.signals, row.log_odds) for row in rows[:4]
    ]
    assert [example.decided_at for example in found] == [row.decided_at.timestamp() for row in rows[:4]]


def test_only_the_newest_decisions_count(db, monkeypatch):
    monkeypatch.setattr(learning, "MOST", 3)
    rows = decide(5)
    assert [example.log_odds for example in examples()] == [row.log_odds for row in rows[2:]]


# ---- learning --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("same", "other"), [(0, 0), (29, 60), (60, 29)])
def test_too_few_decisions_of_a_kind(db, same, other):
    rows = decide(same + other, taught=3)
    DuplicateSuggestion.objects.update(state="dismissed")
    DuplicateSuggestion.objects.filter(pk__in=[row.pk for row in rows[:same]]).update(state="merged")
    assert refit() is None
    assert not LearnedWeights.objects.exists()


def test_what_helps_is_put_in_use_and_all_leads_are_weighed_again(transactional_db):
    decide(300, taught=3)
    weights = refit()
    assert weights is not None
    assert (weights.version, weights.is_active, weights.decisions, weights.shipped) == (1, True, 300, WEIGHTS_VERSION)
    assert weights.coefficients["shared_phone"] > 1
    figures = weights.figures
    assert figures["held_out"] == 60
    assert figures["before"] == figures["shipped"]
    assert figures["after"]["log_loss"] < 0.9 * figures["before"]["log_loss"]
    assert figures["after"]["right"] > figures["before"]["right"]
    assert "Right about" in weights.note
    assert current().coefficients == weights.coefficients
    assert Sweep.objects.filter(finished_at=None).exists()


@pytest.mark.parametrize("seed", range(1, 6))
def test_nothing_to_learn_is_stored_but_not_used(transactional_db, seed):
    decide(200, taught=0, seed=seed)
    weights = refit()
    assert weights is not None
    assert not weights.is_active
    assert weights.note.startswith("It ")
    assert current() is None
    assert not Sweep.objects.exists()


@pytest.mark.parametrize("seed", range(1, 6))
def test_decisions_by_the_toss_of_a_coin_teach_nothing(transactional_db, seed):
    for place, row in enumerate(decide(200, seed=seed)):
        DuplicateSuggestion.objects.filter(pk=row.pk).update(state="merged" if place % 2 else "dismissed")
    weights = refit()
    assert weights is not None
    assert (weights.is_active, current()) == (False, None)


def test_the_same_decisions_are_not_learned_twice(transactional_db):
    decide(300, taught=3)
    refit()
    assert refit() is None
    reset(by="olivia")
    assert refit() is None  # else the next night would undo what a person did
    assert (LearnedWeights.objects.count(), active()) == (1, [])


def test_a_better_one_takes_the_place_of_what_is_in_use(transactional_db):
    learned(7, is_active=True, coefficients={"shared_phone": -2.0})
    decide(300, taught=3)
    weights = refit()
    assert weights is not None
    assert (weights.version, active()) == (8, [8])
    assert weights.figures["before"]["log_loss"] > weights.figures["shipped"]["log_loss"]


def test_what_is_in_use_stays_when_it_does_as_well(transactional_db):
    learned(7, is_active=True, coefficients={"shared_phone": 6.0, "": -3.0})  # what the history was made with
    decide(300, taught=3, seed=2)
    weights = refit()
    assert weights is not None
    assert (weights.is_active, active()) == (False, [7])
    assert "not clearly better" in weights.note


FINE = learning.Figures(0.2, 0.8, 0.9)


@pytest.mark.parametrize(
    ("after", "guessing", "doubt", "objection"),
    [
        (learning.Figures(0.1, 0.8, 0.9), 0.69, 0.05, ""),
        (learning.Figures(0.1, 0.9, 0.95), 0.69, 0.05, ""),
        (learning.Figures(0.1, 0.9, 0.95), 0.69, 0.11, "not clearly better"),
        (learning.Figures(0.199, 0.9, 0.95), 0.69, 0.0, "not clearly better"),
        (learning.Figures(0.3, 0.9, 0.95), 0.69, 0.05, "not clearly better"),
        (learning.Figures(0.1, 0.77, 0.95), 0.69, 0.05, ""),
        (learning.Figures(0.1, 0.73, 0.95), 0.69, 0.05, "73 of 100"),
        (learning.Figures(0.1, 0.9, 0.95), 0.1, 0.05, "foretold from"),
    ],
)
def test_what_speaks_against_using_it(after, guessing, doubt, objection):
    found = Trial({}, 100, 20, guessing, doubt, 0.05, after, before=FINE, shipped=FINE).objection
    assert objection in found
    assert bool(objection) is bool(found)


def test_old_versions_are_cleared_out_but_never_the_one_in_use(transactional_db, monkeypatch):
    monkeypatch.setattr(learning, "KEPT", 3)
    learned(1, is_active=True, coefficients={"shared_phone": 6.0, "": -3.0})
    for version in range(2, 7):
        learned(version)
    decide(200, taught=3)
    refit()
    assert sorted(LearnedWeights.objects.values_list("version", flat=True)) == [1, 5, 6, 7]
    assert active() == [1]


@pytest.mark.parametrize("is_used_before", [False, True])
def test_several_at_once_leave_one_in_use(transactional_db, is_used_before):
    if is_used_before:
        learned(1, is_active=True, coefficients={"shared_phone": -2.0})
    decide(300, taught=3)
    results: list[object] = []

    def learn() -> None:
        try:
            results.append(refit())
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=learn) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result for result in results if isinstance(result, Exception)] == []
    versions = [result.version for result in results if isinstance(result, LearnedWeights)]
    assert len(set(versions)) == len(versions) >= 1
    assert len(active()) == 1
    assert active()[0] in versions


# ---- people change it ------------------------------------------------------------------------------------------------


def test_an_older_version_and_the_shipped_weights_again(transactional_db):
    learned(1)
    learned(2, is_active=True)
    assert use(1, by="olivia").version == 1
    assert active() == [1]
    assert LearnedWeights.objects.get(version=2).note.startswith("Taken out of use by olivia, ")
    assert LearnedWeights.objects.get(version=1).note.startswith("Put in use by olivia, ")
    assert Sweep.objects.filter(finished_at=None).count() == 1
    reset(by="olivia")
    assert (active(), LearnedWeights.objects.count()) == ([], 2)
    with pytest.raises(NotUsable, match="no version 3"):
        use(3, by="olivia")


def test_reset_of_nothing_weighs_nothing_again(transactional_db):
    reset(by="olivia")
    assert not Sweep.objects.exists()


# ---- asking for it ---------------------------------------------------------------------------------------------------


def test_asked_once_however_often(transactional_db):
    learning.ask(by="olivia")
    learning.ask()
    assert list(Refit.objects.values_list("asked_by", "finished_at")) == [("olivia", None)]
    learning.refit_if_asked()
    done = Refit.objects.get()
    assert done.outcome == "Too few decisions to learn from: 0 merges and 0 others, 30 of each needed."
    assert done.finished_at is not None
    learning.refit_if_asked()
    learning.ask()
    assert Refit.objects.count() == 2


def test_the_outcome_is_told(transactional_db):
    decide(300, taught=3)
    learning.ask()
    learning.refit_if_asked()
    assert Refit.objects.first().outcome.startswith("Version 1 is now in use. Right about ")


def test_what_goes_wrong_does_not_stop_the_worker(transactional_db, caplog):
    decide(100)
    DuplicateSuggestion.objects.filter(pk=DuplicateSuggestion.objects.first().pk).update(signals={"shared_phone": "x"})
    learning.ask()
    learning.refit_if_asked()
    assert Refit.objects.get().outcome.startswith("Something unexpected went wrong (ValueError).")
    assert "Learning from the decisions failed" in caplog.text


def test_a_database_that_is_away_is_waited_for(transactional_db, monkeypatch):
    learning.ask()
    with connection.execute_wrapper(_locked):
        learning.refit_if_asked()
    assert Refit.objects.get().finished_at is None


def _locked(execute: Any, sql: str, *arguments: Any) -> Any:
    if "leads_duplicatesuggestion" in sql:
        raise learning.pipeline.DATABASE_AWAY[0]("database is locked")
    return execute(sql, *arguments)
