"""The keys that leads are looked up by: who shares one is worth comparing. Pure: imports no Django."""

from collections.abc import Iterator
from hashlib import md5
from itertools import combinations

from leads.matching.people import Features, Person, features
from leads.names import roughly, sound

# Kinds that only tell how common a value is.
COUNTED_ONLY = frozenset({"first", "last", "text"})


def keys(person: Person) -> dict[str, str]:
    """Normalised keys by kind, the first of each: of those that `key_pairs` lists."""
    return dict(reversed(key_pairs(person)))


def key_pairs(person: Person) -> list[tuple[str, str]]:
    """(kind, key): leads that share one are worth comparing. Those of COUNTED_ONLY tell no more than how common it is.

    Several of a kind where a person has several e-mails or phones, or a name that could be written otherwise.
    """
    f = features(person)
    text = ("text", _digest(f.text) if f.text else "")
    found = [*_of_contacts(f), *_of_name(f), *_of_company(f), *_of_place(f), text]
    return [(kind, key) for kind, key in dict.fromkeys(found) if key]


def shared(one: Features, other: Features) -> Iterator[tuple[str, str]]:
    """(kind, key) of what is counted and both have; "text", which takes long to fold, is left to `shared_text`."""
    for kind in ("first", "last", "company", "place"):
        value = getattr(one, kind)
        if value and value == getattr(other, kind):
            yield kind, value
    if one.name == other.name and one.first and one.last and other.first and other.last:
        yield "name", one.name
    for mail in one.mails:
        for its in other.mails:
            if mail.key == its.key and not mail.is_role:
                yield "email", mail.key
            if mail.domain and mail.domain == its.domain:
                yield "domain", mail.domain
    for phone in one.phones:
        if phone in other.phones:
            yield "phone", phone


def telling(f: Features) -> Iterator[tuple[str, str]]:
    """(kind, key) of what tells a person from others: the name, mailboxes and phones."""
    if f.first and f.last:
        yield "name", f.name
    yield from (("email", mail.key) for mail in f.mails if not mail.is_role)
    yield from (("phone", phone) for phone in f.phones)


def shared_text(one: Features, other: Features) -> Iterator[tuple[str, str]]:
    if one.text and one.text == other.text:
        yield "text", _digest(one.text)


def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()[:16]


def _of_contacts(f: Features) -> Iterator[tuple[str, str]]:
    for mail in f.mails:
        if not mail.is_role:
            yield "email", mail.key
            yield "letters", mail.letters if len(mail.letters) >= 5 else ""
            yield "mail_ends", f"{mail.plain[:2]} {mail.plain[-5:]}" if len(mail.plain) >= 8 else ""
    for domain in dict.fromkeys(mail.domain for mail in f.mails):
        yield "domain", domain
        yield "first_domain", f"{f.first} {domain}" if f.first and domain else ""
    for phone in f.phones:
        yield "phone", phone
        yield "phone_end", phone[-7:]
        yield "phone_last", phone[-6:]
        yield "phone_start", phone[:-3] if len(phone) >= 10 else ""


def _of_name(f: Features) -> Iterator[tuple[str, str]]:
    yield "first", f.first
    yield "last", f.last
    if f.first and f.last:
        yield "name", f.name
        yield "short_name", f"{f.first[:2]} {f.last[:4]}"
        yield "sound", " ".join(sorted((sound(f.first), sound(f.last))))
        yield "rough_name", " ".join(sorted((roughly(f.first), roughly(f.last))))
        # As a mailbox may be called: "ana.garcia" and "agarcia".
        yield "letters", "".join(sorted(f.name.replace(" ", "")))
        yield "letters", "".join(sorted(f.first[:1] + f.last.replace(" ", "")))


def _of_company(f: Features) -> Iterator[tuple[str, str]]:
    yield "company", f.company
    if f.company and f.first:
        yield "first_company", f"{f.first} {f.company[:5]}"
        yield "initial", f"{f.first[:1]} {sound(f.last)} {f.company[:5]}" if f.last else ""


def _of_place(f: Features) -> Iterator[tuple[str, str]]:
    """By the parts that say most: long numbers (postcodes) and long words; each may be mistyped or left out."""
    yield "place", f.place
    numbers = sorted((word for word in f.parts if word[0].isdecimal()), key=lambda word: (-len(word), word))
    words = sorted((word for word in f.parts if not word[0].isdecimal()), key=lambda word: (-len(word), word))
    codes = list(dict.fromkeys(sound(word)[:4] for word in words))[:4]
    if numbers:
        yield from (("place_number", f"{code} {numbers[0]}") for code in codes[:3])
        yield from (("place_pair", " ".join(sorted(pair))) for pair in combinations(codes, 2))
        yield "place_number", f"{codes[0]} {numbers[-1]}" if codes and len(numbers) > 1 else ""
    for name in filter(None, (f.first, f.last)):
        yield from (("name_place", f"{sound(name)[:4]} {code}") for code in codes[:2])
