import datetime as dt
import time

from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.utils import timezone

from basecamp.management.commands.clock import Chore, clear_out
from leads.models import RateCount


def test_a_chore_that_fails_is_tried_again(caplog):
    tries = []

    def fail_once() -> None:
        tries.append(time.monotonic())
        if len(tries) == 1:
            raise OperationalError("the database restarts")

    chore = Chore("sweep", 5, fail_once)
    chore.run()
    assert "The clock could not sweep" in caplog.text
    assert 4 < chore.due - time.monotonic() <= 5
    chore.run()
    assert len(tries) == 2


def test_clear_out_deletes_what_expired_and_nothing_else(transactional_db):
    past, future = timezone.now() - dt.timedelta(days=1), timezone.now() + dt.timedelta(days=1)
    for name, moment in (("old", past), ("new", future)):
        RateCount.objects.create(key=name, expires_at=moment)
        Session.objects.create(session_key=name, session_data="", expire_date=moment)
    clear_out()
    assert list(RateCount.objects.values_list("key", flat=True)) == ["new"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]
