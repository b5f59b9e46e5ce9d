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

from leads import known_fields
from leads.attribution import Attribution
from leads.channels import CHANNELS
from leads.fields import EXTRA_KINDS, INTENTS, URGENCIES


class LeadSource(models.TextChoices):
    WEB_FORM = "web_form", "Web form"
    PASTE = "paste", "Paste"
    EMAIL = "email", "E-mail"
    CSV_IMPORT = "csv_import", "CSV import"
    API = "api", "API"


TOUCHED_BY = ("channel", "utm_source", "utm_medium", "utm_campaign")


class LeadQuerySet(models.QuerySet["Lead"]):
    def standing(self) -> Self:
        """Leads that were not folded into another and are not in quarantine."""
        return self.filter(merged_into=None, quarantined_at=None)

    def quarantined(self) -> Self:
        return self.filter(quarantined_at__isnull=False)

    def samples(self) -> Self:
        """The shipped ones."""
        return self.filter(is_sample=True, is_test=False)

    def tests(self) -> Self:
        """What owners sent from the test pages of forms; each of them is_sample, too."""
        return self.filter(is_sample=True, is_test=True)

    def matching(self, words: str) -> Self:
        """Leads in which every word occurs: name, e-mail, phone, company or message."""
        for word in words.lower().split()[:8]:
            self = self.filter(search_text__contains=word)
        return self

    def with_any_of(self, **columns: str) -> Self:
        """Narrows by equal columns; empty values narrow nothing."""
        wanted = {column: value for column, value in columns.items() if value}
        found = self.filter(**wanted)
        for column in wanted.keys() & TOUCHED_BY:
            found = found.exclude(**{column: ""})  # SQLite takes a partial index only where its condition is asked for
        return found


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
    received_at = models.DateTimeField(default=timezone.now, help_text="When the first message came.")
    # Kept by leads.conversation with the lead's submissions.
    last_message_at = models.DateTimeField(default=timezone.now)
    repeat_count = models.PositiveSmallIntegerField(default=0, help_text="Further inquiries that joined by themselves.")
    answer_count = models.PositiveSmallIntegerField(default=0, help_text="Answers that came to our e-mails.")
    updated_at = models.DateTimeField(default=timezone.now)
    is_sample = models.BooleanField(default=False)
    is_test = models.BooleanField(default=False, help_text="A sample that an owner sent from a form's test page.")
    # Erasing a lead erases what was folded into it: it is the same person.
    # No index over all rows: SQLite would take it for "not merged", which is nearly all of them, and then sort those.
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="merged", db_index=False
    )
    quarantined_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it is set aside as spam: no stage, CRM or mail takes it then."
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
    review_fields = models.JSONField(
        default=list, blank=True, help_text="Fields whose value is too unsure to rely on; empty: none needs a look."
    )
    needs_review = models.BooleanField(default=False, help_text="Whether `review_fields` names any.")
    # Kept by leads.touches with the lead's submissions. The columns repeat the first touch, for lists.
    first_touch = models.JSONField(default=dict, blank=True, help_text="Of the first inquiry that tells one.")
    last_touch = models.JSONField(default=dict, blank=True, help_text="Of the newest inquiry that tells one.")
    channel = models.CharField(max_length=20, choices=CHANNELS, blank=True)
    utm_source = models.CharField(max_length=255, blank=True, help_text="In small letters.")
    utm_medium = models.CharField(max_length=255, blank=True, help_text="In small letters.")
    utm_campaign = models.CharField(max_length=255, blank=True, help_text="In small letters.")
    first_response_at = models.DateTimeField(null=True, blank=True, help_text="When staff first answered.")

    # Normalised keys for finding duplicates: kept by leads.merging with the columns above.
    email_key = models.CharField(max_length=254, blank=True, editable=False)
    phone_key = models.CharField(max_length=20, blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            # The inbox: what came last first, also narrowed by one of the three filters, or by score.
            models.Index(fields=["-last_message_at", "-id"], name="lead_inbox"),
            models.Index(fields=["status", "-last_message_at"], name="lead_by_status"),
            models.Index(fields=["intent", "-last_message_at"], name="lead_by_intent"),
            models.Index(fields=["urgency", "-last_message_at"], name="lead_by_urgency"),
            models.Index(fields=["-quality_score", "-last_message_at"], name="lead_by_score"),
            models.Index(fields=["-last_message_at"], name="lead_to_review", condition=Q(needs_review=True)),
            # The inbox by what brought people, which not every lead tells.
            *(
                models.Index(fields=[key, "-last_message_at"], name=f"lead_by_{key}", condition=~Q(**{key: ""}))
                for key in TOUCHED_BY
            ),
            # The API's list: pages must not shift when somebody writes again.
            models.Index(fields=["-received_at", "-id"], name="lead_received"),
            # "Has anything changed since?", asked every second by open inboxes.
            models.Index(fields=["-updated_at"], name="lead_changes"),
            # Candidates for duplicates.
            models.Index(fields=["email_key"], name="lead_email_key", condition=~Q(email_key="")),
            models.Index(fields=["phone_key"], name="lead_phone_key", condition=~Q(phone_key="")),
            models.Index(fields=["is_sample"], name="lead_samples", condition=Q(is_sample=True)),
            # What the CRM is to forget, asked by its chores.
            models.Index(fields=["id"], name="lead_quarantined", condition=Q(quarantined_at__isnull=False)),
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
            models.CheckConstraint(condition=Q(is_test=False) | Q(is_sample=True), name="lead_test_is_a_sample"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def review_labels(self) -> list[str]:
        """What staff call the fields that want a look."""
        named = [(key, known_fields.known(key)) for key in self.review_fields]
        return [known.label if known else key.replace("_", " ").capitalize() for key, known in named]

    def get_absolute_url(self) -> str:
        return reverse("lead_detail", args=[self.public_id])

    @property
    def name(self) -> str:
        """What to call the lead: the person, else the company, else the address, else its number."""
        person = f"{self.first_name} {self.last_name}".strip()
        return person or self.company or self.email or self.phone or f"Lead {self.pk}"

    @property
    def attribution(self) -> Attribution:
        return Attribution.of(self.first_touch, self.last_touch)

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
    claimed_confidence = models.FloatField(
        null=True, blank=True, help_text="Before it was set right by what staff changed; empty when it wasn't."
    )
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
        known = known_fields.known(self.field)
        return known.label if known else self.field.replace("_", " ").capitalize()

    @property
    def display(self) -> str:
        """The value as a person reads it: a choice's label, a date without its T."""
        known = known_fields.known(self.field)
        if known and known.kind in ("choice", "yes_no"):
            return dict(known.choices).get(self.value) or self.value.replace("_", " ").capitalize()
        if known and known.kind == "date":
            return readable_date(self.value)
        return language_name(self.value) if self.field == "language" else self.value


class Feedback(models.Model):
    """What a person did with a machine's value: the confidence of later ones is set right by it.

    `confidence` is what the machine claimed, before it was set right. Only `leads.merging` writes these.
    """

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"  # locked as it stands
        ACCEPTED = "accepted", "Accepted"  # a suggestion became the value
        EDITED = "edited", "Edited"  # replaced by another value, or emptied
        REFUSED = "refused", "Refused"  # a suggestion was turned down

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="feedback")
    field = models.CharField(max_length=40)
    origin = models.CharField(max_length=12, choices=FieldValue.Origin)
    made_by = models.CharField(max_length=150, blank=True, help_text="The model and prompt version.")
    confidence = models.FloatField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return f"{self.field} of lead {self.lead_id} {self.verdict}"


class ReplyQuerySet(models.QuerySet["Reply"]):
    def sent(self) -> Self:
        return self.filter(state=Reply.State.SENT)

    def on_the_way(self) -> Self:
        """Queued, or with a worker just now."""
        return self.filter(state__in=[Reply.State.WAITING, Reply.State.SENDING])

    def due(self) -> Self:
        """To be sent now, or with a worker for longer than that takes. Nothing is sent to whom is in quarantine."""
        return self.on_the_way().filter(due_at__lte=timezone.now(), lead__quarantined_at=None)


class Reply(models.Model):
    """What staff answered, and by which way it left. Only `SMTP` is sent by baseCamp itself. `leads.replies` and
    `leads.mailing` are its writers."""

    class Channel(models.TextChoices):
        SMTP = "smtp", "Sent by baseCamp"
        MAIL_PROGRAM = "mail_program", "Opened in the mail program"
        COPY = "copy", "Copied"
        OTHER = "other", "Answered in another way"  # a call, a visit: there is no text

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"
        TAKEN = "taken", "Taken along"  # copied or opened elsewhere: whether it left, only a person can say

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="replies")
    channel = models.CharField(max_length=12, choices=Channel)
    state = models.CharField(max_length=10, choices=State, default=State.SENT)
    key = models.UUIDField(
        null=True, blank=True, unique=True, editable=False, help_text="Of the form it was sent with: one reply each."
    )
    to = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    message_id = models.CharField(max_length=200, blank=True, help_text="Of the e-mail, to know answers to it by.")
    problem = models.TextField(blank=True, help_text="Why it could not be sent; empty when it was.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(
        default=timezone.now, help_text="When it is to be tried; while it is being sent, how long that may take."
    )
    sent_by = models.CharField(max_length=150)
    sent_at = models.DateTimeField(default=timezone.now, help_text="Until it is sent: when it was asked for.")

    objects = ReplyQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-id"]
        verbose_name_plural = "replies"
        indexes = [
            # What is to be sent, asked by the sweep every minute.
            models.Index(fields=["due_at"], name="reply_due", condition=Q(state__in=["waiting", "sending"])),
        ]

    def __str__(self) -> str:
        return f"Reply {self.pk} to lead {self.lead_id}"


class ExtraField(models.Model):
    """A lead field that the business added to those of `leads.fields`; its values are FieldValues as all others.

    Its key is never used again for another meaning: once retired it is no longer looked for, but old values still
    need its label.
    """

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    kind = models.CharField(
        max_length=12, choices=[(kind.value, kind.name.replace("_", " ").title()) for kind in EXTRA_KINDS]
    )
    choices = models.JSONField(default=list, blank=True, help_text="Of a choice: a list of [key, label].")
    is_retired = models.BooleanField("retired", default=False)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


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
