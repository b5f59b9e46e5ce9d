"""Which pairs are worth weighing, at a glance at both leads."""

import pytest

from enrichment.candidates import WHAT, WHERE, WHO, Glimpse, worth_weighing

ANA = Glimpse("ana", "kowalczyk", "", "ana@web.de", "15125550142", is_sample=False, has_more=False)
PAIR = (1, 2)


@pytest.mark.parametrize(
    ("changes", "says", "expected"),
    [
        ({"first": "otto", "last": "brenner", "email": "ob@web.de"}, WHO, True),
        ({"first": "otto", "last": "brenner", "email": ""}, WHAT, False),
        ({"first": "", "email": ""}, WHAT, True),
        ({"first": "otto", "email": ""}, WHAT, True),  # nothing speaks against it
        ({"first": "otto", "email": "", "phone": "4930123456"}, WHAT, False),
        ({"first": "otto", "email": "otto@gmx.de"}, WHAT, False),
        ({"first": "otto", "email": "otto@gmx.de"}, WHERE, True),
        ({"first": "otto", "email": "otto@gmx.de", "has_more": True}, WHAT, True),
        ({"first": "otto", "email": "na.a@gmx.de"}, WHAT, True),  # the same letters
        ({"first": "otto", "email": "otto@gmx.de", "phone": "15125550143"}, WHAT, True),  # a digit off
        ({"first": "anna", "email": "otto@gmx.de"}, WHAT, True),  # names hardly differ
        ({"first": "otto", "last": "brenner", "email": ""}, None, False),
        ({"first": "anna", "email": ""}, None, True),
        ({"is_sample": True}, WHO, False),
    ],
)
def test_at_a_glance(changes: dict[str, object], says: int | None, expected: bool) -> None:
    other = ANA._replace(**{"phone": ""} | changes)  # type: ignore[arg-type]
    sharing, near = ({PAIR: says}, []) if says is not None else ({}, [PAIR])
    assert worth_weighing(sharing, near, set(), {1: ANA, 2: other}) == ({PAIR} if expected else set())


def test_a_company_or_a_mailbox_of_one_name_speaks_for_a_pair() -> None:
    otto = ANA._replace(first="otto", email="otto@gmx.de", phone="", company="Kestrel Foods Ltd")
    named_alike = ANA._replace(first="otto", last="brenner", email="tigerfan@gmx.de")
    seen = {
        1: ANA._replace(company="KESTREL FOODS"),
        2: otto,
        3: named_alike,
        4: named_alike._replace(first="eva", last="schulz", email="tigerfan@web.de"),
        5: otto._replace(company="Other Ltd"),
    }
    assert worth_weighing({(1, 2): WHAT, (3, 4): WHAT, (1, 5): WHAT}, [], set(), seen) == {(1, 2), (3, 4)}


def test_what_was_suggested_is_weighed_again() -> None:
    otto = ANA._replace(first="otto", last="brenner", email="ob@gmx.de")
    assert worth_weighing({}, [PAIR], {PAIR}, {1: ANA, 2: otto}) == {PAIR}


@pytest.mark.parametrize(("phone", "expected"), [("", True), ("4930123456", False)])
def test_an_address_in_common_is_enough_where_only_names_are_known_besides(phone: str, expected: bool) -> None:
    one = ANA._replace(email="", phone="")
    other = ANA._replace(first="otto", last="brenner", email="", phone=phone)
    assert worth_weighing({PAIR: WHERE}, [], set(), {1: one, 2: other}) == ({PAIR} if expected else set())
