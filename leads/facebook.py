"""Facebook's lead ads: a call only says that somebody filled one in; the answers are asked for with a page's token."""

from typing import Any

import httpx
from django.conf import settings

TIMEOUT = 15  # seconds
FIELDS = "id,created_time,form_id,ad_id,campaign_name,field_data"


class NotNow(Exception):
    """Facebook gives no answers; the message is a plain sentence."""


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
        raise NotNow("Facebook does not answer.") from None
    if answer.status_code != 200 or not isinstance(found, dict) or "field_data" not in found:
        said = found.get("error", {}).get("message", "") if isinstance(found, dict) else ""
        raise NotNow(f"Facebook refuses: {str(said)[:200] or answer.status_code}")
    return found | {"leadgen_id": leadgen_id}
