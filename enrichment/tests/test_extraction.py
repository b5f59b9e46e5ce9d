"""Whole messages, and texts made to break the rules."""

import random

import pytest

from enrichment.extraction.source import LIMIT
from enrichment.tests.extraction_cases import checked, evidence_of, found
from leads.values import Contact


def test_web_form_message():
    text = (
        "Hi, my name is Ana Lopez and I need an oil change for my 2014 Honda Civic next Friday at 3pm. "
        "Please call me at (512) 555-0142 or Ana@x.com. My budget is $400. The car has 120k miles. I'm in Austin, TX."
        "\n\nRegards,\nAna Lopez\nBright Dental LLC"
    )
    extraction = checked(text, business_type="automotive")
    values = {value.field: value.value for value in extraction.values}
    assert values.pop("summary").startswith("my name is Ana Lopez and I need an oil change for my 2014 Honda Civic")
    assert values == {
        "first_name": "Ana",
        "last_name": "Lopez",
        "email": "ana@x.com",
        "phone": "+15125550142",
        "company": "Bright Dental LLC",
        "date": "2026-11-27T15:00",
        "amount": "400 USD",
        "place": "Austin, TX",
        "vehicle": "2014 Honda Civic",
        "mileage": "120000 miles",
        "product": "oil change",
        "intent": "appointment_request",
        "urgency": "medium",
        "language": "en",
    }
    assert text[slice(*extraction.body)].endswith("I'm in Austin, TX.")
    assert text[slice(*extraction.signature)] == "Regards,\nAna Lopez\nBright Dental LLC"
    assert extraction.quoted == ()


def test_pasted_email_with_history():
    text = (
        "From: Jane Doe <Jane@acme-widgets.com>\nTo: info@shop.com\nSubject: Quote for CRM\n"
        "Date: Mon, 23 Nov 2026 09:00\n\nHello,\n\nwe at Acme Widgets need help, budget between 2 and 3k, by 12/05.\n\n"
        "On Nov 1, 2026, Bob Smith <bob@shop.com> wrote:\n> call us at 512-555-0199, it costs $900\n"
    )
    values = found(text, business_type="consulting")
    assert values == {
        "first_name": "Jane",
        "last_name": "Doe",
        "email": "jane@acme-widgets.com",
        "company": "Acme Widgets",
        "product": "CRM implementation",
        "date": "2026-12-05",
        "amount": "3000",
        "intent": "quote_request",
        "urgency": "medium",
        "language": "en",
        "summary": "we at Acme Widgets need help, budget between 2 and 3k, by 12/05.",
    }
    assert evidence_of(text, "intent", business_type="consulting") == "Quote"


def test_pasted_chat():
    text = (
        "[10:32] Maria: hi, can I come tomorrow for botox?\n"
        "[10:33] Agent: sure, what is your number? ours is 512-555-0100\n"
        "[10:35] Maria: 512 555 0177"
    )
    assert found(text, "first_name", "phone", "date", "treatment", "intent", business_type="medspa") == {
        "first_name": "Maria",
        "phone": "+15125550177",
        "date": "2026-11-24",
        "treatment": "Botox",
        "intent": "appointment_request",
    }
    assert evidence_of(text, "summary", business_type="medspa") == "hi, can I come tomorrow for botox?"


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        (
            "Hola, me llamo José García y necesito una cita el 3 de diciembre a las 10:30, es urgente. "
            "Mi teléfono es 612 345 678",
            "ES",
            {
                "first_name": "José",
                "last_name": "García",
                "phone": "+34612345678",
                "date": "2026-12-03T10:30",
                "intent": "appointment_request",
                "urgency": "medium",
                "language": "es",
            },
        ),
        (
            "Guten Tag, mein Name ist Jürgen Müller. Ich brauche dringend einen Termin am 15. Dezember um 14 Uhr. "
            "Budget 4.500 €. Tel. 030 901820",
            "DE",
            {
                "first_name": "Jürgen",
                "last_name": "Müller",
                "phone": "+4930901820",
                "date": "2026-12-15T14:00",
                "amount": "4500 EUR",
                "intent": "appointment_request",
                "urgency": "medium",
                "language": "de",
            },
        ),
        (
            "Bonjour, je m'appelle Élodie Dupont, je voudrais un devis pour lundi 7 décembre, ce n'est pas urgent. "
            "Merci, 06 12 34 56 78",
            "FR",
            {
                "first_name": "Élodie",
                "last_name": "Dupont",
                "phone": "+33612345678",
                "date": "2026-12-07",
                "intent": "quote_request",
                "urgency": "low",
                "language": "fr",
            },
        ),
    ],
)
def test_other_languages(text, region, expected):
    values = found(text, region=region)
    del values["summary"]
    assert values == expected


def test_typed_fields_are_not_looked_for_again():
    text = "I'm Dave Miller, dave@x.com, 512-555-0142. Can you call me?"
    typed = Contact(first_name="Dave", last_name="Miller", email="d@y.org", phone="+15125550100", company="Miller & Co")
    assert not found(text, "first_name", "last_name", "email", "phone", "company", contact=typed)


def test_a_typed_first_name_takes_no_other_persons_last_name():
    text = "I'm asking for my boss. Thanks, Karen Smith"
    assert found(text, "first_name", "last_name", contact=Contact(first_name="Dave")) == {}
    assert found(text, "first_name", "last_name", contact=Contact(first_name="karen")) == {"last_name": "Smith"}


def test_empty_text():
    extraction = checked("")
    assert [(value.field, value.value, value.evidence) for value in extraction.values] == [
        ("intent", "general", None),
        ("urgency", "medium", None),
    ]
    assert (extraction.body, extraction.signature, extraction.quoted) == ((0, 0), None, ())


def test_invisible_characters_and_line_ends_keep_the_spans():
    text = "\ufeffHi\u200b,\r\nmy\u00a0name is An\u200ba Lo\u00adpez.\r\nCall 512\u2011555\u20110142\u200f!\r\n"
    assert found(text, "first_name", "last_name", "phone") == {
        "first_name": "Ana",
        "last_name": "Lopez",
        "phone": "+15125550142",
    }
    assert evidence_of(text, "first_name") == "An\u200ba"


def test_html():
    text = (
        "<html><head><style>p {color: red}</style></head><body><p>Hi,</p><p>my name is <b>Ana&nbsp;Lopez</b><br>"
        'write to <a href="mailto:x@y.z">ana@acme.com</a> about Tom &amp; Co</p></body></html>'
    )
    values = found(text, "first_name", "last_name", "email")
    assert values == {"first_name": "Ana", "last_name": "Lopez", "email": "ana@acme.com"}


def test_only_the_beginning_of_a_long_text_is_read():
    text = "I need a quote. " * 2000 + "My name is Ana Lopez, ana@x.com"
    assert len(text) > LIMIT
    assert not found(text, "first_name", "email")
    assert found("My name is Ana. " + text, "first_name") == {"first_name": "Ana"}


# Texts made to send a careless pattern into exponential or quadratic time. The suite's time limit is the clock.
MEAN_TEXTS = {
    "one letter": "a" * 1_000_000,
    "big letters": "A" * LIMIT,
    "big words": "Aaa " * 5_000,
    "initials": "A. " * 7_000,
    "digits": "1" * LIMIT,
    "digit groups": "12 34 " * 3_400,
    "thousands": "1,000," * 3_400,
    "brackets": "(1" * 10_000,
    "line ends": "\n" * LIMIT,
    "carriage returns": "\r\n" * 10_000,
    "spaces": " " * LIMIT,
    "spaces and words": ("word" + " " * 500) * 40,
    "quote marks": "> " * 10_000,
    "quoted lines": "> x\n" * 5_000,
    "attributions": "On 1 Jan 2026 at\n" * 1_200,
    "attribution starts": "On 1, " * 3_400,
    "header lines": "From: a\n" * 2_500,
    "header lines with address": "From: a@b.co\nTo: c\n\n" * 1_000,
    "colons": ":" * LIMIT,
    "chat lines": "[10:10] A: x\n" * 1_500,
    "sign-offs": "Thanks,\n" * 2_500,
    "sign-offs in a line": "thanks, " * 2_500,
    "many thanks": "many " * 4_000 + "thanks",
    "dashes": "-" * LIMIT,
    "rules": ("_" * 40 + "\n") * 480,
    "dots": "." * LIMIT,
    "dotted": "a." * 10_000,
    "at signs": "@" * LIMIT,
    "half addresses": "a@" * 10_000,
    "addresses": "a@b.co " * 2_800,
    "links": "http://a" * 2_500,
    "domains": "a-b-" * 5_000 + ".com",
    "tags": "<p" * 10_000,
    "open styles": "<style>" * 2_800 + "</style",
    "comments": "<!--" * 5_000 + "--><p>",
    "entities": "<p>" + "&amp" * 5_000,
    "slashes": "1/2/" * 5_000,
    "months": "may " * 5_000,
    "weekdays": "Monday to " * 2_000,
    "times": "at 10:30 " * 2_200,
    "money": "$1 to " * 3_300,
    "budget": "budget " * 2_800,
    "between": "between 1 and " * 1_400,
    "makes": "2014 Honda " * 1_800,
    "streets": "1 Aaa Bbb Ccc " * 1_400,
    "names": "I'm Ana " * 2_500,
    "company": "Aa & Bb and " * 1_600,
    "questions": "?" * LIMIT,
    "emoji": "😀" * 10_000,
    "joined emoji": "👩\u200d👩\u200d👧" * 3_000,
    "flags and marks": "e\u0301\u0302\u0303" * 5_000,
    "zero width": "\u200b" * LIMIT,
    "right to left": "שלום \u202eמה שלומך\u202c " * 900,
    "nul": "a\x00b " * 5_000,
    "nul only": "\x00" * LIMIT,
    "lone surrogates": "\ud800 \udfff " * 4_000,
    "noise": "".join(chr(random.Random(1).randrange(32, 0xD7FF)) for _ in range(20))
    + "".join(map(chr, range(1, 0xD7FF, 3))),
    "binary": bytes(range(256)).decode("latin-1") * 78,
    "broken utf-8": bytes(range(256)).decode("utf-8", "replace") * 78,
    "json": '{"a": [' * 2_800,
    "far days": "in 99 weeks 99/99/9999 Feb 30 31.02.2027 9999-12-31 2099-99-99 ",
    "strange digits": "٣٤٥ ١٢/٠٥ $٤٠٠ ²³ ½ 12৩ " * 700,
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", MEAN_TEXTS.values(), ids=MEAN_TEXTS.keys())
def test_no_text_breaks_the_rules(text):
    values = {value.field for value in checked(text, business_type="automotive").values}
    assert {"intent", "urgency"} <= values


def test_random_texts_break_nothing():
    """Pieces that the patterns look for, in any order."""
    pieces = [
        *["From:", "On ", " wrote:", "> ", "\n", "\n\n", "-- ", "Thanks,", "Sent from my ", "[10:10] ", "Agent: "],
        *[
            "Ana",
            "Lopez",
            ", ",
            "ana@x.com",
            "512-555-0142",
            "my name is ",
            "I'm ",
            "from ",
            "Acme ",
            "LLC",
            "www.",
            ".com",
        ],
        *[
            "$",
            "4k",
            "between ",
            "budget ",
            "12/05",
            "next ",
            "Friday",
            " at ",
            "3pm",
            "Dec ",
            "3rd",
            "today",
            "the 31st",
        ],
        *["2014 ", "Honda ", "Austin, ", "TX ", "78701", "0", "-", "to ", "?", "!", ".", " ", " Feb 30", "in 9 days"],
        *["\u200b", "<br>", "😀", "\x00", "’", "ß", "\r\n", "é", "e\u0301"],
    ]
    generator = random.Random(7)
    for _ in range(400):
        checked("".join(generator.choices(pieces, k=generator.randrange(1, 60))), business_type="automotive")
