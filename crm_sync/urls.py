from django.urls import path

from crm_sync.views.connect import (
    connect,
    connect_columns,
    connect_end,
    connect_plan,
    connect_table,
    connect_test,
    connect_token,
)
from crm_sync.views.dry_run import dry_run
from crm_sync.views.mapping import mapping, mapping_send
from crm_sync.views.outgoing import outgoing, outgoing_change
from crm_sync.views.panel import merge_preview, panel
from crm_sync.views.sync import sync, sync_choose, sync_csv, sync_pause, sync_resume, sync_retry, sync_seen

urlpatterns = [
    path("", sync, name="sync"),
    path("leads.csv", sync_csv, name="sync_csv"),
    path("pause/", sync_pause, name="sync_pause"),
    path("resume/", sync_resume, name="sync_resume"),
    path("retry/", sync_retry, name="sync_retry"),
    path("seen/", sync_seen, name="sync_seen"),
    path("connect/", connect, name="connect"),
    path("connect/token/", connect_token, name="connect_token"),
    path("connect/table/", connect_table, name="connect_table"),
    path("connect/columns/", connect_columns, name="connect_columns"),
    path("connect/plan/", connect_plan, name="connect_plan"),
    path("connect/test/", connect_test, name="connect_test"),
    path("connect/end/", connect_end, name="connect_end"),
    path("mapping/", mapping, name="mapping"),
    path("mapping/send/", mapping_send, name="mapping_send"),
    path("outgoing/", outgoing, name="outgoing"),
    path("outgoing/<int:pk>/", outgoing_change, name="outgoing_change"),
    path("dry-run/", dry_run, name="dry_run"),
    path("leads/<uuid:public_id>/", panel, name="panel"),
    path("leads/<uuid:public_id>/choose/", sync_choose, name="sync_choose"),
    path("merge-preview/", merge_preview, name="merge_preview"),
]
