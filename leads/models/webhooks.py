"""Addresses that services of others call: what came to them, kept as it came, and which value is what."""

import datetime as dt
import secrets
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

KEPT = dt.timedelta(days=30)  # what was taken in is kept with its submission anyway


def new_webhook_key() -> str:
    """192 random bits: whoever knows it may send."""
    return secrets.token_urlsafe(24)


def new_verify_token() -> str:
    return secrets.token_urlsafe(12)


class Webhook(models.Model):
    """An address for one service. `mapping` says by path what each value is; empty: nobody said so yet, and what comes
    in waits."""

    class Kind(models.TextChoices):
        TYPEFORM = "typeform", "Typeform"
        FACEBOOK = "facebook", "Facebook lead ads"
        WEBFLOW = "webflow", "Webflow"
        ELEMENTOR = "elementor", "Elementor"
        OTHER = "other", "Anything that sends JSON or a form"

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=12, choices=Kind)
    key = models.CharField(max_length=40, unique=True, default=new_webhook_key, editable=False)
    secret = models.TextField(blank=True, editable=False, help_text="Sealed; what the sender signs with, if it does.")
    access_token = models.TextField(blank=True, editable=False, help_text="Sealed; Facebook gives the answers for it.")
    verify_token = models.CharField(
        max_length=40, default=new_verify_token, editable=False, help_text="Facebook asks with it before it sends."
    )
    mapping = models.JSONField(default=dict, blank=True)
    per_minute = models.PositiveIntegerField(default=120)
    is_active = models.BooleanField("active", default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("webhook", args=[self.pk])

    @property
    def path(self) -> str:
        return reverse("webhook_in", args=[self.key])


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def waiting(self) -> Self:
        return self.filter(state=WebhookDelivery.State.WAITING)

    def due(self) -> Self:
        return self.waiting().filter(due_at__lte=timezone.now())

    def stuck(self) -> Self:
        """Stored, but a person has to look before they can be taken in."""
        return self.filter(state__in=[WebhookDelivery.State.UNMAPPED, WebhookDelivery.State.UNREADABLE])

    def forgotten(self) -> Self:
        """What is kept elsewhere and long ago. What nobody could take in stays."""
        states = [WebhookDelivery.State.TAKEN, WebhookDelivery.State.REPEATED]
        return self.filter(state__in=states, received_at__lt=timezone.now() - KEPT)


class WebhookDelivery(models.Model):
    """One call, its body as it came. Erasing the lead erases it, too."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a worker"
        TAKEN = "taken", "Taken in"
        REPEATED = "repeated", "Sent again, was here already"
        UNMAPPED = "unmapped", "Waits until its values are mapped"
        UNREADABLE = "unreadable", "Could not be read"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    body = models.BinaryField()
    content_type = models.CharField(max_length=200, blank=True)
    answers = models.JSONField(default=list, blank=True, help_text="What Facebook said when it was asked.")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    problem = models.TextField(blank=True, help_text="Why it waits, or why it can't be read.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the body.")
    submission = models.ForeignKey(
        "leads.Submission", null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "webhook deliveries"
        indexes = [
            # What a worker is to take, asked by the sweep every few seconds.
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(state="waiting")),
            # The same body within a day is the same call again.
            models.Index(fields=["webhook", "digest"], name="delivery_same"),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"
