from django.urls import path

from leads.views.public_form import public_form, public_form_thanks

urlpatterns = [
    path("f/<slug:key>/", public_form, name="public_form"),
    path("f/<slug:key>/thanks/", public_form_thanks, name="public_form_thanks"),
]
