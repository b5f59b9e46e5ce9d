"""Leads as a file."""

import csv
import io
import json
import zipfile
from xml.etree import ElementTree

import pytest

from basecamp.api import export
from basecamp.tests.made import make, told
from leads.models import FieldValue, Lead

URL = "/api/v1/leads/export"


def ask(api, **body):
    return api.post(URL, json.dumps(body).encode(), content_type="application/json")


def content(response):
    return b"".join(response.streaming_content)


def sheet(response):
    """The cells of a workbook that aren't empty, row by row."""
    book = zipfile.ZipFile(io.BytesIO(content(response)))
    for name in book.namelist():
        ElementTree.fromstring(book.read(name))
    root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return [["".join(cell.itertext()) for cell in row] for row in root.iter(f"{{{root.tag[1:].partition('}')[0]}}}row")]


def test_csv_has_the_usual_columns_newest_first(api):
    make(1, company="Acme, Söhne", quality_score=70)
    second = make(2)
    response = ask(api, format="csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="leads-2026-')
    text = content(response).decode("utf-8")
    assert text.startswith("\ufeffid,received_at,source,status,first_name,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["first_name"] for row in rows] == ["Ana2", "Ana1"]
    assert rows[0]["id"] == str(second.public_id)
    assert rows[0]["message"] == "Message 2"


def test_filters_and_fields_choose_rows_and_columns(api):
    for number in range(3):
        make(number, status="working" if number else "new", quality_score=10 * number)
    FieldValue.objects.create(
        lead=Lead.objects.first(), field="vehicle", value="Civic", origin="staff", state="current"
    )
    filters = {"status": "working", "min_quality": 15}
    answer = ask(api, format="json", filters=filters, fields=["vehicle", "quality_score", "url", "vehicle"])
    assert json.loads(content(answer)) == [
        {
            "vehicle": "Civic",
            "quality_score": 20,
            "url": f"http://localhost:8000/leads/{Lead.objects.first().public_id}/",
        }
    ]
    assert json.loads(content(ask(api, format="json", filters={"q": "nothing"}))) == []


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_reckons_nothing_out(api, value):
    lead = make()
    FieldValue.objects.create(lead=lead, field="vehicle", value=value, origin="submitter", state="current")
    wanted = {"fields": ["vehicle", "quality_score"]}
    assert f"'{value}" in content(ask(api, format="csv", **wanted)).decode()
    assert sheet(ask(api, format="xlsx", **wanted)) == [["vehicle", "quality_score"], [f"'{value}"]]
    assert json.loads(content(ask(api, format="json", **wanted)))[0]["vehicle"] == value


def test_a_workbook_holds_texts_that_xml_does_not_take(api):
    make(1, quality_score=7)
    Lead.objects.get().submissions.update(text="<b>&\x0b 🚗 ]]>")
    assert sheet(ask(api, format="xlsx", fields=["message", "quality_score"]))[1] == ["<b>& 🚗 ]]>", "7"]


@pytest.mark.parametrize(
    ("body", "start"),
    [
        ({}, "“format” is required."),
        ({"format": "pdf"}, "“format” input should be 'csv', 'json' or 'xlsx'"),
        ({"format": "csv", "fields": ["nothing"]}, "“nothing” is no field; there are: id, url, received_at, "),
        ({"format": "csv", "filters": {"status": "old"}}, "“filters.status” must be one of: new, "),
        ({"format": "csv", "filters": []}, "“filters” must be a JSON object."),
        ({"format": "csv", "filters": {"min_quality": "7"}}, "“filters.min_quality” must be a whole number."),
    ],
)
def test_what_it_refuses(api, body, start):
    response = ask(api, **body)
    assert response.status_code == 422
    assert told(response)["message"].startswith(start)


def test_the_queries_do_not_grow_with_the_leads(api, django_assert_num_queries):
    ask(api, format="json")  # the key remembers that it was used
    for count in (1, 30):
        for number in range(count):
            make(number)
        with django_assert_num_queries(5):  # the key, its rate, the leads, their messages, their values
            rows = json.loads(content(ask(api, format="json")))
        assert len(rows) == Lead.objects.count()
    assert Lead.objects.count() < export.AT_ONCE
