from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from leads import samples


@require_POST
def samples_load(request: HttpRequest) -> HttpResponse:
    count = samples.load()
    text = f"{count} sample leads are on their way." if count else "The sample leads are here already."
    messages.success(request, text)
    return redirect("inbox")


@require_POST
def samples_remove(request: HttpRequest) -> HttpResponse:
    count = samples.remove()
    messages.success(request, f"{count} sample leads removed." if count else "There were no sample leads.")
    return redirect("inbox")
