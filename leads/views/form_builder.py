"""The form builder: the forms, the editor of a form with its preview, its versions and settings. For owners."""

from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads import forms_builder, forms_editing, forms_live, forms_logo
from leads.file_checks import NotKept
from leads.forms_colours import Colours
from leads.forms_definition import TYPE_LABELS, WITH_OPTIONS, Definition, problems
from leads.forms_editing import Changed, Refused
from leads.forms_inquiry import InquiryForm
from leads.forms_templates import TEMPLATES
from leads.forms_words import LANGUAGES
from leads.models import PublicForm
from leads.views.request import StaffRequest

PAGE = "leads/form_edit.html"
FIRST_COLOURS = Colours("#ffffff", "#1b2533", "#1f5fbf")


@require_safe
@never_cache
def form_list(request: StaffRequest) -> HttpResponse:
    needs_owner(request)
    forms = PublicForm.objects.annotate(count=Count("submissions")).order_by("id")
    return render(request, "leads/form_list.html", {"forms": forms, "templates": TEMPLATES})


@require_POST
def form_make(request: StaffRequest) -> HttpResponse:
    needs_owner(request)
    template = TEMPLATES.get(request.POST.get("template", ""), TEMPLATES["contact"])
    try:
        form = forms_editing.make_form(
            request.POST.get("name", ""),
            definition=template.definition,
            by=request.user.get_username(),
            profile=template.profile,
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("form_list")
    messages.success(request, f"“{form.name}” is open. Change it here; what you change shows once you publish it.")
    return redirect("form_edit", form.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def form_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """The editor. POST saves, or does what the pressed button says to the rows (`do`) and shows the form again."""
    needs_owner(request)
    form = get_object_or_404(PublicForm, pk=pk)
    if request.method != "POST":
        definition, mark = forms_editing.draft_of(form)
        return _editor(request, form, definition, seen=mark)
    do, seen = request.POST.get("do", "save"), request.POST.get("seen", "")
    definition = forms_builder.from_post(request.POST)
    try:
        definition = _with_new_logo(request, definition)
    except NotKept as reason:
        return _editor(request, form, definition, seen=seen, wrong={"logo": str(reason)}, status=422)
    if do not in ("save", "publish"):
        changed = forms_builder.rearranged(definition, do, request.POST.get("new-field", ""))
        return _editor(request, form, changed, seen=seen)
    return _save(request, form, definition, seen)


def _with_new_logo(request: StaffRequest, definition: Definition) -> Definition:
    """Raises NotKept when a file was chosen that can't be one."""
    for upload in request.FILES.getlist("logo-file"):
        logo = forms_logo.keep_logo(upload.name or "", upload.read(forms_logo.LARGEST + 1))
        return replace(definition, logo=logo)
    return definition


def _save(request: StaffRequest, form: PublicForm, definition: Definition, seen: str) -> HttpResponse:
    by = request.user.get_username()
    try:
        draft = forms_editing.save_draft(form, definition, seen=seen, by=by)
        if request.POST.get("do") == "publish" and not problems(definition):
            version = forms_editing.publish(form, note=request.POST.get("note", ""), by=by)
            messages.success(request, f"Version {version.number} is published: visitors see it in a few seconds.")
            return redirect("form_edit", form.pk)
    except Changed as changed:
        clash = f"{changed} Yours is not saved yet; it is still here below. Saving it now puts it in that one’s place."
        _, mark = forms_editing.draft_of(form)
        return _editor(request, form, definition, seen=mark, clash=clash, status=409)
    if problems(definition):
        return _editor(request, form, definition, seen=forms_editing.mark_of(draft), status=422)
    messages.success(request, "The draft is saved. Visitors see it once you publish it.")
    return redirect("form_edit", form.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@xframe_options_sameorigin
def form_preview(request: StaffRequest, pk: int) -> HttpResponse:
    """The form as visitors would see it, with what is in the editor (POST) or in the draft. It can't be sent."""
    needs_owner(request)
    form = get_object_or_404(PublicForm, pk=pk)
    form.definition = (
        forms_builder.from_post(request.POST) if request.method == "POST" else forms_editing.draft_of(form)[0]
    )
    if form.definition.colours and form.definition.colours.problem():
        form.definition = forms_builder.without_colours(form.definition)
    context = forms_live.page(form) | {"form": InquiryForm(form.definition), "is_preview": True}
    response = render(request, "leads/public_form.html", context)
    response._csp_replace = {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
    return response


@require_POST
def form_use(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    """Goes back to an earlier version."""
    needs_owner(request)
    form = get_object_or_404(PublicForm, pk=pk)
    try:
        version = forms_editing.publish_again(form, number=number, by=request.user.get_username())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Version {version.number} is published and says what version {number} said.")
    return redirect("form_edit", pk)


@require_POST
def form_discard(request: StaffRequest, pk: int) -> HttpResponse:
    needs_owner(request)
    if forms_editing.discard_draft(get_object_or_404(PublicForm, pk=pk)):
        messages.success(request, "The draft is gone. What visitors see stays as it is.")
    return redirect("form_edit", pk)


@require_POST
def form_settings(request: StaffRequest, pk: int) -> HttpResponse:
    needs_owner(request)
    form = get_object_or_404(PublicForm, pk=pk)
    try:
        forms_editing.save_settings(
            form,
            name=request.POST.get("name", ""),
            is_open="is_open" in request.POST,
            websites=request.POST.get("websites", ""),
        )
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Saved.")
    return redirect("form_edit", pk)


def needs_owner(request: StaffRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied


def _editor(
    request: StaffRequest,
    form: PublicForm,
    definition: Definition,
    *,
    seen: str,
    clash: str = "",
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """What is wrong stands beside it once somebody saved; a new row isn't wrong yet. `wrong`: something else than the
    definition is; nothing was saved then."""
    is_saved = wrong is None
    wrong = wrong or (problems(definition) if status == 422 else {})
    context = {
        "public_form": form,
        "embed": forms_live.embed_code(form),
        "definition": definition,
        "rows": [
            {
                "field": each,
                "type_label": TYPE_LABELS[each.type],
                "has_options": each.type in WITH_OPTIONS,
                "errors": {name: wrong.get(f"{name}-{number}", "") for name in ("label", "help", "options")},
            }
            for number, each in enumerate(definition.fields)
        ],
        "errors": wrong,
        "is_saved": is_saved,
        "clash": clash,
        "seen": seen,
        "offered": forms_builder.offered(definition),
        "types": TYPE_LABELS.items(),
        "languages": LANGUAGES.items(),
        "colours": definition.colours or FIRST_COLOURS,
        "versions": list(form.versions.all()),
    }
    # htmx swaps no answer of 400 and above.
    template = f"{PAGE}#editor" if request.htmx else PAGE
    response = render(request, template, context, status=200 if request.htmx else status)
    response._csp_update = {"frame-src": ["'self'"]}  # type: ignore[attr-defined]
    return response
