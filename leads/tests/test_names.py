import pytest

from leads.names import fold, folded_company, folded_name, is_nickname, is_pet_form, roughly, torn


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


@pytest.mark.parametrize(
    ("shortest", "longest", "expected"),
    [
        ("tomek", "tomasz", True),
        ("zeyno", "zeynep", True),
        ("sanju", "sanjay", True),
        ("franci", "francesca", True),
        ("carla", "carlos", False),
        ("mario", "maria", False),
        ("paula", "paulo", False),
        ("ana", "bill", False),
    ],
)
def test_is_pet_form(shortest: str, longest: str, expected: bool) -> None:
    assert is_pet_form(shortest, longest) is expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zhuravova", "schurawowa"),
        ("kharyshyna", "charyschyna"),
        ("shcherbets", "schtscherbez"),
        ("yevgen", "jewhen"),
        ("galina", "halyna"),
        ("el masry", "almasri"),
    ],
)
def test_one_name_in_two_transliterations_is_roughly_the_same(one: str, other: str) -> None:
    assert roughly(one) == roughly(other)


@pytest.mark.parametrize(
    ("one", "other"), [("anna", "ella"), ("ivanov", "petrov"), ("garcia", "gomez"), ("karim", "amir"), ("li", "lu")]
)
def test_other_names_are_not(one: str, other: str) -> None:
    assert roughly(one) != roughly(other)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("JohnElliott", ("John", "Elliott")),
        ("ОленаЩербак", ("Олена", "Щербак")),
        ("McDonald", ("McDonald", "")),
        ("LaToya", ("LaToya", "")),
        ("Ana", ("Ana", "")),
        ("", ("", "")),
    ],
)
def test_torn(name: str, parts: tuple[str, str]) -> None:
    assert torn(name) == parts
