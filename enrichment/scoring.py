"""How promising a lead is, from 0 to 100, with its reasons. Pure: imports no Django.

What people and rules say makes the score; what only the model says moves it by ten points at most, also where the
model's judgement took the place of the rules' own: theirs still counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from enrichment.normalise import fold
from enrichment.profiles import Profile

MODEL = "model"
MODEL_LIMIT = 10
NO_CUSTOMER_LIMIT = 10
JUDGED = ("intent", "urgency")
SURE_ORIGINS = frozenset({"staff", "submitter", "crm"})

INTENT_POINTS = {
    "quote_request": ("Wants a quote", 20),
    "appointment_request": ("Wants an appointment", 20),
    "inquiry": ("Asks about services", 12),
    "support": ("Needs support", 8),
    "complaint": ("Complains", 8),
    "general": ("General message", 4),
}
NO_CUSTOMER = {"sales_pitch": "Sells something, is no customer", "job_application": "Looks for a job, is no customer"}
URGENCY_POINTS = {"urgent": ("Urgent", 12), "high": ("High urgency", 8), "medium": ("Some urgency", 3)}
CONTACT_POINTS = (
    ("email", "Has an e-mail address", 14),
    ("phone", "Has a phone number", 14),
    ("first_name", "Has a first name", 3),
    ("last_name", "Has a last name", 3),
    ("company", "Names a company", 5),
)
CUE_POINTS = (("amount", "Names a budget", 10), ("date", "Names a day", 6), ("place", "Names a place", 3))
SERVICE_FIELDS = ("product", "treatment", "scope")
SERVICE_POINTS, OFFERED_POINTS = 8, 10
DETAIL_POINTS, DETAIL_LIMIT = 3, 6
REPEAT_POINTS = 8
SHARED = 5  # letters at the beginning of a word that make it the same one


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the score; `points` may be negative."""

    label: str
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """`points` from 0 to 100: exactly the sum of the reasons' points."""

    points: int
    reasons: tuple[Reason, ...]


def score(
    values: Mapping[str, str],
    *,
    confidences: Mapping[str, float],
    origins: Mapping[str, str],
    is_repeat: bool,
    profile: Profile,
    by_rules: Mapping[str, tuple[str, float]] = MappingProxyType({}),
) -> Score:
    """The score of a lead's current values (field key -> value), with each one's confidence (0 to 1) and origin.

    Values of origin "model" don't count by themselves: all of them together move the score by at most ten points.
    `by_rules`: what the rules judged, with its confidence; it counts where the model's judgement stands.
    """
    given = {key: value for key, value in values.items() if value}
    known = {key: value for key, value in given.items() if origins.get(key) != MODEL}
    trust = {key: _trust(key, confidences, origins) for key in given}
    judged = {key: found for key, found in by_rules.items() if key in given and key not in known}
    own = known | {key: value for key, (value, _) in judged.items()}
    before = _bounded(_reasons(own, trust | {key: sure for key, (_, sure) in judged.items()}, is_repeat, profile))
    if len(known) < len(given):
        moved = _total(_bounded(_reasons(given, trust, is_repeat, profile))) - _total(before)
        moved = max(-MODEL_LIMIT, min(MODEL_LIMIT, moved))
        if moved:
            before = _bounded((*before, Reason("What the model reads in the message", moved)))
    return Score(_total(before), before)


def _reasons(
    values: Mapping[str, str], trust: Mapping[str, float], is_repeat: bool, profile: Profile
) -> tuple[Reason, ...]:
    reasons = [
        *_contact(values),
        *_judged(values, trust),
        *(Reason(label, points) for key, label, points in CUE_POINTS if key in values),
        *_fit(values, profile),
    ]
    if is_repeat:
        reasons.append(Reason("Has written before", REPEAT_POINTS))
    return (*reasons, *_no_customer(values, trust, _total(reasons)))


def _contact(values: Mapping[str, str]) -> list[Reason]:
    reasons = [Reason(label, points) for key, label, points in CONTACT_POINTS if key in values]
    if "email" not in values and "phone" not in values:
        reasons.append(Reason("Can't be reached: no e-mail address, no phone number", -10))
    return reasons


def _judged(values: Mapping[str, str], trust: Mapping[str, float]) -> list[Reason]:
    """Intent and urgency count as far as they are sure."""
    reasons = []
    for key, table in (("intent", INTENT_POINTS), ("urgency", URGENCY_POINTS)):
        label, points = table.get(values.get(key, ""), ("", 0))
        weighed = round(points * trust.get(key, 0.0))
        if weighed:
            reasons.append(Reason(label, weighed))
    return reasons


def _fit(values: Mapping[str, str], profile: Profile) -> list[Reason]:
    reasons = []
    named = [values[key] for key in SERVICE_FIELDS if key in values]
    if offered := _offered(named, profile):
        reasons.append(Reason(f"Asks for what you offer: {offered}", OFFERED_POINTS))
    elif named:
        reasons.append(Reason("Names a service", SERVICE_POINTS))
    extra = [key for key in profile.extra_facts if key in values and key not in SERVICE_FIELDS]
    if extra:
        reasons.append(Reason("Gives details of the job", min(DETAIL_POINTS * len(extra), DETAIL_LIMIT)))
    return reasons


def _offered(named: Sequence[str], profile: Profile) -> str:
    """The first service of the profile that shares a word of five letters or its whole name with what is asked for."""
    asked = fold(" ".join(named)).text
    words = {word[:SHARED] for word in asked.split() if len(word) >= SHARED}
    for service in profile.services:
        name = fold(service.name).text.strip()
        if name and (f" {name} " in f" {asked} " or words & {word[:SHARED] for word in name.split()}):
            return service.name
    return ""


def _no_customer(values: Mapping[str, str], trust: Mapping[str, float], total: int) -> list[Reason]:
    """Takes a sure sales pitch or job application down to ten points, an unsure one part of the way."""
    label = NO_CUSTOMER.get(values.get("intent", ""))
    removed = round(max(total - NO_CUSTOMER_LIMIT, 0) * trust.get("intent", 0.0))
    return [Reason(label, -removed)] if label and removed else []


def _trust(key: str, confidences: Mapping[str, float], origins: Mapping[str, str]) -> float:
    if origins.get(key) in SURE_ORIGINS:
        return 1.0
    return max(0.0, min(1.0, confidences.get(key, 0.5)))


def _bounded(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """The reasons, and where their sum leaves the scale one more that brings it back."""
    total = _total(reasons)
    if total > 100:
        return (*reasons, Reason("No score is above 100", 100 - total))
    return (*reasons, Reason("No score is below 0", -total)) if total < 0 else reasons


def _total(reasons: tuple[Reason, ...] | list[Reason]) -> int:
    return sum(reason.points for reason in reasons)
