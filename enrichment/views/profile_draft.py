"""Writing a profile's draft: one form whose rows grow and move by its buttons, with or without JavaScript."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from enrichment import profile_editing as editing
from enrichment import profile_forms
from enrichment.profile_diff import Difference, differences
from enrichment.profile_forms import ProfileForm
from enrichment.profile_list import Standing
from enrichment.profiles import Profile
from enrichment.views.profiles import needs_owner, standing_or_404
from leads.views.request import StaffRequest

PAGE = "enrichment/profile_draft.html"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def profile_draft(request: StaffRequest, key: str) -> HttpResponse:
    """The editor. POST saves, or does what the pressed button says to the rows (`do`) and shows the form again."""
    needs_owner(request)
    standing = standing_or_404(key)
    if request.method != "POST":
        return _editor(request, standing, profile_forms.from_profile(standing.edited), seen=standing.mark)
    do, seen = request.POST.get("do", "save"), request.POST.get("seen", "")
    if do == "discard":
        return _discard(request, standing, seen)
    form = profile_forms.from_post(request.POST)
    if do not in ("save", "try"):
        profile_forms.rearrange(form, do, request.POST)
        return _editor(request, standing, form, seen=seen)
    written = profile_forms.checked(form, key)
    if written is None:
        return _editor(request, standing, form, seen=seen, status=422)
    return _save(request, standing, form, written, seen)


def _save(request: StaffRequest, standing: Standing, form: ProfileForm, written: Profile, seen: str) -> HttpResponse:
    by = request.user.get_username()
    try:
        editing.save_draft(standing.key, written, seen=seen, by=by, puts_aside=request.POST.get("over") == "1")
    except editing.Changed as changed:
        now = standing_or_404(standing.key)
        clash = (changed.reason, differences(now.edited, written))
        return _editor(request, now, form, seen=now.mark, clash=clash, status=409)
    except editing.Refused as refused:
        messages.error(request, refused.reason)
        return redirect("enrichment:profile", standing.key)
    if request.POST.get("do") == "try":
        return redirect("enrichment:profile_trial", standing.key)
    messages.success(request, "The draft is saved. Nothing is read by it until you publish it.")
    return redirect("enrichment:profile", standing.key)


def _discard(request: StaffRequest, standing: Standing, seen: str) -> HttpResponse:
    try:
        editing.discard_draft(standing.key, seen=seen, by=request.user.get_username())
    except editing.Refused as refused:
        messages.error(request, f"{refused.reason} It was not put aside.")
    else:
        messages.success(request, "The draft was put aside; it is in the list of versions.")
    return redirect("enrichment:profile", standing.key)


def _editor(
    request: StaffRequest,
    standing: Standing,
    form: ProfileForm,
    *,
    seen: str,
    clash: tuple[str, list[Difference]] | None = None,
    status: int = 200,
) -> HttpResponse:
    """`clash`: why the form could not be saved although it is right, and how it differs from what stands now."""
    context = {"standing": standing, "form": form, "seen": seen, "clash": clash}
    context["over"] = clash is not None or request.POST.get("over") == "1"
    # htmx swaps no answer of 400 and above.
    template = f"{PAGE}#editor" if request.htmx else PAGE
    return render(request, template, context, status=200 if request.htmx else status)
