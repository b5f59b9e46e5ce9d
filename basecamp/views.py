"""Set-up, status and health pages."""

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from basecamp import __version__, health, setup
from basecamp.forms import SetupForm
from leads import limits

TRIES_A_MINUTE = 10
TOO_MANY_TRIES = "Too many tries. Please wait a minute."


@never_cache
@login_not_required
def setup_view(request: HttpRequest) -> HttpResponse:
    """The first visit: makes the owner's account, for whoever knows the code from the terminal."""
    if setup.is_set_up():
        return redirect("inbox")
    form = SetupForm(request.POST or None)
    if request.method == "POST" and limits.is_over("setup", limit=TRIES_A_MINUTE, window=60):
        form.add_error(None, TOO_MANY_TRIES)
        return _setup_page(request, form, status=429)
    if form.is_valid():
        try:
            owner = setup.create_owner(form.save(commit=False))
        except setup.AlreadySetUp:
            return redirect("login")
        login(request, owner, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("inbox")
    return _setup_page(request, form)


def _setup_page(request: HttpRequest, form: SetupForm, *, status: int = 200) -> HttpResponse:
    return render(request, "setup.html", {"form": form, "has_code": bool(setup.read_code())}, status=status)


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Every part of the system in words, and what to do when something is off."""
    assert isinstance(request.user, User)
    checks = health.all_checks()
    worst = max((check.state for check in checks), key=list(health.State).index)
    return render(request, "status.html", {"checks": checks, "worst": worst, "version": __version__})


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process answers; asks nothing else."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether inquiries can be taken in and read now: 200, or 503 with the reasons. Ollama and Airtable may be away."""
    checks = health.readiness()
    reasons = [f"{check.name}: {check.sentence}" for check in checks if check.is_blocking]
    answer = {
        "ready": not reasons,
        "reasons": reasons,
        "checks": [{"name": check.name, "state": check.state, "sentence": check.sentence} for check in checks],
    }
    response = JsonResponse(answer, status=503 if reasons else 200)
    # Django would log each 503 as an error of ours, several a second while baseCamp starts.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
