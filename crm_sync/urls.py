from django.urls import path

from crm_sync.views import panel

urlpatterns = [
    path("leads/<uuid:public_id>/", panel, name="panel"),
]
