"""Content rules of spam, each with a reason in plain words and its points (log-odds). Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from leads.spam.signs import LINK
from leads.spam.wordlists import DISPOSABLE, PHRASES, SHORTENERS

_MARKUP = re.compile(r"\[/?url[=\]]|\[link=|<a\s+href", re.IGNORECASE)
_BARE_HOST = re.compile(r"^(?:https?://|www\.)|^[\w-]+\.(?:com|net|org|info|ru|top|xyz|site|online|shop|io|co)\b", re.I)
_HOST = re.compile(r"^(?:https?://)?(?:www\.)?([^/:?#\s]+)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_VOWELS = frozenset("aeiouyäöüáéíóúàèìòùâêîôûãõ")
_CONSONANTS_RUN = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\u200b\u200c\u2060\ufeff\u00ad]")
MOST_PHRASES = 3


@dataclass(frozen=True, slots=True)
class Reason:
    words: str
    points: float


def reasons_of(text: str, *, name: str = "", email: str = "", company: str = "", earlier: int = 0) -> list[Reason]:
    """Every rule that the message breaks."""
    links = LINK.findall(text)
    found = [*_of_links(text, links), *_of_sender(name, email, company), *_of_wording(text)]
    if earlier:
        times = "once" if earlier == 1 else f"{earlier} times"
        found.append(Reason(f"The same text came before, {times}, from others.", 2.5 if earlier == 1 else 5.0))
    return found


def fingerprint(text: str) -> str:
    """What two copies of a text have in common, whatever name, number or link was put in: its letters; empty when
    they are too few to tell copies from chance."""
    letters = "".join(_WORD.findall(LINK.sub(" ", unicodedata.normalize("NFKC", text).casefold())))
    return letters if len(letters) >= 40 else ""


def _of_links(text: str, links: list[str]) -> Iterator[Reason]:
    if len(links) >= 3:
        yield Reason(f"It has {len(links)} links.", 2.0 if len(links) < 6 else 3.5)
    hosts = {match[1].casefold() for link in links if (match := _HOST.match(link))}
    if short := sorted(hosts & SHORTENERS):
        yield Reason(f"It hides where a link goes ({short[0]}).", 2.5)
    if _MARKUP.search(text):
        yield Reason("It has link codes as bots leave them in forums.", 4.0)
    rest = LINK.sub(" ", text)
    if links and len(rest.split()) <= 3:
        yield Reason("It is hardly more than a link.", 3.0)


def _of_sender(name: str, email: str, company: str) -> Iterator[Reason]:
    if any(_BARE_HOST.match(part) for part in (name.strip(), company.strip()) if "://" in part or " " not in part):
        yield Reason("The name is a web address.", 2.0 if not _BARE_HOST.match(name.strip()) else 4.0)
    parts = name.split()
    if len(parts) == 2 and parts[0] == parts[1] and len(parts[0]) > 3:
        yield Reason("First and last name are the same word.", 2.0)
    host = email.rpartition("@")[2].casefold()
    if host in DISPOSABLE:
        yield Reason(f"The e-mail address is a throw-away one ({host}).", 2.0)


def _of_wording(text: str) -> Iterator[Reason]:
    plain = " ".join(text.casefold().replace("’", "'").split())
    known = [phrase for phrase in PHRASES if phrase in plain]
    for phrase in known[:MOST_PHRASES]:
        yield Reason(f"It says “{phrase}”.", 1.5)
    if mixed := next((word for word in _WORD.findall(text[:5000]) if _mixes_scripts(word)), ""):
        yield Reason(f"A word mixes letters of two scripts to look like another (“{mixed[:30]}”).", 3.0)
    if len(_INVISIBLE.findall(text)) >= 3:
        yield Reason("Words are broken up with invisible characters.", 2.0)
    if _is_gibberish(text):
        yield Reason("It is letters without words.", 9.0)


def _mixes_scripts(word: str) -> bool:
    scripts = {unicodedata.name(char, "").split(" ")[0] for char in word}
    return len(scripts & {"LATIN", "CYRILLIC", "GREEK"}) > 1


def _is_gibberish(text: str) -> bool:
    """One to four long words that nobody could say, and nothing else."""
    words = text.split()
    if not words or len(words) > 4 or LINK.search(text) or "@" in text:
        return False
    letters = [word for word in words if word.isascii() and word.isalpha() and len(word) >= 7]
    return len(letters) == len(words) and all(_is_unsayable(word) for word in letters)


def _is_unsayable(word: str) -> bool:
    vowels = sum(char in _VOWELS for char in word.casefold())
    turns = sum(first.islower() and second.isupper() for first, second in pairwise(word))
    is_shaken = turns >= 3 and not word.isupper()
    return is_shaken or bool(_CONSONANTS_RUN.search(word)) or vowels / len(word) < 0.2
