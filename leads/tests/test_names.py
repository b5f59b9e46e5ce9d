import pytest

from leads.names import fold, folded_company, folded_name, is_nickname


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("O’Brien-Müller", "obrien muller"),
        ("  JOSÉ   María ", "jose maria"),
        ("Straße", "strasse"),
        ("李小龙", "李小龙"),
        ("...", ""),
        ("", ""),
    ],
)
def test_fold(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("Dr. Ana", "ana"), ("Frau", ""), ("Mr John Jr.", "john")])
def test_folded_name(text: str, expected: str) -> None:
    assert folded_name(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Acme, Inc.", "acme"), ("The Bakery Co", "bakery"), ("Müller GmbH & Co. KG", "muller"), ("SA", "sa")],
)
def test_folded_company(text: str, expected: str) -> None:
    assert folded_company(text) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("bill", "william", True),
        ("liz", "beth", True),
        ("vic", "victor", True),
        ("ana", "bill", False),
        ("ana", "ana", False),
        ("", "", False),
    ],
)
def test_is_nickname(one: str, other: str, expected: bool) -> None:
    assert is_nickname(one, other) is expected
