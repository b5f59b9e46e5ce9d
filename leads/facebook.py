"""Facebook's lead ads: a call only says that somebody filled one in; the answers are asked for with a page's token."""

from typing import Any

import httpx
from django.conf import settings

TIMEOUT = 15  # seconds
FIELDS = "id,created_time,form_id,ad_id,campaign_name,field_data"


class NotNow(Exception):
    """Facebook gives no answers; the message is a plain sentence."""


class Away(NotNow):
    """Nobody is there: there is no use in asking for the next one now."""


def answers(leadgen_id: str, access_token: str) -> dict[str, Any]:
    """What was filled in, with its `field_data`. Raises NotNow."""
    if not access_token:
        raise NotNow("Facebook's answers can be asked for once a page access token is set.")
    if not leadgen_id.isascii() or not leadgen_id.isdecimal():
        raise NotNow("Facebook's call names no lead.")
    try:
        answer = httpx.get(
            f"{settings.FACEBOOK_GRAPH_URL}/{leadgen_id}",
            params={"fields": FIELDS},
            headers={"Authorization": f"Bearer {access_token}"},
            timeout=TIMEOUT,
        )
        found = answer.json()
    except (httpx.HTTPError, ValueError):
        raise Away("Facebook does not answer.") from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Away(f"Facebook is busy ({answer.status_code}).")
    if answer.status_code != 200 or not isinstance(found, dict) or "field_data" not in found:
        error = found.get("error") if isinstance(found, dict) else None
        said = error.get("message", "") if isinstance(error, dict) else ""
        raise NotNow(f"Facebook refuses: {str(said)[:200] or answer.status_code}")
    return found | {"leadgen_id": leadgen_id}
