"""The versions of a public form. `leads.forms_editing` is their writer."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.forms_definition import Definition


class FormVersionQuerySet(models.QuerySet["FormVersion"]):
    def live(self) -> Self:
        """What visitors see."""
        return self.filter(state=FormVersion.State.LIVE)

    def drafts(self) -> Self:
        return self.filter(state=FormVersion.State.DRAFT)


class FormVersion(models.Model):
    """One version of what a form asks and says. Once published it never changes: submissions point to it.

    draft --publish--> live --the next is published--> past --publish again--> (a new live one with its content)
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        LIVE = "live", "Live"
        PAST = "past", "Past"

    form = models.ForeignKey("leads.PublicForm", on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    content = models.JSONField(help_text="A leads.forms_definition.Definition.")
    note = models.CharField(max_length=300, blank=True, help_text="What was changed, in the words of who did.")
    made_by = models.CharField(max_length=150, blank=True, help_text="Empty: baseCamp.")
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = FormVersionQuerySet.as_manager()

    class Meta:
        ordering = ["form_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["form", "number"], name="one_form_version_per_number"),
            models.UniqueConstraint(fields=["form"], condition=Q(state="live"), name="one_live_form_version"),
            models.UniqueConstraint(fields=["form"], condition=Q(state="draft"), name="one_draft_form_version"),
        ]

    def __str__(self) -> str:
        return f"{self.form_id} version {self.number}"

    @property
    def definition(self) -> Definition:
        return Definition.from_json(self.content)


class FormImage(models.Model):
    """The logo of one or more versions, which name it. It never changes: another image has another name."""

    name = models.CharField(max_length=60, unique=True, help_text="A digest of it, and its width and height.")
    content = models.BinaryField(help_text="A WebP image.")
    used_at = models.DateTimeField(default=timezone.now, help_text="When it was last uploaded.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
