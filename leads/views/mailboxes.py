"""Where admins have mailboxes looked into, and see what became of each mail."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from leads import imap, mails, vault
from leads import mailboxes as looking
from leads.mailbox_forms import MailboxForm
from leads.models import IncomingMail, Mailbox
from leads.views.request import StaffRequest

SHOWN = 10  # of the last mails on a mailbox's page
PAGE_SIZE = 25
LONGEST_SHOWN = 4000  # characters of a mail
DAYS = (
    (0, "Only mails from now on"),
    (1, "Also of the last day"),
    (7, "Also of the last 7 days"),
    (30, "Also of the last 30 days"),
)
State = IncomingMail.State


@require_safe
@never_cache
def mailbox_list(request: StaffRequest) -> HttpResponse:
    _needs_owner(request)
    return _list(request, MailboxForm())


@sensitive_post_parameters("password", "refresh_token", "client_secret")
@require_POST
def mailbox_make(request: StaffRequest) -> HttpResponse:
    """Kept only when the mail server let us in."""
    _needs_owner(request)
    form = MailboxForm(request.POST)
    if not form.is_valid():
        return _list(request, form)
    messages.success(request, "The connection works. Now say which folders are to be looked into.")
    return redirect(form.keep())


@require_safe
@never_cache
def mailbox(request: StaffRequest, pk: int) -> HttpResponse:
    _needs_owner(request)
    found = get_object_or_404(Mailbox, pk=pk)
    return _page(request, found, MailboxForm(instance=found))


@sensitive_post_parameters("password", "refresh_token", "client_secret")
@require_POST
def mailbox_change(request: StaffRequest, pk: int) -> HttpResponse:
    _needs_owner(request)
    form = MailboxForm(request.POST, instance=get_object_or_404(Mailbox, pk=pk))
    if not form.is_valid():
        return _page(request, get_object_or_404(Mailbox, pk=pk), form)
    changed = form.keep()
    looking.look_now(changed)
    messages.success(request, "The connection works. Saved.")
    return redirect(changed)


@require_POST
def mailbox_folders(request: StaffRequest, pk: int) -> HttpResponse:
    """Which folders are looked into, and what staff call each."""
    _needs_owner(request)
    found = get_object_or_404(Mailbox, pk=pk)
    known = {*found.folder_names, *found.folders.values_list("name", flat=True)}
    names = [name for name in dict.fromkeys(request.POST.getlist("folder")) if name in known]
    move_to, days = request.POST.get("move_to", "").strip()[:200], request.POST.get("days_back", "")
    if not names or move_to in names:
        messages.error(request, "Not saved: choose a folder." if not names else NOT_THERE)
        return redirect(found)
    pairs = zip(request.POST.getlist("name"), request.POST.getlist("label"), strict=False)
    labels = {name: label.strip()[:60] for name, label in pairs}
    days_back = int(days) if days in {str(count) for count, _ in DAYS} else 0
    looking.start(found, names=names, labels=labels, days_back=days_back, move_to=move_to)
    messages.success(request, "Saved. The mailbox is looked into in a moment, and then every minute.")
    return redirect(found)


@require_POST
def mailbox_do(request: StaffRequest, pk: int) -> HttpResponse:
    """Look now, test, pause, go on, or remove."""
    _needs_owner(request)
    found = get_object_or_404(Mailbox, pk=pk)
    what = request.POST.get("do", "")
    if what == "remove":
        found.delete()
        messages.success(request, f"“{found.name}” is gone. Its mails and leads stay, and so does the account itself.")
        return redirect("mailbox_list")
    if what == "test":
        _test(request, found)
    elif what in ("pause", "resume"):
        Mailbox.objects.filter(pk=pk).update(is_active=what == "resume")
    if what in ("look", "resume"):
        looking.look_now(found)
        messages.success(request, "It is looked into in a moment.")
    return redirect(found)


@require_safe
@never_cache
def mail_list(request: StaffRequest) -> HttpResponse:
    """What was set aside; with `show=all` every mail."""
    _needs_owner(request)
    show = "all" if request.GET.get("show") == "all" else "aside"
    asked = request.GET.get("page", "")
    number = max(int(asked), 1) if asked.isdecimal() and len(asked) < 7 else 1
    rows = IncomingMail.objects.all() if show == "all" else IncomingMail.objects.aside()
    first = (number - 1) * PAGE_SIZE
    rows = rows.select_related("submission__lead", "lead").defer("raw", "submission__payload")
    found = list(rows[first : first + PAGE_SIZE + 1])
    page = {"number": number, "has_next": len(found) > PAGE_SIZE}
    return render(request, "leads/mail_list.html", {"mails": found[:PAGE_SIZE], "page": page, "show": show})


@require_safe
@never_cache
def mail_text(request: StaffRequest, pk: int) -> HttpResponse:
    """One mail, as it came, as a text file: nothing in it is run."""
    _needs_owner(request)
    row = get_object_or_404(IncomingMail, pk=pk)
    answer = HttpResponse(row.content, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="mail-{row.pk}.eml"'
    return answer


@require_POST
def mail_take(request: StaffRequest, pk: int) -> HttpResponse:
    _needs_owner(request)
    if mails.take_anyway(get_object_or_404(IncomingMail, pk=pk)):
        messages.success(request, "It is taken in in a moment, and then in the inbox.")
    else:
        messages.warning(request, "It was taken in already, or is no longer kept.")
    return redirect(reverse("mail_list") + ("?show=all" if request.POST.get("show") == "all" else ""))


NOT_THERE = "Not saved: mails can’t be moved into a folder that is looked into itself."


def _test(request: StaffRequest, found: Mailbox) -> None:
    try:
        names = looking.folders(found)
    except imap.Trouble as trouble:
        messages.error(request, str(trouble))
    except vault.Unreadable:
        messages.error(request, looking.UNREADABLE)
    else:
        Mailbox.objects.filter(pk=found.pk).update(folder_names=names[:500])
        messages.success(request, f"The connection works: {len(names)} {'folder' if len(names) == 1 else 'folders'}.")


def _list(request: StaffRequest, form: MailboxForm) -> HttpResponse:
    taken = Count("mails", filter=Q(mails__state=State.TAKEN))
    aside = Count("mails", filter=Q(mails__state__in=[State.ASIDE, State.UNREADABLE]))
    context = {
        "mailboxes": Mailbox.objects.annotate(taken=taken, aside=aside),
        "form": form,
        "aside": IncomingMail.objects.aside().count(),
        "others": IncomingMail.objects.filter(mailbox=None).count(),
    }
    return render(request, "leads/mailbox_list.html", context, status=422 if form.errors else 200)


def _page(request: StaffRequest, found: Mailbox, form: MailboxForm) -> HttpResponse:
    chosen = {folder.name: folder for folder in found.folders.all()}
    names = sorted({*found.folder_names, *chosen}, key=lambda name: (name.upper() != "INBOX", name.lower()))
    last = found.mails.select_related("submission__lead", "lead").defer("raw", "submission__payload")[:SHOWN]
    context = {
        "mailbox": found,
        "form": form,
        "folders": [(name, chosen.get(name)) for name in names],
        "is_new": not chosen,
        "days": DAYS,
        "mails": last,
        "counts": found.mails.aggregate(
            taken=Count("pk", filter=Q(state=State.TAKEN)),
            aside=Count("pk", filter=Q(state__in=[State.ASIDE, State.UNREADABLE])),
        ),
        "is_moving": found.is_active and not found.pause_reason and (found.looked_at is None or _is_waiting(found)),
    }
    template = "leads/mailbox.html#mailbox_state" if request.htmx else "leads/mailbox.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _is_waiting(found: Mailbox) -> bool:
    return found.mails.waiting().exists()


def _needs_owner(request: StaffRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied
