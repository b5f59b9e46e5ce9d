"""What of a model's answer may be shown. Pure: imports no Django.

A fact survives only if its words stand in a message, the newest first, and then it is read as its kind
(`enrichment.quotes`). A judgement has no words behind it, so its confidence is capped, and a sentence survives only if
every name, number and link in it is in the conversation. Everything else is dropped with a reason, never repaired.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from enrichment.hidden import hidden_spans, order_spans, without
from enrichment.normalise import fold, word_set
from enrichment.profiles import Profile
from enrichment.prompts import Message, ModelAnswer
from enrichment.quotes import MAX_TEXT, NAMES, Denied, NotGrounded, Shown, read_quote
from enrichment.wording import unsupported
from leads.values import Evidence, FoundValue

FACT_CONFIDENCE = 0.8
SENTENCE_CONFIDENCE = 0.6
MARKUP = re.compile(r"[<>{}]|\]\(|&#?\w+;")
LOWEST, HIGHEST, UNSAID = 0.3, 0.9, 0.5

Dropped = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Grounded:
    """`values` may become the lead's; `dropped` says for each refused part (field, what the model said, why).

    `sources[i]` is the place in the conversation of the message that `values[i]` was found in; of a judgement, which
    is about all of them, that of the newest.
    """

    values: tuple[FoundValue, ...]
    dropped: tuple[Dropped, ...]
    sources: tuple[int, ...] = ()


def ground(
    answer: ModelAnswer,
    conversation: Sequence[Message],
    *,
    profile: Profile,
    region: str = "US",
    staff_language: str = "en",
) -> Grounded:
    """The part of an answer that the conversation (oldest message first, at least one) bears out.

    Evidence offsets count in the text of the message that `sources` names.

    `region` ("US") reads phone numbers and dates. Facts found only in quoted or hidden parts, or in an order to the
    machine, are dropped. Sentences, which should be in `staff_language`, may also use what the submitter typed as
    contact.
    """
    shown = [_shown(message, region) for message in conversation]
    values: list[FoundValue] = []
    sources: list[int] = []
    dropped: list[Dropped] = []
    facts = _split_full_name(answer.facts)
    for field, quote in facts.items():
        try:
            _refuse_copying(field, quote, facts)
            source, found = _fact(field, quote, shown, profile)
        except NotGrounded as error:
            dropped.append((field, quote, str(error)))
        else:
            values.append(found)
            sources.append(source)
    judged, refused = _judgements(answer, _known(conversation), staff_language)
    sources += [len(shown) - 1] * len(judged)
    return Grounded((*values, *judged), (*dropped, *refused), tuple(sources))


def _shown(message: Message, region: str) -> Shown:
    text = message.text[:MAX_TEXT]
    return Shown(message, fold(text), region, (*message.quoted, *hidden_spans(text), *order_spans(text)))


def _known(conversation: Sequence[Message]) -> str:
    """What a sentence may speak of, folded: neither what is hidden nor what an order to the machine holds."""
    told = []
    for message in conversation:
        text = message.text[:MAX_TEXT]
        told.append(without(text, [*hidden_spans(text), *order_spans(text)]))
    typed = [value for message in conversation for value in astuple(message.contact)]
    return " ".join(fold(words).text for words in (*told, *typed))


# --- facts ---


def _fact(field: str, quote: str, conversation: Sequence[Shown], profile: Profile) -> tuple[int, FoundValue]:
    """Tries each place where the quote stands, the newest message first; the first that reads as the field's kind
    counts."""
    kind, extra = profile.kind(field), next((each for each in profile.fields if each.key == field), None)
    reason: NotGrounded | None = None
    for source in reversed(range(len(conversation))):
        shown = conversation[source]
        try:
            places = shown.places(quote)
        except NotGrounded as error:
            reason = reason or error
            continue
        for start, end in places:
            try:
                (start, end), read = read_quote(field, kind, extra, start, end, shown)
            except NotGrounded as error:
                reason = reason if isinstance(reason, Denied) else error
                continue
            evidence = Evidence(start, end, shown.text[start:end])
            return source, FoundValue(field, read.value, FACT_CONFIDENCE, evidence, read.note)
        if isinstance(reason, Denied):
            break  # the newest word on it
    raise reason or NotGrounded("there is no message")


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


def _refuse_copying(field: str, quote: str, facts: dict[str, str]) -> None:
    """Small models fill every key with the same words; such an answer says nothing about any of them."""
    same = [key for key, other in facts.items() if other.casefold() == quote.casefold()]
    if len(same) > 2:
        raise NotGrounded("the same words for several facts")
    if len(same) > 1 and field not in NAMES and any(key in NAMES for key in same):
        raise NotGrounded("the same words as the name")


# --- judgements ---


def _judgements(answer: ModelAnswer, known: str, language: str) -> tuple[list[FoundValue], list[Dropped]]:
    values = []
    if answer.intent:
        values.append(FoundValue("intent", answer.intent, _capped(answer.intent_confidence)))
    if answer.urgency:
        values.append(FoundValue("urgency", answer.urgency, _capped(answer.urgency_confidence)))
    dropped: list[Dropped] = []
    _add_summary(answer, known, language, values, dropped)
    _add_topics(answer, known, language, values, dropped)
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


def _add_summary(
    answer: ModelAnswer, known: str, language: str, values: list[FoundValue], dropped: list[Dropped]
) -> None:
    words = answer.summary
    if not words:
        return
    if MARKUP.search(words):
        reason = "holds markup"
    elif len(words.split()) < 3 or words == words.lower():
        reason = "not a sentence"  # where nothing has a capital, names can't be told
    else:
        reason = _foreign(words, known) or unsupported(words, known, names=True, language=language)
    if reason:
        dropped.append(("summary", words, reason))
    else:
        values.append(FoundValue("summary", words, SENTENCE_CONFIDENCE))


def _foreign(words: str, known: str) -> str:
    """Staff read languages in Latin letters; in other scripts a name can't be told from other words."""
    for word in re.findall(r"[^\W\d_]+", words):
        is_latin = all("LATIN" in unicodedata.name(char, "") for char in word)
        if not is_latin and fold(word).text not in known:
            return "not in the language that was asked for"
    return ""


def _add_topics(
    answer: ModelAnswer, known: str, language: str, values: list[FoundValue], dropped: list[Dropped]
) -> None:
    kept = []
    for topic in answer.topics:
        reason = unsupported(_in_small_letters(topic, known), known, names=True, language=language)
        reason = "holds markup" if MARKUP.search(topic) else _foreign(topic, known) or reason
        if reason:
            dropped.append(("topics", topic, reason))
        else:
            kept.append(topic.lower())
    if kept:
        values.append(FoundValue("topics", ", ".join(dict.fromkeys(kept)), UNSAID))


def _in_small_letters(topic: str, known: str) -> str:
    """Many models begin a topic with a capital. It is a name's, unless the conversation has such a word."""
    first = fold(topic.split(" ", 1)[0]).text
    return f"{topic[:1].lower()}{topic[1:]}" if len(first) > 2 and f" {first[:4]}" in f" {known}" else topic


LANGUAGE_CODES = word_set(
    "af ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr ht hu hy id is it ja ka kk "
    "km kn ko ku ky la lb lo lt lv mk ml mn mr ms mt nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te "
    "th tl tr uk ur uz vi xh zh zu "
)
