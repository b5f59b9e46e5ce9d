from leads.matching import Holders, Person, match
from leads.tests.test_matching import FEW, MARIA


def texts(a: Person, b: Person, similarity: float | None = None, holders: Holders = FEW) -> list[tuple[str, str]]:
    found = match(a, b, similarity=similarity, holders=holders)
    return [("+" if reason.weight > 0 else "−", reason.text) for reason in found.reasons]


def test_the_reasons_in_words() -> None:
    other = Person("Marie", "Kowalska", "office@kowalska-dental.com", "+15125550142", "Kowalska Dental")
    assert texts(MARIA, other, 0.74, Holders(leads=1000, phone=1)) == [
        ("−", "Before any evidence"),
        ("+", "Same last name, similar first names"),
        ("−", "One private e-mail, one of a company"),
        ("+", "Same phone, which 1 other has too"),
        ("+", "Same company"),
        ("+", "Similar messages (0.74 of 1)"),
    ]


def test_what_is_missing_says_nothing() -> None:
    assert texts(MARIA, Person()) == [("−", "Before any evidence")]
