"""Proof of work for the public form: ALTCHA, from our own server. A solution serves once, for one form.

The library is stateless and would take the same solution again and again, so what was used is remembered until it
expires. Solving takes a phone a second or two; checking takes us less than a millisecond.
"""

import datetime as dt
import json
import logging
import secrets

import altcha
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from leads.models import RateCount

logger = logging.getLogger(__name__)

ALGORITHM = "PBKDF2/SHA-256"
COST = 1000  # rounds of one guess
GUESSES = (400, 1200)  # how many it takes
LIFETIME = dt.timedelta(minutes=10)
LONGEST = 4000  # characters of a solution


def new_challenge(form_key: str) -> str:
    """JSON for the widget."""
    found = altcha.create_challenge(
        ALGORITHM,
        COST,
        counter=GUESSES[0] + secrets.randbelow(GUESSES[1] - GUESSES[0]),
        expires_at=timezone.now() + LIFETIME,
        data={"form": form_key},
        hmac_secret=_secret("challenge"),
        hmac_key_secret=_secret("solution"),
    )
    return json.dumps(found.to_dict())


def is_solved(payload: str, form_key: str) -> bool:
    """Whether this is the solution of a challenge of this form, and used for the first time; then it is used up."""
    if not payload or len(payload) > LONGEST:
        return False
    try:
        found = altcha.Payload.from_base64(payload)
        is_right = altcha.verify_solution(found, _secret("challenge"), hmac_key_secret=_secret("solution")).verified
        parameters = found.challenge.parameters
        is_ours = is_right and (parameters.data or {}).get("form") == form_key
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return False  # whatever strangers make up
    return is_ours and _is_first_use(str(parameters.nonce))


def _is_first_use(nonce: str) -> bool:
    try:
        with transaction.atomic():
            RateCount.objects.create(key=f"altcha:{nonce}", count=1, expires_at=timezone.now() + 2 * LIFETIME)
    except IntegrityError:
        return False
    return True


def _secret(purpose: str) -> bytes:
    return salted_hmac("leads.challenge", purpose, algorithm="sha256").digest()
