"""Where services of others call: no login, no cookies, stored first, answered at once."""

import hmac

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt

from leads import limits, webhooks
from leads.models import Webhook
from leads.vault import Unreadable
from leads.webhook_signatures import HEADERS, is_genuine

WINDOW = 60  # seconds
LONGEST_CHALLENGE = 200


# No CSRF token: the address is the secret, and there is no login to abuse.
@csrf_exempt
@login_not_required
def webhook_in(request: HttpRequest, key: str) -> HttpResponse:
    webhook = get_object_or_404(Webhook, key=key)
    if not webhook.is_active:
        return _refusal(410, "This webhook is switched off.")
    if request.method in ("GET", "HEAD"):
        return _answer_challenge(request, webhook)
    if request.method != "POST":
        response = _refusal(405, "Send POST.")
        response["Allow"] = "GET, POST"
        return response
    return _take(request, webhook)


def _answer_challenge(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    """Facebook asks before it sends: whoever knows the verify token gets the challenge back."""
    asked = request.GET
    challenge = asked.get("hub.challenge", "")
    if asked.get("hub.mode") != "subscribe" or not challenge or len(challenge) > LONGEST_CHALLENGE:
        return HttpResponse("This webhook is here. Send POST.", content_type="text/plain; charset=utf-8")
    if not hmac.compare_digest(asked.get("hub.verify_token", "").encode(), webhook.verify_token.encode()):
        return _refusal(403, "The verify token is another one.")
    return HttpResponse(challenge, content_type="text/plain; charset=utf-8")


def _take(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    if limits.is_over(f"webhook:{webhook.pk}", limit=webhook.per_minute, window=WINDOW):
        response = _refusal(429, "Too many calls within a minute; send this one again later.")
        response["Retry-After"] = str(limits.seconds_left(WINDOW))
        return response
    try:
        body = request.body
    except RequestDataTooBig:
        return _refusal(413, "The body must not be larger than 2 MB.")
    except UnreadablePostError:
        return _refusal(400, "The body ended too early.")
    if not body:
        return _refusal(400, "The body is empty.")
    try:
        is_known = is_genuine(webhook, request.headers, body)
    except Unreadable:
        return _refusal(503, "The signing secret of this webhook has to be typed in again.")
    if not is_known:
        return _refusal(401, f"The header “{HEADERS[Webhook.Kind(webhook.kind)]}” is missing or wrong.")
    webhooks.keep(webhook, body, request.headers.get("Content-Type", ""))
    return JsonResponse({"ok": True})


def _refusal(status: int, sentence: str) -> HttpResponse:
    body = {"ok": False, "detail": sentence}
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
