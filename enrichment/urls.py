from django.urls import path

from enrichment.views.learning import (
    learning,
    learning_ask,
    learning_different,
    learning_reset,
    learning_use,
)
from enrichment.views.panel import panel
from enrichment.views.search import search
from enrichment.views.similar import similar
from enrichment.views.sweep import sweep, sweep_start

urlpatterns = [
    path("learning/", learning, name="learning"),
    path("learning/ask/", learning_ask, name="learning_ask"),
    path("learning/use/<int:version>/", learning_use, name="learning_use"),
    path("learning/reset/", learning_reset, name="learning_reset"),
    path("learning/different/<int:pk>/", learning_different, name="learning_different"),
    path("leads/<uuid:public_id>/", panel, name="panel"),
    path("leads/<uuid:public_id>/similar/", similar, name="similar"),
    path("search/", search, name="search"),
    path("sweep/", sweep, name="sweep"),
    path("sweep/start/", sweep_start, name="sweep_start"),
]
