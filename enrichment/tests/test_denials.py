"""What a message says no to, what belongs to somebody else, and parts of numbers and amounts: none becomes a value."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from enrichment.grounding import ground
from enrichment.profiles import Profile, ProfileField
from enrichment.prompts import Message, ModelAnswer
from leads.fields import Kind

SATURDAY = datetime(2026, 11, 21, 9, 30, tzinfo=ZoneInfo("America/Chicago"))
SIZES = (("small", "Small"), ("suv", "SUV"))
PROFILE = Profile(
    "shop",
    "a shop",
    {},
    (
        ProfileField("size", "Size", Kind.CHOICE, "the size of the car", SIZES),
        ProfileField("doors", "Doors", Kind.NUMBER, "how many doors it has"),
        ProfileField("insured", "Insured", Kind.YES_NO, "whether the car is insured"),
        ProfileField("treatment", "Treatment", Kind.TEXT, "the treatment asked for"),
        ProfileField("website", "Website", Kind.URL, "the sender's site"),
    ),
)
NO = "the message says no to it"


def read(conversation: list[Message], field: str, quote: str) -> str:
    """The value; the reason in brackets where the quote is dropped."""
    found = ground(ModelAnswer(facts={field: quote}), conversation, profile=PROFILE)
    return found.values[0].value if found.values else f"({found.dropped[0][2]})"


def value(text: str, field: str, quote: str, language: str = "en") -> str:
    return read([Message(text, SATURDAY, language=language)], field, quote)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We don't need Botox, only filler", "en"),
        ("I do not want any Botox but would like filler", "en"),
        ("I'm not interested in your Botox at all", "en"),
        ("filler instead of Botox please", "en"),
        ("Botox: no", "en"),
        ("Botox? No, filler", "en"),
        ("Ich will kein Botox, nur Filler", "de"),
        ("Botox will ich nicht, nur Filler", "de"),
        ("Je ne veux pas de Botox, plutôt un peeling", "fr"),
        ("No quiero Botox sino relleno", "es"),
        ("Non voglio il Botox ma il peeling", "it"),
        ("Não quero Botox, só limpeza", "pt"),
    ],
)
def test_what_the_message_says_no_to_is_not_asked_for(text: str, language: str) -> None:
    assert value(text, "treatment", "Botox", language) == f"({NO})"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I've never had Botox before and want to try it", "en"),
        ("Why not Botox?", "en"),
        ("Don't you do Botox?", "en"),
        ("No problem, Botox then", "en"),
        ("I don't want filler but Botox", "en"),
        ("No quiero relleno sino Botox", "es"),
        ("Je ne veux pas de peeling, plutôt Botox", "fr"),
        ("Warum nicht Botox?", "de"),
        ("Estou no Botox há anos", "pt"),
    ],
)
def test_a_no_to_something_else_is_none(text: str, language: str) -> None:
    assert value(text, "treatment", "Botox", language) == "Botox"


def test_a_no_in_the_newest_message_takes_back_what_an_older_one_asked_for() -> None:
    older, newer = "I want Botox please", "On second thought I don't want Botox."

    found = read(
        [Message(older, SATURDAY, language="en"), Message(newer, SATURDAY, language="en")], "treatment", "Botox"
    )

    assert found == f"({NO})"


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        ("Insured: No\nName: Ana", "Insured", "no"),
        ("Insured? Yes\nName: Ana", "Insured", "yes"),
        ("Insured (yes/no): yes", "Insured", "yes"),
        ("The car is uninsured", "uninsured", "no"),
        ("It lacks insurance", "lacks insurance", "no"),
        ("It is not only insured but new", "insured", "yes"),
        ("No problem, it is insured", "insured", "yes"),
        ("I'm not sure the car is insured", "insured", "(supposed, not said)"),
        ("If it were insured, what then", "insured", "(supposed, not said)"),
    ],
)
def test_yes_and_no_with_what_stands_around(text: str, quote: str, expected: str) -> None:
    assert value(text, "insured", quote) == expected


@pytest.mark.parametrize(
    "text",
    ["SUV: no", "SUV? no, small", "Under no circumstances would I ever buy any SUV", "a small one rather than an SUV"],
)
def test_a_choice_that_is_denied_is_none(text: str) -> None:
    assert value(text, "size", "SUV") == f"({NO})"


@pytest.mark.parametrize(
    ("text", "quote", "language", "expected"),
    [
        ("I can't do Friday, how about later", "Friday", "en", f"({NO})"),
        ("any day except Friday", "Friday", "en", f"({NO})"),
        ("Friday doesn't work", "Friday", "en", f"({NO})"),
        ("Freitag geht nicht", "Freitag", "de", f"({NO})"),
        ("pas vendredi", "vendredi", "fr", f"({NO})"),
        ("el viernes no puedo", "viernes", "es", f"({NO})"),
        ("since last Friday it squeals", "Friday", "en", "(names no day to come)"),
        ("depuis vendredi dernier", "vendredi", "fr", "(names no day to come)"),
        ("no later than Friday", "Friday", "en", "2026-11-27"),
        ("I can't wait, Friday please", "Friday", "en", "2026-11-27"),
    ],
)
def test_a_day_that_is_past_or_does_not_suit_is_not_wanted(text: str, quote: str, language: str, expected: str) -> None:
    assert value(text, "date", quote, language) == expected


@pytest.mark.parametrize(
    ("text", "field", "quote", "expected"),
    [
        ("I wrote to info@garage.example last week", "email", "info@garage.example", "(not the sender's own)"),
        ("ask my colleague Jo: jo@x.example", "email", "jo@x.example", "(not the sender's own)"),
        ("no-reply@forms.example sent me here", "email", "no-reply@forms.example", "(not the sender's own)"),
        ("You can write me at ana@x.example", "email", "ana@x.example", "ana@x.example"),
        ("I called your number 512-555-0142 twice", "phone", "512-555-0142", "(not the sender's own)"),
        ("order 5125550142 is late", "phone", "5125550142", "(not the sender's own)"),
        ("my number is 512-555-0142", "phone", "512-555-0142", "+15125550142"),
        ("write to ana@acme.com", "website", "acme.com", "(only a part of an address)"),
        ("see acme.com for more", "website", "acme.com", "https://acme.com"),
        ("Dear Mr. Steve Miller,\nmy brakes squeal", "last_name", "Miller", "(this is who is greeted)"),
    ],
)
def test_what_is_somebody_elses_is_not_the_senders(text: str, field: str, quote: str, expected: str) -> None:
    assert value(text, field, quote) == expected


PART = "(only a part of a number)"


@pytest.mark.parametrize(
    ("text", "quote", "language", "expected"),
    [
        ("quatre mille km", "quatre mille", "fr", "4000"),
        ("quatre mille km", "quatre", "fr", PART),
        ("vingt et un", "vingt", "fr", PART),
        ("vingt et un", "vingt et un", "fr", "(not one number)"),
        ("twenty-five doors", "twenty-five", "en", "(not one number)"),
        ("twenty-five doors", "twenty", "en", PART),
        ("4 million doors", "4", "en", PART),
        ("4 million doors", "4 million", "en", "(not one number)"),
        ("two dozen", "two", "en", PART),
        ("2 1/2 doors", "2", "en", PART),
        ("fünfundzwanzig Türen", "fünfundzwanzig", "de", "(not one number)"),
        ("treize portes", "treize", "fr", "13"),
        ("a two-door car", "two", "en", "2"),
        ("there are 2, one of them broken", "2", "en", "2"),
        ("seis mil", "seis mil", "es", "6000"),
    ],
)
def test_a_number_is_whole(text: str, quote: str, language: str, expected: str) -> None:
    assert value(text, "doors", quote, language) == expected


@pytest.mark.parametrize(
    ("text", "quote", "language", "expected"),
    [
        ("budget CA$400", "$400", "en", "400 CAD"),
        ("budget $400 CAD", "$400", "en", "400 CAD"),
        ("budget HK$400", "400", "en", "400 HKD"),
        ("budget $400", "€400", "en", "(these words are not in the message)"),
        ("budget 400 zł", "400", "en", "400 PLN"),
        ("budget 5 lakh", "5", "en", "(only a part of an amount)"),
        ("budget 5 lakh", "5 lakh", "en", "(not an amount)"),
        ("budget 2 billion dollars", "2 billion dollars", "en", "(not an amount)"),
        ("$5 hundred", "$5", "en", "(only a part of an amount)"),
        ("un budget de 4 mille euros", "4 mille euros", "fr", "4000 EUR"),
        ("Budget 4 Tsd. Euro", "4 Tsd. Euro", "de", "4000 EUR"),
        ("Budget 12.000 Euro", "12.000", "de", "12000 EUR"),
        ("Budget 12.000 Euro", "12", "de", "(these words are not in the message)"),
    ],
)
def test_an_amount_is_whole_and_keeps_its_currency(text: str, quote: str, language: str, expected: str) -> None:
    assert value(text, "amount", quote, language) == expected
