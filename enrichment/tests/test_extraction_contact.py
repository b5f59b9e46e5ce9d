"""Names, company, e-mail, phone, website."""

import pytest

from enrichment.tests.extraction_cases import checked, evidence_of, found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm Dave", "Dave"),
        ("My name is jane doe and i need help", "Jane Doe"),
        ("MY NAME IS JANE DOE AND I NEED HELP", "Jane Doe"),
        ("my name is José", "José"),
        ("this is Ana from Acme", "Ana"),
        ("Hello, this is Priya Natarajan calling about brakes", "Priya Natarajan"),
        ("Dr. Juan de la Vega here, calling", "Juan de la Vega"),
        ("Hi, Maria here, I need help", "Maria"),
        ("I am Dr. Smith.", "Smith"),
        ("It's Karen with Bright Dental", "Karen"),
        ("Thanks, Mark Bruxner", "Mark Bruxner"),
        ("Thanks,\nMary-Jane O'Brien", "Mary-Jane O'Brien"),
        ("Thanks so much! Kim", "Kim"),
        ("Thanks, J.R. Ewing", "J.R. Ewing"),
        ("Best,\nZoë Müller", "Zoë Müller"),
        ("Kind regards, Sarah.", "Sarah"),
        ("Cheers\nBob", "Bob"),
        ("Grüße\nAnna", "Anna"),
        ("Please call me. - Tom", "Tom"),
        ("Regards,\nJane Doe, CPA", "Jane Doe"),
        ("Regards,\nJane Doe | Bright Dental", "Jane Doe"),
        ("Can you help?\n\nJohn Smith\n(512) 555-0100", "John Smith"),
        ("Ana Belén López\n512-555-0142", "Ana López"),
        ("Name: Lopez, Ana\nI need help", "Ana Lopez"),
        ("First name: Ana\nLast name: de la Cruz\nMessage: hi", "Ana de la Cruz"),
        ('From: "Lopez, Ana" <ana@x.com>\nSubject: hi\n\nhello', "Ana Lopez"),
        ("From: ana@x.com (Ana Lopez)\nSubject: hi\n\nhello", "Ana Lopez"),
        ("From: D. Reyes <dana.reyes@x.com>\n\nHi, this is Dana Reyes again, about the vans.", "Dana Reyes"),
        ("From: D. Reyes <d.reyes@x.com>\n\nHi, this is Maria Reyes again, about the vans.", "Maria Reyes"),
        ("I am Dr. Smith. Call me.\n\nBest,\nJohn Smith", "John Smith"),
        ("From: Ana Lopez via Web Form <noreply@form.com>\nSubject: hi\n\nhello", "Ana Lopez"),
        ("Je m'appelle Élodie Dupont et je cherche", "Élodie Dupont"),
        ("Ich heiße Jörg und suche", "Jörg"),
        ("I'm Steve. I drive a truck.\n\nSteve McQueen\n512-555-0142", "Steve McQueen"),
        ("Hi Mike, I'm Steve and I live in Round Rock", "Steve"),
        # no names
        ("", ""),
        ("i am interested in botox", ""),
        ("I'm Looking for a quote", ""),
        ("I am German and need help", ""),
        ("I'm from Texas", ""),
        ("I'm Pregnant and ask for a facial", ""),
        ("I'M SICK OF THIS", ""),
        ("This is Urgent, please call", ""),
        ("This is my third email", ""),
        ("my name is on the list", ""),
        ("my name is misspelled", ""),
        ("Thanks for your help", ""),
        ("Thanks, looking forward", ""),
        ("Take care. Live the dream", ""),
        ("Thank you,\nThe Miller Family", ""),
        ("Thanks, Anna, Bob", "Anna"),
        ("Thanks!\nSent from my iPhone", ""),
        ("Hi Mike,\nplease call", ""),
        ("Ich bin Kunde und suche Hilfe", ""),
        ("From: Acme Support <support@acme.com>\nSubject: hi\n\nhello", "Acme"),
    ],
)
def test_names(text, expected):
    values = found(text, "first_name", "last_name")
    assert " ".join(values[field] for field in ("first_name", "last_name") if field in values) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm with Acme Widgets LLC and need help", "Acme Widgets LLC"),
        ("Bright Dental, Inc. needs a website", "Bright Dental, Inc."),
        ("Wir von der Müller & Söhne GmbH suchen", "Müller & Söhne GmbH"),
        ("on behalf of Bright Dental", "Bright Dental"),
        ("I work at Initech.", "Initech"),
        ("this is Ana from Acme", "Acme"),
        ("Company: bright dental\nMessage: hi", "bright dental"),
        ("Can you?\n\nAna Lopez\nOwner, Acme Widgets\nana@x.com", "Acme Widgets"),
        ("Can you?\n\nAna Lopez\nBright Smile Studio\nana@x.com", "Bright Smile Studio"),
        ("We are BrightDental, write to ana@brightdental.com", "BrightDental"),
        ("Bright Dental needs help. ana@bright-dental.co.uk", "Bright Dental"),
        # no companies
        ("write to ana@acme.com", None),
        ("write to ana@gmail.com, I use Gmail", None),
        ("this is Ana from Austin", None),
        ("this is Ana from Waco, TX", None),
        ("I'm Ana from Pflugerville", None),
        ("Hi Acme Auto LLC, I need help", None),
        ("I saw Acme LLC did this", None),
        ("Thanks, Tony Svanstrom tony@svanstrom.com", None),
        ("Company: none\nhello", None),
    ],
)
def test_company(text, expected):
    assert found(text, "company").get("company") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("email me: Jane.Doe+x@Mail.com.", "jane.doe+x@mail.com"),
        ("mailto:jane@x.com", "jane@x.com"),
        ("<jane@x.co.uk>", "jane@x.co.uk"),
        ("jane (at) acme dot com", "jane@acme.com"),
        ("jane[at]acme.com", "jane@acme.com"),
        ("jane at acme dot com", "jane@acme.com"),
        ("jane@home.com, but better use my mail jane@work.com", "jane@work.com"),
        ("From: Jane <jane@x.com>\nSubject: hi\n\nask bob@y.com", "jane@x.com"),
        ("From: Form <noreply@form.com>\nReply-To: Jane <jane@x.com>\nSubject: hi\n\nhello", "jane@x.com"),
        ("I wrote to info@yourshop.com but my email is jane@x.com", "jane@x.com"),
        # not the sender's
        ("I wrote to info@yourshop.com", None),
        ("your email support@x.com bounced", None),
        ("noreply@x.com", None),
        ("hello\n> jane@x.com", None),
        ("meet at acme", None),
        ("a@b", None),
        ("@jane_x", None),
    ],
)
def test_email(text, expected):
    assert found(text, "email").get("email") == expected


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("call (512) 555-0142", "US", "+15125550142"),
        ("512.555.0142", "US", "+15125550142"),
        ("5125550142", "us", "+15125550142"),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("0171 2345678", "DE", "+491712345678"),
        ("your number 512-555-0100 is busy, call me on 512-555-0177", "US", "+15125550177"),
        ("my old one is 512-555-0100\n\nThanks,\nAna\n512-555-0177", "US", "+15125550100"),
        ("+1-512-555-0142", "XX", "+15125550142"),
        # no phone numbers
        ("fax 512-555-0142", "US", None),
        ("order #5125550142", "US", None),
        ("order number 5125550142", "US", None),
        ("555-0142", "US", None),
        ("card 4111 1111 1111 1111", "US", None),
        ("12/05/2026 10:30", "US", None),
        ("http://157.237.128.20/x", "US", None),
        ("VIN 1HGCM82633A004352", "US", None),
    ],
)
def test_phone(text, region, expected):
    assert found(text, "phone", region=region).get("phone") == expected


def test_phone_note():
    value = next(value for value in checked("512-555-0142 ext 5").values if value.field == "phone")
    assert (value.value, value.note) == ("+15125550142", "Read as a number in US. Extension 5.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my site is https://Acme.com/About.", "https://acme.com/About"),
        ("www.acme.com", "https://www.acme.com"),
        ("see acme.com, please", "https://acme.com"),
        ("ana@acme.com (www.acme.com)", "https://www.acme.com"),
        # not the sender's site
        ("I saw your website yourshop.com", None),
        ("see https://www.youtube.com/watch?v=1", None),
        ("ana@acme.com", None),
        ("see you at 5.30 done.thanks", None),
        ("e.g. this", None),
        ("www.x.com1win150", None),
    ],
)
def test_website(text, expected):
    assert found(text, "website").get("website") == expected


def test_evidence_of_names_is_what_was_written():
    text = "MY NAME IS JANE DOE"
    assert (evidence_of(text, "first_name"), evidence_of(text, "last_name")) == ("JANE", "DOE")
