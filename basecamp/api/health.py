"""Is the API there, and is what comes in being read?"""

from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from basecamp.api.problems import ApiError, Problem
from leads.models import Submission

router = Router(tags=["Health"])
LATE = 60  # seconds that an inquiry may wait for a worker before we say so


class Health(Schema):
    status: str = Field(examples=["ok"])


class IntakeHealth(Schema):
    status: str = Field(description="ok, or late: inquiries are stored, but no worker takes them up.", examples=["ok"])
    waiting: int = Field(description="Inquiries that are stored and not yet on a lead.")
    oldest_waits: int = Field(description="Seconds that the oldest of them waits.")


@router.get(
    "health",
    auth=None,
    response={200: Health, 500: Problem, 503: Problem},
    summary="Is the API there?",
    operation_id="health",
    url_name="health",
)
def health(request: HttpRequest) -> Health:
    """Needs no key."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        raise _away() from None
    return Health(status="ok")


@router.get(
    "intake/health",
    auth=None,
    response={200: IntakeHealth, 500: Problem, 503: Problem},
    summary="Are inquiries taken up?",
    operation_id="intake_health",
)
def intake_health(request: HttpRequest) -> IntakeHealth:
    """Needs no key. Inquiries are taken as long as this answers, also while the status is late: nothing is lost."""
    waiting = Submission.objects.waiting()
    try:
        oldest = waiting.order_by("id").values_list("received_at", flat=True).first()
        count = waiting.count() if oldest else 0
    except DatabaseError:
        raise _away() from None
    seconds = max(0, round((timezone.now() - oldest).total_seconds())) if oldest else 0
    return IntakeHealth(status="late" if seconds > LATE else "ok", waiting=count, oldest_waits=seconds)


def _away() -> ApiError:
    return ApiError(503, "unavailable", "The database does not answer.")
