"""How the people of the second set put themselves on a form: one lead's name, address, number and words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from benchmarks.duplicates import texts
from benchmarks.duplicates.cultures import PHONES
from benchmarks.duplicates.people import Someone
from benchmarks.duplicates.slips import bare, digit_slip, latin, mail_slip, slip, sloppy


@dataclass
class Lead:
    """A row of the file. `mailbox` and `line` are what e-mail and phone mean, however they were typed."""

    person: int
    org: int
    name: str
    email: str
    phone: str
    region: str
    company: str
    place: str
    message: str
    source: str
    mailbox: str
    line: str
    lead_id: int = -1
    kind: str = "base"
    base: int = -1
    ts: datetime = datetime.min


def present(who: Someone, chance: Random, message: str) -> Lead:
    """One occasion: which name, which address, which number, and how well it was typed."""
    source = chance.choices(("web_form", "email", "csv", "api"), (55, 22, 13, 10))[0]
    has_email = chance.random() < 0.9 or source == "email"
    has_phone = chance.random() < (0.35 if source == "email" else 0.68) or not has_email
    email, mailbox = _email(who, chance) if has_email else ("", "")
    phone, line = phone_as_typed(who, chance, _line(who, chance)) if has_phone else ("", "")
    return Lead(
        person=who.number, org=who.company.number if who.company else -1, name=name_as_typed(who, chance, source),
        email=email, phone=phone, region=who.region, company=_company(who, chance),
        place=_place(who, chance), message=message, source=source, mailbox=mailbox, line=line,
    )  # fmt: skip


def name_as_typed(who: Someone, chance: Random, source: str) -> str:
    """Seven in ten write it plainly; the others shorten, turn round, transliterate, mistype, or leave it out."""
    if source == "email" and chance.random() < 0.12:
        return ""
    first, last = _given(who, chance), _family(who, chance)
    if who.culture.name == "Cyrillic" and chance.random() < (0.35 if who.region == "UA" else 0.9):
        scheme = chance.randrange(3)
        first, last = latin(first, scheme), latin(last, scheme)
    if who.culture.name == "Chinese":
        name = _chinese(who, first, last, chance)
    elif who.culture.name == "Vietnamese" and chance.random() < 0.5:
        name = f"{last} {first}"
    else:
        shape = chance.choices(("plain", "turned", "comma", "first", "initial", "last"), (80, 5, 3, 6, 4, 2))[0]
        name = {
            "plain": f"{first} {last}", "turned": f"{last} {first}", "comma": f"{last}, {first}", "first": first,
            "initial": f"{first[:1]}. {last}", "last": last,
        }[shape]  # fmt: skip
    titles = [each for each in texts.TITLES[who.language].split("|") if each]
    if titles and chance.random() < 0.04:
        name = chance.choice(titles) + name
    return sloppy(name, chance) if chance.random() < 0.22 else name


def _given(who: Someone, chance: Random) -> str:
    if who.nicknames and chance.random() < 0.12:
        return chance.choice(who.nicknames)
    first = (
        chance.choice(who.variants)
        if who.variants and who.culture.name == "Arabic" and chance.random() < 0.25
        else who.first
    )
    if who.second and chance.random() < 0.4:
        return f"{first} {who.second if chance.random() < 0.7 else who.second[0] + '.'}"
    return first


def _family(who: Someone, chance: Random) -> str:
    last = who.last
    if who.last_variants and who.culture.name == "Arabic" and chance.random() < 0.25:
        last = chance.choice(who.last_variants)
    front, _, end = last.partition(" ")
    if who.culture.name == "Latin American" and end and chance.random() < 0.55:
        return front
    return last


def _chinese(who: Someone, first: str, last: str, chance: Random) -> str:
    if who.language == "zh" and chance.random() < 0.6:
        return f"{who.last_variants[0]}{who.variants[0]}"
    shape = chance.randrange(5)
    return f"{last} {first}" if shape == 0 else f"{last.upper()} {first}" if shape == 1 else f"{first} {last}"


def _email(who: Someone, chance: Random) -> tuple[str, str]:
    """As typed, and the mailbox that is meant; a mistyped one is another mailbox."""
    mailbox = who.emails[-1] if chance.random() < 0.75 else chance.choice(who.emails)
    roll = chance.random()
    if roll < 0.025:
        wrong = mail_slip(mailbox, chance)
        return wrong, wrong
    user, _, domain = mailbox.partition("@")
    if roll < 0.05:
        return f"{user}+{chance.choice(('forms', 'web', 'shop'))}@{domain}", mailbox
    if roll < 0.13:
        return mailbox.upper() if roll < 0.08 else mailbox.capitalize(), mailbox
    return mailbox, mailbox


def _line(who: Someone, chance: Random) -> str:
    return who.phones[-1] if chance.random() < 0.75 else chance.choice(who.phones)


def phone_as_typed(who: Someone, chance: Random, line: str, *, wrong: bool = False) -> tuple[str, str]:
    """In one of the ways to group digits, and the line that is meant; a mistyped one is another line."""
    line = line.removeprefix(f"{who.region} ")
    if wrong or chance.random() < 0.02:
        line = digit_slip(line, chance)
    code, trunk, _, _ = PHONES[who.region]
    groups = _grouped(line, chance)
    sign = chance.choice((" ", " ", "-", "", "", "."))
    national = trunk + sign.join(groups)
    if who.region in ("US", "CA") and chance.random() < 0.4:
        national = f"({line[:3]}) {line[3:6]}-{line[6:]}"
    if trunk and chance.random() < 0.2:
        national = f"{trunk}{groups[0]}/{''.join(groups[1:])}"
    shape = chance.choices(("national", "plus", "zeros", "bracket"), (60, 30, 6, 4 if trunk else 0))[0]
    typed = {
        "national": national, "plus": f"+{code}{' ' if sign else ''}{sign.join(groups)}",
        "zeros": f"{'011' if who.region in ('US', 'CA') else '00'}{code}{''.join(groups)}",
        "bracket": f"+{code} ({trunk}){sign.join(groups)}",
    }[shape]  # fmt: skip
    return typed, f"{who.region} {line}"


def _grouped(digits: str, chance: Random) -> list[str]:
    groups, at = [digits[:3]], 3
    while at < len(digits):
        size = chance.choice((2, 3, 4)) if len(digits) - at > 4 else len(digits) - at
        groups.append(digits[at : at + size])
        at += size
    return groups


def _company(who: Someone, chance: Random) -> str:
    """The firm's name as its people write it: without legal form, in capitals, shortened, or not at all."""
    if not who.company or chance.random() < 0.25:
        return ""
    name = who.company.name
    roll = chance.random()
    if roll < 0.3:
        name = " ".join(name.split()[:2]) if len(name.split()) > 2 else name
    elif roll < 0.4:
        name = name.lower()
    elif roll < 0.5:
        name = bare(name)
    elif roll < 0.58:
        name = slip(name, chance)
    elif roll < 0.62:
        name = name.upper()
    return name


def _place(who: Someone, chance: Random) -> str:
    if chance.random() > 0.25:
        return ""
    if chance.random() < 0.3:
        return who.place.rpartition(", ")[2].partition(" ")[2]
    return slip(bare(who.place), chance) if chance.random() < 0.15 else who.place


def message(who: Someone, chance: Random) -> str:
    """What somebody writes who was not here before."""
    language = who.language
    roll = chance.random()
    if roll < 0.08:
        return prefilled(who, chance)
    if roll < 0.2:
        return chance.choice(texts.SHORT[language].split("|"))
    need = _filled(chance.choice(texts.NEEDS[language]), who, chance)
    if chance.random() < 0.25:
        need += f". {_filled(chance.choice(texts.NEEDS[language]), who, chance)}"
    opener = chance.choice(texts.OPENERS[language].split("|"))
    closer = _filled(chance.choice(texts.CLOSERS[language].split("|")), who, chance)
    text = " ".join(part for part in (opener, need, closer) if part)
    roll = chance.random()
    return text.lower() if roll < 0.12 else text.upper() if roll < 0.14 else text


def prefilled(who: Someone, chance: Random) -> str:
    return chance.choice(texts.PREFILLED[who.language].split("|"))


def anyones(message: str, name: str) -> bool:
    """Whether a stranger could have sent the very same: no code, no number, no signature in it."""
    return not any(char.isdigit() for char in message) and not any(word in message for word in name.split())


def _filled(text: str, who: Someone, chance: Random) -> str:
    code = "".join(chance.choice("ABCDEFGHKLMNPRSTXZ") for _ in range(2)) + str(chance.randrange(1000, 99_999))
    return text.format(
        n=chance.randrange(2, 120),
        day=chance.choice(texts.DAYS[who.language].split("|")),
        thing=chance.choice(texts.THINGS[who.language].split("|")),
        ref=code,
        first=who.first,
        full=f"{who.first} {who.last}",
    )


def follow_up(who: Someone, before: Lead, chance: Random) -> tuple[str, timedelta]:
    """What somebody writes who was here before, and how long after: the same again, a reminder, or a new need."""
    kind = chance.choices(("same", "reminder", "again", "new"), (16, 22, 17, 45))[0]
    if kind == "same":
        return before.message, timedelta(minutes=chance.expovariate(1 / 90))
    if kind == "reminder":
        text = chance.choice(texts.CHASERS[who.language].split("|")).format(
            text=before.message[: chance.randrange(40, 140)]
        )
        return text, timedelta(days=1 + chance.expovariate(1 / 6))
    if kind == "again":  # the same wish in other words, by the way of another form
        words = before.message.split()
        start = min(2, len(words) - 1)
        closer = _filled(chance.choice(texts.CLOSERS[who.language].split("|")), who, chance)
        return f"{' '.join(words[start:])} {closer}".strip(), timedelta(days=chance.expovariate(1 / 12))
    return message(who, chance), timedelta(days=3 + chance.expovariate(1 / 80))
