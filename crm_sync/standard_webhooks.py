"""Signed messages to an address, as https://www.standardwebhooks.com has them. Pure: imports no Django."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

import httpx

TIMEOUT = httpx.Timeout(10.0, connect=5.0)  # seconds
PREFIX = "whsec_"
LONGEST_ANSWER = 160  # characters that are kept
# What says that the message itself is wrong. All else may be the address: it moved, lost the secret, is being mended.
WRONG_MESSAGE = (400, 413, 415, 422)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try. `is_final`: trying again would bring nothing; `is_over`: the address wants no more."""

    is_delivered: bool
    said: str
    is_final: bool = False
    is_over: bool = False


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def signature(secret: str, *, message_id: str, timestamp: int, body: str) -> str:
    """The value of the header `webhook-signature`; `timestamp` in seconds since 1970. Raises ValueError for a secret
    that is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not a secret") from error
    digest = hmac.new(key, f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def send(url: str, secret: str, *, message_id: str, timestamp: int, body: str) -> Answer:
    """Posts one message; redirects are not followed. Never raises for what the network or the address does."""
    headers = {
        "content-type": "application/json",
        "user-agent": "baseCamp",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id=message_id, timestamp=timestamp, body=body),
    }
    try:
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", url, content=body.encode(), headers=headers) as response,
        ):
            return _answer(response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(False, f"No answer ({type(error).__name__})")


def _answer(response: httpx.Response) -> Answer:
    """Any 2xx is a yes. Whoever finds the message wrong won't find it right the next time."""
    code = response.status_code
    if response.is_success:
        return Answer(True, f"HTTP {code}")
    start = next(response.iter_text(LONGEST_ANSWER), "") if response.is_error else ""
    said = f"HTTP {code} {' '.join(start.split())}".strip()[:LONGEST_ANSWER]
    return Answer(False, said, is_final=code in WRONG_MESSAGE, is_over=code == 410)
