"""How far two addresses or towns agree, word by word. Pure: imports no Django."""

from rapidfuzz.distance import DamerauLevenshtein, Indel

from leads.matching.level import Level
from leads.matching.people import Features, Holders

# How much a word in common says, in bits: a long number (postcode), a short one (house), a word.
LONG_NUMBER, SHORT_NUMBER, WORD, SHORT_WORD = 9.0, 5.0, 6.0, 3.0


def place(a: Features, b: Features, holders: Holders, leads: int, *, is_list: bool) -> Level | None:
    if not (a.parts and b.parts):
        return None
    shared = a.parts & b.parts
    bits = sum(map(_bits, shared)) + _alike(a.parts - shared, b.parts - shared)
    share = bits / min(sum(map(_bits, a.parts)), sum(map(_bits, b.parts)))
    if not (_is_address(a) and _is_address(b)):
        return _town(share, holders, leads)
    if not is_list and share < 1 and _has_no_number_in_common(a.parts, b.parts):
        return Level("place:partly", 0.05, 0.04, 0.20, 0.06)
    if not is_list and share < 1 and _is_other_house(a.parts, b.parts):
        return Level("place:town", 0.30, 0.30, 0.40, 0.03, holders.place)
    if share < 0.7:  # words that were run together or torn apart
        whole = Indel.normalized_similarity(a.address, b.address, score_cutoff=0.75)
        share, bits = max(share, whole - 0.1), max(bits, 30 * whole)
    if share >= 0.7:
        # A few more rows of an address are its own repeats; many are a tall house.
        crowd = max(holders.place - 4, 0) if is_list else holders.place
        chance = max(2.0**-bits, 1e-7 if is_list else 2e-6)
        return Level("place:same", 0.72, 0.80, 0.30, chance + crowd / leads, holders.place)
    if share >= 0.35:
        return Level("place:mostly", 0.20, 0.11, 0.10, max(2.0 ** (4 - bits), 2e-6 if is_list else 2e-5))
    if bits >= SHORT_NUMBER:
        return Level("place:partly", 0.02 if is_list else 0.05, 0.04, 0.20, 0.06)
    return Level("place:different", 0.01 if is_list else 0.03, 0.05, 0.40, 0.93)


def _has_no_number_in_common(words: frozenset[str], others: frozenset[str]) -> bool:
    """Another house, and another postcode: not the same address, whatever the street is called."""
    ours, theirs = ({word for word in some if word[0].isdecimal()} for some in (words, others))
    return bool(ours and theirs) and not ours & theirs and not _alike(frozenset(ours), frozenset(theirs))


def _is_other_house(words: frozenset[str], others: frozenset[str]) -> bool:
    """Another number of a house in one town, whatever the streets are called."""
    ours, theirs = ({word for word in some if word.isdecimal() and len(word) < 4} for some in (words, others))
    return bool(ours and theirs) and not ours & theirs


def _town(share: float, holders: Holders, leads: int) -> Level:
    """Where one of the two is no more than a town: many live there."""
    if share >= 0.7:
        chance = max((holders.place + 1) / (leads + 20), 0.02)
        return Level("place:town", 0.75, 0.85, 0.70, chance, holders.place)
    if share > 0:
        return Level("place:partly", 0.10, 0.05, 0.10, 0.10)
    return Level("place:different", 0.15, 0.10, 0.20, 0.88)


def _is_address(one: Features) -> bool:
    return len(one.parts) >= 3 and any(word.isdecimal() for word in one.parts)


def _bits(word: str) -> float:
    if word[0].isdecimal():
        return LONG_NUMBER if len(word) >= 4 else SHORT_NUMBER
    return WORD if len(word) >= 4 else SHORT_WORD


def _alike(words: frozenset[str], others: frozenset[str]) -> float:
    """Bits of the words that are a slip or two apart, each used once."""
    left, bits = sorted(others), 0.0
    for word in sorted(words):
        if found := next((other for other in left if _is_slip(word, other)), ""):
            left.remove(found)
            bits += 0.75 * min(_bits(word), _bits(found))
    return bits


def _is_slip(one: str, other: str) -> bool:
    shortest, longest = sorted((len(one), len(other)))
    if one[0].isdecimal() != other[0].isdecimal() or shortest < 3:
        return False
    is_torn = longest - shortest >= 2 and shortest >= 4 and one[0].isalpha()
    if is_torn and (one.startswith(other) or other.startswith(one)):
        return True
    most = 1 if longest < 6 else 2
    return DamerauLevenshtein.distance(one, other, score_cutoff=most) <= most
