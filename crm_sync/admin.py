from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from crm_sync.models import CrmRecord, FieldMapping, SyncConflict, SyncEvent
from leads import pipeline
from leads.admin import OfLead

AT_ONCE = 500  # leads queued in one transaction


@admin.register(CrmRecord)
class CrmRecordAdmin(OfLead):
    list_display = ("id", "lead", "state", "record_id", "last_error", "synced_at")
    list_filter = ("state",)
    ordering = ("-id",)
    actions = ("push_again",)

    @admin.action(description="Push again now", permissions=["move"])
    def push_again(self, request: HttpRequest, queryset: QuerySet[CrmRecord]) -> None:
        ids = list(queryset.values_list("lead_id", flat=True))
        for start in range(0, len(ids), AT_ONCE):
            with transaction.atomic():
                pipeline.schedule(ids[start : start + AT_ONCE], ["push"], delay=0)
        self.message_user(request, f"{len(ids)} queued for Airtable.")


@admin.register(SyncEvent)
class SyncEventAdmin(OfLead):
    list_display = ("at", "lead", "kind", "fields", "detail", "request_id")
    list_filter = ("kind",)
    ordering = ("-at", "-id")


@admin.register(SyncConflict)
class SyncConflictAdmin(OfLead):
    list_display = ("at", "lead", "our_field", "winner", "seen_at", "seen_by")
    list_filter = ("winner", "our_field")
    ordering = ("-at", "-id")


@admin.register(FieldMapping)
class FieldMappingAdmin(admin.ModelAdmin):
    """Which of our fields goes where is proposed from the table; here it is switched off, or its choices translated."""

    list_display = ("our_field", "remote_name", "remote_type", "direction", "updated_at")
    list_filter = ("direction",)
    search_fields = ("our_field", "remote_name", "remote_id")
    fields = ("our_field", "remote_name", "remote_type", "remote_id", "options", "value_map", "direction", "updated_at")
    readonly_fields = ("our_field", "remote_name", "remote_type", "remote_id", "options", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: FieldMapping, form: Any, change: bool) -> None:
        obj.updated_at = timezone.now()
        super().save_model(request, obj, form, change)
