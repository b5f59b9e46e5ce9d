"""What it is about: product, vehicle, treatment, place and the like. Rather nothing than wrong. Pure."""

import re
from collections.abc import Iterator

from enrichment.extraction.lexicon import DOUBTFUL_MAKES, LEXICON, MAKES, MODELS
from enrichment.extraction.source import Candidate
from enrichment.extraction.words import NOT_NAMES, US_STATES, word_set

_NOT_ASKED = re.compile(
    r"\b(?:no|not|without|isn't|don't need|do not need|nothing wrong with|kein\w*|sin|pas de)[ ](?:\w{1,15}[ ])?$", re.I
)

_YEAR = r"(?P<year>(?:19[5-9]|20[0-4])\d|'\d\d)"
_VEHICLE = re.compile(
    rf"(?<![\w@.-])(?:{_YEAR}[ ](?:(?:black|white|silver|gr[ae]y|red|blue|green)[ ])?)?(?P<make>{MAKES})\b"
    rf"(?:[ ](?P<model>(?:{MODELS})(?![\w@])"
    rf"|[A-Z0-9][A-Za-z0-9-]{{0,14}}(?![\w@.]))(?P<trim>[ ](?:(?-i:[A-Z]{{1,3}}\d{{0,3}}|[LS]E|1500|2500|3500|Sport"
    rf"|Limited|Touring"
    rf"|Hybrid))"
    r"(?![\w'@]))?)?(?:[ ,(]{1,2}(?P<after>(?:19[5-9]|20[0-4])\d)\b)?",
    re.I,
)
_YEAR_AND_MODEL = re.compile(rf"(?<![\w-]){_YEAR}[ ](?P<model>{MODELS})(?![\w-])", re.I)
_MODEL = re.compile(rf"(?:{MODELS})$", re.I)
_BIG = word_set(
    "bmw gmc vw cr-v crv hr-v hrv rav4 wrx gti mdx rdx tlx tsx tl ilx cts ats srx mkz mx-5 gla glb glc gle gls"
)

_NO_CITY = NOT_NAMES - word_set("new los las la el del las san st")
# Models that are everyday words: "2 golf" alone is no car.
_WORDS_TOO = word_set("fit focus edge sport soul escape legacy golf explorer ranger discovery pilot fusion compass")
_STATES = "|".join(US_STATES)
_STATE_NAMES = "|".join(sorted(US_STATES.values(), key=len, reverse=True))
_CITY = r"(?:(?:St|Ft|Mt)\.[ ])?[A-Z][a-zà-ÿ'-]{1,20}(?:[ ](?:[A-Z][a-zà-ÿ'-]{1,20}|de|of|del|la|the)){0,2}"
_STREET = re.compile(
    r"(?<![\w$£€#-])(?P<place>\d{1,6}[A-Za-z]?[ ](?:[NSEW]\.?[ ]|North |South |East "
    r"|West )?(?:[A-Z0-9][\w'.-]{0,20}[ ]){1,4}?"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Way|Court|Ct|Highway|Hwy|Parkway|Pkwy|Place|Pl"
    r"|Terrace|Trail"
    r"|Trl|Circle|Cir|Square)\b\.?"
    rf"(?:,?[ ](?:#|Apt\.?|Unit|Suite"
    rf"|Ste\.?)[ ]?\w{{1,6}})?(?:,?[ ]{_CITY}(?=,?[ ](?:{_STATES})\b))?"
    rf"(?:,?[ ](?:{_STATES})\b)?(?:[ ]\d{{5}}(?:-\d{{4}})?)?)"
)
_CITY_STATE = re.compile(
    rf"(?<![\w'-])(?P<place>(?P<city>{_CITY}),?[ ](?:(?P<code>{_STATES})"
    rf"|{_STATE_NAMES})\b(?:,?[ ](?P<zip>\d{{5}}))?)(?![\w-])"
)
_ZIP = re.compile(
    r"\b(?:zip(?:[ -]?code)?|postal code|postcode|plz|code postal|código postal)[ ]?(?:is|:"
    r"|=)?[ ]{0,2}(?P<place>\d{5}(?:-\d{4})?)\b",
    re.I,
)
_STATE_ZIP = re.compile(rf"\b(?P<place>(?:{_STATES})[ ]\d{{5}})\b")
_BASED = re.compile(
    rf"\b(?:(?:located|based|living|live|situated|headquartered|house|home|office|shop|store|property) (?:is )?in"
    rf"|wohne in|vivo en|ubicad[oa]s? en|estamos en|habite à)"
    rf"[ ](?P<place>(?-i:{_CITY}))", re.I
)  # fmt: skip
_UK_POSTCODE = re.compile(r"\b(?P<place>(?:[A-Z][a-z]{2,20}[ ])?[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2})\b")
_EU_POSTCODE = re.compile(
    r"(?<![\w$€£.,-])(?P<place>\d{5}[ ](?!Uhr|Euro|EUR)[A-ZÄÖÜ][a-zäöüßéè]{2,20}(?:[ ](?:am"
    r"|an der)[ ][A-Z][a-z]{2,15})?)\b"
)
_EU_REGIONS = word_set("DE FR ES IT")

_TIMELINE = re.compile(
    r"\b(?P<words>(?:by|before) (?:the )?end of (?:the |this |next )?(?:week|month|quarter|year|q[1-4])"
    r"|within (?:the next )?(?:\w{1,8} )?(?:days?|weeks?|months?)|(?:by|in) q[1-4](?: 20\d\d)?"
    r"|(?:in|over) the next (?:\w{1,8} )?(?:weeks|months))\b",
    re.I,
)
# "good restaurants nearby" says nothing about the sender's industry, "we run a restaurant" does.
_OURS = re.compile(
    r"\b(?:our|my|we(?:'re| are)|i(?:'m| am)|i (?:own|run|manage)|we (?:own|run"
    r"|manage))\b[^.!?\n]{0,30}$",
    re.I,
)


def find_needs(text: str, business_type: str) -> Iterator[Candidate]:
    """Services, treatments and symptoms by the words of this kind of business; the first named of each field."""
    first: dict[str, Candidate] = {}
    for field, value, pattern in LEXICON.get(business_type, ()):
        for match in pattern.finditer(text):
            if _NOT_ASKED.search(text, max(0, match.start() - 40), match.start()):
                continue
            if field == "industry" and not _OURS.search(text, max(0, match.start() - 50), match.start()):
                continue
            found = Candidate(field, value, 0.7, match.start(), match.end())
            if field not in first or found.start < first[field].start:
                first[field] = found
            break
    yield from first.values()
    if treatment := first.get("treatment"):
        yield Candidate("product", treatment.value, 0.7, treatment.start, treatment.end)
    if business_type == "consulting" and (when := _TIMELINE.search(text)):
        yield Candidate("timeline", when["words"].lower(), 0.6, *when.span("words"))


def find_vehicle(text: str) -> Iterator[Candidate]:
    for match in _VEHICLE.finditer(text):
        if candidate := _vehicle(match):
            yield candidate
    for match in _YEAR_AND_MODEL.finditer(text):
        if not match["model"].isdigit() and match["model"].lower() not in _WORDS_TOO:
            value = f"{_full_year(match['year'])} {_cased(match['model'])}"
            yield Candidate("vehicle", value, 0.75, *match.span())


def _vehicle(match: re.Match[str]) -> Candidate | None:
    make, model, year = match["make"], match["model"] or "", match["year"] or match["after"] or ""
    is_known = _MODEL.match(model) is not None
    if model and not is_known and (model[0].islower() or _is_plain(model)):
        model = ""
    if make.lower() in DOUBTFUL_MAKES and not year and (not is_known or model.lower() in _WORDS_TOO):
        return None
    trim = (match["trim"] or "").strip() if model else ""
    last = "after" if match["after"] else "trim" if trim else "model" if model else "make"
    words = [_full_year(year), _cased(make), _cased(model), trim]
    confidence = 0.9 if year and model else 0.8 if model else 0.65
    return Candidate("vehicle", " ".join(filter(None, words)), confidence, match.start(), match.end(last))


def _is_plain(word: str) -> bool:
    """A word that goes on with the sentence: "my Toyota Is", or a year, no model."""
    return word.lower() in NOT_NAMES or re.fullmatch(r"(?:19|20)\d\d", word) is not None or len(word) < 2


def _full_year(words: str) -> str:
    if not words.startswith("'"):
        return words
    return ("20" if int(words[1:]) <= 40 else "19") + words[1:]


def _cased(words: str) -> str:
    if words.lower() in _BIG or any(char.isdigit() for char in words):
        return words.upper() if len(words) <= 5 and " " not in words and words[0].isalpha() else words
    return words if any(char.isupper() for char in words) else words.title()


def find_places(text: str, region: str) -> Iterator[Candidate]:
    for match in _STREET.finditer(text):
        # "5 Best Way": no street is named by everyday words alone.
        if not all(word.lower().strip(".,") in NOT_NAMES for word in match["place"].split()[1:-1]):
            yield _place(match, 0.85)
    yield from filter(None, map(_city, _CITY_STATE.finditer(text)))
    for pattern, confidence in ((_ZIP, 0.8), (_STATE_ZIP, 0.75)):
        for match in pattern.finditer(text):
            yield _place(match, confidence)
    for match in _BASED.finditer(text):
        if not any(word.lower().strip(".'") in NOT_NAMES for word in match["place"].split()[:1]):
            yield _place(match, 0.65)
    if region.upper() == "GB":
        yield from (_place(match, 0.75) for match in _UK_POSTCODE.finditer(text))
    if region.upper() in _EU_REGIONS:
        yield from (_place(match, 0.75) for match in _EU_POSTCODE.finditer(text))


def _city(match: re.Match[str]) -> Candidate | None:
    """ "Austin, TX"; but "Thanks, OK" and "Monday, OR" are no places: small words need "in" before or a ZIP behind."""
    city, code = match["city"], match["code"]
    words = city.split()
    skipped = 0
    while len(words) > 1 and words[0].lower().strip(".'") in _NO_CITY:
        skipped += len(words[0]) + 1
        words = words[1:]
    if words[0].lower().strip(".'") in _NO_CITY or words[-1].lower() in ("of", "the", "de", "la", "del"):
        return None
    before = match.string[: match.start() + skipped][-12:]
    has_comma = "," in match["place"][len(city) : len(city) + 1]
    is_word = code in ("OK", "OR", "IN", "HI", "ME", "OH", "LA", "PA", "MA", "AL", "ID", "CO", "DE", "MS", "MD", "GA")
    is_placed = bool(re.search(r"\b(?:in|near|at|from|of|to|around)[ ]$", before, re.I)) or bool(match["zip"])
    if (
        (is_word or not has_comma)
        and not is_placed
        and not (has_comma and code not in ("OK", "OR", "IN", "HI", "ME", "OH"))
    ):
        return None
    start = match.start("place") + skipped
    return Candidate("place", match.string[start : match.end("place")], 0.85, start, match.end("place"))


def _place(match: re.Match[str], confidence: float) -> Candidate:
    words = match["place"].rstrip(" ,.")
    return Candidate(
        "place", " ".join(words.split()), confidence, match.start("place"), match.start("place") + len(words)
    )
