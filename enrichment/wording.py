"""Whether a sentence that a model wrote claims something the message doesn't say. Pure: imports no Django.

Only what can be checked by the letter is: names, numbers, days, e-mail addresses and links.
"""

import re
import unicodedata
from collections.abc import Mapping

from enrichment.normalise import fold
from enrichment.wording_words import (
    ANY_NUMBER_WORD,
    DAYS,
    GERMAN_NOUNS,
    LARGE,
    LOOSE_WHEN,
    MONTHS,
    NUMBER_WORDS,
    ONES,
    OPENERS,
    SHORT_DAYS,
    SHORT_MONTHS,
    WHEN,
)

LINK = re.compile(
    r"https?://\S+|www\.\S+|[\w.+%-]+@[\w.-]+\.\w+|\b[a-z0-9-]{2,}(?:\.[a-z0-9-]{2,})*\.[a-z]{2,24}\b(?:/\S*)?"
    r"|\b\w+ (?:dot|punto|punkt|point|ponto) (?:com|net|org|io|info|shop)\b"
)
NUMBER = re.compile(r"(?<![\w.,])[$€£#]?(\d[\d,.:/-]*\d|\d)\s?(k\b|thousand\b|grand\b)?(?:st|nd|rd|th|am|pm|%)?")
# "1 500" and "1'500" are one number.
PARTED = re.compile(r"(?<=\d)[ '](?=\d{3}(?!\d))")
CODE = re.compile(r"(?<![\w.@/-])[a-z]{1,4}-?\d{1,5}\w{0,4}(?!\w)")
LARGE_DIGITS = re.compile(r"\d\s?k\b|000")
CURRENCIES: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "dollars": r"(?<![a-z])(?:us)?\$|\b(?:dollars?|bucks|usd|d[oó]lare?s|d[oó]lar|dollari|dollar)\b",
        "other dollars": r"\b(?:ca|c|a|au|nz|hk|s|sg|mx)\$|\b(?:cad|aud|nzd|hkd|sgd)\b",
        "euros": r"€|\b(?:euros?|eur)\b",
        "pounds": r"£|\b(?:pounds?|quid|gbp|pfund|livres|libras|sterline)\b",
        "francs": r"\b(?:chf|franken|francs?|franchi|francos?)\b",
        "reais": r"\br\$|\b(?:brl|reais)\b",
        "yen": r"¥|\b(?:yen|jpy)\b",
        "rupees": r"₹|\b(?:inr|rupees?)\b",
    }.items()
}
DIGITS = re.compile(r"\d+")
GERUND = re.compile(r"[a-z]{3,}ing")
SENTENCE_END = re.compile(r"[.!?:;]\s+|\n|^\W*")
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


def unsupported(sentence: str, message: str, *, names: bool, language: str = "en") -> str:
    """Why the sentence can't stand, in plain words, or "" if it can. `message` is folded (see normalise.fold).

    `names`: names must be in the message too; a reply greets and signs, so there they are not asked for. `language`:
    the two-letter code of what the sentence should be written in; English is always understood.
    """
    said = fold(sentence).text
    for link in LINK.findall(said):
        if link.strip(".,;:!?)>\"'") not in message:
            return f"the message has no link “{link}”"
    reason = _unknown_number(LINK.sub(" ", said), message, language) or _unknown_currency(said, message)
    reason = reason or _unknown_day(sentence, message, language)
    reason = reason or (_unknown_name(sentence, message, language) if names else "")
    return reason or _unknown_time(sentence, message, language)


def _unknown_currency(said: str, message: str) -> str:
    """Another currency than the message's; where it names none, the business's own is meant."""
    known = {name for name, pattern in CURRENCIES.items() if pattern.search(message)}
    if "other dollars" in known:
        known.add("dollars")
    for name, pattern in CURRENCIES.items():
        match = pattern.search(said)
        if known and match and name not in known:
            return f"the message does not speak of “{match[0]}”"
    return ""


def _unknown_number(said: str, message: str, language: str) -> str:
    known = _known_numbers(message)
    for shown, number in _numbers(PARTED.sub("", said), _number_words(language)):
        if not _has_number(number, known, message):
            return f"the message has no number “{shown}”"
    squeezed = re.sub(r"[\s-]", "", message)
    for match in CODE.finditer(said):
        if match[0].replace("-", "") not in squeezed:
            return f"the message has no number “{match[0]}”"
    words = set(WORD.findall(message))
    for word in WORD.findall(said):
        if word in LARGE and word != "k" and not words & LARGE and not LARGE_DIGITS.search(message):
            return f"the message has no number “{word}”"
    return ""


def _number_words(language: str) -> Mapping[str, int]:
    return {**NUMBER_WORDS["en"], **NUMBER_WORDS.get(language, {})}


def _known_numbers(message: str) -> set[str]:
    joined = PARTED.sub("", message)
    numbers = {plain for text in (message, joined) for _, plain in _numbers(text, ANY_NUMBER_WORD)}
    thousands = re.findall(r"([^\W\d_]+) (?:thousand|tausend|mille|mila|mil)\b", message)
    return numbers | {f"{ANY_NUMBER_WORD[word]}000" for word in thousands if word in ANY_NUMBER_WORD}


def _numbers(folded: str, words: Mapping[str, int]) -> list[tuple[str, str]]:
    """Each number as shown and as plain digits; "4k" is 4000, "3:00" is 3, "two" is 2, "one" is not a number."""
    found = [(match[0].strip(), _plain(match[1], bool(match[2]))) for match in NUMBER.finditer(folded)]
    return found + [(word, number) for word in WORD.findall(folded) if (number := _worth(word, words))]


GERMAN_TENS = re.compile(r"(ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun)und(\w+zig|dreissig)")


def _worth(word: str, words: Mapping[str, int]) -> str:
    """What a word comes to as a number, "" for all others: "two" is 2, "twenty-five" and "fünfundzwanzig" are 25."""
    if word in words:
        return str(words[word])
    if german := GERMAN_TENS.fullmatch(word):
        ones, tens = words.get(german[1], 1), words.get(german[2])
        return str(ones + tens) if tens else ""
    ten, _, one = word.partition("-")
    ones = 1 if one in ONES else words.get(one, 0)
    return str(words[ten] + ones) if 20 <= words.get(ten, 0) <= 90 and 0 < ones < 10 else ""


def _plain(digits: str, thousands: bool) -> str:
    digits = re.sub(r"[,.](?=\d{3}(?:\D|$))", "", digits.strip(".,:/-"))
    digits = re.sub(r"[:.]00?$", "", digits)
    if thousands:
        digits = f"{float(digits.replace(',', '.')) * 1000:.0f}" if re.fullmatch(r"\d+[.,]?\d*", digits) else digits
    return digits


def _has_number(number: str, known: set[str], message: str) -> bool:
    if number in known or number.lstrip("0") in known:
        return True
    # A phone number or a date may be written with other marks between the same digits.
    digits = "".join(DIGITS.findall(number))
    return len(digits) >= 7 and digits in re.sub(r"[\s().+/-]", "", message)


def _unknown_day(sentence: str, message: str, language: str) -> str:
    words = set(WORD.findall(message))
    for table, short in ((DAYS, SHORT_DAYS), (MONTHS, SHORT_MONTHS)):
        places = _places(table, language)
        for match in WORD.finditer(sentence):
            place = places.get(match[0].casefold())
            if place is None:
                continue
            said = {name for names in table.values() for name in _forms(names[place])} | {*short[place].split()}
            if not words & said:
                return f"the message does not name “{match[0]}”"
    return ""


def _places(table: Mapping[str, tuple[str, ...]], language: str) -> dict[str, int]:
    """Where in the table each word of the sentence's language stands; English is understood too."""
    names = [*table["en"], *table.get(language, ())]
    return {name: place % len(table["en"]) for place, name in enumerate(names) if name}


UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def _plain_forms(word: str) -> tuple[str, ...]:
    """How the word is written where there are no accents: "zoe" for "zoë", "mueller" for "müller"."""
    if word.isascii():
        return ()
    plain = "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))
    return (plain, word.translate(UMLAUTS))


def _forms(name: str) -> set[str]:
    """A name with its plural, without its accents, and "segunda" for "segunda-feira"."""
    plain = "".join(char for char in unicodedata.normalize("NFD", name) if not unicodedata.combining(char))
    return {form for each in (name, plain) for form in (each, f"{each}s", each.removesuffix("-feira")) if each}


def _unknown_name(sentence: str, message: str, language: str) -> str:
    words = {form for word in WORD.findall(message) for form in (word, *_plain_forms(word))}
    starts = {match.end() for match in SENTENCE_END.finditer(sentence)}
    for match in WORD.finditer(sentence):
        if match[0][0].isupper() and not _is_borne_out(match, words, match.start() in starts, language):
            return f"the message does not name “{match[0]}”"
    return ""


def _unknown_time(sentence: str, message: str, language: str) -> str:
    words = set(WORD.findall(message))
    said = f" {' '.join(WORD.findall(fold(sentence).text))} "
    for when, place in _places(WHEN, language).items():
        if f" {when} " in said and not _says_when(place, message, words):
            return f"the message does not say “{when}”"
    return ""


def _is_borne_out(match: re.Match[str], words: set[str], is_first: bool, language: str) -> bool:
    """Whether a word with a capital letter is in the message, or names nobody."""
    word = fold(match[0]).text.removesuffix("'s")
    openers = OPENERS["en"] | OPENERS.get(language, frozenset())
    if word == "i" or word in words or _is_day(word, language) or _pieces_known(word, words, openers):
        return True
    if language == "de" and _is_german_noun(word):
        return True
    return is_first and (word in openers or GERUND.fullmatch(word) is not None)


def _is_day(word: str, language: str) -> bool:
    return any(word in _places(table, language) for table in (DAYS, MONTHS))


def _is_german_noun(word: str) -> bool:
    tails = {word, word.removesuffix("s"), word.removesuffix("n"), word.removesuffix("en")}
    return any(tail in GERMAN_NOUNS or any(tail[-size:] in GERMAN_NOUNS for size in range(5, 13)) for tail in tails)


def _says_when(place: int, message: str, words: set[str]) -> bool:
    if words & set(LOOSE_WHEN[place].split()):
        return True
    phrases = [names[place] for names in WHEN.values()]
    return any(phrase in message if " " in phrase else phrase in words for phrase in phrases)


def _pieces_known(word: str, words: set[str], openers: frozenset[str]) -> bool:
    pieces = re.split(r"['-]", word)
    return len(pieces) > 1 and all(piece in words or piece in openers for piece in pieces)
