"""The mails that ask senders to confirm their consents: who is asked, what the mail says, and the link in it.

A form that strangers fill in must not be a way to fill a stranger's mailbox: a mail carries nothing that its sender
typed, and each mailbox is asked seldom. What is not asked says why, and staff may ask all the same.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from leads import forms_words_consent as words
from leads.forms_words import say
from leads.keys import email_key
from leads.mailing import Kind
from leads.models import Consent, ConsentRequest, Event, Lead, Submission
from leads.smtp import new_message_id

State = ConsentRequest.State
SALT = "leads.consent"
LINK_DAYS = 14  # so long a link works
DAY = dt.timedelta(days=1)
MOST_A_DAY = 3  # mails to one mailbox, whichever form
DENIED_FOR = dt.timedelta(days=90)  # nobody is asked so long after "this wasn't me"
MOST_AN_HOUR = 200  # mails to anyone; the others wait

NO_ADDRESS = "No e-mail address was given."
LATELY = "This mailbox was asked for the same form less than a day before."
OFTEN = "This mailbox was asked often enough today."
DENIED = "The owner of this mailbox said of an earlier inquiry: this wasn’t me."


# ---- who is asked ----------------------------------------------------------------------------------------------------


def ask(submissions: Sequence[Submission]) -> None:
    """Queues a mail for each submission with a consent that is to be confirmed. For the worker that puts them on leads,
    in the same transaction: what waits in quarantine has not come so far."""
    from_forms = [each.pk for each in submissions if each.form_id]
    if not from_forms:
        return
    unconfirmed = Consent.objects.filter(
        submission__in=from_forms, is_confirmation_asked=True, confirmed_at=None, withdrawn_at=None
    )
    languages = dict(unconfirmed.values_list("submission_id", "language"))
    asked = [_request(each, languages[each.pk]) for each in submissions if each.pk in languages]
    _refuse_too_many(asked)
    ConsentRequest.objects.bulk_create(asked, ignore_conflicts=True)


def _request(submission: Submission, language: str) -> ConsentRequest:
    to = submission.contact.get("email", "")
    return ConsentRequest(
        submission=submission,
        form_id=submission.form_id,
        to=to,
        to_key=email_key(to) or to.casefold(),
        language=language,
        message_id=new_message_id(),
    )


def _refuse_too_many(asked: Sequence[ConsentRequest]) -> None:
    """In turn, as if each had come alone. Who comes at the same time with another submission of the same mailbox waits
    for this transaction: `leads.joining` holds the mailbox."""
    if not asked:
        return
    now = timezone.now()
    since = Q(asked_at__gte=now - DAY) | Q(denied_at__gte=now - DENIED_FOR)
    earlier = ConsentRequest.objects.mailed().filter(since, to_key__in={each.to_key for each in asked} - {""})
    by_mailbox: dict[str, list[ConsentRequest]] = {}
    for row in earlier:
        by_mailbox.setdefault(row.to_key, []).append(row)
    for each in asked:
        before = by_mailbox.setdefault(each.to_key, [])
        if reason := _reason_not_to(each, before, day_ago=now - DAY):
            each.state, each.problem, each.message_id = State.FAILED, reason, ""
        else:
            before.append(each)


def _reason_not_to(request: ConsentRequest, before: Iterable[ConsentRequest], *, day_ago: dt.datetime) -> str:
    if not request.to:
        return NO_ADDRESS
    if any(other.denied_at for other in before):
        return DENIED
    today = [other for other in before if other.asked_at >= day_ago]
    if any(other.form_id == request.form_id for other in today):
        return LATELY
    return OFTEN if len(today) >= MOST_A_DAY else ""


def can_ask_again(request: ConsentRequest) -> bool:
    """Whether staff may have the mail sent once more: it did not leave, or has had a day for an answer."""
    if (
        not request.to
        or request.denied_at
        or not any(each.is_unconfirmed for each in request.submission.consents.all())
    ):
        return False
    return request.state == State.FAILED or (
        request.state == State.SENT and request.sent_at is not None and request.sent_at <= timezone.now() - DAY
    )


@transaction.atomic
def ask_again(request: ConsentRequest, *, actor: str) -> bool:
    """Returns whether the mail is queued now."""
    lead = Lead.objects.filter(submissions__consent_request=request.pk).select_for_update(of=("self",)).first()
    fresh = ConsentRequest.objects.select_related("submission").get(pk=request.pk)
    if lead is None or not can_ask_again(fresh):
        return False
    now = timezone.now()
    # A mail of its own: mail servers drop a second one with the same Message-ID.
    done = ConsentRequest.objects.filter(pk=fresh.pk, state=fresh.state, attempts=fresh.attempts).update(
        state=State.WAITING, due_at=now, asked_at=now, attempts=0, problem="", message_id=new_message_id()
    )
    if done:
        Event.objects.create(lead=lead, text="Asks again by e-mail to confirm the consent", actor=actor)
        Lead.objects.filter(pk=lead.pk).update(updated_at=now)
    return bool(done)


# ---- the mail --------------------------------------------------------------------------------------------------------


def _due() -> QuerySet[ConsentRequest]:
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    if ConsentRequest.objects.filter(sent_at__gte=hour_ago)[:MOST_AN_HOUR].count() >= MOST_AN_HOUR:
        return ConsentRequest.objects.none()
    return ConsentRequest.objects.due().select_related("submission__form_version")


def message(request: ConsentRequest) -> EmailMessage:
    """In the form's language, and in the owner's and baseCamp's words alone."""
    language = request.language
    texts = [each.text for each in request.submission.consents.all() if each.is_unconfirmed]
    body = say(words.MAIL, language).format(
        title=title_of(request),
        day=day_of(request),
        texts="\n\n".join(f"“{text}”" for text in texts),
        link=f"{settings.SITE_URL}{reverse('consent_link', args=[token(request)])}",
        days=LINK_DAYS,
    )
    return EmailMessage(
        subject=say(words.PLEASE_CONFIRM, language),
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[request.to],
        headers={
            "Message-ID": request.message_id,
            "Auto-Submitted": "auto-generated",  # RFC 3834: no machine answers it
            "X-Auto-Response-Suppress": "All",  # nor does Exchange
        },
    )


def title_of(request: ConsentRequest) -> str:
    """The heading that the sender saw."""
    version = request.submission.form_version
    return version.definition.title if version else settings.SITE_URL.partition("://")[2]


def day_of(request: ConsentRequest) -> str:
    with override(request.language):
        return date_format(timezone.localtime(request.submission.received_at), "DATE_FORMAT")


def _was_sent(lead: Lead, request: ConsentRequest) -> None:
    Event.objects.create(lead=lead, text=f"Asked {request.to} by e-mail to confirm the consent"[:300])
    Lead.objects.filter(pk=lead.pk).update(updated_at=timezone.now())


def _lead(request: ConsentRequest) -> QuerySet[Lead]:
    return Lead.objects.filter(submissions__consent_request=request.pk)


REQUESTS = Kind(
    due=_due,
    message=message,
    lead=_lead,
    was_sent=_was_sent,
    called=lambda request: f"The mail to {request.to} that asks to confirm the consent",
    give_up_after=40,  # over about nine hours: nobody sits and waits for it
)


# ---- the link --------------------------------------------------------------------------------------------------------


class WrongLink(Exception):
    """It leads nowhere. `language`: of the form that it came from, empty when it is not one of ours at all."""

    def __init__(self, language: str = "") -> None:
        super().__init__(language)
        self.language = language


def token(request: ConsentRequest) -> str:
    return signing.dumps([request.pk, request.language], salt=SALT)


def read(link: str) -> tuple[ConsentRequest, bool]:
    """The request that a link belongs to, and whether it still works. Raises WrongLink; with a language when what it is
    about was erased."""
    try:
        pk, language = signing.loads(link, salt=SALT)
    except (signing.BadSignature, ValueError):
        raise WrongLink from None
    found = ConsentRequest.objects.filter(pk=pk).select_related("submission__form_version", "form").first()
    if found is None:
        raise WrongLink(language)
    try:
        signing.loads(link, salt=SALT, max_age=dt.timedelta(days=LINK_DAYS))
    except signing.SignatureExpired:
        return found, False
    return found, True
