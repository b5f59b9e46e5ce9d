"""The queue: one row per lead and stage, the gates before stages, and the clusters' signs of life."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.stage import Stage

STAGES: dict[str, Stage] = {stage.name: stage for stage in settings.LEAD_PIPELINE}


class StageRunQuerySet(models.QuerySet["StageRun"]):
    def pending(self) -> Self:
        return self.filter(state=StageRun.State.PENDING)

    def due(self) -> Self:
        return self.pending().filter(due_at__lte=timezone.now())

    def running(self) -> Self:
        return self.filter(state=StageRun.State.RUNNING)

    def failed(self) -> Self:
        return self.filter(state=StageRun.State.FAILED)

    def expired(self) -> Self:
        """Running longer than their lease: the worker died."""
        return self.running().filter(lease_until__lt=timezone.now())

    def unfinished(self) -> Self:
        return self.filter(state__in=[StageRun.State.PENDING, StageRun.State.RUNNING])


class StageRun(models.Model):
    """One lead passing one stage. Holds the latest outcome only; `leads.pipeline` is its one writer."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Failed"

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="runs")
    stage = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True, help_text="Why it failed or waits, in plain words.")
    note = models.TextField(blank=True, help_text="What came of it.")
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    can_wait = models.BooleanField(default=False, editable=False, help_text="Other leads come first, as in an import.")
    is_wanted_again = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StageRunQuerySet.as_manager()

    class Meta:
        ordering = ["lead_id", "id"]
        constraints = [models.UniqueConstraint(fields=["lead", "stage"], name="one_run_per_lead_and_stage")]
        indexes = [
            # claim(): what is due for a stage, oldest first, what can wait after all else.
            models.Index(fields=["stage", "can_wait", "due_at"], name="run_due", condition=Q(state="pending")),
            # sweep(): what outlived its lease; also the exclusive stages' "is one running?".
            models.Index(fields=["stage", "lease_until"], name="run_leases", condition=Q(state="running")),
            models.Index(fields=["claim"], name="run_claim", condition=Q(state="running")),
            models.Index(fields=["stage"], name="run_failed", condition=Q(state="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.stage} of lead {self.lead_id}"

    @property
    def label(self) -> str:
        stage = STAGES.get(self.stage)
        return stage.label if stage else self.stage


class StageGate(models.Model):
    """Whether a stage may work now. While it is closed the stage's rows wait, untouched."""

    stage = models.CharField(max_length=20, primary_key=True)
    reason = models.TextField(blank=True, help_text="Why it is closed, in plain words; empty when open.")
    closed_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    is_off = models.BooleanField(default=False, help_text="Closed because staff switched the service off.")

    def __str__(self) -> str:
        return self.stage


class Heartbeat(models.Model):
    """The last sign of life of a cluster, written by its own workers; `busy_until` while a batch holds one."""

    cluster = models.CharField(max_length=20, primary_key=True)
    beat_at = models.DateTimeField(default=timezone.now)
    busy_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.cluster
