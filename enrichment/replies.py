"""Drafts of replies: asked for, written by the model as its time allows, shown, and what staff make of them.

A draft that nobody asked for is written once per message, after all leads that wait were read. Until the model has
written, and whenever it can't, a plain template stands in its place: it is made for the page and not stored.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from enrichment import ai_settings, business, ollama, reading, reply_grounding, reply_prompts, reply_templates
from enrichment.models import Enrichment, ReplyDraft
from enrichment.models.reply import ReplyDraftQuerySet
from enrichment.profiles import Profile
from enrichment.prompts import prompt_text
from enrichment.reply_grounding import Body
from leads import gates, merging, pipeline
from leads.fields import CONTACT
from leads.models import FieldValue, Lead, LeadSource, Reply, StageGate, Submission
from leads.models.pipeline import STAGES
from leads.values import FoundValue

logger = logging.getLogger(__name__)

State, Origin = ReplyDraft.State, ReplyDraft.Origin
READING = "enrich"  # its gate is the model's
SHOW_EVERY = 0.4  # seconds between two looks at what is being written
KEPT = 5  # drafts of one lead
CONFIDENCE = 0.6
UNASKED = ("sales_pitch", "job_application")  # such inquiries get no draft by themselves
CLOSED = (Lead.Status.UNQUALIFIED, Lead.Status.CONVERTED)
TOO_LITTLE = "Too little of the model's draft was borne out by the message and the profile."


# ---- asking for it ---------------------------------------------------------------------------------------------------


def want(lead: Lead, submission: Submission) -> None:
    """Has a draft written for a lead that was just read, unless its newest message has one or needs none. Call it in
    the transaction that holds the lead."""
    fresh = Lead.objects.get(pk=lead.pk)
    if fresh.intent in UNASKED or fresh.status in CLOSED or submission.source == LeadSource.CSV_IMPORT:
        return
    if Reply.objects.sent().filter(lead=fresh, sent_at__gte=submission.received_at).exists():
        return
    if not ReplyDraft.objects.by_machine().filter(lead=fresh, submission=submission).exists():
        ReplyDraft.objects.create(lead=fresh, submission=submission)


def ask(lead: Lead, *, by: str) -> None:
    """Has the model write another draft; asked for twice it is written once. What staff wrote stays."""
    with transaction.atomic():
        Lead.objects.select_for_update().get(pk=lead.pk)
        waiting = ReplyDraft.objects.unwritten().filter(lead=lead)
        if not waiting.update(asked_by=by[:150]):
            newest = reading.written(lead.submissions.all())[-1:]
            ReplyDraft.objects.create(lead=lead, submission=newest[0] if newest else None, asked_by=by[:150])
        pipeline.ring_after_commit(ai_settings.CLUSTER)
    if StageGate.objects.filter(stage=READING, closed_at__isnull=False).exists():
        gates.knock(READING)


def stop(lead: Lead) -> None:
    """Gives up the draft that is waited for; the model is cut short."""
    ReplyDraft.objects.unwritten().filter(lead=lead).delete()


def ring_if_waiting() -> None:
    """Has drafts gone on with that wait, as after a restart. The clock calls it."""
    if not gates.is_closed(STAGES[READING]) and ReplyDraft.objects.unwritten().exists():
        pipeline.ring(ai_settings.CLUSTER)


# ---- doing it --------------------------------------------------------------------------------------------------------


def go_on(*, asked_only: bool = False) -> bool:
    """Writes one draft, those that somebody asked for first; returns whether it did. Never raises but for a database
    that is away."""
    stage = STAGES[READING]
    lease = dt.timedelta(seconds=stage.lease)
    if not _unheld(lease).exists() or not gates.is_open(stage):
        return False
    draft = _claim(lease, asked_only)
    if draft is None:
        return False
    pipeline.beat(stage.cluster, busy_for=stage.lease)
    try:
        _write(draft)
    except ollama.ModelUnavailable as away:
        _give_back(draft, away)
        return False
    except ollama.BadAnswer as error:
        _fail(draft, error.reason)
    except _Withdrawn:
        logger.info("The draft for lead %s was withdrawn while it was written", draft.lead_id)
    except pipeline.DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("The draft for lead %s failed", draft.lead_id)
        _fail(draft, gates.unexpected(error))
    return True


class _Withdrawn(Exception):
    """The draft is no longer wanted: stopped by staff, or its lead was erased."""


def _unheld(lease: dt.timedelta) -> ReplyDraftQuerySet:
    """Waiting, or held by a worker that must have died."""
    dead = Q(state=State.WRITING, moved_at__lt=timezone.now() - lease)
    return ReplyDraft.objects.unwritten().filter(Q(state=State.WAITING) | dead)


def _claim(lease: dt.timedelta, asked_only: bool) -> ReplyDraft | None:
    asked = _unheld(lease).exclude(asked_by="").order_by("id").first()
    draft = asked or (None if asked_only else _unheld(lease).order_by("-id").first())
    if draft is None:
        return None
    mine = ReplyDraft.objects.filter(pk=draft.pk, state=draft.state, moved_at=draft.moved_at)
    draft.state, draft.moved_at, draft.text, draft.reason = State.WRITING, timezone.now(), "", ""
    changes = {"state": draft.state, "moved_at": draft.moved_at, "text": "", "reason": ""}
    return draft if mine.update(**changes) else None


def _give_back(draft: ReplyDraft, away: ollama.ModelUnavailable) -> None:
    """It waits for the model; but what the model alone has no answer to is not asked again and again."""
    if isinstance(away, ollama.NoAnswer) and _problem() is None:
        _fail(draft, away.reason)
        return
    _mine(draft).update(state=State.WAITING, text="", reason=away.reason)
    gates.close(STAGES[READING], away.reason)


def _problem() -> str | None:
    return ollama.check(settings.OLLAMA_BASE_URL, ai_settings.model())


def _fail(draft: ReplyDraft, reason: str) -> None:
    _mine(draft).update(state=State.FAILED, text="", reason=reason, moved_at=timezone.now())
    Lead.objects.filter(pk=draft.lead_id).update(updated_at=timezone.now())


def _mine(draft: ReplyDraft) -> ReplyDraftQuerySet:
    return ReplyDraft.objects.filter(pk=draft.pk, state=State.WRITING)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a reply to a lead rests on. `language` is one of the six."""

    lead: Lead
    submissions: Sequence[Submission]
    profile: Profile
    language: str
    asks: tuple[str, ...]
    told: reply_grounding.Told

    def compose(self, body: str) -> str:
        return reply_templates.compose(
            body, language=self.language, name=self.lead.first_name, asks=self.asks, profile=self.profile
        )

    def template(self) -> str:
        return reply_templates.template(
            language=self.language,
            intent=self.lead.intent,
            name=self.lead.first_name,
            asks=self.asks,
            profile=self.profile,
        )

    def so_far(self, body: str) -> str:
        hello = reply_templates.greeting(self.language, self.lead.first_name)
        return f"{hello}\n\n{body}" if body else hello

    def body(self, text: str, *, is_finished: bool = True) -> Body:
        return reply_grounding.ground_reply(
            reply_prompts.written(text),
            self.told,
            language=self.language,
            asks=bool(self.asks),
            is_finished=is_finished,
        )


def basis(lead: Lead) -> Basis:
    """From the values that stand now."""
    submissions = reading.written(lead.submissions.all())
    profile = business.profile_of(submissions[-1] if submissions else None)
    values = dict(FieldValue.objects.current().filter(lead=lead).values_list("field", "value"))
    language = values.get("language", "")
    contact = [str(getattr(lead, column)) for column in CONTACT]
    return Basis(
        lead=lead,
        submissions=submissions,
        profile=profile,
        language=language if language in reply_templates.PHRASES else reply_templates.FALLBACK,
        asks=tuple(reply_templates.missing(profile, values, lead.intent)),
        told=reply_grounding.told([prompt_text(each.text) for each in submissions], contact, profile),
    )


def _write(draft: ReplyDraft) -> None:
    found = basis(Lead.objects.get(pk=draft.lead_id))
    if not found.submissions:
        _fail(draft, "There is no message to reply to.")
        return
    for temperature, seed in reading.TRIES[:-1]:
        try:
            _try(draft, found, temperature, seed)
            return
        except ollama.BadAnswer as error:
            logger.info("The draft for lead %s can't be used: %s", draft.lead_id, error.reason)
    _try(draft, found, *reading.TRIES[-1])


def _try(draft: ReplyDraft, found: Basis, temperature: float, seed: int) -> None:
    """Asks once; the raw answer is stored before anything is made of it."""
    stored = Enrichment(
        lead=found.lead,
        submission=found.submissions[-1],
        kind=Enrichment.Kind.REPLY,
        outcome=Enrichment.Outcome.REFUSED,
        reason="The draft was not finished.",
        model=ai_settings.model(),
        prompt_version=reply_prompts.REPLY_VERSION,
        profile=found.profile.label,
    )
    try:
        answer = ollama.chat(
            base_url=settings.OLLAMA_BASE_URL,
            model=stored.model,
            messages=reply_prompts.messages(
                [reading.message_of(each) for each in found.submissions],
                profile=found.profile,
                language=found.language,
                asks=bool(found.asks),
            ),
            schema=None,
            timeout=settings.OLLAMA_TIMEOUT,
            temperature=temperature,
            seed=seed,
            num_predict=reply_prompts.MAX_TOKENS,
            on_text=_show(draft, found),
        )
    except (ollama.BadAnswer, ollama.NoAnswer) as error:
        stored.answer, stored.reason = reading.without_nul(error.raw), error.reason
        stored.save()
        raise
    stored.answer, stored.model = reading.without_nul(answer.text), answer.model[:200]
    stored.prompt_tokens, stored.answer_tokens = answer.prompt_tokens, answer.answer_tokens
    stored.duration_ms, stored.writing_ms = answer.duration_ms, answer.writing_ms
    body = found.body(stored.answer)
    if body.is_enough:
        stored.outcome, stored.reason = Enrichment.Outcome.USED, ""
    else:
        stored.reason = TOO_LITTLE
    stored.dropped = [{"field": "reply", "value": text, "reason": reason} for text, reason in body.dropped]
    stored.save()
    _finish(draft, found, body, made_by=f"{stored.model} · {stored.prompt_version} · {found.profile.label}"[:200])


def _show(draft: ReplyDraft, found: Basis) -> Callable[[str], None]:
    """Shows what is borne out of the text so far, every now and then."""
    last = time.monotonic()

    def show(text: str) -> None:
        nonlocal last
        if time.monotonic() - last < SHOW_EVERY:
            return
        words = found.so_far(found.body(text, is_finished=False).text)
        if not _mine(draft).update(text=words, moved_at=timezone.now()):
            raise _Withdrawn
        last = time.monotonic()

    return show


def _finish(draft: ReplyDraft, found: Basis, body: Body, *, made_by: str) -> None:
    with transaction.atomic():
        lead = Lead.objects.select_for_update().filter(reply_drafts=draft.pk).first()  # it may have been merged
        text = found.compose(body.text) if body.is_enough else found.template()
        changes = {
            "state": State.READY,
            "origin": Origin.MODEL if body.is_enough else Origin.TEMPLATE,
            "text": text,
            "language": found.language,
            "asks_for": list(found.asks),
            "dropped": [{"text": dropped, "reason": reason} for dropped, reason in body.dropped],
            "reason": "" if body.is_enough else TOO_LITTLE,
            "made_by": made_by,
            "moved_at": timezone.now(),
        }
        if lead is None or not _mine(draft).update(**changes):
            raise _Withdrawn
        # As a value of the lead it reaches the CRM and the API.
        value = FoundValue("reply", text, CONFIDENCE)
        item = merging.NewValues(lead, [value], submission=found.submissions[-1], made_by=made_by[:150])
        merging.apply([item], origin=FieldValue.Origin.MODEL)
        pipeline.schedule([lead.pk], [settings.LEAD_PIPELINE[-1].name])
        Lead.objects.filter(pk=lead.pk).update(updated_at=timezone.now())
        _forget_old(lead)


def _forget_old(lead: Lead) -> None:
    finished = ReplyDraft.objects.by_machine().filter(lead=lead, state__in=[State.READY, State.FAILED])
    kept = list(finished.order_by("-id").values_list("pk", flat=True)[:KEPT])
    finished.exclude(pk__in=kept).delete()


# ---- what staff make of it -------------------------------------------------------------------------------------------


def keep(lead: Lead, text: str, *, by: str) -> None:
    """Keeps what somebody wrote, so that nothing else takes its place until the reply left."""
    text = text.replace("\r\n", "\n").replace("\x00", "")[:20_000]
    with transaction.atomic():
        Lead.objects.select_for_update().get(pk=lead.pk)
        rows = ReplyDraft.objects.by_staff().filter(lead=lead)
        if not rows.update(text=text, made_by=by[:150], moved_at=timezone.now()):
            ReplyDraft.objects.create(lead=lead, origin=Origin.STAFF, state=State.READY, text=text, made_by=by[:150])


def let_go(lead: Lead) -> None:
    """Forgets what staff wrote: the newest draft stands again."""
    ReplyDraft.objects.by_staff().filter(lead=lead).delete()


# ---- showing it ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """The reply of a lead as the page shows it.

    `text` is staff's own (`own`), else that of the newest draft (`draft`), else the template; `newer`, a finished
    draft that came after staff wrote; `unwritten`, one that the model has yet to write or is writing; `waits`, why the
    model can't now; `failed`, why its last draft came to nothing.
    """

    text: str
    own: ReplyDraft | None
    draft: ReplyDraft | None
    newer: ReplyDraft | None
    unwritten: ReplyDraft | None
    waits: str
    is_off: bool
    failed: str
    subject: str
    asks: tuple[str, ...]
    is_anonymous: bool


def shown(lead: Lead) -> Shown:
    drafts = list(ReplyDraft.objects.filter(lead=lead))
    own = next((each for each in drafts if each.origin == Origin.STAFF), None)
    written = [each for each in drafts if each.origin != Origin.STAFF]
    ready = next((each for each in written if each.state == State.READY), None)
    unwritten = next((each for each in written if each.state in (State.WAITING, State.WRITING)), None)
    failed = written[0].reason if written and written[0].state == State.FAILED else ""
    found = basis(lead)
    gate = StageGate.objects.filter(stage=READING, closed_at__isnull=False).first()
    text = own.text if own else ready.text if ready else found.template()
    return Shown(
        text=text,
        own=own,
        draft=ready,
        newer=ready if own and ready and ready.moved_at > own.created_at and ready.text != own.text else None,
        unwritten=unwritten,
        waits=gate.reason if gate else "",
        is_off=bool(gate and gate.is_off),
        failed=failed,
        subject=_subject(found),
        asks=found.asks,
        is_anonymous=not (found.profile.business_name.strip() or found.profile.signature.strip()),
    )


def _subject(found: Basis) -> str:
    name = found.profile.business_name.strip()
    return f"{reply_templates.subject(found.language)}{f' – {name}' if name else ''}"[:200]
