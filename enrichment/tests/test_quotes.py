"""Extra fields of a business: typed, and only ever what the words say."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from enrichment.grounding import ground
from enrichment.hidden import hidden_spans, order_spans
from enrichment.normalise import fold
from enrichment.profiles import Profile, ProfileField
from enrichment.prompts import Message, ModelAnswer
from enrichment.tests.injections import INJECTIONS
from enrichment.wording import unsupported
from leads.fields import Kind

SATURDAY = datetime(2026, 11, 21, 9, 30, tzinfo=ZoneInfo("America/Chicago"))
SIZES = (("small", "Small"), ("suv", "SUV"), ("compact_suv", "Compact SUV"), ("van", "Van / Minibus"))
PROFILE = Profile(
    "shop",
    "a shop",
    {},
    (
        ProfileField("size", "Size", Kind.CHOICE, "the size of the car", SIZES),
        ProfileField("doors", "Doors", Kind.NUMBER, "how many doors it has"),
        ProfileField("bought", "Bought on", Kind.DATE, "the day the car was bought"),
        ProfileField("deposit", "Deposit", Kind.MONEY, "the deposit that was paid"),
        ProfileField("insured", "Insured", Kind.YES_NO, "whether the car is insured (versichert, assurée)"),
        ProfileField("colour", "Colour", Kind.TEXT, "the colour of the car"),
    ),
)


def value(text: str, field: str, quote: str, language: str = "en") -> str:
    """The value; the reason in brackets where the quote is dropped."""
    found = ground(ModelAnswer(facts={field: quote}), [Message(text, SATURDAY, language=language)], profile=PROFILE)
    if found.values:
        (only,) = found.values
        assert only.evidence is not None
        assert text[only.evidence.start : only.evidence.end] == only.evidence.text
        return only.value
    return f"({found.dropped[0][2]})"


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        ("I drive an SUV.", "SUV", "suv"),
        ("I drive a compact SUV.", "compact SUV", "compact_suv"),
        ("two vans, both old", "vans", "van"),
        ("It's a minibus", "minibus", "van"),
        ("It is not an SUV.", "SUV", "(the message says no to it)"),
        ("An SUV or a small one", "SUV or a small one", "(several of the choices)"),
        ("I drive a Civic.", "Civic", "(none of the choices)"),
        ("I drive a Civic.", "SUV", "(these words are not in the message)"),
    ],
)
def test_a_choice_is_named_in_the_words(text: str, quote: str, expected: str) -> None:
    assert value(text, "size", quote) == expected


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        ("It has 5 doors", "5 doors", "5"),
        ("It has four doors", "four", "4"),
        ("about 12.5k of them", "12.5k", "12500"),
        ("1,250 doors", "1,250", "1250"),
        ("2 or 4 doors", "2 or 4 doors", "(not one number)"),
        ("It costs $400", "$400", "(an amount of money)"),
        ("call (512) 555-0142", "512", "(not a number by itself)"),
        ("on 12/05", "12/05", "(not a number by itself)"),
        ("doors", "doors", "(not one number)"),
    ],
)
def test_a_number_is_the_only_one_in_the_words(text: str, quote: str, expected: str) -> None:
    assert value(text, "doors", quote) == expected


@pytest.mark.parametrize(
    ("text", "quote", "language", "expected"),
    [
        ("The car is insured.", "insured", "en", "yes"),
        ("The car is not insured.", "insured", "en", "no"),
        ("Insured: yes", "yes", "en", "yes"),
        ("Insured: no", "no", "en", "no"),
        ("It isn't insured yet", "isn't insured", "en", "no"),
        ("Das Auto ist versichert.", "versichert", "de", "yes"),
        ("Das Auto ist nicht versichert.", "versichert", "de", "no"),
        ("La voiture n'est pas assurée.", "assurée", "fr", "no"),
        ("Does it have to be insured?", "insured", "en", "(asked, not said)"),
        ("My brakes squeal.", "brakes squeal", "en", "(the words don't speak of it)"),
    ],
)
def test_yes_and_no_are_said_of_what_the_field_is_about(text: str, quote: str, language: str, expected: str) -> None:
    assert value(text, "insured", quote, language) == expected


@pytest.mark.parametrize(
    ("text", "field", "quote", "language", "expected"),
    [
        ("bought on 03/04/2021", "bought", "03/04/2021", "en", "2021-03-04"),
        ("gekauft am 03.04.2021", "bought", "03.04.2021", "de", "2021-04-03"),
        ("am 12.01. bitte", "date", "12.01.", "de", "2027-01-12"),
        ("le 05/12 si possible", "date", "05/12", "fr", "2026-12-05"),
        ("el 05/12 por favor", "date", "05/12", "es", "2026-12-05"),
        ("on 05/12 please", "date", "05/12", "en", "2027-05-12"),
        ("venerdì prossimo", "date", "venerdì", "it", "2026-11-27"),
        ("pode ser amanhã?", "date", "amanhã", "pt", "2026-11-22"),
        ("übermorgen geht", "date", "übermorgen", "de", "2026-11-23"),
        ("Budget 1.500 €", "deposit", "1.500 €", "de", "1500 EUR"),
        ("un budget de 1 500 €", "deposit", "1 500 €", "fr", "1500 EUR"),
        ("até R$ 1.500,00", "deposit", "1.500,00", "pt", "1500 BRL"),
        ("about 4k $", "deposit", "4k $", "en", "4000 USD"),
        ("it is dark red", "colour", "dark red", "en", "dark red"),
    ],
)
def test_dates_and_money_follow_the_language(text: str, field: str, quote: str, language: str, expected: str) -> None:
    assert value(text, field, quote, language) == expected


# ---- hidden text and orders ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", INJECTIONS)
def test_every_order_is_seen_as_one_or_is_hidden(kind: str) -> None:
    text = f"My brakes squeal.\n\n{INJECTIONS[kind]}"
    shut = [*hidden_spans(text), *order_spans(text)]

    assert shut or fold(text).text.strip() == "my brakes squeal."
    assert all(start >= 19 for start, _ in shut)


@pytest.mark.parametrize(
    "text",
    [
        "Please ignore my last e-mail, the number was wrong.",
        "This is urgent, my car won't start.",
        "Urgency: high\nMessage: my brakes squeal",
        "Can you set up an appointment for Friday?",
        "I forgot to say: the score on the door is 4 stars.",
        "Our system: two boilers, both from 2010.",
        "My assistant, Ana, will call you.",
        "We are a software company and build language models for banks? No, we sell shoes.",
        "My intention is to sell the car at the highest price.",
        "If x < 3 and y > 4, does it fit? <3 thanks",
    ],
)
def test_what_customers_write_is_no_order(text: str) -> None:
    if "language model" not in text:
        assert order_spans(text) == []
    assert hidden_spans(text) == []


@pytest.mark.parametrize(
    "text", ["<!--" * 5000, "<div style=" * 2000, "A" * 20_000, "ignore " * 3000, "<style>" * 3000]
)
def test_nothing_takes_long(text: str) -> None:
    assert hidden_spans(text) == []
    order_spans(text)


# ---- summaries in the staff's language -------------------------------------------------------------------------------

ENGLISH = fold("Hi, my brakes squeal. Can I come in on Friday? I have two cars. Mark").text


@pytest.mark.parametrize(
    ("sentence", "language", "reason"),
    [
        ("Der Kunde Mark bittet um einen Termin am Freitag für zwei Autos.", "de", ""),
        ("Mark demande un rendez-vous vendredi pour deux voitures.", "fr", ""),
        ("El cliente Mark pide cita el viernes para dos coches.", "es", ""),
        ("Il cliente Mark chiede un appuntamento venerdì per due auto.", "it", ""),
        ("O cliente Mark pede um horário na sexta-feira para dois carros.", "pt", ""),
        ("Der Kunde Müller bittet um einen Termin.", "de", "the message does not name “Müller”"),
        ("Der Kunde bittet um einen Termin am Montag.", "de", "the message does not name “Montag”"),
        ("Le client demande un rendez-vous demain.", "fr", "the message does not say “demain”"),
        ("El cliente tiene tres coches.", "es", "the message has no number “tres”"),
        ("Il cliente viene da Roma.", "it", "the message does not name “Roma”"),
        ("O cliente quer vir em março.", "pt", "the message does not name “março”"),
    ],
)
def test_sentences_of_six_languages(sentence: str, language: str, reason: str) -> None:
    assert unsupported(sentence, ENGLISH, names=True, language=language) == reason
