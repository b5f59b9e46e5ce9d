"""How people came, from the form to the lead, its page, the filters and the files; through merges and back."""

import csv
import html
import io
import json
import re
import time

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import form_tokens, intake, merges, touches
from leads.attribution import NOTHING, Attribution, Touch, parse
from leads.models import Lead, PublicForm, Submission
from leads.tests.merged import fold
from leads.values import Contact
from leads.views.public_form import _known_form

AD = {"utm_source": "Google", "utm_medium": "cpc", "utm_campaign": "Spring", "gclid": "Ab1"}
NEWS = {"utm_source": "news", "utm_medium": "email", "landing_page": "https://garage.example/offer"}
BOTH = {"first": AD, "last": NEWS, "form_page": "https://garage.example/contact"}
TYPED = {"first_name": "Ana", "email": "ana@example.com", "message": "My brakes squeal.", "website": ""}


@pytest.fixture
def form(transactional_db, staff) -> PublicForm:
    _known_form.cache_clear()
    return PublicForm.objects.create(key="abc", name="Website")


@pytest.fixture
def ripe(form, monkeypatch) -> str:
    token = form_tokens.new_token(form.key)
    later = time.time() + form_tokens.YOUNGEST + 1
    monkeypatch.setattr(signing.time, "time", lambda: later)
    return token


def carried(page) -> str:
    found = re.search(r'name="attribution" value="([^"]*)"', page.content.decode())
    return html.unescape(found[1]) if found else "missing"


def inquire(sent=None, name="Ana", **contact) -> Lead:
    contact = contact or {"email": f"{name.lower()}@example.com"}
    return intake.receive(
        f"Hello from {name}", source="web_form", contact=Contact(first_name=name, **contact), attribution=parse(sent)
    )


# ---- through the form ------------------------------------------------------------------------------------------------


def test_a_link_to_the_form_is_remembered_without_scripts(anonymous, form, ripe, settings):
    settings.SITE_URL = "https://crm.example"
    page = anonymous.get("/f/abc/?utm_source=van&utm_medium=qr&name=Ana", headers={"Referer": "https://a.example/b?c"})
    touch = json.loads(carried(page))["first"]
    assert touch == {
        "utm_source": "van",
        "utm_medium": "qr",
        "referrer": "https://a.example/b",
        "landing_page": "https://crm.example/f/abc/?utm_source=van&utm_medium=qr",
        "form_page": "https://crm.example/f/abc/?utm_source=van&utm_medium=qr",
    }
    again = anonymous.post("/f/abc/", {"token": ripe, "attribution": carried(page)})
    assert (again.status_code, carried(again)) == (422, carried(page)), "after an error it is still there"
    sent = anonymous.post("/f/abc/", TYPED | {"token": ripe, "attribution": carried(again)})
    assert sent.status_code == 302
    submission = Submission.objects.get()
    assert submission.attribution == {"first": touch, "last": touch}
    assert submission.payload["attribution"] == carried(page), "the raw submission has what came"
    intake.admit_waiting()
    lead = Lead.objects.get()
    assert (lead.first_touch, lead.last_touch) == (touch, touch)
    assert (lead.channel, lead.utm_source, lead.utm_medium, lead.utm_campaign) == ("campaign", "van", "qr", "")


def test_a_link_that_stands_for_a_frame_brings_both_touches(anonymous, form):
    page = anonymous.get("/f/abc/", {"attribution": json.dumps(BOTH)}, headers={"Referer": "https://garage.example/"})
    assert parse(carried(page)) == parse(BOTH)


def test_a_frame_knows_nothing_until_the_page_around_tells(anonymous, form):
    assert carried(anonymous.get("/f/abc/embed/", headers={"Referer": "https://garage.example/"})) == ""


@pytest.mark.parametrize("sent", ["{", "[" * 20_000, '"><script>', "\x00", json.dumps({"first": {"gclid": "<b>"}})])
def test_garbage_is_no_error_for_a_visitor(anonymous, form, ripe, sent):
    again = anonymous.post("/f/abc/", {"token": ripe, "attribution": sent})
    assert (again.status_code, carried(again)) == (422, "")
    assert anonymous.post("/f/abc/", TYPED | {"token": ripe, "attribution": sent}).status_code == 302
    intake.admit_waiting()
    assert Submission.objects.get().attribution == {}
    assert Lead.objects.get().attribution == NOTHING
    assert ("attribution" in Submission.objects.get().payload) == (len(sent) <= 16_000)


def test_it_is_not_the_message_and_says_nothing_about_spam(anonymous, form, ripe):
    sent = json.dumps({"utm_term": "viagra casino bitcoin http://a.example", "utm_source": "x"})
    anonymous.post("/f/abc/", TYPED | {"token": ripe, "attribution": sent})
    intake.admit_waiting()
    submission = Submission.objects.get()
    assert (submission.is_held, submission.text) == (False, TYPED["message"])
    assert "viagra" not in Lead.objects.get().search_text


# ---- on the lead -----------------------------------------------------------------------------------------------------


def test_the_first_touch_stays_and_the_last_follows(db):
    lead = inquire(AD)
    before = lead.updated_at
    assert (lead.channel, lead.utm_campaign) == ("google_ads", "spring")
    assert inquire(NEWS).pk == lead.pk
    lead.refresh_from_db()
    assert (lead.first_touch, lead.last_touch, lead.channel) == (AD, NEWS, "google_ads")
    assert lead.updated_at > before
    assert inquire().pk == lead.pk, "who tells nothing changes nothing"
    lead.refresh_from_db()
    assert (lead.first_touch, lead.last_touch) == (AD, NEWS)


def test_two_of_one_person_in_one_batch(db):
    for sent in (None, NEWS, AD):
        intake.keep("Hello", source="api", contact=Contact(email="ana@example.com"), attribution=parse(sent))
    intake.admit_waiting()
    lead = Lead.objects.get()
    assert (lead.first_touch, lead.last_touch, lead.channel) == (NEWS, AD, "email")


def test_a_merge_takes_the_earliest_and_the_latest_and_gives_them_back(staff):
    early, late, silent = inquire(AD, "Ana"), inquire(NEWS, "Bo"), inquire(None, "Cy")
    made = fold(late, early, silent, actor=staff)
    assert late.attribution == Attribution(Touch(**AD), Touch(**NEWS))
    assert (late.channel, late.utm_source) == ("google_ads", "google")
    merges.undo(made, actor=staff)
    for lead, sent in ((early, AD), (late, NEWS), (silent, {})):
        lead.refresh_from_db()
        assert (lead.first_touch, lead.last_touch) == (sent, sent)
    assert (early.channel, late.channel, silent.channel) == ("google_ads", "email", "")
    assert (late.utm_source, late.utm_campaign, silent.utm_source) == ("news", "", "")


def test_what_came_after_a_merge_stays_with_the_survivor(staff):
    survivor, other = inquire(None, "Ana"), inquire(AD, "Bo")
    made = fold(survivor, other, actor=staff)
    assert survivor.channel == "google_ads"
    assert inquire(NEWS, survivor.first_name).pk == survivor.pk
    merges.undo(made, actor=staff)
    survivor.refresh_from_db()
    other.refresh_from_db()
    assert (survivor.first_touch, survivor.last_touch, survivor.channel) == (NEWS, NEWS, "email")
    assert (other.first_touch, other.channel) == (AD, "google_ads")


def test_erasing_a_lead_leaves_nothing_of_it(staff):
    lead = inquire(AD)
    lead.delete()
    assert not Submission.objects.exists()
    assert touches.offered() == {}


def test_the_page_shows_both_touches(client):
    lead = inquire(BOTH)
    page = client.get(lead.get_absolute_url()).content.decode()
    card = page[page.index('id="lead_touches"') :]
    for said in (
        "Came from",
        "Google Ads",
        "First touch",
        "Google / cpc",
        "Spring",
        "Google click ID",
        "Ab1",
        "Last touch",
    ):
        assert said in card
    assert "https://garage.example/contact" in card
    alone = client.get(f"/leads/{lead.public_id}/touches/").content.decode()
    assert "Came from" in alone
    other = inquire(AD, "Bo")
    assert "First touch" not in client.get(other.get_absolute_url()).content.decode()
    assert "Came from" not in client.get(inquire(None, "Cy").get_absolute_url()).content.decode()


def test_the_page_escapes_what_strangers_wrote(client):
    lead = inquire({"utm_campaign": "<script>alert(1)</script>", "utm_source": "\u202eevil", "utm_term": "a"})
    page = client.get(lead.get_absolute_url()).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in client.get("/").content.decode()


# ---- filters and files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "Cy Bo Ana"),
        ("channel=google_ads", "Ana"),
        ("channel=email", "Bo"),
        ("channel=nonsense", "Cy Bo Ana"),
        ("utm_source=GOOGLE", "Ana"),
        ("utm_source=google&utm_medium=email", ""),
        ("utm_medium=email", "Bo"),
        ("utm_campaign=spring&channel=google_ads", "Ana"),
        ("utm_campaign=sprin", ""),
        ("utm_campaign=%00", "Cy Bo Ana"),
        ("utm_campaign=" + "x" * 300, "Cy Bo Ana"),
    ],
)
def test_the_inbox_and_its_files_are_narrowed(client, query, expected):
    for sent, name in ((AD, "Ana"), (NEWS, "Bo"), (None, "Cy")):
        inquire(sent, name)
    page = client.get(f"/?{query}").content.decode()
    assert re.findall(r'id="row-[^>]*>(\w+)<', page) == expected.split()
    rows = table(client, f"?{query}")
    assert [row["First name"] for row in rows] == expected.split()


def table(client, query: str = "") -> list[dict[str, str]]:
    content = b"".join(client.get(f"/export/leads.csv{query}").streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_the_filters_offer_what_there_is(client):
    page = client.get("/").content.decode()
    assert 'name="utm_' not in page
    inquire(AD)
    inquire(NEWS, "Bo")
    page = client.get("/?utm_source=gone").content.decode()
    source = page[page.index('name="utm_source"') :]
    options = re.findall(r"<option[^>]*>([^<]*)", source[: source.index("</select>")])
    assert options == ["Any", "gone", "google", "news"]
    assert "<option selected>gone" in source
    assert 'name="utm_campaign"' in page


def test_files_have_the_touches_that_there_are(client):
    inquire(None, "Cy")
    assert "Channel" not in table(client)[0]
    inquire(BOTH)
    row = next(row for row in table(client) if row["First name"] == "Ana")
    assert (row["Channel"], row["UTM source"], row["Google click ID"]) == ("Google Ads", "Google", "Ab1")
    assert (row["Last channel"], row["Last UTM source"]) == ("E-mail", "news")
    assert row["Form page"] == row["Last Form page"] == "https://garage.example/contact"
    assert "UTM term" not in row


def test_formulas_in_a_campaign_are_made_harmless(client):
    inquire({"utm_campaign": "=HYPERLINK(1)", "utm_source": "x"})
    assert table(client)[0]["UTM campaign"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("column", ["channel", "utm_source", "utm_medium", "utm_campaign"])
def test_the_filters_have_an_index(db, column):
    """Of a table that SQLite finds large enough to look at its indexes."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL reads so few rows without one")
    found = Lead.objects.standing().with_any_of(**{column: "google_ads"}).order_by("-last_message_at", "-id")
    assert f"lead_by_{column}" in found.explain()


def test_it_takes_as_many_queries_for_many_leads_as_for_one(db):
    def queries(count: int) -> int:
        leads = [inquire(AD, f"Ana{count}{n}") for n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            touches.retrace([lead.pk for lead in leads])
        return len(captured)

    assert queries(1) == queries(20) == 2
