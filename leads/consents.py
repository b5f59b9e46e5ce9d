"""Consents: recorded with their inquiry, confirmed by its sender, withdrawn. Nothing else writes them."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from leads import pipeline
from leads.keys import email_key
from leads.models import Consent, ConsentRequest, Event, Lead, PublicForm, Submission
from leads.values import Agreement


def record(submission: Submission, form: PublicForm | None, agreements: Sequence[Agreement]) -> None:
    """Keeps what a form's sender agreed to, and what they left open. Call it in the submission's transaction. Who only
    tries the form is asked by no mail."""
    if form is None or not agreements:
        return
    asks = form.asks_confirmation and not submission.is_test
    Consent.objects.bulk_create(
        Consent(
            submission=submission,
            form=form,
            form_name=form.name,
            form_version=form.published.number if form.published else None,
            field_key=each.field,
            text=each.text,
            language=form.definition.language,
            is_given=each.is_given,
            given_at=submission.received_at,
            is_confirmation_asked=asks and each.is_given,
        )
        for each in agreements
    )


# ---- what the sender says by the link in the mail --------------------------------------------------------------------


@transaction.atomic
def confirm(request: ConsentRequest) -> bool:
    """Returns whether that changed anything: not when it was confirmed or withdrawn before."""
    lead = _locked(request)
    unconfirmed = request.submission.consents.filter(
        is_given=True, is_confirmation_asked=True, confirmed_at=None, withdrawn_at=None
    )
    changed = unconfirmed.update(confirmed_at=timezone.now())
    return _noted(lead, changed, f"Consent confirmed with the mail to {request.to}")


@transaction.atomic
def deny(request: ConsentRequest) -> bool:
    """The owner of the mailbox says that it wasn't them; returns whether that changed anything."""
    lead = _locked(request)
    ConsentRequest.objects.filter(pk=request.pk, denied_at=None).update(denied_at=timezone.now())
    standing = request.submission.consents.filter(is_given=True, withdrawn_at=None)
    changed = standing.update(withdrawn_at=timezone.now())
    return _noted(lead, changed, f"“This wasn’t me”, says the owner of {request.to}: the consent does not count")


@transaction.atomic
def take_back(request: ConsentRequest) -> bool:
    """Who confirmed withdraws: also what the same mailbox agreed to in the same words before."""
    lead = _locked(request)
    texts = set(request.submission.consents.filter(is_given=True, withdrawn_at=None).values_list("text", flat=True))
    where = {"submission__lead": lead} if lead else {"submission": request.submission_id}
    rows = Consent.objects.filter(**where, text__in=texts, is_given=True, withdrawn_at=None)
    mine = [
        row.pk
        for row in rows.select_related("submission")
        if row.submission_id == request.submission_id
        or email_key(row.submission.contact.get("email", "")) == request.to_key
    ]
    changed = Consent.objects.filter(pk__in=mine).update(withdrawn_at=timezone.now())
    return _noted(lead, changed, f"Consent withdrawn with the mail to {request.to}")


def _locked(request: ConsentRequest) -> Lead | None:
    """The lead that the submission is on now; None while it is on none."""
    lead = Lead.objects.filter(submissions__consent_request=request.pk)
    return lead.select_for_update(of=("self",)).first()


def _noted(lead: Lead | None, changed: int, text: str, *, actor: str = "") -> bool:
    if changed and lead:
        Event.objects.create(lead=lead, text=text[:300], actor=actor)
        Lead.objects.filter(pk=lead.pk).update(updated_at=timezone.now())
        if lead.quarantined_at is None:
            pipeline.schedule([lead.pk], [settings.LEAD_PIPELINE[-1].name])  # the CRM is told, too
    return bool(changed)


# ---- what staff note -------------------------------------------------------------------------------------------------


@transaction.atomic
def withdraw(consent: Consent, *, actor: str) -> bool:
    """The person told the business so: all that the lead agreed to in the same words is withdrawn. Returns whether that
    changed anything."""
    lead = Lead.objects.filter(submissions__consents=consent.pk).select_for_update(of=("self",)).first()
    same = Consent.objects.filter(submission__lead=lead, text=consent.text, is_given=True, withdrawn_at=None)
    changed = same.update(withdrawn_at=timezone.now(), withdrawn_by=actor) if lead else 0
    return _noted(lead, changed, f"Consent withdrawn: {consent.text}", actor=actor)


# ---- what stands -----------------------------------------------------------------------------------------------------


def summary(consents: Iterable[Consent]) -> str:
    """What of a lead's consents stands now, a line for each text: “yes, confirmed 2026-11-29: I agree …”."""
    by_text: dict[str, Consent] = {}
    for each in sorted(consents, key=lambda one: (one.stands, one.given_at)):
        by_text[each.text] = each
    return "\n".join(f"{standing(each)}: {text}" for text, each in sorted(by_text.items(), key=lambda one: one[1].pk))


def summaries(lead_ids: Iterable[int]) -> dict[int, str]:
    """The same for many leads, by lead; one query. Leads without consents are missing."""
    found: dict[int, list[Consent]] = {}
    for row in Consent.objects.filter(submission__lead__in=lead_ids).annotate(lead_id=F("submission__lead")):
        found.setdefault(row.lead_id, []).append(row)
    return {pk: summary(rows) for pk, rows in found.items()}


def standing(consent: Consent) -> str:
    """“yes, confirmed 2026-11-29”, “not confirmed”, “withdrawn 2026-11-29”, “no”; days of the business's time zone."""
    if not consent.is_given:
        return "no"
    if consent.withdrawn_at:
        return f"withdrawn {_day(consent.withdrawn_at)}"
    if consent.confirmed_at:
        return f"yes, confirmed {_day(consent.confirmed_at)}"
    return "not confirmed" if consent.is_confirmation_asked else f"yes, {_day(consent.given_at)}"


def _day(moment: dt.datetime) -> str:
    return timezone.localtime(moment).date().isoformat()
