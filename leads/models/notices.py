"""Mails that tell staff of an inquiry: one row per inquiry and address. `leads.notices` writes them."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

KEPT = dt.timedelta(days=30)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self) -> Self:
        return self.filter(state=Notice.State.WAITING)

    def on_the_way(self) -> Self:
        """Queued, or with a worker just now."""
        return self.filter(state__in=[Notice.State.WAITING, Notice.State.SENDING])

    def due(self) -> Self:
        """To be sent now, or with a worker for longer than that takes. Nobody is told of what is in quarantine."""
        return self.on_the_way().filter(due_at__lte=timezone.now(), submission__lead__quarantined_at=None)

    def sent(self) -> Self:
        return self.filter(state=Notice.State.SENT)

    def of(self, form_id: int, to: str) -> Self:
        """Those from one form to one address."""
        return self.filter(form=form_id, to=to)

    def forgotten(self) -> Self:
        """What is over and long ago."""
        return self.exclude(state__in=[Notice.State.WAITING, Notice.State.SENDING]).filter(
            created_at__lt=timezone.now() - KEPT
        )


class Notice(models.Model):
    """Says one of a form's addresses that an inquiry came. Several that wait may leave in one mail: then they have one
    `message_id`."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"

    form = models.ForeignKey("leads.PublicForm", on_delete=models.CASCADE, related_name="notices", db_index=False)
    submission = models.ForeignKey("leads.Submission", on_delete=models.CASCADE, related_name="notices", db_index=False)
    to = models.CharField(max_length=254)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    is_held = models.BooleanField(default=False, help_text="Many came in an hour: it leaves in one mail with them.")
    problem = models.TextField(blank=True, help_text="Why it could not be sent, or waits; empty when it was.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(
        default=timezone.now, help_text="When it is to be tried; while it is being sent, how long that may take."
    )
    message_id = models.CharField(max_length=200, blank=True, help_text="Of the e-mail.")
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
            models.Index(fields=["due_at"], name="notice_due", condition=Q(state__in=["waiting", "sending"])),
            # How many left for an address in the last hour, and what went wrong with it.
            models.Index(fields=["form", "to", "-sent_at"], name="notice_of_address"),
        ]

    def __str__(self) -> str:
        return f"Notice {self.pk} of submission {self.submission_id}"
