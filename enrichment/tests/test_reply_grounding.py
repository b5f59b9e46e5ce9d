"""What of a drafted reply stands, sentence by sentence, in six languages."""

from dataclasses import replace

import pytest

from enrichment.profiles import PROFILES, Service
from enrichment.reply_grounding import ground_reply, sentences, told, why_not

PROFILE = replace(
    PROFILES["automotive"],
    business_name="Elm Street Garage",
    opening_hours="Mon-Fri 8-17",
    services=(Service("Brake pads", "from $189"), Service("Inspection", "free with any repair")),
    notes="Book at elm.example/book. We guarantee repairs for 12 months.",
)
MESSAGE = "My 2016 Outback squeals. What do pads cost? Could you do Tuesday? I have $500. Mark (see evil.example/x)"
KNOWN = told([MESSAGE], ["Mark", "Lee", "mark@lee.example"], PROFILE)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Thank you for writing about the noise from your 2016 Outback."),
        ("en", "Our brake pads start from $189."),
        ("en", "An inspection is free with any repair."),
        ("en", "We guarantee repairs for 12 months."),
        ("en", "You can book at elm.example/book."),
        ("en", "We are open Monday to Friday, from 8 to 17."),
        ("en", "You asked about Tuesday; somebody will get back to you about that."),
        ("en", "Feel free to write to us again, Mark."),
        ("en", "We write to mark@lee.example."),
        ("de", "Vielen Dank für Ihre Anfrage zu den Bremsbelägen Ihres Outback."),
        ("de", "Zum Dienstag melden wir uns bei Ihnen, Herr Lee."),
        ("fr", "Merci pour votre message au sujet de votre Outback."),
        ("fr", "Nous vous répondrons au sujet de mardi."),
        ("es", "Gracias por escribirnos sobre su Outback."),
        ("it", "Grazie per il Suo messaggio sulla Sua Outback."),
        ("pt", "Obrigado pela mensagem sobre o Outback."),
    ],
)
def test_what_stands(language, sentence):
    assert why_not(sentence, KNOWN, language) == ""


@pytest.mark.parametrize(
    ("language", "sentence", "reason"),
    [
        ("en", "Brake pads are $149.", "no price"),
        ("en", "That comes to $500.", "no price"),  # the sender's own number is no price of ours
        ("en", "You get 10% off.", "no price"),
        ("en", "It takes 3 hours.", "no number"),
        ("en", "It takes three hours.", "no number"),
        ("en", "Call us at 512-555-0199.", "no number"),
        ("en", "See evil.example/x for more.", "no link"),  # said by the sender, not by us
        ("en", "Write to boss@elm.example.", "no link"),
        ("en", "We close on Saturday.", "does not name"),
        ("en", "We will do it tomorrow.", "does not say|settles"),
        ("en", "A discount is possible.", "promises"),
        ("en", "We refund the rest.", "promises"),
        ("en", "Your appointment is confirmed.", "settles"),
        ("en", "See you on Tuesday!", "settles"),
        ("en", "We'll be there on Tuesday.", "settles"),
        ("en", "I have booked Tuesday for you.", "settles"),
        ("en", "Our mechanic Bob looks at it.", "names"),
        ("en", "Bob looks at it.", "names"),
        ("en", "Dear [Name], thanks.", "gap"),
        ("en", "<b>Thanks</b>", "markup"),
        ("de", "Die Bremsbeläge kosten 149 €.", "no price"),
        ("de", "Sie bekommen einen Rabatt.", "promises"),
        ("de", "Wir kommen am Dienstag.", "settles"),
        ("de", "Ihr Termin ist bestätigt.", "settles"),
        ("de", "Herr Meier meldet sich.", "names"),
        ("fr", "Cela coûte 149 €.", "no price"),
        ("fr", "Vous recevrez une remise.", "promises"),
        ("fr", "Le rendez-vous est confirmé.", "settles"),
        ("es", "Cuesta 149 euros.", "no price"),
        ("es", "Le damos un descuento.", "promises"),
        ("es", "Su cita está confirmada.", "settles"),
        ("it", "Costa 149 euro.", "no price|no number"),
        ("it", "Le facciamo uno sconto.", "promises"),
        ("it", "La aspettiamo martedì.", "settles"),
        ("pt", "Custa R$ 149.", "no price"),
        ("pt", "Damos um desconto.", "promises"),
        ("pt", "Está agendado para terça.", "settles"),
    ],
)
def test_what_is_left_out(language, sentence, reason):
    said = why_not(sentence, KNOWN, language)
    assert any(part in said for part in reason.split("|")), said


def test_the_body_alone_stands():
    text = (
        "Subject: Hi\n\nHi Mark,\n\nThanks for your message. Pads start from $189. They are $5.\n\nBest regards,\nBob"
    )
    body = ground_reply(text, KNOWN, language="en")
    assert body.text == "Thanks for your message. Pads start from $189."
    assert [sentence for sentence, _ in body.dropped] == ["They are $5."]
    assert body.is_enough


def test_a_sentence_that_may_go_on_is_not_shown_yet():
    growing = "Thanks for your message. Brake pads start from $189.50 today. "
    shown = [ground_reply(growing[:end], KNOWN, language="en", is_finished=False).text for end in range(len(growing))]
    assert set(shown) <= {"", "Thanks for your message."}


def test_our_question_takes_the_place_of_the_models():
    body = ground_reply("Thanks for telling us. What is your phone number?", KNOWN, language="en", asks=True)
    assert body.text == "Thanks for telling us."


@pytest.mark.parametrize("text", ["", "Ok.", "It is $5. It is $6. Thanks for writing to us about this.", "$5!\n" * 500])
def test_too_little(text):
    assert not ground_reply(text, KNOWN, language="en").is_enough


def test_sentences():
    assert sentences("Dr. Lee reads it. We open at 8 a.m. on Monday! Kommen Sie am 3. Mai?") == [
        "Dr. Lee reads it.",
        "We open at 8 a.m. on Monday!",
        "Kommen Sie am 3. Mai?",
    ]
