from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from enrichment.sweep import last, seconds, start


@require_safe
@never_cache
def sweep(request: HttpRequest) -> HttpResponse:
    """How far the check of all leads is, or how the last one ended; and a button that starts it."""
    latest = last()
    took = seconds(latest) if latest else 0
    return render(
        request, "enrichment/_sweep.html", {"sweep": latest, "minutes": round(took / 60), "seconds": round(took)}
    )


@require_POST
def sweep_start(request: HttpRequest) -> HttpResponse:
    """Has all leads checked; answers with the fragment, or without JavaScript goes back to the page."""
    start()
    if request.htmx:  # type: ignore[attr-defined]
        return redirect("enrichment:sweep")
    back = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "enrichment:sweep")
