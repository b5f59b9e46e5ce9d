"""What rules find in all the messages of a lead: the newest wins, what older ones said stays in the history."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from enrichment.extraction import extract
from enrichment.hidden import emptied, hidden_spans, order_spans
from enrichment.profiles import Profile
from enrichment.prompts import MAX_SUMMARY, clip
from enrichment.reading import typed
from leads.fields import FIELDS, Group
from leads.merging import NewValues
from leads.models import FieldValue, Lead, Submission
from leads.values import Evidence, FoundValue

Read = tuple[Submission, Sequence[FoundValue]]


def by_rules(leads: Sequence[Lead], profile_of: Callable[[Submission | None], Profile]) -> list[NewValues]:
    """What to apply, in this order: a later value takes the place of an earlier one."""
    read = {
        lead.pk: [
            (submission, read_message(submission, profile_of(submission))) for submission in lead.submissions.all()
        ]
        for lead in leads
    }
    known = _known([lead for lead in leads if len(read[lead.pk]) > 1])
    return [item for lead in leads for item in _in_order(lead, read[lead.pk], known)]


def read_message(submission: Submission, profile: Profile) -> Sequence[FoundValue]:
    """What the rules find in one message. Text that nobody sees and orders to a machine are passed over."""
    text = submission.text
    shut = [*hidden_spans(text), *order_spans(text)]
    extraction = extract(
        emptied(text, shut) if shut else text,
        received_at=timezone.localtime(submission.received_at),
        region=settings.DEFAULT_REGION,
        contact=typed(submission),
        business_type=profile.base,
    )
    return [_as_written(value, text) for value in extraction.values] if shut else extraction.values


def _as_written(value: FoundValue, text: str) -> FoundValue:
    if value.evidence is None:
        return value
    start, end = value.evidence.start, value.evidence.end
    return replace(value, evidence=Evidence(start, end, text[start:end]))


def _known(leads: Sequence[Lead]) -> set[tuple[int, str, str]]:
    """What rules said of these leads before, in whatever state it is now."""
    if not leads:
        return set()
    rows = FieldValue.objects.filter(lead__in=leads, origin=FieldValue.Origin.RULE)
    return set(rows.values_list("lead", "field", "value"))


def _in_order(lead: Lead, read: Sequence[Read], known: set[tuple[int, str, str]]) -> list[NewValues]:
    if len(read) < 2:
        return [NewValues(lead, values, submission=submission) for submission, values in read]
    judged = _judgements(read)
    items = []
    for place, (submission, values) in enumerate(read):
        facts = [value for value in values if _group(value) is not Group.JUDGEMENT]
        # What an older message said is written once, to stand in the history.
        kept = [value for value in facts if _is_newest(value, read[place + 1 :]) or _is_news(lead, value, known)]
        own = [value for source, value in judged if source == place]
        items.append(NewValues(lead, [*kept, *own], submission=submission))
    return items


def _group(value: FoundValue) -> Group:
    known = FIELDS.get(value.field)
    return known.group if known else Group.FACT


def _is_newest(value: FoundValue, later: Sequence[Read]) -> bool:
    return not any(other.field == value.field for _, values in later for other in values)


def _is_news(lead: Lead, value: FoundValue, known: set[tuple[int, str, str]]) -> bool:
    return (lead.pk, value.field, value.value) not in known


def _judgements(read: Sequence[Read]) -> list[tuple[int, FoundValue]]:
    """One of each kind, with the place of the message it comes from: the newest that rests on words, else the surest;
    the summary is of all messages."""
    found: dict[str, list[tuple[int, FoundValue]]] = {}
    for place, (_, values) in enumerate(read):
        for value in values:
            if _group(value) is Group.JUDGEMENT:
                found.setdefault(value.field, []).append((place, value))
    summaries = found.pop("summary", [])
    chosen = [max(each, key=_weight) for each in found.values()]
    return [*chosen, *_summary(summaries)]


def _weight(judged: tuple[int, FoundValue]) -> tuple[bool, float]:
    place, value = judged
    return (value.evidence is not None, place if value.evidence is not None else value.confidence)


def _summary(summaries: Sequence[tuple[int, FoundValue]]) -> list[tuple[int, FoundValue]]:
    """The newest one, behind as much of the earlier ones as there is room for."""
    if len(summaries) < 2:
        return list(summaries)
    place, newest = summaries[-1]
    earlier = " / ".join(value.value for _, value in summaries[:-1])
    room = MAX_SUMMARY - len(newest.value) - 3
    words = f"{clip(earlier, room)} / {newest.value}" if room > 20 else newest.value
    return [(place, replace(newest, value=words, evidence=None))]
