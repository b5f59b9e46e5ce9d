"""A second set of leads with its own habits: made-up people from thirteen cultures, and how they write twice.

    python -m benchmarks.duplicates.leads_set 10000 leads.parquet --seed 7

Every person, company and message is made up from hand-made lists; no text of anyone is in it. These habits were
written down before anyone looked at how the matcher does, and its weights were not fitted on them. All is drawn at
random from `seed`:

- 15 % of the leads come from someone who wrote before (a few write four or five times); in a third of these neither
  the e-mail nor the phone is the same as before. What ties those together: the same user at another provider, a
  mistyped address or number, the same company or address, words of the first message again, or now and then a name
  alone.
- Names: two family names in Latin America, one of them often left out; ä as a, ae or ä; Polish, Czech, Turkish and
  Vietnamese marks or none; her own form of a family name; pinyin in either order, with an English name, or in signs;
  Arabic names in several spellings; Cyrillic in letters of its own or in three Latin spellings; nicknames; initials;
  "Family, Given"; titles; a given name only; case, missing spaces, autocorrect and slips of the finger. A woman in
  twelve who comes back has married and is called otherwise, sometimes with both names.
- E-mail: by name, nickname, year or hobby; providers by country; slips such as gmial.com; plus tags; a work address
  after a private one; a new provider. Phone: grouped in many ways, national or international; a new number; slips.
- 25 % are people who look like someone else and are not: couples and parents with one mailbox or one landline between
  them, a child with a parent's whole name, colleagues behind one switchboard or one info@ mailbox, namesakes (some in
  the same town), a number that was given to someone new. Prefilled texts come word for word from many.
- An address stands in a quarter of the leads. Who comes back asks for something new, asks again, or sends the same
  twice.

Columns: lead_id, person, org, name, email, phone, region, company, place, message, ts, source, kind, base. Equal
`person` is the truth; `kind` says how a lead came to be (base, dup_key, dup_nokey, hn_...), `base` the lead it was
made from or -1.
"""

import argparse
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from rapidfuzz.distance import OSA

from benchmarks.duplicates.people import Someone, World, feminine, plain
from benchmarks.duplicates.slips import mail_slip
from benchmarks.duplicates.writing import Lead, anyones, follow_up, message, phone_as_typed, prefilled, present

DUPLICATES, LOOKALIKES, WITHOUT_KEY = 0.15, 0.25, 1 / 3
FIRST_DAY = datetime(2025, 9, 1)
DAYS = 365
TEXTS = ("name", "email", "phone", "region", "company", "place", "message", "source", "kind")

KEEP_THEIR_NAME = ("Latin American", "Chinese", "Arabic", "Vietnamese", "Italian")


def make(count: int, seed: int = 7) -> list[Lead]:
    """`count` leads in order of time."""
    world = World(seed)
    repeats, lookalikes = round(count * DUPLICATES), round(count * LOOKALIKES)
    everyone: list[Someone] = []
    leads: list[Lead] = []
    for _ in range(count - repeats - lookalikes):
        everyone.append(newcomer(world))
        leads.append(first_lead(world, everyone[-1], "base"))
    for _ in range(lookalikes):
        like = world.chance.choice(everyone)
        kind = world.chance.choices(list(LOOKALIKE), LOOKALIKE_SHARES)[0]
        everyone.append(LOOKALIKE[kind](world, like))
        leads.append(first_lead(world, everyone[-1], f"hn_{kind}", like))
    regulars: list[Someone] = []
    for _ in range(repeats):
        leads.append(returning(world, everyone, regulars))
    leads.sort(key=lambda lead: lead.ts)
    return leads


def newcomer(world: World) -> Someone:
    who = world.person()
    if world.chance.random() < 0.38:
        big = [each for each in world.companies[-40:] if each.region == who.region]
        who.company = world.chance.choice(big) if big and world.chance.random() < 0.2 else world.company(who)
    world.equip(who)
    if who.company and world.chance.random() < 0.6:
        who.emails = [world.work_mail(who)]
    return who


def first_lead(world: World, who: Someone, kind: str, like: Someone | None = None) -> Lead:
    chance = world.chance
    ts = FIRST_DAY + timedelta(days=chance.random() * DAYS)
    ts = ts.replace(hour=min(23, max(0, int(chance.gauss(14, 4)))), minute=chance.randrange(60))
    base = like.seen[0] if like else None
    text = message(who, chance)
    if kind == "hn_text" and base:
        text = base.message if anyones(base.message, base.name) else prefilled(who, chance)
    lead = present(who, chance, text)
    lead.kind, lead.ts, lead.base = kind, ts, base.lead_id if base else -1
    return _keep(world, who, lead)


def _keep(world: World, who: Someone, lead: Lead) -> Lead:
    lead.lead_id, world.leads = world.leads, world.leads + 1
    who.seen.append(lead)
    return lead


# People who look like someone else.


def spouse(world: World, like: Someone) -> Someone:
    """Mostly the same family name, one mailbox or landline between them, the same address."""
    chance = world.chance
    who = world.person(like=like)
    while plain(who.first) == plain(like.first):
        who = world.person(like=like)
    if chance.random() < 0.8:
        who.root, who.last_variants = like.root, like.last_variants
        who.last = feminine(who.root, who.culture) if who.is_woman else who.root
    world.equip(who)
    _share(world, who, like, mailbox=0.45, phone=0.6)
    who.place = like.place
    return who


def child(world: World, like: Someone) -> Someone:
    """Called wholly like a parent, at the same address, often the same landline; a mailbox of their own."""
    who = world.person(like=like)
    who.first, who.last, who.root, who.is_woman = like.first, like.last, like.root, like.is_woman
    who.nicknames, who.variants, who.last_variants = [], like.variants, like.last_variants
    world.equip(who)
    _share(world, who, like, mailbox=0, phone=0.35)
    who.place = like.place
    return who


def colleague(world: World, like: Someone) -> Someone:
    who = world.person(like=like)
    if like.company is None:
        like.company = world.company(like)
    who.company = like.company
    world.equip(who)
    who.emails = [world.work_mail(who)]
    if world.chance.random() < 0.5:
        who.phones = [like.company.switchboard]
        like.phones.append(like.company.switchboard)
    return who


def role_mailbox(world: World, like: Someone) -> Someone:
    """Two people who write from the same info@."""
    who = colleague(world, like)
    assert like.company
    mailbox = f"{world.chance.choice(like.company.roles)}@{like.company.domain}"
    who.emails, like.emails = [mailbox], [*like.emails, mailbox]
    return who


def namesake(world: World, like: Someone) -> Someone:
    """Someone of the same name, sometimes in the same town; half of them with a similar address elsewhere."""
    who = world.person(like=like)
    who.first, who.last, who.root, who.is_woman = like.first, like.last, like.root, like.is_woman
    who.nicknames, who.variants, who.last_variants = like.nicknames, like.variants, like.last_variants
    world.equip(who)
    if world.chance.random() < 0.25:
        who.place = f"{who.place.split(',')[0]},{like.place.rpartition(',')[2]}"
    return who


def new_holder(world: World, like: Someone) -> Someone:
    """A stranger who was given a number that someone gave up."""
    who = world.equip(world.person())
    who.region, who.phones = like.region, [like.phones[0]]
    return who


def same_text(world: World, like: Someone) -> Someone:
    return world.equip(world.person(like=like))


def _share(world: World, who: Someone, like: Someone, *, mailbox: float, phone: float) -> None:
    chance = world.chance
    if chance.random() < mailbox:
        who.emails = [like.emails[0]]
    if chance.random() < phone or (who.emails == like.emails and chance.random() < 0.3):
        who.phones = [like.phones[0]]


LOOKALIKE: dict[str, Callable[[World, Someone], Someone]] = {
    "family": spouse, "child": child, "colleague": colleague, "role": role_mailbox, "samename": namesake,
    "number": new_holder, "text": same_text,
}  # fmt: skip
LOOKALIKE_SHARES = (26, 4, 20, 8, 20, 2, 20)


# People who come back.


def returning(world: World, everyone: list[Someone], regulars: list[Someone]) -> Lead:
    """Another lead of someone who has one, one in five times of someone who has several.

    With a key in common or without, as drawn: it is tried until it is so.
    """
    chance = world.chance
    wants_key = chance.random() >= WITHOUT_KEY
    while True:
        who = chance.choice(regulars if regulars and chance.random() < 0.2 else everyone)
        before = who.seen[-1]
        for _ in range(6):
            lead = _again(world, who, before, wants_key)
            shares = bool((lead.mailbox and lead.mailbox == before.mailbox) or (lead.line and lead.line == before.line))
            if shares == wants_key and (shares or _is_tied(lead, before, chance)):
                lead.kind, lead.base = "dup_key" if shares else "dup_nokey", before.lead_id
                regulars.append(who)
                return _keep(world, who, lead)


def _again(world: World, who: Someone, before: Lead, wants_key: bool) -> Lead:
    chance = world.chance
    _live(world, who, chance.random() < (0.25 if wants_key else 0.8))
    text, gap = follow_up(who, before, chance)
    lead = present(who, chance, text)
    lead.ts = before.ts + gap
    if wants_key or not chance.random() < 0.6:
        return lead
    return _without_key(world, who, lead, before)


def _live(world: World, who: Someone, changes: bool) -> None:
    """What may have happened since: marriage, a new provider, a new number, a work address, a move."""
    chance = world.chance
    if who.is_woman and who.culture.name not in KEEP_THEIR_NAME and chance.random() < 1 / 12:
        other = world.person(like=who)
        new = feminine(other.root, who.culture)
        who.last, who.last_variants = (f"{who.last}-{new}" if chance.random() < 0.3 else new), []
    if not changes:
        return
    event = chance.choice(("provider", "provider", "mailbox", "number", "number", "work", "move"))
    if event == "provider":
        user = who.emails[-1].partition("@")[0]
        who.emails.append(world.mailbox(who, user=user if len(user) > 5 else ""))
    elif event == "mailbox":
        who.emails.append(world.mailbox(who))
    elif event == "number":
        who.phones.append(world.number(who.region))
    elif event == "work" and who.company:
        who.emails.append(world.work_mail(who))
    elif event == "move":
        who.place = world.place(who.region)


def _without_key(world: World, who: Someone, lead: Lead, before: Lead) -> Lead:
    """Mistypes or leaves out what both have."""
    chance = world.chance
    if lead.mailbox and lead.mailbox == before.mailbox:
        wrong = mail_slip(lead.mailbox, chance)
        lead.email, lead.mailbox = (wrong, wrong) if chance.random() < 0.55 else ("", "")
    if lead.line and lead.line == before.line:
        typed, line = phone_as_typed(who, chance, lead.line, wrong=True)
        lead.phone, lead.line = (
            (typed, line) if (chance.random() < 0.5 and lead.email == "") or not lead.email else ("", "")
        )
    return lead


def _is_tied(lead: Lead, before: Lead, chance: Random) -> bool:
    """Whether a person could see the tie: a name on both, and in nearly all more than the name."""
    if not (lead.name and before.name) or not (lead.email or lead.phone):
        return False
    user, other = lead.mailbox.partition("@")[0], before.mailbox.partition("@")[0]
    return (
        (len(user) > 4 and user == other)
        or _near(lead.mailbox, before.mailbox)
        or _near(lead.line, before.line)
        or bool(lead.company and before.company)
        or bool(lead.place and lead.place == before.place)
        or before.message[:40] in lead.message
        or chance.random() < 0.06
    )


def _near(one: str, other: str) -> bool:
    return bool(one and other) and OSA.distance(one, other) <= 2


def write(leads: list[Lead], path: Path) -> None:
    """As a parquet file, in order of time; `lead_id` counts in that order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    order = {lead.lead_id: at for at, lead in enumerate(leads)} | {-1: -1}
    numbers = {"lead_id": [order[lead.lead_id] for lead in leads], "base": [order[lead.base] for lead in leads]}
    texts = {name: [getattr(lead, name) or None for lead in leads] for name in TEXTS}
    rest = {
        "person": [lead.person for lead in leads],
        "org": [lead.org for lead in leads],
        "ts": [lead.ts for lead in leads],
    }
    pq.write_table(pa.table(numbers | texts | rest), path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("count", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    write(make(given.count, given.seed), given.path)
