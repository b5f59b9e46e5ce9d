import csv
import datetime as dt
import io
import zipfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import facts, intake
from leads.export import Column, csv_lines, harmless
from leads.models import Lead
from leads.values import Contact


def made(first_name="Ana", text="My brakes squeal.", **contact):
    return intake.receive(text, source="web_form", contact=Contact(first_name=first_name, **contact))


def table(client, query=""):
    answer = client.get(f"/export/leads.csv{query}")
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return answer, list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_csv_has_every_lead_of_the_list_with_its_facts(client, settings):
    settings.TIME_ZONE, settings.DEFAULT_REGION = "America/Chicago", "US"
    lead = made(last_name="Silva", email="ana@example.com", phone="(512) 555-0142", company="Ünïcode")
    Lead.objects.filter(pk=lead.pk).update(received_at=dt.datetime(2026, 1, 15, 3, 5, 7, tzinfo=dt.UTC))
    facts.change_value(lead, field="vehicle", value="Honda Civic", actor="olivia")
    made("Bo", text="")
    answer, rows = table(client)
    assert answer["Content-Disposition"].startswith('attachment; filename="leads-')
    assert [row["First name"] for row in rows] == ["Bo", "Ana"]
    ana = rows[1]
    assert (ana["Received"], ana["Source"], ana["Status"]) == ("2026-01-14 21:05", "Web form", "New")
    assert (ana["Phone"], ana["Company"], ana["Vehicle"]) == ("+1 512-555-0142", "Ünïcode", "Honda Civic")
    assert ana["Message"] == "My brakes squeal."
    assert ana["Link"].endswith(lead.get_absolute_url())
    assert "Mileage" not in ana


def test_filters_search_and_order_are_those_of_the_inbox(client):
    made("Ana", text="brakes")
    lead = made("Bo", text="tyres")
    made("Cy", text="brakes")
    Lead.objects.filter(pk=lead.pk).update(status="working")
    assert [row["First name"] for row in table(client, "?q=brakes&sort=oldest")[1]] == ["Ana", "Cy"]
    assert [row["First name"] for row in table(client, "?status=working&page=7")[1]] == ["Bo"]
    assert [row["First name"] for row in table(client, "?status=nonsense")[1]] == ["Cy", "Bo", "Ana"]


def test_the_inbox_links_to_the_list_it_shows(client):
    made()
    page = client.get("/?status=new&page=1").content.decode()
    assert "/export/leads.csv?status=new" in page
    assert "/export/leads.xlsx?status=new" in page


def test_xlsx_has_moments_numbers_and_text(client):
    lead = made(email="ana@example.com", phone="+49 30 123456", text="=HYPERLINK(1)\x0b<b>&")
    Lead.objects.filter(pk=lead.pk).update(quality_score=42)
    answer = client.get("/export/leads.xlsx")
    book = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<t>'=HYPERLINK(1)&lt;b&gt;&amp;</t>" in sheet.replace(' xml:space="preserve"', "")
    assert "<v>42</v>" in sheet
    assert "+49 30 123456" in sheet
    assert "yyyy-mm-dd hh:mm" in book.read("xl/styles.xml").decode()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("＝1+1", "'＝1+1"),
        ("＠x", "'＠x"),
        ("+15125550142", "'+15125550142"),
        ("+1 512-555-0142", "+1 512-555-0142"),
        ("+49 30 123456", "+49 30 123456"),
        ("+1 2=cmd", "'+1 2=cmd"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text, written):
    assert harmless(text) == written


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_as_many_questions_for_one_lead_as_for_thirty(client, kind):
    def asked():
        with CaptureQueriesContext(connection) as captured:
            b"".join(client.get(f"/export/leads.{kind}").streaming_content)
        return len(captured)

    made()
    asked()  # what is asked once in a process
    one = asked()
    for n in range(29):
        made(f"Ana {n}")
    assert asked() == one


def test_export_needs_a_login(anonymous):
    assert anonymous.get("/export/leads.csv").status_code == 302
    assert anonymous.get("/export/leads.xlsx").status_code == 302


def test_a_heading_is_no_formula_either():
    assert [*csv_lines([Column("own", "=1+1"), Column("name", "Name")], iter(()))] == ["\ufeff'=1+1,Name\r\n"]
