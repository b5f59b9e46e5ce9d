"""Normalised keys of a contact: equal keys mean the same mailbox or the same line. Pure: imports no Django."""

import phonenumbers

FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com yahoo.com yahoo.co.uk hotmail.com outlook.com live.com msn.com icloud.com me.com
    mac.com aol.com gmx.de gmx.net gmx.com web.de t-online.de proton.me protonmail.com mail.com yandex.com
    zoho.com comcast.net att.net verizon.net sbcglobal.net bellsouth.net orange.fr free.fr laposte.net libero.it
    """.split()  # noqa: SIM905 - easier to read and to extend than thirty quoted names
)


def email_key(email: str) -> str:
    """The mailbox behind an address: lower case, without a plus tag; Gmail ignores dots. Empty when it is none."""
    user, at, domain = email.strip().lower().rpartition("@")
    user = user.split("+", 1)[0]
    if not (at and user and domain):
        return ""
    if domain in ("gmail.com", "googlemail.com"):
        user, domain = user.replace(".", ""), "gmail.com"
    return f"{user}@{domain}"


def phone_key(phone: str, region: str | None = None) -> str:
    """The digits of the number with its country's code: "(512) 555-0142", read in `region` ("US"), is 15125550142.

    Without a region only numbers with "+" are read so; of others, and of what is no number, the digits are the key.
    Empty with fewer than seven, too few to mean anyone; 20 at most.
    """
    try:
        read = phonenumbers.parse(phone, region)
        digits = f"{read.country_code}{phonenumbers.national_significant_number(read)}"
    except phonenumbers.NumberParseException:
        digits = "".join(char for char in phone if char.isdecimal())
    return digits[:20] if len(digits) >= 7 else ""


def company_domain(email: str) -> str:
    """The domain of an address when it belongs to a company rather than to a mail provider."""
    domain = email.strip().lower().rpartition("@")[2]
    return "" if domain in FREE_MAIL else domain
