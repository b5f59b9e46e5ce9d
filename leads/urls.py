from django.urls import path

from leads.views.api_keys import api_key_change, api_key_make, api_key_revoke, api_keys
from leads.views.attachment import attachment, attachments
from leads.views.duplicates import duplicates, duplicates_decide, duplicates_decisions
from leads.views.export import export_leads
from leads.views.form_assets import embed_script, form_logo, form_style
from leads.views.form_builder import (
    form_discard,
    form_edit,
    form_list,
    form_make,
    form_preview,
    form_settings,
    form_use,
)
from leads.views.imports import (
    import_again,
    import_check,
    import_detail,
    import_forget,
    import_read,
    import_refused,
    import_start,
    import_undo,
    imports,
)
from leads.views.inbox import inbox
from leads.views.lead import (
    lead_detail,
    lead_duplicate_decide,
    lead_duplicates,
    lead_facts,
    lead_header,
    lead_messages,
    lead_status,
    lead_steps,
    lead_timeline,
    lead_value,
    step_retry,
    value_accept,
    value_lock,
    value_refuse,
)
from leads.views.merge import (
    merge_bulk,
    merge_bulk_make,
    merge_bulk_undo,
    merge_compare,
    merge_make,
    merge_preview,
    merge_redo,
    merge_undo,
    merges_list,
)
from leads.views.paste import paste
from leads.views.public_form import public_form, public_form_embed, public_form_embed_thanks, public_form_thanks
from leads.views.quarantine import lead_spam, quarantine, quarantine_decide
from leads.views.samples import samples_load, samples_remove
from leads.views.webhook_in import webhook_in
from leads.views.webhooks import (
    webhook,
    webhook_change,
    webhook_delete,
    webhook_secrets,
    webhook_take_again,
    webhooks,
    webhooks_make,
)

LEAD = "leads/<uuid:public_id>/"
IMPORT = "imports/<int:pk>/"

urlpatterns = [
    path("", inbox, name="inbox"),
    path(LEAD, lead_detail, name="lead_detail"),
    path(LEAD + "header/", lead_header, name="lead_header"),
    path(LEAD + "messages/", lead_messages, name="lead_messages"),
    path(LEAD + "timeline/", lead_timeline, name="lead_timeline"),
    path(LEAD + "status/", lead_status, name="lead_status"),
    path(LEAD + "facts/", lead_facts, name="lead_facts"),
    path(LEAD + "facts/<slug:field>/", lead_value, name="lead_value"),
    path(LEAD + "values/<int:pk>/lock/", value_lock, name="value_lock"),
    path(LEAD + "values/<int:pk>/accept/", value_accept, name="value_accept"),
    path(LEAD + "values/<int:pk>/refuse/", value_refuse, name="value_refuse"),
    path(LEAD + "steps/", lead_steps, name="lead_steps"),
    path(LEAD + "steps/<slug:stage>/retry/", step_retry, name="step_retry"),
    path(LEAD + "duplicates/", lead_duplicates, name="lead_duplicates"),
    path(LEAD + "duplicates/<int:pk>/", lead_duplicate_decide, name="lead_duplicate_decide"),
    path(LEAD + "spam/", lead_spam, name="lead_spam"),
    path("quarantine/", quarantine, name="quarantine"),
    path("quarantine/decide/", quarantine_decide, name="quarantine_decide"),
    path("files/<int:pk>/", attachment, name="attachment"),
    path("files/of/<int:pk>/", attachments, name="attachments"),
    path("paste/", paste, name="paste"),
    path("export/leads.csv", export_leads, {"kind": "csv"}, name="export_csv"),
    path("export/leads.xlsx", export_leads, {"kind": "xlsx"}, name="export_xlsx"),
    path("imports/", imports, name="imports"),
    path(IMPORT, import_detail, name="import_detail"),
    path(IMPORT + "read/", import_read, name="import_read"),
    path(IMPORT + "check/", import_check, name="import_check"),
    path(IMPORT + "again/", import_again, name="import_again"),
    path(IMPORT + "start/", import_start, name="import_start"),
    path(IMPORT + "undo/", import_undo, name="import_undo"),
    path(IMPORT + "forget/", import_forget, name="import_forget"),
    path(IMPORT + "refused.csv", import_refused, name="import_refused"),
    path("duplicates/", duplicates, name="duplicates"),
    path("duplicates/decide/", duplicates_decide, name="duplicates_decide"),
    path("duplicates/decisions/", duplicates_decisions, name="duplicates_decisions"),
    path("duplicates/compare/", merge_compare, name="merge_compare"),
    path("duplicates/compare/preview/", merge_preview, name="merge_preview"),
    path("duplicates/compare/merge/", merge_make, name="merge_make"),
    path("duplicates/bulk/", merge_bulk, name="merge_bulk"),
    path("duplicates/bulk/merge/", merge_bulk_make, name="merge_bulk_make"),
    path("duplicates/bulk/undo/", merge_bulk_undo, name="merge_bulk_undo"),
    path("merges/", merges_list, name="merges"),
    path("merges/<int:pk>/undo/", merge_undo, name="merge_undo"),
    path("merges/<int:pk>/redo/", merge_redo, name="merge_redo"),
    path("samples/load/", samples_load, name="samples_load"),
    path("samples/remove/", samples_remove, name="samples_remove"),
    path("api-keys/", api_keys, name="api_keys"),
    path("api-keys/make/", api_key_make, name="api_key_make"),
    path("api-keys/<int:pk>/change/", api_key_change, name="api_key_change"),
    path("api-keys/<int:pk>/revoke/", api_key_revoke, name="api_key_revoke"),
    path("webhooks/", webhooks, name="webhooks"),
    path("webhooks/make/", webhooks_make, name="webhooks_make"),
    path("webhooks/<int:pk>/", webhook, name="webhook"),
    path("webhooks/<int:pk>/change/", webhook_change, name="webhook_change"),
    path("webhooks/<int:pk>/secrets/", webhook_secrets, name="webhook_secrets"),
    path("webhooks/<int:pk>/again/", webhook_take_again, name="webhook_take_again"),
    path("webhooks/<int:pk>/delete/", webhook_delete, name="webhook_delete"),
    path("in/<slug:key>/", webhook_in, name="webhook_in"),
    path("forms/", form_list, name="form_list"),
    path("forms/make/", form_make, name="form_make"),
    path("forms/<int:pk>/", form_edit, name="form_edit"),
    path("forms/<int:pk>/preview/", form_preview, name="form_preview"),
    path("forms/<int:pk>/settings/", form_settings, name="form_settings"),
    path("forms/<int:pk>/discard/", form_discard, name="form_discard"),
    path("forms/<int:pk>/versions/<int:number>/use/", form_use, name="form_use"),
    path("f/style/<str:paper>.<str:ink>.<str:accent>.<str:digest>.css", form_style, name="form_style"),
    path("f/logo/<str:name>", form_logo, name="form_logo"),
    path("f/<slug:key>/", public_form, name="public_form"),
    path("embed.js", embed_script, name="embed_script"),
    path("f/<slug:key>/embed/", public_form_embed, name="public_form_embed"),
    path("f/<slug:key>/embed/thanks/", public_form_embed_thanks, name="public_form_embed_thanks"),
    path("f/<slug:key>/thanks/", public_form_thanks, name="public_form_thanks"),
]
