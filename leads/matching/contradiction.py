"""Whether two names speak against one person. Pure: imports no Django."""

from leads.matching import compared_names
from leads.matching.people import Holders, Person, features
from leads.names import is_nickname, spelled

# What `compared_names` calls names that tell two people apart: one last name with two first names, as in a family that
# shares a mailbox; one first name with two last names; two single words that have nothing in common.
_APART = frozenset(
    ("name:last", "name:first", "name:first_short", "name:little", "name:different", "part:first_differs")
)
_ENDINGS = ("a", "e", "o")  # the one letter between Daniel and Daniela, Mario and Maria: no slip


def contradict(one: Person, other: Person) -> bool:
    """Whether the names are clearly of two people. A missing name, a nickname, an initial, a slip, a middle name or
    names in turned order don't contradict."""
    a, b = features(one), features(other)
    level = compared_names.name(a, b, Holders(), 1)
    if level is None:
        return False
    return level.key in _APART or _ends_otherwise(a.first or a.last, b.first or b.last)


def _ends_otherwise(first: str, other: str) -> bool:
    shortest, longest = sorted((first, other), key=len)
    stem = longest[:-1]
    if first == other or not stem or is_nickname(first, other) or spelled(first) == spelled(other):
        return False
    is_same_stem = shortest == stem or (shortest[:-1] == stem and shortest[-1] in _ENDINGS)
    return is_same_stem and longest[-1] in _ENDINGS
