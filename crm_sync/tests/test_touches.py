"""How people came is mapped like other fields, and a further touch is sent."""

import csv
import io

import pytest

from crm_sync.connecting import COLUMNS, _column
from crm_sync.mapping import META_FIELDS, propose
from crm_sync.mapping_editing import may_come_back
from crm_sync.models import FieldMapping
from leads import intake, pipeline
from leads.attribution import TOLD, parse
from leads.models import Lead, StageRun
from leads.values import Contact
from tests.servers.airtable import AirtableServer, default_fields
from tests.servers.airtable_table import Field, select

from .test_outgoing import receiver, tell, webhook  # noqa: F401
from .test_push import connect, send

AD = {"utm_source": "Google", "utm_medium": "cpc", "gclid": "Ab1", "landing_page": "https://garage.example/brakes"}
NEWS = {"utm_source": "news", "utm_medium": "email"}
FIELDS = (
    select("Channel", "Google Ads", "E-mail", "Direct"),
    Field("UTM Source", "singleLineText"),
    Field("GCLID", "singleLineText"),
    Field("Landing page", "url"),
    Field("Last channel", "singleLineText"),
    Field("Last UTM source", "singleLineText"),
)

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def airtable(monkeypatch):
    with AirtableServer(fields=[*default_fields(), *FIELDS]) as server:
        connect(server, monkeypatch)
        yield server


def inquire(sent: dict[str, str]) -> Lead:
    ana = Contact(email="ana@example.com")
    lead = intake.receive("Hello", source="web_form", contact=ana, attribution=parse(sent))
    StageRun.objects.all().delete()
    pipeline.schedule([lead.pk], ["push"], delay=0)
    return lead


def test_touches_are_written_and_a_further_one_follows(airtable):
    inquire(AD)
    send()
    cells = airtable.records[0]["fields"]
    assert (cells["Channel"], cells["UTM Source"], cells["GCLID"]) == ("Google Ads", "Google", "Ab1")
    assert (cells["Landing page"], cells["Last channel"]) == ("https://garage.example/brakes", "Google Ads")
    inquire(NEWS)
    send()
    (record,) = airtable.records
    assert (record["fields"]["Channel"], record["fields"]["UTM Source"]) == ("Google Ads", "Google")
    assert (record["fields"]["Last channel"], record["fields"]["Last UTM source"]) == ("Email", "news")


def test_they_go_there_and_never_come_back():
    columns = [each.key for each in META_FIELDS.values() if each.key in TOLD]
    assert columns == list(TOLD)
    assert not any(may_come_back(META_FIELDS[key], None) for key in TOLD)
    remotes = [Field("UTM source", "singleLineText"), Field("Last UTM source", "singleLineText")]
    assert propose(META_FIELDS.values(), remotes)[0].our_key == "first_utm_source"


def test_a_table_of_ours_has_the_channels(airtable, client):
    made = _column("first_channel", COLUMNS["first_channel"])
    assert (made["name"], made["type"]) == ("Channel", "singleSelect")
    assert {"name": "Google Ads"} in made["options"]["choices"]


def test_the_mapping_page_offers_their_choices(airtable, client, staff):
    staff.is_superuser = True
    staff.save()
    inquire(AD)
    send()
    assert FieldMapping.objects.filter(our_field="first_channel").exists()
    page = client.get("/crm/mapping/").content.decode()
    assert "Last Landing page" in page
    assert "Microsoft Ads" in page


def test_files_and_other_programs_are_told(client, receiver, webhook):  # noqa: F811
    inquire(AD)
    content = b"".join(client.get("/crm/leads.csv").streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(content))
    assert (row["Channel"], row["UTM source"], row["UTM term"]) == ("Google Ads", "Google", "")
    tell()
    inquire(NEWS)
    tell()
    first, second = (message["data"] for message in receiver.taken)
    assert (first["first_channel"], first["last_utm_source"]) == ("google_ads", "Google")
    assert "first_utm_term" not in first
    assert (second["first_channel"], second["last_channel"]) == ("google_ads", "email")
