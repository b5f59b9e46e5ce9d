"""The business profiles: what they say, their versions, and what staff do to them besides writing a draft."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from enrichment import profile_editing as editing
from enrichment import profile_list
from enrichment.models import ProfileVersion
from enrichment.profile_diff import differences
from enrichment.profile_forms import KIND_LABELS
from enrichment.profile_list import Standing
from enrichment.profiles import COMMON_FACTS, PROFILES, Profile
from leads.fields import FIELDS, INTENTS
from leads.views.request import StaffRequest


@require_safe
@never_cache
def profiles(request: StaffRequest) -> HttpResponse:
    """The list; `?lead=` is passed on to the trial of the profile that is chosen."""
    everyone = profile_list.every()
    context = {"profiles": everyone, "may_change": may_change(request), "lead": request.GET.get("lead", "")}
    context["has_draft"] = any(each.draft for each in everyone)
    return render(request, "enrichment/profiles.html", context)


@require_POST
def profile_copy(request: StaffRequest) -> HttpResponse:
    needs_owner(request)
    try:
        made = editing.make_copy(
            request.POST.get("of", ""), name=request.POST.get("name", ""), by=request.user.get_username()
        )
    except editing.Refused as refused:
        messages.error(request, refused.reason)
        return redirect("enrichment:profiles")
    messages.success(request, f"“{made.name}” begins with a draft. Change it, try it, and publish it when it is right.")
    return redirect("enrichment:profile_draft", made.key)


@require_safe
@never_cache
def profile(request: StaffRequest, key: str) -> HttpResponse:
    standing = standing_or_404(key)
    context = _page(request, standing) | content_of(standing.live or standing.edited)
    return render(request, "enrichment/profile.html", context | {"history": profile_list.history(key)})


@require_safe
@never_cache
def profile_version(request: StaffRequest, key: str, number: int) -> HttpResponse:
    """What one version says, and how the live one differs from it. 0 is what baseCamp shipped."""
    standing = standing_or_404(key)
    version = ProfileVersion.objects.filter(profile__key=key, number=number).first()
    if version is None and (number or key not in PROFILES):
        raise Http404
    shown = Profile.from_json(key, number, version.content) if version else PROFILES[key]
    context = _page(request, standing) | content_of(shown)
    context |= {"version": version, "number": number, "differences": _since(standing, shown)}
    return render(request, "enrichment/profile_version.html", context)


def _since(standing: Standing, shown: Profile) -> list[Any]:
    return differences(standing.live, shown) if standing.live else []


@require_POST
def profile_publish(request: StaffRequest, key: str) -> HttpResponse:
    needs_owner(request)
    standing = standing_or_404(key)
    try:
        version = editing.publish(
            key,
            seen=request.POST.get("seen", ""),
            note=request.POST.get("note", ""),
            by=request.user.get_username(),
        )
    except editing.Changed as changed:
        messages.error(request, f"{changed.reason} Nothing was published: look at what it says now.")
    except editing.Refused as refused:
        messages.error(request, refused.reason)
    else:
        messages.success(
            request, f"Version {version.number} of “{standing.name}” is live: new inquiries are read by it."
        )
    return redirect("enrichment:profile", key)


@require_POST
def profile_use(request: StaffRequest, key: str, number: int) -> HttpResponse:
    """Goes back to an older version."""
    needs_owner(request)
    standing_or_404(key)
    try:
        version = editing.publish_again(key, number=number, by=request.user.get_username())
    except editing.Refused as refused:
        messages.error(request, refused.reason)
    else:
        was = f"version {number} said" if number else "baseCamp shipped"
        messages.success(request, f"Version {version.number} is live and says what {was}.")
    return redirect("enrichment:profile", key)


@require_POST
def profile_change(request: StaffRequest, key: str) -> HttpResponse:
    """Its name, whether it is the default, whether it is archived."""
    needs_owner(request)
    standing_or_404(key)
    do = request.POST.get("do", "")
    try:
        if do == "rename":
            editing.rename(key, name=request.POST.get("name", ""))
        elif do == "default":
            editing.make_default(key)
        elif do in ("archive", "unarchive"):
            editing.archive(key, is_archived=do == "archive")
        else:
            return HttpResponse("No such change.", status=400)
    except editing.Refused as refused:
        messages.error(request, refused.reason)
    else:
        messages.success(request, DONE[do])
    return redirect("enrichment:profile", key)


DONE = {
    "rename": "The profile has a new name.",
    "default": "It reads the inquiries whose form names no profile from now on.",
    "archive": "The profile is archived. Nothing is read by it.",
    "unarchive": "The profile can be used again.",
}


def may_change(request: StaffRequest) -> bool:
    return request.user.is_superuser


def needs_owner(request: StaffRequest) -> None:
    if not may_change(request):
        raise PermissionDenied


def standing_or_404(key: str) -> Standing:
    standing = profile_list.one(key)
    if standing is None:
        raise Http404
    return standing


def _page(request: StaffRequest, standing: Standing) -> dict[str, Any]:
    return {"standing": standing, "may_change": may_change(request)}


def content_of(shown: Profile) -> dict[str, Any]:
    """A profile in words, for `_profile_content.html`."""
    intents = [(label, shown.intents.get(key, ""), shown.examples.get(key, ())) for key, label in INTENTS]
    common = [(FIELDS[key].label, meaning) for key, meaning in COMMON_FACTS.items() if key not in shown.extra_facts]
    extras = [(extra, KIND_LABELS.get(extra.kind, extra.kind)) for extra in shown.fields]
    return {"shown": shown, "extras": extras, "intents": intents, "common": common}
