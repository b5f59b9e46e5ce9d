"""The stages of a lead that read its message: rules, embedding, duplicates, model, score.

Each takes a batch of leads, is safe to run twice, and returns an `Outcome` whose `save` writes in the runner's
transaction (see `leads.pipeline`).
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np
from django.conf import settings
from django.utils import timezone

from enrichment import duplicates, embedding, learning, meaning, ollama, prompts, scoring, sweep, vector_index
from enrichment.embedding import Vectors
from enrichment.extraction import extract as read_by_rules
from enrichment.extraction import parts, source
from enrichment.grounding import Grounded, ground
from enrichment.models import Embedding, Enrichment
from leads import merging, pipeline
from leads.fields import CONTACT
from leads.merging import NewValues
from leads.models import DuplicateSuggestion, FieldValue, Lead, Submission
from leads.pipeline import Outcome, TryAgainLater
from leads.values import Contact

logger = logging.getLogger(__name__)

Origin = FieldValue.Origin

# A second try needs another temperature and seed: temperature 0 repeats the same mistake.
TRIES = ((0.0, 1), (0.4, 2))
REPEAT = 0.9  # how likely a pair must be for the newer lead to count as one who writes again


def load_rules() -> None:
    """Loads what the rules need, some of which is read from disk at the first use."""
    read_by_rules("Hello, my brakes squeal. Could you call me back tomorrow, please?", received_at=timezone.now())


# ---- rules -----------------------------------------------------------------------------------------------------------


def extract(leads: Sequence[Lead]) -> Outcome:
    """What plain rules find, with the exact words behind each value."""
    found = [_found_by_rules(submission, lead) for lead in leads for submission in lead.submissions.all()]
    return Outcome(
        save=lambda: merging.apply(found, origin=Origin.RULE),
        notes={item.lead.pk: f"{len(item.values)} values found" for item in found},
    )


def _found_by_rules(submission: Submission, lead: Lead) -> NewValues:
    extraction = read_by_rules(
        submission.text,
        received_at=timezone.localtime(submission.received_at),
        region=settings.DEFAULT_REGION,
        contact=_typed(submission),
        business_type=settings.BUSINESS_TYPE,
    )
    return NewValues(lead, extraction.values, submission=submission)


def _typed(submission: Submission) -> Contact:
    """What the submitter typed into named fields."""
    return Contact(**{key: submission.contact.get(key, "") for key in CONTACT})


# ---- embedding -------------------------------------------------------------------------------------------------------


def embed(leads: Sequence[Lead]) -> Outcome:
    """The vectors of the messages. The index gets them with the next stage: what is not committed can't be found."""
    meaning.read_questions()  # whoever waits for an answer does not wait for a backlog
    # One that was folded into another has no vector: nothing is to be found by it.
    texts = {lead.pk: embedded_text(lead) for lead in leads if lead.merged_into_id is None}
    digests = {pk: hashlib.sha256(text.encode()).hexdigest() for pk, text in texts.items()}
    earlier = Embedding.objects.filter(lead__in=list(texts), model=embedding.model_name())
    done = {pk for pk, digest in earlier.values_list("lead", "text_digest") if digests[pk] == digest}
    wanted = [pk for pk, text in texts.items() if text and pk not in done]
    vectors = embedding.encode([texts[pk] for pk in wanted]) if wanted else np.zeros((0, 0), dtype=np.float32)
    replaced = [pk for pk in texts if pk not in done]
    return Outcome(
        save=lambda: _save_vectors(replaced, wanted, vectors, digests),
        notes={pk: "No message" for pk, text in texts.items() if not text},
    )


def embedded_text(lead: Lead) -> str:
    """What the sender newly wrote, without signature and quotes: these say who, not what."""
    written = [_body(submission.text) for submission in lead.submissions.all()]
    return "\n".join(text for text in written if text)[: embedding.MAX_CHARS]


def _body(text: str) -> str:
    read = source.read(text)
    found = parts.split(read.text)
    body = source.blank(read.text, found.quoted)[slice(*found.body)]
    return " ".join(body.split()) or " ".join(read.text.split())


def _save_vectors(replaced: Sequence[int], wanted: Sequence[int], vectors: Vectors, digests: dict[int, str]) -> None:
    # New rows rather than changed ones: whoever keeps vectors in memory asks for what came since.
    Embedding.objects.filter(lead__in=replaced).delete()
    alive = set(Lead.objects.select_for_update().filter(pk__in=wanted).order_by("pk").values_list("pk", flat=True))
    Embedding.objects.bulk_create(
        Embedding(
            lead_id=pk,
            model=embedding.model_name(),
            dimension=vectors.shape[1],
            vector=vector.astype("<f4").tobytes(),
            text_digest=digests[pk],
        )
        for pk, vector in zip(wanted, vectors, strict=True)
        if pk in alive
    )


def chores() -> None:
    """What the worker of the `ml` cluster does before each shift: answers whoever waits, has the model ready and the
    index complete."""
    meaning.read_questions()
    try:
        embedding.warm_up()
    except TryAgainLater as later:
        logger.warning("The embedding model is not ready: %s", later)
    vector_index.index_pending()
    learning.refit_if_asked()


def spare_time() -> bool:
    """A block of the check of all leads, if one is under way; whoever waits for an answer comes first."""
    meaning.read_questions()
    return sweep.go_on()


# ---- duplicates ------------------------------------------------------------------------------------------------------


def find_duplicates(leads: Sequence[Lead]) -> Outcome:
    """Suggestions of leads that may be the same. A new one changes the score of a lead: who writes again is warmer."""
    findings = duplicates.find(leads)
    vector_index.index_pending()  # after the search, which needs no index for the newest
    counts = {lead.pk: sum(lead.pk in pair for pair in findings.likely) for lead in leads}
    pairs = {*findings.likely, *findings.probes, *findings.suggested}

    def save() -> None:
        touched = duplicates.save(findings)
        pipeline.schedule(sorted(touched), ["score"])

    return Outcome(
        save=save,
        notes={pk: _likely_note(count) for pk, count in counts.items() if count},
        others={pk for pair in pairs for pk in pair},
    )


def _likely_note(count: int) -> str:
    return "1 possible duplicate" if count == 1 else f"{count} possible duplicates"


# ---- model -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the model said of one lead: the stored answer and what of it the message bears out."""

    lead: Lead
    submission: Submission
    enrichment: Enrichment
    grounded: Grounded


def model_gate() -> str | None:
    """Why the model can't be asked now, in one sentence for staff; None when it can."""
    return ollama.check(settings.OLLAMA_BASE_URL, settings.OLLAMA_MODEL)


def enrich(leads: Sequence[Lead]) -> Outcome:
    """What the model makes of the newest message. An answer that can't be used fails the lead, and staff can retry."""
    outcome = Outcome()
    readings = []
    for lead in leads:
        submission = _newest_message(lead)
        if submission is None:
            outcome.notes[lead.pk] = "No message"
            continue
        try:
            readings.append(_read_by_model(lead, submission))
        except ollama.NoAnswer as error:
            # When the service is there all the same, only this lead waits, and is given up after some tries.
            raise TryAgainLater(error.reason, is_service_down=model_gate() is not None) from error
        except ollama.ModelUnavailable as error:
            raise TryAgainLater(error.reason, is_service_down=True) from error
        except ollama.BadAnswer as error:
            outcome.failed[lead.pk] = error.reason
    outcome.save = lambda: _save_readings(readings)
    return outcome


def _newest_message(lead: Lead) -> Submission | None:
    written = [submission for submission in lead.submissions.all() if submission.text.strip()]
    return written[-1] if written else None


def _read_by_model(lead: Lead, submission: Submission) -> _Reading:
    for temperature, seed in TRIES[:-1]:
        try:
            return _try_model(lead, submission, temperature, seed)
        except ollama.BadAnswer as error:
            logger.info("The model's answer for lead %s can't be used: %s", lead.pk, error.reason)
    return _try_model(lead, submission, *TRIES[-1])


def _try_model(lead: Lead, submission: Submission, temperature: float, seed: int) -> _Reading:
    """Asks once. The raw answer is stored before anything is made of it."""
    received_at = timezone.localtime(submission.received_at)
    stored = Enrichment(
        lead=lead,
        submission=submission,
        model=settings.OLLAMA_MODEL,
        prompt_version=prompts.PROMPT_VERSION,
        outcome=Enrichment.Outcome.REFUSED,
        reason="The answer was not read to its end.",
    )
    try:
        _ask(stored, submission, received_at, temperature, seed)
        answer = prompts.parse(stored.answer)
    except ollama.BadAnswer as error:
        stored.answer, stored.reason = stored.answer or _without_nul(error.raw), error.reason
        stored.save()
        raise
    read = source.read(submission.text)
    quoted = [read.span(*span) for span in parts.split(read.text).quoted]
    grounded = ground(
        answer,
        submission.text,
        received_at=received_at,
        region=settings.DEFAULT_REGION,
        spans_to_ignore=quoted,
        contact=_typed(submission),
    )
    return _Reading(lead, submission, stored, grounded)


def _ask(stored: Enrichment, submission: Submission, received_at: datetime, temperature: float, seed: int) -> None:
    business_type = settings.BUSINESS_TYPE
    messages = prompts.messages(
        submission.text, business_type=business_type, received_at=received_at, contact=_typed(submission)
    )
    answer = ollama.chat(
        base_url=settings.OLLAMA_BASE_URL,
        model=settings.OLLAMA_MODEL,
        messages=messages,
        schema=prompts.schema(business_type),
        timeout=settings.OLLAMA_TIMEOUT,
        temperature=temperature,
        seed=seed,
    )
    stored.answer = _without_nul(answer.text)
    stored.model = answer.model[:200]
    stored.prompt_tokens, stored.answer_tokens = answer.prompt_tokens, answer.answer_tokens
    stored.duration_ms = answer.duration_ms
    stored.save()


def _save_readings(readings: Sequence[_Reading]) -> None:
    for reading in readings:
        stored = reading.enrichment
        made_by = f"{stored.model} · prompt {stored.prompt_version}"
        values = NewValues(reading.lead, reading.grounded.values, submission=reading.submission, made_by=made_by[:150])
        merging.apply([values], origin=Origin.MODEL)
        dropped = [
            {"field": field, "value": value, "reason": reason} for field, value, reason in reading.grounded.dropped
        ]
        Enrichment.objects.filter(pk=stored.pk).update(outcome=Enrichment.Outcome.USED, reason="", dropped=dropped)
        _look_again_for_duplicates(reading.lead)


def _look_again_for_duplicates(lead: Lead) -> None:
    """Once the model found who it is."""
    known = [getattr(lead, column) for column in CONTACT]
    if list(Lead.objects.filter(pk=lead.pk).values_list(*CONTACT)) not in ([], [tuple(known)]):
        pipeline.schedule([lead.pk], ["duplicates"])


def _without_nul(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


# ---- score -----------------------------------------------------------------------------------------------------------


def score(leads: Sequence[Lead]) -> Outcome:
    """From 0 to 100 with its reasons, of the values that stand now."""
    values: dict[int, dict[str, FieldValue]] = {lead.pk: {} for lead in leads}
    for value in FieldValue.objects.current().filter(lead__in=leads):
        values[value.lead_id][value.field] = value
    repeats = _repeats(leads)
    for lead in leads:
        rated = _score(values[lead.pk], is_repeat=lead.pk in repeats)
        lead.quality_score = rated.points
        lead.score_reasons = [asdict(reason) for reason in rated.reasons]
    return Outcome(save=lambda: _save_scores(leads))


def _score(values: dict[str, FieldValue], *, is_repeat: bool) -> scoring.Score:
    return scoring.score(
        {field: value.value for field, value in values.items()},
        confidences={field: value.confidence for field, value in values.items()},
        origins={field: value.origin for field, value in values.items()},
        is_repeat=is_repeat,
        business_type=settings.BUSINESS_TYPE,
    )


def _save_scores(leads: Sequence[Lead]) -> None:
    alive = set(
        Lead.objects.select_for_update()
        .filter(pk__in=[lead.pk for lead in leads])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    # An upsert of rows that are locked, so known to exist: bulk_update takes four times as long.
    Lead.objects.bulk_create(
        [lead for lead in leads if lead.pk in alive],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["quality_score", "score_reasons"],
    )


def _repeats(leads: Sequence[Lead]) -> set[int]:
    """Leads of people who wrote before: to this lead, or to an earlier one that is very likely theirs."""
    pairs = DuplicateSuggestion.objects.filter(second__in=leads, probability__gte=REPEAT)
    others = (DuplicateSuggestion.State.DISMISSED, DuplicateSuggestion.State.RELATED)
    again = pairs.exclude(state__in=others).values_list("second", flat=True)
    return set(again) | {lead.pk for lead in leads if len(lead.submissions.all()) > 1}
