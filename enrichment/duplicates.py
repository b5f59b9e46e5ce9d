"""Which leads may be the same person or company: candidates from keys and from the meaning of the message, each pair
weighed by `leads.matching`, the likely ones kept as suggestions for a person to decide."""

from collections.abc import Sequence

from enrichment import candidates, people, weighing
from enrichment.suggestions import save
from enrichment.weighing import LIKELY, Findings, Likely
from leads.models import Lead

__all__ = ["LIKELY", "Findings", "Likely", "find", "save"]


def find(leads: Sequence[Lead], *, least: float = LIKELY) -> Findings:
    """The likely pairs between these leads and all others. Writes the leads' keys, and nothing else.

    `least` is the least probability of a likely pair.
    """
    batch = people.read(lead.pk for lead in leads)
    if not batch:
        return Findings()
    suggested = candidates.suggested_pairs(batch)
    pairs, known = candidates.collect(batch, suggested)
    return weighing.weigh(pairs, known, suggested, least=least)
