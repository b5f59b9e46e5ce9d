"""Words as people write them, brought to the form that is stored and compared. Pure: imports no Django.

Each reader returns None when the words are not of its kind: nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import phonenumbers
from dateparser.date import DateDataParser

# Characters that show nothing but are letters or symbols to Unicode; used to smuggle or to split words.
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")
UNIFIED = str.maketrans(
    {"‘": "'", "’": "'", "‛": "'", "`": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "‐": "-", "‑": "-"}
)


@dataclass(frozen=True, slots=True)
class Note:
    """A normalised value and, where the words alone don't show it, how it was read."""

    value: str
    note: str = ""


def word_set(words: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(words.split())


# --- characters ---


def is_invisible(char: str) -> bool:
    """Zero-width, bidi, tag, control and private characters, and variation selectors; not line breaks and tabs."""
    if char in "\n\t":
        return False
    if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"} or char in BLANKS:
        return True
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def visible(text: str) -> str:
    """The text without invisible characters; a carriage return becomes a line break."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() and text.isprintable() else "".join(c for c in text if not is_invisible(c))


def one_line(text: str) -> str:
    """Visible characters in their compatibility form, each run of white space as one space."""
    return " ".join(unicodedata.normalize("NFKC", visible(text)).split())


@dataclass(frozen=True, slots=True)
class Folded:
    """A text made comparable, and for each of its characters the span in the original it came from."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's span for a span of the folded text that holds at least one character."""
        return self.starts[start], self.ends[end - 1]

    def find_all(self, needle: str) -> Iterator[tuple[int, int]]:
        """Every place where `needle` (folded) stands as whole words, as spans of the folded text."""
        start = self.text.find(needle) if needle else -1
        while start >= 0:
            end = start + len(needle)
            if self._is_whole(start, end):
                yield start, end
            start = self.text.find(needle, start + 1)

    def _is_whole(self, start: int, end: int) -> bool:
        return not (self._is_joined(start) or self._is_joined(end))

    def _is_joined(self, index: int) -> bool:
        """Whether the characters before and at `index` belong to one word, one number or one original character."""
        if not 0 < index < len(self.text):
            return False
        before, after = self.text[index - 1], self.text[index]
        if self.starts[index - 1] == self.starts[index]:
            return True
        if _is_word(before) and _is_word(after):
            return not (_is_unspaced(before) or _is_unspaced(after))
        return _is_number_joint(self.text, index)


def fold(text: str) -> Folded:
    """Case, compatibility forms, white space, quotes and dashes evened out; invisible characters left out."""
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        piece = "".join(c for c in text[start:end] if not is_invisible(c) or c == "\r")
        for char in unicodedata.normalize("NFKC", piece).casefold().translate(UNIFIED):
            if char.isspace():
                if not chars or chars[-1] == " ":
                    continue
                char = " "
            chars.append(char)
            starts.append(start)
            ends.append(end)
    return Folded("".join(chars), tuple(starts), tuple(ends))


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Spans of one character with the combining marks after it, which NFKC may melt into one."""
    cuts = [i for i, char in enumerate(text) if i == 0 or not unicodedata.combining(char)]
    yield from pairwise([*cuts, len(text)])


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _is_unspaced(char: str) -> bool:
    """Thai, Chinese, Japanese and Korean put no space between words (or a particle right behind a name)."""
    return "\u0e00" <= char <= "\u0e7f" or "\u3040" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3"


def _is_number_joint(text: str, index: int) -> bool:
    """Whether a cut at `index` would part one number, date or time, like 4,500 or 12/05 or 10:30."""
    around = text[max(index - 2, 0) : index + 2]
    joints = ".,:/-"
    return len(around) >= 3 and bool(
        (text[index] in joints and text[index - 1].isdigit() and text[index + 1 : index + 2].isdigit())
        or (text[index - 1] in joints and index >= 2 and text[index - 2].isdigit() and text[index].isdigit())
    )


# --- e-mail, phone, web ---

EMAIL = re.compile(r"[a-z0-9._%+'-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}", re.IGNORECASE)
URL = re.compile(r"(?:https?://)?((?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24})(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE)


def email(words: str) -> str | None:
    """The address in lower case: "Jane.Doe@Example.com" -> "jane.doe@example.com"."""
    words = one_line(words).removeprefix("mailto:").strip("<>()[],;. ")
    return words.lower() if EMAIL.fullmatch(words) and ".." not in words else None


def phone(words: str, region: str) -> str | None:
    """E.164, read as a number of `region` unless it says otherwise: "(512) 555-0142" -> "+15125550142"."""
    try:
        number = phonenumbers.parse(one_line(words), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def website(words: str) -> str | None:
    """An address with scheme: "Acme.com/shop" -> "https://acme.com/shop"; an e-mail address is none."""
    words = one_line(words).strip("<>()[],;. ")
    match = URL.fullmatch(words)
    if match is None:
        return None
    scheme = "http" if words.lower().startswith("http://") else "https"
    return f"{scheme}://{match[1].lower()}{match[2] or ''}{match[3] or ''}"


# --- money ---

CURRENCIES = {
    "$": "", "us$": "USD", "usd": "USD", "dollar": "", "dollars": "", "buck": "", "bucks": "",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP",
    "quid": "GBP", "¥": "JPY", "jpy": "JPY", "yen": "JPY", "₹": "INR", "inr": "INR", "rs": "INR", "rupees": "INR",
    "chf": "CHF", "cad": "CAD", "c$": "CAD", "ca$": "CAD", "aud": "AUD", "a$": "AUD", "nzd": "NZD", "mxn": "MXN",
    "franken": "CHF", "francs": "CHF", "r$": "BRL", "brl": "BRL", "reais": "BRL", "dólares": "", "dolares": "",
    "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "sg$": "SGD", "mx$": "MXN", "nt$": "TWD", "sgd": "SGD",
    "hkd": "HKD", "pln": "PLN", "zł": "PLN", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "₽": "RUB", "rubles": "RUB",
    "₪": "ILS", "₺": "TRY", "₩": "KRW", "₴": "UAH",
}  # fmt: skip
# What "$" and "dollars" mean; anywhere else the US dollar.
DOLLARS = {"CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "HK": "HKD"}
TIMES = {
    "k": 1000,
    "thousand": 1000,
    "grand": 1000,
    "tausend": 1000,
    "tsd": 1000,
    "mil": 1000,
    "mille": 1000,
    "mila": 1000,
    "m": 1_000_000,
    "mio": 1_000_000,
    "million": 1_000_000,
}
_CURRENCY = "|".join(sorted((re.escape(word) for word in CURRENCIES), key=len, reverse=True))
MONEY = re.compile(
    rf"(?:(?<![^\W\d_])(?P<before>{_CURRENCY})\s?)?"
    rf"(?P<number>\d{{1,3}}(?:[,.' ]\d{{3}})+(?:[.,]\d{{1,2}})?(?!\d)|\d{{1,9}}(?:[.,]\d{{1,3}})?)"
    rf"(?:\s?(?P<times>(?:{'|'.join(TIMES)})\b\.?))?(?:\s?(?:de\s)?(?P<after>(?:{_CURRENCY})(?!\w)))?",
    re.IGNORECASE,
)
# Words behind a number that make it another one than is read here.
_OTHER_TIMES = re.compile(
    r"\s?-?(?:hundred|hundert|cents?\b|billion|bn\b|mrd|milli?ard|millones|millions|millionen|mio|milh|milion|lakh|lac\b"
    r"|crores?\b|dozen|dutzend|million)"
)


RANGE = re.compile(r"\s?(?:-|to|and|or|bis|und|a|y|à|et)\s?", re.IGNORECASE)


def money(words: str, region: str = "US") -> Note | None:
    """ "$4k" -> "4000 USD"; of a range the upper end; without a currency in the words just "4000".

    Words with several amounts, or several numbers and no currency, are none: which one is meant can't be known.
    """
    words = fold(one_line(words)).text
    groups = _ranges(words)
    priced = [group for group in groups if any(match["before"] or match["after"] for match in group)]
    chosen = priced or groups
    if len(chosen) != 1:
        return None
    (group,) = chosen
    if any(_OTHER_TIMES.match(words, match.end("number")) and not match["times"] for match in group):
        return None
    amount = _number(group[-1]["number"]) * TIMES.get((group[-1]["times"] or "").lower().rstrip("."), 1)
    currency = next((found for match in reversed(group) if (found := _currency(match, region))), "")
    shown = f"{amount:.0f}" if amount == int(amount) else f"{amount:.2f}"
    note = f"the upper end of “{words[group[0].start() : group[-1].end()].strip()}”" if len(group) > 1 else ""
    return Note(f"{shown} {currency}".strip(), note) if amount > 0 else None


def _ranges(words: str) -> list[list[re.Match[str]]]:
    """The amounts in the words, those that are joined as a range ("2 to 3k") together."""
    groups: list[list[re.Match[str]]] = []
    for match in MONEY.finditer(words):
        joint = words[groups[-1][-1].end() : match.start()] if groups else ""
        if groups and len(groups[-1]) == 1 and RANGE.fullmatch(joint):
            groups[-1].append(match)
        else:
            groups.append([match])
    return groups


def has_currency(words: str) -> bool:
    """Whether the words name a currency by sign or by word."""
    return any(match["before"] or match["after"] for match in MONEY.finditer(one_line(words)))


def _number(digits: str) -> float:
    """A separator with exactly three digits behind it parts thousands, else it is the decimal mark."""
    digits = re.sub(r"[' ]", "", digits)
    digits = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits)
    return float(digits.replace(",", "."))


def _currency(match: re.Match[str], region: str) -> str:
    words = [word.lower() for word in (match["before"], match["after"]) if word]
    if not words:
        return ""
    # "$400 CAD"
    return next((CURRENCIES[word] for word in words if CURRENCIES[word]), DOLLARS.get(region, "USD"))


# --- dates ---

LANGUAGES = ["en", "es", "de", "fr", "it", "pt"]
HAS_DAY = re.compile(
    r"\b(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,7}\b"
    r"|\d{1,4}[/.-]\d{1,2}|\d(?:st|nd|rd|th)\b|tomorrow|today|tonight|\bin \w+ (?:day|week)s?\b"
    r"|\b(?:lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|ma[nñ]ana|hoy|enero|febrero|marzo|abril|mayo|junio"
    r"|julio|agosto|septiembre|octubre|noviembre|diciembre|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
    r"|morgen|heute|januar|februar|m[aä]rz|mai|juni|juli|oktober|dezember|lundi|mardi|mercredi|jeudi|vendredi|samedi"
    r"|dimanche|demain|aujourd'hui|janvier|f[eé]vrier|mars|avril|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[eé]cembre"
    r"|luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|sabato|domenica|domani|dopodomani|oggi|gennaio|febbraio|aprile"
    r"|maggio|giugno|luglio|settembre|ottobre|dicembre|(?:segunda|ter[çc]a|quarta|quinta|sexta)(?:-feira)?|amanh[aã]|hoje"
    r"|janeiro|fevereiro|mar[çc]o|maio|junho|julho|setembro|outubro|dezembro|[uü]bermorgen)\b",
    re.IGNORECASE,
)
HAS_CLOCK = re.compile(r"\d\s?(?:am|pm|a\.m\.|p\.m\.|uhr|h)\b|\d:\d\d|\bnoon\b", re.IGNORECASE)
HAS_YEAR = re.compile(r"\b(?:19|20)\d\d\b|\d[/.-]\d{1,2}[/.-]\d{2}\b")
LEADING = re.compile(
    r"^(?:(?:on|by|before|around|about|for|this|coming|next|the|el|este|pr[oó]xim[oa]|am|den|n[aä]chste[nr]?|kommenden|le|ce|"
    r"prochain|il|la|lo|questo|na|no|nesta|dia|em|per|para)\s+)+",
    re.IGNORECASE,
)
BARE_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)", re.IGNORECASE)
# Said behind a day without being an hour of the clock.
VAGUE_HOUR = re.compile(
    r",?\s+(?:(?:at|around|by)\s+\d{1,2}|(?:in the |early |late )?(?:morning|afternoon|evening|night)"
    r"|vormittags?|nachmittags?)$",
    re.IGNORECASE,
)


def wanted_date(words: str, *, received_at: datetime, region: str = "US", may_be_past: bool = False) -> Note | None:
    """A day, with the time where one is said: "next Friday at 3pm" -> "2026-11-27T15:00".

    Counted from `received_at` in its own time zone, the next such day; a day before that is none, unless it
    `may_be_past`. A month, a year, a time without a day and "next week" name no day and are none.
    """
    words = one_line(words)
    if len(words) > 60 or not HAS_DAY.search(words) or re.fullmatch(r"\d{1,2}\.\d{1,2}\.?", words):
        return None
    core = LEADING.sub("", words)
    ordinal = BARE_ORDINAL.fullmatch(core)
    when = _next_ordinal(int(ordinal[1]), received_at) if ordinal else _parsed(core, received_at, region)
    if when is None or (when.date() < received_at.date() and not may_be_past):
        return None
    timed = HAS_CLOCK.search(words) is not None and ordinal is None
    value = when.strftime("%Y-%m-%dT%H:%M") if timed else when.date().isoformat()
    note = "" if HAS_YEAR.search(words) else f"“{words}”, counted from the day it was received"
    return Note(value, note)


def _parsed(words: str, received_at: datetime, region: str) -> datetime | None:
    parser = DateDataParser(
        languages=LANGUAGES,
        settings={
            "RELATIVE_BASE": received_at.replace(tzinfo=None),
            "PREFER_DATES_FROM": "future",
            "DATE_ORDER": "MDY" if region == "US" else "DMY",
            "PREFER_LOCALE_DATE_ORDER": False,
            "RETURN_AS_TIMEZONE_AWARE": False,
            "RETURN_TIME_AS_PERIOD": True,
        },
    )
    for attempt in dict.fromkeys((words, VAGUE_HOUR.sub("", words))):
        found = parser.get_date_data(attempt)
        is_counted = found.period == "week" and words.lower().startswith("in ")
        if found.date_obj is not None and (found.period in {"day", "time"} or is_counted):
            return found.date_obj.replace(tzinfo=None)
    return None


def _next_ordinal(day: int, received_at: datetime) -> datetime | None:
    """The next "14th" from the day of receipt on, skipping months that have no such day."""
    start: date = received_at.date()
    days = (start + timedelta(days=ahead) for ahead in range(62))
    return next((datetime(d.year, d.month, d.day) for d in days if d.day == day), None)


# --- names ---

NOT_NAMES = word_set(
    "hi hello hey dear thanks thank regards best cheers sincerely team sir madam customer client sender owner user "
    "admin it is am are be do does did was were what which who how why when where can could would will this that these "
    "those there and or of to for with from in on at by not so if but as has have had need want get got buy new "
    "support sales info contact service anonymous unknown none test the a an i me my we you your please yes no ok "
    "monday tuesday wednesday thursday friday saturday sunday today tomorrow mr mrs ms miss dr prof"
)
PARTICLES = word_set("van von der den de da di du del della dos la le el al bin ibn y e ter ten zu af av")
NAME_WORD = re.compile(r"[^\W\d_]+(?:['.-][^\W\d_]+)*[.']?")


def person_name(words: str) -> str | None:
    """One part of a person's name, spelt as written; capitals are put right only where there are none or nothing else.

    "mark" -> "Mark", "McDonald" stays, "call me" is none.
    """
    words = one_line(words).strip(".,;:!?\"'()<>- ")
    parts = words.split()
    if not 1 <= len(parts) <= 4 or len(words) > 50:
        return None
    if any(not NAME_WORD.fullmatch(part) or part.casefold().strip(".") in NOT_NAMES for part in parts):
        return None
    if words.upper() != words.lower() and (words == words.lower() or (words == words.upper() and len(words) > 2)):
        return " ".join("-".join(piece.capitalize() for piece in part.split("-")) for part in parts)
    return None if any(part[0].islower() and part not in PARTICLES for part in parts) else words
