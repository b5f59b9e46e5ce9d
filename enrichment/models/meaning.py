"""Questions to the search by meaning."""

import datetime as dt
from typing import Self

from django.db import models
from django.utils import timezone

QUESTIONS_KEPT = dt.timedelta(days=30)


class MeaningQueryQuerySet(models.QuerySet["MeaningQuery"]):
    def waiting(self) -> Self:
        """Not turned into a vector yet."""
        return self.filter(vector=None, problem="")

    def forgotten(self) -> Self:
        """Asked by nobody for so long that it need not be kept."""
        return self.filter(asked_at__lt=timezone.now() - QUESTIONS_KEPT)


class MeaningQuery(models.Model):
    """A question to the search by meaning. The worker that has the model turns it into a vector; kept for repeats."""

    text = models.CharField(max_length=500)
    model = models.CharField(max_length=200)
    vector = models.BinaryField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)

    objects = MeaningQueryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["text", "model"], name="one_vector_per_question"),
        ]
        indexes = [
            # What the worker has yet to turn into a vector.
            models.Index(fields=["id"], name="meaning_waiting", condition=models.Q(vector=None, problem="")),
        ]

    def __str__(self) -> str:
        return f"Question {self.pk}"
