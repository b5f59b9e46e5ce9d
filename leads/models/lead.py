"""The lead, its values with their origins, and its timeline."""

import datetime as dt
import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language_info

from leads.fields import FIELDS, INTENTS, URGENCIES


class LeadSource(models.TextChoices):
    WEB_FORM = "web_form", "Web form"
    PASTE = "paste", "Paste"
    EMAIL = "email", "E-mail"
    CSV_IMPORT = "csv_import", "CSV import"
    API = "api", "API"


class LeadQuerySet(models.QuerySet["Lead"]):
    def standing(self) -> Self:
        """Leads that were not folded into another."""
        return self.filter(merged_into=None)

    def samples(self) -> Self:
        return self.filter(is_sample=True)

    def matching(self, words: str) -> Self:
        """Leads in which every word occurs: name, e-mail, phone, company or message."""
        for word in words.lower().split()[:8]:
            self = self.filter(search_text__contains=word)
        return self

    def with_any_of(self, **columns: str) -> Self:
        """Narrows by equal columns; empty values narrow nothing."""
        return self.filter(**{column: value for column, value in columns.items() if value})


class Lead(models.Model):
    """One person or company with a need; has one or more submissions.

    The contact and judgement columns repeat the current FieldValue of the same name, for lists and search.
    Only `leads.merging` writes them.
    """

    class Status(models.TextChoices):
        NEW = "new", "New"
        WORKING = "working", "Working"
        QUALIFIED = "qualified", "Qualified"
        UNQUALIFIED = "unqualified", "Unqualified"
        CONVERTED = "converted", "Converted"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.CharField(max_length=20, choices=LeadSource)
    status = models.CharField(max_length=20, choices=Status, default=Status.NEW)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="leads"
    )
    received_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    is_sample = models.BooleanField(default=False)
    # Erasing a lead erases what was folded into it: it is the same person.
    # No index over all rows: SQLite would take it for "not merged", which is nearly all of them, and then sort those.
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="merged", db_index=False
    )

    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    company = models.CharField(max_length=200, blank=True)
    intent = models.CharField(max_length=30, choices=INTENTS, blank=True)
    urgency = models.CharField(max_length=10, choices=URGENCIES, blank=True)
    summary = models.TextField(blank=True)
    quality_score = models.PositiveSmallIntegerField(null=True, blank=True)
    score_reasons = models.JSONField(default=list, blank=True)

    # Normalised keys for finding duplicates: kept by leads.merging with the columns above.
    email_key = models.CharField(max_length=254, blank=True, editable=False)
    phone_key = models.CharField(max_length=20, blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            # The inbox: newest first, also narrowed by one of the three filters, or by score.
            models.Index(fields=["-received_at", "-id"], name="lead_inbox"),
            models.Index(fields=["status", "-received_at"], name="lead_by_status"),
            models.Index(fields=["intent", "-received_at"], name="lead_by_intent"),
            models.Index(fields=["urgency", "-received_at"], name="lead_by_urgency"),
            models.Index(fields=["-quality_score", "-received_at"], name="lead_by_score"),
            # "Has anything changed since?", asked every second by open inboxes.
            models.Index(fields=["-updated_at"], name="lead_changes"),
            # Candidates for duplicates.
            models.Index(fields=["email_key"], name="lead_email_key", condition=~Q(email_key="")),
            models.Index(fields=["phone_key"], name="lead_phone_key", condition=~Q(phone_key="")),
            models.Index(fields=["is_sample"], name="lead_samples", condition=Q(is_sample=True)),
            # What was folded into a lead.
            models.Index(fields=["merged_into"], name="lead_merged", condition=Q(merged_into__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(quality_score=None) | Q(quality_score__lte=100), name="lead_score_0_to_100"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=models.F("id")), name="lead_not_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("lead_detail", args=[self.public_id])

    @property
    def name(self) -> str:
        """What to call the lead: the person, else the company, else the address, else its number."""
        person = f"{self.first_name} {self.last_name}".strip()
        return person or self.company or self.email or self.phone or f"Lead {self.pk}"

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split()[:2]).upper()


class FieldValueQuerySet(models.QuerySet["FieldValue"]):
    def current(self) -> Self:
        return self.filter(state=FieldValue.State.CURRENT)

    def suggested(self) -> Self:
        return self.filter(state=FieldValue.State.SUGGESTED)


class FieldValue(models.Model):
    """One value of one lead field, with where it came from and the exact words behind it."""

    class Origin(models.TextChoices):
        SUBMITTER = "submitter", "Submitter"
        RULE = "rule", "Rule"
        MODEL = "model", "Model"
        STAFF = "staff", "Staff"
        CRM = "crm", "CRM"

    class State(models.TextChoices):
        CURRENT = "current", "Current"
        SUGGESTED = "suggested", "Suggested"
        REFUSED = "refused", "Refused"
        PAST = "past", "Past"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="values")
    field = models.CharField(max_length=40)
    value = models.TextField(blank=True)
    origin = models.CharField(max_length=12, choices=Origin)
    state = models.CharField(max_length=12, choices=State)
    confidence = models.FloatField(default=1.0)
    evidence_submission = models.ForeignKey(
        "leads.Submission", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    evidence_start = models.PositiveIntegerField(null=True, blank=True)
    evidence_end = models.PositiveIntegerField(null=True, blank=True)
    evidence_text = models.TextField(blank=True)
    note = models.TextField(blank=True)
    made_by = models.CharField(max_length=150, blank=True, help_text="The person, or the model and prompt version.")
    is_locked = models.BooleanField("locked", default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = FieldValueQuerySet.as_manager()

    class Meta:
        ordering = ["lead_id", "field", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "field"], condition=Q(state="current"), name="one_current_value_per_field"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0) & Q(confidence__lte=1), name="confidence_from_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} of lead {self.lead_id}"

    @property
    def label(self) -> str:
        known = FIELDS.get(self.field)
        return known.label if known else self.field.replace("_", " ").capitalize()

    @property
    def display(self) -> str:
        """The value as a person reads it: a choice's label, a date without its T."""
        known = FIELDS.get(self.field)
        if known and known.choices:
            return dict(known.choices).get(self.value, self.value)
        if known and known.kind == "date":
            return readable_date(self.value)
        return language_name(self.value) if self.field == "language" else self.value


class Event(models.Model):
    """One line of a lead's timeline."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="events")
    text = models.CharField(max_length=300)
    actor = models.CharField(max_length=150, blank=True, help_text="The person; empty when baseCamp did it.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["lead", "-at"], name="event_timeline")]

    def __str__(self) -> str:
        return self.text


def language_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name"])
    except KeyError:  # one that Django doesn't know
        return code


def readable_date(value: str) -> str:
    try:
        moment: Any = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    return f"{moment:%a %d %b %Y, %H:%M}" if "T" in value else f"{moment:%a %d %b %Y}"
