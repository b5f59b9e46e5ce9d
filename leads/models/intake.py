"""What comes in: the public forms and the raw submissions."""

import secrets
from typing import Self

from django.db import models
from django.db.models import Q
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
    business_profile = models.SlugField(
        max_length=40,
        blank=True,
        db_index=False,
        help_text="Key of the profile its inquiries are read by; empty: the default.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/f/{self.key}/"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def waiting(self) -> Self:
        """Stored, and not yet on a lead."""
        return self.filter(lead=None, problem="")

    def stuck(self) -> Self:
        """Stored, but they could not be put on a lead."""
        return self.filter(lead=None).exclude(problem="")


class Submission(models.Model):
    """One inbound payload, stored raw and never changed; the worker then puts it on a lead.

    `payload` is what came in, as JSON; `text` is its message part, the text that evidence points into; `contact` what
    the submitter typed into named fields, by field key. `joined_as` is empty for the message that began the lead.
    """

    class Joined(models.TextChoices):
        REPEAT = "repeat", "Wrote again"
        ANSWER = "answer", "Answered"

    lead = models.ForeignKey("leads.Lead", null=True, on_delete=models.CASCADE, related_name="submissions")
    source = models.CharField(max_length=20)
    form = models.ForeignKey(PublicForm, null=True, blank=True, on_delete=models.SET_NULL, related_name="submissions")
    payload = models.JSONField()
    text = models.TextField(blank=True)
    contact = models.JSONField(default=dict)
    joined_as = models.CharField(
        max_length=10, choices=Joined, blank=True, help_text="Why it is on a lead that was there."
    )
    answers = models.ForeignKey(
        "leads.Lead",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Whose mail it answers.",
    )
    problem = models.TextField(blank=True, help_text="Why it could not be put on a lead.")
    received_at = models.DateTimeField(default=timezone.now)
    # Unique per sender scope: the same key a second time answers with the first lead.
    idempotency_key = models.CharField(max_length=200, null=True, blank=True, unique=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["received_at", "id"]
        indexes = [
            # admit_waiting(): what has no lead yet, oldest first.
            models.Index(fields=["id"], name="submission_waiting", condition=Q(lead=None, problem="")),
        ]

    def __str__(self) -> str:
        return f"Submission {self.pk}"
