"""Keeping what was found: suggestions for a person to decide. What a person decided stays as it is, until two leads
share an e-mail or phone that they did not share then."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from django.utils import timezone

from enrichment import people
from enrichment.candidates import Pair
from enrichment.weighing import Findings, Likely
from leads.duplicates import shared_contact_keys
from leads.models import DuplicateSuggestion, Event, Lead

State = DuplicateSuggestion.State

WRITTEN = ["probability", "similarity", "reasons", "log_odds", "signals", "weights", "is_probe"]
REOPENED = ["state", "relation", "decided_at", "decided_by", "shared_keys"]


@dataclass(frozen=True, slots=True)
class Written:
    """`leads` that got new suggestions, and how many `new` ones there are."""

    leads: frozenset[int] = frozenset()
    new: int = 0


def save(findings: Findings) -> set[int]:
    """Writes the suggestions and returns the leads that got new ones; inside a transaction."""
    return set(write(findings).leads)


def write(findings: Findings) -> Written:
    """As `save`, and says how many there are.

    Open ones are brought up to date, or taken back when the pair is likely no more. A decision is not touched, unless
    there is a new e-mail or phone that both leads have: then the pair is opened again, and both timelines say why.
    """
    found = findings.probes | findings.likely
    pairs = found.keys() | findings.suggested
    if not pairs:
        return Written()
    leads = people.locked({pk for pair in pairs for pk in pair})  # before the suggestions, as a merge does it
    earlier = _locked_suggestions(pairs)
    is_open = {pair: row for pair, row in earlier.items() if row.state == State.OPEN}
    outdated = [row.pk for pair, row in is_open.items() if pair not in found]
    if outdated:
        DuplicateSuggestion.objects.filter(pk__in=outdated).delete()
    promoted = {pair for pair, row in is_open.items() if row.is_probe and pair in findings.likely}
    changed = [_fill(row, found[pair], findings) for pair, row in is_open.items() if pair in found]
    # An upsert of rows that are locked, so known to exist: bulk_update takes four times as long.
    DuplicateSuggestion.objects.bulk_create(changed, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN)
    reopened = _reopen({pair: row for pair, row in earlier.items() if pair in findings.likely}, findings)
    new = {pair for pair in found if pair not in earlier and leads.issuperset(pair)}
    rows = [_fill(DuplicateSuggestion(), found[pair], findings) for pair in sorted(new)]
    DuplicateSuggestion.objects.bulk_create(rows, ignore_conflicts=True)
    shown = (new & findings.likely.keys()) | promoted | reopened
    touched = {pk for pair in shown for pk in pair}
    if touched:
        Lead.objects.filter(pk__in=touched).update(updated_at=timezone.now())
    return Written(frozenset(touched), len(shown))


def _locked_suggestions(pairs: Iterable[Pair]) -> dict[Pair, DuplicateSuggestion]:
    """By hand whether there are any, which for a new lead is rare."""
    wanted = set(pairs)
    sql = f"SELECT id, first_id, second_id FROM {DuplicateSuggestion._meta.db_table} WHERE second_id IN ({{ids}})"
    rows = (row for ids in people.chunks({second for _, second in wanted}) for row in people.rows(sql, ids))
    found = [pk for pk, first, second in rows if (first, second) in wanted]
    if not found:
        return {}
    held = DuplicateSuggestion.objects.filter(pk__in=found).select_for_update().order_by("pk")
    return {(row.first_id, row.second_id): row for row in held}


def _fill(row: DuplicateSuggestion, item: Likely, findings: Findings) -> DuplicateSuggestion:
    row.first_id, row.second_id = item.pair
    row.probability = item.match.probability
    row.similarity = item.similarity
    row.reasons = [asdict(reason) for reason in item.match.reasons]
    row.log_odds = item.match.log_odds
    row.signals = dict(item.match.signals)
    row.weights = findings.weights
    row.is_probe = item.pair not in findings.likely
    return row


# ---- decisions -------------------------------------------------------------------------------------------------------


def _reopen(earlier: dict[Pair, DuplicateSuggestion], findings: Findings) -> set[Pair]:
    """Asks again about pairs that were no duplicates, where leads came to share another e-mail or phone."""
    decided = {pair: row for pair, row in earlier.items() if row.state in (State.DISMISSED, State.RELATED)}
    if not decided:
        return set()
    leads = Lead.objects.standing().in_bulk({pk for pair in decided for pk in pair})
    opened: set[Pair] = set()
    for pair, row in decided.items():
        new = _new_keys(row, leads)
        if new:
            _open_again(_fill(row, findings.likely[pair], findings), [leads[pk] for pk in pair], new)
            opened.add(pair)
    return opened


def _new_keys(row: DuplicateSuggestion, leads: dict[int, Lead]) -> list[str]:
    first, second = leads.get(row.first_id), leads.get(row.second_id)
    if first is None or second is None:
        return []
    return [key for key in shared_contact_keys(first, second) if key not in row.shared_keys]


def _open_again(row: DuplicateSuggestion, pair: Sequence[Lead], keys: Sequence[str]) -> None:
    was = "related" if row.state == State.RELATED else "not a duplicate"
    row.state, row.relation, row.decided_at, row.decided_by, row.shared_keys = State.OPEN, "", None, None, []
    row.save(update_fields=[*WRITTEN, *REOPENED])
    same = " and ".join(f"the {key.replace('email:', 'e-mail ').replace('phone:', 'phone ')}" for key in keys)
    for lead, other in zip(pair, reversed(pair), strict=True):
        text = f"Suggested again as a duplicate of {other.name}, which was {was}: both have {same}"
        Event.objects.create(lead=lead, text=text[:300])
