"""The product's addresses, and the yardstick: the least a Django view can do to keep something."""

import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from basecamp.urls import urlpatterns as product
from leads.models import RateCount


@csrf_exempt
@login_not_required
def bare(request: HttpRequest) -> HttpResponse:
    RateCount.objects.create(key=str(uuid.uuid4()), expires_at=timezone.now())
    return HttpResponse("ok")


urlpatterns = [path("bench/bare/", bare), *product]
