"""A page's answer when the database was locked for too long: nothing was done, and it may be asked for again."""

import logging
from collections.abc import Callable

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from leads.tries import is_busy

logger = logging.getLogger(__name__)

WORDS = "The database was busy with another change, so this was not done. Please try again in a moment."


class BusyMiddleware:
    """503 in plain words instead of a server error. A change is one transaction, so nothing of it was kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError) or not is_busy(error):
            return None
        logger.warning("The database stayed locked: %s %s", request.method, request.path)
        if request.headers.get("HX-Request"):
            messages.error(request, WORDS)  # the page loads itself anew, see app.js
        return render(request, "busy.html", {"words": WORDS}, status=503)
