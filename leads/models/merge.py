"""What staff folded together, and what a lead can be reached by besides its own e-mail and phone."""

import datetime as dt
import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

UNDO_FOR = dt.timedelta(days=30)


class MergeQuerySet(models.QuerySet["Merge"]):
    def standing(self) -> Self:
        """Not undone."""
        return self.filter(undone_at=None)

    def recent(self) -> Self:
        """Those that can still be undone, or done again."""
        return self.filter(merged_at__gt=timezone.now() - UNDO_FOR)


class Merge(models.Model):
    """One lead folded into another, with the snapshot that undoes it.

    `snapshot` is written and read by `leads.merges` alone: what moved, what was made, and what it replaced; the
    absorbed lead itself stays as it was. Merges that were made in one go share a `group`.
    """

    survivor = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="merges")
    absorbed = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    group = models.UUIDField(default=uuid.uuid4, editable=False, db_index=True)
    choices = models.JSONField(default=dict, help_text="By field: the lead whose value was taken.")
    snapshot = models.JSONField(default=dict)
    merged_at = models.DateTimeField(default=timezone.now)
    merged_by = models.CharField(max_length=150)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        ordering = ["-merged_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["absorbed"], condition=Q(undone_at=None), name="merged_into_one_lead"),
            models.CheckConstraint(condition=~Q(survivor=F("absorbed")), name="merge_of_two_leads"),
        ]
        indexes = [
            # The list of merges, newest first.
            models.Index(fields=["-merged_at", "-id"], name="merge_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.survivor_id}"

    @property
    def is_undone(self) -> bool:
        return self.undone_at is not None

    @property
    def undo_until(self) -> dt.datetime:
        return self.merged_at + UNDO_FOR


class ContactPoint(models.Model):
    """Another e-mail or phone of a lead, kept when two leads became one. `key` is its normalised form."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=5, choices=Kind)
    value = models.CharField(max_length=254)
    key = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["lead", "kind", "key"], name="one_contact_point_per_key"),
        ]
        indexes = [models.Index(fields=["key"], name="contact_point_key")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of lead {self.lead_id}"
