"""How e-mails, phones, companies and messages agree, and how likely that is under each explanation. Pure."""

from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from leads.keys import is_free_mail
from leads.matching.compared_names import crowd
from leads.matching.level import Level
from leads.matching.people import Features, Holders, Mail
from leads.names import roughly

# A domain that so many other leads write from is a mail provider's, whatever its name.
PROVIDER = 40
# Fewer telling words than this, or so many other leads with the same text: a message that many write.
FEW_WORDS, COMMON_TEXT = 3, 4
_DIGITS = "0123456789._-"

# ---- e-mail ----------------------------------------------------------------------------------------------------------


def email(a: Features, b: Features, holders: Holders, leads: int, *, knows: str) -> Level | None:
    """The best agreement of any of their e-mails."""
    if not (a.mails and b.mails):
        return None
    if len(a.mails) == len(b.mails) == 1:
        return _mails(a.mails[0], b.mails[0], a, b, holders, leads, knows)
    found = (_mails(one, other, a, b, holders, leads, knows) for one in a.mails for other in b.mails)
    return max(found, key=lambda level: level.same / level.unrelated)


def _mails(one: Mail, other: Mail, a: Features, b: Features, holders: Holders, leads: int, knows: str) -> Level:
    if one.key == other.key and not one.is_role:
        return Level("email:same", 0.68, 0.10, 0.01, max(crowd(holders.email, 2) / leads, 1e-6), holders.email)
    is_typo = not (one.is_role or other.is_role) and _is_typo(one, other)
    if one.domain and one.domain == other.domain and not is_typo and holders.domain < PROVIDER:
        what = "email:shared" if one.key == other.key else "email:company"
        return Level(what, 0.015, 0.02, 0.70, (holders.domain + 1) / (leads + 1000), holders.domain)
    if is_typo and (len(one.plain) >= 8 or not {one.user, other.user} & {a.first, b.first}):
        if one.plain == other.plain:
            return Level("email:typo", 0.06, 0.02, 0.005, 3e-6)  # the provider's name is mistyped: nobody's mailbox
        is_anyones = _is_of_name(one, a, b) and not one.digits
        return Level("email:typo", 0.06, 0.02, 0.005, _by_name(knows, 0.004, 2e-5) if is_anyones else 2e-5)
    if alike := _alike(one, other, a, b, knows):
        return alike
    if bool(one.domain) != bool(other.domain):
        return Level("email:mixed", 0.08, 0.30, 0.15, 0.30)
    return Level("email:different", 0.07, 0.54, 0.13, 0.69)


def _alike(one: Mail, other: Mail, a: Features, b: Features, knows: str) -> Level | None:
    """Look-alike addresses. People of the same name often have them, so with the same name they say little, unless
    they are not made of the name ("tigerfan") or have the same digits."""
    if one.is_role or other.is_role or {one.user, other.user} & {a.first, b.first}:
        return None
    if one.user == other.user and len(one.user) >= 5:
        if not (one.domain and other.domain) and not _is_of_name(one, a, b):
            return Level("email:handle", 0.05, 0.01, 0.001, 3e-6 if len(one.user) >= 7 else 2e-5)
        if len(one.digits) >= 2:
            return Level("email:user_digits", 0.05, 0.01, 0.001, _by_name(knows, 0.0015, 2e-5))
        return Level("email:user", 0.05, 0.01, 0.001, _by_name(knows, 0.05, 5e-5))
    if one.letters == other.letters and len(one.letters) >= 6:
        if (
            one.user.strip(_DIGITS) == other.user.strip(_DIGITS)
            and len(one.letters) >= 7
            and not _is_of_name(one, a, b)
        ):
            return Level("email:handle_alike", 0.03, 0.01, 0.001, 5e-5)
        return Level("email:letters", 0.05, 0.01, 0.001, _by_name(knows, 0.08, 1e-4))
    return None


def _by_name(knows: str, all_said: float, nothing_said: float) -> float:
    """How likely unrelated people's mailboxes are alike: the more of the name they share, the likelier."""
    return {"all": all_said, "half": (all_said * nothing_said**3) ** 0.25, "": nothing_said}[knows]


def _is_of_name(mail: Mail, a: Features, b: Features) -> bool:
    """Whether a mailbox is called as one of the two is, but for a few letters; so too if neither gave a name."""
    return _is_made_of(mail.plain.strip(_DIGITS), a.name) or _is_made_of(mail.plain.strip(_DIGITS), b.name)


@lru_cache(maxsize=50_000)
def _is_made_of(user: str, name: str) -> bool:
    """However it is spelled: "juergen" of "jurgen", "olena zhuk" of "olena schuk"."""
    words = sorted((roughly(word) for word in name.split() if len(word) >= 3), key=len, reverse=True)
    left = roughly(user)
    for word in words:
        start = left.find(word[:3])
        if start >= 0:
            left = left[:start] + left[start + len(word) :]
    return not words or len(left) <= 3


def _is_typo(one: Mail, other: Mail) -> bool:
    """One or two slips in the address; other digits, or only other punctuation, are no slip but another mailbox."""
    if one.digits != other.digits or min(len(one.plain), len(other.plain)) < 5:
        return False
    if one.host != other.host:
        return one.plain == other.plain and _is_typo_of_host(one.host, other.host)
    most = 1 if len(one.plain) < 7 else 2
    return one.plain != other.plain and DamerauLevenshtein.distance(one.plain, other.plain, score_cutoff=most) <= most


def _is_typo_of_host(one: str, other: str) -> bool:
    """ "gmial.com" and "gmail.con"; but "hotmail.es" and "hotmail.de" are two providers."""
    if is_free_mail(one) and is_free_mail(other):
        (name, _, end), (its_name, _, its_end) = one.partition("."), other.partition(".")
        return name == its_name and "com" in (end, its_end) and DamerauLevenshtein.distance(end, its_end) == 1
    return DamerauLevenshtein.distance(one, other, score_cutoff=2) <= 2


# ---- phone, company, message -----------------------------------------------------------------------------------------


def phone(a: Features, b: Features, holders: Holders, leads: int) -> Level | None:
    """The best agreement of any of their phones."""
    if not (a.phones and b.phones):
        return None
    if not set(a.phones).isdisjoint(b.phones):
        return Level("phone:same", 0.68, 0.68, 0.25, max(holders.phone / leads, 1e-6), holders.phone)
    if any(_is_local(one, other) for one in a.phones for other in b.phones):
        return Level("phone:local", 0.10, 0.10, 0.04, 2e-6)
    if any(_is_near(one, other) for one in a.phones for other in b.phones):
        return Level("phone:near", 0.08, 0.01, 0.03, 2e-5)
    return Level("phone:different", 0.24, 0.31, 0.72, 0.99)


def _is_local(one: str, other: str) -> bool:
    """The same number, one of them without its country's code."""
    shortest, longest = sorted((one.lstrip("0"), other), key=len)
    return 8 <= len(shortest) <= len(longest) - 1 and len(longest) - len(shortest) <= 3 and longest.endswith(shortest)


def _is_near(one: str, other: str) -> bool:
    return one[-7:] == other[-7:] or DamerauLevenshtein.distance(one, other, score_cutoff=1) <= 1


def company(a: Features, b: Features, holders: Holders, leads: int, *, is_same_domain: bool) -> Level | None:
    if not (a.company and b.company):
        return _company_of_domain(a, b)
    if a.company == b.company:
        if is_same_domain:  # the e-mail has said so already: count it once
            return Level("company:known", 0.80, 0.03, 0.75, 0.8, holders.company)
        return Level("company:same", 0.80, 0.03, 0.75, (holders.company + 1) / (leads + 1000), holders.company)
    if _is_like(a.company, b.company):
        return Level("company:similar", 0.15, 0.01, 0.20, 0.15 if is_same_domain else 2e-3)
    return Level("company:different", 0.05, 0.96, 0.05, 0.99)


@lru_cache(maxsize=50_000)
def _is_like(one: str, other: str) -> bool:
    """A slip or two apart, or one leaves out the end: "clarke" and "clarke traders"."""
    shortest, longest = sorted((one, other), key=len)
    is_start = len(shortest) >= 4 and (longest + " ").startswith(shortest + " ")
    return is_start or JaroWinkler.similarity(one, other) >= 0.9 or one.replace(" ", "") == other.replace(" ", "")


def _company_of_domain(a: Features, b: Features) -> Level | None:
    """Where one of the two names a company, and the other writes from an address of that name."""
    named, other = (a, b) if a.company else (b, a)
    plain = named.company.replace(" ", "")
    if len(plain) < 4 or any(mail.domain for mail in named.mails):
        return None
    if any(mail.domain.split(".")[0].replace("-", "") == plain for mail in other.mails):
        return Level("company:domain", 0.30, 0.01, 0.40, 1e-3)
    return None


def message(a: Features, b: Features, similarity: float | None, holders: Holders) -> Level | None:
    """Short or common words are alike by chance, so their likeness says nothing."""
    if similarity is None:
        return None
    if similarity >= 0.7 and _is_plain(a, b, holders):
        return Level("message:plain", 0.30, 0.25, 0.25, 0.19)
    if similarity >= 0.97:
        return Level("message:equal", 0.20, 0.05, 0.05, 0.003)
    if similarity >= 0.85:
        return Level("message:very", 0.15, 0.05, 0.08, 0.005)
    if similarity >= 0.7:
        return Level("message:similar", 0.20, 0.12, 0.15, 0.03)
    if similarity >= 0.5:
        return Level("message:somewhat", 0.20, 0.20, 0.20, 0.13)
    return Level("message:different", 0.25, 0.58, 0.52, 0.832)


def _is_plain(a: Features, b: Features, holders: Holders) -> bool:
    is_common = holders.text >= COMMON_TEXT or min(len(a.words), len(b.words)) < FEW_WORDS
    return is_common and bool(a.text and b.text)
