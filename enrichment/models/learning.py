"""What is learned from staff's decisions on duplicates, and the check of all leads."""

from typing import Self

from django.db import models
from django.utils import timezone


class LearnedWeightsQuerySet(models.QuerySet["LearnedWeights"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


class LearnedWeights(models.Model):
    """A correction of the shipped weights, learned from staff's decisions. At most one is in use.

    `coefficients` are by signal; `figures` say how it did on decisions it had not seen, beside what was in use.
    """

    version = models.PositiveIntegerField(unique=True)
    shipped = models.CharField(max_length=40, help_text="The version of the shipped weights that it corrects.")
    coefficients = models.JSONField(default=dict)
    decisions = models.PositiveIntegerField(help_text="How many it was learned from.")
    figures = models.JSONField(default=dict)
    is_active = models.BooleanField(default=False)
    note = models.CharField(max_length=300, blank=True, help_text="Why it is or is not in use.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = LearnedWeightsQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=models.Q(is_active=True), name="one_learned_in_use"
            ),
        ]

    def __str__(self) -> str:
        return f"Learned weights {self.version}"


class Refit(models.Model):
    """One time of learning from the decisions, asked for by the night or by a person, and what came of it."""

    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.CharField(max_length=150, blank=True, help_text="Empty: the night.")
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=models.Q(finished_at=None), name="one_refit_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"Refit {self.pk}"


class Sweep(models.Model):
    """One pass over all leads for duplicates, in blocks; goes on where it stopped. `position`: the last lead done."""

    position = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0, help_text="New suggestions.")
    started_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=models.Q(finished_at=None), name="one_sweep_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"Sweep {self.pk}: {self.done} of {self.total}"
