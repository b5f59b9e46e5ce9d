"""The API put together: its operations, its page of documentation, and the border around both."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Router, Swagger
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from basecamp.api import intake, leads, problems
from basecamp.api.parser import JsonParser
from basecamp.api.problems import ApiError, Problem
from basecamp.api.schemas import Health

View = Callable[..., HttpResponse]
DESCRIPTION = """
Send inquiries and read what became of them. Every request but the health check needs a key, as
`Authorization: Bearer KEY` or as `X-API-Key: KEY`. Errors are always `{"code": "...", "message": "one sentence"}`.
"""


class ExactEncoder(NinjaJSONEncoder):
    """Moments with their microseconds: who asks for what changed after the last one must not get it again."""

    def default(self, o: Any) -> Any:
        if hasattr(o, "isoformat"):
            return o.isoformat().replace("+00:00", "Z")
        return super().default(o)


class ExactRenderer(JSONRenderer):
    encoder_class = ExactEncoder
    json_dumps_params = {"ensure_ascii": False}


class Api(NinjaAPI):
    """django-ninja's API whose every address, also the unknown ones, is open without login and answers JSON."""

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app_name, namespace = super().urls
        patterns = [*patterns, path("<path:rest>", _unknown)]
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _border(pattern.callback)
        return patterns, app_name, namespace


def _unknown(request: HttpRequest, rest: str) -> HttpResponse:
    raise Http404


def _border(view: View) -> View:
    """No login and no CSRF token: the key is what counts. What django-ninja answers in other forms becomes JSON."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def bordered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
            # WSGI gives no way to read such a body, and taking it for empty would mislead.
            return problems.answer(ApiError(411, "length_required", "Send the body with a Content-Length."))
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = problems.answer(problems.NOT_FOUND)
        if response.status_code == 405:
            response = _wrong_method(request, response["Allow"])
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return bordered


def _wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    sentence = f"{request.method} is not possible here; there are: {allowed}."
    response = problems.answer(ApiError(405, "method_not_allowed", sentence))
    response["Allow"] = allowed
    return response


health_router = Router(tags=["Health"])


@health_router.get(
    "health",
    auth=None,
    response={200: Health, 503: Problem},
    summary="Is the API there?",
    operation_id="health",
    url_name="health",
)
def health(request: HttpRequest) -> Health:
    """Needs no key."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        raise ApiError(503, "unavailable", "The database does not answer.") from None
    return Health(status="ok")


api = Api(
    title="baseCamp API",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    parser=JsonParser(),
    renderer=ExactRenderer(),
    docs=Swagger(settings={"validatorUrl": None}),  # or it shows our document's address to a stranger's server
    # Swagger UI writes style attributes; this page alone may have them.
    docs_decorator=csp_update({"style-src": [UNSAFE_INLINE]}),
)
problems.install(api)
for router in (intake.router, leads.router, health_router):
    api.add_router("/v1/", router)
