"""The reply to a lead: its draft as it is written, what staff make of it, and the ways by which it leaves."""

import uuid
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from enrichment import replies as drafts
from leads import replies, smtp
from leads.models import Lead, Reply
from leads.views.merged import follows_merges, only_standing
from leads.views.request import StaffRequest

PART = "enrichment/_reply.html"
LONGEST_LINK = 1900  # characters; mail programs on Windows take no longer addresses
TAKEN = {"copied": Reply.Channel.COPY, "mail": Reply.Channel.MAIL_PROGRAM}


@require_safe
@never_cache
@follows_merges
def reply(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    context = _context(_lead(public_id))
    response = render(request, PART, context)
    if "watched" in request.GET and context["poll_seconds"] is None:
        return trigger_client_event(response, "lead-edited")  # what was waited for came: the rest of the page asks, too
    return response


@require_POST
@follows_merges
def reply_write(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Has the model write a draft, or stops it."""
    lead = _lead(public_id)
    if "stop" in request.POST:
        drafts.stop(lead)
    else:
        drafts.ask(lead, by=request.user.get_username())
    return _answer(request, lead)


@require_POST
@follows_merges
def reply_keep(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Keeps what is typed; answers nothing, so that nothing on the page moves meanwhile."""
    drafts.keep(_lead(public_id), request.POST.get("text", ""), by=request.user.get_username())
    return HttpResponse(status=204)


@require_POST
@follows_merges
def reply_let_go(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """The newest draft instead of what staff wrote."""
    lead = _lead(public_id)
    drafts.let_go(lead)
    return _answer(request, lead)


@require_POST
@follows_merges
def reply_leave(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """By mail, copied, by the mail program, or answered in another way. What was typed is kept whatever comes of it."""
    lead, actor, what = _lead(public_id), request.user.get_username(), request.POST.get("do", "")
    text, subject = request.POST.get("text", ""), request.POST.get("subject", "")
    if text.strip() and text.replace("\r\n", "\n").strip() != drafts.shown(lead).text.strip():
        drafts.keep(lead, text, by=actor)
    try:
        if what == "send":
            to = request.POST.get("to", "")
            replies.send(lead, to=to, subject=subject, text=text, key=_key(request), actor=actor)
        elif what in TAKEN:
            replies.take_along(lead, channel=TAKEN[what], to=lead.email, subject=subject, text=text, actor=actor)
        elif what == "answered":
            replies.mark_answered(lead, actor=actor)
        if what in ("send", "answered"):
            drafts.let_go(lead)
    except replies.CannotReply as error:
        return _answer(request, lead, problem=str(error))
    return _answer(request, lead)


@require_POST
@follows_merges
def reply_decide(request: StaffRequest, public_id: uuid.UUID, pk: int) -> HttpResponse:
    """Of one that was queued, failed or was taken along: it left, try again, or back to the draft."""
    lead = _lead(public_id)
    chosen = get_object_or_404(Reply.objects.filter(lead=lead), pk=pk)
    what = request.POST.get("do", "")
    problem = ""
    if what == "left":
        replies.confirm(chosen, actor=request.user.get_username())
        drafts.let_go(lead)
    elif what == "again" and not replies.try_again(chosen):
        problem = "It is no longer waiting for that."
    elif what == "back":
        if replies.take_back(chosen):
            drafts.keep(lead, chosen.text, by=request.user.get_username())
        else:
            problem = "Too late: it has left already, or is leaving just now."
    return _answer(request, lead, problem=problem)


def _lead(public_id: uuid.UUID) -> Lead:
    return only_standing(get_object_or_404(Lead, public_id=public_id))


def _key(request: StaffRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid.uuid4()


def _answer(request: StaffRequest, lead: Lead, *, problem: str = "") -> HttpResponse:
    if not request.htmx:
        if problem:
            messages.error(request, problem)
        return redirect(f"{lead.get_absolute_url()}#reply")
    lead = _lead(lead.public_id)
    return trigger_client_event(render(request, PART, _context(lead, problem)), "lead-edited")


def _context(lead: Lead, problem: str = "") -> dict[str, Any]:
    found = drafts.shown(lead)
    rows = list(lead.replies.all()[:20])
    on_the_way = [each for each in rows if each.state in (Reply.State.WAITING, Reply.State.SENDING)]
    is_writing = found.unwritten is not None and found.unwritten.state == "writing"
    return {
        "lead": lead,
        "shown": found,
        "problem": problem,
        "is_writing": is_writing,
        "on_the_way": on_the_way,
        "open_replies": [each for each in rows if each.state in (Reply.State.FAILED, Reply.State.TAKEN)],
        "last_sent": next((each for each in rows if each.state == Reply.State.SENT), None),
        "is_answered": bool(on_the_way) or (_is_answered(lead, rows) and not found.own),
        "can_send": smtp.can_send(),
        "sender": smtp.sender(),
        "key": uuid.uuid4(),
        "mail_link": mail_link(lead.email, found.subject, found.text),
        "rows": min(24, max(6, sum(1 + len(line) // 58 for line in found.text.split("\n")))),
        "poll_seconds": _poll_seconds(found, bool(on_the_way)),
    }


def _is_answered(lead: Lead, rows: list[Reply]) -> bool:
    """Whether something left since the newest message came."""
    newest = max((each.received_at for each in lead.submissions.all()), default=lead.received_at)
    return any(each.state == Reply.State.SENT and each.sent_at >= newest for each in rows)


def _poll_seconds(found: drafts.Shown, is_on_the_way: bool) -> int | None:
    """How often the page asks for news: each second while the model writes or a mail leaves, seldom while the model
    is away, not at all while there is nothing to wait for."""
    if is_on_the_way:
        return 1
    if found.unwritten is None:
        return None
    return 10 if found.waits else 1


def mail_link(to: str, subject: str, text: str) -> str:
    """A mailto: address (RFC 6068). Too long a text is left out: it can be copied."""
    address = f"mailto:{quote(to)}?subject={quote(subject)}"
    body = quote(text.replace("\n", "\r\n"))
    whole = f"{address}&body={body}"
    return whole if len(whole) <= LONGEST_LINK else address
