"""The evidence in words, as people read it. Pure: imports no Django."""

from collections.abc import Mapping

from leads.matching.level import Level
from leads.matching.people import Features

_LEVELS = {
    "name:same": "Same name",
    "name:short": "Same last name, first name shortened",
    "name:initial": "Same last name, first name as an initial",
    "name:similar": "Same last name, similar first names",
    "name:last": "Same last name, different first names",
    "name:similar_last": "Same first name, similar last names",
    "name:part_last": "Same first name, one last name shortened",
    "name:first": "Same first name, different last names",
    "name:both_alike": "Similar names",
    "name:first_short": "First names that go together, different last names",
    "name:swapped": "First and last name swapped",
    "name:little": "Names only a little alike",
    "name:different": "Different names",
    "name:words": "The shorter name is part of the longer",
    "name:glued": "Same name, written in one word",
    "part:first": "Same first name",
    "part:first_alike": "Similar first names",
    "part:first_differs": "Different first names",
    "part:last": "Same last name",
    "part:alike": "One name in common",
    "email:same": "Same e-mail",
    "email:shared": "Same shared mailbox",
    "email:company": "E-mails of the same company",
    "email:typo": "E-mails differ by a typing mistake",
    "email:user": "Same e-mail name, other provider",
    "email:handle": "Same e-mail name, which is no common one, other provider",
    "email:handle_alike": "Same uncommon e-mail name, other digits",
    "email:user_digits": "Same e-mail name with the same digits, other provider",
    "email:letters": "E-mail names with the same letters",
    "email:mixed": "One private e-mail, one of a company",
    "email:different": "Different e-mails",
    "phone:same": "Same phone",
    "phone:local": "Same phone, once without the country's code",
    "phone:near": "Phones differ by a digit or the area code",
    "phone:different": "Different phones",
    "company:same": "Same company",
    "company:known": "Same company",
    "company:similar": "Similar company names",
    "company:domain": "The e-mail's domain is the other's company",
    "company:different": "Different companies",
    "place:same": "Same address",
    "place:mostly": "Addresses mostly alike",
    "place:partly": "Places a little alike",
    "place:town": "Same town",
    "place:different": "Different places",
    "message:plain": "Alike, but a message that many write",
    "message:equal": "Almost the same message",
    "message:very": "Very similar messages",
    "message:similar": "Similar messages",
    "message:somewhat": "Messages somewhat alike",
    "message:different": "Different messages",
}
_MAILBOX = {
    "full": "One's e-mail has the other's full name",
    "initial": "One's e-mail has the other's initial and last name",
    "last": "One's e-mail has the other's last name",
    "first": "One's e-mail has the other's first name",
    "another": "One's e-mail has another name than the other",
}
_COUNTED = ("name:same", "name:swapped", "email:same", "phone:same", "place:same")


def of_level(level: Level, similarity: float | None, one: Features, other: Features) -> str:
    """A piece of evidence: "Same phone, which 2 others have too"."""
    text = _LEVELS[level.key]
    if similarity is not None and level.key.startswith("message:"):
        return f"{text} ({similarity:.2f} of 1)"
    if level.key in _COUNTED and level.holders:
        return f"{text}, which {level.holders} other{'s have' if level.holders > 1 else ' has'} too"
    return text


def of_signals(topic: str, signals: Mapping[str, float], one: Features, other: Features) -> str:
    """A sign that no level stands for; empty when it has no words."""
    if topic == "time":
        return f"Written {_span(abs(one.at - other.at))} apart"
    if topic == "again":
        return "The later message says it is not the first"
    if topic == "number":
        shared = sorted(one.numbers & other.numbers, key=lambda number: (-len(number), number))
        return f"Both name the number {shared[0]}" if shared else "The messages name different numbers"
    if topic == "mailbox":
        return next((text for kind, text in _MAILBOX.items() if f"mailbox:{kind}" in signals), "")
    if topic == "message":
        return "Words in common" if "message:words" in signals else ""
    return ""


def _span(seconds: float) -> str:
    for length, unit in ((30.4 * 86_400, "month"), (7 * 86_400, "week"), (86_400, "day"), (3600, "hour")):
        if seconds >= (2 * length if unit in ("month", "week") else length):
            count = round(seconds / length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than an hour"
