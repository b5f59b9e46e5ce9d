"""Tokens of the public form: signed, not older than a day, not younger than a person's typing.

A token is used once: its own part becomes the submission's idempotency key. They stand in for the CSRF cookie, which
browsers don't send from a frame on another site.
"""

import secrets

from django.core import signing

OLDEST = 24 * 3600  # seconds
YOUNGEST = 2  # seconds: nobody fills in a form faster

EXPIRED = "This page was open for too long. Please send it again; nothing you typed is lost."
TOO_FAST = "That was very quick. Please press Send once more."
WRONG = "This page can't be sent any more. Please send it again; nothing you typed is lost."


class WrongToken(Exception):
    """The token is missing, foreign, too old or too young; the message is for the visitor."""


class TooFast(WrongToken):
    """Sent sooner than anyone types; the same token will do in a moment."""


def new_token(form_key: str) -> str:
    return _signer(form_key).sign(secrets.token_urlsafe(12))


def check(token: str, form_key: str) -> str:
    """The token's own part, once its signature and age are right.

    Raises:
        WrongToken: with a sentence for the visitor; TooFast when waiting is all that it takes.
    """
    try:
        nonce = _signer(form_key).unsign(token, max_age=OLDEST)
    except signing.SignatureExpired:
        raise WrongToken(EXPIRED) from None
    except signing.BadSignature:
        raise WrongToken(WRONG) from None
    try:
        _signer(form_key).unsign(token, max_age=YOUNGEST)
    except signing.SignatureExpired:
        return nonce
    raise TooFast(TOO_FAST)


def _signer(form_key: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"public-form:{form_key}")
