"""How to reach the sender: e-mail, phone and website. Pure."""

import re
from collections.abc import Iterator, Sequence

import phonenumbers

from enrichment.extraction.parts import Parts
from enrichment.extraction.source import Candidate, Span

_EMAIL = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[^\W_](?:[\w-]{0,62})\.){1,6}[^\W\d_]{2,24}(?![\w@-])",
)
_SPELLED_EMAIL = re.compile(
    r"(?<![\w.])(?P<local>[a-z0-9][a-z0-9._+-]{0,40}?(?:[ ](?:dot|punkt|punto)[ ][a-z0-9]{1,30})?)"
    r"[ ]?(?:[(\[{][ ]?(?:at|ät|arroba)[ ]?[)\]}]|[ ](?:at|arroba)(?=[ ][a-z0-9-]{2,40}[ ](?:dot|punkt|punto)[ ]))[ ]?"
    r"(?P<domain>[a-z0-9-]{2,40}(?:(?:\.|[ ]?[(\[{][ ]?(?:dot|punkt|punto)[ ]?[)\]}][ ]?|[ ](?:dot|punkt|punto)[ ])"
    r"(?:com|net|org|edu|gov|io|co|us|uk|de|at|ch|fr|es|it|nl|mx|ca|au|info|biz|me|eu)){1,2})(?![\w-])",
    re.I,
)
_DOT = re.compile(r"[ ]?[(\[{]?[ ]?\b(?:dot|punkt|punto)\b[ ]?[)\]}]?[ ]?", re.I)
_MACHINE = re.compile(
    r"(?:no-?reply|do-?not-?reply|mailer-daemon|postmaster|notifications?|bounces?|wordpress|webform)[\w.+-]*@", re.I
)
# "I wrote to info@yourshop.com" is our own address.
_ABOUT_YOU = re.compile(
    r"\b(?:your|you|their|his|(?:wrote|sent|forwarded|addressed)(?: \w{1,9}){0,3} to|cc|emailed|e-mailed|mailed"
    r"|wrote|contacted|messaged|from your|saw"
    r"|found)\b[^.!?\n]{0,20}$",
    re.I,
)
_ABOUT_ME = re.compile(
    r"\b(?:me|my|mine|our|us|mi|mein|meine|mon|ma|e-?mail|mail|correo|phone|tel|telephone|telefon|teléfono|cell"
    r"|mobile|call"
    r"|text|reach|ring|contact|whatsapp|number|nummer|número|handy|móvil|portable)\b[^!?\n]{0,40}$",
    re.I,
)
_TO_ME = re.compile(r"\b(?:me|my|mine|our|us)\b[^!?\n]{0,30}$", re.I)
_NOT_A_PHONE = re.compile(
    r"(?:\b(?:fax|order|invoice|account|acct|ref(?:erence)?|case|ticket|policy|claim|tracking|confirmation|booking"
    r"|serial|vin"
    r"|part|model|sku|id|po|rechnung|bestellung|auftrag|kunden|pedido|factura|commande)\b[^\d\n]{0,25}|#[ ]?)$",
    re.I,
)
_YOUR_PHONE = re.compile(
    r"\b(?:your|you(?:'re)?|called|dialed|tried|from a|this number is) (?:\w{1,12} ){0,3}(?:number|phone|line|at"
    r"|from|on)?"
    r"[ ]?(?:is|:)?[ ]?$", re.I
)  # fmt: skip
# "Ask my neighbour (512-…)": whose it is stands right before it, or behind it in brackets.
_SOMEBODY_ELSES = re.compile(
    r"\b(?:(?:his|her|their|my|our|mon|ma|mi|mein|meine|il mio|la mia|o meu|a minha|el|la|the|der|die)[ ]"
    r"(?:\w{2,12}[ ])?)?"
    r"(?:coach|neighbou?r|colleague|boss|husband|wife|sister|brother|assistant|secretary|landlord|tenant|nachbar(?:in)?"
    r"|kolleg(?:e|in)|sekretariat|büro|mann|frau|marido|mujer|vecin[oa]|compañer[oa]|jef[ea]|collègue|voisine?|mari|femme"
    r"|collega|vicin[oa]|marito|moglie|vizinh[oa]|colega|esposa|esposo)\b(?:'s)?(?:M[rs]{1,2}\.|Dr\.|[^.!?\n]){0,40}$"
    r"|\b(?:att|attn|z\.?[ ]?hd|to|an|a|à|para)[.:]?[ ]\w{4,20}[ ][(]$",
    re.I,
)
_NOT_DIRECT = re.compile(
    r"[ ]?[(,][ ]?(?:front desk|office|reception|switchboard|work|büro|zentrale|recepción|accueil)", re.I
)
_DIRECT = re.compile(r"[ ]?[(,][ ]?(?:me|my|mine|cell|mobile|direct|mobil|handy|móvil|portable|cellulare)\b", re.I)
_MANY_DIGITS = re.compile(r"(?:\d[ ().+/-]{0,4}){6}\d")

_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'\[\]{}|\\^`]{3,300}", re.I)
_BARE_DOMAIN = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,3}"
    r"(?:com|net|org|io|biz|info|co\.uk|de|at|ch|fr|es|nl|com\.mx|com\.au|ca|eu|shop|agency|studio|design|dev|app)"
    r"(?:/[^\s<>\"',;)]{0,200})?(?![\w@-])",
    re.I,
)
# Links to a picture, a map or a mail app say nothing about the sender.
_FOREIGN_HOST = re.compile(
    r"(?:^|\.)(?:google|goo|youtube|youtu|imgur|dropbox|aka|bit|tinyurl|zillow|amazon|amzn|ebay|wikipedia|craigslist"
    r"|facebook"
    r"|fb|instagram|twitter|x|t|tiktok|linkedin|pinterest|whatsapp|wa|zoom|calendly|yelp|gmail|icloud|apple"
    r"|microsoft|office"
    r"|outlook|hotmail|yahoo|onedrive|sharepoint|wetransfer|maps|unsubscribe|redd|reddit|example)\.[a-z.]{2,6}$",
    re.I,
)
_HOST = re.compile(r"(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}")
_YOUR_SITE = re.compile(r"\b(?:your|you|saw|found|via|through|on|from|heard)\b[^.!?\n]{0,30}$", re.I)
_MY_SITE = re.compile(r"\b(?:my|our|website|web|site|homepage|url|page|portfolio)\b[^.!?\n]{0,30}$", re.I)


def find_emails(text: str, visible: str, parts: Parts) -> Iterator[Candidate]:
    """All of the sender's addresses, the header's first."""
    for span, confidence in ((parts.reply_to, 0.98), (parts.sender, 0.97)):
        if span:
            yield from (_email(match, confidence) for match in _EMAIL.finditer(text, *span) if _is_email(match[0]))
    for match in _EMAIL.finditer(visible):
        before = visible[max(0, match.start() - 60) : match.start()]
        if is_senders_email(match[0], before):
            yield _email(match, 0.95 if _ABOUT_ME.search(before) else _by_part(match.start(), parts))
    if "@" not in visible and (
        "dot" in visible.lower() or "(at)" in visible or "[at]" in visible or "arroba" in visible
    ):
        yield from _spelled(visible)


def is_senders_email(words: str, before: str) -> bool:
    """Whether an address may be the sender's own, by what stands before it (up to 60 characters): not the business's,
    somebody else's or a machine's."""
    if _SOMEBODY_ELSES.search(before):
        return False
    return _is_email(words) and (not _ABOUT_YOU.search(before) or _TO_ME.search(before) is not None)


def is_senders_phone(before: str) -> bool:
    """Whether a number may be the sender's own, by what stands before it (up to 50 characters): not an order's, the
    business's or somebody else's."""
    if _NOT_A_PHONE.search(before) or (_YOUR_PHONE.search(before) and not _TO_ME.search(before)):
        return False
    return _SOMEBODY_ELSES.search(before) is None


def _by_part(start: int, parts: Parts) -> float:
    return 0.88 if parts.signature and start >= parts.signature[0] else 0.9


def _is_email(words: str) -> bool:
    local = words.split("@")[0]
    return not (_MACHINE.match(words) or local.startswith(".") or local.endswith(".") or ".." in words)


def _email(match: re.Match[str], confidence: float) -> Candidate:
    return Candidate("email", match[0].lower(), confidence, match.start(), match.end())


def _spelled(visible: str) -> Iterator[Candidate]:
    for match in _SPELLED_EMAIL.finditer(visible):
        local, domain = (_DOT.sub(".", match[part]).lower().strip(". ") for part in ("local", "domain"))
        if _EMAIL.fullmatch(f"{local}@{domain}"):
            note = "Written out in words to hide it from robots."
            yield Candidate("email", f"{local}@{domain}", 0.75, match.start(), match.end(), note)


def find_phones(visible: str, parts: Parts, region: str) -> Iterator[Candidate]:
    """Valid numbers only, as E.164; an extension stays in the note."""
    if not _MANY_DIGITS.search(visible):
        return
    # `max_tries` bounds the work on texts made of digits.
    for found in phonenumbers.PhoneNumberMatcher(visible, region.upper(), max_tries=60):
        before = visible[max(0, found.start - 50) : found.start]
        if not is_senders_phone(before):
            continue
        value = phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.E164)
        confidence = 0.95 if _ABOUT_ME.search(before) else _by_part(found.start, parts)
        if _NOT_DIRECT.match(visible, found.end):
            confidence -= 0.1
        elif _DIRECT.match(visible, found.end):
            confidence += 0.02
        yield Candidate("phone", value, confidence, found.start, found.end, _phone_note(found, region))


def _phone_note(found: phonenumbers.PhoneNumberMatch, region: str) -> str:
    notes = []
    if "+" not in found.raw_string and not found.raw_string.startswith("00"):
        notes.append(f"Read as a number in {region.upper()}.")
    if found.number.extension:
        notes.append(f"Extension {found.number.extension}.")
    return " ".join(notes)


def find_links(visible: str) -> list[Span]:
    """Where links and bare domains stand, so that other rules don't read words or numbers in them."""
    return [match.span() for pattern in (_URL, _BARE_DOMAIN) for match in pattern.finditer(visible)]


def find_website(visible: str, own_domains: Sequence[str]) -> Iterator[Candidate]:
    """The sender's own site. `own_domains`: of the sender's e-mail addresses; a site there is surely theirs."""
    if "." not in visible:
        return
    for pattern, confidence in ((_URL, 0.8), (_BARE_DOMAIN, 0.7)):
        for match in pattern.finditer(visible):
            words = _without_tail(match[0])
            before = visible[max(0, match.start() - 50) : match.start()]
            if _FOREIGN_HOST.search(_host(words)) or not _HOST.fullmatch(_host(words)):
                continue
            if _YOUR_SITE.search(before) and not _MY_SITE.search(before.lower().replace("your", " ")):
                continue
            if "your" in before[-30:].lower():
                continue
            is_own = any(_host(words).endswith(domain) for domain in own_domains)
            yield _website(words, match.start(), 0.93 if is_own or _MY_SITE.search(before) else confidence)


def _website(words: str, start: int, confidence: float) -> Candidate:
    has_scheme = words.lower().startswith("http")
    host = _host(words)
    rest = words[words.lower().index(host) + len(host) :]
    scheme = words[: words.index("://")].lower() if has_scheme else "https"
    note = "" if has_scheme else "Written without https://."
    return Candidate("website", f"{scheme}://{host}{rest}", confidence, start, start + len(words), note)


def _without_tail(words: str) -> str:
    words = words.rstrip(".,;:!?*_")
    if words.endswith(")") and "(" not in words:
        words = words.rstrip(").,")
    return words


def _host(words: str) -> str:
    host = re.sub(r"^https?://", "", words, flags=re.I)
    return re.split(r"[/?#:]", host, maxsplit=1)[0].lower()
