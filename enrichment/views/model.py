"""The model's page: how it runs, which one is used, getting another, trying one, and rules only."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from enrichment import ai_settings, model_tests, ollama_library, prompts, pulls, reruns, restating, running
from enrichment.models import ModelPull, Rerun
from enrichment.ollama_library import size_in_words
from leads import known_fields
from leads.views.request import StaffRequest

PAGE = "enrichment/model.html"
SHOWN_PULLS = 3


class ReadingForm(forms.Form):
    """What is asked of a reading besides the model."""

    review_below = forms.IntegerField(min_value=0, max_value=100, label="Sure enough from")
    staff_language = forms.ChoiceField(choices=list(prompts.LANGUAGES.items()), label="Language of summaries")


@dataclass(frozen=True, slots=True)
class ShownPull:
    """A pull as people look at it. `state`: waiting, running, stopped, failed or done; `percent` from 0 to 100."""

    row: ModelPull
    state: str

    @property
    def percent(self) -> int:
        return min(100, int(100 * self.row.completed / self.row.total)) if self.row.total else 0

    @property
    def sizes(self) -> str:
        return f"{size_in_words(self.row.completed)} of {size_in_words(self.row.total)}" if self.row.total else ""

    @property
    def pace(self) -> str:
        """“12 MB a second, 4 minutes left”."""
        if not self.row.speed or self.row.problem:
            return ""
        seconds = max(self.row.total - self.row.completed, 0) / self.row.speed
        return f"{size_in_words(self.row.speed)} a second, {_span(seconds)} left"


# ---- looking ---------------------------------------------------------------------------------------------------------


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def model(request: StaffRequest) -> HttpResponse:
    """The page; for htmx the part that asks for news: how it runs, the last test, or the last answers."""
    if request.htmx and request.htmx.target == "model_test":
        return render(request, f"{PAGE}#model_test", _test())
    if request.htmx and request.htmx.target == "model_answers":
        return render(request, f"{PAGE}#model_answers", _answers())
    if request.htmx:
        return render(request, f"{PAGE}#model_live", _live(request))
    return render(request, PAGE, _live(request) | _test() | _forms() | _answers())


def _live(request: StaffRequest) -> dict[str, Any]:
    library = ollama_library.look(settings.OLLAMA_BASE_URL)
    queue, rerun_rows, pull_rows = running.queue(), _reruns(), _pulls()
    in_use = library.find(ai_settings.model())
    is_loading = bool(in_use and not in_use.in_memory and queue.running)
    is_moving = bool(queue.running or any(pull.state in ("waiting", "running") for pull in pull_rows)) or any(
        rerun.finished_at is None for rerun in rerun_rows
    )
    return {
        "library": library,
        "state": running.state(library),
        "model_name": ai_settings.model(),
        "in_use": in_use,
        "is_off": ai_settings.is_off(),
        "is_loading": is_loading,
        "queue": queue,
        "slots": settings.OLLAMA_NUM_PARALLEL,
        "pulls": pull_rows,
        "restating": restating.left(),
        "reruns": rerun_rows,
        "speed": running.speed(),
        "prompt_version": prompts.PROMPT_VERSION,
        "may_change": request.user.is_superuser,
        "every": 2 if is_moving else 10,
    }


def _pulls() -> list[ShownPull]:
    """Those under way, and the last that ended."""
    rows = list(ModelPull.objects.order_by("-id")[:SHOWN_PULLS])
    latest: dict[str, ModelPull] = {}
    for row in rows:  # an earlier try of the same model is no news
        latest.setdefault(row.name, row)
    return [ShownPull(row, _state(row)) for row in latest.values()]


def _state(row: ModelPull) -> str:
    if row.finished_at is None:
        return "running" if row.status and not row.problem else "waiting"
    if row.is_stopped:
        return "stopped"
    return "failed" if row.problem else "done"


def _reruns() -> list[Rerun]:
    """Those under way, or else the last one."""
    rows = list(Rerun.objects.defer("lead_ids").order_by("-id")[:5])
    return [row for row in rows if row.finished_at is None] or rows[:1]


def _test() -> dict[str, Any]:
    test = model_tests.last()
    rows = []
    for key, found in (test.result if test else {}).items():
        known = known_fields.known(key)
        rows.append({"label": known.label if known else key, **found})
    dropped = test.answer.dropped if test and test.answer and not test.problem else []
    return {"test": test, "test_rows": rows, "test_dropped": dropped}


def _answers() -> dict[str, Any]:
    return {"answers": running.answers(), "speed": running.speed()}


def _forms() -> dict[str, Any]:
    row = ai_settings.current()
    initial = {"review_below": round(row.review_below * 100), "staff_language": row.staff_language}
    other = reruns.count_other()
    return {"reading_form": ReadingForm(initial=initial), "other": other, "sample": model_tests.SAMPLE}


# ---- changing --------------------------------------------------------------------------------------------------------


@require_POST
def model_use(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    name = request.POST.get("model", "").strip()
    if not ollama_library.is_name(name):
        messages.error(request, "No model can be called so.")
    else:
        ai_settings.choose_model(name, by=request.user.get_username())
        messages.success(request, f"{name} reads from now on. Leads that were read before keep what was found.")
    return redirect("enrichment:model")


@require_POST
def model_switch(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    off = request.POST.get("off") == "1"
    ai_settings.switch(off=off, by=request.user.get_username())
    said = "Rules only from now on. Leads wait for the model." if off else "The model is on, and reads what waited."
    messages.success(request, said)
    return redirect("enrichment:model")


@require_POST
def model_reading(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    form = ReadingForm(request.POST)
    if form.is_valid():
        chosen = form.cleaned_data
        is_another = chosen["review_below"] != round(ai_settings.current().review_below * 100)
        ai_settings.set_reading(
            review_below=chosen["review_below"] / 100,
            staff_language=chosen["staff_language"],
            by=request.user.get_username(),
        )
        if is_another:
            restating.begin()
        messages.success(
            request, "Saved. Summaries are written so from now on; which leads need a look is reckoned anew."
        )
    else:
        messages.error(request, "Choose a whole number from 0 to 100 and one of the languages.")
    return redirect("enrichment:model")


@require_POST
def model_pull(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    try:
        pulls.start(request.POST.get("name", ""), by=request.user.get_username())
    except pulls.NoSuchName:
        messages.error(request, "That is no name of a model. They look like “qwen2.5:3b” or “mistral”.")
    return redirect("enrichment:model")


@require_POST
def model_pull_stop(request: StaffRequest, pk: int) -> HttpResponse:
    _needs_owner(request)
    pulls.stop(get_object_or_404(ModelPull, pk=pk))
    return redirect("enrichment:model")


@require_POST
def model_test(request: StaffRequest) -> HttpResponse:
    """Any user may try a model: nothing comes of it but an answer to look at."""
    text, name = request.POST.get("text", ""), request.POST.get("model", "").strip() or ai_settings.model()
    if not text.strip():
        messages.error(request, "Write a message for it to read first.")
    elif not ollama_library.is_name(name):
        messages.error(request, "No model can be called so.")
    else:
        model_tests.ask(text, model=name, by=request.user.get_username())
    if request.htmx:
        return render(request, f"{PAGE}#model_test", _test())
    return redirect("enrichment:model")


@require_POST
def model_retry(request: StaffRequest) -> HttpResponse:
    """Each user may have a lead tried again, so also all of them."""
    count = running.retry_failed()
    messages.success(request, f"{count} {'lead is' if count == 1 else 'leads are'} tried again.")
    return redirect("enrichment:model")


def _needs_owner(request: StaffRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied


def _span(seconds: float) -> str:
    if seconds < 60:
        return "under a minute"
    minutes = round(seconds / 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes < 120 else f"{minutes / 60:.0f} hours"
