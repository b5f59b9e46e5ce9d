"""Who is compared: people, and what of them is compared, folded once. Pure: imports no Django."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from leads.keys import email_key, is_free_mail, phone_key
from leads.matching.words import COMMON_WORDS, FOLLOW_UP
from leads.names import fold, folded_company, folded_name, split_name, torn, word_set

ROLE_MAILBOXES = word_set(
    "info office contact hello hi mail email admin sales support service team help enquiries inquiries kontakt "
    "buero contacto ventas reception frontdesk billing accounts accounting orders booking bookings appointments "
    "noreply no-reply donotreply webmaster postmaster marketing hr jobs"
)
MOST_CONTACTS = 4  # e-mails, and phones, of one person that are compared
OPENING = 90  # characters in which one says that one wrote before
MOST_TEXT = 2000  # characters of a message that are compared
_NOT_PLAIN, _NOT_A_LETTER, _NOT_A_DIGIT = re.compile(r"[^a-z0-9]"), re.compile(r"[^a-z]"), re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Person:
    """Who a lead is, as far as known. What is missing says nothing.

    `name`: the full name as typed, read when both parts are empty. `place`: address or town, free text. `message`: what
    was written, newest last. `received_at`: unix seconds of the first message, 0 when unknown. `emails`, `phones`:
    further contact points. Phones are digits from `phone_key`, or as typed.
    """

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    place: str = ""
    message: str = ""
    received_at: float = 0.0
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Holders:
    """How common the values are that a pair shares.

    `leads`: all leads. `name`, `email`, `phone`: how many other people hold the shared value. `first`, `last`,
    `company`, `domain`, `place`, `text` (the message, word by word): how many other leads have it.
    """

    leads: int = 0
    name: int = 0
    first: int = 0
    last: int = 0
    email: int = 0
    phone: int = 0
    company: int = 0
    domain: int = 0
    place: int = 0
    text: int = 0


class Mail(NamedTuple):
    """One mailbox. `domain` is empty for a mail provider's. `plain` is the user without punctuation; `letters` are its
    letters, sorted, so that "kelly.maria" and "mariakelly" have the same."""

    key: str
    user: str
    plain: str
    letters: str
    digits: str
    host: str
    domain: str
    is_role: bool


@dataclass(frozen=True, slots=True)
class Features:
    """What is compared of a person. `rank` orders a pair, so that it doesn't matter who is named first."""

    rank: tuple[str, ...]
    first: str
    last: str
    initials: str  # of middle names
    name: str  # its words, sorted
    mails: tuple[Mail, ...]
    phones: tuple[str, ...]
    company: str
    place: str  # its words, sorted
    address: str  # the same in order, without spaces
    parts: frozenset[str]  # the words of the place that tell places apart
    message: str  # as it was written
    at: float

    @property
    def text(self) -> str:
        return _said(self.message).text

    @property
    def words(self) -> frozenset[str]:
        return _said(self.message).words

    @property
    def numbers(self) -> frozenset[str]:
        return _said(self.message).numbers

    @property
    def is_follow_up(self) -> bool:
        return _said(self.message).is_follow_up


class Said(NamedTuple):
    """A message, folded. Apart from the other features: most pairs are told apart without it, and it takes longer to
    read than all the rest."""

    text: str
    words: frozenset[str]  # without those that everyone writes
    numbers: frozenset[str]  # four digits and more
    is_follow_up: bool


@lru_cache(maxsize=20_000)
def features(person: Person) -> Features:
    """What is compared of a person: folded once, compared often."""
    first, last = person.first_name, person.last_name
    if person.name and not (first or last):
        first, last = split_name(person.name)
    if not last:
        first, last = torn(first)
    first, initials = _without_initials(folded_name(first))
    last = folded_name(last)
    mails = tuple(dict.fromkeys(filter(None, map(_mail, (person.email, *person.emails)))))[:MOST_CONTACTS]
    phones = tuple(dict.fromkeys(filter(None, map(phone_key, (person.phone, *person.phones)))))[:MOST_CONTACTS]
    company = folded_company(person.company)
    place = fold(person.place).split()
    message = person.message[-MOST_TEXT:]
    return Features(
        rank=(first, last, *(mail.key for mail in mails), *phones, company, *place, initials, message),
        first=first,
        last=last,
        initials=initials,
        name=" ".join(sorted(f"{first} {last}".split())),
        mails=mails,
        phones=phones,
        company=company,
        place=" ".join(sorted(place)),
        address="".join(place),
        parts=frozenset(word for word in place if word not in PLACE_WORDS),
        message=message,
        at=person.received_at,
    )


@lru_cache(maxsize=20_000)
def _said(message: str) -> Said:
    text = fold(message)
    words, opening = frozenset(text.split()), text[:OPENING]
    return Said(
        text=text,
        words=frozenset(word for word in words - COMMON_WORDS if len(word) > 2),
        numbers=frozenset(word for word in words if len(word) > 3 and _is_number(word)),
        is_follow_up=any(phrase in opening for phrase in FOLLOW_UP),
    )


# Words that most addresses have: kinds of streets, states, countries.
PLACE_WORDS = word_set(
    "street st str strasse road rd avenue ave av place pl court ct close crescent cres drive dr lane ln way circuit "
    "cct terrace tce parade pde boulevard blvd square sq highway hwy rue calle via platz weg allee plaza de la le du "
    "des di da del the of and po box unit flat apt suite no nsw vic qld wa sa tas act nt usa us uk germany deutschland "
    "france espana spain italia italy australia canada india"
)


def _mail(address: str) -> Mail | None:
    key = email_key(address)
    if not key:
        return None
    user, _, host = key.partition("@")
    plain = user if user.isascii() and user.isalnum() else _NOT_PLAIN.sub("", user)
    if plain.isalpha() and user.isascii():
        letters, digits = plain, ""
    else:
        letters, digits = _NOT_A_LETTER.sub("", plain), _NOT_A_DIGIT.sub("", user)
    domain = "" if is_free_mail(host) else host
    is_role = user in ROLE_MAILBOXES and bool(domain)
    return Mail(key, user, plain, "".join(sorted(letters)), digits, host, domain, is_role)


def _without_initials(first: str) -> tuple[str, str]:
    """ "mary k" is "mary" and "k", but "m k" stays."""
    words = first.split()
    long = [word for word in words if len(word) > 1]
    if not long:
        return first, ""
    return " ".join(long), "".join(word for word in words[1:] if len(word) == 1)


def _is_number(word: str) -> bool:
    """A number or the like of "pz1090", but no year."""
    return not _is_year(word) if word.isdecimal() else sum(map(str.isdecimal, word)) >= 3


def _is_year(word: str) -> bool:
    return len(word) == 4 and word[:2] in ("19", "20")
