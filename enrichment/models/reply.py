"""Replies that the model drafts."""

from django.db import models
from django.utils import timezone


class ReplyDraft(models.Model):
    """One draft of a reply, written by the model or, where it can't, from a template. `text` grows while it is
    written; what of it was not borne out is named in `dropped` and is not in the text of a finished draft."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        WRITING = "writing", "Being written"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    class Origin(models.TextChoices):
        MODEL = "model", "Model"
        TEMPLATE = "template", "Template"

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

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Draft {self.pk} of a reply to lead {self.lead_id}"
