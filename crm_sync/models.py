from django.db import models
from django.db.models import Q
from django.utils import timezone


class FieldMapping(models.Model):
    """One of our fields to one Airtable field, by id. `value_map` translates our choices to Airtable's options."""

    our_field = models.CharField(max_length=40, unique=True)
    remote_id = models.CharField(max_length=40)
    remote_name = models.CharField(max_length=255)
    remote_type = models.CharField(max_length=40)
    options = models.JSONField(default=list, blank=True, help_text="Names of the select's options.")
    value_map = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField("active", default=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["remote_id"], condition=Q(is_active=True), name="one_mapping_per_remote"),
        ]

    def __str__(self) -> str:
        return f"{self.our_field} → {self.remote_name}"


class CrmRecord(models.Model):
    """The link from a lead to its Airtable record."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SYNCED = "synced", "In Airtable"
        FAILED = "failed", "Failed"

    lead = models.OneToOneField("leads.Lead", on_delete=models.CASCADE, related_name="crm_record")
    base_id = models.CharField(max_length=40, blank=True)
    table_id = models.CharField(max_length=40, blank=True)
    record_id = models.CharField(max_length=40, blank=True)
    payload_hash = models.CharField(max_length=64, blank=True)
    sent_fields = models.JSONField(default=list, blank=True, help_text="Our fields that were written last time.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    last_error = models.TextField(blank=True)
    notes = models.JSONField(default=list, blank=True, help_text="What could not be sent as it is, and why.")
    synced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["base_id", "record_id"], condition=~Q(record_id=""), name="one_lead_per_crm_record"
            ),
        ]
        indexes = [models.Index(fields=["state"], name="crm_failed", condition=Q(state="failed"))]

    def __str__(self) -> str:
        return f"Airtable record of lead {self.lead_id}"


class AirtableBase(models.Model):
    """One Airtable base: the pace of calls to it, shared by all processes, and what was last read of our table."""

    base_id = models.CharField(max_length=40, primary_key=True)
    next_slot = models.DateTimeField(default=timezone.now)
    calls_this_month = models.PositiveIntegerField(default=0)
    month = models.CharField(max_length=7, blank=True)
    table_id = models.CharField(max_length=40, blank=True)
    table_name = models.CharField(max_length=255, blank=True)
    schema_read_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.base_id
