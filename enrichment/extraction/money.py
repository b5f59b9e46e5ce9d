"""Amounts of money, and mileage (so that neither is taken for the other). Pure."""

import re
from collections.abc import Iterator
from decimal import Decimal

from enrichment.extraction.source import Candidate

_NUMBER = r"(?:\d{1,3}(?:[,.' ]\d{3}){1,3}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?)(?![\d]|[.,]\d)"
_TIMES = r"(?:(?:[ ]?(?:k|thousand|grand|tsd|mil|million|mio)|m)\b)"
# By the sign or word, in small letters; "" is a dollar of the region.
_SYMBOLS = {
    "$": "", "us$": "USD", "usd": "USD", "ca$": "CAD", "c$": "CAD", "cad": "CAD", "a$": "AUD", "aud": "AUD",
    "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "chf": "CHF", "mxn": "MXN", "¥": "JPY", "jpy": "JPY",
    "₹": "INR", "inr": "INR", "rs": "INR", "rs.": "INR", "nzd": "NZD", "sek": "SEK", "dkk": "DKK", "nok": "NOK",
    "pln": "PLN", "zł": "PLN", "r$": "BRL", "brl": "BRL",
}  # fmt: skip
_WORDS = {
    "dollars": "", "dollar": "", "bucks": "", "dólares": "", "dolares": "", "us dollars": "USD", "euros": "EUR",
    "euro": "EUR", "quid": "GBP", "pounds sterling": "GBP", "rupees": "INR", "francs": "CHF", "franken": "CHF",
}  # fmt: skip
_DOLLARS = {"CA": "CAD", "AU": "AUD", "NZ": "NZD", "MX": "MXN", "SG": "SGD", "HK": "HKD"}


def _any(names: dict[str, str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_RANGE = r"(?:[ ]?(?:-|–|—|to|and|or|bis|und|y|a|à|et)[ ]?)"
_BEFORE = re.compile(
    rf"(?<![\w$€£.,])(?P<sign>{_any(_SYMBOLS)})[ ]?(?P<low>{_NUMBER})(?P<lowx>{_TIMES})?"
    rf"(?:{_RANGE}(?:{_any(_SYMBOLS)})?[ ]?(?P<high>{_NUMBER})(?P<highx>{_TIMES})?(?![ ]?(?:%|people|hours?|days?"
    rf"|weeks?|months?)))?",
    re.I,
)
_AFTER = re.compile(
    rf"(?<![\w$€£.,:/-])(?:(?P<low>{_NUMBER})(?P<lowx>{_TIMES})?{_RANGE})?(?P<high>{_NUMBER})(?P<highx>{_TIMES})?"
    rf"[ ]?(?P<sign>(?:{_any(_WORDS)}|€|eur|usd|us\$|gbp|chf|mxn|cad|aud|£|\$|inr|zł)(?![\w$]))",
    re.I,
)
_CUE_WORDS = (
    r"\b(?:budget(?:ed|s)?|spend(?:ing)?|afford|pay(?:ing)?|invest(?:ing)?|price range|price limit|max(?:imum)? of"
    r"|no more than"
    r"|presupuesto|gastar|ausgeben|dépenser|preisrahmen|quoted(?: me)?|willing to pay)\b"
)
_CUED = re.compile(
    rf"{_CUE_WORDS}(?:[^\d.!?\n$€£]{{0,40}}?(?:in|for|für|para) (?:19|20)\d\d(?!\d))?[^\d.!?\n$€£]{{0,40}}?"
    rf"(?<![\w.,:/-])(?P<low>{_NUMBER})(?P<lowx>{_TIMES})?(?:{_RANGE}(?P<high>{_NUMBER})(?P<highx>{_TIMES})?)?(?!\w)",
    re.I,
)
_BUDGET_BEHIND = re.compile(rf"(?<![\w.,:/-])(?P<low>{_NUMBER})(?P<lowx>{_TIMES})?(?P<high>(?!))?[ ]budget\b", re.I)
_BETWEEN = re.compile(
    rf"\b(?:between|from|around|about|roughly|zwischen"
    rf"|entre)[ ](?P<low>{_NUMBER})(?P<lowx>{_TIMES})?{_RANGE}(?P<high>{_NUMBER})(?P<highx>[ ]?k\b)"
    r"(?=[ ]?(?:$|[.,;!?)\n]|for\b|to\b|in\b|on\b|if\b|per\b|total\b|max\b|budget\b|all\b|range\b))",
    re.I,
)
_NOT_MONEY = re.compile(
    r"[ ]?(?:%|mi\b|miles?\b|km\b|kms\b|kilomet|millas|people\b|persons?\b|guests?\b|users?\b|employees\b"
    r"|followers\b|rpm\b|sq\b|square"
    r"|feet\b|ft\b|hours?\b|hrs?\b|days?\b|weeks?\b|months?\b|years?\b|min(?:ute)?s?\b|times\b|visits?\b|sessions?\b"
    r"|units?\b|pieces\b"
    r"|pages?\b|words\b|emails?\b|leads?\b|am\b|pm\b|o'clock|st\b|nd\b|rd\b|th\b|lbs?\b|kg\b|stunden|tage|personen"
    r"|personas|días"
    r"|heures|jours|cards?\b|installments?\b|[:/]\d)",
    re.I,
)
_PER = re.compile(
    r"[ ]?(?:/|per|an?|pro|por|par|each)[ ]?(?P<unit>hour|hr|h|month|mo|week|day|year|yr|visit|session|person|stunde"
    r"|monat|mes|mois)\b",
    re.I,
)

_MILEAGE = re.compile(
    r"(?<![\w$€£.,])(?P<number>\d{1,3}(?:[,.]\d{3})|\d{1,6}(?:\.\d)?)(?P<k>[ ]?k)?\+?[ ]?(?P<unit>miles|mi|mls|kms?"
    r"|kilometers|kilometres|millas|kilómetros|kilometer)\b",
    re.I,
)
_ODOMETER = re.compile(
    r"\b(?:mileage|odometer|odo|on the clock|kilometerstand|kilometraje"
    r"|kilométrage)\b[^\d.!?\n]{0,25}(?P<number>\d{1,3}(?:[,.]\d{3})|\d{2,6}(?:\.\d)?)"
    r"(?P<k>[ ]?k\b)?(?![\d$€%])",
    re.I,
)


def find_amounts(text: str, region: str) -> Iterator[Candidate]:
    """`text`: what the sender wrote, with phone numbers, addresses, links and dates emptied."""
    if not any(char.isdigit() for char in text):
        return
    taken: list[tuple[int, int]] = []
    for pattern in (_BEFORE, _AFTER, _CUED, _BETWEEN, _BUDGET_BEHIND):
        for match in pattern.finditer(text):
            start = match.start() if pattern in (_BEFORE, _AFTER) else match.start("low")
            if any(start < end and other < match.end() for other, end in taken):
                continue
            candidate = _amount(match, start, region)
            if candidate:
                taken.append((start, match.end()))
                yield candidate


def _amount(match: re.Match[str], start: int, region: str) -> Candidate | None:
    groups = match.groupdict()
    sign = (groups.get("sign") or "").lower().strip()
    low, high = groups["low"], groups["high"]
    times = (groups["highx"] if high else groups["lowx"]) or ""
    number = _decimal(high or low, times)
    if not sign and (_NOT_MONEY.match(match.string, match.end()) or _is_year(high or low, times)):
        return None
    if number is None or number <= 0 or (not sign and number < 20):
        return None
    notes = []
    if high and low:
        first = _decimal(low, groups["lowx"] or (times if len(low) < 4 else ""))
        if first is None or first >= number:
            # "$20 or 15 minutes": the second number is no upper end.
            if "sign" in groups and match.re is _BEFORE:
                return _single(match, start, region, sign)
            return None
        notes.append(f"The upper end of “{match.string[start : match.end()].strip()}”.")
    return _candidate(match, start, match.end(), number, sign, region, notes)


def _single(match: re.Match[str], start: int, region: str, sign: str) -> Candidate | None:
    number = _decimal(match["low"], match["lowx"] or "")
    end = match.end("lowx") if match["lowx"] else match.end("low")
    return _candidate(match, start, end, number, sign, region, []) if number else None


def _candidate(
    match: re.Match[str], start: int, end: int, number: Decimal, sign: str, region: str, notes: list[str]
) -> Candidate | None:
    currency = _SYMBOLS.get(sign) or _WORDS.get(sign) or ""
    if sign and not currency:
        currency = _DOLLARS.get(region.upper(), "USD")
        if currency != "USD" or region.upper() != "US":
            notes.append(f"Dollars read as {currency}.")
    if per := _PER.match(match.string, end):
        notes.append(f"Per {per['unit'].lower()}.")
    plain = f"{number.normalize():f}"
    before = match.string[max(0, start - 50) : start]
    is_budget = re.search(rf"{_CUE_WORDS}[^.!?\n]{{0,40}}$", before, re.I) or re.match(
        r"[ ](?:budget|max)\b", match.string[end:]
    )
    confidence = (0.92 if sign else 0.8) if is_budget else (0.8 if sign else 0.6)
    return Candidate("amount", f"{plain} {currency}".strip(), confidence, start, end, " ".join(notes))


def _decimal(words: str, times: str) -> Decimal | None:
    """ "4.500,50" and "4,500.50" are both 4500.5; a lone separator before three digits groups thousands."""
    digits = words.replace("'", "").replace(" ", "")
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits):
        digits = re.sub(r"[.,]", "", digits)
    else:
        whole, _, cents = re.sub(r"[.,](?=\d{1,2}$)", "|", digits).partition("|")
        digits = re.sub(r"[.,]", "", whole) + (f".{cents}" if cents else "")
    if len(digits) > 12:
        return None
    unit = times.strip().lower()
    factor = 1_000_000 if unit in ("m", "million", "mio") else 1000 if unit else 1
    return Decimal(digits) * factor


def _is_year(words: str, times: str) -> bool:
    return not times and re.fullmatch(r"(?:19|20)\d\d", words) is not None


def find_mileage(text: str) -> Iterator[Candidate]:
    for pattern, confidence in ((_ODOMETER, 0.85), (_MILEAGE, 0.85)):
        for match in pattern.finditer(text):
            number = _decimal(match["number"], match["k"] or "")
            # "20 miles away" is a distance.
            if number is None or not 1000 <= number <= 999_999:
                continue
            unit = (match.groupdict().get("unit") or "miles").lower()
            is_metric = unit.startswith("k") or re.match(r"kilom", match[0], re.I)
            start = match.start("number")
            end = match.end()
            plain = f"{number.normalize():f}"
            note = "" if match.groupdict().get("unit") or is_metric else "The unit is not written."
            value = f"{plain} {'km' if is_metric else 'miles'}" if not note else plain
            yield Candidate("mileage", value, confidence, start, end, note)
