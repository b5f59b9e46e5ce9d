"""Mails that tell staff of inquiries: one row per inquiry and address. `leads.notices` writes them."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

KEPT = dt.timedelta(days=30)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self) -> Self:
        return self.filter(state=Notice.State.WAITING)

    def due(self) -> Self:
        """Mails to be sent now, or with a worker for longer than that takes: not what leaves in a digest, and nobody is
        told of what is in quarantine."""
        return self.filter(
            state__in=[Notice.State.WAITING, Notice.State.SENDING],
            due_at__lte=timezone.now(),
            digest=None,
            submission__lead__quarantined_at=None,
        )

    def digests(self) -> Self:
        return self.filter(submission=None)

    def of(self, form_id: int, to: str) -> Self:
        """Those from one form to one address."""
        return self.filter(form=form_id, to=to)

    def mails(self) -> Self:
        """Those that leave as a mail of their own."""
        return self.filter(digest=None)

    def forgotten(self) -> Self:
        return self.filter(created_at__lt=timezone.now() - KEPT)


class Notice(models.Model):
    """Tells one of a form's addresses of an inquiry. Where too many came in an hour, one without an inquiry is the mail
    for all those that name it as their digest. `leads.mailing` sends them."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"

    form = models.ForeignKey("leads.PublicForm", on_delete=models.CASCADE, related_name="notices", db_index=False)
    submission = models.ForeignKey(
        "leads.Submission", null=True, blank=True, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    digest = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="listed", db_index=False
    )
    to = models.CharField(max_length=254)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    problem = models.TextField(blank=True, help_text="Why it could not be sent, or waits; empty when it was.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(
        default=timezone.now, help_text="When it is to be tried; while it is being sent, how long that may take."
    )
    message_id = models.CharField(max_length=200, help_text="Of the e-mail.")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "to"], name="one_notice_per_inquiry_and_address"),
        ]
        indexes = [
            # What is to be sent, asked by the clock every two seconds.
            models.Index(
                fields=["due_at"], name="notice_due", condition=Q(state__in=["waiting", "sending"], digest=None)
            ),
            # How many left for an address in the last hour, and what went wrong with it.
            models.Index(fields=["form", "to", "-sent_at"], name="notice_of_address"),
            models.Index(fields=["digest"], name="notice_in_digest", condition=Q(digest__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Notice {self.pk} to {self.to}"
