"""The wanted date, counted from the day the message was received. Pure.

Own arithmetic, not dateparser: the patterns that find a date give its day, month and time as groups already, and
dateparser would take 0.4 to 1 ms more for each, put the hour of receipt into "tomorrow" and "the 14th" into the past.
Words that leave the day open, and days told as past, are not found at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from enrichment.extraction.source import Candidate
from enrichment.extraction.words import word_set

MONTH_FIRST = word_set("US PH PR GU VI AS MP FM MH PW BZ CA")

_MONTH_NAMES = (
    "january jan enero januar janvier gennaio janeiro januari",
    "february feb febrero februar février fevrier févr febbraio fevereiro februari",
    "march mar marzo märz maerz mars março maart",
    "april apr abril avril aprile",
    "may mayo mai maggio maio mei",
    "june jun junio juni juin giugno junho",
    "july jul julio juli juillet luglio julho",
    "august aug agosto août aout augustus",
    "september sept sep septiembre setiembre septembre settembre setembro",
    "october oct octubre oktober okt octobre ottobre outubro",
    "november nov noviembre novembre novembro",
    "december dec diciembre dezember dez décembre dicembre dezembro",
)
_WEEKDAY_NAMES = (
    "monday mon lunes montag lundi lunedì maandag segunda-feira",
    "tuesday tue tues martes dienstag mardi martedì dinsdag terça-feira",
    "wednesday wed weds miércoles miercoles mittwoch mercredi mercoledì woensdag quarta-feira",
    "thursday thu thur thurs jueves donnerstag jeudi giovedì donderdag quinta-feira",
    "friday fri viernes freitag vendredi venerdì vrijdag sexta-feira",
    "saturday sat sábado sabado samstag sonnabend samedi sabato zaterdag",
    "sunday sun domingo sonntag dimanche domenica zondag",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}
_DAYS_AHEAD = {
    "day after tomorrow": 2, "pasado mañana": 2, "übermorgen": 2, "uebermorgen": 2, "après-demain": 2, "dopodomani": 2,
    "tomorrow": 1, "tmrw": 1, "tmr": 1, "mañana": 1, "morgen": 1, "demain": 1, "domani": 1, "amanhã": 1,
    "today": 0, "tonight": 0, "hoy": 0, "heute": 0, "aujourd'hui": 0, "oggi": 0, "hoje": 0,
}  # fmt: skip
_NUMBER_WORDS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10,
    "couple of": 2, "a couple of": 2,
}  # fmt: skip


def _any(names: dict[str, int]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_M = rf"(?P<month>{_any(_MONTHS)})\b\.?"
_D = r"(?P<day>\d{1,2})"
_TH = r"(?P<th>st|nd|rd|th|er|º|°|\.)?"
_Y = r"(?:,?[ ](?:de[ ]|del[ ])?(?P<year>(?:19|20)\d\d)(?![\d:]))?"
# "February 9 and 10, 2027": the year stands behind the second day.
_SECOND = r"(?P<second>(?:[ ](?:and|or|&|to)[ ]|[ ]?[-–][ ]?)\d{1,2}(?:st|nd|rd|th)?(?=,?[ ](?:19|20)\d\d(?![\d:])))?"
_ISO = re.compile(
    r"(?<![\d/.-])(?P<year>20\d\d)-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[T ](?P<time>\d\d:\d\d))?(?![\d-])"
)
_NUMERIC = re.compile(
    r"(?<![\d/.$€£#-])(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?:(?P=sep)(?P<year>(?:20|19)\d\d"
    r"|\d\d)?)?(?![\d/%\"]|[.,-]\d)"
)
_MONTH_DAY = re.compile(rf"\b{_M}[ ](?:the[ ])?{_D}{_TH}(?![\d:/%]|[.,]\d|[ ]?(?:am|pm)\b){_SECOND}{_Y}", re.I)
_DAY_MONTH = re.compile(rf"(?<![\d:/.,$€£-]){_D}{_TH}[ ]?(?:of[ ]|de[ ]|di[ ])?{_M}{_Y}", re.I)
_ORDINAL = re.compile(
    rf"\b(?:on|by|for|before|until|till|after|around|or|is|el día|am"
    rf"|(?:{_any(_WEEKDAYS)}),?)[ ](?:the[ ])?(?P<day>\d{{1,2}})(?P<th>st|nd|rd|th)"
    rf"(?![ ](?:of[ ])?(?:{_any(_MONTHS)})\b)"
    r"(?![ ]?(?:floor|ave|avenue|st\b|street|grade|time|birthday|anniversary|gen|century|place|row|hour"
    r"|day|week|visit|session|appointment|attempt|car|generation)|[-\w])", re.I
)  # fmt: skip
_WEEKDAY = re.compile(
    rf"(?:\b(?P<which>this coming|this|next|coming|upcoming|the following|nächsten?|kommenden?|diesen|am|el próximo"
    rf"|próximo|este"
    rf"|el|ce|on|by|for|prochain|questo|prossimo|volgende|komende)[ ])?(?<!\w)(?P<weekday>{_any(_WEEKDAYS)})\b\.?"
    rf"(?:[ ](?P<after>prochain|próximo|que viene|prossimo))?(?!['-]?s\b|[ ]?(?:-|–|to|thru|through|bis|a|au"
    rf"|hasta)[ ]?(?:{_any(_WEEKDAYS)})\b)",
    re.I,
)
_RELATIVE = re.compile(rf"(?<![\w-])(?:the[ ])?(?P<word>{_any(_DAYS_AHEAD)})(?![\w-]|'s)", re.I)
_IN_DAYS = re.compile(
    rf"\b(?:in|en|dans)[ ](?P<number>\d{{1,2}}|{_any(_NUMBER_WORDS)})[ ](?P<unit>days?|weeks?|tagen?|wochen?|días?"
    rf"|semanas?|jours?|semaines?)"
    r"(?:['’]? time)?\b(?! of)", re.I
)  # fmt: skip

_CLOCK = (
    r"(?P<hour>\d{1,2})(?:(?::|\.|h)(?P<minute>[0-5]\d))?[ ]?(?P<half>a\.?m\b\.?|p\.?m\b\.?|o'?clock|uhr|hrs?\b|h\b)?"
    r"(?P<until>[ ]?(?:-|–|to|and|bis)[ ]?\d{1,2}(?:[:.][0-5]\d)?[ ]?(?P<half2>a\.?m\b\.?|p\.?m\b\.?|uhr)?)?(?![\d/%])"
)
_AT = r"(?:at|@|around|about|by|after|before|between|from|um|gegen|ab|a las?|à|vers|alle|om)"
_TIME_AFTER = re.compile(
    rf"[ ,]{{0,3}}(?:(?:in the |at |early |late )?(?P<part>morning|afternoon|evening|night|noon|midday)\b[ ,]{{0,2}})?"
    rf"(?:(?P<at>{_AT})[ ]{{1,2}}(?:around |about )?)?(?:{_CLOCK})?", re.I
)  # fmt: skip
_TIME_BEFORE = re.compile(rf"(?<![\d$€£.,:/-])(?:\b(?P<at>{_AT})[ ])?{_CLOCK}[ ,]{{0,2}}(?:on[ ])?$", re.I)

_PAST = re.compile(
    r"\b(?:thanks? (?:you )?for|last|since|every|each|previous|past|ago|yesterday|(?:was|were)(?! (?:hoping"
    r"|wondering|thinking|looking|planning|trying))"
    r"|came|brought|bought|got|had|received|started|happened|ordered|called|visited|did|dropped|purchased|paid|sent"
    r"|made|went"
    r"|spoke|talked|picked|began|been|arrived|emailed|wrote|broke|used|tried|saw|checked|added|stopped|noticed|died"
    r"|took|born|dob|birthday|wurde|habe|war"
    r"|seit|letzten?|desde|compré|fue|pasado|depuis|dernier|acheté|expired?|expires|dated|open|opened|closed|hours"
    r"|abierto"
    r"|geöffnet|ouverts?)\b(?![^.!?\n]*\b(?:but|can i|could i|i'd like|i want|i need|please)\b)[^.!?\n]{0,60}$",
    re.I,
)
_HOUSE_PAST = re.compile(
    r"[ ](?:morning |afternoon |night |evening )?(?:i |we |it |my |he |she |and )?(?:noticed|was|were|got|had"
    r"|started|came)\b",
    re.I,
)
_WANTED = re.compile(
    r"\b(?:need|want|can|could|come|book|appointment|available|availability|call|fix|asap|please|possible|possibly"
    r"|schedule|visit"
    r"|get|by|for|until|necesito|puedo|pueden|cita|brauche|kann|können|termin|besoin|peux|pouvez|rendez-vous|free|open"
    r"|opening|slot|see|fit|squeeze|deliver|delivery|pick|drop|ready|help|someone)\b", re.I
)  # fmt: skip
_GREETING_DAY = re.compile(
    r"\b(?:how are you|how's it going|(?:good|great|nice|wonderful|lovely) (?:day|one)|guten|en la|por la"
    r"|jeden)[ ](?:doing )?$",
    re.I,
)
_CUE = re.compile(
    r"(?:\b(?:on|by|for|before|until|till|after|from|date|due|is|starting|beginning|around|am|vom|zum|bis|el|le|du"
    r"|para|datum"
    r"|fecha|the|of|at|pm|available|between|mon|tue|wed|thu|fri|sat|sun)|day|[:,(])[ ]{0,2}$", re.I
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Read:
    """One reading of a match: the day, how it was read, how sure."""

    day: date
    note: str
    confidence: float


def find_dates(text: str, received_at: datetime, region: str) -> Iterator[Candidate]:
    """`text`: what the sender wrote, with phone numbers and addresses emptied; "today" is the day of `received_at`
    in its own time zone. Values are "2026-11-27" or "2026-11-27T15:00", local to the sender."""
    today = received_at.date()
    month_first = region.upper() in MONTH_FIRST
    taken: list[tuple[int, int]] = []
    for pattern, reader in _READERS:
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            try:
                read = reader(match, today, month_first)
            except (ValueError, OverflowError):  # the 31st of February, the year 9999
                continue
            if read and read.day >= today:
                taken.append(match.span())
                yield _with_time(match, read)


def _with_time(match: re.Match[str], read: _Read) -> Candidate:
    text, start, end, notes = match.string, match.start(), match.end(), [read.note] if read.note else []
    time = match.groupdict().get("time")
    if not time:
        after = _TIME_AFTER.match(text, end)
        before = _TIME_BEFORE.search(text, max(0, start - 24), start)
        if after and (found := _clock(after)):
            time, note = found
            end = after.end()
        elif before and (found := _clock(before)):
            time, note = found
            start = before.start()
        else:
            note = ""
            if after and after["part"]:
                end = after.end("part")
                time, note = (
                    ("12:00", "")
                    if after["part"].lower() in ("noon", "midday")
                    else (None, f"In the {after['part'].lower()}.")
                )
        notes += [note] if note else []
    value = f"{read.day.isoformat()}T{time}" if time else read.day.isoformat()
    while text[start] in " \n":
        start += 1
    words = text[start:end].rstrip(" ,")
    if words.endswith(".") and not re.search(r"\.m\.$", words):
        words = words.rstrip(".")
    return Candidate("date", value, read.confidence, start, start + len(words), " ".join(notes))


def _clock(match: re.Match[str]) -> tuple[str, str] | None:
    """ "15:00" and how it was read; None when the number is no time of day."""
    if not match["hour"]:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = (match["half"] or match["half2"] or "").lower().replace(".", "")
    if not (half or match["minute"] or match["at"]) or hour > 24 or (half in ("am", "pm") and not 1 <= hour <= 12):
        return None
    note = "The first of two times." if match["until"] else ""
    if half == "pm" or half == "am":
        hour = hour % 12 + (12 if half == "pm" else 0)
        if match["until"] and not match["half"] and half == "pm" and hour - 12 > _until_hour(match):
            hour -= 12  # "11 to 1pm" starts in the morning
    elif 1 <= hour <= 6 and not half and len(match["hour"]) == 1:
        note = f"{match['hour']}:{minute:02} read as {hour + 12}:{minute:02}. {note}".strip()
        hour += 12
    return (f"{hour:02}:{minute:02}", note) if hour < 24 else None


def _until_hour(match: re.Match[str]) -> int:
    found = re.search(r"\d{1,2}", match["until"])
    return int(found[0]) % 12 if found else 12


def _is_past(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 90) : match.start()]
    return bool(_PAST.search(before))


# "from the 3rd until the 6th of January": the first day is wanted, and it is not whole.
_RANGE_END = re.compile(r"\d(?:st|nd|rd|th)?[ ]?(?:to|until|till|through|thru|-|–|and|bis|al?)[ ](?:the )?$", re.I)


def _ends_range(match: re.Match[str]) -> bool:
    return _RANGE_END.search(match.string, max(0, match.start() - 20), match.start()) is not None


def _read_iso(match: re.Match[str], today: date, month_first: bool) -> _Read:
    return _Read(date(int(match["year"]), int(match["month"]), int(match["day"])), "", 0.9)


_DOTTED_CUE = re.compile(r"\b(?:am|vom|zum|bis|ab|den|dem|für|le|du|il|al|dal)[ ]$", re.I)


def _read_numeric(match: re.Match[str], today: date, month_first: bool) -> _Read | None:
    first, second, separator = int(match["a"]), int(match["b"]), match["sep"]
    ends_with_separator = match[0].endswith(separator)
    if match[0] == "24/7" or (separator == "-" and not match["year"]):
        return None
    before = match.string[max(0, match.start() - 12) : match.start()]
    # "am 12.5." is a date; "at 8.30." is a time and 12.5 a number.
    if separator == "." and not match["year"] and not (ends_with_separator and _DOTTED_CUE.search(before)):
        return None
    if (
        not match["year"]
        and not _CUE.search(before)
        and not (len(match["a"]) == 2 and len(match["b"]) == 2 and separator == "/")
    ):
        return None
    if separator == "/" and ends_with_separator:
        return None
    is_month_first = month_first and separator != "."
    month, day = (first, second) if is_month_first else (second, first)
    if month > 12:
        month, day = day, month
    note = f"“{match[0].strip()}” read as {'month and day' if month == first and day == second else 'day and month'}."
    is_sure = max(first, second) > 12 or first == second
    return _dated(
        match, today, month, day, _full_year(match["year"], today), "" if is_sure else note, 0.85 if is_sure else 0.75
    )


def _full_year(words: str | None, today: date) -> int | None:
    if not words or len(words) == 4:
        return int(words) if words else None
    year = today.year - today.year % 100 + int(words)
    return year if year <= today.year + 10 else year - 100


def _read_month_name(match: re.Match[str], today: date, month_first: bool) -> _Read | None:
    name = match["month"]
    if _ends_range(match):
        return None
    if name in ("may", "mar", "sep", "mars", "mai", "mei", "march") and not (match["th"] or match["year"]):
        before = match.string[max(0, match.start() - 12) : match.start()]
        if name in ("may", "march", "mar", "sep") and not _CUE.search(before):
            return None
    year = int(match["year"]) if match["year"] else None
    note = "The first of two days." if match.groupdict().get("second") else ""
    return _dated(match, today, _MONTHS[name.lower()], int(match["day"]), year, note, 0.88)


def _dated(
    match: re.Match[str], today: date, month: int, day: int, year: int | None, note: str, confidence: float
) -> _Read | None:
    """Without a year the next such day; a day of the last weeks, or one told as past, is not wanted."""
    if year:
        return None if _is_past(match) else _Read(date(year, month, day), note, confidence)
    found = date(today.year, month, day)
    if _is_past(match) or today - timedelta(days=45) <= found < today:
        return None
    if found < today:
        found = date(today.year + 1, month, day)
    return _Read(found, f"{note} The year is not written: the next such day.".strip(), confidence - 0.05)


def _read_ordinal(match: re.Match[str], today: date, month_first: bool) -> _Read | None:
    if _is_past(match) or _ends_range(match) or not 1 <= int(match["day"]) <= 31:
        return None
    month = today.replace(day=1)
    for _ in range(4):
        try:
            found = month.replace(day=int(match["day"]))
        except ValueError:
            found = today - timedelta(days=1)
        if found >= today:
            return _Read(found, _counted(match), 0.7)
        month = (month + timedelta(days=32)).replace(day=1)
    return None


_DATE_FOLLOWS = re.compile(
    rf",?[ ](?:the |den )?(?:\d{{1,2}}(?:st|nd|rd|th|\.|/|[ ](?:{_any(_MONTHS)})\b)|(?:{_any(_MONTHS)})\.?[ ]\d)", re.I
)


def _read_weekday(match: re.Match[str], today: date, month_first: bool) -> _Read | None:
    name = match["weekday"]
    if (
        _is_past(match)
        or _HOUSE_PAST.match(match.string, match.end())
        or _DATE_FOLLOWS.match(match.string, match.end())
    ):
        return None
    # Short or small forms are words of their own: "sat", "sun", "mar", "mon".
    if len(name) <= 4 and not (name[0].isupper() and not name.isupper()) and not match["which"]:
        return None
    before = match.string[max(0, match.start() - 26) : match.start()].lower()
    if re.search(rf"(?:{_any(_WEEKDAYS)})[ ]?(?:-|–|to|thru|through|bis|a)[ ]?$", before):
        return None
    ahead = (_WEEKDAYS[name.lower()] - today.weekday() - 1) % 7 + 1
    has_hint = match["which"] or match["after"]
    return _Read(today + timedelta(days=ahead), _counted(match), 0.8 if has_hint else 0.7)


def _read_relative(match: re.Match[str], today: date, month_first: bool) -> _Read | None:
    word, text = match["word"].lower(), match.string
    before = text[max(0, match.start() - 90) : match.start()]
    if _GREETING_DAY.search(before) or _HOUSE_PAST.match(text, match.end()) or _is_past(match):
        return None
    if word == "morgen" and (match["word"] != "morgen" or re.search(r"\b(?:am|diesen) $", before)):
        return None
    if word == "mañana" and re.search(r"\b(?:la|de la|esta) $", before, re.I):
        return None
    ahead = _DAYS_AHEAD[word]
    if ahead == 0 and not is_wanted_today(match):
        return None
    return _Read(today + timedelta(days=ahead), _counted(match), 0.85 if ahead else 0.75)


def is_wanted_today(match: re.Match[str]) -> bool:
    """Whether "today" is when something is wanted: not "I noticed today", not "how are you today"."""
    text, start, end = match.string, match.start(), match.end()
    before = text[max(0, start - 90) : start]
    if _GREETING_DAY.search(before) or _PAST.search(before) or _HOUSE_PAST.match(text, end):
        return False
    sentence = re.split(r"[.!?\n]", before)[-1] + re.split(r"[.!?\n]", text[end : end + 60])[0]
    return _WANTED.search(sentence) is not None


def _read_in_days(match: re.Match[str], today: date, month_first: bool) -> _Read | None:
    if _is_past(match):
        return None
    number = _NUMBER_WORDS.get(match["number"].lower()) or int(match["number"])
    is_weeks = match["unit"].lower().startswith(("week", "woche", "semana", "semaine"))
    return _Read(today + timedelta(days=number * (7 if is_weeks else 1)), _counted(match), 0.55)


def _counted(match: re.Match[str]) -> str:
    return f"“{match[0].strip(' .')}”, counted from the day it was received."


_READERS = (
    (_ISO, _read_iso),
    (_MONTH_DAY, _read_month_name),
    (_DAY_MONTH, _read_month_name),
    (_NUMERIC, _read_numeric),
    (_RELATIVE, _read_relative),
    (_WEEKDAY, _read_weekday),
    (_ORDINAL, _read_ordinal),
    (_IN_DAYS, _read_in_days),
)
