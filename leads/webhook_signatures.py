"""Whether a call comes from whom it says: each service's signature, compared in constant time."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping

from leads.models import Webhook
from leads.vault import unseal

Kind = Webhook.Kind
STALE = 300  # seconds by which Webflow's clock and ours may differ


def is_genuine(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the call is signed with the webhook's secret; without a secret the address alone is one.

    Raises:
        leads.vault.Unreadable: nobody can say.
    """
    secret = unseal(webhook.secret).encode()
    if not secret:
        return True
    signature = headers.get(HEADERS[Kind(webhook.kind)], "")
    if webhook.kind == Kind.TYPEFORM:
        expected = "sha256=" + base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode()
    elif webhook.kind == Kind.WEBFLOW:
        stamp = headers.get("X-Webflow-Timestamp", "")
        if not _is_fresh(stamp):
            return False
        expected = hmac.new(secret, stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    else:
        expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.encode(), expected.encode())


def _is_fresh(milliseconds: str) -> bool:
    is_number = milliseconds.isascii() and milliseconds.isdecimal() and len(milliseconds) < 16
    return is_number and abs(time.time() - int(milliseconds) / 1000) <= STALE


HEADERS = {
    Kind.TYPEFORM: "Typeform-Signature",
    Kind.FACEBOOK: "X-Hub-Signature-256",
    Kind.WEBFLOW: "X-Webflow-Signature",
    Kind.ELEMENTOR: "X-Hub-Signature-256",
    Kind.OTHER: "X-Hub-Signature-256",
}
