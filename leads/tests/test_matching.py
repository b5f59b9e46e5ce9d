import random
from dataclasses import replace
from math import log2

import pytest

from leads import matching
from leads.matching import Correction, Holders, Match, Person, match

FEW = Holders(leads=1000)
MARIA = Person("Maria", "Kowalska", "maria.kowalska@gmail.com", "+15125550142", "Kowalska Dental LLC")


def odds(found: Match) -> float:
    return log2(found.probability / (1 - found.probability))


def probability(a: Person, b: Person, similarity: float | None = None, holders: Holders = FEW) -> float:
    return match(a, b, similarity=similarity, holders=holders).probability


# ---- who is the same -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "similarity"),
    [
        pytest.param(MARIA, MARIA, 0.1, id="the same in everything, another need"),
        pytest.param(Person(email="ana@gmail.com"), Person(email="Ana@gmail.com"), None, id="same e-mail alone"),
        pytest.param(
            Person("Ana", "Silva", "a.silva@gmail.com"), Person(email="asilva@googlemail.com"), None, id="dots"
        ),
        pytest.param(
            Person("Ana", "Silva", phone="+15125550142"),
            Person("Ana", "Silva", phone="+15125550143"),
            None,
            id="digit off",
        ),
        pytest.param(
            Person("Bill", "Hartwig", phone="+15125550142"),
            Person("William", "Hartwig", phone="+15125550142"),
            None,
            id="nickname",
        ),
        pytest.param(
            Person("J", "Hartwig", "jh77@gmail.com"), Person("Jo", "Hartwig", "jh77@gmail.com"), None, id="initial"
        ),
        pytest.param(
            Person("Müller", "Jürgen", "jm@web.de"), Person("Jurgen", "Muller", "jm@web.de"), 0.2, id="swapped, accents"
        ),
        pytest.param(
            Person("Ana", "Silva", "ana@work.example", emails=("as77@gmail.com",)),
            Person("Ana", "Silva", "as77@gmail.com"),
            None,
            id="further e-mail",
        ),
        pytest.param(
            Person("Hassan", "", "hassan82@yahoo.com"),
            Person("Yasmine", "Hassan", "Hassan82@yahoo.com"),
            0.9,
            id="last name alone",
        ),
        pytest.param(
            Person("Fernanda", "Montachea", "fmontachea@gmail.com"),
            Person("Fer", "Montachea Ocampo", "fmontachea@gmail.com"),
            None,
            id="two last names",
        ),
        pytest.param(
            Person("Christine", "Meyer", "tigerchristl@gmx.net"),
            Person("Christl", "Meyer", "tigerchristl@posteo.de"),
            None,
            id="same unusual mailbox name",
        ),
        pytest.param(
            Person("Beatriz Ezquerte", "Alvarez", "bea@live.com"),
            Person("Beatriz", "Ezquerte", "bea@live.com"),
            None,
            id="two last names, parted otherwise",
        ),
        pytest.param(
            Person("Goldfield", "Roebrt", phone="+15125550142"),
            Person("Robert", "Goldfield", phone="+15125550142"),
            None,
            id="swapped, a slip",
        ),
        pytest.param(
            Person("Ana", "Silva", "anasilva@gmail.com"), Person("Ana", "", "anasilva@gmail.con"), None, id="gmail.con"
        ),
        pytest.param(
            Person("Jo", "Hartwig", phone="+85298046889"), Person("Jo", "Hartwig", phone="98046889"), None, id="local"
        ),
        pytest.param(
            Person("Junfeng", "Wang", "wangjf88@qq.com"), Person("王峰俊", "", "wangjf88@qq.com"), None, id="signs"
        ),
        pytest.param(
            Person("Mitchell", "Green", place="7 Wallaby Place, Delmar, Cleveland 2119"),
            Person("Mitchel", "Green", place="7 wallabyplace delmar cleveland 2119"),
            None,
            id="a list of addresses",
        ),
        pytest.param(
            Person("Zbigniew", "Wiśniowiecki"), Person("Zbigniew", "Wisniowiecki"), 0.99, id="rare name, same words"
        ),
    ],
)
def test_the_same_person_is_likely(a: Person, b: Person, similarity: float | None) -> None:
    assert probability(a, b, similarity) >= 0.9


@pytest.mark.parametrize(
    ("a", "b", "similarity"),
    [
        pytest.param(Person(), Person(), None, id="nothing known"),
        pytest.param(Person(), Person(), 1.0, id="the same words, no one known"),
        pytest.param(Person("Ana", "Silva"), Person("Ben", "Okafor"), 1.0, id="two people, the same words"),
        pytest.param(Person("Ana"), Person("Ben"), 1.0, id="two first names, the same words"),
        pytest.param(
            Person("Haojian", "Liu", message="I am interested. Please contact me"),
            Person("Xiao", "Liu", message="I am interested. Please contact me"),
            1.0,
            id="a message that many write",
        ),
        pytest.param(
            Person("Ana", "Silva", "ana@web.de", place="Mühlgasse 134, 48098 Freiburg"),
            Person("Ben", "Silva", "ben@web.de", place="Mühlgasse 175, 94113 Freiburg"),
            None,
            id="other house in a street of the same name",
        ),
        pytest.param(
            Person("Ana", "Silva", "ana@web.de", place="Ringstraße 150, 39657 Köln"),
            Person("Ben", "Silva", "ben@web.de", place="Mühlgasse 188, 39657 Köln"),
            None,
            id="other house in the same town",
        ),
        pytest.param(
            Person("Carla", "Silva", "silvas@web.de"), Person("Carlos", "Silva", "silvas@web.de"), None, id="a couple"
        ),
        pytest.param(
            Person("Ana", "Silva", "ana@gmail.com", "+15125550142"),
            Person("Ana", "Okafor", "ana.o@gmail.com", "+15125550199"),
            0.95,
            id="like need, same first name",
        ),
        pytest.param(
            Person("Ana", "Silva", "info@acme.com", company="Acme"),
            Person("Ben", "Okafor", "info@acme.com", company="Acme Inc"),
            0.6,
            id="a company's shared mailbox",
        ),
        pytest.param(Person(email="info@acme.com"), Person(email="info@acme.com"), None, id="shared mailbox alone"),
        pytest.param(Person(email="ana@gmail.com"), Person(email="ben@gmail.com"), 0.9, id="same provider"),
        pytest.param(
            Person("Ana", "Silva", "ana@acme.com", company="Acme"),
            Person("Ben", "Okafor", "ben@acme.com", company="Acme"),
            0.7,
            id="colleagues",
        ),
        pytest.param(
            Person("Ana", "Silva", phone="+15125550142"),
            Person("Ben", "Silva", phone="+15125550142"),
            0.6,
            id="one household, one phone",
        ),
        pytest.param(
            Person("Ana", "Silva", "thesilvas@gmail.com"),
            Person("Ben", "Silva", "thesilvas@gmail.com"),
            0.3,
            id="one household, one mailbox",
        ),
        pytest.param(
            Person("Ana", "Silva", "ana@acme.com", "+15125550100"),
            Person("Ben", "Okafor", "ben@acme.com", "+15125550100"),
            0.3,
            id="colleagues at one switchboard",
        ),
    ],
)
def test_other_people_are_not(a: Person, b: Person, similarity: float | None) -> None:
    assert probability(a, b, similarity) < 0.3


@pytest.mark.parametrize("leads", [0, 2, 40, 1000, 100_000, 1_000_000])
@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.85, 0.97, 1.0])
def test_the_message_alone_never_makes_a_duplicate(similarity: float, leads: int) -> None:
    assert probability(Person(), Person(), similarity, Holders(leads=leads)) < 0.3


def test_a_name_alone_is_never_sure() -> None:
    """However rare it is: someone in the world is called so too."""
    a, b = Person("Zbigniew", "Wisniowiecki", "zw@web.de"), Person("Zbigniew", "Wisniowiecki", phone="+15125550142")
    assert 0.3 < probability(a, b, 0.3, Holders(leads=10_000)) < 0.9


def test_a_code_that_both_name_ties_them() -> None:
    a = Person("Raf", "Palucci", "raf@officina.it", message="il mio ordine sa75456 non arriva")
    b = Person("Raf", "", "lello72@alice.it", message="dove resta sa75456 per favore")
    other = replace(b, message="dove resta sa75457 per favore")
    assert probability(a, b, 0.6) > 3 * probability(a, other, 0.6)


def test_typing_mistakes_in_name_and_mailbox_are_worth_a_look() -> None:
    a = Person("Ana", "Kowalczyk", "ana.kowalczyk@gmail.com")
    assert probability(a, Person("Ana", "Kowalcyzk", "ana.kowalcyzk@gmail.com"), 0.8) >= 0.5


def test_another_last_name_is_no_contradiction_when_all_else_is_the_same() -> None:
    a = Person("Nina", "Bruxner", "nina.bruxner@web.de", "+4930123456")
    assert probability(a, replace(a, last_name="Hartmann"), 0.4) >= 0.5


# ---- how common a value is -------------------------------------------------------------------------------------------


def test_a_common_name_says_less_than_a_rare_one() -> None:
    a, b = Person("Maria", "Garcia", "mg@gmail.com"), Person("Maria", "Garcia", "garcia.m2@yahoo.com")
    rare = probability(a, b, 0.3, Holders(leads=10_000))
    common = probability(a, b, 0.3, Holders(leads=10_000, name=12, first=160, last=210))
    assert common < 0.01 < 0.03 < rare


@pytest.mark.parametrize("what", ["name", "first", "last", "email", "phone", "company"])
def test_more_holders_never_make_it_likelier(what: str) -> None:
    steps = [probability(MARIA, MARIA, None, replace(FEW, **{what: count})) for count in (0, 1, 5, 50, 500)]
    assert steps == sorted(steps, reverse=True)
    assert odds(match(MARIA, MARIA, similarity=None, holders=FEW)) > odds(
        match(MARIA, MARIA, similarity=None, holders=replace(FEW, **{what: 500}))
    )


def test_a_mailbox_that_many_people_use_says_little() -> None:
    a, b = Person("Ana", "Silva", "family@web.de"), Person(email="family@web.de")
    assert probability(a, b) > 0.9
    assert probability(a, b, holders=Holders(leads=1000, email=40)) < 0.1


@pytest.mark.parametrize(("domain", "least", "most"), [("acme.com", -0.5, 0.5), ("gmail.com", 3, 20)])
def test_a_company_and_its_mail_domain_count_once(domain: str, least: float, most: float) -> None:
    a, b = Person("Ana", "Silva", f"ana@{domain}"), Person("Ana", "Sylva", f"as@{domain}")
    without = odds(match(a, b, similarity=None, holders=FEW))
    with_company = odds(match(replace(a, company="Acme"), replace(b, company="Acme"), similarity=None, holders=FEW))
    assert least <= with_company - without <= most


# ---- properties ------------------------------------------------------------------------------------------------------


def pairs(count: int = 400) -> list[tuple[Person, Person, float | None, Holders]]:
    """Random pairs, many of them alike in something."""
    chance = random.Random(7)
    firsts = ["Ana", "Anna", "Ana Sofia", "Bill", "William", "J", "José", "", "Dr. Bo", "bo-ann"]
    lasts = ["Silva", "Da Silva", "Sylva", "O'Brien", "Okafor", "", "Ng", "Müller"]
    emails = [
        "ana.silva@gmail.com",
        "silva.ana@yahoo.com",
        "ana.slva@gmail.com",
        "info@acme.com",
        "bo@acme.com",
        "",
        "x",
    ]
    phones = ["+15125550142", "+15125550143", "+4930123456", "", "123"]
    companies = ["Acme", "Acme Inc.", "Acmee", "Bakery & Sons GmbH", ""]
    places = ["", "", "Mühlgasse 134, 48098 Freiburg", "Mülgasse 134 Freiburg", "Freiburg", "12 Oak Ln, Austin TX"]
    messages = [
        "",
        "",
        "Call me",
        "Winter tyres for an old Volvo estate, my reference is 95512",
        "Hi again, winter tyres for an old Volvo estate please",
        "Another thing altogether: brake fluid, reference 40417",
    ]

    def someone() -> Person:
        person = Person(*(chance.choice(values) for values in (firsts, lasts, emails, phones, companies)))
        if chance.random() < 0.5:
            return person
        return replace(
            person,
            place=chance.choice(places),
            message=chance.choice(messages),
            received_at=chance.choice([0.0, 1e9, 1e9 + 3600, 1e9 + 1e6, 1e9 + 3e7]),
            emails=chance.choice([(), ("ana.silva@web.de",)]),
            phones=chance.choice([(), ("+4930123456", "+15125550142")]),
        )

    def holders() -> Holders:
        return Holders(chance.choice([0, 10, 5000]), *(chance.choice([0, 0, 1, 9]) for _ in range(7)))

    return [(someone(), someone(), chance.choice([None, -0.1, 0.55, 0.9, 1.0]), holders()) for _ in range(count)]


def test_the_reasons_add_up_to_the_odds() -> None:
    for a, b, similarity, holders in pairs():
        found = match(a, b, similarity=similarity, holders=holders)
        assert 0 < found.probability <= 1
        if found.probability < 1 - 1e-9:
            assert sum(reason.weight for reason in found.reasons) == pytest.approx(odds(found), abs=1e-4)


def test_it_does_not_matter_who_is_named_first() -> None:
    for a, b, similarity, holders in pairs():
        assert match(a, b, similarity=similarity, holders=holders) == match(
            b, a, similarity=similarity, holders=holders
        )


def test_more_alike_messages_never_make_it_less_likely() -> None:
    for a, b, _, holders in pairs(100):
        steps = [probability(a, b, similarity, holders) for similarity in (-0.2, 0.3, 0.5, 0.6, 0.7, 0.85, 0.97, 1.0)]
        assert steps == sorted(steps)


@pytest.mark.parametrize("field", ["email", "phone", "company"])
def test_agreement_is_never_worse_than_difference(field: str) -> None:
    different = {"email": "zoe@web.de", "phone": "+4930999999", "company": "Zeta"}[field]
    for a, b, similarity, holders in pairs(200):
        if a.emails or a.phones or b.emails or b.phones:
            continue  # another of their contact points may agree
        same = replace(b, **{field: getattr(a, field)})
        if getattr(a, field) not in ("", "x", "123", "info@acme.com", "bo@acme.com"):
            assert probability(a, same, similarity, holders) >= probability(
                a, replace(b, **{field: different}), similarity, holders
            )


def test_the_quick_answer_is_the_explained_one() -> None:
    for a, b, similarity, holders in pairs():
        quick = matching.probability(a, b, similarity=similarity, holders=holders)
        assert match(a, b, similarity=similarity, holders=holders).probability == pytest.approx(quick, abs=1e-9)


def test_a_second_sign_of_the_same_mailbox_gets_its_share() -> None:
    """Once the mailbox is shared, one household is the rival, and one phone fits it as well."""
    a = Person("Ana", "Silva", "ana.silva@gmail.com", "+15125550142")
    weights = {reason.text: reason.weight for reason in match(a, a, similarity=None, holders=FEW).reasons}
    assert weights["Same name"] > weights["Same e-mail"] > weights["Same phone"] > 1


def test_missing_times_and_messages_say_nothing() -> None:
    a, b = Person("Ana", "Silva", "ana.silva@web.de"), Person("Ana", "Silva", "silva@web.de")
    timed = replace(a, received_at=1e9)
    assert probability(timed, b) == probability(a, b) == probability(a, replace(b, message="Hello"))


def test_the_longer_ago_the_less_likely() -> None:
    a, b = (Person("Ana", "Silva", mail, received_at=1e9) for mail in ("ana@web.de", "anas@gmx.de"))
    steps = [probability(a, replace(b, received_at=1e9 + days * 86_400)) for days in (0, 1, 6, 20, 50, 100, 300, 900)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > steps[-1]


def test_a_correction_is_one_reason() -> None:
    other = replace(MARIA, last_name="Nowak", email="m.nowak@web.de")
    plain = match(MARIA, other, similarity=0.8, holders=FEW)
    learned = Correction(3, 412, {"": -0.5, "name:first": -2.0, "phone:same": 0.25})
    found = match(MARIA, other, similarity=0.8, holders=FEW, correction=learned)
    assert found.reasons[:-1] == plain.reasons
    assert found.reasons[-1].text == "Learned from 412 decisions"
    assert found.reasons[-1].weight == pytest.approx(odds(found) - odds(plain)) == pytest.approx(-2.25)
    assert (found.log_odds, found.signals) == (plain.log_odds, plain.signals)
    quick = matching.probability(MARIA, other, similarity=0.8, holders=FEW, correction=learned)
    assert quick == pytest.approx(found.probability, abs=1e-9)


def test_families_and_colleagues_are_named_as_such() -> None:
    family = match(
        Person("Ana", "Silva", phone="+15125550142"),
        Person("Ben", "Silva", phone="+15125550142"),
        similarity=None,
        holders=FEW,
    )
    assert family.household > 0.8 > family.colleague
    assert family.household + family.colleague + family.probability <= 1
    team = match(
        Person("Ana", "Silva", "ana@acme.com", company="Acme"),
        Person("Ben", "Okafor", "ben@acme.com", company="Acme"),
        similarity=None,
        holders=FEW,
    )
    assert team.colleague > 100 * max(team.household, team.probability)


def test_a_whole_name_stands_for_its_parts() -> None:
    assert probability(Person(name="Kowalska, Maria", email=MARIA.email), MARIA) == probability(
        replace(MARIA, phone="", company=""), MARIA
    )
