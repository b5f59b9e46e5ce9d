"""What is due at night: learning from the day's decisions at two, a look at all leads at three. One rule for both."""

import datetime as dt

from django.utils import timezone

from enrichment import learning
from leads import pipeline
from leads.models import DuplicateSuggestion

REFIT_AT, SWEEP_AT = 2, 3  # o'clock, of the installation's TIME_ZONE


def is_due(last: dt.datetime | None, *, hour: int, now: dt.datetime | None = None) -> bool:
    """Whether something that happens at this hour of each night was not started since; `last` is when it was.

    A machine that is off at night catches up when it starts.
    """
    local = timezone.localtime(now)
    latest = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if latest > local:
        latest -= dt.timedelta(days=1)
    return last is None or last < latest


def start_refit() -> None:
    """Asks the worker to learn if it is time and there is something to learn from; rings until it has. Run often."""
    if is_due(learning.last_asked(), hour=REFIT_AT) and DuplicateSuggestion.objects.decided().exists():
        learning.ask()
    elif learning.is_asked():
        pipeline.ring(learning.CLUSTER)
