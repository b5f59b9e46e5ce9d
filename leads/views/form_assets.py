"""What the public form's pages load."""

from functools import lru_cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from leads import forms_live
from leads.forms_colours import Colours
from leads.models import FormImage


@login_not_required
@require_safe
@gzip_page
@cache_control(public=True, max_age=31_536_000, immutable=True)
def form_style(request: HttpRequest, paper: str, ink: str, accent: str, digest: str) -> HttpResponse:
    """The form's stylesheet in these colours; the digest only tells browsers when it is another one."""
    colours = Colours(f"#{paper}", f"#{ink}", f"#{accent}")
    if colours.problem():
        raise Http404
    return HttpResponse(forms_live.style(colours), content_type="text/css; charset=utf-8")


@login_not_required
@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def form_logo(request: HttpRequest, name: str) -> HttpResponse:
    """Its name changes with it."""
    return HttpResponse(get_object_or_404(FormImage, name=name).content, content_type="image/webp")


@login_not_required
@require_safe
@gzip_page
@conditional_page
@cache_control(public=True, max_age=3600, stale_while_revalidate=86_400)
def embed_script(request: HttpRequest) -> HttpResponse:
    """What other websites load; its address never changes, so browsers ask again every hour."""
    return HttpResponse(_embed_script(), content_type="text/javascript; charset=utf-8")


@lru_cache(maxsize=1)
def _embed_script() -> str:
    return (settings.BASE_DIR / "static" / "form" / "embed.js").read_text(encoding="utf-8")
