"""Intent, urgency, language, summary."""

import pytest

from enrichment.tests.extraction_cases import checked, evidence_of, found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'd like to book an appointment", "appointment_request"),
        ("Can I come in Friday at 3pm?", "appointment_request"),
        ("Termin am Freitag?", "appointment_request"),
        ("Quisiera una cita", "appointment_request"),
        ("Je voudrais un rendez-vous", "appointment_request"),
        ("How much for an oil change?", "quote_request"),
        ("Could you send me an estimate", "quote_request"),
        ("¿Cuánto cuesta?", "quote_request"),
        ("Was kostet ein Ölwechsel?", "quote_request"),
        ("Quel est le prix ?", "quote_request"),
        ("I want a refund, this is unacceptable", "complaint"),
        ("my car is still not fixed after you repaired it", "complaint"),
        ("I can't log in to my account", "support"),
        ("Where is my order?", "support"),
        ("I'm applying for the technician position, resume attached", "job_application"),
        ("Are you currently hiring?", "job_application"),
        ("We help businesses like yours get on the first page of Google", "sales_pitch"),
        ("I'd love to schedule a free demo; our laser pays for itself in a year", "sales_pitch"),
        ("Is it safe while breastfeeding? No appointment yet, just asking.", "inquiry"),
        ("Could you send me an invoice for October?", "support"),
        ("I had a chemical peel with you on Monday and it hurts.", "support"),
        ("Do you do tires?", "inquiry"),
        ("I am interested in your services", "inquiry"),
        ("¿Tienen más información?", "inquiry"),
        ("my brakes", "general"),
        ("hello", "general"),
        ("Any special offer nowadays?", "inquiry"),
        ("how much money is in my bank", "general"),
    ],
)
def test_intent(text, expected):
    assert found(text, "intent") == {"intent": expected}


def test_intent_without_cues_is_not_sure():
    (value,) = (value for value in checked("hello there").values if value.field == "intent")
    assert (value.value, value.confidence, value.evidence) == ("general", 0.3, None)
    (value,) = (value for value in checked("hello?").values if value.field == "intent")
    assert (value.value, value.confidence, value.evidence) == ("inquiry", 0.4, None)


@pytest.mark.parametrize(
    ("text", "expected", "evidence"),
    [
        ("I need this ASAP please", "urgent", "ASAP"),
        ("This is an emergency", "urgent", "emergency"),
        ("stranded on I-35", "urgent", "stranded"),
        ("es urgente", "urgent", "urgente"),
        ("Ich brauche dringend Hilfe", "urgent", "dringend"),
        ("my car won't start", "high", "won't start"),
        ("oil is leaking", "high", "leaking"),
        ("can you come today?", "high", "today"),
        ("next week would be fine", "medium", "next week"),
        ("not urgent", "low", "not urgent"),
        ("no rush, but asap is fine", "low", "no rush"),
        ("keine Eile", "low", "keine Eile"),
        ("ce n'est pas urgent", "low", "ce n'est pas urgent"),
        ("NEED HELP WITH MY CAR PLEASE", "medium", None),
        ("my emergency contact is Bob", "medium", None),
        ("how are you today?", "medium", None),
        ("I noticed today that it squeaks", "medium", None),
        ("hello\n> this is urgent", "medium", None),
    ],
)
def test_urgency(text, expected, evidence):
    assert found(text, "urgency") == {"urgency": expected}
    assert evidence_of(text, "urgency") == evidence


def test_urgency_without_cues_is_not_sure():
    (value,) = (value for value in checked("hello").values if value.field == "urgency")
    assert (value.value, value.confidence) == ("medium", 0.3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Do you have time for an oil change next week?", "en"),
        ("Necesito saber cuánto cuesta el tratamiento completo", "es"),
        ("Ich würde gerne wissen, was die Behandlung kostet", "de"),
        ("Je voudrais savoir combien coûte le traitement", "fr"),
        ("Здравствуйте, сколько стоит замена масла в машине?", "ru"),
        ("ok", None),
        ("😀😀😀 123 456", None),
    ],
)
def test_language(text, expected):
    assert found(text, "language").get("language") == expected


def test_short_texts_make_the_language_less_sure():
    def confidence(text: str) -> float:
        return next(value.confidence for value in checked(text).values if value.field == "language")

    assert confidence("Do you fix brakes?") < confidence("Do you fix brakes? My car makes a loud noise when I stop it.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi there,\n\nDo you fix\nbrakes?\n\nThanks,\nAna", "Do you fix brakes?"),
        ("Hello! I hope you are well. How much is an oil change for a van?", "How much is an oil change for a van?"),
        ("Guten Tag,\nwas kostet ein Ölwechsel?", "was kostet ein Ölwechsel?"),
        ("Dr. Patel recommended you. Do you fix brakes?", "Dr. Patel recommended you. Do you fix brakes?"),
        ("WhatsApp, 10:32\nHey, the Civic grinds again", "the Civic grinds again"),
        ("Facebook ads\nneed somebody to run them", "Facebook ads need somebody to run them"),
        ("brakes squeak", "brakes squeak"),
        ("Hi", None),
        ("", None),
        ("?!", None),
        ("> quoted words only", None),
    ],
)
def test_summary(text, expected):
    assert found(text, "summary").get("summary") == expected


def test_summary_of_a_long_message_is_its_most_telling_stretch():
    filler = "We have been driving around the whole country for many years and have seen a lot of very nice places. "
    text = filler * 3 + "How much would new brakes cost, and can I come Friday at 3pm? " + filler * 3
    summary = found(text, "summary")["summary"]
    assert "How much would new brakes cost, and can I come Friday at 3pm?" in summary
    assert len(summary) <= 200


def test_summary_of_one_endless_sentence_is_cut_between_words():
    text = "brakes and tires " * 100
    summary = found(text, "summary")["summary"]
    assert len(summary) <= 200
    assert summary.endswith(("brakes", "and", "tires"))
