"""Confidence that is set right by what staff left and changed."""

import pytest

from enrichment import confidence
from enrichment.confidence import Verdict, brier, shifted, shifts_of
from enrichment.models import ConfidenceTable
from leads.intake import receive
from leads.models import Feedback
from leads.values import FoundValue


def verdicts(origin: str, field: str, claimed: float, kept: int, changed: int) -> list[Verdict]:
    return [Verdict(origin, field, claimed, place < kept) for place in range(kept + changed)]


def test_a_field_that_is_often_changed_is_believed_less_and_others_of_its_origin_a_little_less():
    shifts = shifts_of(
        [*verdicts("model", "company", 0.9, 10, 40), *verdicts("model", "phone", 0.9, 50, 0)],
    )
    assert shifted(0.9, shifts["model", "company"]) < 0.4
    assert shifted(0.9, shifts["model", "phone"]) > 0.9
    assert shifted(0.9, shifts["model", "company"]) < shifted(0.9, shifts["model", ""]) < 0.9
    assert ("rule", "") not in shifts


def test_few_verdicts_move_little():
    shifts = shifts_of(verdicts("rule", "intent", 0.8, 0, 1))
    assert 0.6 < shifted(0.8, shifts["rule", "intent"]) < 0.8


def test_what_is_right_moves_nothing_to_speak_of():
    shifts = shifts_of(verdicts("rule", "intent", 0.8, 80, 20))
    assert shifted(0.8, shifts["rule", "intent"]) == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("shift", [-50.0, -1.0, 0.0, 1.0, 50.0])
@pytest.mark.parametrize("claimed", [0.0, 0.3, 1.0])
def test_no_shift_leaves_the_range(claimed, shift):
    assert 0 <= shifted(claimed, shift) <= 1


def test_brier_is_nought_for_what_was_known_and_one_for_the_opposite():
    assert brier([Verdict("rule", "x", 1.0, True)], {}) == 0
    assert brier([Verdict("rule", "x", 1.0, False)], {}) == 1


def remember(lead, claimed: float, *, kept: int, changed: int) -> None:
    """Kept and changed ones well mixed, as time brings them."""
    total = kept + changed
    for place in range(total):
        is_kept = (place * kept) // total != ((place + 1) * kept) // total
        verdict = Feedback.Verdict.CONFIRMED if is_kept else Feedback.Verdict.EDITED
        Feedback.objects.create(
            lead=lead, field="company", origin="model", confidence=claimed, verdict=verdict, actor="ana"
        )


@pytest.fixture
def lead(db):
    return receive("Hello", source="paste")


def test_a_table_that_helps_is_used_and_keeps_what_was_claimed(lead):
    remember(lead, 0.9, kept=20, changed=40)
    table = confidence.learn()
    assert table is not None
    assert table.figures["is_used"]
    assert table.figures["brier_set_right"] < table.figures["brier_claimed"]
    (value,) = confidence.set_right([FoundValue("company", "Acme", 0.9)], origin="model", shifts=confidence.in_use())
    assert value.confidence < 0.55
    assert value.claimed == 0.9
    assert (
        confidence.set_right([FoundValue("company", "Acme", 0.9)], origin="rule", shifts=confidence.in_use())[0].claimed
        is None
    )


def test_a_table_that_would_not_have_helped_changes_nothing(lead):
    remember(lead, 0.9, kept=0, changed=28)  # so it was at first
    remember(lead, 0.9, kept=12, changed=0)  # and then it turned
    table = confidence.learn()
    assert table is not None
    assert table.rows == []
    assert not table.figures["is_used"]
    assert (
        confidence.set_right([FoundValue("company", "Acme", 0.9)], origin="model", shifts=confidence.in_use())[
            0
        ].confidence
        == 0.9
    )


def test_few_verdicts_teach_nothing(lead):
    remember(lead, 0.9, kept=5, changed=5)
    assert confidence.learn() is None
    confidence.learn_if_due()
    assert not ConfidenceTable.objects.exists()


def test_learning_happens_once_a_night(lead):
    remember(lead, 0.9, kept=20, changed=40)
    confidence.learn_if_due()
    confidence.learn_if_due()
    assert ConfidenceTable.objects.count() == 1
