"""What the model reads in a conversation: asked, stored raw, and kept only as far as the messages bear it out.

Nothing here writes a lead's values: the stage does (`enrichment.stages.enrich`). Trials of profiles and tests of models
read in the same way and show what would come of it.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from enrichment import ai_settings, ollama, prompts
from enrichment.extraction import judgements, parts, source
from enrichment.grounding import Grounded, ground
from enrichment.models import Enrichment
from enrichment.profiles import Profile
from enrichment.prompts import Message
from leads.fields import CONTACT
from leads.models import Lead, Submission
from leads.values import Contact

logger = logging.getLogger(__name__)

# A second try needs another temperature and seed: temperature 0 repeats the same mistake.
TRIES = ((0.0, 1), (0.4, 2))


@dataclass(frozen=True, slots=True)
class Reading:
    """The stored answer, and what of it the conversation bears out. `grounded.sources` counts in the conversation."""

    enrichment: Enrichment
    grounded: Grounded

    @property
    def made_by(self) -> str:
        """As it stands beside each value."""
        return f"{self.enrichment.model} · prompt {self.enrichment.prompt_version}"[:150]

    def use(self) -> None:
        """Records that the answer was used, and what was dropped of it."""
        dropped = [{"field": field, "value": value, "reason": reason} for field, value, reason in self.grounded.dropped]
        stored = self.enrichment
        stored.outcome, stored.reason, stored.dropped = Enrichment.Outcome.USED, "", dropped
        Enrichment.objects.filter(pk=stored.pk).update(outcome=stored.outcome, reason="", dropped=dropped)


def written(submissions: Iterable[Submission]) -> list[Submission]:
    """Those with a message, oldest first."""
    return [submission for submission in submissions if submission.text.strip()]


def message_of(submission: Submission) -> Message:
    return message(submission.text, received_at=submission.received_at, contact=typed(submission))


def message(text: str, *, received_at: datetime, contact: Contact = Contact()) -> Message:  # noqa: B008 - frozen
    """A text as one message of a conversation, with its quoted parts and its language found."""
    read = source.read(text)
    found = parts.split(read.text)
    language = next((each.value for each in judgements.find_language(read.text[slice(*found.body)])), "")
    return Message(
        text,
        timezone.localtime(received_at),
        contact,
        quoted=tuple(read.span(*span) for span in found.quoted),
        language=language,
    )


def typed(submission: Submission) -> Contact:
    """What the submitter typed into named fields."""
    return Contact(**{key: submission.contact.get(key, "") for key in CONTACT})


def read(
    conversation: Sequence[Message],
    profile: Profile,
    *,
    model: str = "",
    lead: Lead | None = None,
    submission: Submission | None = None,
    kind: str = Enrichment.Kind.READING,
    tries: int = len(TRIES),
) -> Reading:
    """Has the model (the chosen one, unless another is named) read a conversation: at least one message, oldest first.

    Every answer is stored with `lead` and `submission`, whatever comes of it; whoever uses it says so by
    `Reading.use`. Raises what `ollama.chat` raises; an answer that can't be used is asked for a second time.
    """
    stored = Enrichment(
        lead=lead,
        submission=submission,
        kind=kind,
        model=model or ai_settings.model(),
        prompt_version=prompts.PROMPT_VERSION,
        profile=profile.label,
    )
    for temperature, seed in TRIES[len(TRIES) - tries : -1]:
        try:
            return _try(stored, conversation, profile, temperature, seed)
        except ollama.BadAnswer as error:
            logger.info("The model's answer for lead %s can't be used: %s", lead and lead.pk, error.reason)
            stored.pk = None
    return _try(stored, conversation, profile, *TRIES[-1])


def _try(
    stored: Enrichment, conversation: Sequence[Message], profile: Profile, temperature: float, seed: int
) -> Reading:
    """Asks once. The raw answer is stored before anything is made of it."""
    stored.outcome, stored.reason, stored.answer = Enrichment.Outcome.REFUSED, "The answer was not read to its end.", ""
    stored.created_at = timezone.now()
    language = ai_settings.staff_language()
    try:
        _ask(stored, conversation, profile, language, temperature, seed)
        answer = prompts.parse(stored.answer, profile)
    except (ollama.BadAnswer, ollama.NoAnswer) as error:
        stored.answer, stored.reason = stored.answer or without_nul(error.raw), error.reason
        stored.save()
        raise
    region = settings.DEFAULT_REGION
    return Reading(stored, ground(answer, conversation, profile=profile, region=region, staff_language=language))


def _ask(
    stored: Enrichment,
    conversation: Sequence[Message],
    profile: Profile,
    language: str,
    temperature: float,
    seed: int,
) -> None:
    answer = ollama.chat(
        base_url=settings.OLLAMA_BASE_URL,
        model=stored.model,
        messages=prompts.messages(conversation, profile=profile, staff_language=language),
        schema=prompts.schema(profile),
        timeout=settings.OLLAMA_TIMEOUT,
        temperature=temperature,
        seed=seed,
    )
    stored.answer = without_nul(answer.text)
    stored.model = answer.model[:200]
    stored.prompt_tokens, stored.answer_tokens = answer.prompt_tokens, answer.answer_tokens
    stored.duration_ms, stored.writing_ms = answer.duration_ms, answer.writing_ms
    stored.save()


def without_nul(text: str) -> str:
    """Text that a database takes."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
