from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from enrichment.models import Embedding, Enrichment
from leads.admin import OfLead


@admin.register(Enrichment)
class EnrichmentAdmin(OfLead):
    list_display = ("id", "lead", "model", "prompt_version", "outcome", "reason", "duration_ms", "created_at")
    list_filter = ("outcome",)
    ordering = ("-id",)


@admin.register(Embedding)
class EmbeddingAdmin(OfLead):
    """Without the vectors, which nobody can read."""

    list_display = ("id", "lead", "model", "dimension", "is_indexed", "created_at")
    list_filter = ("is_indexed",)
    ordering = ("-id",)
    fields = ("lead", "model", "dimension", "text_digest", "is_indexed", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("vector")
