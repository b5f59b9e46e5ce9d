"""Leads that the model reads again: one, a selection, or all that another prompt or model read.

A rerun queues few leads at a time, and only while no other waits: new inquiries come first. It stands in a row, so it
goes on after a restart. Only the model's values change; what people said stays (`leads.merging`).
"""

import datetime as dt
from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from enrichment import ai_settings, prompts
from enrichment.models import Enrichment, Rerun
from leads import gates, pipeline
from leads.models import Lead, StageRun
from leads.models.pipeline import STAGES

STAGE = "enrich"
KEPT = 20  # finished reruns
MOST_SELECTED = 500
SEPARATOR = " · "


# ---- asking for it ---------------------------------------------------------------------------------------------------


def again(lead: Lead) -> None:
    """Has one lead read again, in its turn but without waiting for spare time."""
    with transaction.atomic():
        pipeline.schedule([lead.pk], [STAGE])


def start_selection(lead_ids: Collection[int], *, by: str) -> Rerun | None:
    """These leads, up to MOST_SELECTED of them; None when none of them is there."""
    found = Lead.objects.standing().filter(pk__in=list(lead_ids)[:MOST_SELECTED]).order_by("pk")
    ids = list(found.values_list("pk", flat=True))
    if not ids:
        return None
    with transaction.atomic():
        rerun = Rerun.objects.create(is_selection=True, lead_ids=ids, total=len(ids), asked_by=by[:150])
        pipeline.ring_after_commit(ai_settings.CLUSTER)
    _forget_old()
    return rerun


def start_all(*, by: str, only_other: bool, since: dt.datetime | None = None) -> Rerun | None:
    """All leads that the model has read; `only_other`: by another prompt version or model than those in use; `since`:
    that came in since then. None when there is nothing to read, or such a rerun is under way."""
    wanted = Rerun(but_by=_made_now() if only_other else "", since=since, asked_by=by[:150])
    wanted.total = _leads(wanted).count()
    if not wanted.total:
        return None
    with transaction.atomic():
        Rerun.objects.bulk_create([wanted], ignore_conflicts=True)  # there is one at a time
        pipeline.ring_after_commit(ai_settings.CLUSTER)
    _forget_old()
    return Rerun.objects.filter(finished_at=None, is_selection=False, asked_at=wanted.asked_at).first()


def stop(rerun: Rerun) -> None:
    """Queues no more of it; the lead at hand is still read."""
    Rerun.objects.filter(pk=rerun.pk, finished_at=None).update(is_stopped=True, finished_at=timezone.now())


def count_other() -> int:
    """How many leads were last read by another prompt version or model than those in use."""
    return _leads(Rerun(but_by=_made_now())).count()


# ---- doing it --------------------------------------------------------------------------------------------------------


def go_on() -> bool:
    """Queues the next few leads of a rerun; returns whether it did. Selections first, which somebody looks at."""
    if not Rerun.objects.filter(finished_at=None).exists() or gates.is_closed(STAGES[STAGE]):
        return False
    rerun = Rerun.objects.filter(finished_at=None).order_by("-is_selection", "id").first()
    ids = _next(rerun) if rerun else []
    if rerun is None or not ids:
        return rerun is not None and _finish(rerun)
    with transaction.atomic():
        list(Lead.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
        mine = Rerun.objects.filter(pk=rerun.pk, finished_at=None, position=rerun.position)
        if mine.update(position=ids[-1], done=F("done") + len(ids)):  # else another worker did, or it was stopped
            pipeline.schedule(ids, [STAGE])
    return True


def _next(rerun: Rerun) -> list[int]:
    """The newest first: staff look at those."""
    leads = _leads(rerun).order_by("-pk")
    if rerun.position:
        leads = leads.filter(pk__lt=rerun.position)
    return list(leads.values_list("pk", flat=True)[: settings.OLLAMA_NUM_PARALLEL])


def _finish(rerun: Rerun) -> bool:
    """Once the last of it is read. Returns whether another may be begun."""
    if StageRun.objects.filter(stage=STAGE).unfinished().filter(lead_id=rerun.position).exists():
        return False
    Rerun.objects.filter(pk=rerun.pk).update(finished_at=timezone.now())
    return True


def _leads(rerun: Rerun) -> QuerySet[Lead]:
    standing = Lead.objects.standing()
    if rerun.is_selection:
        return standing.filter(pk__in=rerun.lead_ids)
    last = _last_readings()
    if rerun.but_by:
        prompt, _, model = rerun.but_by.partition(SEPARATOR)
        last = last.exclude(prompt_version=prompt, model__in=_names(model))
    read = standing.filter(pk__in=last.values("lead"))
    return read.filter(received_at__gte=rerun.since) if rerun.since else read


def _last_readings() -> QuerySet[Enrichment]:
    """The last reading of each lead that was used."""
    used = Enrichment.objects.filter(
        kind=Enrichment.Kind.READING, outcome=Enrichment.Outcome.USED, lead__isnull=False
    )  # fmt: skip
    newest = used.order_by().values("lead").annotate(newest=Max("pk")).values("newest")
    return Enrichment.objects.filter(pk__in=newest)


def _made_now() -> str:
    return f"{prompts.PROMPT_VERSION}{SEPARATOR}{ai_settings.model()}"


def _names(model: str) -> list[str]:
    """A name without a tag means the tag `latest`, and Ollama answers with either."""
    bare = model.removesuffix(":latest")
    return [bare, f"{bare}:latest"]


def _forget_old() -> None:
    finished = Rerun.objects.exclude(finished_at=None)
    kept = list(finished.order_by("-id").values_list("pk", flat=True)[:KEPT])
    finished.exclude(pk__in=kept).delete()
