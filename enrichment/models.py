import datetime as dt
from typing import Self

from django.db import models
from django.utils import timezone

QUESTIONS_KEPT = dt.timedelta(days=30)


class Embedding(models.Model):
    """The vector of a lead's message: float32, L2-normalised, little endian. Chroma is an index over these rows."""

    lead = models.OneToOneField("leads.Lead", on_delete=models.CASCADE, related_name="embedding")
    model = models.CharField(max_length=200)
    dimension = models.PositiveSmallIntegerField()
    vector = models.BinaryField()
    text_digest = models.CharField(max_length=64, help_text="SHA-256 of the embedded text.")
    is_indexed = models.BooleanField(default=False, help_text="Whether Chroma has it.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            # What Chroma has yet to get.
            models.Index(fields=["id"], name="embedding_unindexed", condition=models.Q(is_indexed=False)),
        ]

    def __str__(self) -> str:
        return f"Embedding of lead {self.lead_id}"


class Enrichment(models.Model):
    """One stored model answer, raw, kept before anything is made of it."""

    class Outcome(models.TextChoices):
        USED = "used", "Used"
        REFUSED = "refused", "Refused"

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="enrichments")
    submission = models.ForeignKey("leads.Submission", null=True, on_delete=models.SET_NULL, related_name="+")
    model = models.CharField(max_length=200)
    prompt_version = models.CharField(max_length=40)
    answer = models.TextField(blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.TextField(blank=True, help_text="Why the answer was refused.")
    dropped = models.JSONField(default=list, help_text="Values that were not in the message: field, value, reason.")
    prompt_tokens = models.PositiveIntegerField(default=0)
    answer_tokens = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Enrichment {self.pk} of lead {self.lead_id}"


class LeadKey(models.Model):
    """One normalised key of a lead ("ph:15125550142", "nm:garcia maria"): leads that share one may be duplicates.

    A cache that `enrichment.duplicates` refreshes; losing it loses nothing.
    """

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)

    class Meta:
        constraints = [
            # Also the index that finds the newest leads of a key, and counts them.
            models.UniqueConstraint(fields=["key", "lead"], name="one_row_per_key_and_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.key.split(':')[0]} of lead {self.lead_id}"


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
