"""A quote from a message read as the kind of its field. Pure: imports no Django.

Nothing is guessed: words that don't read as the kind are refused with a plain reason, never repaired.
"""

import re
from dataclasses import dataclass

import phonenumbers

from enrichment import normalise
from enrichment.extraction import contact, dates, money
from enrichment.extraction.source import Candidate
from enrichment.negation import answer_behind, clause_before, is_denied, is_past, is_unwanted
from enrichment.normalise import Folded, Note, fold, one_line, visible, word_set
from enrichment.profiles import ProfileField
from enrichment.prompts import Message
from enrichment.wording_words import ANY_NUMBER_WORD, LARGE, NUMBER_WORDS, ONES, THOUSANDS
from leads.fields import FIELDS, Kind

MAX_TEXT = 20_000
LONG_FACTS = frozenset({"symptoms", "concern", "scope", "timeline"})
MAX_WORDS, MAX_LONG_WORDS = 12, 40
NAMES = ("first_name", "last_name")
PLAIN_WORDS = word_set("a an the i me my we us our you your it its this that and or for to of in on is are hi hello")

Span = tuple[int, int]


class NotGrounded(Exception):
    """Says in a few plain words why a part of the answer is dropped."""


class Denied(NotGrounded):
    """The message says no to it: what an older message said of it doesn't count either."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message folded once, with what is needed to read values out of it; no value comes from `ignored`."""

    message: Message
    folded: Folded
    region: str
    ignored: tuple[Span, ...]

    @property
    def text(self) -> str:
        return self.message.text

    def places(self, quote: str) -> list[Span]:
        """Where the quote stands in the original, outside the ignored spans; raises if nowhere."""
        needle = fold(quote).text.strip(" \"'.,;:!?<>[]")
        found = [self.folded.span(start, end) for start, end in self.folded.find_all(needle)]
        if not found:
            raise NotGrounded("these words are not in the message")
        kept = [span for span in found if not any(a < span[1] and span[0] < b for a, b in self.ignored)]
        if not kept:
            raise NotGrounded("only in a quoted or hidden part of the message")
        return kept


def read_quote(
    field: str, kind: Kind, extra: ProfileField | None, start: int, end: int, shown: Shown
) -> tuple[Span, Note]:
    """The final span and the normalised value of the words at a place; some kinds take in a sign or digits beside them.

    `extra`: the profile's own description of the field, for those it added. Raises NotGrounded.
    """
    words = shown.text[start:end]
    if kind is Kind.PHONE:
        return _phone(start, end, shown)
    if kind is Kind.MONEY:
        return _money(start, end, shown)
    if kind is Kind.EMAIL:
        return (start, end), _whole_address(start, end, shown)
    if kind is Kind.DATE:
        if re.search(r"\d\.\d{1,2}$", words) and shown.text[end : end + 1] == ".":
            end += 1  # "am 12.01.": the dot is what makes it a day
        return (start, end), _date(start, end, shown, is_wanted=field in FIELDS)
    if kind is Kind.URL:
        return (start, end), _website(start, end, shown)
    if kind is Kind.NUMBER:
        return (start, end), _number(start, end, shown)
    if kind is Kind.CHOICE and extra is not None:
        return (start, end), _choice(start, end, shown, extra)
    if kind is Kind.YES_NO and extra is not None:
        return (start, end), _yes_or_no(start, end, shown, extra)
    if field in NAMES:
        return (start, end), _name(start, end, shown)
    _refuse_unwanted(start, end, shown)
    return (start, end), _text(field, words)


def _or_drop(read: Note | None, reason: str) -> Note:
    if read is None:
        raise NotGrounded(reason)
    return read


def _note(value: str | None) -> Note | None:
    return None if value is None else Note(value)


def _before(start: int, shown: Shown, size: int) -> str:
    """So many characters before a place, as the rules see them."""
    text = visible(shown.text[max(start - 2 * size, 0) : start])
    return " ".join(f"x{text}x".replace("\n", " \n").split(" "))[1:-1][-size:]


def _phone(start: int, end: int, shown: Shown) -> tuple[Span, Note]:
    """The whole number around the quote as the library finds it, so that no part of one is read as another."""
    if not contact.is_senders_phone(_before(start, shown, 50)):
        raise NotGrounded("not the sender's own")
    for match in phonenumbers.PhoneNumberMatcher(shown.text[:MAX_TEXT], shown.region):
        if match.start <= start and end <= match.end:
            value = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            return (match.start, match.end), Note(value)
    # The library's search is blind to numbers with invisible characters in them.
    words = shown.text[start:end]
    split = normalise.phone(words, shown.region) if visible(words) != words else None
    return (start, end), _or_drop(_note(split), "not a phone number")


def _whole_address(start: int, end: int, shown: Shown) -> Note:
    before, after = shown.text[:start][-1:], shown.text[end : end + 2]
    if re.match(r"[\w.+%-]", before) or re.match(r"[\w@-]|\.\w", after):
        raise NotGrounded("only a part of an address")
    read = _or_drop(_note(normalise.email(shown.text[start:end])), "not an e-mail address")
    if not contact.is_senders_email(read.value, _before(start, shown, 60)):
        raise NotGrounded("not the sender's own")
    return read


def _website(start: int, end: int, shown: Shown) -> Note:
    if re.search(r"[\w@.%+-]\Z", shown.text[:start][-1:]) or re.match(r"[\w@-]|\.\w", shown.text[end : end + 2]):
        raise NotGrounded("only a part of an address")
    return _or_drop(_note(normalise.website(shown.text[start:end])), "not a web address")


_CODES = "usd|eur|gbp|cad|aud|nzd|sgd|hkd|mxn|chf|brl|jpy|inr|pln|sek|nok|dkk"
SIGN_BEFORE = re.compile(rf"(?:(?<![^\W\d_])[a-z]{{0,2}}\$|[€£¥₹₽₪₺₩₴]|\b(?:{_CODES}))\s?$", re.IGNORECASE)
DOLLAR_OF = re.compile(r"(?<![^\W\d_])(?:us|ca|c|au|a|nz|hk|sg|s|mx|nt|r)$", re.IGNORECASE)
SIGN_AFTER = re.compile(
    r"\s?(?:k\b|thousand|grand|million|tausend|tsd\b\.?|mille\b|mila\b|mil\b)?\s?(?:de )?(?:[$€£¥₹₽₪₺₩₴]"
    rf"|(?:dollars?|bucks|euros?|pounds?|quid|franken|francs|d[oó]lares|reais|rubles|zł|{_CODES})\b)?",
    re.IGNORECASE,
)
MONEY_CUE = re.compile(
    r"(?:budget|price|pay|spend|cost|afford|quot|invest|charg|fee|max|presupuesto|precio|preis|prix|or[çc]amento|pre[çc]o"
    r"|prezzo|spesa|spendere|gastar|ausgeben|d[eé]penser|honorar|kosten|tarif)[^\d\n]{0,30}\Z",
    re.IGNORECASE,
)
UNREAD_TIMES = re.compile(
    r"\s?-?(?:hundred|hundert|thousand|tausend|billion|bn\b|mrd|milli|millones|mio|milh|milion|lakh|lac\b|crore|dozen)",
    re.IGNORECASE,
)
OTHER_UNIT = re.compile(
    r"\s?-?(?:k\b)?\s?(?:miles?|mi|km|kms|rpm|hours?|days?|weeks?|years?|people|sq|mg|ml|lbs?|%)(?!\w)", re.IGNORECASE
)


def _money(start: int, end: int, shown: Shown) -> tuple[Span, Note]:
    """An amount with its sign; without one, only where the words before speak of money."""
    text = shown.text
    pattern = DOLLAR_OF if text[start : start + 1] == "$" else SIGN_BEFORE
    if sign := pattern.search(text[max(start - 5, 0) : start]):
        start -= len(sign[0])
    if sign := SIGN_AFTER.match(text[end : end + 20]):
        end += len(sign[0].rstrip())
    words = text[start:end]
    if UNREAD_TIMES.match(text[end : end + 15]):
        raise NotGrounded("only a part of an amount")
    if normalise.has_currency(words):
        return (start, end), _or_drop(_amount(words, shown.region), "not an amount")
    if OTHER_UNIT.match(text[end : end + 12]) or OTHER_UNIT.search(re.sub(r"^\D+", "", words)):
        raise NotGrounded("counts something else than money")
    before = text[max(start - 40, 0) : start] + re.match(r"\D*", words)[0]  # type: ignore[index]
    if not MONEY_CUE.search(before) or re.search(r"[()/:]|\d-\d{3,}", words):
        raise NotGrounded("nothing says that this is money")
    return (start, end), _or_drop(normalise.money(words, shown.region), "not an amount")


def _amount(words: str, region: str) -> Note | None:
    """As the rules read it, so that both say the same of the same words."""
    found, read = list(money.find_amounts(one_line(words), region)), normalise.money(words, region)
    if len(found) == 1 and read is not None and found[0].value.split()[-1:] == read.value.split()[-1:]:
        return Note(found[0].value, found[0].note)
    return read


def _date(start: int, end: int, shown: Shown, *, is_wanted: bool) -> Note:
    """A day to come, as the rules read it where they can; a date of another meaning may also be past."""
    words, received_at = shown.text[start:end], shown.message.received_at
    if is_wanted:
        _refuse_unwanted(start, end, shown)
        if is_past(_said_before(start, shown), _said_behind(end, shown)):
            raise NotGrounded("names no day to come")
    # Only English puts the month first, and that only in some places.
    region = shown.region if shown.message.language in ("", "en") else "GB"
    # Some days are only known as such by the word before: "am 12.01."
    for before in ("", one_line(shown.text[max(start - 20, 0) : start])):
        text = one_line(f"{before} {words}")
        found: list[Candidate] = list(dates.find_dates(text, received_at, region))
        inside = [each for each in found if each.start >= len(text) - len(one_line(words))]
        if inside:
            best = max(inside, key=lambda candidate: candidate.confidence)
            return Note(best.value, best.note)
    read = normalise.wanted_date(words, received_at=received_at, region=region, may_be_past=not is_wanted)
    return _or_drop(read, "names no day to come" if is_wanted else "names no day")


NUMBER = re.compile(
    r"(?<![\w.,])(?P<digits>\d{1,3}(?:[,.' ]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,3})?)(?![\d/:]|[.,]\d)"
    r"(?:\s?(?P<times>k|thousand|tausend|mila|mille|mil)\b)?(?!\w*@)",
    re.IGNORECASE,
)


def _number(start: int, end: int, shown: Shown) -> Note:
    """The one number in the words: "about 85k" -> "85000", "two" -> "2", "quatre mille" -> "4000"."""
    words = fold(one_line(shown.text[start:end])).text
    if normalise.has_currency(words):
        raise NotGrounded("an amount of money")
    if re.search(r"\d[/:-]\d|@", words) or _is_in_phone(start, end, shown):
        raise NotGrounded("not a number by itself")
    if _goes_on(start, end, shown):
        raise NotGrounded("only a part of a number")
    found = [(match["digits"], match["times"]) for match in NUMBER.finditer(words)]
    found += _spelt(NUMBER.sub(" ", words), shown.message.language)
    if len(found) != 1:
        raise NotGrounded("not one number")
    ((digits, times),) = found
    plain = re.sub(r"[,.' ](?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    value = float(plain) * (1000 if times else 1)
    return Note(f"{value:.0f}" if value == int(value) else f"{value:.3f}".rstrip("0"))


FRACTION = re.compile(r"\s(?:\d+/\d|[½¼¾⅓⅔]|(?:and a half|einhalb|et demie?|y medi[oa]|e mezz[oa]|e mei[oa])\b)")


def _goes_on(start: int, end: int, shown: Shown) -> bool:
    """Whether the words beside belong to the same number: "twenty" of "twenty-five", "4" of "4 million"."""
    words, behind = fold(shown.text[start:end]).text, _said_behind(end, shown)
    if FRACTION.match(behind):
        return True
    beside = re.search(r"([^\W_]+)[ -](?:(?:and|et|y|e|und) )?\Z", _said_before(start, shown))
    after = re.match(r"[ -](?:(?:and|et|y|e|und) )?([^\W_]+)", behind)
    before_is = beside is not None and (_is_numeral(beside[1]) or beside[1].isdigit()) and words[:1].isalpha()
    after_is = after is not None and (_is_numeral(after[1]) or after[1] in ONES)
    return (before_is and _is_numeral(_letters(words)[0])) or (after_is and not re.search(r"\d.*\w$", words[:-1] + "x"))


def _is_numeral(word: str) -> bool:
    return word in ANY_NUMBER_WORD or word in LARGE


def _spelt(words: str, language: str) -> list[tuple[str, str | None]]:
    """The numbers that are written in words; any that is put together of several is none, but for thousands."""
    table = NUMBER_WORDS.get(language) or NUMBER_WORDS["en"]
    said = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", words)
    found: list[tuple[str, str | None]] = []
    for index, word in enumerate(said):
        pieces = word.split("-")
        if word in table:
            follows = said[index + 1] if index + 1 < len(said) else ""
            found.append((str(table[word]), "k" if follows in THOUSANDS else None))
        elif word in THOUSANDS and index and said[index - 1] in table:
            continue
        elif any(_is_numeral(piece) for piece in pieces[:1] + pieces[-1:]) and (len(pieces) > 1 or word in LARGE):
            found += [("0", None), ("0", None)]
        elif word in ONES and index and (said[index - 1] in table or said[index - 1] in ("and", "et", "y", "e")):
            found.append(("1", None))
    return found


def _is_in_phone(start: int, end: int, shown: Shown) -> bool:
    numbers = phonenumbers.PhoneNumberMatcher(shown.text[:MAX_TEXT], shown.region)
    return any(match.start < end and start < match.end for match in numbers)


def _refuse_unwanted(start: int, end: int, shown: Shown) -> None:
    """For words that say what is wanted, or how something is: what the message says no to is neither."""
    if is_unwanted(_said_before(start, shown), _said_behind(end, shown), shown.message.language):
        raise Denied("the message says no to it")


def _choice(start: int, end: int, shown: Shown, extra: ProfileField) -> Note:
    """The one choice whose name stands in the words."""
    words = fold(shown.text[start:end]).text
    named: dict[str, set[str]] = {}
    for key, label in extra.choices:
        hits = {
            name for name in _names_of(key, label) if re.search(rf"(?<!\w){re.escape(name)}(?:e?[sn])?(?!\w)", words)
        }
        if hits:
            named[key] = hits
    # "Compact SUV" names "SUV" too.
    longest = {
        key
        for key, hits in named.items()
        if not any(
            other != key and any(hit in longer and hit != longer for hit in hits for longer in others)
            for other, others in named.items()
        )
    }
    if len(longest) != 1:
        raise NotGrounded("none of the choices" if not longest else "several of the choices")
    if is_denied(f"{clause_before(_said_before(start, shown))}{words}", shown.message.language):
        raise Denied("the message says no to it")
    _refuse_unwanted(start, end, shown)
    (key,) = longest
    return Note(key, f"from “{one_line(shown.text[start:end])}”")


def _names_of(key: str, label: str) -> set[str]:
    """What a choice is called: its label, the parts of "Sedan / Saloon (4 doors)", and its key."""
    parts = [label, *re.split(r"[/,;()]|\bor\b", label), key.replace("_", " ").replace("-", " ")]
    return {name for part in parts if len(name := fold(part).text.strip()) > 1}


RELATED_LETTERS = 5
NOT_TELLING = word_set(
    "whether sender customer client wants their they have does with this that yes from will would been there which "
    "what person already says about need needs"
)
YES_NO_NOTE = "read from “{}”"
SUPPOSED = re.compile(
    r"\b(?:if|whether|unless|maybe|perhaps|wenn|falls|ob|vielleicht|peut-[eê]tre|tal vez|quiz[aá]s?|forse|talvez)\b"
    r"|\bnot sure\b|\b(?:si|se) (?:\w+ ){0,3}$"
)


def _yes_or_no(start: int, end: int, shown: Shown, extra: ProfileField) -> Note:
    """Yes or no to what the field is about, if the words or those right before them speak of it; a question says
    neither, unless its answer stands behind it."""
    before, words, behind = _said_before(start, shown), fold(shown.text[start:end]).text, _said_behind(end, shown)
    about = {_stem(word) for word in _letters(fold(f"{extra.label} {extra.meaning}").text) if word not in NOT_TELLING}
    speaking = [word for word in _letters(f"{before}{words}") if len(word) > 3]
    is_opposite = any(word.startswith("un") and _stem(word[2:]) in about for word in speaking)
    if not is_opposite and not any(_stem(word) in about for word in speaking):
        raise NotGrounded("the words don't speak of it")
    is_yes = answer_behind(behind)
    if is_yes is None and ("?" in words or re.match(r"[^.!\n?]*\?", behind)):
        raise NotGrounded("asked, not said")
    if SUPPOSED.search(f"{before}{words}"):
        raise NotGrounded("supposed, not said")
    if is_yes is None:
        is_yes = not (is_opposite or is_denied(f"{clause_before(before)}{words}", shown.message.language))
    return Note("yes" if is_yes else "no", YES_NO_NOTE.format(one_line(f"{before}{words}".strip())[:120]))


def _stem(word: str) -> str:
    return word[:RELATED_LETTERS]


def _said_before(start: int, shown: Shown) -> str:
    """What stands before in the same sentence and line, folded; at most 60 characters."""
    before = re.split(r"[.!?;\n]", shown.text[max(start - 60, 0) : start])[-1]
    return fold(f"x{before}").text[1:]


def _said_behind(end: int, shown: Shown) -> str:
    """What stands behind, folded; line ends stay."""
    return "\n".join(fold(f"x{line}").text[1:] for line in shown.text[end : end + 120].split("\n"))


GREETING = re.compile(
    r"(?:^|\n)[\s>*]*(?:hi|hello|hey|dear|good \w+|hola|estimad[oa]|buen[oa]s \w+|hallo|liebe[rs]?|sehr geehrte[rs]?"
    r"|guten \w+|bonjour|bonsoir|ch[eè]re?|ciao|salve|gentile|buon\w* ?\w*|car[oa]|ol[aá]|prezad[oa]|bo[am] \w+|to)"
    r"[ ,:]+(?:(?:mr|mrs|ms|miss|dr|prof|herrn?|frau|m|mme|monsieur|madame|sr|sra|señora?|sig|signora?|dott|dra?)\.? )*"
    r"(?:\w+ )?$",
    re.IGNORECASE,
)
NAME_CUE = re.compile(
    r"(?:name(?:'s| is|:)?|i'?m|i am|this is|thanks|thank you|regards|cheers|best|sincerely|soy|me llamo|mi nombre es"
    r"|ich bin|mein name ist|hei[sß]e|gr[uü](?:ss|ß)(?:en?)?|je suis|je m'appelle|cordialement|merci|gracias|saludos"
    r"|mi chiamo|sono|saluti|grazie|me chamo|meu nome [eé]|sou|obrigad[oa]|atenciosamente|abra[çc]os?)"
    r"[\s,.!-]+(?:\w+\s)?$",
    re.IGNORECASE,
)


def _name(start: int, end: int, shown: Shown) -> Note:
    """A name is written like one, or said to be one, and is not the one who is greeted."""
    before = shown.text[max(start - 30, 0) : start]
    words = shown.text[start:end]
    if GREETING.search(before):
        raise NotGrounded("this is who is greeted")
    said = NAME_CUE.search(fold(before).text + " ") or _has_line_for_itself(start, end, shown.text)
    is_shouted = words.isupper() and len(words) > 2 and not shown.text.isupper()
    if (words[:1].islower() or is_shouted) and not said:
        raise NotGrounded("not written as a name")
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
        raise NotGrounded("too long for one fact")
    if field == "mileage":
        return _mileage(value)
    if "@" in value or "://" in value:
        raise NotGrounded("holds an address")
    if not any(len(word) > 1 and word.casefold() not in PLAIN_WORDS for word in _letters(value)):
        raise NotGrounded("says nothing")
    return Note(value)


def _mileage(value: str) -> Note:
    if not MILEAGE.fullmatch(value):
        raise NotGrounded("not an odometer reading")
    found = list(money.find_mileage(value))
    return Note(found[0].value, found[0].note) if len(found) == 1 else Note(value)


def _letters(value: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", value)
