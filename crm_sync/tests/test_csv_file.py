"""All leads as a file, with the mapping's columns."""

import csv
import io

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crm_sync.models import FieldMapping
from leads.models import Lead

from .test_push import inquire

pytestmark = pytest.mark.usefixtures("transactional_db")


def read(client) -> list[dict[str, str]]:
    response = client.get("/crm/leads.csv")
    assert response["Content-Disposition"].startswith('attachment; filename="leads-')
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def map_field(ours: str, name: str, **more: object) -> None:
    FieldMapping.objects.create(our_field=ours, remote_id=f"fld{name}", remote_name=name, remote_type="email", **more)


def test_has_the_names_and_values_of_the_mapping(client):
    map_field("first_name", "Vorname")
    map_field("source", "Quelle", value_map={"web_form": "Formular"})
    map_field("message", "Nachricht")
    map_field("email", "Mail", direction="off")
    inquire(2, first_name='=1+1;"x"', email="ana@example.com")
    rows = read(client)
    assert rows == [{"Vorname": '\'=1+1;"x"', "Quelle": "Formular", "Nachricht": f"Inquiry {at}"} for at in (0, 1)]


def test_has_everything_while_nothing_is_mapped_and_neither_samples_nor_merged_leads(client):
    kept, merged, sample = inquire(3, company="Acme, Inc.")
    Lead.objects.filter(pk=merged.pk).update(merged_into=kept)
    Lead.objects.filter(pk=sample.pk).update(is_sample=True)
    (row,) = read(client)
    assert (row["Lead ID"], row["Company"], row["Status"]) == (str(kept.public_id), "Acme, Inc.", "New")


def test_more_leads_of_a_batch_cost_no_more_queries(client):
    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            read(client)
        return len(seen)

    inquire(1)
    queries()
    one = queries()
    inquire(29)
    assert queries() == one


def test_needs_login(client):
    client.logout()
    assert client.get("/crm/leads.csv").status_code == 302
