import pytest

from leads.keys import company_domain, email_key, phone_key


@pytest.mark.parametrize(
    ("phone", "region", "key"),
    [
        ("+15125550142", "US", "15125550142"),
        ("+1 (512) 555-0142", None, "15125550142"),
        ("(512) 555-0142", "US", "15125550142"),
        ("512.555.0142 ext. 12", "US", "15125550142"),
        ("1 512 555 0142", "US", "15125550142"),
        ("030 23125012", "DE", "493023125012"),
        ("+49 30 23125 012", "US", "493023125012"),
        ("(512) 555-0142", None, "5125550142"),
        ("15125550142", None, "15125550142"),
        ("call me", "US", ""),
        ("555-01", "US", ""),
        ("", "US", ""),
        ("9" * 40, "US", "9" * 20),
        ("+\N{FULLWIDTH DIGIT ONE}5125550142", "US", "15125550142"),
    ],
)
def test_phone_key(phone, region, key):
    assert phone_key(phone, region) == key


@pytest.mark.parametrize(
    ("email", "key", "domain"),
    [
        ("Mark.B+x@Gmail.com", "markb@gmail.com", ""),
        ("mark.b+shop@Acme.com", "mark.b@acme.com", "acme.com"),
        ("no address", "", "no address"),
        ("@acme.com", "", "acme.com"),
    ],
)
def test_email_key_and_domain(email, key, domain):
    assert (email_key(email), company_domain(email)) == (key, domain)
