from django.urls import path

from enrichment.views.learning import (
    learning,
    learning_ask,
    learning_different,
    learning_reset,
    learning_use,
)
from enrichment.views.model import (
    model,
    model_pull,
    model_pull_stop,
    model_reading,
    model_retry,
    model_switch,
    model_test,
    model_use,
)
from enrichment.views.panel import panel
from enrichment.views.profile_draft import profile_draft
from enrichment.views.profile_trials import profile_trial, profile_trial_start, profile_trial_stop
from enrichment.views.profiles import (
    profile,
    profile_change,
    profile_copy,
    profile_publish,
    profile_use,
    profile_version,
    profiles,
)
from enrichment.views.reply import reply, reply_decide, reply_keep, reply_leave, reply_let_go, reply_write
from enrichment.views.rerun import read_again, rerun_all, rerun_selected, rerun_stop
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
    path("leads/<uuid:public_id>/again/", read_again, name="read_again"),
    path("leads/<uuid:public_id>/reply/", reply, name="reply"),
    path("leads/<uuid:public_id>/reply/keep/", reply_keep, name="reply_keep"),
    path("leads/<uuid:public_id>/reply/leave/", reply_leave, name="reply_leave"),
    path("leads/<uuid:public_id>/reply/let-go/", reply_let_go, name="reply_let_go"),
    path("leads/<uuid:public_id>/reply/write/", reply_write, name="reply_write"),
    path("leads/<uuid:public_id>/reply/<int:pk>/", reply_decide, name="reply_decide"),
    path("leads/<uuid:public_id>/similar/", similar, name="similar"),
    path("model/", model, name="model"),
    path("model/pull/", model_pull, name="model_pull"),
    path("model/pull/<int:pk>/stop/", model_pull_stop, name="model_pull_stop"),
    path("model/reading/", model_reading, name="model_reading"),
    path("model/retry/", model_retry, name="model_retry"),
    path("model/switch/", model_switch, name="model_switch"),
    path("model/test/", model_test, name="model_test"),
    path("model/use/", model_use, name="model_use"),
    path("rerun/all/", rerun_all, name="rerun_all"),
    path("rerun/selected/", rerun_selected, name="rerun_selected"),
    path("rerun/<int:pk>/stop/", rerun_stop, name="rerun_stop"),
    path("profiles/", profiles, name="profiles"),
    path("profiles/copy/", profile_copy, name="profile_copy"),
    path("profiles/<slug:key>/", profile, name="profile"),
    path("profiles/<slug:key>/change/", profile_change, name="profile_change"),
    path("profiles/<slug:key>/draft/", profile_draft, name="profile_draft"),
    path("profiles/<slug:key>/publish/", profile_publish, name="profile_publish"),
    path("profiles/<slug:key>/versions/<int:number>/", profile_version, name="profile_version"),
    path("profiles/<slug:key>/versions/<int:number>/use/", profile_use, name="profile_use"),
    path("profiles/<slug:key>/try/", profile_trial, name="profile_trial"),
    path("profiles/<slug:key>/try/start/", profile_trial_start, name="profile_trial_start"),
    path("profiles/<slug:key>/try/<int:pk>/stop/", profile_trial_stop, name="profile_trial_stop"),
    path("search/", search, name="search"),
    path("sweep/", sweep, name="sweep"),
    path("sweep/start/", sweep_start, name="sweep_start"),
]
