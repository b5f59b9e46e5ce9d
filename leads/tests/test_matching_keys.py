import pytest

from leads.matching import COUNTED_ONLY, Person, key_pairs, keys
from leads.names import split_name


def test_keys() -> None:
    assert keys(Person("Dr. Ana K", "García", "Ana.Garcia+x@Acme.com", "+15125550142", "Acme, Inc.")) == {
        "email": "ana.garcia@acme.com",
        "phone": "15125550142",
        "phone_end": "5550142",
        "phone_last": "550142",
        "phone_start": "15125550",
        "name": "ana garcia",
        "short_name": "an garc",
        "sound": "AN KRX",
        "rough_name": "ana harsea",
        "initial": "a KRX acme",
        "first_company": "ana acme",
        "first_domain": "ana acme.com",
        "letters": "aaaacginr",
        "mail_ends": "an arcia",
        "domain": "acme.com",
        "company": "acme",
        "first": "ana",
        "last": "garcia",
    }


def test_several_contact_points_give_several_keys_of_a_kind() -> None:
    person = Person(email="bo@acme.com", emails=("bo.ng@web.de", "bo@acme.com"), phones=("+4930123456", "+4930123457"))
    assert [pair for pair in key_pairs(person) if pair[0] in ("email", "phone")] == [
        ("email", "bo@acme.com"),
        ("email", "bo.ng@web.de"),
        ("phone", "4930123456"),
        ("phone", "4930123457"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            Person("Michaela", "Neumann", place="8 Stanley Street, Winston Hills 4223 NSW"),
            Person("Michafla", "", place="8 stanleykstreet winston hills 4223"),
            id="words run together",
        ),
        pytest.param(Person("Jürgen", "Müller"), Person("Juergen", "Mueller"), id="umlauts spelled out"),
        pytest.param(Person("Олена", "Шевченко"), Person("Olena", "Schewtschenko"), id="Cyrillic"),
        pytest.param(
            Person("Oksana", "Kharyshyna"), Person("Oksana", "Charyschyna"), id="Cyrillic, written in two ways"
        ),
        pytest.param(Person(email="hatherley95@web.de"), Person(email="haherley95@web.de"), id="a slip in the mailbox"),
        pytest.param(Person("Paz", "Cordoba"), Person(email="paz_cordoba@web.de"), id="a name and a mailbox"),
    ],
)
def test_who_writes_otherwise_still_shares_a_key(one: Person, other: Person) -> None:
    kinds = {kind for kind, _ in set(key_pairs(one)) & set(key_pairs(other))}
    assert kinds - COUNTED_ONLY


def test_a_shared_mailbox_is_no_key_of_a_person() -> None:
    assert keys(Person(email="info@acme.com")) == {"domain": "acme.com"}


def test_nothing_gives_no_keys() -> None:
    assert keys(Person(email="not an address", phone="12")) == {}


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("Jones, Carmen", ("Carmen", "Jones")),
        ("Charles B. Singhal", ("Charles B.", "Singhal")),
        ("Dr. Ana de la Cruz", ("Ana", "de la Cruz")),
        ("Madonna", ("Madonna", "")),
        ("Mrs Jones", ("", "Jones")),
        ("", ("", "")),
    ],
)
def test_a_name_in_one_piece_is_split(full: str, parts: tuple[str, str]) -> None:
    assert split_name(full) == parts
