"""Whether a sentence that a model wrote claims something the message doesn't say. Pure: imports no Django.

Only what can be checked by the letter is: names, numbers, days, e-mail addresses and links.
"""

import re

from enrichment.normalise import fold, word_set

LINK = re.compile(
    r"https?://\S+|www\.\S+|[\w.+%-]+@[\w.-]+\.\w+"
    r"|\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|co|us|uk|de|info|biz|shop|ly|me|app|ai|dev|ru|cn)\b(?:/\S*)?"
)
NUMBER = re.compile(r"(?<![\w.,])[$€£#]?(\d[\d,.:/-]*\d|\d)\s?(k\b|thousand\b|grand\b)?(?:st|nd|rd|th|am|pm|%)?")
DIGITS = re.compile(r"\d+")
SMALL = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100,
}  # fmt: skip
# A summary is in English whatever the message is in.
DAYS = {
    "monday": "mon lunes montag lundi", "tuesday": "tue tues martes dienstag mardi",
    "wednesday": "wed miércoles miercoles mittwoch mercredi", "thursday": "thu thur thurs jueves donnerstag jeudi",
    "friday": "fri viernes freitag vendredi", "saturday": "sat sábado sabado samstag samedi",
    "sunday": "sun domingo sonntag dimanche", "january": "jan enero januar janvier",
    "february": "feb febrero februar février", "march": "mar marzo märz mars", "april": "apr abril avril",
    "june": "jun junio juni juin", "july": "jul julio juli juillet", "august": "aug agosto août",
    "september": "sep sept septiembre septembre", "october": "oct octubre oktober octobre",
    "november": "nov noviembre novembre", "december": "dec diciembre dezember décembre",
}  # fmt: skip
WHEN = {
    "today": "hoy heute aujourd'hui", "tomorrow": "tmrw tmr mañana manana morgen demain", "tonight": "heute soir noche",
    "yesterday": "ayer gestern hier", "weekend": "wochenende finde", "next week": "semana nächste woche semaine",
    "this week": "semana diese woche semaine", "next month": "mes nächsten monat mois",
}  # fmt: skip
# How a sentence about an inquiry begins without naming anybody.
OPENERS = word_set(
    """
    a about after all also an and another any apologies apparently appointment are as asap ask asked asks at
    automated based before booked booking brakes brief broken business buyer call caller can car client clients
    commercial company complaint consultation contact could current currently customer customers details does email
    emergency enquires existing family few first follow for former free from general guest has have he help her his
    home homeowner hopes household how if immediate in individual inquirer inquires inquiry interest interested is
    issue it job large lead likely local located long looking looks low maintenance man message more mother my need
    needed needs new no non not offer on one open order owner owners parent patient person plans please possible
    possibly potential previous price prices problem product project promotional proposal prospect prospective
    question questions quick quote recent recently repair repairs repeat replacement reported reports request
    requested requester requests required requires returning routine sales seeks sender services she short small so
    some somebody someone spam specific submitter support thanks that the their there they this to tries two unclear
    unhappy unsolicited unspecified urgent urgently use user vague vehicle very visitor wanted wants was we website
    when who will wishes with woman would writer you your
    """
)
GERUND = re.compile(r"[a-z]{3,}ing")
SENTENCE_END = re.compile(r"[.!?:;]\s+|\n|^\W*")
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


def unsupported(sentence: str, message: str, *, names: bool) -> str:
    """Why the sentence can't stand, in plain words, or "" if it can. `message` is folded (see normalise.fold).

    `names`: names must be in the message too; a reply greets and signs, so there they are not asked for.
    """
    for link in LINK.findall(sentence.casefold()):
        if link.strip(".,;:!?)>\"'") not in message:
            return f"the message has no link “{link}”"
    for shown, number in _numbers(LINK.sub(" ", fold(sentence).text)):
        if not _has_number(number, message):
            return f"the message has no number “{shown}”"
    return _unknown_day(sentence, message) or (_unknown_name(sentence, message) if names else "")


def _numbers(folded: str) -> list[tuple[str, str]]:
    """Each number as shown and as plain digits; "4k" is 4000, "3:00" is 3, "two" is 2, "one" is not a number."""
    found = [(match[0].strip(), _plain(match[1], bool(match[2]))) for match in NUMBER.finditer(folded)]
    return found + [(word, str(SMALL[word])) for word in WORD.findall(folded) if word in SMALL]


def _plain(digits: str, thousands: bool) -> str:
    digits = re.sub(r"[,.](?=\d{3}(?:\D|$))", "", digits.strip(".,:/-"))
    digits = re.sub(r"[:.]00?$", "", digits)
    if thousands:
        digits = f"{float(digits.replace(',', '.')) * 1000:.0f}" if re.fullmatch(r"\d+[.,]?\d*", digits) else digits
    return digits


def _has_number(number: str, message: str) -> bool:
    known = {plain for _, plain in _numbers(message)}
    if number in known or number.lstrip("0") in known:
        return True
    # A phone number or a date may be written with other marks between the same digits.
    digits = "".join(DIGITS.findall(number))
    return len(digits) >= 7 and digits in re.sub(r"[\s().+/-]", "", message)


def _unknown_day(sentence: str, message: str) -> str:
    words = set(WORD.findall(message))
    for match in WORD.finditer(sentence):
        day = match[0].casefold()
        if day in DAYS and not words & {day, f"{day}s", *DAYS[day].split()}:
            return f"the message does not name “{match[0]}”"
    return ""


def _unknown_name(sentence: str, message: str) -> str:
    words = set(WORD.findall(message))
    starts = {match.end() for match in SENTENCE_END.finditer(sentence)}
    for match in WORD.finditer(sentence):
        word = fold(match[0]).text.removesuffix("'s")
        is_named = match[0][0].isupper() and word != "i" and word not in DAYS
        opens = match.start() in starts and (word in OPENERS or GERUND.fullmatch(word))
        if is_named and not (opens or word in words or _pieces_known(word, words)):
            return f"the message does not name “{match[0]}”"
    said = f" {' '.join(WORD.findall(fold(sentence).text))} "
    for when, others in WHEN.items():
        if f" {when} " in said and when not in message and not words & set(others.split()):
            return f"the message does not say “{when}”"
    return ""


def _pieces_known(word: str, words: set[str]) -> bool:
    pieces = re.split(r"['-]", word)
    return len(pieces) > 1 and all(piece in words or piece in OPENERS for piece in pieces)
