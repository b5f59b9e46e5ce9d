"""What plain rules find in a message, with the exact words behind each value. Pure: imports no Django.

The rules are made to be right rather than complete: a value they leave out can still come from the model or a
person, a wrong one has to be noticed first. Nothing here waits, and no text makes it fail or take long.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from enrichment.extraction import (
    company,
    contact,
    dates,
    facts,
    judgements,
    money,
    names,
    parts,
    people,
    source,
    trained,
)
from enrichment.extraction.source import Candidate, Source, Span
from leads.fields import CONTACT
from leads.values import Contact, FoundValue

__all__ = ["Extraction", "extract", "message_of", "told"]


@dataclass(frozen=True, slots=True)
class Extraction:
    """`values`: surest first, at most one per field. Spans count code points in the text, as a slice does.

    `body` is what the sender newly wrote, from its first to its last character: it may enclose quoted spans, and is
    (0, 0) when there is none. `quoted`: replies and forwarded history, lines of the header block at the top of a
    pasted e-mail, and in a pasted chat our own side's lines and the names before the others'.
    """

    values: tuple[FoundValue, ...]
    body: Span
    signature: Span | None
    quoted: tuple[Span, ...]


def extract(
    text: str,
    *,
    received_at: datetime,
    region: str = "US",
    contact: Contact = Contact(),  # noqa: B008 (frozen)
    business_type: str = "general",
) -> Extraction:
    """Reads the first `source.LIMIT` characters of any text; never raises for what is in it.

    `received_at` is aware, in the business's time zone: "tomorrow" is counted from its day. `region` (ISO 3166, "US")
    says how phone numbers, dates and dollars are read. Fields that `contact` has are not looked for.
    `business_type`: general, automotive, medspa or consulting.
    """
    read = source.read(text)
    found_parts = parts.split(read.text)
    candidates = _candidates(read, found_parts, received_at, region, contact, business_type)
    return Extraction(
        values=tuple(_found_value(read, candidate) for candidate in _best(candidates, contact)),
        body=read.span(*found_parts.body),
        signature=read.span(*found_parts.signature) if found_parts.signature else None,
        quoted=tuple(read.span(*span) for span in sorted(found_parts.quoted) if span[0] < span[1]),
    )


def told(text: str, *, received_at: datetime, region: str = "US", business_type: str = "general") -> judgements.Told:
    """What intent and urgency of a text are judged by: for training, where the right ones are known."""
    read = source.read(text)
    found_parts = parts.split(read.text)
    reached = _reached(read.text, found_parts, Contact(), region)
    own = _own_words(read.text, reached.plain, found_parts)
    return _told(own, found_parts, _needs(own, received_at, region, business_type), business_type)


@dataclass(frozen=True, slots=True)
class _Reached:
    """By what the sender can be reached. `named`: the text without addresses and links; `plain`: without phones too."""

    found: tuple[Candidate, ...]
    domains: Sequence[str]
    named: str
    plain: str
    addresses: Sequence[Span]


def _reached(text: str, found_parts: parts.Parts, typed: Contact, region: str) -> _Reached:
    """Each kind of value is taken out of the text before the next is looked for: a phone number holds no price."""
    visible = source.blank(text, [*found_parts.quoted, *_around(found_parts, len(text))])
    emails = list(contact.find_emails(text, visible, found_parts))
    domains = _domains([*(email.value for email in emails), typed.email])
    websites = list(contact.find_website(source.blank(visible, _spans(emails)), domains))
    addresses = [*_spans(emails), *contact.find_links(visible)]
    named = source.blank(visible, addresses)
    phones = list(contact.find_phones(named, found_parts, region))
    return _Reached((*emails, *phones, *websites), domains, named, source.blank(named, _spans(phones)), addresses)


def _candidates(
    read: Source, found_parts: parts.Parts, received_at: datetime, region: str, typed: Contact, business_type: str
) -> list[Candidate]:
    text = read.text
    reached = _reached(text, found_parts, typed, region)
    own = _own_words(text, reached.plain, found_parts)
    needs = _needs(own, received_at, region, business_type)
    return [
        *_people(text, found_parts, typed, reached),
        *reached.found,
        *needs,
        *facts.find_places(reached.plain, region),
        *_judged(_told(own, found_parts, needs, business_type), source.blank(text, found_parts.quoted), needs),
    ]


def _own_words(text: str, plain: str, found_parts: parts.Parts) -> str:
    """Without the signature; with the subject, which is the sender's own word though it stands in the header block."""
    own = source.blank(plain, [found_parts.signature] if found_parts.signature else [])
    if not found_parts.subject:
        return own
    start, end = found_parts.subject
    return own[:start] + text[start:end] + own[end:]


def message_of(text: str, *, region: str = "US") -> people.Message:
    """What the sender's name and company are looked for in: for training, where the right ones are known."""
    read = source.read(text)
    found_parts = parts.split(read.text)
    return _message(read.text, found_parts, _reached(read.text, found_parts, Contact(), region))


def _message(text: str, found_parts: parts.Parts, reached: _Reached) -> people.Message:
    visible = source.blank(text, [*found_parts.quoted, *_around(found_parts, len(text))])
    masked = visible
    for start, end in reached.addresses:
        masked = masked[:start] + "@" * (end - start) + masked[end:]
    rules = {("person", span): sure for span, sure in names.persons(text, reached.named, found_parts)}
    for each in company.find_company(reached.named, found_parts, reached.domains):
        span = ("company", (each.start, each.end))
        rules[span] = max(rules.get(span, 0), each.confidence)
    addresses = [each.value for each in reached.found if each.field == "email"]
    return people.Message(text, masked, found_parts, addresses, rules)


def _people(text: str, found_parts: parts.Parts, typed: Contact, reached: _Reached) -> Iterator[Candidate]:
    """The likeliest name and company; where a name was typed into the form's fields, what the patterns find to it."""
    found = list(people.find(_message(text, found_parts, reached)))
    yield from (each for each in found if each.field == "company")
    stated = list(names.find_stated(reached.named, typed))
    if typed.first_name or typed.last_name:
        yield from names.find_names(text, reached.named, found_parts, typed)
    else:
        yield from stated or (each for each in found if each.field != "company")


def _needs(own: str, received_at: datetime, region: str, business_type: str) -> list[Candidate]:
    wanted = list(dates.find_dates(own, received_at, region))
    needs = [
        *wanted,
        *money.find_amounts(source.blank(own, _spans(wanted)), region),
        *facts.find_needs(own, business_type),
    ]
    if business_type == "automotive":
        needs += [*facts.find_vehicle(own), *money.find_mileage(own)]
    return needs


def _told(own: str, found_parts: parts.Parts, needs: Sequence[Candidate], business_type: str) -> judgements.Told:
    spans = [span for span in (found_parts.subject, found_parts.body) if span]
    wanted = [need for need in needs if need.field == "date"]
    return judgements.told(own, spans, wanted, business_type)


def _judged(told: judgements.Told, whole: str, needs: Sequence[Candidate]) -> list[Candidate]:
    """`whole`: the text with the signature, without what is quoted."""
    signs = trained.signs(told.words, told.hints)
    intent, urgency = judgements.find_intent(told, signs), judgements.find_urgency(told, signs)
    body = told.spans[-1]
    return [
        intent,
        urgency,
        *judgements.find_language(told.text[slice(*body)]),
        *judgements.find_summary(whole, body, _spans([*needs, intent, urgency])),
    ]


def _domains(addresses: Iterable[str]) -> list[str]:
    domains = [address.rpartition("@")[2] for address in addresses if "@" in address]
    return [domain for domain in domains if "." in domain.strip(".")]


def _around(found_parts: parts.Parts, length: int) -> list[Span]:
    """What belongs neither to the body nor to the signature."""
    start = found_parts.body[0] if found_parts.body[1] else length
    end = max(found_parts.body[1], found_parts.signature[1] if found_parts.signature else 0)
    return [(0, start), (end, length)]


def _spans(candidates: Iterable[Candidate]) -> list[Span]:
    return [(candidate.start, candidate.end) for candidate in candidates if candidate.start >= 0]


def _best(candidates: Sequence[Candidate], typed: Contact) -> list[Candidate]:
    """The surest candidate of each field, the earlier one where two are as sure; none that the submitter typed."""
    typed_fields = {field for field in CONTACT if getattr(typed, field).strip()}
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate.field)
        if candidate.field not in typed_fields and (known is None or candidate.confidence > known.confidence):
            best[candidate.field] = candidate
    return sorted(best.values(), key=lambda candidate: -candidate.confidence)


def _found_value(read: Source, candidate: Candidate) -> FoundValue:
    evidence = read.evidence(candidate.start, candidate.end) if candidate.start >= 0 else None
    return FoundValue(candidate.field, candidate.value, round(candidate.confidence, 2), evidence, candidate.note)
