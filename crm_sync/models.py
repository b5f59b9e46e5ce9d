import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Lead


class CrmConnection(models.Model):
    """How baseCamp reaches the CRM, as an admin set it in the browser, and whether the traffic is paused. One row.

    What the environment sets wins over the row: `crm_sync.connection.current()` is what to ask.
    """

    class Pause(models.TextChoices):
        NONE = "", "Running"
        STAFF = "staff", "Paused by staff"
        TOKEN = "token", "The access token was refused"
        TABLE = "table", "The table can’t be found"
        FIELD = "field", "A mapped field is gone or has changed"
        MONTHLY = "monthly", "The month’s calls are used up"

    class Merged(models.TextChoices):
        MARK = "mark", "Keep the record; “Merged into” names the remaining lead"
        DELETE = "delete", "Delete the record"

    token = models.TextField(blank=True, help_text="Encrypted: see leads.vault.")
    token_tail = models.CharField(max_length=4, blank=True)
    base_id = models.CharField(max_length=40, blank=True)
    base_name = models.CharField(max_length=255, blank=True)
    table_id = models.CharField(max_length=40, blank=True)
    table_name = models.CharField(max_length=255, blank=True)
    monthly_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Calls a month that the workspace’s plan allows; empty: no limit."
    )
    merged_records = models.CharField(max_length=10, choices=Merged, blank=True, help_text="Empty: as .env says.")

    pause = models.CharField(max_length=10, choices=Pause, blank=True, default=Pause.NONE)
    pause_reason = models.TextField(blank=True)
    paused_by = models.CharField(max_length=150, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_for = models.CharField(max_length=64, blank=True, help_text="Mark of the connection that was paused.")
    resumes_at = models.DateTimeField(null=True, blank=True)
    is_mail_due = models.BooleanField(default=False, help_text="Whether admins have yet to be told of the pause.")
    last_success_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Airtable {self.base_id}".strip()


class FieldMappingQuerySet(models.QuerySet["FieldMapping"]):
    def pushed(self) -> Self:
        return self.filter(direction__in=[FieldMapping.Direction.PUSH, FieldMapping.Direction.BOTH])

    def pulled(self) -> Self:
        return self.filter(direction__in=[FieldMapping.Direction.PULL, FieldMapping.Direction.BOTH])

    def in_use(self) -> Self:
        return self.exclude(direction=FieldMapping.Direction.OFF)


class FieldMapping(models.Model):
    """One of our fields to one Airtable field, by id. `value_map` translates our choices to Airtable's options."""

    class Direction(models.TextChoices):
        PUSH = "push", "To Airtable"
        PULL = "pull", "From Airtable"
        BOTH = "both", "Both ways"
        OFF = "off", "Off"

    class Unknown(models.TextChoices):
        """What becomes of a value that the select has no option for."""

        LEAVE = "leave", "Leave the cell empty"
        FIXED = "fixed", "Use one option"
        ADD = "add", "Add the option to Airtable"

    class Winner(models.TextChoices):
        OURS = "ours", "baseCamp"
        THEIRS = "theirs", "Airtable"

    our_field = models.CharField(max_length=40, unique=True)
    remote_id = models.CharField(max_length=40)
    remote_name = models.CharField(max_length=255)
    remote_type = models.CharField(max_length=40)
    options = models.JSONField(default=list, blank=True, help_text="Names of the select's options.")
    option_ids = models.JSONField(default=list, blank=True, help_text="Ids of the same, in the same order.")
    value_map = models.JSONField(default=dict, blank=True)
    direction = models.CharField(max_length=5, choices=Direction, default=Direction.PUSH)
    unknown = models.CharField(max_length=5, choices=Unknown, default=Unknown.LEAVE)
    unknown_option = models.CharField(max_length=255, blank=True, help_text="For “use one option”.")
    winner = models.CharField(
        max_length=6, choices=Winner, default=Winner.OURS, help_text="Whose value stands when both sides changed it."
    )
    updated_at = models.DateTimeField(default=timezone.now)

    objects = FieldMappingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["remote_id"], condition=~Q(direction="off"), name="one_mapping_per_remote_field"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.our_field} → {self.remote_name}"


class CrmRecordQuerySet(models.QuerySet["CrmRecord"]):
    def orphaned(self) -> Self:
        """Records of leads that were erased: they are to go from Airtable, too."""
        return self.filter(lead=None)

    def of_spam(self) -> Self:
        """Records of leads that were put into quarantine after they had been sent: they are to go from Airtable."""
        return self.filter(lead__in=Lead.objects.quarantined())

    def unwanted(self) -> Self:
        return self.filter(Q(lead=None) | Q(lead__in=Lead.objects.quarantined()))


class CrmRecord(models.Model):
    """The link from a lead to its Airtable record. It outlives its lead until the record is erased in Airtable."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SYNCED = "synced", "In Airtable"
        FAILED = "failed", "Failed"
        GONE = "gone", "Deleted in Airtable"
        LEFT = "left", "Left out of Airtable"
        TWICE = "twice", "Several records in Airtable"

    lead = models.OneToOneField("leads.Lead", on_delete=models.SET_NULL, null=True, related_name="crm_record")
    lead_public_id = models.UUIDField(null=True, blank=True, help_text="What the record carries as Lead ID.")
    base_id = models.CharField(max_length=40, blank=True)
    table_id = models.CharField(max_length=40, blank=True)
    record_id = models.CharField(max_length=40, blank=True)
    payload_hash = models.CharField(max_length=64, blank=True)
    sent_fields = models.JSONField(default=list, blank=True, help_text="Our fields that were written last time.")
    # By Airtable field id: what the record held when both sides last agreed; long texts as `cells.digest` has them.
    agreed = models.JSONField(default=dict, blank=True)
    several = models.JSONField(default=list, blank=True, help_text="Record ids, where more than one has our Lead ID.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    last_error = models.TextField(blank=True)
    notes = models.JSONField(default=list, blank=True, help_text="What could not be sent as it is, and why.")
    synced_at = models.DateTimeField(null=True, blank=True)
    erase_at = models.DateTimeField(
        null=True, blank=True, help_text="When the record of an erased lead is to be looked at next."
    )

    objects = CrmRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["base_id", "record_id"], condition=~Q(record_id=""), name="one_lead_per_crm_record"
            ),
        ]
        indexes = [
            models.Index(fields=["state"], name="crm_failed", condition=Q(state="failed")),
            # What erased leads left behind, asked every few seconds.
            models.Index(fields=["id"], name="crm_orphaned", condition=Q(lead=None)),
        ]

    def __str__(self) -> str:
        return f"Airtable record of lead {self.lead_id}"


class SyncEventQuerySet(models.QuerySet["SyncEvent"]):
    def forgotten(self) -> Self:
        """Too old to keep."""
        return self.filter(at__lt=timezone.now() - dt.timedelta(days=SyncEvent.KEPT))


class SyncEvent(models.Model):
    """One line of what passed between a lead and the CRM."""

    KEPT = 90  # days

    class Kind(models.TextChoices):
        PUSHED = "pushed", "Sent"
        FAILED = "failed", "Refused"
        PULLED = "pulled", "Came back"
        CONFLICT = "conflict", "Changed on both sides"
        GONE = "gone", "Deleted in Airtable"
        ERASED = "erased", "Erased"
        TWICE = "twice", "Several records"

    lead = models.ForeignKey("leads.Lead", null=True, blank=True, on_delete=models.CASCADE, related_name="sync_events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=10, choices=Kind)
    fields = models.JSONField(default=list, blank=True, help_text="Names of the Airtable fields that changed.")
    detail = models.TextField(blank=True)
    request_id = models.CharField(max_length=80, blank=True, help_text="Airtable's own, where it gave one.")

    objects = SyncEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="sync_event_log"),
            models.Index(fields=["kind", "-at"], name="sync_event_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class SyncDay(models.Model):
    """What passed on one day (of the business's time zone), for the chart."""

    day = models.DateField(unique=True)
    calls = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    pulled = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.day)


class SyncConflict(models.Model):
    """A field that was changed on both sides since they last agreed. The mapping says whose value stands."""

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="sync_conflicts")
    our_field = models.CharField(max_length=40)
    ours = models.TextField(blank=True)
    theirs = models.TextField(blank=True)
    winner = models.CharField(max_length=6, choices=FieldMapping.Winner)
    at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When staff took it off the list.")
    seen_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["-at"], name="sync_conflict_open", condition=Q(seen_at=None))]

    def __str__(self) -> str:
        return f"{self.our_field} of lead {self.lead_id}"


class AirtableBase(models.Model):
    """One Airtable base: the pace of calls to it, shared by all processes, and what was last read of our table."""

    base_id = models.CharField(max_length=40, primary_key=True)
    next_slot = models.DateTimeField(default=timezone.now)
    calls_this_month = models.PositiveIntegerField(default=0)
    month = models.CharField(max_length=7, blank=True)
    table_id = models.CharField(max_length=40, blank=True)
    table_name = models.CharField(max_length=255, blank=True)
    schema_read_at = models.DateTimeField(null=True, blank=True)
    pull_due_at = models.DateTimeField(default=timezone.now)
    pulled_at = models.DateTimeField(null=True, blank=True, help_text="When the last complete pull began.")
    compared_at = models.DateTimeField(null=True, blank=True, help_text="The last one that looked at every record.")
    webhook_id = models.CharField(
        max_length=40, blank=True, help_text="Of Airtable's list of what happens to the table."
    )
    webhook_table = models.CharField(max_length=40, blank=True, help_text="Id of the table that it lists.")
    webhook_cursor = models.PositiveIntegerField(default=1, help_text="Where what we have not read of it begins.")
    webhook_refused_at = models.DateTimeField(null=True, blank=True, help_text="When Airtable last gave us none.")

    def __str__(self) -> str:
        return self.base_id


class OutgoingQuerySet(models.QuerySet["OutgoingWebhook"]):
    def running(self) -> Self:
        return self.filter(pause_reason="")


class OutgoingWebhook(models.Model):
    """An address that is told of every lead that is new or has changed: another program, another CRM."""

    name = models.CharField(max_length=100)
    url = models.URLField(max_length=500)
    secret = models.TextField(help_text="Sealed: see leads.vault.")
    pause_reason = models.TextField(blank=True, help_text="Why it was paused; empty while it isn't.")
    # Leads are looked through in the order of their changes; this is the last one looked at.
    seen_until = models.DateTimeField(default=timezone.now)
    seen_pk = models.BigIntegerField(default=0)
    busy_until = models.DateTimeField(default=timezone.now, help_text="While a worker is at it: until when.")
    last_success_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class OutgoingRecord(models.Model):
    """What an address was last told of a lead. It outlives its lead until the address knows that it was erased."""

    webhook = models.ForeignKey(OutgoingWebhook, on_delete=models.CASCADE, related_name="records")
    lead = models.ForeignKey("leads.Lead", on_delete=models.SET_NULL, null=True, related_name="outgoing_records")
    lead_public_id = models.UUIDField()
    payload_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "lead_public_id"], name="one_outgoing_record_per_lead")
        ]
        indexes = [models.Index(fields=["id"], name="outgoing_orphaned", condition=Q(lead=None))]

    def __str__(self) -> str:
        return f"Lead {self.lead_public_id} at {self.webhook_id}"


class OutgoingMessage(models.Model):
    """One message to an address. Its body goes once it was delivered, and with its lead when that is erased."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Delivered"
        FAILED = "failed", "Refused"

    webhook = models.ForeignKey(OutgoingWebhook, on_delete=models.CASCADE, related_name="messages")
    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, null=True, related_name="outgoing_messages")
    message_id = models.CharField(max_length=60, unique=True, help_text="The same at every try.")
    type = models.CharField(max_length=20)
    body = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    answer = models.CharField(max_length=200, blank=True, help_text="What the address last answered.")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            # The next one to send, asked every few seconds.
            models.Index(fields=["webhook", "id"], name="outgoing_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return self.message_id
