"""What was made of a lead's messages: vectors, keys, and the model's answers."""

from django.db import models
from django.utils import timezone


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


class Enrichment(models.Model):
    """One stored model answer, raw, kept before anything is made of it."""

    class Outcome(models.TextChoices):
        USED = "used", "Used"
        REFUSED = "refused", "Refused"

    class Kind(models.TextChoices):
        READING = "reading", "Reading"  # the facts and judgements of a lead
        REPLY = "reply", "Reply"
        TRIAL = "trial", "Trial"  # of a draft profile, or of a model on a sample: never becomes a lead's values

    lead = models.ForeignKey("leads.Lead", null=True, on_delete=models.CASCADE, related_name="enrichments")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.READING)
    submission = models.ForeignKey("leads.Submission", null=True, on_delete=models.SET_NULL, related_name="+")
    model = models.CharField(max_length=200)
    prompt_version = models.CharField(max_length=40)
    profile = models.CharField(max_length=60, blank=True, help_text="Key and version: “automotive 3”.")
    answer = models.TextField(blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.TextField(blank=True, help_text="Why the answer was refused.")
    dropped = models.JSONField(default=list, help_text="Values that were not in the message: field, value, reason.")
    prompt_tokens = models.PositiveIntegerField(default=0)
    answer_tokens = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    writing_ms = models.PositiveIntegerField(
        default=0, help_text="Of it the model wrote, without queue, loading and prompt."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Enrichment {self.pk} of lead {self.lead_id}"
