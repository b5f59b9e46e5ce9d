"""How people mistype and rewrite: slips of the finger, and one name or number written in its other ways."""

# ruff: noqa: E501 - lists read better in long lines

import unicodedata
from random import Random

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
NEIGHBOURS = {
    char: "".join(row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)) for row in ROWS for at, char in enumerate(row)
}
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
BARE = str.maketrans("łŁıİøØđĐß", "lLiIoOdDs")
AUTOCORRECT = {
    "marek": "market", "jana": "java", "ana": "and", "petr": "peter", "lukas": "lucas", "jiri": "jury", "elif": "elf",
    "wojtek": "project", "nadia": "media", "rahul": "rahal", "sunita": "sonata", "hana": "hand", "beto": "beta",
    "divya": "diva", "omar": "omer", "anju": "anjou", "heike": "hike", "uwe": "use", "steffi": "stuff", "said": "said",
}  # fmt: skip
SCHEMES = (  # ways to write Cyrillic in Latin letters: as in a passport, as in chat, as a German office does
    dict(zip("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'ыэё", ["a", "b", "v", "h", "g", "d", "e", "ie", "zh", "z", "y", "i", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "iu", "ia", "", "y", "e", "e"], strict=False)),
    dict(zip("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'ыэё", ["a", "b", "v", "g", "g", "d", "e", "e", "zh", "z", "i", "i", "yi", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "h", "c", "ch", "sh", "sch", "", "yu", "ya", "", "y", "e", "yo"], strict=False)),
    dict(zip("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'ыэё", ["a", "b", "w", "h", "g", "d", "e", "je", "sch", "s", "y", "i", "ji", "j", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "ch", "z", "tsch", "sch", "schtsch", "", "ju", "ja", "", "y", "e", "jo"], strict=False)),
)  # fmt: skip
MAIL_SLIPS = (
    ("gmail.com", "gmial.com"), ("gmail.com", "gmail.con"), ("gmail.com", "gmail.co"), ("gmail.com", "gmai.com"),
    ("hotmail.com", "hotmial.com"), ("hotmail.com", "hotmail.con"), ("outlook", "outlok"), ("yahoo", "yaho"),
    ("web.de", "wep.de"), ("gmx.de", "gmx.d"), (".com", ".cm"), ("t-online", "tonline"), ("seznam.cz", "seznam.com"),
)  # fmt: skip


def bare(text: str) -> str:
    """Without diacritics: "Łukasz Dvořák" is "Lukasz Dvorak"."""
    split = unicodedata.normalize("NFKD", text.translate(BARE))
    return "".join(char for char in split if not unicodedata.combining(char))


def latin(text: str, scheme: int = 0) -> str:
    """Cyrillic in Latin letters; other text stays as it is."""
    table = SCHEMES[scheme]
    out = "".join(table.get(char.lower(), char) for char in text)
    return " ".join(word[:1].upper() + word[1:] for word in out.split(" ")) if out != text else text


def slip(text: str, chance: Random) -> str:
    """One slip of the finger somewhere after the first character: neighbour, dropped, doubled or swapped."""
    places = [at for at in range(1, len(text)) if text[at].isalnum()]
    if len(places) < 2:
        return text
    at = chance.choice(places)
    char = text[at]
    kind = chance.choice(("neighbour", "neighbour", "drop", "drop", "double", "swap", "swap"))
    if kind == "neighbour":
        near = NEIGHBOURS.get(bare(char).lower()[:1], "")
        return text[:at] + (chance.choice(near) if near else char) + text[at + 1 :]
    if kind == "drop":
        return text[:at] + text[at + 1 :]
    if kind == "double":
        return text[:at] + char + text[at:]
    return text[: at - 1] + char + text[at - 1] + text[at + 1 :]


def sloppy(text: str, chance: Random) -> str:
    """A name as hurried people type it: case, marks, spaces, autocorrect, or a slip."""
    kind = chance.choices(
        ("lower", "upper", "bare", "german", "spaces", "joined", "autocorrect", "slip", "slips"),
        (24, 10, 24, 12, 4, 2, 3, 18, 3),
    )[0]
    if kind == "lower":
        return text.lower()
    if kind == "upper":
        return text.upper()
    if kind == "bare":
        return bare(text)
    if kind == "german":
        return bare(text.translate(GERMAN))
    if kind == "spaces":
        return f" {text.replace(' ', '  ')} "
    if kind == "joined":
        return text.replace(" ", "", 1)
    if kind == "autocorrect":
        return " ".join(AUTOCORRECT.get(word.lower(), word).capitalize() for word in text.split())
    return slip(slip(text, chance), chance) if kind == "slips" else slip(text, chance)


def mail_slip(email: str, chance: Random) -> str:
    """An address with the slips that addresses get: in the provider or in the user's part."""
    known = [(right, wrong) for right, wrong in MAIL_SLIPS if right in email]
    if known and chance.random() < 0.45:
        return email.replace(*chance.choice(known))
    user, _, domain = email.partition("@")
    slipped = slip(user, chance)
    return f"{slipped}@{domain}" if slipped != user else f"{user}{user[-1]}@{domain}"


def digit_slip(digits: str, chance: Random) -> str:
    """A number with two digits swapped, one wrong or one missing, in its second half."""
    at = chance.randrange(len(digits) // 2, len(digits) - 1)
    kind = chance.choice(("swap", "wrong", "wrong", "missing"))
    if kind == "missing":
        return digits[:at] + digits[at + 1 :]
    if kind == "swap" and digits[at] != digits[at + 1]:
        return digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    return digits[:at] + str((int(digits[at]) + chance.choice((1, 3, 9))) % 10) + digits[at + 1 :]
