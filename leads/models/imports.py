"""Files of contacts that staff brought: each row is a row here, and these rows are the queue."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone


class ImportQuerySet(models.QuerySet["Import"]):
    def at_work(self) -> Self:
        """Those that the worker has something to do for."""
        return self.filter(state__in=Import.WORKED_ON)

    def free(self) -> Self:
        """Those that no worker holds; one that died holds nothing any more."""
        return self.at_work().filter(Q(lease_until=None) | Q(lease_until__lt=timezone.now()))


class Import(models.Model):
    """One file. `leads.imports` is its one writer.

    `columns` has the lead field of each column of the file, empty where it is left out; `rows_read` is how many rows
    have become ImportRows, so that reading goes on there.
    """

    class State(models.TextChoices):
        MAPPING = "mapping", "Columns to be chosen"
        CHECKING = "checking", "Being read"
        READY = "ready", "Ready to import"
        RUNNING = "running", "Being imported"
        DONE = "done", "Imported"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"
        FAILED = "failed", "Could not be read"

    WORKED_ON = (State.CHECKING, State.RUNNING, State.UNDOING)

    class Known(models.TextChoices):
        """What becomes of a row whose person is a lead already."""

        JOIN = "join", "Add it to that lead as a further message"
        SKIP = "skip", "Leave the row out"
        CREATE = "create", "Make a further lead"

    name = models.CharField(max_length=200)
    path = models.CharField(max_length=100, blank=True, help_text="Under DATA_DIR; empty once it is deleted.")
    encoding = models.CharField(max_length=20)
    separator = models.CharField(max_length=1, blank=True, help_text="Empty: the file has vCards.")
    has_header = models.BooleanField(default=True)
    headers = models.JSONField(default=list)
    sample = models.JSONField(default=list, help_text="The first rows, to choose the columns by.")
    columns = models.JSONField(default=list)
    known_leads = models.CharField(max_length=6, choices=Known, default=Known.JOIN)
    state = models.CharField(max_length=8, choices=State, default=State.MAPPING)
    problem = models.TextField(blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            # "Is there anything to do?", asked before every shift.
            models.Index(
                fields=["lease_until"],
                name="import_at_work",
                condition=Q(state__in=["checking", "running", "undoing"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("import_detail", args=[self.pk])

    @property
    def has_vcards(self) -> bool:
        return not self.separator

    @property
    def is_worked_on(self) -> bool:
        return self.state in self.WORKED_ON

    @property
    def took(self) -> dt.timedelta | None:
        return self.finished_at - self.created_at if self.finished_at else None


class ImportRowQuerySet(models.QuerySet["ImportRow"]):
    def to_make(self) -> Self:
        return self.filter(state=ImportRow.State.PENDING, fate__in=[ImportRow.Fate.CREATE, ImportRow.Fate.JOIN])

    def refused(self) -> Self:
        return self.filter(fate=ImportRow.Fate.REFUSED)

    def made(self) -> Self:
        return self.filter(state=ImportRow.State.MADE)


class ImportRow(models.Model):
    """One row of the file: what is to become of it, and what became of it. `cells` are as they stood in the file.
    Once it became a message nothing personal is left here: it is on the lead then, and erased with it."""

    class Fate(models.TextChoices):
        CREATE = "create", "New lead"
        JOIN = "join", "Joins a lead"
        REFUSED = "refused", "Refused"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        MADE = "made", "Imported"
        UNDONE = "undone", "Undone"
        KEPT = "kept", "Kept: the lead was worked on since"

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(help_text="Counted from 1, the header row left out.")
    cells = models.JSONField(default=list)
    title = models.CharField(max_length=200, blank=True)
    fate = models.CharField(max_length=8, choices=Fate)
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    # Set when an earlier row is the same person.
    first_number = models.PositiveIntegerField(null=True, blank=True)
    email_key = models.CharField(max_length=254, blank=True, editable=False)
    phone_key = models.CharField(max_length=20, blank=True, editable=False)
    # The lead that it is to join, then the one that it is on.
    lead = models.ForeignKey("leads.Lead", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    submission = models.ForeignKey(
        "leads.Submission", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="one_row_per_line")]
        indexes = [
            # The same person's earlier rows.
            models.Index(fields=["source", "email_key"], name="import_row_email", condition=~Q(email_key="")),
            models.Index(fields=["source", "phone_key"], name="import_row_phone", condition=~Q(phone_key="")),
            # The queue, the preview's tabs and the counts.
            models.Index(fields=["source", "state", "fate", "number"], name="import_row_queue"),
        ]

    def __str__(self) -> str:
        return f"Row {self.number} of import {self.source_id}"
