"""What of a drafted reply may be shown. Pure: imports no Django.

A sentence stands only if each number, day, name and link in it is in the conversation or the profile, if prices and
promises are the profile's, and if it settles nothing that only staff can settle. Everything else is left out with a
reason, never repaired.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from enrichment.grounding import MARKUP
from enrichment.normalise import fold
from enrichment.profiles import Profile
from enrichment.reply_words import PROMISE, SETTLED
from enrichment.wording import unsupported
from enrichment.wording_words import DAYS, MONTHS
from leads.names import NICKNAMES, TITLES, word_set

# Any ending: a reply that names a page by an unusual one would lead there all the same.
LINK = re.compile(
    r"https?://\S+|www\.\S+|[\w.+%-]+@[\w.-]+\.\w+|\b[a-z0-9][a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b(?:/\S*)?"
)
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
RANGE = re.compile(r"(?<=\d)\s?[-–]\s?(?=\d)")
# A word at the beginning of a sentence has its capital anyway; only known names are taken for one there.
GIVEN_NAMES = word_set(NICKNAMES.replace("|", " ")) - word_set(
    "bill chuck don dot frank grace jack jay jean mark may pat ray rich rob roy sandy sue will"
)
COURTESY = word_set(
    "i i'm i'll i'd i've ihnen ihr ihre le la lei lo suo sua suoi sue vi vostra vostro usted ustedes ok"
)
CALENDAR = frozenset(name for table in (DAYS, MONTHS) for names in table.values() for name in names)
LONGEST_WORD = 45  # German ones may be long
LEAST_LETTERS = 25
LEAST_SHARE = 0.5

GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|day|afternoon|evening)|greetings|hallo|guten (?:tag|morgen|abend)|lieber?"
    r"|sehr geehrter?|servus|moin|bonjour|bonsoir|ch[eè]re?|madame|monsieur|hola|buen[oa]s (?:d[ií]as|tardes|noches)"
    r"|estimad[oa]|querid[oa]|ciao|buongiorno|buonasera|gentile|salve|ol[aá]|oi|bom dia|boa (?:tarde|noite)"
    r"|prezad[oa]|car[oa])\b[^,.!?:\n]{0,60}(?:[,!:.]\s*|\s*$)",
    re.IGNORECASE,
)
FAREWELL = re.compile(
    r"\s*(?:(?:(?:best|kind|warm|many)(?:est)? )?(?:regards|wishes)|best|cheers|sincerely|yours(?: \w+)?"
    r"|thanks(?: again)?|thank you|mit (?:besten|freundlichen) gr(?:ü|ue)(?:ß|ss)en|(?:viele|beste|liebe|herzliche)"
    r" gr(?:ü|ue)(?:ß|ss)e|(?:bien )?cordialement|bien à vous|(?:un )?(?:cordial )?saludos?|atentamente"
    r"|(?:cordiali|distinti) saluti|atenciosamente|(?:com os melhores )?cumprimentos|(?:um )?abraço)"
    r"[,.!]?\s*",
    re.IGNORECASE,
)
SUBJECT = re.compile(r"\s*(?:subject|betreff|objet|asunto|oggetto|assunto|reply|antwort)\s*:", re.IGNORECASE)
GAP = re.compile(r"\[[^\]\n]*\]|_{3,}|\bX{2,}\b|\{\{")
SENTENCE = re.compile(r"\S.*?(?:[.!?…]+[\"'”»)]*(?=\s|$)|$)")
SHORTENED = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|no|nr|tel|ca|bzw|ggf|evtl|inkl|inc|approx|e\.g|i\.e|z\.\s?b|p\.\s?ex|sra?|sig|av|ex"
    r"|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)|\b[^\W\d]|^\W*\d{1,2})\.$",
    re.IGNORECASE,
)

CURRENCY = r"(?:[$€£¥]|r\$|usd|eur|gbp|brl|chf|dollars?|euros?|pounds?|bucks|reais|pesos|franken|libras?|sterline)"
NUMERAL = r"\d(?:[\d.,  ]*\d)?"
PRICE = re.compile(rf"{CURRENCY}\s?({NUMERAL})|({NUMERAL})\s?(?:{CURRENCY}(?!\w)|%|percent\b|prozent\b)")


@dataclass(frozen=True, slots=True)
class Told:
    """What a reply may rely on. `conversation` holds the messages and what was typed into fields, `business` the
    profile's facts, `own` the sender's addresses: all folded (see normalise.fold)."""

    conversation: str
    business: str
    own: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """The sentences that stand, in their lines, and those left out with the reason."""

    text: str
    dropped: tuple[tuple[str, str], ...]
    kept: int

    @property
    def is_enough(self) -> bool:
        """Whether what is left makes a reply: some words, and at least half of what the model wrote."""
        letters = sum(char.isalpha() for char in self.text)
        return letters >= LEAST_LETTERS and self.kept >= LEAST_SHARE * (self.kept + len(self.dropped))


def told(texts: Sequence[str], contact: Sequence[str], profile: Profile) -> Told:
    """`texts`: the messages as the model saw them; `contact`: the sender's addresses, name and company."""
    offers = [part for service in profile.services for part in (service.name, service.price)]
    hours = re.sub(r"\s?[-–]\s?", " - ", profile.opening_hours)  # "Mon-Fri" is two words
    business = (profile.business_name, hours, *offers, profile.notes, profile.signature)
    return Told(
        " ".join(fold(words).text for words in (*texts, *contact)),
        " ".join(fold(RANGE.sub(" - ", words)).text for words in business),
        " ".join(fold(words).text for words in contact),
    )


def ground_reply(text: str, known: Told, *, language: str, asks: bool = False, is_finished: bool = True) -> Body:
    """What of the model's text stands. Its greeting, subject and closing are passed over: ours stand there.

    `asks`: our own question follows, so that the model's are left out. While it is still writing (not `is_finished`)
    the sentence at the end, which may go on, is not shown.
    """
    kept: list[str] = []
    dropped: list[tuple[str, str]] = []
    count = 0
    for line in _body_lines(text, is_finished):
        standing = []
        for sentence in sentences(line):
            reason = (
                "our own question follows" if asks and sentence.endswith("?") else why_not(sentence, known, language)
            )
            if reason:
                dropped.append((sentence, reason))
            else:
                standing.append(sentence)
        count += len(standing)
        if standing or (kept and kept[-1] and not line.strip()):
            kept.append(" ".join(standing))
    return Body("\n".join(kept).strip(), tuple(dropped), count)


def _body_lines(text: str, is_finished: bool) -> list[str]:
    lines = text.replace("**", "").strip().splitlines()
    if not is_finished and lines:
        lines[-1] = _without_open_sentence(lines[-1])
    body: list[str] = []
    for line in lines:
        if FAREWELL.fullmatch(line):
            break
        if not body:
            if SUBJECT.match(line):
                continue
            line = GREETING.sub("", line.strip(), count=1) if GREETING.match(line.strip()) else line
        if body or line.strip():
            body.append(line)
    return body


def _without_open_sentence(line: str) -> str:
    """Without what may go on: "It costs 10." may become "It costs 10.50"."""
    found = sentences(line)
    return line[: len(line) - len(found[-1])] if found and line.endswith(found[-1]) else line


def sentences(line: str) -> list[str]:
    """The sentences of one line; a point after "Dr" or a number in front ends none."""
    found: list[str] = []
    for match in SENTENCE.finditer(line):
        piece = match[0].strip()
        if found and (SHORTENED.search(found[-1]) or _is_ordinal(found[-1], piece)):
            found[-1] = f"{found[-1]} {piece}"
        elif piece:
            found.append(piece)
    return found


def _is_ordinal(before: str, after: str) -> bool:
    """The point of "am 3. Mai"."""
    first = WORD.match(after)
    goes_on = first is not None and (first[0][0].islower() or first[0].casefold() in CALENDAR | {"mai", "may", "mars"})
    return goes_on and re.search(r"\d\.$", before) is not None


def why_not(sentence: str, known: Told, language: str) -> str:
    """Why a sentence can't stand, in plain words; empty when it can."""
    if MARKUP.search(sentence):
        return "holds markup"
    if max(map(len, sentence.split()), default=0) > LONGEST_WORD and not LINK.search(sentence.casefold()):
        return "is no sentence"
    if GAP.search(sentence):
        return "has a gap to be filled in"
    return (
        _foreign_link(sentence, known)
        or _unknown_price(sentence, known)
        or _promise(sentence, known)
        or _unknown_name(sentence, f"{known.conversation} {known.business}", language)
        or unsupported(sentence, f"{known.conversation} {known.business}", names=False, language=language)
    )


def _unknown_name(sentence: str, said: str, language: str) -> str:
    """In German every noun has a capital: there, too, only known names are taken for one, and who has a title."""
    words = {plain(word) for word in WORD.findall(said)}
    before = ""
    for match in WORD.finditer(sentence):
        word = plain(match[0]).removesuffix("'s")
        is_marked = match[0][0].isupper() and bool(before) and (language != "de" or before in TITLES)
        is_name = is_marked or (match[0][0].isupper() and word in GIVEN_NAMES)
        if is_name and not {word, *word.split("-")} & {*words, *COURTESY, *CALENDAR}:
            return f"names “{match[0]}”, whom neither the message nor the profile does"
        before = word
    return ""


def _foreign_link(sentence: str, known: Told) -> str:
    for link in LINK.findall(sentence.casefold()):
        link = link.strip(".,;:!?)>\"'")
        if link not in known.business and link not in known.own.split():
            return f"the profile has no link “{link}”"
    return ""


def _unknown_price(sentence: str, known: Told) -> str:
    """Prices are the profile's alone: a sum that the sender named is not ours to repeat as one."""
    quoted = {_digits(match[1] or match[2]) for match in PRICE.finditer(known.business)}
    for match in PRICE.finditer(fold(sentence).text):
        if _digits(match[1] or match[2]) not in quoted:
            return f"the profile has no price “{match[0].strip()}”"
    return ""


def _digits(number: str) -> str:
    """ "1,500.00", "1.500" and "1500" are the same."""
    plain = re.sub(r"[.,]00?$", "", number.replace(" ", "").replace("\u00a0", ""))
    return re.sub(r"[.,](?=\d{3}(?:\D|$))", "", plain).replace(",", ".")


def _promise(sentence: str, known: Told) -> str:
    words = plain(sentence)
    business = plain(known.business)
    for match in PROMISE.finditer(words):
        if match[0][:6] not in business:
            return f"promises “{match[0]}”, which the profile doesn't"
    if settled := SETTLED.search(words):
        return f"settles what only staff can: “{settled[0]}”"
    return ""


def plain(text: str) -> str:
    """Small letters without accents, apostrophes evened out."""
    letters = unicodedata.normalize("NFD", fold(text).text.casefold())
    return "".join(char for char in letters if not unicodedata.combining(char))
