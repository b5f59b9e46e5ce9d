"""Search by meaning: a question in a person's words, and the leads whose messages mean nearly the same.

The web process has no model. It stores the question and rings; the worker that has the model turns it into a vector,
which is kept for the next time; the page asks until it is there.
"""

import datetime as dt
import logging

from django.utils import timezone

from enrichment import embedding, nearness
from enrichment.exact_search import Neighbours
from enrichment.models import MeaningQuery
from leads import pipeline
from leads.models.lead import LeadQuerySet
from leads.pipeline import TryAgainLater

logger = logging.getLogger(__name__)

CLUSTER = "ml"
LONGEST = 500  # characters
MOST = 100  # leads that are found
# The least cosine. What is meant in quite other words has some 0.3, as has the one of 10,000 messages that is nearest
# to nonsense: the closest come first, and say how close they are.
CLOSE = 0.25
PATIENCE = dt.timedelta(seconds=20)
BATCH = 32


def tidy(text: str) -> str:
    """A question as it is kept: one line, without characters that no database takes, not too long."""
    readable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(readable.split())[:LONGEST].rstrip()


# ---- what the page uses ----------------------------------------------------------------------------------------------


def ask(text: str) -> MeaningQuery:
    """The question, stored and on its way to the worker unless its vector is known. A problem is tried anew."""
    question, _ = MeaningQuery.objects.get_or_create(text=text, model=embedding.model_name())
    now = timezone.now()
    if question.vector is None:
        question.problem, question.asked_at = "", now
        MeaningQuery.objects.filter(pk=question.pk, vector=None).update(problem="", asked_at=now)
        pipeline.ring_after_commit(CLUSTER)
    elif now - question.asked_at > dt.timedelta(days=1):
        MeaningQuery.objects.filter(pk=question.pk).update(asked_at=now)
    return question


def look(text: str) -> MeaningQuery:
    """How the question stands, without asking it again; where the bell may be lost it is rung once more."""
    question = MeaningQuery.objects.filter(text=text, model=embedding.model_name()).first()
    if question is None:
        return ask(text)
    if state_of(question) == "late":
        pipeline.ring_after_commit(CLUSTER)
    return question


def state_of(question: MeaningQuery) -> str:
    """`read`, `problem`, `waiting`, or `late` when no worker has read it for too long."""
    if question.vector is not None:
        return "read"
    if question.problem:
        return "problem"
    return "late" if timezone.now() - question.asked_at > PATIENCE else "waiting"


def search(question: MeaningQuery, leads: LeadQuerySet) -> Neighbours:
    """Of `leads` those whose messages are close to a question that was read: (lead id, cosine), closest first."""
    assert question.vector is not None
    return nearness.nearest(nearness.read(question.vector), leads, MOST, floor=CLOSE)


# ---- what the worker does --------------------------------------------------------------------------------------------


def read_questions() -> int:
    """Turns waiting questions into vectors; returns how many. People wait for them, so they go before other work."""
    waiting = MeaningQuery.objects.waiting().filter(model=embedding.model_name())
    questions = list(waiting.order_by("id")[:BATCH])
    if not questions:
        return 0
    try:
        vectors = embedding.encode([question.text for question in questions])
    except TryAgainLater as later:
        waiting.filter(pk__in=[question.pk for question in questions]).update(problem=later.reason[:300])
        return 0
    for question, vector in zip(questions, vectors, strict=True):
        waiting.filter(pk=question.pk).update(vector=vector.astype("<f4").tobytes())
    return len(questions)
