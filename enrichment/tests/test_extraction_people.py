"""Who writes, and for which company: chosen by the model among what could be a name."""

from datetime import UTC, datetime

import pytest

from enrichment.extraction import extract, message_of, people
from enrichment.extraction.known import known
from leads.values import Contact


def found(text: str, **changes: object) -> dict[str, str]:
    values = extract(text, received_at=datetime(2026, 11, 24, tzinfo=UTC), **changes).values
    return {value.field: value.value for value in values if value.field in ("first_name", "last_name", "company")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hey its priya, can u do my nails thursday", {"first_name": "Priya"}),
        ("Good morning, this is Harriet Vale from Vale & Sons Roofing. Could you call me back?",
         {"first_name": "Harriet", "last_name": "Vale", "company": "Vale & Sons Roofing"}),
        ("Bonjour,\nquel est le prix d'une vidange ?\n\nCordialement,\nÉlodie Marchetti\nTransports Marchetti SARL",
         {"first_name": "Élodie", "last_name": "Marchetti", "company": "Transports Marchetti SARL"}),
        ("Guten Tag,\nich hätte gern einen Termin.\n\nMit freundlichen Grüßen\nJochen Brandt\nBrandt Bau GmbH",
         {"first_name": "Jochen", "last_name": "Brandt", "company": "Brandt Bau GmbH"}),
        ("Hola, soy Lucía Fernández Ortega, de Panadería Ortega. ¿Cuánto cuesta?",
         {"first_name": "Lucía", "last_name": "Fernández Ortega", "company": "Panadería Ortega"}),
        ("Buongiorno, mi chiamo Paolo Ricci e vorrei un preventivo.", {"first_name": "Paolo", "last_name": "Ricci"}),
        ("Olá, aqui é a Marina Souza. Queria marcar um horário.", {"first_name": "Marina", "last_name": "Souza"}),
        # Others are not the sender.
        ("Hi Olivia, my husband Tom says you are great. Are you open on Sunday?", {}),
        ("Dear Elm Street Garage, is my car ready?", {}),
        ("Can you fix a Ford Focus in San Diego by Monday?", {}),
    ],
)  # fmt: skip
def test_who_writes(text, expected):
    assert found(text) == expected


def test_the_words_are_those_of_the_message():
    text = "  Hi,\u200b this is  Harriet   Vale.\n> On Monday Bob Stone wrote:\n> yes"
    values = extract(text, received_at=datetime(2026, 11, 24, tzinfo=UTC)).values
    for value in values:
        if value.evidence is not None:
            assert text[value.evidence.start : value.evidence.end] == value.evidence.text
    assert found(text) == {"first_name": "Harriet", "last_name": "Vale"}


def test_what_was_typed_into_fields_is_not_mixed_with_another_person():
    assert "last_name" not in found("This is Bob Stone.", contact=Contact(first_name="Ana"))


@pytest.mark.parametrize(
    "text", ["", " \n", "A" * 20_000, "Ana " * 5_000, "\n".join(["Ana Bo"] * 3_000), "🙂 Ana\u202eoB 🙂"]
)
def test_odd_texts_end(text):
    found(text)


def test_signs_are_the_same_in_training_and_use():
    message = message_of("this is Ana Silva from Acme Ltd")
    (best, stretch), *_ = people.scored(message, "person", people.shipped()["person"])
    assert best > 0.9
    assert list(message.words(stretch.start, stretch.end)) == ["Ana", "Silva"]


def test_the_lists_are_plain():
    lists = known()
    for words in (lists.firsts, lists.lasts, lists.words):
        assert len(words) > 5_000
        assert all(word.isascii() and word == word.lower() for word in words)
