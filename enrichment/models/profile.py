"""What the business is and what its inquiries are read for, in versions; and trying a draft before it goes live."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone


class BusinessProfile(models.Model):
    """A kind of business that inquiries are read for. What it says stands in its versions, one of which is live."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    is_default = models.BooleanField("default", default=False, help_text="For inquiries whose form names no profile.")
    is_archived = models.BooleanField("archived", default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_profile"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("enrichment:profile", args=[self.key])


class ProfileVersionQuerySet(models.QuerySet["ProfileVersion"]):
    def live(self) -> Self:
        return self.filter(state=ProfileVersion.State.LIVE)


class ProfileVersion(models.Model):
    """What a profile says from one publishing to the next. `content` is what `enrichment.profiles` reads and writes."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        LIVE = "live", "Live"
        PAST = "past", "Past"

    profile = models.ForeignKey(BusinessProfile, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    content = models.JSONField()
    note = models.CharField(max_length=300, blank=True, help_text="What was changed, in the words of who did.")
    made_by = models.CharField(max_length=150, blank=True, help_text="Empty: shipped with baseCamp.")
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = ProfileVersionQuerySet.as_manager()

    class Meta:
        ordering = ["profile_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["profile", "number"], name="one_profile_version_per_number"),
            models.UniqueConstraint(fields=["profile"], condition=Q(state="live"), name="one_live_version"),
            models.UniqueConstraint(fields=["profile"], condition=Q(state="draft"), name="one_draft_version"),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} version {self.number}"


class Trial(models.Model):
    """A draft read against the live version on some past leads, side by side. The worker of the model does it."""

    version = models.ForeignKey(ProfileVersion, on_delete=models.CASCADE, related_name="trials")
    lead_ids = models.JSONField(default=list)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(default=timezone.now)
    is_stopped = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text="Why it waits or could not go on.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Trial {self.pk}"


class TrialAnswer(models.Model):
    """What live version and draft make of one lead; nothing of it becomes the lead's.

    `live` and `draft`: `{"values": …, "problem": …, "made_by": …}`, the values by field key as `{"value": …,
    "evidence": …, "note": …}`, the problem saying why there are none. Empty: not read yet.
    """

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="answers")
    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    live = models.JSONField(default=dict)
    draft = models.JSONField(default=dict)
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker reads it; empty: nobody does.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["trial", "lead"], name="one_answer_per_lead_and_trial")]

    def __str__(self) -> str:
        return f"Trial {self.trial_id} on lead {self.lead_id}"
