"""The stages of a lead that read its message: rules, embedding, duplicates, model, score.

Each takes a batch of leads, is safe to run twice, and returns an `Outcome` whose `save` writes in the runner's
transaction (see `leads.pipeline`).
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from django.conf import settings
from django.utils import timezone

from enrichment import (
    ai_settings,
    business,
    confidence,
    conversations,
    duplicates,
    embedding,
    learning,
    meaning,
    ollama,
    reading,
    replies,
    scoring,
    sweep,
    vector_index,
)
from enrichment.embedding import Vectors
from enrichment.extraction import extract as read_by_rules
from enrichment.extraction import parts, source
from enrichment.models import Embedding, Enrichment
from enrichment.profiles import Profile
from leads import merging, pipeline
from leads.fields import CONTACT
from leads.merging import NewValues
from leads.models import DuplicateSuggestion, FieldValue, Lead, StageRun, Submission
from leads.pipeline import Outcome, TryAgainLater
from leads.unsure import unsure_fields
from leads.values import FoundValue

logger = logging.getLogger(__name__)

Origin = FieldValue.Origin

NOBODY = 3  # leads in a row without an answer
REPEAT = 0.9  # how likely a pair must be for the newer lead to count as one who writes again


def load_rules() -> None:
    """Loads what the rules need, some of which is read from disk at the first use."""
    read_by_rules("Hello, my brakes squeal. Could you call me back tomorrow, please?", received_at=timezone.now())


# ---- rules -----------------------------------------------------------------------------------------------------------


def extract(leads: Sequence[Lead]) -> Outcome:
    """What plain rules find, with the exact words behind each value."""
    profile_of = _profiles()
    items, shifts = conversations.by_rules(leads, profile_of), confidence.in_use()
    found = [
        replace(item, values=confidence.set_right(item.values, origin=Origin.RULE, shifts=shifts)) for item in items
    ]
    counts = {
        lead.pk: len({value.field for item in found if item.lead is lead for value in item.values}) for lead in leads
    }
    return Outcome(
        save=lambda: merging.apply(found, origin=Origin.RULE),
        notes={pk: f"{count} values found" for pk, count in counts.items()},
    )


def _profiles() -> Callable[[Submission | None], Profile]:
    """`business.profile_of` that asks once per form."""
    known: dict[int | None, Profile] = {}

    def profile_of(submission: Submission | None) -> Profile:
        form = submission.form_id if submission else None
        if form not in known:
            known[form] = business.profile_of(submission)
        return known[form]

    return profile_of


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


def model_gate() -> str | None:
    """Why the model can't be asked now, in one sentence for staff; None when it can. Raises SwitchedOff while staff
    want rules only."""
    ai_settings.refuse_when_off()
    return ollama.check(settings.OLLAMA_BASE_URL, ai_settings.model())


def enrich(leads: Sequence[Lead]) -> Outcome:
    """What the model makes of the whole conversation. An answer that can't be used fails the lead, and staff can
    retry; so does silence, at the second attempt."""
    outcome = Outcome()
    readings: list[tuple[Lead, Sequence[Submission], reading.Reading]] = []
    profile_of, attempts = _profiles(), _attempts(leads)
    for lead in leads:
        submissions = reading.written(lead.submissions.all())
        if not submissions:
            outcome.notes[lead.pk] = "No message"
            continue
        again = attempts.get(lead.pk, 0) > 1
        try:
            found = _read(lead, submissions, profile_of(submissions[-1]), tries=1 if again else 2)
            readings.append((lead, submissions, found))
        except ollama.NoAnswer as error:
            # When the service is there all the same, only this lead waits.
            is_down = model_gate() is not None or _nobody_gets_an_answer()
            if is_down or not again:
                raise TryAgainLater(error.reason, is_service_down=is_down) from error
            outcome.failed[lead.pk] = error.reason
        except ollama.ModelUnavailable as error:
            raise TryAgainLater(error.reason, is_service_down=True) from error
        except ollama.BadAnswer as error:
            outcome.failed[lead.pk] = error.reason
    outcome.save = lambda: _save_readings(readings)
    return outcome


def _read(lead: Lead, submissions: Sequence[Submission], profile: Profile, *, tries: int) -> reading.Reading:
    conversation = [reading.message_of(submission) for submission in submissions]
    return reading.read(conversation, profile, lead=lead, submission=submissions[-1], tries=tries)


def _attempts(leads: Sequence[Lead]) -> dict[int, int]:
    """How often each lead's reading was begun since it was asked for; what the service's absence cost doesn't count."""
    return dict(StageRun.objects.filter(lead__in=leads, stage="enrich").values_list("lead", "attempts"))


def _nobody_gets_an_answer() -> bool:
    """Whether three leads in a row got none: then it is not about any of them."""
    last = Enrichment.objects.order_by("-id").values_list("lead", "outcome", "answer")[:NOBODY]
    return (
        len({lead for lead, outcome, answer in last if outcome == Enrichment.Outcome.REFUSED and not answer}) == NOBODY
    )


def _save_readings(readings: Sequence[tuple[Lead, Sequence[Submission], reading.Reading]]) -> None:
    for lead, submissions, found in readings:
        merging.apply(_new_values(lead, submissions, found), origin=Origin.MODEL)
        found.use()
        replies.want(lead, submissions[-1])
        _look_again_for_duplicates(lead)


def _new_values(lead: Lead, submissions: Sequence[Submission], found: reading.Reading) -> list[NewValues]:
    """By the submission that holds the words."""
    values = confidence.set_right(found.grounded.values, origin=Origin.MODEL, shifts=confidence.in_use())
    by_source: dict[int, list[FoundValue]] = {}
    for place, value in zip(found.grounded.sources, values, strict=True):
        by_source.setdefault(place, []).append(value)
    return [
        NewValues(lead, values, submission=submissions[place], made_by=found.made_by)
        for place, values in sorted(by_source.items())
    ]


def _look_again_for_duplicates(lead: Lead) -> None:
    """Once the model found who it is."""
    known = [getattr(lead, column) for column in CONTACT]
    if list(Lead.objects.filter(pk=lead.pk).values_list(*CONTACT)) not in ([], [tuple(known)]):
        pipeline.schedule([lead.pk], ["duplicates"])


# ---- score -----------------------------------------------------------------------------------------------------------


def score(leads: Sequence[Lead]) -> Outcome:
    """From 0 to 100 with its reasons, of the values that stand now; and which of them want a person's look."""
    values: dict[int, dict[str, FieldValue]] = {lead.pk: {} for lead in leads}
    for value in FieldValue.objects.current().filter(lead__in=leads):
        values[value.lead_id][value.field] = value
    by_rules, repeats, profile_of = _judged_by_rules(leads), _repeats(leads), _profiles()
    below = ai_settings.review_below()
    for lead in leads:
        submission = next(reversed(lead.submissions.all()), None)
        rated = _score(
            values[lead.pk],
            by_rules=by_rules.get(lead.pk, {}),
            is_repeat=lead.pk in repeats,
            profile=profile_of(submission),
        )
        lead.review_fields = unsure_fields(values[lead.pk], below=below)
        lead.needs_review = bool(lead.review_fields)
        lead.quality_score = rated.points
        lead.score_reasons = [asdict(reason) for reason in rated.reasons]
    return Outcome(save=lambda: _save_scores(leads))


def _judged_by_rules(leads: Sequence[Lead]) -> dict[int, dict[str, FieldValue]]:
    """What rules last judged of each lead, also where the model's judgement took its place."""
    judged: dict[int, dict[str, FieldValue]] = {}
    rows = FieldValue.objects.filter(lead__in=leads, origin=Origin.RULE, field__in=scoring.JUDGED)
    for value in rows.order_by("id"):
        judged.setdefault(value.lead_id, {})[value.field] = value
    return judged


def _score(
    values: Mapping[str, FieldValue], *, by_rules: Mapping[str, FieldValue], is_repeat: bool, profile: Profile
) -> scoring.Score:
    return scoring.score(
        {field: value.value for field, value in values.items()},
        confidences={field: value.confidence for field, value in values.items()},
        origins={field: value.origin for field, value in values.items()},
        by_rules={field: (value.value, value.confidence) for field, value in by_rules.items()},
        is_repeat=is_repeat,
        profile=profile,
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
        update_fields=["quality_score", "score_reasons", "needs_review", "review_fields"],
    )


def _repeats(leads: Sequence[Lead]) -> set[int]:
    """Leads of people who wrote before: to this lead, or to an earlier one that is very likely theirs."""
    pairs = DuplicateSuggestion.objects.filter(second__in=leads, probability__gte=REPEAT)
    others = (DuplicateSuggestion.State.DISMISSED, DuplicateSuggestion.State.RELATED)
    again = pairs.exclude(state__in=others).values_list("second", flat=True)
    return set(again) | {lead.pk for lead in leads if len(lead.submissions.all()) > 1}
