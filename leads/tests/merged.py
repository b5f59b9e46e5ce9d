"""Leads to merge, for several test files."""

from django.contrib.auth.models import User

from leads import merges, merging
from leads.merge_plan import Choice
from leads.merging import NewValues
from leads.models import Lead, Merge
from leads.values import Contact, FoundValue
from tests.leads_at_hand import apart


def make(text: str = "Hello", *, is_sample: bool = False, **contact: str) -> Lead:
    return apart(text, contact=Contact(**contact), is_sample=is_sample)


def tell(lead: Lead, origin: str, **fields: str) -> None:
    merging.apply([NewValues(lead, [FoundValue(key, value) for key, value in fields.items()])], origin=origin)


def fold(survivor: Lead, *others: Lead, actor: User, both: bool = False, **chosen: Lead) -> Merge:
    """Merges with the values of the named leads; the last of the rows that come of it."""
    choices = {key: Choice(lead.pk, keep_both=both) for key, lead in chosen.items()}
    made = merges.merge(survivor, others, choices=choices, actor=actor)
    for lead in (survivor, *others):
        lead.refresh_from_db()
    return made[-1]
