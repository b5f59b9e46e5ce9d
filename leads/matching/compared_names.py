"""How two names agree. Pure: imports no Django."""

from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from leads.matching.level import Level
from leads.matching.people import Features, Holders
from leads.names import is_nickname, is_pet_form, roughly, sound, spelled

_BEST = ("same", "alike", "short", "initial", "")  # likenesses, the one that says most first


def name(a: Features, b: Features, holders: Holders, leads: int) -> Level | None:
    if not a.name or not b.name or a.name.isascii() != b.name.isascii():
        return None  # a name in signs neither fits one in letters nor speaks against it
    # Names nobody else here has are still shared by some in the world.
    first = (holders.first + 1) / (leads + 300)
    last = (holders.last + 1) / (leads + 2000)
    if a.name == b.name and ((a.first and a.last) or (b.first and b.last)):
        common = _full(first, last) + crowd(holders.name, 12) / leads
        if a.first in (b.first, b.name):
            return Level("name:same", 0.75, 0.004, 0.002, common, holders.name)
        # Whoever turns a name round: it says as much of who it is. But two last names may make two people.
        return Level("name:swapped", 0.05, 0.0005, 0.0005, 0.1 * common + 2e-7, holders.name)
    if not (a.first and a.last and b.first and b.last):
        return _part_of_name(a, b, first, last)
    straight = _parts(_likeness(a.first, b.first), _likeness(a.last, b.last), first, last)
    if straight and straight.key not in ("name:last", "name:first", "name:first_short", "name:both_alike"):
        return straight
    if crossed := _crossed(_likeness(a.first, b.last), _likeness(a.last, b.first)):
        return crossed
    if by_words := _by_words(a.name.split(), b.name.split()) or _some_words(a, b):
        return by_words
    if straight:
        return straight
    if JaroWinkler.similarity(a.name, b.name) >= 0.85 or f"{a.first}{a.last}" == f"{b.first}{b.last}":
        return Level("name:little", 0.02, 0.04, 0.01, 0.008)
    return Level("name:different", 0.02, 0.05, 0.943, 0.975)


def _parts(first_is: str, last_is: str, first: float, last: float) -> Level | None:
    """The level of two whole names, by how their first names and their last names are alike."""
    if last_is == "same":
        if first_is == "same":
            return Level("name:same", 0.75, 0.004, 0.002, _full(first, last))
        if first_is == "initial":
            return Level("name:initial", 0.06, 0.05, 0.003, 0.06 * last + 1e-6)
        if first_is == "short":
            return Level("name:short", 0.11, 0.012, 0.002, 0.01 * last + 5e-7)
        if first_is == "alike":
            return Level("name:similar", 0.03, 0.03, 0.002, 0.02 * last + 1e-6)
        return Level("name:last", 0.004, 0.86, 0.02, last)
    if first_is == "same":
        if last_is == "alike":
            return Level("name:similar_last", 0.05, 0.005, 0.002, 0.004 * max(first, 0.003) + 1e-6)
        if last_is in ("short", "initial"):
            return Level("name:part_last", 0.01, 0.005, 0.001, 0.004 * max(first, 0.003) + 1e-6)
        return Level("name:first", 0.03, 0.005, 0.02, max(first, 0.003))
    if last_is and first_is:
        return Level("name:both_alike", 0.01, 0.005, 0.001, 5e-5)
    if first_is in ("short", "initial"):
        return Level("name:first_short", 0.008, 0.005, 0.02, 0.01)
    return None


def _crossed(one_is: str, other_is: str) -> Level | None:
    """Where each one's first name is like the other's last name; an initial alone says too little."""
    kinds = {one_is, other_is}
    if "" in kinds or kinds == {"short"}:
        return None
    if "same" in kinds:
        return Level("name:swapped", 0.012, 0.0008, 0.0005, 3e-5 if "initial" in kinds else 4e-6)
    return None if "initial" in kinds else Level("name:swapped", 0.003, 0.0008, 0.0005, 1e-5)


def _by_words(words: list[str], others: list[str]) -> Level | None:
    """Where names of three words and more are not parted alike: all words of the shorter stand in the longer."""
    shorter, longer = sorted((words, others), key=len)
    if len(longer) < 3 or len(shorter) < 2:
        return None
    left, kinds = list(longer), []
    for word in sorted(shorter, key=len, reverse=True):
        likeness = {other: _likeness(word, other) for other in left}
        best = min(left, key=lambda other: _BEST.index(likeness[other]))
        if not likeness[best]:
            return None
        left.remove(best)
        kinds.append((likeness[best], min(len(word), len(best))))
    if all(kind == "alike" for kind, _ in kinds):
        return Level("name:words", 0.01, 0.008, 0.001, 3e-5)
    whole = sum(kind == "same" and length > 1 for kind, length in kinds)
    if whole == len(kinds):
        return Level("name:words", 0.06, 0.008, 0.001, 8e-6)
    if whole and max(length for kind, length in kinds if kind == "same") > 3:
        is_initial = any(kind == "initial" or length == 1 for kind, length in kinds)
        return Level("name:words", 0.02, 0.008, 0.001, 1e-4 if is_initial else 1.5e-5)
    return None


def _some_words(a: Features, b: Features) -> Level | None:
    """Where each leaves out another of its words, but not the first: "ana maria silva" and "ana silva gomes"."""
    words, others = a.name.split(), b.name.split()
    shared = {word for word in words if len(word) > 2 and word in others}
    if min(len(words), len(others)) < 3 or len(shared) < 2:
        return None
    if a.first.split()[0] in shared and b.first.split()[0] in shared:
        return Level("name:words", 0.02, 0.008, 0.001, 3e-5)
    return None


def _likeness(one: str, other: str) -> str:
    """ "same", "short" (one a short form of the other), "initial", "alike" (a slip or two apart), or "" """
    return "same" if one == other else _compared(one, other)


@lru_cache(maxsize=100_000)
def _compared(one: str, other: str) -> str:
    shortest, longest = sorted((one, other), key=len)
    if len(shortest) == 1:
        return "initial" if longest[:1] == shortest or spelled(longest)[:1] == spelled(shortest) else ""
    if is_nickname(one, other) or _is_short(shortest, longest):
        return "short"
    most = 1 if len(longest) < 7 else 2
    if len(longest) >= 4 and DamerauLevenshtein.distance(one, other, score_cutoff=most) <= most:
        return "alike"
    if spelled(one) == spelled(other) or (len(shortest) >= 5 and roughly(one) == roughly(other)):
        return "alike"
    if one[0] != other[0]:
        return ""
    if JaroWinkler.similarity(one, other) >= 0.92:
        return "alike"
    code = sound(one) if len(shortest) >= 5 else ""
    return "alike" if len(code) >= 3 and code == sound(other) else ""


def _is_short(shortest: str, longest: str) -> bool:
    """Whether one leaves out words, the end or the beginning: "ana" and "ana sofia", "tina" and "christina"."""
    if " " in longest and set(shortest.split()) < set(longest.split()):
        return True
    if len(longest) - len(shortest) < 2 or " " in shortest:
        return False
    is_start = len(shortest) >= 3 and longest.startswith(shortest)
    return is_start or (len(shortest) >= 4 and longest.endswith(shortest)) or is_pet_form(shortest, longest)


def _part_of_name(a: Features, b: Features, first: float, last: float) -> Level | None:
    """Where one of the two gave one word only, which may be either name."""
    whole, half = (a, b) if a.first and a.last else (b, a)
    part = half.first or half.last
    if not (whole.first and whole.last):
        return _two_words(a.first or a.last, b.first or b.last, first)
    if len(part) >= 6:
        glued = f"{whole.first} {whole.last}"
        if DamerauLevenshtein.distance(part, glued, score_cutoff=2) <= 2:
            return Level("name:glued", 0.05, 0.001, 0.001, 1e-5)  # "JohnElliott"
    like = _likeness(whole.first, part)
    if like == "same":
        return Level("part:first", 0.8, 0.05, 0.02, max(first, 0.003))
    if part in whole.last.split():
        return Level("part:last", 0.30, 0.65, 0.02, 0.003)
    if like:
        return Level("part:first_alike", 0.12, 0.05, 0.03, 0.02)
    if part in whole.first.split() or _likeness(whole.last, part):
        return Level("part:alike", 0.06, 0.10, 0.02, 0.01)
    return Level("part:first_differs", 0.06, 0.9, 0.95, 0.967)


def _two_words(one: str, other: str, first: float) -> Level:
    like = _likeness(one, other)
    if like == "same":
        return Level("part:first", 0.8, 0.05, 0.02, max(first, 0.003))
    if like:
        return Level("part:first_alike", 0.12, 0.05, 0.03, 0.02)
    return Level("part:first_differs", 0.15, 0.9, 0.95, 0.967)  # one may be the first name, the other the last


def crowd(holders: int, doubt: int) -> float:
    """How many other people hold a value: one or two may well be the same person with another mailbox or spelling."""
    return holders * holders / (holders + doubt)


def _full(first: float, last: float) -> float:
    """How likely an unrelated person has this full name; first and last names go together more than by chance."""
    return max(3 * first * last, 1.5e-5)
