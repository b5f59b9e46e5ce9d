"""Is somebody known already? What a program asks before it sends an inquiry; nothing is stored but the question."""

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from enrichment import candidates, embedding, learning, meaning, nearness, people
from enrichment.models import Embedding, MeaningQuery
from enrichment.nearness import Vector
from leads.keys import email_key, phone_key
from leads.matching import Holders, Person, match
from leads.models import ContactPoint, Heartbeat, Lead
from leads.values import Contact

SILENCE = dt.timedelta(seconds=60)
PATIENCE = 2.0  # seconds in which the worker may read the message; a program waits for the answer
ASK_EVERY = 0.05
LOOKED_AT = 50  # leads with the same mailbox, phone or name


@dataclass(frozen=True, slots=True)
class Known:
    """A lead that may be the same person's, or ask for the same. `probability`: that it is the same person;
    `similarity`: the cosine of the messages, None where one of them isn't read."""

    lead: Lead
    probability: float
    reasons: tuple[str, ...]
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """`is_read`: whether the message was compared by its meaning as well, which needs the embedding worker."""

    found: list[Known]
    is_read: bool


def check(message: str, contact: Contact, *, threshold: float, limit: int) -> Answer:
    """The leads that are the same person's with at least this probability, or whose messages are at least so near."""
    vector = _vector(message)
    near = dict(nearness.nearest(vector, Lead.objects.standing(), limit, floor=threshold)) if vector is not None else {}
    ids = {*_sharing(contact), *near}
    cosines = near | _cosines(vector, ids - near.keys())
    weighed = _weigh(message, contact, ids, cosines)
    found = [each for each in weighed if each.probability >= threshold or (each.similarity or 0) >= threshold]
    found.sort(key=lambda each: (-max(each.probability, each.similarity or 0), -each.lead.pk))
    return Answer(found[:limit], vector is not None)


def _vector(message: str) -> Vector | None:
    """The message's vector, once the worker has made it; None when that takes too long or the worker is away."""
    text = meaning.tidy(message)
    if not text:
        return None
    question: MeaningQuery | None = meaning.ask(text)
    end = time.monotonic() + (PATIENCE if _is_anyone_there() else 0)
    while question is not None and meaning.state_of(question) == "waiting" and time.monotonic() < end:
        time.sleep(ASK_EVERY)
        question = MeaningQuery.objects.filter(pk=question.pk).first()
    return nearness.read(question.vector) if question is not None and question.vector is not None else None


def _is_anyone_there() -> bool:
    """Whether the worker that has the model gave a sign of life lately; else waiting for it is in vain."""
    beat = Heartbeat.objects.filter(cluster=meaning.CLUSTER).first()
    return beat is not None and beat.beat_at > timezone.now() - SILENCE


def _sharing(contact: Contact) -> list[int]:
    """The newest leads with the same mailbox, phone or whole name."""
    keys = {email_key(contact.email), phone_key(contact.phone, settings.DEFAULT_REGION)} - {""}
    shared = Q(pk__in=[])
    if keys:
        points = ContactPoint.objects.filter(key__in=keys).values("lead")
        shared |= Q(email_key__in=keys) | Q(phone_key__in=keys) | Q(pk__in=points)
    if contact.first_name and contact.last_name:
        shared |= Q(first_name__iexact=contact.first_name, last_name__iexact=contact.last_name)
    return list(Lead.objects.standing().filter(shared).order_by("-pk").values_list("pk", flat=True)[:LOOKED_AT])


def _cosines(vector: Vector | None, ids: set[int]) -> dict[int, float]:
    if vector is None or not ids:
        return {}
    rows = Embedding.objects.filter(lead__in=ids, model=embedding.model_name(), dimension=len(vector))
    return {pk: float(nearness.read(stored) @ vector) for pk, stored in rows.values_list("lead", "vector")}


def _weigh(message: str, contact: Contact, ids: set[int], cosines: dict[int, float]) -> Sequence[Known]:
    asked = Person(
        first_name=contact.first_name,
        last_name=contact.last_name,
        email=contact.email,
        phone=phone_key(contact.phone, settings.DEFAULT_REGION),
        company=contact.company,
        message=message[: people.MAX_TEXT],
        received_at=time.time(),
    )
    leads, known = Lead.objects.in_bulk(ids), people.read(ids)
    holders, correction = Holders(leads=candidates.lead_count()), learning.current()
    found = []
    for pk in leads.keys() & known.keys():
        similarity = cosines.get(pk)
        weighed = match(known[pk], asked, similarity=similarity, holders=holders, correction=correction)
        reasons = tuple(reason.text for reason in weighed.reasons if reason.weight > 0)
        found.append(Known(leads[pk], weighed.probability, reasons, similarity))
    return found
