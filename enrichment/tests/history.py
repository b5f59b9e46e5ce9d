"""Decisions as staff would have made them, for tests of what is learned from them."""

import datetime as dt
import random
from itertools import combinations, islice

from django.utils import timezone

from leads.matching import WEIGHTS_VERSION
from leads.models import DuplicateSuggestion, Lead


def decide(count: int, *, taught: float = 0.0, seed: int = 1, **changes: object) -> list[DuplicateSuggestion]:
    """`count` decided pairs, the newest a minute ago; half were weighed as duplicates.

    The matcher's log-odds are right but for one signal: with it there are `taught` more bits for "same", without it
    as many less. The other signals say nothing.
    """
    chance = random.Random(seed)
    now = timezone.now()
    leads = Lead.objects.bulk_create(Lead(source="paste", last_name=f"Lead {n}") for n in range(60))
    rows = []
    for place, (first, second) in enumerate(islice(combinations(leads, 2), count)):
        signals = {"shared_phone": float(chance.random() < 0.5), "noise": chance.gauss(0, 1), "more": chance.random()}
        log_odds = chance.uniform(-6, 6)
        true_odds = log_odds + taught * (2 * signals["shared_phone"] - 1)
        is_same = chance.random() < 1 / (1 + 2**-true_odds)
        row = DuplicateSuggestion(
            first=first,
            second=second,
            probability=1 / (1 + 2**-log_odds),
            log_odds=log_odds,
            signals=signals,
            weights=WEIGHTS_VERSION,
            state="merged" if is_same else "dismissed",
            decided_at=now - dt.timedelta(minutes=count - place),
        )
        rows.append(row)
    for name, value in changes.items():
        for row in rows:
            setattr(row, name, value)
    return DuplicateSuggestion.objects.bulk_create(rows)
