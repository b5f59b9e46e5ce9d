"""The back room: what the screens don't show. Rows that machines write are for reading; a few actions move them on."""

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property

from leads import api_keys, gates, intake, pipeline
from leads.api_keys import Scope
from leads.keys import email_key, phone_key
from leads.models import (
    ApiKey,
    DuplicateSuggestion,
    ExtraField,
    Feedback,
    FieldValue,
    Lead,
    Notice,
    PublicForm,
    Reply,
    StageGate,
    StageRun,
    Submission,
)
from leads.models.pipeline import STAGES

MOST_COUNTED = 10_000

admin.site.site_header = admin.site.site_title = "baseCamp"
admin.site.index_title = "Administration"


class CappedPaginator(Paginator):
    """Counts no further than a person pages: counting 100,000 rows for each look at the newest is wasted."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:MOST_COUNTED].count()


class ReadOnly(admin.ModelAdmin):
    """A list and a page to read, for rows that have one writer elsewhere."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 200
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Whether the actions are offered, which move work on rather than change what the rows say."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class OfLead(ReadOnly):
    """Rows that belong to a lead, found by the lead: its number, its id in addresses, its e-mail or its phone."""

    lead_path = "lead__"
    search_fields = ("lead",)  # shows the search box; get_search_results does the work
    search_help_text = "The lead's number, its id, its e-mail or its phone"
    list_select_related: ClassVar[tuple[str, ...]] = ("lead",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (self.search(queryset, term) if term else queryset), False

    def search(self, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(about_lead(term, self.lead_path))


def about_lead(term: str, path: str = "") -> Q:
    """By indexed columns alone, so that it is quick however many leads there are."""
    try:
        return Q(**{f"{path}public_id": uuid.UUID(term)})
    except ValueError:
        pass
    found = Q(**{f"{path}email_key": email_key(term)}) if email_key(term) else Q(pk__in=[])
    if phone_key(term, settings.DEFAULT_REGION):
        found |= Q(**{f"{path}phone_key": phone_key(term, settings.DEFAULT_REGION)})
    if term.isascii() and term.isdigit():
        found |= Q(**{f"{path}id": int(term)})
    return found


@admin.register(Lead)
class LeadAdmin(OfLead):
    lead_path = ""
    list_display = ("id", "name", "email", "source", "status", "intent", "urgency", "quality_score", "received_at")
    list_filter = ("status", "source", "intent", "urgency", "is_sample")
    search_help_text = "Words in name, e-mail, phone, company or message; or the lead's number or id"
    list_select_related = ()

    def search(self, rows: QuerySet[Lead], term: str) -> QuerySet[Lead]:
        """By what is indexed; by words, which reads every lead, only where that finds nobody."""
        exact = rows.filter(about_lead(term))
        if exact.exists():
            return exact
        for word in term.lower().split()[:8]:
            rows = rows.filter(search_text__contains=word)
        return rows

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("leads.delete_lead")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Whoever may delete a lead may delete what belongs to it; alone, its rows can't be deleted."""
        to_delete, counts, _, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, set(), protected

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Lead]) -> list[LogEntry]:
        """By number: who was erased must not live on by name in the log of deletions."""
        assert request.user.is_authenticated
        return LogEntry.objects.bulk_create(
            LogEntry(
                user=request.user,
                content_type=ContentType.objects.get_for_model(Lead),
                object_id=lead.pk,
                object_repr=f"Lead {lead.pk}",
                action_flag=DELETION,
            )
            for lead in queryset
        )


@admin.register(Submission)
class SubmissionAdmin(OfLead):
    list_display = ("id", "lead", "source", "form", "received_at", "problem")
    list_filter = ("source", ("lead", admin.EmptyFieldListFilter))
    list_select_related = ("lead", "form")
    ordering = ("-id",)
    actions = ("admit_again",)

    @admin.action(description="Put on a lead again", permissions=["move"])
    def admit_again(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        count = intake.try_again(Submission.objects.filter(pk__in=queryset))
        self.message_user(request, f"{count} of them had no lead and will get one in a moment.")


@admin.register(FieldValue)
class FieldValueAdmin(OfLead):
    list_display = ("id", "lead", "field", "short_value", "origin", "state", "confidence", "is_locked", "created_at")
    list_filter = ("origin", "state", "is_locked")
    ordering = ("-id",)

    @admin.display(description="value")
    def short_value(self, row: FieldValue) -> str:
        return row.value if len(row.value) <= 80 else f"{row.value[:79]}…"


@admin.register(ExtraField)
class ExtraFieldAdmin(ReadOnly):
    """Fields that the business added: they are made, changed and retired where a profile is published."""

    list_display = ("key", "label", "kind", "is_retired")
    list_filter = ("kind", "is_retired")
    search_fields = ("key", "label")


@admin.register(Feedback)
class FeedbackAdmin(OfLead):
    list_display = ("id", "lead", "field", "origin", "made_by", "confidence", "verdict", "actor", "at")
    list_filter = ("verdict", "origin")
    ordering = ("-id",)


@admin.register(Reply)
class ReplyAdmin(OfLead):
    list_display = ("id", "lead", "channel", "to", "subject", "sent_by", "sent_at", "problem")
    list_filter = ("channel",)
    ordering = ("-id",)


class StageFilter(admin.SimpleListFilter):
    """The pipeline's stages, known without asking a table of hundreds of thousands of rows for its distinct ones."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(stage.name, stage.label) for stage in STAGES.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StageRun]) -> QuerySet[StageRun]:
        return queryset.filter(stage=self.value()) if self.value() else queryset


@admin.register(StageRun)
class StageRunAdmin(OfLead):
    list_display = ("id", "lead", "stage", "state", "attempts", "reason", "due_at", "finished_at")
    list_filter = ("state", StageFilter)
    ordering = ("-id",)
    actions = ("retry",)

    @admin.action(description="Retry now", permissions=["move"])
    def retry(self, request: HttpRequest, queryset: QuerySet[StageRun]) -> None:
        count = pipeline.retry(queryset)
        self.message_user(request, f"{count} queued again; runs that are done or at work were left alone.")


@admin.register(StageGate)
class StageGateAdmin(ReadOnly):
    list_display = ("stage", "reason", "closed_at", "closed_until", "failures", "checked_at")
    search_fields = ("stage",)
    actions = ("knock",)

    @admin.action(description="Try again now", permissions=["move"])
    def knock(self, request: HttpRequest, queryset: QuerySet[StageGate]) -> None:
        for gate in queryset:
            gates.knock(gate.stage)
        self.message_user(request, "The services are asked again now.")


@admin.register(DuplicateSuggestion)
class DuplicateSuggestionAdmin(OfLead):
    list_display = ("id", "first", "second", "probability", "state", "created_at", "decided_at", "decided_by")
    list_filter = ("state",)
    list_select_related = ("first", "second", "decided_by")
    ordering = ("-id",)

    def search(self, rows: QuerySet[DuplicateSuggestion], term: str) -> QuerySet[DuplicateSuggestion]:
        return rows.filter(about_lead(term, "first__") | about_lead(term, "second__"))


@admin.register(PublicForm)
class PublicFormAdmin(admin.ModelAdmin):
    list_display = ("name", "key", "is_open", "created_at")
    search_fields = ("name", "key")
    readonly_fields = ("created_at", "notify")  # the form builder checks the addresses


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    list_display = ("id", "form", "to", "state", "created_at", "sent_at", "problem")
    list_filter = ("state",)
    list_select_related = ("form",)
    ordering = ("-id",)


# Settled when a key is made, or changed on the page “API keys”.
KEY_FACTS = ("prefix", "is_active", "created_at", "last_used_at", "expires_at", "requests_per_minute")


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, initial=[Scope.INTAKE], widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes")


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Keys are made here and revoked; the key itself is on the page after Save, and never again."""

    form = ApiKeyForm
    list_display = ("name", "prefix", "shown_scopes", "is_active", "created_at", "last_used_at", "expires_at")
    list_filter = ("is_active",)
    search_fields = ("name", "prefix")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return ("name", "scopes", *(KEY_FACTS if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return KEY_FACTS if obj else ()

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name", "scopes"])
            return
        request.new_api_key = api_keys.issue(obj)  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The page itself, not a message after a redirect: messages pass through cookies or the database."""
        context = self.admin_site.each_context(request) | {
            "title": "The new API key",
            "opts": self.opts,
            "api_key": obj,
            "key": request.new_api_key,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "admin/leads/apikey/created.html", context)

    @admin.display(description="scopes")
    def shown_scopes(self, row: ApiKey) -> str:
        return ", ".join(row.scopes)

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = api_keys.revoke(queryset)
        self.message_user(request, f"{count} revoked; they are useless from now on.", messages.SUCCESS)
