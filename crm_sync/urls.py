from django.urls import path

from crm_sync.views.panel import merge_preview, panel

urlpatterns = [
    path("leads/<uuid:public_id>/", panel, name="panel"),
    path("merge-preview/", merge_preview, name="merge_preview"),
]
