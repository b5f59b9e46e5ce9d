"""What of a model's answer may be shown. Pure: imports no Django.

A fact survives only if its words stand in the message, and then it is normalised as its kind. A judgement has no
words behind it, so its confidence is capped, and a sentence survives only if every name, number and link in it is in
the message. Everything else is dropped with a reason, never repaired.
"""

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

import phonenumbers

from enrichment import normalise
from enrichment.normalise import Folded, Note, fold, one_line, visible, word_set
from enrichment.prompts import ModelAnswer
from enrichment.wording import unsupported
from leads.fields import FIELDS, Kind
from leads.values import Contact, Evidence, FoundValue

MAX_TEXT = 20_000
FACT_CONFIDENCE = 0.8
SENTENCE_CONFIDENCE = 0.6
LOWEST, HIGHEST, UNSAID = 0.3, 0.9, 0.5
LONG_FACTS = frozenset({"symptoms", "concern", "scope", "timeline"})
MAX_WORDS, MAX_LONG_WORDS = 12, 40
NAMES = ("first_name", "last_name")
NOBODY = Contact()
PLAIN_WORDS = word_set("a an the i me my we us our you your it its this that and or for to of in on is are hi hello")

Span = tuple[int, int]
Dropped = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Grounded:
    """`values` may become the lead's; `dropped` says for each refused part (field, what the model said, why)."""

    values: tuple[FoundValue, ...]
    dropped: tuple[Dropped, ...]


class _NotGrounded(Exception):
    """Says in a few plain words why a part of the answer is dropped."""


def ground(
    answer: ModelAnswer,
    text: str,
    *,
    received_at: datetime,
    region: str = "US",
    spans_to_ignore: Sequence[Span] = (),
    contact: Contact = NOBODY,
) -> Grounded:
    """The part of an answer that the message bears out; evidence offsets count in `text` as it was given.

    `received_at` is aware and in the business's time zone; `region` ("US") reads phone numbers and dates.
    Facts found only within `spans_to_ignore` (quoted replies) are dropped. Sentences may also use what the submitter
    typed as `contact`.
    """
    message = _Message(text, received_at, region, tuple(spans_to_ignore), contact)
    values: list[FoundValue] = []
    dropped: list[Dropped] = []
    facts = _split_full_name(answer.facts)
    for field, quote in facts.items():
        try:
            _refuse_copying(field, quote, facts)
            values.append(_fact(field, quote, message))
        except _NotGrounded as error:
            dropped.append((field, quote, str(error)))
    judged, refused = _judgements(answer, message)
    return Grounded((*values, *judged), (*dropped, *refused))


class _Message:
    """The message folded once, with what is needed to read values out of it."""

    def __init__(
        self, text: str, received_at: datetime, region: str, ignored: tuple[Span, ...], contact: Contact
    ) -> None:
        self.text = text
        self.folded: Folded = fold(text[:MAX_TEXT])
        # What a sentence may speak of.
        self.known = " ".join([self.folded.text, *(fold(typed).text for typed in astuple(contact))])
        self.received_at = received_at
        self.region = region
        self.ignored = ignored

    def places(self, quote: str) -> list[Span]:
        """Where the quote stands in the original, outside the ignored spans; raises if nowhere."""
        needle = fold(quote).text.strip(" \"'.,;:!?<>[]")
        found = [self.folded.span(start, end) for start, end in self.folded.find_all(needle)]
        if not found:
            raise _NotGrounded("these words are not in the message")
        kept = [span for span in found if not any(a < span[1] and span[0] < b for a, b in self.ignored)]
        if not kept:
            raise _NotGrounded("only in a quoted part of the message")
        return kept


# --- facts ---


def _fact(field: str, quote: str, message: _Message) -> FoundValue:
    """Tries each place where the quote stands; the first that reads as the field's kind counts."""
    reason = _NotGrounded("these words are not in the message")
    for start, end in message.places(quote):
        try:
            (start, end), read = _read(field, start, end, message)
        except _NotGrounded as error:
            reason = error
            continue
        return FoundValue(field, read.value, FACT_CONFIDENCE, Evidence(start, end, message.text[start:end]), read.note)
    raise reason


def _read(field: str, start: int, end: int, message: _Message) -> tuple[Span, Note]:
    """The final span and the normalised value; some kinds take in a sign or digits beside the quote."""
    kind = FIELDS[field].kind
    if kind is Kind.PHONE:
        return _phone(start, end, message)
    if kind is Kind.MONEY:
        return _money(start, end, message)
    words = message.text[start:end]
    if kind is Kind.EMAIL:
        return (start, end), _whole_address(start, end, message)
    if kind is Kind.DATE:
        read = normalise.wanted_date(words, received_at=message.received_at, region=message.region)
        return (start, end), _or_drop(read, "names no day to come")
    if kind is Kind.URL:
        return (start, end), _or_drop(_note(normalise.website(words)), "not a web address")
    if field in NAMES:
        return (start, end), _name(start, end, message)
    return (start, end), _text(field, words)


def _or_drop(read: Note | None, reason: str) -> Note:
    if read is None:
        raise _NotGrounded(reason)
    return read


def _note(value: str | None) -> Note | None:
    return None if value is None else Note(value)


def _phone(start: int, end: int, message: _Message) -> tuple[Span, Note]:
    """The whole number around the quote as the library finds it, so that no part of one is read as another."""
    for match in phonenumbers.PhoneNumberMatcher(message.text[:MAX_TEXT], message.region):
        if match.start <= start and end <= match.end:
            value = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            return (match.start, match.end), Note(value)
    # The library's search is blind to numbers with invisible characters in them.
    words = message.text[start:end]
    split = normalise.phone(words, message.region) if visible(words) != words else None
    return (start, end), _or_drop(_note(split), "not a phone number")


def _whole_address(start: int, end: int, message: _Message) -> Note:
    before, after = message.text[:start][-1:], message.text[end : end + 2]
    if re.match(r"[\w.+%-]", before) or re.match(r"[\w@-]|\.\w", after):
        raise _NotGrounded("only a part of an address")
    return _or_drop(_note(normalise.email(message.text[start:end])), "not an e-mail address")


SIGN_BEFORE = re.compile(r"(?:[$€£¥₹]|\b(?:US|CA|A|C)\$|\b(?:USD|EUR|GBP|CAD|AUD|CHF))\s?$", re.IGNORECASE)
SIGN_AFTER = re.compile(
    r"\s?(?:k\b|thousand|grand|million)?\s?(?:[$€£¥₹]|(?:dollars?|bucks|usd|euros?|eur|pounds?|gbp|quid|cad|aud|chf)\b)?",
    re.IGNORECASE,
)
MONEY_CUE = re.compile(
    r"(?:budget|price|pay|spend|cost|afford|quot|invest|charg|fee|max|presupuesto|preis|prix)[^\d\n]{0,30}\Z",
    re.IGNORECASE,
)
OTHER_UNIT = re.compile(
    r"\s?-?(?:k\b)?\s?(?:miles?|mi|km|kms|rpm|hours?|days?|weeks?|years?|people|sq|mg|ml|lbs?|%)(?!\w)", re.IGNORECASE
)


def _money(start: int, end: int, message: _Message) -> tuple[Span, Note]:
    """An amount with its sign; without one, only where the words before speak of money."""
    text = message.text
    if sign := SIGN_BEFORE.search(text[max(start - 5, 0) : start]):
        start -= len(sign[0])
    if sign := SIGN_AFTER.match(text[end : end + 20]):
        end += len(sign[0].rstrip())
    words = text[start:end]
    if normalise.has_currency(words):
        return (start, end), _or_drop(normalise.money(words, message.region), "not an amount")
    if OTHER_UNIT.match(text[end : end + 12]) or OTHER_UNIT.search(re.sub(r"^\D+", "", words)):
        raise _NotGrounded("counts something else than money")
    before = text[max(start - 40, 0) : start] + re.match(r"\D*", words)[0]  # type: ignore[index]
    if not MONEY_CUE.search(before) or re.search(r"[()/:]|\d-\d{3,}", words):
        raise _NotGrounded("nothing says that this is money")
    return (start, end), _or_drop(normalise.money(words, message.region), "not an amount")


GREETING = re.compile(
    r"(?:^|\n)[\s>*]*(?:hi|hello|hey|dear|good \w+|hola|hallo|bonjour|guten \w+|to)[ ,:]+(?:\w+ )?$", re.IGNORECASE
)
NAME_CUE = re.compile(
    r"(?:name(?:'s| is|:)?|i'?m|i am|this is|thanks|thank you|regards|cheers|best|sincerely|soy|ich bin|hei[sß]e"
    r"|je suis)[\s,.!-]+(?:\w+\s)?$",
    re.IGNORECASE,
)


def _name(start: int, end: int, message: _Message) -> Note:
    """A name is written like one, or said to be one, and is not the one who is greeted."""
    before = message.text[max(start - 30, 0) : start]
    words = message.text[start:end]
    if GREETING.search(before):
        raise _NotGrounded("this is who is greeted")
    said = NAME_CUE.search(fold(before).text + " ") or _has_line_for_itself(start, end, message.text)
    is_shouted = words.isupper() and len(words) > 2 and not message.text.isupper()
    if (words[:1].islower() or is_shouted) and not said:
        raise _NotGrounded("not written as a name")
    return _or_drop(_note(normalise.person_name(words)), "not a name")


def _has_line_for_itself(start: int, end: int, text: str) -> bool:
    """Whether the line holds little else, as a signature does."""
    line = f"{text[:start][-60:].rpartition(chr(10))[2]}{text[start:end]}{text[end : end + 60].partition(chr(10))[0]}"
    return "\n" in text and len(line.split()) <= 3 and line.strip().replace(" ", "").isalpha()


def _split_full_name(facts: dict[str, str]) -> dict[str, str]:
    """A model that writes the full name into one field, or into both, meant its parts."""
    first, last = facts.get("first_name", "").split(), facts.get("last_name", "").split()
    if len(last) > 1 and first in ([], last, last[: len(first)]):
        first, last = last[:-1], last[-1:]
    elif len(first) > 1 and not last:
        first, last = first[:-1], first[-1:]
    elif len(first) > len(last) > 0 and first[-len(last) :] == last:
        first = first[: -len(last)]
    else:
        return facts
    return {**facts, "first_name": " ".join(first), "last_name": " ".join(last)}


MILEAGE = re.compile(
    r"(?:[^\d$€£]*\s)?\d{1,3}(?:[,. ]?\d{3})?\s?(?:k\s?)?(?:miles?|mi|kms?|kilomet\w+|k)(?:\s[^\d$€£]*)?"
    r"|\d{4,6}|\d{1,3}[,.]\d{3}",
    re.IGNORECASE,
)


def _text(field: str, words: str) -> Note:
    value = one_line(words)
    limit = MAX_LONG_WORDS if field in LONG_FACTS else MAX_WORDS
    if len(value.split()) > limit:
        raise _NotGrounded("too long for one fact")
    if field == "mileage" and not MILEAGE.fullmatch(value):
        raise _NotGrounded("not an odometer reading")
    if "@" in value or "://" in value:
        raise _NotGrounded("holds an address")
    if field != "mileage" and not any(len(word) > 1 and word.casefold() not in PLAIN_WORDS for word in _letters(value)):
        raise _NotGrounded("says nothing")
    return Note(value)


def _letters(value: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", value)


def _refuse_copying(field: str, quote: str, facts: dict[str, str]) -> None:
    """Small models fill every key with the same words; such an answer says nothing about any of them."""
    same = [key for key, other in facts.items() if other.casefold() == quote.casefold()]
    if len(same) > 2:
        raise _NotGrounded("the same words for several facts")
    if len(same) > 1 and field not in NAMES and any(key in NAMES for key in same):
        raise _NotGrounded("the same words as the name")


# --- judgements ---


def _judgements(answer: ModelAnswer, message: _Message) -> tuple[list[FoundValue], list[Dropped]]:
    values = []
    if answer.intent:
        values.append(FoundValue("intent", answer.intent, _capped(answer.intent_confidence)))
    if answer.urgency:
        values.append(FoundValue("urgency", answer.urgency, _capped(answer.urgency_confidence)))
    dropped: list[Dropped] = []
    _add_sentences(answer, message, values, dropped)
    _add_topics(answer, message, values, dropped)
    if answer.language:
        code = answer.language.casefold().replace("_", "-").split("-")[0]
        if code in LANGUAGE_CODES:
            values.append(FoundValue("language", code, SENTENCE_CONFIDENCE))
        else:
            dropped.append(("language", answer.language, "not a language code"))
    return values, dropped


def _capped(claimed: float | None) -> float:
    """What a model claims about its own certainty is worth little: never nothing, never sure."""
    return round(min(max(UNSAID if claimed is None else claimed, LOWEST), HIGHEST), 2)


def _add_sentences(answer: ModelAnswer, message: _Message, values: list[FoundValue], dropped: list[Dropped]) -> None:
    for field, words, check_names in (("summary", answer.summary, True), ("reply", answer.reply, False)):
        if not words:
            continue
        # A reply in a script without spaces is one word to Python.
        is_sentence = len(words.split()) > 2 or not words.isascii()
        reason = unsupported(words, message.known, names=check_names) if is_sentence else "not a sentence"
        if reason:
            dropped.append((field, words, reason))
        else:
            values.append(FoundValue(field, words, SENTENCE_CONFIDENCE if check_names else UNSAID))


def _add_topics(answer: ModelAnswer, message: _Message, values: list[FoundValue], dropped: list[Dropped]) -> None:
    kept = []
    for topic in answer.topics:
        reason = unsupported(topic, message.known, names=False)
        if reason:
            dropped.append(("topics", topic, reason))
        else:
            kept.append(topic.lower())
    if kept:
        values.append(FoundValue("topics", ", ".join(dict.fromkeys(kept)), UNSAID))


LANGUAGE_CODES = word_set(
    "af ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr ht hu hy id is it ja ka kk "
    "km kn ko ku ky la lb lo lt lv mk ml mn mr ms mt nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te "
    "th tl tr uk ur uz vi xh zh zu "
)
