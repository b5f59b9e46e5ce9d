import random
from math import log2

import pytest

from leads.matching.learning import Example, corrected, fit, judge


def decisions(count: int, *, misjudged: float = 0.0, seed: int = 1) -> list[Example]:
    """Pairs decided as the log-odds say, but those with the sign "phone:same" by so many bits otherwise."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        odds = chance.uniform(-5, 8)
        signals = {"name:same": 1.0} | ({"phone:same": 1.0} if number % 2 else {})
        truth = odds + misjudged * (number % 2)
        found.append(Example(signals, odds, chance.random() < 1 / (1 + 2**-truth)))
    return found


@pytest.mark.parametrize("examples", [[], [Example({}, 1.0, True)] * 50, [Example({}, 1.0, False)] * 50])
def test_one_kind_of_answer_teaches_nothing(examples: list[Example]) -> None:
    assert fit(examples) == {}


def test_what_is_misjudged_is_learned() -> None:
    learned = fit(decisions(1000, misjudged=-3))
    assert -3.5 < learned["phone:same"] - learned.get("name:same", 0.0) < -1
    assert corrected({"phone:same": 1.0, "name:same": 1.0}, 2.0, learned) < 1.0
    unseen = decisions(2000, misjudged=-3, seed=2)
    before, after = judge(unseen, None), judge(unseen, learned)
    assert after.log_loss < before.log_loss - 0.05
    assert after.recall_at_p99 >= before.recall_at_p99
    assert before.count == after.count == 2000


@pytest.mark.parametrize("count", [10, 30, 100, 300])
def test_few_decisions_change_little_where_nothing_is_wrong(count: int) -> None:
    learned = fit(decisions(count))
    assert abs(corrected({"name:same": 1.0}, 0.0, learned)) < 1.0
    unseen = decisions(2000, seed=3)
    assert judge(unseen, learned).log_loss < judge(unseen, None).log_loss + 0.03


def test_nothing_learned_changes_nothing() -> None:
    assert corrected({"name:same": 1.0}, 3.25, {}) == 3.25
    assert corrected({"name:same": 2.0, "other": 5.0}, 3.25, {"name:same": 0.5, "unknown": 9.0}) == 4.25


def test_the_order_and_the_certain_do_not_matter() -> None:
    examples = decisions(200, misjudged=2)
    assert fit(examples) == pytest.approx(fit(examples[::-1]), abs=1e-3)
    sure = [Example({"name:same": 1.0}, 900.0, True), Example({}, -900.0, False)]
    assert all(abs(value) < 0.01 for value in fit(sure).values())


def test_judging() -> None:
    odds = [5.0, 4.0, 3.0, 2.0]
    examples = [Example({}, value, is_same) for value, is_same in zip(odds, [True, True, False, True], strict=True)]
    found = judge(examples, None)
    assert (found.recall_at_p99, found.count) == (pytest.approx(2 / 3), 4)
    losses = [log2(1 + 2**-5), log2(1 + 2**-4), log2(1 + 2**3), log2(1 + 2**-2)]
    assert found.log_loss == pytest.approx(sum(losses) / 4 * 0.693147, abs=1e-4)
    assert judge([], None).log_loss == 0.0
