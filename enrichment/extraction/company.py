"""The sender's company. Pure."""

import re
from collections.abc import Iterator, Sequence

from enrichment.extraction import closings
from enrichment.extraction.parts import Parts
from enrichment.extraction.source import Candidate
from enrichment.extraction.words import NOT_NAMES, PLACES, US_STATES, word_set

_WORD = r"(?:[A-Z0-9À-ÖØ-Þ](?:[\w'+-]|\.(?=\w)){0,30})"
_GLUE = r"(?:[ ](?:&|and|of|the|de|y|und|et)[ ]|[ ])"
_NAME = rf"{_WORD}(?:{_GLUE}{_WORD}){{0,4}}"
_LEGAL = (
    r"(?:Inc|INC|Incorporated|LLC|L\.L\.C|LLP|PLLC|Ltd|LTD|Limited|Corp|CORP|Corporation|Co|GmbH|gGmbH|mbH|AG|KG|UG"
    r"|OHG|e\.K|SARL|"
    r"SAS|S\.A|S\.L|SLU|S\.R\.L|S\.r\.l|Srl|SRL|SpA|S\.p\.A|B\.V|BV|N\.V|PLC|plc|Pty|Pte|ApS|Oy|S\.A\. de C\.V|Lda"
    r"|Ltda)"
)
_TRADE = (
    r"(?:Group|Studios?|Agency|Consulting|Consultants|Solutions|Services|Partners|Dental|Dentistry|Clinic|Spa|Salon"
    r"|Bakery|Motors"
    r"|Logistics|Realty|Properties|Labs|Technologies|Systems|Media|Designs?|Industries|Enterprises|Holdings|Ventures"
    r"|Capital"
    r"|Foods|Farms|Builders|Construction|Plumbing|Roofing|Landscaping|Electric|Trucking|Transport|Pharmacy|Hospital"
    r"|University"
    r"|College|Hotel|Restaurant|Cafe|Café|Coffee|Brewing|Fitness|Gym|Boutique|Associates|Law|Insurance|Bank|Foundation"
    r"|Software|Digital|Marketing|Robotics|Analytics|Health|Wellness|Medical|Auto|Rentals|Cleaning|Catering)"
)
_LABEL = re.compile(
    r"(?:^|\n)[ \t*•-]{0,4}(?:company|company name|business|business name|organi[sz]ation|firma|unternehmen|empresa"
    r"|société|entreprise|azienda)[ ]?\*?[ ]{0,2}[:=][ ]{0,3}(?P<name>[^\n:;|]{2,60})", re.I
)  # fmt: skip
_WITH_LEGAL_FORM = re.compile(rf"\b(?P<name>{_NAME},?[ ]{_LEGAL}\b\.?)(?![\w-])")
_BELONGING = re.compile(
    rf"\b(?:[Oo]n behalf of|[Ww]e at|[Hh]ere at|(?:I|[Ww]e) (?:work|am employed) (?:at|for|with)|I (?:own|run|manage"
    rf"|represent)"
    rf"|[Mm]y (?:company|business|firm|shop|store)(?:,| is(?: called)?| called)|[Oo]ur (?:company|business|firm)(?:,"
    rf"| is(?: called)?"
    rf"| called)|[Ww]e are called|[Oo]wner of|CEO of|[Ff]ounder of|[Mm]anager (?:at|of)|[Dd]irector (?:at|of)"
    rf"|[Ii]ch arbeite bei|[Tt]rabajo (?:en|para)|[Jj]e travaille chez|[Ww]ir von(?: der)?"
    rf"|[Ii]m Auftrag der)[ ](?P<name>{_NAME})"
)
_INTRODUCED = re.compile(
    rf"\b(?:[Tt]his is|[Mm]y name is|[Ii]'m"
    rf"|[Ii] am|[Ii]t's)[ ](?![a-z])[^\W\d_][\w'-]{{1,24}}(?:[ ](?![a-z])[^\W\d_][\w'-]{{1,24}}){{0,2}}?,?"
    rf"[ ](?:calling |writing |reaching out )?(?P<word>from|with|at"
    rf"|of)[ ](?P<name>{_NAME})(?!['\w]|,[ ](?:{'|'.join(US_STATES)})\b)"
)
_HERE_FROM = re.compile(rf"\b[A-Z][\w'-]{{1,24}} here (?:from|with|at) (?P<name>{_NAME})")
_TITLED = re.compile(
    rf"(?:owner|founder|co-founder|ceo|cto|coo|cfo|president|director|manager|partner|principal|vp"
    rf"|head of [a-z]{{3,15}}"
    rf"|geschäftsführer(?:in)?|inhaber(?:in)?|gerente|director[ae]?|directeur|directrice)"
    rf"(?:[ ]?[,|@•·/–—-][ ]?|[ ](?:at|of|bei|de|chez)[ ])(?P<name>(?-i:{_NAME}))", re.I
)  # fmt: skip
_WITH_TRADE = re.compile(rf"^[ \t]*(?P<name>(?:{_WORD}{_GLUE}){{1,4}}{_TRADE})[ ]*$", re.M)
_GREETING = re.compile(
    r"(?:\b(?:hi|hello|hey|dear|hola|hallo|bonjour|attn|to|team at|folks at|people at)[:,]?[ ](?:the )?)$", re.I
)
_SEEN = re.compile(
    r"\b(?:your|saw|found|see|you|use|using|bought|purchased|insured|insurance is)\b[^.!?\n]{0,25}$", re.I
)
_LETTERS = re.compile(r"[^\W_]+")
_FREE_MAIL = word_set(
    "gmail googlemail yahoo ymail hotmail outlook live msn aol icloud me mac gmx web t-online freenet mail email "
    "proton protonmail yandex qq 163 126 zoho fastmail hey comcast verizon att sbcglobal bellsouth cox charter orange "
    "wanadoo free laposte libero tin telefonica terra example"
)


def find_company(body: str, parts: Parts, domains: Sequence[str]) -> Iterator[Candidate]:
    """`body`: what the sender wrote, with addresses and links emptied; `domains`: of the addresses found.

    A domain alone never becomes the company; it only says which words of the text are the company's name.
    """
    for match in _LABEL.finditer(body):
        if match["name"].strip().lower() not in {"n/a", "none", "no", "-", "na", "self"}:
            yield from _found(match, 0.92)
    for domain in domains[:3]:
        yield from _named_like(domain, body)
    for match in _WITH_LEGAL_FORM.finditer(body):
        yield from _found(match, 0.85)
    for match in _BELONGING.finditer(body):
        yield from _found(match, 0.75)
    for match in _INTRODUCED.finditer(body):
        # "I'm Ana from Pflugerville": a place as often as a company.
        is_plain = match[0].lower().startswith(("i'm", "i am", "my name", "it's")) and match["word"] in ("from", "of")
        if not is_plain or re.search(rf"{_TRADE}$", match["name"]):
            yield from _found(match, 0.6)
    for match in _HERE_FROM.finditer(body):
        yield from _found(match, 0.6)
    if (closing := closings.find(body, parts)) and closing.company:
        start, end = closing.company
        yield Candidate("company", body[start:end], 0.72, start, end)
    if parts.signature:
        start, end = parts.signature
        for pattern, confidence in ((_TITLED, 0.75), (_WITH_TRADE, 0.7)):
            for match in pattern.finditer(body[start:end]):
                yield from _found(match, confidence, offset=start)


def _found(match: re.Match[str], confidence: float, *, offset: int = 0) -> Iterator[Candidate]:
    raw = match["name"]
    # The sentence's full stop is not the company's, the one of "Inc." is.
    name = raw.rstrip(" ,;-") if re.search(rf"{_LEGAL}\.$", raw) else raw.rstrip(" ,.;-")
    before = match.string[max(0, match.start("name") - 40) : match.start("name")]
    lead = re.match(r"(?:(?:At|From|With|The|For|Of|In|My|Our|We|I|Hi|Hello|Dear)[ ])+", name)
    skipped = lead.end() if lead and confidence < 0.9 else 0
    name = name[skipped:]
    if lead and re.search(r"Hi|Hello|Dear", lead[0]):
        return
    if not _is_company(name) or _GREETING.search(before) or _SEEN.search(before):
        return
    start = match.start("name") + offset + skipped
    yield Candidate("company", " ".join(name.split()), confidence, start, start + len(name))


def _is_company(name: str) -> bool:
    words = name.split()
    if len(name) < 2 or not any(char.isalpha() for char in name):
        return False
    bare = re.sub(rf",?[ ]{_LEGAL}\.?$", "", name)
    if bare.lower() in PLACES or re.fullmatch(_LEGAL, bare):
        return False
    if name.isupper() and len(words) > 3:
        return False  # a sentence in capitals
    is_long = len(words) > 1
    return not (bare.lower().strip(".") in NOT_NAMES or (not is_long and len(bare) < 2))


def _named_like(domain: str, body: str) -> Iterator[Candidate]:
    """The words that are the domain's name as people write it: brightdental.com, "Bright Dental"."""
    labels = domain.lower().split(".")
    label = labels[-3] if len(labels) > 2 and labels[-2] in {"co", "com", "org", "net"} else labels[-2]
    letters = label.replace("-", "")
    if letters in _FREE_MAIL or not 4 <= len(letters) <= 40:
        return
    words = list(_LETTERS.finditer(body))
    for index, word in enumerate(words):
        end = _spells(letters, words[index : index + 6]) if letters.startswith(word[0].lower()) else 0
        found = body[word.start() : end]
        if end and len(found) <= len(letters) + 8 and any(char.isupper() for char in found) and "\n" not in found:
            yield Candidate("company", found, 0.8, word.start(), end)
            return


def _spells(letters: str, words: list[re.Match[str]]) -> int:
    """Where the words that together are these letters end; 0 when they aren't."""
    spelled = ""
    for word in words:
        spelled += word[0].lower()
        if spelled == letters:
            return word.end()
        if not letters.startswith(spelled):
            return 0
    return 0
