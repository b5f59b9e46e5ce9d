"""Trying a draft before it goes live: past leads read with the live version and with the draft, side by side.

The worker of the model does it in spare time, one reading after another. Nothing of it becomes a lead's value.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from enrichment import ai_settings, business, grounding, ollama, prompts, reading
from enrichment.grounding import Grounded
from enrichment.models import Enrichment, ProfileVersion, Trial, TrialAnswer
from enrichment.profile_editing import State, published
from enrichment.profiles import Profile
from enrichment.prompts import Message
from leads import pipeline
from leads.models import Lead, Submission
from leads.pipeline import DATABASE_AWAY

logger = logging.getLogger(__name__)

MOST = 20  # leads of one trial
KEPT = 10  # trials of one version
SIDES = ("live", "draft")
NO_MESSAGE = "No message."


# ---- asking for it ---------------------------------------------------------------------------------------------------


def past_leads(words: str = "", *, most: int = MOST) -> list[Lead]:
    """The newest leads that have a message; those in which every word occurs, when there are words."""
    written = Submission.objects.filter(lead=OuterRef("pk")).exclude(text="")
    leads = Lead.objects.standing().filter(Exists(written))
    return list((leads.matching(words) if words else leads).defer("search_text")[:most])


def ask(version: ProfileVersion, leads: Iterable[Lead], *, by: str) -> Trial:
    """Has a draft tried on these leads; a trial of it that is under way ends. Call it with at least one lead."""
    with transaction.atomic():
        open_trials = Trial.objects.filter(version=version, finished_at=None, is_stopped=False)
        open_trials.update(is_stopped=True, problem="Another trial was begun.")
        ids = [lead.pk for lead in leads][:MOST]
        trial = Trial.objects.create(version=version, lead_ids=ids, asked_by=by[:150])
        old = Trial.objects.filter(version=version).values_list("pk", flat=True)[KEPT:]
        Trial.objects.filter(pk__in=list(old)).delete()
        pipeline.ring_after_commit(ai_settings.CLUSTER)
    return trial


def stop(trial: Trial) -> None:
    """Ends it; what was read so far stays."""
    Trial.objects.filter(pk=trial.pk, finished_at=None).update(is_stopped=True, problem="")


def ring_if_waiting() -> None:
    """Has a trial gone on with that waits, as for Ollama or after a restart. The clock calls it."""
    if Trial.objects.filter(finished_at=None, is_stopped=False).exists():
        pipeline.ring(ai_settings.CLUSTER)


# ---- doing it --------------------------------------------------------------------------------------------------------


def go_on() -> bool:
    """One reading of the oldest trial that is under way; returns whether there is more to do now. Never raises."""
    try:
        return _one_reading()
    except DATABASE_AWAY as error:
        logger.warning("The trial waits: %s", error)
    except Exception:
        logger.exception("A trial failed")
        open_trials = Trial.objects.filter(finished_at=None, is_stopped=False).order_by("id")[:1]
        for trial in open_trials:
            _say(trial, "It could not go on because of an error in baseCamp. Start it again.", is_stopped=True)
    return False


def _one_reading() -> bool:
    open_trials = Trial.objects.filter(finished_at=None, is_stopped=False).select_related("version__profile")
    trial = open_trials.order_by("id").first()
    if trial is None:
        return False
    if (why := ai_settings.why_off()) is not None:
        _say(trial, why)
        return False
    answer = _claimed(trial)
    if answer is None:
        return _finish(trial)
    side = "draft" if answer.live else "live"
    try:
        found = _read(trial, answer.lead, side)
    except ollama.ModelUnavailable as error:
        TrialAnswer.objects.filter(pk=answer.pk).update(leased_until=None)
        _say(trial, error.reason)
        return False
    TrialAnswer.objects.filter(pk=answer.pk).update(**{side: found, "leased_until": None})
    _say(trial, "")
    return True


def _say(trial: Trial, problem: str, **changes: Any) -> None:
    Trial.objects.filter(pk=trial.pk, is_stopped=False).update(problem=problem[:300], **changes)


def _claimed(trial: Trial) -> TrialAnswer | None:
    """The first lead of the trial that is not read to its end, held for this worker; None when there is none free."""
    until = timezone.now() + _lease()
    answers = {answer.lead_id: answer for answer in trial.answers.all()}
    for lead_id in _left(trial):
        answer = answers.get(lead_id)
        if answer is None:
            try:
                with transaction.atomic():
                    return TrialAnswer.objects.create(trial=trial, lead_id=lead_id, leased_until=until)
            except IntegrityError:
                continue  # another worker was faster, or the lead was erased just now
        free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
        if not answer.draft and TrialAnswer.objects.filter(free, pk=answer.pk).update(leased_until=until):
            answer.refresh_from_db()
            if not answer.draft:
                return answer
    return None


def _lease() -> dt.timedelta:
    """How long one reading may take at most: two tries, and loading the model."""
    return dt.timedelta(seconds=2 * settings.OLLAMA_TIMEOUT + settings.OLLAMA_LOAD + 60)


def _left(trial: Trial) -> list[int]:
    """The trial's leads without those that were erased since."""
    there = set(Lead.objects.filter(pk__in=trial.lead_ids).values_list("pk", flat=True))
    return [pk for pk in trial.lead_ids if pk in there]


def _finish(trial: Trial) -> bool:
    """Whether another trial may go on: this one is done, unless another worker still reads its last lead."""
    read = {answer.lead_id for answer in trial.answers.all() if answer.draft}
    if not read.issuperset(_left(trial)):
        return False
    Trial.objects.filter(pk=trial.pk).update(finished_at=timezone.now(), problem="")
    return True


def _read(trial: Trial, lead: Lead, side: str) -> dict[str, Any]:
    """What one side makes of a lead, as TrialAnswer stores it. Raises ModelUnavailable while nobody can be asked."""
    submissions = reading.written(lead.submissions.all())
    if not submissions:
        return _told(problem=NO_MESSAGE)
    conversation = [reading.message_of(submission) for submission in submissions]
    profile = live_profile(trial.version) if side == "live" else draft_profile(trial.version)
    stored = _stored_answer(lead, submissions[-1], profile) if side == "live" else None
    try:
        if stored is not None:
            return _told(_again(stored, conversation, profile), made_by=stored.model)
        kind = Enrichment.Kind.TRIAL
        found = reading.read(conversation, profile, lead=lead, submission=submissions[-1], kind=kind)
    except ollama.BadAnswer as error:
        return _told(problem=error.reason)
    except ollama.NoAnswer as error:
        if ollama.check(settings.OLLAMA_BASE_URL, ai_settings.model()) is not None:
            raise
        return _told(problem=error.reason)
    found.use()
    return _told(found.grounded, made_by=found.enrichment.model)


def live_profile(version: ProfileVersion) -> Profile:
    """What the draft is compared with; of a profile that was never published, what reads its inquiries until it is."""
    return published(version.profile) or business.default()


def draft_profile(version: ProfileVersion) -> Profile:
    return Profile.from_json(version.profile.key, version.number, version.content)


def _stored_answer(lead: Lead, newest: Submission, profile: Profile) -> Enrichment | None:
    """The lead's own answer, if the model would be asked the same again."""
    same = Enrichment.objects.filter(
        lead=lead,
        submission=newest,
        kind=Enrichment.Kind.READING,
        outcome=Enrichment.Outcome.USED,
        profile=profile.label,
        prompt_version=prompts.PROMPT_VERSION,
    )
    stored = same.order_by("-id").first()
    return stored if stored and ollama.same_model(stored.model, ai_settings.model()) else None


def _again(stored: Enrichment, conversation: Sequence[Message], profile: Profile) -> Grounded:
    return grounding.ground(
        prompts.parse(stored.answer, profile),
        conversation,
        profile=profile,
        region=settings.DEFAULT_REGION,
        staff_language=ai_settings.staff_language(),
    )


def _told(grounded: Grounded | None = None, *, problem: str = "", made_by: str = "") -> dict[str, Any]:
    values = {
        value.field: {
            "value": value.value,
            "evidence": value.evidence.text if value.evidence else "",
            "note": value.note,
        }
        for value in (grounded.values if grounded else ())
    }
    return {"values": values, "problem": problem, "made_by": made_by}


def last_of(version: ProfileVersion | None) -> Trial | None:
    """The newest trial of a version, for the page."""
    return Trial.objects.filter(version=version).first() if version is not None else None


def is_of_draft(trial: Trial) -> bool:
    """Whether what was tried is what the draft says now."""
    version = trial.version
    return version.state == State.DRAFT and version.created_at <= trial.asked_at
