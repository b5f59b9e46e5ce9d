"""What differs between two versions of a profile, in words. Pure: imports no Django."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from enrichment.profiles import NAMES, Profile, ProfileField
from leads.fields import INTENTS, Kind

INTENT_LABELS = dict(INTENTS)
PARTS = {
    "about": "The business is",
    "base": "Word lists",
    "tone": "Tone of replies",
    "business_name": "Name of the business",
    "opening_hours": "Opening hours",
    "notes": "Notes for replies",
    "signature": "Signature",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One change: `part` of the profile, what of it, and its words before and after; empty where there were none."""

    part: str
    what: str
    before: str
    after: str

    @property
    def change(self) -> str:
        return "added" if not self.before else "removed" if not self.after else "changed"


def differences(old: Profile, new: Profile) -> list[Difference]:
    """All that a reader of both would notice, in the order of the page."""
    return [*_texts(old, new), *_intents(old, new), *_fields(old, new), *_services(old, new)]


def _texts(old: Profile, new: Profile) -> Iterator[Difference]:
    for key, part in PARTS.items():
        before, after = getattr(old, key), getattr(new, key)
        if key == "base":
            before, after = NAMES.get(before, before), NAMES.get(after, after)
        if before != after:
            yield Difference(part, "", before, after)


def _intents(old: Profile, new: Profile) -> Iterator[Difference]:
    for key, label in INTENT_LABELS.items():
        yield from _one("Meaning of an intent", label, old.intents.get(key, ""), new.intents.get(key, ""))
        before, after = (" / ".join(each.examples.get(key, ())) for each in (old, new))
        yield from _one("Examples of an intent", label, before, after)


def _fields(old: Profile, new: Profile) -> Iterator[Difference]:
    before = {each.key: each for each in old.fields}
    after = {each.key: each for each in new.fields}
    for key in dict.fromkeys((*before, *after)):
        label = (after.get(key) or before[key]).label
        yield from _one("Fact to look for", label, _described(before.get(key)), _described(after.get(key)))
    kept = [key for key in before if key in after]
    if kept != [key for key in after if key in before]:
        names = [", ".join(each[key].label for key in each if key in kept) for each in (before, after)]
        yield Difference("Order of the facts", "", *names)


def _described(extra: ProfileField | None) -> str:
    if extra is None:
        return ""
    choices = f": {', '.join(label for _, label in extra.choices)}" if extra.choices else ""
    kind = "yes or no" if extra.kind is Kind.YES_NO else str(extra.kind)
    return f"{extra.label}, {kind}{choices}. {extra.meaning}"


def _services(old: Profile, new: Profile) -> Iterator[Difference]:
    before, after = (_priced(each) for each in (old, new))
    for name in dict.fromkeys((*before, *after)):
        yield from _one("Service", name, before.get(name, ""), after.get(name, ""))


def _priced(profile: Profile) -> Mapping[str, str]:
    return {each.name: each.price or "no price to quote" for each in profile.services}


def _one(part: str, what: str, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(part, what, before, after)
