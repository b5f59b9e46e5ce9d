"""Intent, urgency, language and summary by plain rules; a model may judge better, these never wait. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from enrichment.extraction import cues, trained
from enrichment.extraction.dates import is_wanted_today
from enrichment.extraction.source import Candidate, Span
from enrichment.extraction.words import word_set

# What a service business's customers write in. Fewer choices make short messages surer.
LANGUAGES = word_set(
    "ar cs da de el en es fi fr he hi hr hu id it ja ko nl no pl pt ro ru sk sl sr sv th tl tr uk vi zh"
)
SUMMARY_LENGTH = 200

_WORD = re.compile(r"\w+")  # what can't be seen is none
SAID = 4  # how much likelier an urgency is when it is said in so many words
# One doubtful word makes no sales pitch.
_ENOUGH = {"inquiry": 1, "sales_pitch": 3, "job_application": 3}
_QUESTION = re.compile(r"[?？]")
_GREETING = re.compile(
    r"(?:(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|hola|buenos días|buenas(?: tardes"
    r"| noches)?|hallo|guten (?:tag|morgen|abend)"
    r"|sehr geehrte[r]?|liebe[rs]?|bonjour|bonsoir|salut|ciao|buongiorno|olá|to whom it may concern)\b(?:[ ](?:there"
    r"|all|team|everyone|guys|folks|sir|madam|or|damen|und|herren|à|tous|[A-Z][\w'.]{0,20})){0,5}"
    r"[ ]{0,2}(?:[,!.:;–-]{1,3}|\n|$)\s{0,9})", re.I
)  # fmt: skip
# The line above a pasted chat: "WhatsApp, 10:32".
_CHAT_LABEL = re.compile(
    r"\s{0,9}(?:whatsapp|instagram|facebook|messenger|linkedin|sms|text)(?:[ ](?:dm|message|chat))?"
    r"(?:[ ]from[ ][^\n]{1,60})?(?:,?[ ]\d[\d:., apm/-]{0,20})?:?[ ]{0,3}\n\s{0,9}", re.I
)  # fmt: skip
_SENTENCE = re.compile(
    r"[^.!?\n]{2,}(?:(?:[.!?]+(?=\S)|(?:(?<=\bDr)|(?<=\bMr)|(?<=\bMs)|(?<=\bMrs))\.)[^.!?\n]*)*[.!?]*"
)
_PLEASANTRY = re.compile(
    r"(?:i hope|hope|thank|thanks|my name is|i'm|i am|this is|how are you|greetings|regards|please let me know"
    r"|let me know|look(?:ing)? forward|have a)\b", re.I
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What is judged: the sender's own words, what the word lists say of them, and signs that are no words."""

    text: str
    spans: Sequence[Span]
    intent: Candidate
    urgency: Candidate
    hints: tuple[str, ...]

    @property
    def is_short(self) -> bool:
        """Too little to be judged by more than the lists."""
        return len(_WORD.findall(self.words)) < 3

    @property
    def is_said(self) -> bool:
        """Whether the lists found how urgent it is said to be, in so many words."""
        return self.urgency.start >= 0 and self.urgency.confidence >= 0.8

    @property
    def words(self) -> str:
        return "\n".join(self.text[slice(*span)] for span in self.spans)


def told(text: str, spans: Sequence[Span], wanted: Sequence[Candidate], business_type: str) -> Told:
    """`spans`: subject and body. `wanted`: the dates found; naming a day, and more so an hour, is half of asking for an
    appointment."""
    intent, urgency = _listed_intent(text, spans, wanted), _listed_urgency(text, spans)
    count = sum(len(_WORD.findall(text, *span)) for span in spans)
    hints = [f"intent {intent.value}", f"business {business_type}", f"words {min(count, 96).bit_length()}"]
    if intent.confidence >= 0.6:
        hints.append(f"surely {intent.value}")
    if urgency.start >= 0:
        hints.append(f"urgency {urgency.value}")
    hints += [f"wanted {'hour' if 'T' in each.value else 'day'}" for each in wanted[:1]]
    return Told(text, spans, intent, urgency, tuple(hints))


def find_intent(found: Told, signs: trained.Signs) -> Candidate:
    """The likeliest intent; the words of the lists that speak for it are its evidence."""
    if found.is_short:
        return found.intent
    intent, probability = _likeliest("intent", signs)
    cue = _score(found.text, found.spans, cues.INTENTS[intent])[1] if intent in cues.INTENTS else None
    return Candidate("intent", intent, probability, *(cue or (-1, -1)))


def find_urgency(found: Told, signs: trained.Signs) -> Candidate:
    """The likeliest urgency; the words of the lists that speak for it are its evidence."""
    if found.is_short:
        return found.urgency
    urgency, probability = _likeliest("urgency", signs, said=found.urgency.value if found.is_said else "")
    cue = (found.urgency.start, found.urgency.end) if found.urgency.value == urgency else (-1, -1)
    return Candidate("urgency", urgency, probability, *cue)


def _likeliest(judgement: str, signs: trained.Signs, *, said: str = "") -> tuple[str, float]:
    probabilities = trained.judges()[judgement].probabilities(signs)
    weights = {each: share * (SAID if each == said else 1) for each, share in probabilities.items()}
    choice = max(weights, key=lambda each: weights[each])
    return choice, round(weights[choice] / sum(weights.values()), 2)


def _listed_intent(text: str, spans: Sequence[Span], wanted: Sequence[Candidate]) -> Candidate:
    """The intent with the weightiest words in these spans; evidence is its strongest cue."""
    best: tuple[float, str, Span] | None = None
    runner_up = 0.0
    for intent, table in cues.INTENTS.items():
        score, cue = _score(text, spans, table)
        if intent == "appointment_request" and wanted:
            score += 2.5 if "T" in wanted[0].value else 1.0
            cue = cue or (wanted[0].start, wanted[0].end)
        if intent == "inquiry":
            score *= 0.6  # everybody asks something; a plainer wish wins
        if cue and (best is None or score > best[0]):
            runner_up, best = best[0] if best else 0.0, (score, intent, cue)
        elif score > runner_up:
            runner_up = score
    if best and best[0] >= _ENOUGH.get(best[1], 2):
        confidence = min(0.9, 0.4 + 0.08 * best[0] + 0.06 * (best[0] - runner_up))
        return Candidate("intent", best[1], round(confidence, 2), *best[2])
    if any(_QUESTION.search(text, *span) for span in spans) or best:
        return Candidate("intent", "inquiry", 0.4, *(best[2] if best and best[1] == "inquiry" else (-1, -1)))
    return Candidate("intent", "general", 0.3)


def _score(
    text: str, spans: Sequence[Span], table: tuple[tuple[float, re.Pattern[str]], ...]
) -> tuple[float, Span | None]:
    total, strongest = 0.0, None
    for weight, pattern in table:
        match = next((found for span in spans if (found := pattern.search(text, *span))), None)
        if match:
            total += weight
            strongest = strongest or match.span()
    return total, strongest


def _listed_urgency(text: str, spans: Sequence[Span]) -> Candidate:
    """By the words alone: capitals make nothing urgent. "Not urgent" outweighs every other cue."""
    for span in spans:
        if match := cues.NOT_URGENT.search(text, *span):
            return Candidate("urgency", "low", 0.8, *match.span())
    for level, confidence, pattern in cues.URGENCIES:
        for span in spans:
            if match := pattern.search(text, *span):
                return Candidate("urgency", level, confidence, *match.span())
    for span in spans:
        for match in cues.SOON.finditer(text, *span):
            if is_wanted_today(match):
                return Candidate("urgency", "high", 0.65, *match.span())
    for pattern, level in ((cues.MEDIUM, "medium"), (cues.FLEXIBLE, "low")):
        for span in spans:
            if match := pattern.search(text, *span):
                return Candidate("urgency", level, 0.5, *match.span())
    return Candidate("urgency", "medium", 0.3)


def find_language(text: str) -> Iterator[Candidate]:
    """ISO 639-1 code of the language; nothing for texts of a few words that could be any."""
    letters = sum(char.isalpha() for char in text[:1000])
    if letters < 12:
        return
    language, probability = _identifier().classify(" ".join(text[:1000].split()))
    # Under about ten words the identifier is surer than it should be.
    confidence = min(0.95, float(probability)) * min(1.0, 0.5 + letters / 100)
    if confidence >= 0.45:
        yield Candidate("language", language, round(confidence, 2))


@cache
def _identifier() -> LanguageIdentifier:
    """Loaded on first use (0.5 s); keeps the columns of LANGUAGES only, which saves some 20 MB."""
    full = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    columns = [index for index, code in enumerate(full.nb_classes) if code in LANGUAGES]
    return LanguageIdentifier(
        full.nb_ptc[:, columns].copy(),
        full.nb_pc[columns].copy(),
        [full.nb_classes[index] for index in columns],
        full.tk_nextmove,
        full.tk_output,
        norm_probs=True,
        tk_row=full.tk_row,
    )


def find_summary(text: str, body: Span, telling: Sequence[Span]) -> Iterator[Candidate]:
    """The most telling stretch of the body, SUMMARY_LENGTH at most; `telling`: spans of found facts and cues."""
    start, end = body
    if match := _CHAT_LABEL.match(text, start, end):
        start = match.end()
    if match := _GREETING.match(text, start, end):
        start = match.end()
    sentences = [_trimmed(text, match.span()) for match in _SENTENCE.finditer(text, start, min(end, start + 4000))]
    sentences = [span for span in sentences if sum(char.isalnum() for char in text[span[0] : span[1]]) >= 3]
    if not sentences:
        return
    scores = [_telling(text, span, index, telling) for index, span in enumerate(sentences)]
    first = last = max(range(len(sentences)), key=lambda index: scores[index])
    # What follows goes along while it fits, then what stands before.
    while last + 1 < len(sentences) and scores[last + 1] > 0 and _fits(sentences, first, last + 1, last):
        last += 1
    while first > 0 and scores[first - 1] > 0 and _fits(sentences, first - 1, last, first - 1):
        first -= 1
    start, end = _cut(text, sentences[first][0], sentences[last][1])
    yield Candidate("summary", " ".join(text[start:end].split()), 0.4, start, end)


def _fits(sentences: Sequence[Span], first: int, last: int, gap_after: int) -> bool:
    """A wide gap is a quoted part that was emptied."""
    gap = sentences[gap_after + 1][0] - sentences[gap_after][1]
    return gap <= 6 and sentences[last][1] - sentences[first][0] <= SUMMARY_LENGTH


def _trimmed(text: str, span: Span) -> Span:
    words = text[span[0] : span[1]]
    start = span[0] + len(words) - len(words.lstrip())
    return start, start + len(words.strip())


def _telling(text: str, span: Span, index: int, telling: Sequence[Span]) -> float:
    words = text[span[0] : span[1]]
    hits = sum(1 for start, end in telling if span[0] <= start < span[1])
    score = 2.0 * hits + ("?" in words) + min(len(words), 120) / 120 - 0.05 * index
    return score - 2.5 if _PLEASANTRY.match(words) and hits < 2 else score


def _cut(text: str, start: int, end: int) -> Span:
    if end - start <= SUMMARY_LENGTH:
        return start, end
    gap = text.rfind(" ", start + SUMMARY_LENGTH // 2, start + SUMMARY_LENGTH)
    return start, gap if gap > 0 else start + SUMMARY_LENGTH
