import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from enrichment import nightly
from enrichment.models import Refit
from enrichment.tests.history import decide

NEW_YORK = ZoneInfo("America/New_York")


def at(day: int, hour: int, minute: int = 0, month: int = 6) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (None, at(10, 14), True),
        (at(9, 2), at(9, 23), False),
        (at(9, 2), at(10, 1, 59), False),
        (at(9, 2), at(10, 2), True),
        (at(10, 2), at(10, 2, 1), False),
        (at(10, 2), at(10, 4), False),
        (at(9, 15), at(10, 2), True),  # asked for by hand in the afternoon
        (at(7, 2), at(10, 9), True),  # off at night
        (at(10, 9), at(11, 1), False),
        (at(7, 2, month=3), at(8, 3, month=3), True),  # the night without a two o'clock
        (at(8, 3, month=3), at(8, 12, month=3), False),
    ],
)
def test_once_a_night_of_the_installation(settings, last, now, expected):
    settings.TIME_ZONE = "America/New_York"
    utc = dt.timezone.utc  # noqa: UP017 - as the database gives it
    last = last.astimezone(utc) if last else None
    assert nightly.is_due(last, hour=2, now=now.astimezone(utc)) is expected


def test_learning_starts_once_there_are_decisions_and_rings_until_it_is_done(transactional_db):
    nightly.start_refit()
    assert (Refit.objects.count(), OrmQ.objects.count()) == (0, 0)
    decide(2)
    nightly.start_refit()
    assert (Refit.objects.count(), OrmQ.objects.filter(key="ml").count()) == (1, 1)
    OrmQ.objects.all().delete()
    nightly.start_refit()
    assert (Refit.objects.count(), OrmQ.objects.filter(key="ml").count()) == (1, 1)
    OrmQ.objects.all().delete()
    Refit.objects.update(finished_at=timezone.now())
    nightly.start_refit()
    assert (Refit.objects.count(), OrmQ.objects.count()) == (1, 0)
