from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class StaffRequest(HttpRequest):
    """The request as the staff pages get it: somebody has logged in, and htmx may have sent it."""

    user: User
    htmx: HtmxDetails
