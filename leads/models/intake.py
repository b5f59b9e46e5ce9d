"""What comes in: the public forms and the raw submissions."""

import secrets

from django.db import models
from django.utils import timezone


def new_form_key() -> str:
    return secrets.token_urlsafe(8)


class PublicForm(models.Model):
    """A form that strangers may fill in, at `/f/<key>/`."""

    key = models.SlugField(max_length=40, unique=True, default=new_form_key)
    name = models.CharField(max_length=100, help_text="Staff see it; visitors don't.")
    title = models.CharField(max_length=200, default="How can we help?")
    intro = models.TextField(blank=True, help_text="A line or two above the fields.")
    thanks = models.TextField(default="Thank you. We have your message and will be in touch soon.")
    is_open = models.BooleanField("open", default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/f/{self.key}/"


class Submission(models.Model):
    """One inbound payload, stored raw and never changed.

    `payload` is what came in, as JSON; `text` is its message part, the text that evidence points into.
    """

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="submissions")
    source = models.CharField(max_length=20)
    form = models.ForeignKey(PublicForm, null=True, blank=True, on_delete=models.SET_NULL, related_name="submissions")
    payload = models.JSONField()
    text = models.TextField(blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    # Unique per sender scope: the same key a second time answers with the first lead.
    idempotency_key = models.CharField(max_length=200, null=True, blank=True, unique=True)

    class Meta:
        ordering = ["received_at", "id"]

    def __str__(self) -> str:
        return f"Submission {self.pk}"
