"""The API put together: its operations, its page of documentation, and the border around both."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Swagger
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from basecamp.api import auth, document, export, health, intake, leads, problems, stats
from basecamp.api.parser import JsonParser
from basecamp.api.problems import ApiError

View = Callable[..., HttpResponse]
DESCRIPTION = """
Send inquiries and read what became of them. Every request but the health check needs a key, as
`Authorization: Bearer KEY` or as `X-API-Key: KEY`. Errors are problem details (RFC 9457), `application/problem+json`.
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

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        found = super().get_openapi_schema(**kwargs)
        document.finish(found)
        return found

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
        auth.tell_rate(request, response)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return bordered


def _wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    sentence = f"{request.method} is not possible here; there are: {allowed}."
    response = problems.answer(ApiError(405, "method_not_allowed", sentence))
    response["Allow"] = allowed
    return response


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
# Addresses with a word of their own come before those where an id may stand.
for router in (health.router, intake.router, stats.router, export.router, leads.router):
    api.add_router("/v1/", router)
