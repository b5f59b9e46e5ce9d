"""Whose message it is: equal e-mail or phone, and no name against it."""

import pytest

from leads.joining import leads_to_join
from leads.matching.contradiction import contradict
from leads.matching.people import Person
from leads.models import ContactPoint
from leads.tests.merged import fold, make
from leads.values import Contact


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana|Silva", "|"),
        ("Ana|", "Ana|Silva"),
        ("|Silva", "Ana|Silva"),
        ("A.|Silva", "Ana|Silva"),
        ("Bob|Miller", "Robert|Miller"),
        ("Silva|Ana", "Ana|Silva"),
        ("Ana Silva|", "Ana|Silva"),
        ("Ana Maria|Silva", "Ana|Silva"),
        ("Dr. José|Núñez", "jose|nunez"),
        ("Jon|Smyth", "John|Smith"),
        ("Müller|Hans", "Hans|Mueller"),
        ("Ana|S.", "Ana|Silva"),
        ("李|小龙", "Bruce|Lee"),
    ],
)
def test_names_that_may_be_one_person(one: str, other: str) -> None:
    assert not _contradict(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana|Silva", "Pedro|Silva"),
        ("Ana|Silva", "Ana|Gomes"),
        ("Ana|Silva", "Bill|Jones"),
        ("Ana|", "Pedro|"),
        ("Ana|", "Pedro|Silva"),
        ("Daniel|Smith", "Daniela|Smith"),
        ("Maria|Rossi", "Mario|Rossi"),
        ("Paula|", "Paulo|"),
    ],
)
def test_names_of_two_people(one: str, other: str) -> None:
    assert _contradict(one, other)


def _contradict(one: str, other: str) -> bool:
    people = [Person(first_name=first, last_name=last) for first, last in (one.split("|"), other.split("|"))]
    assert contradict(*people) is contradict(*reversed(people))
    return contradict(*people)


def test_each_person_finds_their_lead(db) -> None:
    ana = make(first_name="Ana", last_name="Silva", email="ana@example.com", phone="(512) 555-0142")
    bob = make(first_name="Bob", email="bob@example.com")
    people = [
        Contact(first_name="ana", email="ANA+web@Example.com"),
        Contact(last_name="Silva", phone="+1 512 555 0142"),
        Contact(first_name="Pedro", email="ana@example.com"),
        Contact(first_name="Ana", last_name="Silva"),
        Contact(email="someone@example.com"),
        Contact(),
        Contact(email="bob@example.com"),
        Contact(email="bob@example.com", phone="512 555 0142"),
    ]
    assert leads_to_join(people) == [ana, ana, None, None, None, None, bob, None]


def test_the_name_decides_between_two_who_share_a_mailbox(db) -> None:
    ana = make(first_name="Ana", last_name="Silva", email="family@example.com")
    make(first_name="Pedro", last_name="Silva", phone="(512) 555-0142")
    ContactPoint.objects.create(
        lead=make(first_name="Pedro", last_name="Silva"),
        kind="email",
        value="family@example.com",
        key="family@example.com",
    )
    people = [Contact(first_name="Ana", email="family@example.com"), Contact(email="family@example.com")]
    assert leads_to_join(people) == [ana, None]


def test_samples_are_nobody(db) -> None:
    make(email="ana@example.com", is_sample=True)
    assert leads_to_join([Contact(email="ana@example.com")]) == [None]


def test_what_was_merged_is_the_lead_that_it_went_into(staff) -> None:
    first, second, third = (
        make(first_name="Ana", email="ana@example.com"),
        make(first_name="Anita", last_name="Silva", email="anita@example.com"),
        make(first_name="A", email="silva@example.com", phone="(512) 555-0142"),
    )
    fold(second, third, actor=staff, email=second)
    fold(first, second, actor=staff, email=first, both=True)
    people = [
        Contact(first_name="Ana", email="silva@example.com"),
        Contact(last_name="Silva", email="anita@example.com"),
        Contact(phone="(512) 555-0142"),
        Contact(first_name="Bill", email="anita@example.com"),
    ]
    assert leads_to_join(people) == [first, first, first, None]


def test_a_contact_point_is_as_good_as_the_lead_s_own(db) -> None:
    ana = make(first_name="Ana")
    ContactPoint.objects.create(lead=ana, kind="phone", value="512 555 0142", key="15125550142")
    assert leads_to_join([Contact(phone="(512) 555-0142")]) == [ana]


def test_an_address_of_very_many_says_of_nobody_who_they_are(db, monkeypatch) -> None:
    monkeypatch.setattr("leads.joining.MOST_HOLDERS", 3)
    ana = make(first_name="Ana", email="office@example.com")
    for name in ("Bob", "Carla"):
        make(first_name=name, email="office@example.com")
    assert leads_to_join([Contact(first_name="Ana", email="office@example.com")]) == [ana]
    make(first_name="Dora", email="office@example.com")
    assert leads_to_join([Contact(first_name="Ana", email="office@example.com")]) == [None]


def test_many_people_take_as_many_queries_as_one(db, django_assert_max_num_queries) -> None:
    leads = [make(first_name="Ana", email=f"ana{n}@example.com") for n in range(20)]
    people = [Contact(first_name="Ana", email=f"ana{n}@example.com", phone=f"512 555 01{n:02}") for n in range(20)]
    with django_assert_max_num_queries(4):
        assert leads_to_join(people) == leads
    with django_assert_max_num_queries(0):
        assert leads_to_join([Contact(first_name="Ana")]) == [None]
