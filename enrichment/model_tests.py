"""Trying a model on a sample message: rows say what is asked, the model's worker reads it. Nothing becomes a lead's."""

import datetime as dt
import logging
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from enrichment import ai_settings, business, ollama, reading
from enrichment.models import Enrichment, ModelTest
from leads import pipeline
from leads.stage import Stage

logger = logging.getLogger(__name__)

SAMPLE = """Hi, this is Ana Silva from Silva Logistics.
One of our vans, a 2019 Ford Transit with 84,000 miles, squeals when it brakes. Could somebody look at it next Friday?
We'd like to stay under $600. You reach me at (512) 555-0142 or ana@silva-logistics.example.
Thanks, Ana"""
LONGEST = 6000
KEPT = 20


# ---- asking for it ---------------------------------------------------------------------------------------------------


def ask(text: str, *, model: str, by: str) -> ModelTest:
    """Has a model read a text as if it had just come in."""
    with transaction.atomic():
        test = ModelTest.objects.create(model=model, text=text[:LONGEST], asked_by=by[:150])
        pipeline.ring_after_commit(ai_settings.CLUSTER)
    finished = ModelTest.objects.exclude(finished_at=None)
    kept = list(finished.order_by("-id").values_list("pk", flat=True)[:KEPT])
    finished.exclude(pk__in=kept).delete()
    return test


def last() -> ModelTest | None:
    return ModelTest.objects.select_related("answer").order_by("-id").first()


# ---- doing it --------------------------------------------------------------------------------------------------------


def go_on(stage: Stage) -> bool:
    """Reads for the one who has waited longest, if anybody does; returns whether it did. `stage` is that whose lease
    says how long one reading may take."""
    test = _take(dt.timedelta(seconds=stage.lease))
    if test is None:
        return False
    pipeline.beat(stage.cluster, busy_for=stage.lease)
    try:
        _read(test)
    except (ollama.BadAnswer, ollama.ModelUnavailable) as error:
        test.problem = error.reason[:300]
        test.answer = _refused(test)
    except pipeline.DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("A test of the model failed")
        test.problem = f"Something unexpected went wrong ({type(error).__name__}). The log has the details."
    test.finished_at = timezone.now()
    test.save()
    return True


def _waiting(lease: dt.timedelta) -> QuerySet[ModelTest]:
    never_begun_or_its_worker_died = Q(started_at=None) | Q(started_at__lt=timezone.now() - lease)
    return ModelTest.objects.filter(never_begun_or_its_worker_died, finished_at=None)


def _take(lease: dt.timedelta) -> ModelTest | None:
    test = _waiting(lease).order_by("id").first()
    if test is None:
        return None
    mine = ModelTest.objects.filter(pk=test.pk, started_at=test.started_at)
    test.started_at = timezone.now()
    return test if mine.update(started_at=test.started_at) else None


def _read(test: ModelTest) -> None:
    message = reading.message(test.text, received_at=test.asked_at)
    profile = business.default()
    found = reading.read([message], profile, model=test.model, kind=Enrichment.Kind.TRIAL)
    found.use()
    test.answer = found.enrichment
    test.result = {value.field: _shown(value, test.text) for value in found.grounded.values}


def _shown(value: Any, text: str) -> dict[str, str]:
    words = text[value.evidence.start : value.evidence.end] if value.evidence else ""
    return {"value": value.value, "evidence": words, "note": value.note}


def _refused(test: ModelTest) -> Enrichment | None:
    """The answer that could not be used, to look at."""
    answers = Enrichment.objects.filter(lead=None, kind=Enrichment.Kind.TRIAL, created_at__gte=test.started_at)
    return answers.order_by("-id").first()
