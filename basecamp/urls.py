from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from basecamp import views
from basecamp.api import api

favicon = lazy(lambda: static("app/favicon.svg"), str)  # the file's address is known once static files are collected

urlpatterns = [
    path("", include("leads.urls")),
    path("ai/", include(("enrichment.urls", "enrichment"))),
    path("crm/", include(("crm_sync.urls", "crm_sync"))),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("login/", LoginView.as_view(template_name="login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("setup/", views.setup_view, name="setup"),
    path("status/", views.status, name="status"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("favicon.ico", login_not_required(RedirectView.as_view(url=favicon())), name="favicon"),
]
