"""How likely two leads are the same person, and why. Pure: imports no Django.

Four explanations compete for each pair: the same person, two people of one household, two people of one company, two
unrelated people. For each thing that can be compared there is a level of agreement and its probability under each
explanation. What is missing says nothing. Under "unrelated", agreement on a value is as likely as the value is
common, so a common name weighs less than a rare one.

The weight of a piece of evidence, in bits, is its Shapley value: how much it moves the log-odds, averaged over all
orders in which the evidence could have come in. So each piece gets its fair share (a shared phone says little more once
the mailbox is shared), and the weights add up to the log-odds.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from math import factorial, log2
from operator import mul

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from leads.keys import company_domain, email_key, phone_key
from leads.names import folded_company, folded_name, is_nickname, word_set

# Expected pairs per lead: what a business sees when people write again, or their families and colleagues do.
RATE_SAME, RATE_HOUSEHOLD, RATE_COLLEAGUE = 0.15, 0.04, 0.08
# With few leads at hand, chance agreement is still judged as in a crowd.
FEWEST_LEADS = 500
ROLE_MAILBOXES = word_set(
    "info office contact hello hi mail email admin sales support service team help enquiries inquiries kontakt "
    "buero contacto ventas reception frontdesk billing accounts accounting orders booking bookings appointments "
    "noreply no-reply donotreply webmaster postmaster marketing hr jobs"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who a lead is, as far as known."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""


@dataclass(frozen=True, slots=True)
class Holders:
    """How common the values are that a pair shares.

    `leads`: all leads. `name`, `email`, `phone`: how many other people hold the shared value. `first`, `last`,
    `company`, `domain`: how many other leads have it.
    """

    leads: int = 0
    name: int = 0
    first: int = 0
    last: int = 0
    email: int = 0
    phone: int = 0
    company: int = 0
    domain: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence in bits; negative speaks against."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Match:
    """The weights of the reasons add up to log2 of the odds, p / (1 - p)."""

    probability: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One level of agreement: its probability under each explanation."""

    text: str
    same: float
    household: float
    colleague: float
    unrelated: float


@dataclass(frozen=True, slots=True, order=True)
class _Features:
    first: str
    last: str
    email: str
    user: str
    letters: str
    domain: str
    is_role: bool
    phone: str
    company: str


def match(a: Person, b: Person, *, similarity: float | None, holders: Holders) -> Match:
    """The probability that `a` and `b` are the same person; `similarity` is the cosine of their messages."""
    leads = max(holders.leads, FEWEST_LEADS)
    return _explain(_levels(a, b, similarity, holders, leads), leads)


def probability(a: Person, b: Person, *, similarity: float | None, holders: Holders) -> float:
    """The probability of `match` alone, without its reasons, which take longer."""
    leads = max(holders.leads, FEWEST_LEADS)
    same, *others = _prior(leads)
    household, colleague, unrelated = others
    for level in _levels(a, b, similarity, holders, leads):
        same *= level.same
        household *= level.household
        colleague *= level.colleague
        unrelated *= level.unrelated
    return same / (same + household + colleague + unrelated)


def _levels(a: Person, b: Person, similarity: float | None, holders: Holders, leads: int) -> list[Level]:
    one, other = sorted((features(a), features(b)))  # so that it doesn't matter who is named first
    name = _name(one, other, holders, leads)
    levels = (
        name,
        _email(one, other, holders, leads, is_same_name=name is not None and name.same >= 0.06),
        _phone(one, other, holders, leads),
        _company(one, other, holders, leads, is_same_domain=bool(one.domain) and one.domain == other.domain),
        _message(similarity),
    )
    return [level for level in levels if level is not None]


def _prior(leads: int) -> tuple[float, float, float, float]:
    """How likely a random pair is the same person, one household, colleagues, unrelated."""
    same, household, colleague = (2 * rate / leads for rate in (RATE_SAME, RATE_HOUSEHOLD, RATE_COLLEAGUE))
    return same, household, colleague, 1 - same - household - colleague


def _explain(levels: list[Level], leads: int) -> Match:
    odds = _odds_of_all_subsets(levels, _prior(leads))
    reasons = [Reason("Before any evidence", odds[0])]
    reasons += [Reason(level.text, _share(place, len(levels), odds)) for place, level in enumerate(levels)]
    return Match(1 / (1 + 2 ** -odds[-1]), tuple(reasons))


def _odds_of_all_subsets(levels: list[Level], prior: tuple[float, float, float, float]) -> list[float]:
    """The log-odds that each subset of the evidence gives; bit n of the place says whether level n is in it."""
    classes = [prior]
    for level in levels:
        likelihoods = (level.same, level.household, level.colleague, level.unrelated)
        classes += [tuple(map(mul, known, likelihoods)) for known in classes]
    return [log2(same / (household + colleague + unrelated)) for same, household, colleague, unrelated in classes]


def _share(place: int, count: int, odds: list[float]) -> float:
    """The Shapley value of one level: what it adds to each subset without it, times the share of orders through it."""
    bit = 1 << place
    return sum(
        (odds[subset | bit] - odds[subset])
        * factorial(size := subset.bit_count())
        * factorial(count - size - 1)
        / factorial(count)
        for subset in range(1 << count)
        if not subset & bit
    )


@lru_cache(maxsize=10_000)
def features(person: Person) -> _Features:
    """What is compared of a person: folded once, compared often."""
    mail = email_key(person.email)
    user = mail.partition("@")[0]
    domain = company_domain(mail)
    return _Features(
        first=_without_initials(folded_name(person.first_name)),
        last=folded_name(person.last_name),
        email=mail,
        user=user,
        letters="".join(sorted(re.sub(r"[^a-z]", "", user))),  # "kelly.maria" is "mariakelly"
        domain=domain,
        is_role=bool(domain) and user in ROLE_MAILBOXES,
        phone=phone_key(person.phone),
        company=folded_company(person.company),
    )


def _without_initials(first: str) -> str:
    """ "mary k" is "mary", but "m k" stays."""
    return " ".join(word for word in first.split() if len(word) > 1) or first


# ---- what leads are looked up by -------------------------------------------------------------------------------------


def keys(person: Person) -> dict[str, str]:
    """Normalised keys by kind: leads that share one are worth comparing, or (`first`, `last`) worth counting."""
    f = features(person)
    found = {
        "email": f.email if not f.is_role else "",
        "phone": f.phone,
        "phone_end": f.phone[-7:],
        "phone_start": f.phone[:-3] if len(f.phone) >= 10 else "",
        "name": " ".join(sorted(f"{f.first} {f.last}".split())) if f.first and f.last else "",
        "short_name": f"{f.first[:2]} {f.last[:4]}" if f.first and f.last else "",
        "initial": f"{f.first[:1]} {f.last[:4]} {f.company[:5]}" if f.first and f.last and f.company else "",
        "first_company": f"{f.first} {f.company[:5]}" if f.first and f.company else "",
        "first_domain": f"{f.first} {f.domain}" if f.first and f.domain else "",
        "letters": f.letters if len(f.letters) >= 5 and not f.is_role else "",
        "domain": f.domain,
        "company": f.company,
        "first": f.first,
        "last": f.last,
    }
    return {kind: key for kind, key in found.items() if key}


# ---- the name ------------------------------------------------------------------------------------------------------


def _name(a: _Features, b: _Features, holders: Holders, leads: int) -> Level | None:
    if not (a.first or a.last) or not (b.first or b.last):
        return None
    # Names nobody else here has are still shared by some in the world.
    first = (holders.first + 1) / (leads + 300)
    last = (holders.last + 1) / (leads + 2000)
    if not (a.first and a.last and b.first and b.last):
        return _part_of_name(a, b, first, last)
    if sorted([*a.first.split(), *a.last.split()]) == sorted([*b.first.split(), *b.last.split()]):
        return Level(_others("Same name", holders.name), 0.75, 0.004, 0.002, _full(first, last) + holders.name / leads)
    if a.last == b.last:
        return _same_last_name(a, b, first, last)
    similar = JaroWinkler.similarity(f"{a.first} {a.last}", f"{b.first} {b.last}")
    if similar >= 0.93:
        return Level("Similar names", 0.06, 0.01, 0.002, 20 * _full(first, last) + 2e-5)
    if a.first == b.first or is_nickname(a.first, b.first):
        return Level("Same first name, different last names", 0.03, 0.005, 0.02, max(first, 0.003))
    if similar >= 0.8:
        return Level("Names only a little alike", 0.02, 0.04, 0.01, 0.01)
    return Level("Different names", 0.02, 0.05, 0.943, 0.975)


def _same_last_name(a: _Features, b: _Features, first: float, last: float) -> Level:
    if is_nickname(a.first, b.first) or _is_initial(a.first, b.first) or _is_shorter(a.first, b.first):
        return Level("Same last name, first name shortened", 0.11, 0.03, 0.003, 0.05 * last + 1e-6)
    if JaroWinkler.similarity(a.first, b.first) >= 0.9:
        return Level("Same last name, similar first names", 0.06, 0.01, 0.002, 20 * _full(first, last) + 2e-5)
    return Level("Same last name, different first names", 0.004, 0.86, 0.02, last)


def _part_of_name(a: _Features, b: _Features, first: float, last: float) -> Level | None:
    """Where one of the two gave only half a name."""
    if a.first and b.first:
        if a.first == b.first or is_nickname(a.first, b.first):
            return Level("Same first name", 0.8, 0.05, 0.02, max(first, 0.003))
        if _is_initial(a.first, b.first) or JaroWinkler.similarity(a.first, b.first) >= 0.9:
            return Level("Similar first names", 0.12, 0.05, 0.03, 0.03)
        return Level("Different first names", 0.08, 0.9, 0.95, 0.967)
    if a.last and b.last:
        if a.last == b.last:
            return Level("Same last name", 0.9, 0.87, 0.02, last)
        return Level("Different last names", 0.1, 0.13, 0.98, 0.999)
    return None


def _full(first: float, last: float) -> float:
    """How likely an unrelated person has this full name; first and last names go together more than by chance."""
    return max(3 * first * last, 2e-6)


def _is_initial(one: str, other: str) -> bool:
    """Whether one is the first letter of the other."""
    return min(len(one), len(other)) == 1 and one[:1] == other[:1]


def _is_shorter(one: str, other: str) -> bool:
    """Whether one leaves out a middle name: "ana" and "ana sofia"."""
    return one.split()[0] == other.split()[0] and min(len(one.split()), len(other.split())) == 1


# ---- e-mail, phone, company, message ---------------------------------------------------------------------------------


def _email(a: _Features, b: _Features, holders: Holders, leads: int, *, is_same_name: bool) -> Level | None:
    if not (a.email and b.email):
        return None
    if a.email == b.email and not a.is_role:
        return Level(_others("Same e-mail", holders.email), 0.68, 0.10, 0.01, max(holders.email / leads, 1e-6))
    if a.domain and a.domain == b.domain and not _is_typo(a, b):
        what = "Same shared mailbox" if a.email == b.email else "E-mails of the same company"
        return Level(what, 0.015, 0.02, 0.70, (holders.domain + 1) / (leads + 1000))
    if alike := _alike_email(a, b, is_same_name):
        return alike
    if bool(a.domain) != bool(b.domain):
        return Level("One private e-mail, one of a company", 0.08, 0.30, 0.15, 0.30)
    return Level("Different e-mails", 0.07, 0.54, 0.13, 0.69)


def _alike_email(a: _Features, b: _Features, is_same_name: bool) -> Level | None:
    """Look-alike addresses. People of the same name often have them, so with the same name they say little."""
    if a.is_role or b.is_role or {a.user, b.user} & {a.first, b.first}:
        return None
    if _is_typo(a, b):
        return Level("E-mails differ by a typing mistake", 0.06, 0.02, 0.005, 0.02 if is_same_name else 2e-5)
    if a.user == b.user and len(a.user) >= 5:
        return Level("Same e-mail name, other provider", 0.05, 0.01, 0.001, 0.05 if is_same_name else 5e-5)
    if a.letters == b.letters and len(a.letters) >= 6:
        return Level("E-mail names with the same letters", 0.05, 0.01, 0.001, 0.08 if is_same_name else 1e-4)
    return None


def _is_typo(a: _Features, b: _Features) -> bool:
    """One or two slips in the mailbox name at the same domain; other digits are no slip but another mailbox."""
    if a.email.partition("@")[2] != b.email.partition("@")[2] or min(len(a.letters), len(b.letters)) < 5:
        return False
    return a.letters != b.letters and DamerauLevenshtein.distance(a.user, b.user, score_cutoff=2) <= 2


def _phone(a: _Features, b: _Features, holders: Holders, leads: int) -> Level | None:
    if not (a.phone and b.phone):
        return None
    if a.phone == b.phone:
        text = _others("Same phone", holders.phone)
        return Level(text, 0.68, 0.68, 0.25, max(holders.phone / leads, 1e-6))
    if a.phone[-7:] == b.phone[-7:] or DamerauLevenshtein.distance(a.phone, b.phone, score_cutoff=1) == 1:
        return Level("Phones differ by a digit or the area code", 0.08, 0.01, 0.03, 2e-5)
    return Level("Different phones", 0.24, 0.31, 0.72, 0.99)


def _company(a: _Features, b: _Features, holders: Holders, leads: int, *, is_same_domain: bool) -> Level | None:
    if not (a.company and b.company):
        return None
    if a.company == b.company:
        # The domain of the e-mail has said so already: count it once.
        unrelated = 0.8 if is_same_domain else (holders.company + 1) / (leads + 1000)
        return Level("Same company", 0.80, 0.03, 0.75, unrelated)
    if JaroWinkler.similarity(a.company, b.company) >= 0.9:
        return Level("Similar company names", 0.15, 0.01, 0.20, 0.15 if is_same_domain else 2e-3)
    return Level("Different companies", 0.05, 0.96, 0.05, 0.99)


def _message(similarity: float | None) -> Level | None:
    if similarity is None:
        return None
    shown = f"({similarity:.2f} of 1)"
    if similarity >= 0.97:
        return Level(f"Almost the same message {shown}", 0.20, 0.05, 0.05, 0.003)
    if similarity >= 0.85:
        return Level(f"Very similar messages {shown}", 0.15, 0.05, 0.08, 0.005)
    if similarity >= 0.7:
        return Level(f"Similar messages {shown}", 0.20, 0.12, 0.15, 0.03)
    if similarity >= 0.5:
        return Level(f"Messages somewhat alike {shown}", 0.20, 0.20, 0.20, 0.13)
    return Level(f"Different messages {shown}", 0.25, 0.58, 0.52, 0.832)


def _others(text: str, holders: int) -> str:
    if not holders:
        return text
    return f"{text}, which {holders} other{'s have' if holders > 1 else ' has'} too"
