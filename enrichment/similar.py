"""Leads of other people with a like need, and how each was handled. Who is the same person is another question."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q, Subquery

from enrichment import embedding, nearness
from enrichment.models import Embedding, LeadKey
from enrichment.nearness import Vector
from leads.inbox import first_words
from leads.models import ContactPoint, DuplicateSuggestion, Event, Lead, Reply
from leads.models.lead import LeadQuerySet
from leads.replies import time_taken
from leads.status import first_changes

# The least cosine. Chosen on customer requests with 205 fine intents, some only a shade apart: of the five shown, 0.78
# have the very same one among 10,000 leads, 0.56 among 1,000, 0.50 among 300; from 0.55 it would be 0.76, 0.49, 0.36.
LIKE = 0.6
SAME = 0.5  # from this probability on an open suggestion says that it may be the same person


@dataclass(frozen=True, slots=True)
class SimilarInquiry:
    """A lead of another person. `closeness` is the cosine of the messages, `words` how its message begins, `reply` what
    was last sent. `handled_at` is the first answer (`is_answered`), else the first change of its status by a person,
    and `handled_by` whose."""

    lead: Lead
    closeness: float
    words: str
    reply: str = ""
    handled_at: dt.datetime | None = None
    handled_by: str = ""
    is_answered: bool = False

    @property
    def time_taken(self) -> str:
        """From receipt to when it was answered or taken up: "3 hours"; empty while it was not."""
        return time_taken(self.lead.received_at, self.handled_at) if self.handled_at else ""


def vector_of(lead: Lead) -> Vector | None:
    """The lead's vector; None as long as its message isn't read, or when it has none."""
    rows = Embedding.objects.filter(lead=lead, model=embedding.model_name())
    stored = rows.values_list("vector", flat=True).first()
    return None if stored is None else nearness.read(stored)


def similar_to(lead: Lead, limit: int = 5, *, floor: float = LIKE) -> list[SimilarInquiry]:
    """Up to `limit` inquiries of other people that are like this one, the most alike first; none with a cosine below
    `floor`."""
    vector = vector_of(lead)
    if vector is None:
        return []
    found = nearness.nearest(vector, of_others(lead), limit, floor=floor)
    ids = [pk for pk, _ in found]
    leads, words = Lead.objects.in_bulk(ids), _words(ids)
    replies, changes = _replies(ids), first_changes(ids)
    return [
        _handled(SimilarInquiry(leads[pk], closeness, words.get(pk, "")), replies.get(pk, []), changes.get(pk))
        for pk, closeness in found
        if pk in leads
    ]


def _handled(inquiry: SimilarInquiry, replies: Sequence[Reply], change: Event | None) -> SimilarInquiry:
    last = next((reply.text for reply in reversed(replies) if reply.text), "")
    if replies:
        first = replies[0]
        return replace(inquiry, reply=last, handled_at=first.sent_at, handled_by=first.sent_by, is_answered=True)
    return replace(inquiry, handled_at=change.at, handled_by=change.actor) if change else inquiry


def of_others(lead: Lead) -> LeadQuerySet:
    """The standing leads of people who are, as far as is known, not this one's. Related people stay."""
    same = Q(pk=lead.pk) | Q(pk__in=_suggested(lead))
    points = ContactPoint.objects.all()
    if keys := {lead.email_key, lead.phone_key, *points.filter(lead=lead).values_list("key", flat=True)} - {""}:
        same |= Q(email_key__in=keys) | Q(phone_key__in=keys) | Q(pk__in=points.filter(key__in=keys).values("lead"))
    if lead.first_name and lead.last_name:
        same |= Q(first_name__iexact=lead.first_name, last_name__iexact=lead.last_name)
        # In any letter case and with or without accents, which SQLite by itself doesn't compare.
        names = LeadKey.objects.filter(lead=lead, key__startswith="name:").values_list("key", flat=True)
        same |= Q(pk__in=LeadKey.objects.filter(key__in=list(names)).values("lead"))
    return Lead.objects.standing().exclude(same)


def _suggested(lead: Lead) -> list[int]:
    states = DuplicateSuggestion.State
    likely = Q(state=states.OPEN, probability__gte=SAME) | Q(state=states.MERGED)
    pairs = DuplicateSuggestion.objects.about(lead.pk).filter(likely).values_list("first", "second")
    return [first + second - lead.pk for first, second in pairs]


def _words(lead_ids: Collection[int]) -> dict[int, str]:
    leads = Lead.objects.filter(pk__in=lead_ids).annotate(words=Subquery(first_words()))
    return dict(leads.exclude(words=None).values_list("pk", "words"))


def _replies(lead_ids: Collection[int]) -> dict[int, list[Reply]]:
    """What left, by lead, oldest first."""
    found: dict[int, list[Reply]] = {}
    for reply in Reply.objects.sent().filter(lead__in=lead_ids).order_by("sent_at", "id"):
        found.setdefault(reply.lead_id, []).append(reply)
    return found
