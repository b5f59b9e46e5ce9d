from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from leads.forms import PasteForm
from leads.intake import receive


@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: HttpRequest) -> HttpResponse:
    """Takes in a pasted inquiry and shows the lead it became."""
    form = PasteForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "leads/paste.html", {"form": form})
    return redirect(receive(form.cleaned_data["text"], source=form.cleaned_data["source"]))
