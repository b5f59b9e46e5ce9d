"""Running the model: which one, pulling another, reading leads again, and how far its confidence can be believed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class AiSettings(models.Model):
    """What staff chose on the model page: one row; empty values leave it to the environment."""

    model = models.CharField(max_length=200, blank=True, help_text="Empty: OLLAMA_MODEL.")
    is_off = models.BooleanField("rules only", default=False)
    off_by = models.CharField(max_length=150, blank=True, help_text="Who switched the model off.")
    review_below = models.FloatField(default=0.5, help_text="A value less sure than this needs a look.")
    staff_language = models.CharField(max_length=5, default="en", help_text="Summaries are written in it.")
    restate_position = models.BigIntegerField(
        null=True, blank=True, help_text="Leads below this one are yet to be reckoned with the threshold."
    )
    changed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "AI settings"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_row_of_ai_settings"),
            models.CheckConstraint(condition=Q(review_below__gte=0, review_below__lte=1), name="review_below_0_to_1"),
        ]

    def __str__(self) -> str:
        return "AI settings"


class ModelPull(models.Model):
    """A model on its way from Ollama's library; goes on where it stopped. Sizes in bytes."""

    name = models.CharField(max_length=200)
    status = models.CharField(max_length=200, blank=True, help_text="In Ollama's words.")
    completed = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    speed = models.BigIntegerField(default=0, help_text="Bytes a second, lately.")
    problem = models.CharField(max_length=300, blank=True)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)
    is_stopped = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(finished_at=None), name="one_pull_per_model"),
        ]

    def __str__(self) -> str:
        return f"Pull of {self.name}"


class ModelTest(models.Model):
    """A model read one sample message for whoever asked; nothing of it becomes a lead's."""

    model = models.CharField(max_length=200)
    text = models.TextField()
    answer = models.ForeignKey("enrichment.Enrichment", null=True, on_delete=models.SET_NULL, related_name="+")
    result = models.JSONField(default=dict, help_text="By field key what was read, as in TrialAnswer.")
    problem = models.CharField(max_length=300, blank=True)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True, help_text="When a worker took it.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Test {self.pk} of {self.model}"


class Rerun(models.Model):
    """Leads that the model reads again, a few at a time so that new ones come first."""

    is_selection = models.BooleanField(default=False, help_text="Of `lead_ids`; else of all that were read.")
    lead_ids = models.JSONField(default=list, blank=True)
    but_by = models.CharField(
        max_length=250, blank=True, help_text="Prompt version and model: leads last read by both are left out."
    )
    since = models.DateTimeField(null=True, blank=True, help_text="Only leads received since then.")
    position = models.BigIntegerField(default=0, help_text="The last lead that was queued; the newest come first.")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(default=timezone.now)
    is_stopped = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at=None, is_selection=False), name="one_rerun_of_all_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"Rerun {self.pk}: {self.done} of {self.total}"


class ConfidenceTable(models.Model):
    """How far machines' confidence is to be moved, by what staff left and changed; the newest table is in use.

    `rows`: `[{"origin", "field", "shift"}]`, `shift` is added to the log-odds; an empty field means all others.
    """

    rows = models.JSONField(default=list)
    verdicts = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict, help_text="Brier scores of the newer verdicts, claimed and set right.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Confidence of {self.created_at:%Y-%m-%d}"
