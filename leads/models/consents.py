"""What submitters agreed to, and the mails that ask them to confirm it."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone


class Consent(models.Model):
    """One consent of one submission: the exact text that was shown, and whether the box was ticked.

    What was asked and answered never changes, and is copied so that it proves itself after the form is gone. Only what
    became of it is added, once: confirmed by the link in the mail, or withdrawn. `leads.consents` is the only writer.
    """

    submission = models.ForeignKey("leads.Submission", on_delete=models.CASCADE, related_name="consents")
    form = models.ForeignKey(
        "leads.PublicForm", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    form_name = models.CharField(max_length=100, blank=True)
    form_version = models.PositiveIntegerField(null=True, help_text="Its number; empty for a form without versions.")
    field_key = models.CharField(max_length=40)
    text = models.TextField()
    language = models.CharField(max_length=10, help_text="Of the form.")
    is_given = models.BooleanField()
    given_at = models.DateTimeField(help_text="When the form was sent, with the box ticked or not.")
    is_confirmation_asked = models.BooleanField(default=False, help_text="Whether the form asked for it by e-mail.")
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(
        max_length=150, blank=True, help_text="Who noted it; empty: the submitter themselves, by the link."
    )

    class Meta:
        ordering = ["submission_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "field_key"], name="one_consent_per_submission_and_field"),
            models.CheckConstraint(
                condition=Q(is_given=True) | Q(confirmed_at=None, withdrawn_at=None), name="only_what_was_given_changes"
            ),
        ]

    def __str__(self) -> str:
        return f"Consent {self.pk} of submission {self.submission_id}"

    @property
    def stands(self) -> bool:
        """Whether it may be relied on: given, confirmed where that was asked for, and not withdrawn."""
        is_sure = self.confirmed_at is not None or not self.is_confirmation_asked
        return self.is_given and is_sure and self.withdrawn_at is None

    @property
    def is_unconfirmed(self) -> bool:
        """Whether the answer to the mail is still open."""
        asked = self.is_given and self.is_confirmation_asked
        return asked and self.confirmed_at is None and self.withdrawn_at is None


class ConsentRequestQuerySet(models.QuerySet["ConsentRequest"]):
    def due(self) -> Self:
        """To be sent now, or with a worker for longer than that takes. Nothing is sent to whom is in quarantine, nor
        when the answer came meanwhile by another way."""
        asked = Consent.objects.filter(submission=OuterRef("submission"), is_given=True, is_confirmation_asked=True)
        is_open = Exists(asked.filter(confirmed_at=None, withdrawn_at=None))
        return self.filter(
            Q(state=ConsentRequest.State.WAITING) & is_open | Q(state=ConsentRequest.State.SENDING),
            state__in=[ConsentRequest.State.WAITING, ConsentRequest.State.SENDING],
            due_at__lte=timezone.now(),
            submission__is_held=False,
            submission__lead__quarantined_at=None,
        )

    def mailed(self) -> Self:
        """Those that left, may have left, or will."""
        return self.exclude(state=ConsentRequest.State.FAILED, message_id="")


class ConsentRequest(models.Model):
    """The mail that asks a submitter to confirm what they agreed to: one per submission.

    `leads.consent_mails` and `leads.mailing` are its writers.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"

    submission = models.OneToOneField("leads.Submission", on_delete=models.CASCADE, related_name="consent_request")
    form = models.ForeignKey("leads.PublicForm", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    to = models.CharField(max_length=254, blank=True)
    to_key = models.CharField(max_length=254, blank=True, help_text="The mailbox, however its address is written.")
    language = models.CharField(max_length=10)
    message_id = models.CharField(max_length=200, blank=True, help_text="Empty when it was never to be sent.")
    problem = models.TextField(blank=True, help_text="Why it could not be sent; empty when it was.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(
        default=timezone.now, help_text="When it is to be tried; while it is being sent, how long that may take."
    )
    asked_at = models.DateTimeField(default=timezone.now, help_text="When it was queued, the last time.")
    sent_at = models.DateTimeField(null=True)
    denied_at = models.DateTimeField(null=True, help_text="When they said: this wasn't me.")

    objects = ConsentRequestQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # What is to be sent, asked by the sweep every few seconds.
            models.Index(fields=["due_at"], name="consent_request_due", condition=Q(state__in=["waiting", "sending"])),
            # Whether a mailbox was asked lately, and how many were.
            models.Index(fields=["to_key", "-asked_at"], name="consent_request_mailbox", condition=~Q(to_key="")),
            models.Index(fields=["-sent_at"], name="consent_request_sent", condition=Q(sent_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Request {self.pk} to confirm consents of submission {self.submission_id}"
