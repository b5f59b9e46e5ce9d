"""Access tokens for mailboxes that want OAuth instead of a password: by a refresh token, or as an application."""

import datetime as dt

import httpx
from django.utils import timezone

from leads import vault
from leads.imap import Away, Refused
from leads.models import Mailbox

PATIENCE = 10  # seconds
SPARE = dt.timedelta(minutes=2)  # a token that ends so soon is no longer used


def access_token(mailbox: Mailbox, *, fresh: bool = False) -> str:
    """A token that still holds, asked for anew when it doesn't or a `fresh` one is wanted. Raises Away or Refused."""
    if not fresh and mailbox.access_token and mailbox.access_until and mailbox.access_until > timezone.now() + SPARE:
        return vault.unseal(mailbox.access_token)
    answer = _ask(mailbox)
    token = str(answer.get("access_token") or "")
    if not token:
        raise Refused("The token address answers without an access token.")
    mailbox.access_token = vault.seal(token)
    mailbox.access_until = timezone.now() + dt.timedelta(seconds=_seconds(answer.get("expires_in")))
    if answer.get("refresh_token"):  # Microsoft gives a new one each time, and the old one ends
        mailbox.secret = vault.seal(str(answer["refresh_token"]))
    if mailbox.pk:
        mailbox.save(update_fields=["access_token", "access_until", "secret"])
    return token


def _ask(mailbox: Mailbox) -> dict[str, object]:
    refresh, client_secret = vault.unseal(mailbox.secret), vault.unseal(mailbox.client_secret)
    form = {"client_id": mailbox.client_id, "grant_type": "refresh_token" if refresh else "client_credentials"}
    form |= {"refresh_token": refresh} if refresh else {}
    form |= {"client_secret": client_secret} if client_secret else {}
    form |= {"scope": mailbox.scope} if mailbox.scope else {}
    try:
        answer = httpx.post(mailbox.token_url, data=form, timeout=PATIENCE)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # UnicodeError: of a name that can't be one
        raise Away("The token address does not answer.") from error
    try:
        said = answer.json()
    except ValueError as error:
        raise Away(f"The token address answers what can’t be understood (HTTP {answer.status_code}).") from error
    if not isinstance(said, dict) or answer.status_code >= 500 or answer.status_code == 429:
        raise Away(f"The token address has trouble (HTTP {answer.status_code}).")
    if answer.status_code != 200:
        reason = " ".join(str(said.get("error_description") or said.get("error") or "").split())[:200]
        raise Refused(f"The token address refuses: {reason or f'HTTP {answer.status_code}'}")
    return said


def _seconds(value: object) -> int:
    return int(value) if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()) else 600
