from django.urls import path

from leads.views.duplicates import duplicate_dismiss, duplicates
from leads.views.inbox import inbox
from leads.views.lead import (
    lead_detail,
    lead_duplicate_dismiss,
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
from leads.views.paste import paste
from leads.views.public_form import public_form, public_form_thanks
from leads.views.samples import samples_load, samples_remove

LEAD = "leads/<uuid:public_id>/"

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
    path(LEAD + "duplicates/<int:pk>/dismiss/", lead_duplicate_dismiss, name="lead_duplicate_dismiss"),
    path("paste/", paste, name="paste"),
    path("duplicates/", duplicates, name="duplicates"),
    path("duplicates/<int:pk>/dismiss/", duplicate_dismiss, name="duplicate_dismiss"),
    path("samples/load/", samples_load, name="samples_load"),
    path("samples/remove/", samples_remove, name="samples_remove"),
    path("f/<slug:key>/", public_form, name="public_form"),
    path("f/<slug:key>/thanks/", public_form_thanks, name="public_form_thanks"),
]
