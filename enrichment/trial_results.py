"""A trial as the page shows it: lead by lead both sides in words, and what differs over all of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enrichment.models import Trial, TrialAnswer
from enrichment.profiles import Profile, ProfileField
from enrichment.trials import draft_profile, live_profile
from leads import known_fields
from leads.fields import Kind
from leads.models import FieldValue, Lead

# Sentences differ in words each time; what they say can't be counted.
WORDED = ("summary", "topics")


@dataclass(frozen=True, slots=True)
class Side:
    """One value of one side, as a person reads it; empty when there is none."""

    value: str = ""
    evidence: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    key: str
    label: str
    live: Side
    draft: Side
    differs: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """One lead of a trial, what differs first. `live_problem` and `draft_problem` say why a side has no values."""

    lead: Lead
    pairs: list[Pair]
    is_live_read: bool
    is_draft_read: bool
    live_problem: str = ""
    draft_problem: str = ""

    @property
    def is_read(self) -> bool:
        return self.is_live_read and self.is_draft_read

    @property
    def is_to_come(self) -> bool:
        """The draft's side is."""
        return not self.is_draft_read

    @property
    def differing(self) -> int:
        return sum(pair.differs and pair.key not in WORDED for pair in self.pairs)


@dataclass(frozen=True, slots=True)
class Change:
    """Over all leads: how often a field is found by the draft alone, by the live version alone, or differently."""

    label: str
    gained: int
    lost: int
    other: int


@dataclass(frozen=True, slots=True)
class Result:
    trial: Trial
    live_label: str
    leads: list[Compared]
    changes: list[Change]
    done: int
    total: int
    same: int

    @property
    def is_under_way(self) -> bool:
        return self.trial.finished_at is None and not self.trial.is_stopped


def result_of(trial: Trial) -> Result:
    """Needs three queries, however many leads there are; `trial` comes with its version and profile."""
    live, draft = live_profile(trial.version), draft_profile(trial.version)
    answers = {answer.lead_id: answer for answer in trial.answers.all()}
    leads = Lead.objects.filter(pk__in=trial.lead_ids).defer("search_text").in_bulk()
    compared = [_compared(leads[pk], answers.get(pk), live, draft) for pk in trial.lead_ids if pk in leads]
    read = [each for each in compared if each.is_read]
    good = [each for each in read if not (each.live_problem or each.draft_problem)]
    label = f"version {live.version}" if live.version else "as shipped"
    if live.key != trial.version.profile.key:
        label = f"default profile, {label}"
    same = sum(not each.differing for each in good)
    return Result(trial, label, compared, _changes(good), len(read), len(compared), same)


def _compared(lead: Lead, answer: TrialAnswer | None, live: Profile, draft: Profile) -> Compared:
    left: Mapping[str, Any] = answer.live if answer else {}
    right: Mapping[str, Any] = answer.draft if answer else {}
    both = (left.get("values", {}), right.get("values", {}))
    order = dict.fromkeys((*draft.facts, *live.facts, "intent", "urgency", "language", "topics", "summary"))
    keys = [key for key in order if any(key in values for values in both)]
    is_read = bool(left and right)
    return Compared(
        lead,
        sorted((_pair(key, both, live, draft, is_read) for key in keys), key=lambda pair: not pair.differs),
        bool(left),
        bool(right),
        left.get("problem", ""),
        right.get("problem", ""),
    )


def _pair(key: str, both: Sequence[Mapping[str, Any]], live: Profile, draft: Profile, is_read: bool) -> Pair:
    own = [_extra(profile, key) for profile in (live, draft)]
    sides = [
        Side(_shown(key, each[key]["value"], extra), each[key]["evidence"], each[key]["note"])
        if key in each
        else Side()
        for each, extra in zip(both, own, strict=True)
    ]
    known = known_fields.known(key)
    label = next((extra.label for extra in reversed(own) if extra), known.label if known else key)
    return Pair(key, label, sides[0], sides[1], is_read and sides[0].value != sides[1].value)


def _extra(profile: Profile, key: str) -> ProfileField | None:
    return next((each for each in profile.fields if each.key == key), None)


def _shown(key: str, value: str, extra: ProfileField | None) -> str:
    """A draft's own fields are not known as fields of leads yet."""
    if extra and extra.kind is Kind.CHOICE:
        return dict(extra.choices).get(value, value)
    if extra and extra.kind is Kind.YES_NO:
        return value.capitalize()
    return FieldValue(field=key, value=value).display


def _changes(compared: Sequence[Compared]) -> list[Change]:
    gained: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for pair in (pair for each in compared for pair in each.pairs if pair.differs and pair.key not in WORDED):
        count = gained if not pair.live.value else lost if not pair.draft.value else other
        count[pair.label] += 1
    labels = dict.fromkeys(pair.label for each in compared for pair in each.pairs)
    found = [Change(label, gained[label], lost[label], other[label]) for label in labels]
    return [change for change in found if change.gained or change.lost or change.other]
