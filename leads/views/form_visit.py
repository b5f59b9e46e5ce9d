"""How a visitor came to a public form: by its link, or as the page around it says."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest

from leads.attribution import LONGEST_SENT, Attribution, of_visit, parse

TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)  # to be read at once


def attribution_of(request: HttpRequest, *, is_framed: bool) -> Attribution:
    """What the page sent along; at first what its address tells."""
    if request.method == "POST":
        return parse(_sent(request))
    if is_framed:
        return of_visit(request.GET.dict())
    page = f"{settings.SITE_URL}{request.path}"
    return of_visit(request.GET.dict(), page=page, referrer=request.headers.get("Referer", ""))


def sent_along(request: HttpRequest) -> dict[str, Any]:
    """The same as it came, for the raw submission."""
    sent = _sent(request)
    return {"attribution": sent} if sent and len(sent) <= LONGEST_SENT else {}


def _sent(request: HttpRequest) -> str:
    try:
        return request.POST.get("attribution", "")
    except TOO_MUCH:
        return ""
