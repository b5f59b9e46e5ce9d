from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from enrichment import profile_list
from enrichment.models import (
    BusinessProfile,
    ConfidenceTable,
    Embedding,
    Enrichment,
    LearnedWeights,
    ModelPull,
    ModelTest,
    ProfileVersion,
    Refit,
    ReplyDraft,
    Rerun,
    Sweep,
    Trial,
    TrialAnswer,
)
from leads.admin import OfLead, PublicFormAdmin, ReadOnly
from leads.models import PublicForm


@admin.register(Enrichment)
class EnrichmentAdmin(OfLead):
    list_display = ("id", "lead", "kind", "model", "prompt_version", "outcome", "reason", "duration_ms", "created_at")
    list_filter = ("kind", "outcome")
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


# ---- profiles --------------------------------------------------------------------------------------------------------


@admin.register(BusinessProfile)
class BusinessProfileAdmin(ReadOnly):
    """To read; "View on site" leads to the page where a profile is changed, tried and published."""

    list_display = ("name", "key", "is_default", "is_archived", "created_at")
    search_fields = ("name", "key")


@admin.register(ProfileVersion)
class ProfileVersionAdmin(ReadOnly):
    list_display = ("id", "profile", "number", "state", "note", "made_by", "created_at", "published_at")
    list_filter = ("state",)
    list_select_related = ("profile",)
    search_fields = ("profile__name", "note")
    ordering = ("-id",)


@admin.register(Trial)
class TrialAdmin(ReadOnly):
    list_display = ("id", "version", "asked_by", "asked_at", "is_stopped", "finished_at", "problem")
    list_select_related = ("version",)
    ordering = ("-id",)


@admin.register(TrialAnswer)
class TrialAnswerAdmin(OfLead):
    list_display = ("id", "trial", "lead", "created_at")
    list_select_related = ("trial", "lead")
    ordering = ("-id",)


class FormWithProfile(PublicFormAdmin):
    """A public form with a choice of the profile that its inquiries are read by."""

    list_display = ("name", "key", "is_open", "business_profile", "created_at")  # type: ignore[assignment]

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "business_profile":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        help_text = "What the model looks for in its inquiries, and what a reply may say."
        return ProfileChoice(choices=profile_list.offered(), required=False, help_text=help_text)


class ProfileChoice(forms.ChoiceField):
    """A form that names a profile which nobody knows any more is read by the default one, and shows that."""

    def __init__(self, *, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(label="Profile", choices=choices, **kwargs)
        self.known = {key for key, _ in choices}

    def prepare_value(self, value: Any) -> Any:
        return value if value in self.known else ""


admin.site.unregister(PublicForm)
admin.site.register(PublicForm, FormWithProfile)


# ---- the model and its replies ---------------------------------------------------------------------------------------


@admin.register(ReplyDraft)
class ReplyDraftAdmin(OfLead):
    list_display = ("id", "lead", "state", "origin", "language", "made_by", "asked_by", "created_at")
    list_filter = ("state", "origin")
    ordering = ("-id",)


@admin.register(ModelPull)
class ModelPullAdmin(ReadOnly):
    list_display = ("id", "name", "status", "asked_by", "asked_at", "is_stopped", "finished_at", "problem")
    ordering = ("-id",)


@admin.register(ModelTest)
class ModelTestAdmin(ReadOnly):
    list_display = ("id", "model", "asked_by", "asked_at", "finished_at", "problem")
    ordering = ("-id",)


@admin.register(Rerun)
class RerunAdmin(ReadOnly):
    list_display = ("id", "asked_by", "asked_at", "done", "total", "is_stopped", "finished_at")
    ordering = ("-id",)


@admin.register(ConfidenceTable)
class ConfidenceTableAdmin(ReadOnly):
    list_display = ("id", "verdicts", "created_at")
    ordering = ("-id",)
