import string
from dataclasses import replace

import pytest

from enrichment.profiles import PROFILES
from enrichment.reply_templates import PHRASES, closing, greeting, missing, question, template

GARAGE = replace(PROFILES["automotive"], business_name="Elm Street Garage")


def test_every_language_says_all_of_it():
    english = PHRASES["en"]
    for own in PHRASES.values():
        assert (set(own.things), set(own.thanks)) == (set(english.things), set(english.thanks))
        assert all(text.strip() for text in (*own.things.values(), *own.thanks.values(), own.next_step, own.subject))
        for words, name in ((own.hello_name, "name"), (own.ask, "things")):
            assert [field for _, field, _, _ in string.Formatter().parse(words) if field] == [name]


@pytest.mark.parametrize(
    ("intent", "known", "asked"),
    [
        ("appointment_request", {}, ["phone", "date", "vehicle"]),
        ("appointment_request", {"phone": "1", "date": "2026-11-27", "vehicle": "Outback"}, ["mileage", "symptoms"]),
        ("quote_request", {"phone": "1"}, ["vehicle", "mileage", "symptoms"]),
        ("complaint", {"phone": "1"}, []),
        ("complaint", {}, ["phone"]),
        ("sales_pitch", {}, []),
    ],
)
def test_what_is_missing(intent, known, asked):
    assert missing(GARAGE, known, intent) == asked


def test_a_field_of_the_business_itself_has_no_words():
    own = replace(GARAGE, fields=(replace(GARAGE.fields[0], key="tyre_size", label="Tyre size"),))
    assert missing(own, {"phone": "1"}, "quote_request") == []


def test_a_whole_template():
    text = template(language="en", intent="quote_request", name="Mark", asks=["phone", "vehicle"], profile=GARAGE)
    assert text == (
        "Hello Mark,\n\nThank you for asking us about the price.\n\nSo that we can help you, could you tell us a phone "
        "number to reach you at and the year, make and model of the vehicle?\n\nKind regards\nElm Street Garage"
    )
    german = template(language="de", intent="inquiry", name="", asks=[], profile=GARAGE)
    assert german == (
        "Guten Tag,\n\nvielen Dank für Ihre Nachricht. Wir haben sie gelesen und melden uns persönlich bei Ihnen.\n\n"
        "Mit freundlichen Grüßen\nElm Street Garage"
    )


def test_odd_input():
    assert greeting("xx", " Ana \n Bo ") == "Hello Ana Bo,"
    assert len(greeting("en", "x" * 900)) < 80
    assert closing("en", replace(GARAGE, signature=" Olivia\nElm ")) == "Olivia\nElm"
    assert question("en", []) == ""
