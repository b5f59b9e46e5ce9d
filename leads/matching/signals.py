"""Finer signs of agreement, beyond the levels: numbers that the fitted and the learned weights multiply. Pure."""

import re
from collections.abc import Sequence
from functools import lru_cache
from math import log2

from rapidfuzz.distance import DamerauLevenshtein

from leads.matching.level import Level
from leads.matching.people import Features, Holders, Mail

DAY = 86_400.0
NO_MAIL_AGREES = frozenset({"", "email:mixed", "email:different"})
UNEQUAL_MAILS = frozenset({"email:typo", "email:user", "email:letters", "email:different", "email:mixed"})
_FIGURES = re.compile(r"\d{2,}")

Signals = dict[str, float]


def signals(a: Features, b: Features, levels: Sequence[Level], similarity: float | None, holders: Holders) -> Signals:
    """By name; what stands before the colon is the reason that it belongs to. What is nought is left out."""
    keys = {level.key.partition(":")[0]: level.key for level in levels}
    found = {key: 1.0 for kind, key in keys.items() if kind != "message"}
    if keys.get("name") == "name:same" and holders.name:
        found["name:shared"] = log2(1 + min(holders.name, 7))
    if a.initials and b.initials and "name" in keys:
        found["name:initial_same" if a.initials[0] == b.initials[0] else "name:initial_differs"] = 1.0
    _of_mail(a, b, keys.get("email", ""), holders, found)
    if not (a.name and b.name) and keys.get("email", "") in NO_MAIL_AGREES:
        _of_mailbox_and_name(a, b, found)
    _of_phone(a, b, keys.get("phone", ""), holders, found)
    if "email:same" in found and "phone:same" in found:
        found["phone:both"] = 1.0
    if a.text and b.text:
        _of_message(a, b, similarity, found, is_plain=keys.get("message") == "message:plain")
    if a.at and b.at:
        is_keyed = "email:same" in found or "phone:same" in found
        _of_time(abs(a.at - b.at) / DAY, found, is_keyed=is_keyed)
    return found


def _of_mail(a: Features, b: Features, key: str, holders: Holders, found: Signals) -> None:
    if key == "email:same" and holders.email:
        found["email:shared"] = 1.0
    if key in UNEQUAL_MAILS:
        one, other = a.mails[0].digits, b.mails[0].digits
        if one != other:
            found["email:digits_differ" if one and other else "email:digits_in_one"] = 1.0


def _of_mailbox_and_name(a: Features, b: Features, found: Signals) -> None:
    """Where one gave no name: whether their mailbox is called as the other is."""
    named, nameless = (a, b) if a.name else (b, a)
    if named.name and nameless.mails:
        found[f"mailbox:{max(_fit(mail, named) for mail in nameless.mails)[1]}"] = 1.0


def _fit(mail: Mail, named: Features) -> tuple[int, str]:
    last = named.last.replace(" ", "")
    if mail.is_role:
        return 1, "nobody"
    if named.first and last:
        if mail.letters == "".join(sorted(named.name.replace(" ", ""))):
            return 5, "full"
        if mail.letters == "".join(sorted(named.first[:1] + last)):
            return 4, "initial"
    if len(last) > 2 and last in mail.user:
        return 3, "last"
    if len(named.first) > 2 and named.first in mail.user:
        return 2, "first"
    return 0, "another"


def _of_phone(a: Features, b: Features, key: str, holders: Holders, found: Signals) -> None:
    if key == "phone:same" and holders.phone:
        found["phone:shared"] = 1.0
    if key == "phone:different" and len(a.phones) == len(b.phones) == 1:
        one, other = a.phones[0], b.phones[0]
        if len(one) == len(other) > 8 and DamerauLevenshtein.distance(one, other, score_cutoff=2) == 2:
            found["phone:two_off"] = 1.0
        elif one[:2] != other[:2]:
            found["phone:country"] = 1.0


def _of_message(a: Features, b: Features, similarity: float | None, found: Signals, *, is_plain: bool) -> None:
    if not is_plain:
        if similarity is not None and similarity > 0:
            found["message:cosine"] = round(similarity, 4)
        if shared := len(a.words & b.words):
            found["message:words"] = log2(1 + shared)
            if a.text == b.text:
                found["message:identical"] = 1.0
            elif shared >= 3 and shared >= 0.8 * min(len(a.words), len(b.words)):
                found["message:contained"] = 1.0
    if a.numbers and b.numbers:
        found["number:same" if a.numbers & b.numbers else "number:differs"] = 1.0
    elif (figures := _figures(a.text)) and figures == _figures(b.text):
        found["message:figures"] = 1.0
    if (b if b.at >= a.at else a).is_follow_up:
        found["again:later"] = 1.0


@lru_cache(maxsize=20_000)
def _figures(text: str) -> frozenset[str]:
    """How many, how long, how large: the numbers of two digits and more that are named."""
    return frozenset(_FIGURES.findall(text))


def _of_time(days: float, found: Signals, *, is_keyed: bool) -> None:
    """Straight lines that bend at a day, a week and forty days, and fall on until two thirds of a year. Long after,
    the same mailbox or phone is still the same person's."""
    for name, length in (("time:day", 1), ("time:week", 7), ("time:month", 40)):
        if days < length:
            found[name] = round(1 - days / length, 4)
    if days > 60 and not is_keyed:
        found["time:far"] = round(min(1.0, (days - 60) / 200), 4)
