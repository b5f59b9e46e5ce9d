"""The steps of a lead's processing, as people look at them: every stage of the pipeline with where the lead stands."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from leads import gates, pipeline
from leads.models import Lead, StageGate, StageRun

RUN_STATES = StageRun.State
STATE_LABELS = {
    "planned": "Not yet",
    "gated": "Waiting for the service",
    **dict(RUN_STATES.choices),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One stage for one lead. `state` is a key of STATE_LABELS: a run's state, or `planned` without a run, or `gated`
    when the run waits behind a closed gate (`is_off` if staff switched the service off); `reason` says why it waits or
    failed, `note` what came of it."""

    stage: str
    label: str
    state: str
    reason: str = ""
    note: str = ""
    run: StageRun | None = None
    is_off: bool = False

    @property
    def state_label(self) -> str:
        return "Switched off" if self.is_off else STATE_LABELS[self.state]

    @property
    def title(self) -> str:
        return f"{self.label}: {self.state_label}{f' – {self.reason}' if self.reason else ''}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in ("pending", "running", "gated")

    @property
    def can_retry(self) -> bool:
        return self.state in ("failed", "gated") and not self.is_off


def with_gates() -> "Prefetch[Any, Any, Any]":
    """The runs of leads, each with its closed gate's reason: one query for any number of leads."""
    shut = StageGate.objects.filter(stage=OuterRef("stage"), closed_at__isnull=False)
    runs = StageRun.objects.annotate(
        gate_reason=Subquery(shut.values("reason")[:1]), gate_is_off=Subquery(shut.values("is_off")[:1])
    )
    return Prefetch("runs", queryset=runs)


def with_runs(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """The leads with what `steps_of` reads."""
    return leads.prefetch_related(with_gates())


def steps_of(lead: Lead) -> list[Step]:
    """Every stage in the pipeline's order. The lead's runs must be prefetched by `with_gates`."""
    runs = {run.stage: run for run in lead.runs.all()}
    return [_step(stage.name, stage.label, runs.get(stage.name)) for stage in settings.LEAD_PIPELINE]


def _step(name: str, label: str, run: StageRun | None) -> Step:
    if run is None:
        return Step(name, label, "planned")
    gate_reason: str = getattr(run, "gate_reason", None) or ""
    if run.state == RUN_STATES.PENDING and gate_reason:
        return Step(name, label, "gated", reason=gate_reason, run=run, is_off=bool(getattr(run, "gate_is_off", False)))
    note = run.note if run.state == RUN_STATES.SUCCEEDED else ""
    reason = run.reason if run.state in (RUN_STATES.FAILED, RUN_STATES.PENDING) else ""
    return Step(name, label, run.state, reason=reason, note=note, run=run)


def poll_seconds(steps: Sequence[Step]) -> int | None:
    """How often a page should ask for news: soon while work goes on, seldom while all of it waits behind gates."""
    unfinished = [step for step in steps if step.is_unfinished]
    if not unfinished:
        return None
    return 10 if all(step.state == "gated" for step in unfinished) else 1


def version_of(lead: Lead, steps: Sequence[Step]) -> str:
    """A word that differs whenever anything on the lead's page may."""
    parts = [lead.updated_at.isoformat(), *(f"{step.state}{step.reason}{step.note}" for step in steps)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def retry_step(lead: Lead, stage: str) -> None:
    """Queues what failed or waits again at once, and asks a closed gate's service again."""
    with transaction.atomic():
        pipeline.retry(lead.runs.filter(stage=stage))
        if StageGate.objects.filter(stage=stage, closed_at__isnull=False).exists():
            transaction.on_commit(lambda: gates.knock(stage))
