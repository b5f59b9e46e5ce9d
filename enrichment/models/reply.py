"""Replies that the model drafts."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone


class ReplyDraftQuerySet(models.QuerySet["ReplyDraft"]):
    def unwritten(self) -> Self:
        """Waiting for the model, or being written."""
        return self.filter(state__in=[ReplyDraft.State.WAITING, ReplyDraft.State.WRITING])

    def by_machine(self) -> Self:
        return self.exclude(origin=ReplyDraft.Origin.STAFF)

    def by_staff(self) -> Self:
        return self.filter(origin=ReplyDraft.Origin.STAFF)

    def ready(self) -> Self:
        return self.filter(state=ReplyDraft.State.READY)


class ReplyDraft(models.Model):
    """One draft of a reply by the model. `text` grows while it is written; what of it was not borne out is named in
    `dropped` and is never in the text. What staff make of a draft is a row of its own, which goes once the reply
    left. The rows that wait are the model's queue."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        WRITING = "writing", "Being written"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    class Origin(models.TextChoices):
        MODEL = "model", "Model"
        TEMPLATE = "template", "Template"  # too little of the model's was borne out
        STAFF = "staff", "Staff"

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="reply_drafts")
    submission = models.ForeignKey("leads.Submission", null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.MODEL)
    text = models.TextField(blank=True)
    language = models.CharField(max_length=20, blank=True)
    asks_for = models.JSONField(default=list, blank=True, help_text="Keys of the fields it asks for.")
    dropped = models.JSONField(default=list, blank=True, help_text="Sentences left out: text, reason.")
    reason = models.TextField(blank=True, help_text="Why it is a template, or why there is none.")
    made_by = models.CharField(max_length=200, blank=True, help_text="Model, prompt version and profile version.")
    asked_by = models.CharField(max_length=150, blank=True, help_text="Empty: baseCamp by itself.")
    created_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now, help_text="When the text last grew.")

    objects = ReplyDraftQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            # What the model has yet to write.
            models.Index(fields=["id"], name="draft_unwritten", condition=Q(state__in=["waiting", "writing"])),
        ]

    def __str__(self) -> str:
        return f"Draft {self.pk} of a reply to lead {self.lead_id}"
