"""Files that came with a message. `leads.files` is their one writer."""

from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from leads.file_checks import KINDS


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def kept(self) -> Self:
        """Those that are on the disk."""
        return self.exclude(state=Attachment.State.REFUSED)

    def ready(self) -> Self:
        """Those that staff may download."""
        return self.filter(state=Attachment.State.READY)

    def to_clean(self) -> Self:
        """Images that nobody is at: they wait for the worker, or theirs died."""
        return self.filter(state=Attachment.State.WAITING, due_at__lte=timezone.now())


class Attachment(models.Model):
    """A file, or that there was one. Images wait until the worker has taken out what they say of place and device.

    waiting --cleaned--> ready
       +----can't be read----> refused        what is no image is ready, or refused, from the start
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Being cleaned"
        READY = "ready", "Ready"
        REFUSED = "refused", "Not kept"

    submission = models.ForeignKey("leads.Submission", on_delete=models.CASCADE, related_name="attachments")
    field = models.CharField(max_length=40, blank=True, help_text="Key of the form's field that it was chosen in.")
    name = models.CharField(max_length=150, help_text="As the sender called it, made safe.")
    content_type = models.CharField(max_length=100, blank=True, help_text="As its content says.")
    size = models.PositiveIntegerField(help_text="In bytes: of what is kept, else of what came.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of what came.")
    path = models.CharField(max_length=100, blank=True, help_text="Under DATA_DIR; empty where it was not kept.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why it was not kept.")
    state = models.CharField(max_length=8, choices=State)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now, help_text="When a worker may take it (again).")
    created_at = models.DateTimeField(default=timezone.now)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # "Is there an image to clean?", asked before every shift.
            models.Index(fields=["due_at"], name="attachment_to_clean", condition=Q(state="waiting")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["path"], name="one_attachment_per_path", condition=~Q(path="")),
            models.CheckConstraint(
                condition=Q(state="refused", path="") & ~Q(problem="")
                | Q(state__in=["waiting", "ready"], problem="") & ~Q(path=""),
                name="attachment_kept_or_not",
            ),
        ]

    def __str__(self) -> str:
        return f"Attachment {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("attachment", args=[self.pk])

    @property
    def file(self) -> Path:
        """Where it is; nowhere for one that was not kept."""
        return Path(settings.DATA_DIR, self.path)

    @property
    def kind(self) -> str:
        """What staff call its type."""
        return KINDS[self.content_type].label if self.content_type in KINDS else ""
