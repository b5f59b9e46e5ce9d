from django.urls import path

from enrichment.views import panel

urlpatterns = [
    path("leads/<uuid:public_id>/", panel, name="panel"),
]
