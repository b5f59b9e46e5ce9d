"""Which of several values of a field is the better one, and why: edited by staff, verified, complete, newer."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from leads.keys import email_key, phone_key
from leads.models import FieldValue, Lead
from leads.names import fold

NAMES = ("first_name", "last_name", "company")
NEVER = datetime.min.replace(tzinfo=UTC)
# How far a lead has come; who is no customer yet is further on than who wasn't looked at.
FURTHER: dict[str, int] = {
    status: step
    for step, status in enumerate(
        (Lead.Status.NEW, Lead.Status.UNQUALIFIED, Lead.Status.WORKING, Lead.Status.QUALIFIED, Lead.Status.CONVERTED)
    )
}


class Judged(Protocol):
    """What is judged: a `leads.merge_plan.Option`."""

    @property
    def lead(self) -> Lead: ...
    @property
    def value(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def is_verified(self) -> bool: ...
    @property
    def is_locked(self) -> bool: ...
    @property
    def when(self) -> datetime | None: ...
    @property
    def counts(self) -> bool: ...


One = TypeVar("One", bound=Judged)
Judge = Callable[[Judged], Any]


def normal(key: str, value: str) -> str:
    """The value without what is mere spelling: equal ones say the same."""
    text = " ".join(value.casefold().split())
    if key == "email":
        return email_key(value) or text
    if key == "phone":
        return phone_key(value, settings.DEFAULT_REGION) or text
    return (fold(value) or text) if key in NAMES else text


def is_typed_and_valid(key: str, option: Judged) -> bool:
    """Whether a submitter typed an e-mail or a phone number that can be one."""
    if option.origin != FieldValue.Origin.SUBMITTER or not option.value:
        return False
    return (key == "email" and _is_email(option.value)) or (key == "phone" and _is_phone(option.value))


def best(key: str, options: Sequence[One], survivor: Lead) -> tuple[One, str]:
    """The option to preselect and the first criterion by which it beats those that say something else."""
    contenders = [option for option in options if option.counts]
    if not contenders:
        return next(option for option in options if option.lead == survivor), "equal"
    if len(contenders) == 1:
        return contenders[0], "only one has it"
    criteria = _criteria(key)
    first = max(contenders, key=lambda option: (*(judge(option) for _, judge in criteria), option.lead == survivor))
    rivals = [option for option in contenders if normal(key, option.value) != normal(key, first.value)]
    if not rivals:
        return _best_written(key, contenders, survivor), "equal"
    alike = [option for option in contenders if option not in rivals]
    return _best_written(key, alike, survivor), _why(first, rivals, criteria)


def _criteria(key: str) -> list[tuple[str, Judge]]:
    return [
        ("edited by staff", lambda option: option.origin == FieldValue.Origin.STAFF),
        ("verified", lambda option: option.is_verified),
        ("complete", lambda option: completeness(key, option.value)),
        ("newer", lambda option: option.when or NEVER),
    ]


def _why(first: Judged, rivals: Sequence[Judged], criteria: Sequence[tuple[str, Judge]]) -> str:
    for why, judge in criteria:
        rivals = [rival for rival in rivals if judge(rival) == judge(first)]
        if not rivals:
            return why
    return "of the lead that stays"


def _best_written(key: str, options: Sequence[One], survivor: Lead) -> One:
    """Of the same value in several spellings. The survivor's stays unless another is edited, or written better."""

    def written(option: One) -> tuple[Any, ...]:
        is_edited = option.origin == FieldValue.Origin.STAFF
        return is_edited, completeness(key, option.value), _is_tidy(key, option.value), option.lead == survivor

    return max(options, key=written)


def completeness(key: str, value: str) -> int:
    """More is better; 0 where nothing can be told. Only ever compared within one field."""
    if key in ("first_name", "last_name"):
        return 2 if len(fold(value)) > 1 else 1 if value else 0  # a name rather than its initial
    if key == "phone":
        return 2 if value.startswith("+") and _is_phone(value) else 1 if value else 0
    return len(value.split()) if key == "company" else 0


def _is_tidy(key: str, value: str) -> bool:
    """Whether a name is neither shouted nor all small."""
    return key not in NAMES or value not in (value.lower(), value.upper())


def _is_email(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True


def _is_phone(value: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, settings.DEFAULT_REGION))
    except phonenumbers.NumberParseException:
        return False
