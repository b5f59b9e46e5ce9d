"""What a lead's further messages change: its place in the inbox, its values, and what has to read it again."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from leads import merging, pipeline, touches
from leads.joining import contradicts, keys_of
from leads.merging import NewValues
from leads.models import ContactPoint, Event, FieldValue, Lead, LeadSource, Submission
from leads.names import fold
from leads.values import Contact, FoundValue

Joined = Submission.Joined
NAMES = ("first_name", "last_name")


def go_on(messages: Sequence[tuple[Lead, Submission]]) -> None:
    """Takes in further messages of leads that are locked, oldest first, once they are stored as theirs. Call it in the
    same transaction.

    What was typed enters as the submitter's: newer than what they typed before, and a suggestion where staff decided.
    """
    if not messages:
        return
    ids = sorted({lead.pk for lead, _ in messages})
    items = [NewValues(lead, _news(lead, submission), submission=submission) for lead, submission in messages]
    merging.apply(items, origin=FieldValue.Origin.SUBMITTER)
    _stay_reachable({lead.pk: lead for lead, _ in reversed(messages)})
    merging.refresh(ids)
    count_messages(ids)
    Event.objects.bulk_create(_event(lead, submission) for lead, submission in messages)
    pipeline.schedule(ids, [settings.LEAD_PIPELINE[0].name])


def count_messages(lead_ids: Iterable[int]) -> None:
    """Has leads say when the last message came, how many joined and what brought them; also after messages moved with
    a merge."""
    lead_ids = list(lead_ids)
    theirs = Submission.objects.filter(lead=OuterRef("pk")).order_by().values("lead")
    Lead.objects.filter(pk__in=lead_ids).update(
        last_message_at=Coalesce(_first(theirs.annotate(of=Max("received_at"))), F("received_at")),
        repeat_count=Coalesce(_first(theirs.annotate(of=Count("pk", filter=Q(joined_as=Joined.REPEAT)))), 0),
        answer_count=Coalesce(_first(theirs.annotate(of=Count("pk", filter=Q(joined_as=Joined.ANSWER)))), 0),
        updated_at=timezone.now(),
    )
    touches.retrace(lead_ids)


def typed(submission: Submission) -> Contact:
    """Who the submitter said to be."""
    return Contact(**{key: submission.contact.get(key, "") for key in Contact.__slots__})


def _first(rows: QuerySet[Any, Any]) -> Subquery:
    return Subquery(rows.values("of")[:1])


def _news(lead: Lead, submission: Submission) -> list[FoundValue]:
    """What was typed, but no shorter or differently spelled name than the one known already. Whoever answers a mail
    may be somebody else than it was sent to: then what they are called is not the lead's."""
    if submission.joined_as == Joined.ANSWER and not _is_the_same(lead, typed(submission)):
        return []
    return [
        FoundValue(key, value)
        for key, value in submission.contact.items()
        if value and not (key in NAMES and _says_no_more(value, getattr(lead, key)))
    ]


def _is_the_same(lead: Lead, person: Contact) -> bool:
    own = {key for _, key in keys_of(person)}
    return not contradicts(person, lead) and (not lead.email_key or lead.email_key in own)


def _says_no_more(name: str, known: str) -> bool:
    new, old = fold(name), fold(known)
    return new == old or (len(new) == 1 and old.startswith(new))


def _stay_reachable(before: dict[int, Lead]) -> None:
    """Whoever gives another e-mail or phone is still found by the one before."""
    now = Lead.objects.filter(pk__in=before).values_list("pk", "email_key", "phone_key")
    points = []
    for pk, *keys in now:
        for kind, key in zip(ContactPoint.Kind, keys, strict=True):
            earlier, value = getattr(before[pk], f"{kind}_key"), getattr(before[pk], kind)
            if earlier and earlier != key:
                points.append(ContactPoint(lead_id=pk, kind=kind, value=value, key=earlier))
    ContactPoint.objects.bulk_create(points, ignore_conflicts=True)


def _event(lead: Lead, submission: Submission) -> Event:
    what = Joined(submission.joined_as).label
    return Event(lead=lead, text=f"{what}: {LeadSource(submission.source).label}", at=submission.received_at)
