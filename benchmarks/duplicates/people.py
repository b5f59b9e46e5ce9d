"""The people of the second set: who they are, what they are called, where they can be reached. See `leads_set`."""

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from benchmarks.duplicates.cultures import CULTURES, PHONES, PLACES, TLDS, Culture
from benchmarks.duplicates.slips import GERMAN, bare, latin
from benchmarks.duplicates.texts import COINED, HOBBIES, ROLES, TRADES


@dataclass
class Company:
    number: int
    name: str
    domain: str
    region: str
    language: str
    switchboard: str
    place: str
    roles: list[str]
    habit: str  # how the company builds its addresses


@dataclass
class Someone:
    number: int
    culture: Culture
    is_woman: bool
    region: str
    language: str
    first: str
    nicknames: list[str]
    variants: list[str]  # other spellings of the given name
    second: str  # a further given name, or empty
    last: str
    root: str  # the family name in his form
    last_variants: list[str]
    emails: list[str] = field(default_factory=list)  # newest last
    phones: list[str] = field(default_factory=list)  # national digits, newest last
    place: str = ""
    company: Company | None = None
    seen: list[Any] = field(default_factory=list)  # the leads that came of it


class World:
    """Draws people and companies; no two people get the same mailbox or mobile number unless they share it."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.used: set[str] = set()
        self.people = self.leads = 0
        self.companies: list[Company] = []

    def person(self, culture: Culture | None = None, like: Someone | None = None) -> Someone:
        """A new person. `like`: someone of the same region and language, as a relative or namesake."""
        chance = self.chance
        culture = like.culture if like else culture or chance.choices(CULTURES, [each.share for each in CULTURES])[0]
        is_woman = chance.random() < 0.5
        first, nicknames, variants = self._given(culture, is_woman)
        second = self._given(culture, is_woman)[0] if chance.random() < SECOND.get(culture.name, 0.06) else ""
        root, *others = self._family(culture)
        who = Someone(
            number=self.people, culture=culture, is_woman=is_woman,
            region=like.region if like else chance.choice(culture.regions),
            language=like.language if like else chance.choice(culture.languages),
            first=first, nicknames=nicknames, variants=variants, second=second if second != first else "",
            root=root, last=feminine(root, culture) if is_woman else root, last_variants=others,
        )  # fmt: skip
        self.people += 1
        return who

    def equip(self, who: Someone) -> Someone:
        """Gives mailbox, number and address; call it once the name is settled."""
        who.emails.append(self.mailbox(who))
        who.phones.append(self.number(who.region, mobile=self.chance.random() < 0.85))
        who.place = self.place(who.region)
        return who

    def _given(self, culture: Culture, is_woman: bool) -> tuple[str, list[str], list[str]]:
        names = culture.women if is_woman else culture.men
        if culture.name == "Chinese":
            parts = [part.split(":") for part in self.chance.choices(names, k=1 if self.chance.random() < 0.2 else 2)]
            english = self.chance.choice(
                ["Kevin", "Jenny", "Amy", "Jason", "Tony", "Grace", "Vivian", "Leo", "Eric", "Cindy"]
            )
            return "".join(sound for _, sound in parts).capitalize(), [english], ["".join(sign for sign, _ in parts)]
        name, _, short = common_first(names, self.chance, 0.5).partition(":")
        spellings = name.split("/")
        self.chance.shuffle(spellings)
        return spellings[0], [each for each in short.split(",") if each], spellings[1:]

    def _family(self, culture: Culture) -> list[str]:
        """His form of a family name, in all its spellings."""
        chance = self.chance
        if culture.name == "Chinese":
            sign, _, sound = common_first(culture.families, chance, 0.7).partition(":")
            return [sound.capitalize(), sign]
        spellings = common_first(culture.families, chance, 0.6).split("/")
        if chance.random() < culture.tail:
            fronts, ends = chance.choice(culture.stems).split("/"), chance.choice(culture.ends).split("/")
            spellings = [front + end for front in fronts for end in ends]
        if culture.name == "Latin American":
            spellings = [f"{spellings[0]} {common_first(culture.families, chance, 0.6)}"]
        chance.shuffle(spellings)
        return spellings

    def mailbox(self, who: Someone, *, provider: str = "", user: str = "") -> str:
        """A free-mail address in one of the ways people choose theirs."""
        provider = provider or common_first(who.culture.providers, self.chance, 0.6)
        user = user or self._user(who)
        email = f"{user}@{provider}"
        while email in self.used:
            user = f"{user}{self.chance.randrange(100)}"
            email = f"{user}@{provider}"
        self.used.add(email)
        return email

    def _user(self, who: Someone) -> str:
        chance = self.chance
        first, last = plain(who.first), plain(who.last.split()[0])
        nick = plain(who.nicknames[0]) if who.nicknames else first
        year = str(chance.randrange(55, 105) % 100).zfill(2)
        habits = (
            f"{first}.{last}", f"{first}{last}", f"{first[:1]}{last}", f"{last}.{first}", f"{first}{last[:1]}{year}",
            f"{nick}{year}", f"{nick}_{last}", f"{last}{year}", f"{first}-{last}", f"{chance.choice(HOBBIES)}{nick}",
            f"{chance.choice(HOBBIES)}{chance.choice(HOBBIES)}{year}", f"{first}.{last}{year}",
        )  # fmt: skip
        user = chance.choices(habits, (18, 10, 9, 6, 9, 8, 6, 6, 4, 7, 12, 8))[0]
        return user.strip(".-_") or f"user{chance.randrange(100_000)}"

    def number(self, region: str, *, mobile: bool = True) -> str:
        """National digits without the trunk prefix."""
        _, _, mobiles, landlines = PHONES[region]
        while True:
            pattern = self.chance.choice(mobiles if mobile else landlines)
            digits = re.sub("#", lambda _: str(self.chance.randrange(10)), pattern)
            if f"{region}{digits}" not in self.used:
                self.used.add(f"{region}{digits}")
                return digits

    def place(self, region: str) -> str:
        streets, towns = PLACES[PLACE_LANGUAGE.get(region, "en")]
        street, town = self.chance.choice(streets.split("|")), self.chance.choice(towns.split("|"))
        number, postcode = self.chance.randrange(1, 190), self.chance.randrange(10_000, 99_999)
        if PLACE_LANGUAGE.get(region, "en") in ("en", "fr"):
            return f"{number} {street}, {postcode} {town}"
        return f"{street} {number}, {postcode} {town}"

    def company(self, who: Someone) -> Company:
        """A small firm where `who` works: named for a family, a trade, or nothing at all."""
        chance = self.chance
        language = who.language if who.language in TRADES else "en"
        trades, forms = (part.split("|") for part in TRADES[language])
        owner = common_first(who.culture.families, chance, 0.5).split("/")[0].partition(":")[0]
        trade, coined = chance.choice(trades), chance.choice(COINED.split("|"))
        core = chance.choice((f"{trade} {owner}", f"{coined} {trade}", f"{owner} & {trade}"))
        slug = plain("-".join(core.replace("&", "").split()))[:26].strip("-") or "firma"
        slug = slug if chance.random() < 0.5 else slug.replace("-", "")
        tld = TLDS.get(who.region, who.region.lower())
        while f"{slug}.{tld}" in self.used:
            slug = f"{slug}{chance.randrange(10)}"
        self.used.add(f"{slug}.{tld}")
        name = f"{core} {chance.choice(forms)}".strip()
        made = Company(
            len(self.companies), name, f"{slug}.{tld}", who.region, language, self.number(who.region, mobile=False),
            self.place(who.region), ROLES[language].split(), chance.choice(("first.last", "flast", "first", "last")),
        )  # fmt: skip
        self.companies.append(made)
        return made

    def work_mail(self, who: Someone) -> str:
        assert who.company
        first, last = plain(who.first), plain(who.last.split()[0])
        user = {"first.last": f"{first}.{last}", "flast": f"{first[:1]}{last}", "first": first, "last": last}
        return self.mailbox(who, provider=who.company.domain, user=user[who.company.habit] or "mail")


SECOND = {"Latin American": 0.45, "Polish": 0.05, "English": 0.08, "Vietnamese": 0.5, "Italian": 0.05, "German": 0.06}
PLACE_LANGUAGE = {
    "MX": "es", "CO": "es", "ES": "es", "AR": "es", "DE": "de", "AT": "de", "CH": "de", "PL": "pl", "CZ": "cs",
    "TR": "tr",
    "FR": "fr", "BE": "fr", "IT": "it", "UA": "uk", "BG": "uk",
}  # fmt: skip


def common_first(names: list[str], chance: Random, steepness: float) -> str:
    """One of the names; those at the front come oftener."""
    return chance.choices(names, [1 / (at + 3) ** steepness for at in range(len(names))])[0]


def plain(text: str) -> str:
    """As it stands in an address: "Jürgen Müller" gives "juergen.mueller"-like letters, Cyrillic in Latin."""
    return re.sub(r"[^a-z0-9.-]", "", bare(latin(text).translate(GERMAN)).lower().replace("'", ""))


def feminine(name: str, culture: Culture) -> str:
    """Her form of a family name where the language has one: Kowalski is Kowalska, Novák is Nováková."""
    for his, hers in culture.gendered.items():
        if name.endswith(his):
            return name.removesuffix(his) + hers
    return name
