from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from enrichment.models import Embedding, Enrichment, LearnedWeights, Refit, Sweep
from leads.admin import OfLead, ReadOnly


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


@admin.register(LearnedWeights)
class LearnedWeightsAdmin(ReadOnly):
    """What decisions taught; the page about learning is where it is put in use."""

    list_display = ("version", "is_active", "decisions", "shipped", "note", "created_at")
    list_filter = ("is_active",)
    ordering = ("-version",)


@admin.register(Refit)
class RefitAdmin(ReadOnly):
    list_display = ("id", "asked_at", "asked_by", "finished_at", "outcome")
    ordering = ("-id",)


@admin.register(Sweep)
class SweepAdmin(ReadOnly):
    list_display = ("id", "started_at", "moved_at", "finished_at", "done", "total", "found")
    ordering = ("-id",)
