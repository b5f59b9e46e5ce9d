"""Body, signature, quoted parts, header blocks, chats."""

import pytest

from enrichment.tests.extraction_cases import checked, found


def parts(text: str) -> tuple[str, str | None, list[str]]:
    extraction = checked(text)
    signature = text[slice(*extraction.signature)] if extraction.signature else None
    return text[slice(*extraction.body)], signature, [text[slice(*span)] for span in extraction.quoted]


@pytest.mark.parametrize(
    ("text", "body", "signature"),
    [
        ("Do you fix brakes?", "Do you fix brakes?", None),
        ("  \n Do you fix brakes?\n\n", "Do you fix brakes?", None),
        ("Do you?\n-- \nAna Lopez\nAcme", "Do you?", "-- \nAna Lopez\nAcme"),
        ("Do you?\n\nBest regards,\nAna Lopez\n512-555-0142", "Do you?", "Best regards,\nAna Lopez\n512-555-0142"),
        ("Do you?\nThanks", "Do you?", "Thanks"),
        ("Do you?\nThanks, Ana Lopez", "Do you?", "Thanks, Ana Lopez"),
        ("Do you? Thanks, Ana Lopez", "Do you? ", "Thanks, Ana Lopez"),
        ("Können Sie das?\n\nMit freundlichen Grüßen\nJürgen", "Können Sie das?", "Mit freundlichen Grüßen\nJürgen"),
        ("¿Pueden?\nSaludos cordiales,\nJosé", "¿Pueden?", "Saludos cordiales,\nJosé"),
        ("Vous pouvez ?\n\nBien cordialement,\nÉlodie", "Vous pouvez ?", "Bien cordialement,\nÉlodie"),
        ("Call me\n\nSent from my iPhone", "Call me", "Sent from my iPhone"),
        ("Call me\n\nGet Outlook for iOS", "Call me", "Get Outlook for iOS"),
        ("Bitte anrufen\n\nVon meinem iPhone gesendet", "Bitte anrufen", "Von meinem iPhone gesendet"),
        ("Do you?\n\nAna Lopez\nOwner, Acme\nana@acme.com", "Do you?", "Ana Lopez\nOwner, Acme\nana@acme.com"),
        ("Do you?\n\nAna Lopez", "Do you?", "Ana Lopez"),
        ("I need help.\n\nPlease Call Today", "I need help.\n\nPlease Call Today", None),
        ("I need help.\n\nASAP", "I need help.\n\nASAP", None),
        ("Thanks, Ana", "Thanks, Ana", None),
        ("Thanks for the quote.\nI have a question.", "Thanks for the quote.\nI have a question.", None),
        ("Thanks, looking forward to it", "Thanks, looking forward to it", None),
        ("Best wishes\nDo you fix brakes?", "Best wishes\nDo you fix brakes?", None),
    ],
)
def test_signature(text, body, signature):
    assert parts(text) == (body, signature, [])


HISTORY = "Bob Smith\n512-555-0199"


@pytest.mark.parametrize(
    "intro",
    [
        "On Mon, Nov 2, 2026 at 9:05 AM Bob Smith <bob@shop.com> wrote:",
        "On Mon, Nov 2, 2026 at 9:05 AM\nBob Smith\n<bob@shop.com> wrote:",
        "Am 02.11.2026 um 09:05 schrieb Bob Smith <bob@shop.com>:",
        "El lun, 2 nov 2026 a las 9:05, Bob (<bob@shop.com>) escribió:",
        "Le lun. 2 nov. 2026 à 09:05, Bob <bob@shop.com> a écrit :",
        "Il giorno lun 2 nov 2026 alle ore 09:05 Bob ha scritto:",
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "From: Bob Smith\nSent: Monday, November 2, 2026 9:05 AM\nTo: Ana\nSubject: Re: brakes",
        "________________________________\nFrom: Bob Smith <bob@shop.com>\nSent: Monday\nTo: Ana\nSubject: x",
        "Von: Bob\nGesendet: Montag\nAn: Ana\nBetreff: Bremsen",
        "De : Bob\nEnvoyé : lundi\nÀ : Ana\nObjet : freins",
    ],
)
def test_history_is_quoted_to_the_end(intro):
    text = f"Yes please, Friday works well for me.\n\n{intro}\n{HISTORY}"
    body, signature, quoted = parts(text)
    assert (body, signature, len(quoted)) == ("Yes please, Friday works well for me.", None, 1)
    assert quoted[0] == f"{intro}\n{HISTORY}"


def test_answers_between_quoted_lines_are_the_body():
    text = "On Nov 2, 2026, Bob <b@x.co> wrote:\n> Which day?\nFriday.\n> How many?\n> Say it.\nTwo cars."
    assert parts(text) == (
        "Friday.\n> How many?\n> Say it.\nTwo cars.",
        None,
        ["On Nov 2, 2026, Bob <b@x.co> wrote:", "> Which day?", "> How many?", "> Say it."],
    )


def test_all_quoted():
    assert parts("> hello\n> 512-555-0142") == ("", None, ["> hello", "> 512-555-0142"])


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("From: Ana <a@x.co>\nTo: us\nSubject: Hi\nDate: Monday", "Do you?"),
        ("Subject: Hi", "Do you?"),
        ("*From:* Ana <a@x.co>\n*Sent:* Monday", "Do you?"),
        ("Von: Ana <a@x.co>\nBetreff: Hallo", "Do you?"),
        ("---------- Forwarded message ---------\nFrom: Ana <a@x.co>\nDate: Mon\nSubject: Hi\nTo: us", "Do you?"),
        ("FYI\n\nBegin forwarded message:\n\nFrom: Ana <a@x.co>\nDate: Mon\nSubject: Hi", "Do you?"),
        ("Received: from mx\n by mx2\nFrom: Ana <a@x.co>\nMIME-Version: 1.0\nSubject: Hi", "Do you?"),
    ],
)
def test_header_block_at_the_top(head, body):
    found_body, _, quoted = parts(f"{head}\n\n{body}")
    assert found_body == body
    assert quoted == [line for line in head.split("\n") if line]


def test_from_and_to_of_a_move_are_no_header_block():
    text = "From: Austin\nTo: Dallas\nTwo rooms, three people"
    assert parts(text) == (text, None, [])


def test_chat_keeps_the_other_side():
    text = "Agent: Hello!\nhow can I help?\nMaria: do you do facials\nfor two?\nAgent: yes"
    body, _, quoted = parts(text)
    assert body == text
    assert quoted == ["Agent: Hello!", "how can I help?", "Maria: ", "Agent: yes"]


@pytest.mark.parametrize("stamp", ["[10:31, 23/11/2026]", "[10:31 AM, 11/23/2026]", "[23.11.26, 10:31:05]", "10:31 -"])
def test_time_stamps_of_chats(stamp):
    text = f"{stamp} Tim Okoye: can you come?\n{stamp} Garage: at 3"
    assert parts(text)[2] == [f"{stamp} Tim Okoye: ", f"{stamp} Garage: at 3"]
    assert found(text, "first_name", "last_name", "date") == {"first_name": "Tim", "last_name": "Okoye"}


@pytest.mark.parametrize(
    "text",
    [
        "Name: Ana\nPhone: 512-555-0142\nMessage: do you do facials?",
        "My question: do you do facials?\nAlso: when?",
        "Note: the car is red.",
    ],
)
def test_labels_are_no_chat(text):
    assert parts(text) == (text, None, [])
