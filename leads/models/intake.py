"""What comes in: the public forms and the raw submissions."""

import secrets
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property

from leads import forms_definition
from leads.forms_definition import Definition
from leads.models.forms import FormVersion


def new_form_key() -> str:
    return secrets.token_urlsafe(8)


class PublicForm(models.Model):
    """A form that strangers may fill in, at `/f/<key>/`. What it asks and says is in its live FormVersion; the columns
    here count at once."""

    key = models.SlugField(max_length=40, unique=True, default=new_form_key)
    name = models.CharField(max_length=100, help_text="Staff see it; visitors don't.")
    is_open = models.BooleanField("open", default=True)
    business_profile = models.SlugField(
        max_length=40,
        blank=True,
        db_index=False,
        help_text="Key of the profile its inquiries are read by; empty: the default.",
    )
    origins = models.JSONField(
        default=list, blank=True, help_text="Websites that may show the form in a frame, as https://example.com."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def published(self) -> FormVersion | None:
        """What visitors see; None for a form that was made without a version."""
        return self.versions.live().first()

    @cached_property
    def definition(self) -> Definition:
        return self.published.definition if self.published else forms_definition.default()

    def get_absolute_url(self) -> str:
        return f"/f/{self.key}/"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def waiting(self) -> Self:
        """Stored, and not yet on a lead."""
        return self.filter(lead=None, problem="", is_held=False)

    def stuck(self) -> Self:
        """Stored, but they could not be put on a lead."""
        return self.filter(lead=None, is_held=False).exclude(problem="")

    def suspect(self) -> Self:
        """In quarantine, and nobody decided yet."""
        return self.filter(is_held=True, verdict=Submission.Verdict.SUSPECT)

    def spam(self) -> Self:
        """In quarantine, because somebody said that it is spam."""
        return self.filter(is_held=True, verdict=Submission.Verdict.SPAM)

    def acquitted(self) -> Self:
        """Of which somebody said that they are not spam."""
        return self.filter(is_held=False, verdict=Submission.Verdict.NOT_SPAM)


class Submission(models.Model):
    """One inbound payload, stored raw and never changed; the worker then puts it on a lead.

    `payload` is what came in, as JSON; `text` is its message part, the text that evidence points into; `contact` what
    the submitter typed into named fields, by field key. `joined_as` is empty for the message that began the lead. Held,
    it is in quarantine: no lead comes of it before somebody says "not spam"; a lead that was marked as spam keeps its
    submissions.
    """

    class Joined(models.TextChoices):
        REPEAT = "repeat", "Wrote again"
        ANSWER = "answer", "Answered"

    class Verdict(models.TextChoices):
        CLEAN = "", "No suspicion"
        SUSPECT = "suspect", "Suspect"
        SPAM = "spam", "Spam"
        NOT_SPAM = "not_spam", "Not spam"

    lead = models.ForeignKey("leads.Lead", null=True, on_delete=models.CASCADE, related_name="submissions")
    source = models.CharField(max_length=20)
    form = models.ForeignKey(PublicForm, null=True, blank=True, on_delete=models.SET_NULL, related_name="submissions")
    form_version = models.ForeignKey(
        FormVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="submissions", db_index=False
    )
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

    is_held = models.BooleanField("in quarantine", default=False)
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True, default=Verdict.CLEAN)
    spam_score = models.FloatField(null=True, blank=True, help_text="Log-odds; above zero is suspect.")
    spam_reasons = models.JSONField(default=list, blank=True, help_text="Sentences for staff.")
    text_print = models.CharField(max_length=32, blank=True, editable=False, help_text="Equal for copies of a text.")

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["received_at", "id"]
        indexes = [
            # admit_waiting(): what has no lead yet, oldest first.
            models.Index(fields=["id"], name="submission_waiting", condition=Q(lead=None, problem="", is_held=False)),
            # The quarantine, newest first, by what was decided.
            models.Index(fields=["verdict", "-received_at", "-id"], name="quarantine", condition=Q(is_held=True)),
            models.Index(fields=["-received_at", "-id"], name="acquitted", condition=Q(verdict="not_spam")),
            # Copies of a text.
            models.Index(fields=["text_print"], name="submission_print", condition=~Q(text_print="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_held=True, verdict__in=["suspect", "spam"])
                | Q(is_held=False, verdict__in=["", "not_spam"]),
                name="held_as_the_verdict_says",
            ),
        ]

    def __str__(self) -> str:
        return f"Submission {self.pk}"

    @property
    def is_being_cleaned(self) -> bool:
        """Whether one of its images isn't ready yet."""
        return any(each.state == each.State.WAITING for each in self.attachments.all())


class SpamLesson(models.Model):
    """What somebody said of a submission, spam or not, and what the filter learns from it. Taken back, it is deleted.

    `signs` are those of the text as `leads.spam` counts them; `base` is what the filter said without any lesson.
    `was` is the verdict before, for the undo.
    """

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="lesson")
    is_spam = models.BooleanField()
    base = models.FloatField()
    signs = models.BinaryField()
    was = models.CharField(max_length=10, blank=True)
    decided_by = models.CharField(max_length=150)
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Lesson on submission {self.submission_id}"
