from dataclasses import replace
from itertools import product

import pytest

from enrichment.profiles import Service, profile_for
from enrichment.scoring import Reason, Score, score
from leads.fields import INTENTS, URGENCIES

REACHABLE = {"email": "a@b.co", "phone": "+15125550142", "first_name": "Ana", "last_name": "Lopez"}
FULL = {
    **REACHABLE,
    "company": "Acme",
    "intent": "quote_request",
    "urgency": "urgent",
    "amount": "4000 USD",
    "date": "2026-11-27",
    "place": "Austin",
    "product": "brake pads",
    "vehicle": "2018 Honda Civic",
    "mileage": "85,000",
}


def scored(values, *, model=(), confidence=1.0, is_repeat=False, business_type="automotive"):
    origins = {key: "model" if key in model else "rule" for key in values}
    confidences = dict.fromkeys(values, confidence)
    return score(
        values, confidences=confidences, origins=origins, is_repeat=is_repeat, profile=profile_for(business_type)
    )


def test_every_point_has_its_reason():
    found = scored({**REACHABLE, "intent": "inquiry", "product": "oil change"}, is_repeat=True)

    assert found == Score(
        62,
        (
            Reason("Has an e-mail address", 14),
            Reason("Has a phone number", 14),
            Reason("Has a first name", 3),
            Reason("Has a last name", 3),
            Reason("Asks about services", 12),
            Reason("Names a service", 8),
            Reason("Has written before", 8),
        ),
    )


@pytest.mark.parametrize(
    ("values", "is_repeat", "points", "last"),
    [
        ({}, False, 0, Reason("No score is below 0", 10)),
        (FULL, True, 100, Reason("No score is above 100", -12)),
        ({"intent": "general"}, False, 0, Reason("No score is below 0", 6)),
    ],
)
def test_the_scale_ends_with_a_reason(values, is_repeat, points, last):
    found = scored(values, is_repeat=is_repeat)

    assert (found.points, found.reasons[-1]) == (points, last)


@pytest.mark.parametrize("intent", [*(key for key, _ in INTENTS), ""])
@pytest.mark.parametrize("model", [(), ("intent",), ("intent", "urgency"), tuple(FULL)])
def test_reasons_sum_to_the_points_and_the_model_moves_ten_at_most(intent, model):
    urgencies = [*(key for key, _ in URGENCIES), ""]
    for urgency, base, confidence in product(urgencies, ({}, REACHABLE, FULL), (0.0, 0.3, 0.9)):
        values = {**base, "intent": intent, "urgency": urgency}
        without = {key: value for key, value in values.items() if key not in model}

        found = scored(values, model=model, confidence=confidence, is_repeat=True)

        assert found.points == sum(reason.points for reason in found.reasons)
        assert 0 <= found.points <= 100
        assert abs(found.points - scored(without, confidence=confidence, is_repeat=True).points) <= 10


@pytest.mark.parametrize("intent", ["sales_pitch", "job_application"])
def test_who_is_no_customer_scores_low_however_complete(intent):
    assert scored({**FULL, "intent": intent}, is_repeat=True).points == 10


def test_only_a_model_that_calls_it_a_sales_pitch_costs_ten_points():
    plain = {key: value for key, value in FULL.items() if key not in {"intent", "place"}}

    assert scored(plain).points - scored({**plain, "intent": "sales_pitch"}, model=("intent",)).points == 10


def test_the_models_share_is_one_reason():
    found = scored({"email": "a@b.co", "intent": "quote_request", "urgency": "urgent"}, model=("intent", "urgency"))

    assert found.reasons == (Reason("Has an e-mail address", 14), Reason("What the model reads in the message", 10))


@pytest.mark.parametrize(
    ("origin", "confidence", "points"),
    [
        ("rule", 1.0, 20),
        ("rule", 0.5, 10),
        ("rule", 0.1, 2),
        ("staff", 0.1, 20),
        ("submitter", 0.1, 20),
        ("crm", 0.1, 20),
    ],
)
def test_an_unsure_intent_counts_less_unless_a_person_gave_it(origin, confidence, points):
    values = {"email": "a@b.co", "intent": "quote_request"}

    found = score(
        values,
        confidences={"intent": confidence},
        origins={"email": "submitter", "intent": origin},
        is_repeat=False,
        profile=profile_for("general"),
    )

    assert found.reasons == (Reason("Has an e-mail address", 14), Reason("Wants a quote", points))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"urgency": "urgent"}, {"urgency": "high"}),
        ({"urgency": "high"}, {"urgency": "medium"}),
        ({"urgency": "medium"}, {"urgency": "low"}),
        ({"intent": "quote_request"}, {"intent": "inquiry"}),
        ({"intent": "inquiry"}, {"intent": "general"}),
        ({"amount": "400 USD"}, {}),
        ({"date": "2026-11-27"}, {}),
        ({"vehicle": "Civic", "mileage": "85,000"}, {"vehicle": "Civic"}),
        ({"treatment": "botox"}, {}),
    ],
)
def test_what_is_worth_more(better, worse):
    assert scored({**REACHABLE, **better}).points > scored({**REACHABLE, **worse}).points


def test_details_of_another_business_do_not_count():
    values = {**REACHABLE, "vehicle": "Civic"}

    assert scored(values, business_type="consulting") == scored(REACHABLE, business_type="consulting")


def test_what_the_model_judges_moves_the_score_by_ten_at_most_and_the_rules_judgement_still_counts():
    by_rules = {"intent": ("quote_request", 0.9), "urgency": ("high", 0.8)}
    plain = scored({**REACHABLE, "intent": "quote_request", "urgency": "high"}, confidence=0.9)
    for intent, urgency in product(dict(INTENTS), dict(URGENCIES)):
        found = score(
            {**REACHABLE, "intent": intent, "urgency": urgency},
            confidences={},
            origins={"intent": "model", "urgency": "model"},
            by_rules=by_rules,
            is_repeat=False,
            profile=profile_for("automotive"),
        )
        assert abs(found.points - plain.points) <= 11
        assert {"Wants a quote", "High urgency"} <= {reason.label for reason in found.reasons}


def test_a_service_that_is_offered_fits_better_than_one_that_is_not():
    profile = replace(profile_for("general"), services=(Service("Brake service", "from $89"), Service("Oil change")))

    def points(product: str) -> tuple[Reason, ...]:
        return score({"product": product}, confidences={}, origins={}, is_repeat=False, profile=profile).reasons

    assert Reason("Asks for what you offer: Brake service", 10) in points("new brake pads")
    assert Reason("Asks for what you offer: Oil change", 10) in points("an oil change soon")
    assert Reason("Names a service", 8) in points("window tinting")
