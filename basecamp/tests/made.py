"""Leads for the tests of the API."""

import datetime as dt

from leads.intake import receive
from leads.models import Lead
from leads.values import Contact

NOON = dt.datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=dt.UTC)


def make(number=0, **columns):
    """A lead that came in `number` minutes after noon."""
    lead = receive(f"Message {number}", source="api", contact=Contact(first_name=f"Ana{number}"))
    at = NOON + dt.timedelta(minutes=number)
    Lead.objects.filter(pk=lead.pk).update(**{"received_at": at, "updated_at": at, **columns})
    lead.refresh_from_db()
    return lead


def told(response):
    """The code and the sentence of a problem, once its shape is right."""
    problem = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert {"type": "about:blank", "status": response.status_code}.items() <= problem.items()
    assert problem.keys() - {"errors"} == {"type", "title", "status", "detail", "code"}
    return {"code": problem["code"], "message": problem["detail"]}
