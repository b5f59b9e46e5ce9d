"""Which values of a lead want a person's look: those a machine found and isn't sure of, until somebody decides."""

from collections.abc import Mapping

from leads import known_fields
from leads.fields import Group
from leads.models import FieldValue, Lead

MACHINES = (FieldValue.Origin.RULE, FieldValue.Origin.MODEL)
JUDGEMENTS = ("intent", "urgency")  # the other ones are words to read, not choices to act on


def unsure_fields(current: Mapping[str, FieldValue], *, below: float) -> list[str]:
    """Keys of the fields, the least sure first. `current`: the lead's current value of each field; `below`: 0 to 1."""
    found = [value for value in current.values() if _is_unsure(value, below)]
    return [value.field for value in sorted(found, key=lambda value: value.confidence)]


def _is_unsure(value: FieldValue, below: float) -> bool:
    if value.origin not in MACHINES or value.is_locked or not value.value or value.confidence >= below:
        return False
    known = known_fields.known(value.field)
    return value.field in JUDGEMENTS or known is None or known.group is not Group.JUDGEMENT


def settle(lead_id: int, field: str) -> None:
    """Takes a field off the list, as a person decided on it. The score's stage makes the list anew."""
    lead = Lead.objects.select_for_update().filter(pk=lead_id).only("review_fields").first()
    if lead is not None and field in lead.review_fields:
        rest = [each for each in lead.review_fields if each != field]
        Lead.objects.filter(pk=lead_id).update(review_fields=rest, needs_review=bool(rest))
