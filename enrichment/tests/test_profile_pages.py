"""The pages of the profiles as staff use them, with and without JavaScript."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enrichment import business, profile_list
from enrichment import profile_editing as editing
from enrichment.models import BusinessProfile, ProfileVersion, Trial
from enrichment.profiles import PROFILES
from enrichment.tests.test_profile_editing import AUTO, ROOF, draft, publish, seen
from enrichment.tests.test_profile_forms import posted
from leads import known_fields
from leads.models import Lead, PublicForm, Submission

LIST = "/ai/profiles/"
PAGE = "/ai/profiles/automotive/"
CHANGES = ("change/", "draft/", "publish/", "versions/0/use/", "try/start/")
HTMX = {"HX-Request": "true", "HX-Target": "editor"}


def page(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def send(client: Client, path: str, **data: str) -> str:
    return client.post(path, data, follow=True).content.decode()


def write(client: Client, data, do: str = "save", mark: str | None = None, **headers):
    data["seen"], data["do"] = mark or seen(), do
    body = data.urlencode()
    return client.post(f"{PAGE}draft/", body, content_type="application/x-www-form-urlencoded", headers=headers or None)


@pytest.fixture
def helper(db) -> Client:
    """Staff who may read profiles, but not change them."""
    browser = Client()
    user = User.objects.create_user("hal", is_staff=True)
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_the_list_says_what_each_profile_is_and_reads(client, settings):
    settings.BUSINESS_TYPE = "medspa"
    PublicForm.objects.all().delete()
    PublicForm.objects.create(name="Garage form", business_profile="automotive")
    draft(tone="gruff", by="hal")
    shown = page(client, LIST)
    for part in (
        "Automotive",
        "Med spa",
        "default",
        "as shipped",
        "draft by hal",
        "Reads “Garage form”",
        "No form uses it",
    ):
        assert part in shown, part
    assert 'href="/ai/profiles/" aria-current="page"' in page(client, LIST)


def test_from_a_change_to_live_and_back_without_javascript(client):
    shown = page(client)
    assert "what the vehicle does wrong" in shown
    assert "How much are new front brake pads" in shown
    assert 'name="seen"' in page(client, f"{PAGE}draft/")
    data = posted(tone="gruff & <b>short</b>")
    data.setlist("service-name", ["Oil change"])
    data.setlist("service-price", ["from $89"])
    assert write(client, data)["Location"] == PAGE
    shown = page(client)
    assert "gruff &amp; &lt;b&gt;short&lt;/b&gt;" in shown
    assert "<b>Service: Oil change</b>" in shown
    assert business.live("automotive") == AUTO
    assert "Version 1 of “Automotive” is live" in send(client, f"{PAGE}publish/", seen=seen(), note="As we speak")
    shown = page(client)
    assert "As we speak" in shown
    assert "from $89" in shown
    assert business.live("automotive").services[0].price == "from $89"
    assert "Against the live version" in page(client, f"{PAGE}versions/0/")
    assert "says what baseCamp shipped" in send(client, f"{PAGE}versions/0/use/")
    assert business.live("automotive") == replace(AUTO, version=2)
    assert "says what version 1 said" in send(client, f"{PAGE}versions/1/use/")


def test_buttons_change_the_rows_and_save_nothing(client):
    data = posted()
    data["new-field"] = "new:choice"
    answer = write(client, data, do="add-field")
    shown = answer.content.decode()
    assert shown.count('name="field-key"') == 4
    assert '<option value="choice" selected>Choice</option>' in shown
    assert answer.status_code == 200
    part = write(client, posted(), "drop-field-0", **HTMX).content.decode()
    assert part.lstrip().startswith('<form id="editor"')
    assert part.count('name="field-key"') == 2
    assert not ProfileVersion.objects.exists()


def test_a_new_field_reaches_the_lead_page_when_it_is_published(client):
    data = posted(field_key=["", "mileage"], field_label=["Type of roof", "Mileage"], field_kind=["choice", "text"])
    data.setlist("field-meaning", ["what the roof is like", "the odometer reading"])
    data.setlist("field-choices", ["Flat\r\nTin", ""])
    write(client, data)
    assert known_fields.known("type_of_roof") is None
    send(client, f"{PAGE}publish/", seen=seen())
    lead = Lead.objects.create(source="paste")
    assert '<option value="type_of_roof">Type of roof</option>' in page(client, f"/leads/{lead.public_id}/facts/")
    again = page(client, f"{PAGE}draft/")
    assert '<input type="hidden" name="field-kind" value="choice">' in again  # its kind stands for good


def test_errors_come_back_beside_what_was_typed(client):
    answer = write(client, posted(about="", tone="kept as typed"))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Say what the business is" in shown
    assert "kept as typed" in shown
    assert 'id="about-error"' in shown
    assert not ProfileVersion.objects.exists()


def test_the_second_writer_sees_both_and_may_take_the_place(client):
    before = seen()
    draft(tone="hers", by="ana")
    answer = write(client, posted(tone="mine"), mark=before)
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "ana saved another draft of this profile meanwhile." in shown
    assert "<del>hers</del><ins>mine</ins>" in shown
    assert 'name="over" value="1"' in shown
    assert profile_list.one("automotive").draft_profile.tone == "hers"
    data = posted(tone="mine")
    data["over"] = "1"
    assert write(client, data).status_code == 302
    assert profile_list.one("automotive").draft_profile.tone == "mine"
    assert "Draft by ana, written over by olivia" in page(client)
    assert "Nothing was published" in send(client, f"{PAGE}publish/", seen=before)


def test_a_draft_is_put_aside(client):
    draft(tone="gruff")
    assert "put aside" in send(client, f"{PAGE}draft/", do="discard", seen="old")
    assert profile_list.one("automotive").draft is not None
    send(client, f"{PAGE}draft/", do="discard", seen=seen())
    assert profile_list.one("automotive").draft is None
    assert "never published" in page(client)


def test_a_profile_of_ones_own(client):
    assert "There is a profile called" in send(client, f"{LIST}copy/", of="automotive", name="Consulting")
    shown = send(client, f"{LIST}copy/", of="automotive", name="Boats")
    assert "Draft of Boats" in shown
    assert "not published yet" in page(client, "/ai/profiles/boats/")
    assert "There is no such profile" in send(client, f"{LIST}copy/", of="nonsense", name="X")
    send(client, "/ai/profiles/boats/change/", do="rename", name="Ships")
    assert "Publish the profile first" in send(client, "/ai/profiles/boats/change/", do="default")
    send(client, "/ai/profiles/boats/publish/", seen=seen("boats"))
    send(client, "/ai/profiles/boats/change/", do="default")
    assert (business.default().label, BusinessProfile.objects.get(is_default=True).name) == ("boats 1", "Ships")
    assert "can&#x27;t be archived" in send(client, "/ai/profiles/boats/change/", do="archive")
    send(client, "/ai/profiles/consulting/change/", do="archive")
    assert "archived" in page(client, "/ai/profiles/consulting/")
    assert client.post("/ai/profiles/boats/change/", {"do": "nonsense"}).status_code == 400


@pytest.mark.parametrize(
    "path",
    ["nonsense/", "automotive/versions/7/", f"automotive/versions/{10**25}/", "nonsense/try/", "automotive/nonsense/"],
)
def test_what_is_not_there_is_not_found(client, path):
    assert client.get(LIST + path).status_code == 404


def test_only_owners_change_profiles_and_others_read(client, helper, anonymous):
    draft(tone="gruff")
    for path in (LIST, PAGE, f"{PAGE}versions/0/", f"{PAGE}try/"):
        shown = page(helper, path)
        assert 'method="post" action="/ai/' not in shown
        assert anonymous.get(path)["Location"].startswith("/login/")
    for path in (f"{LIST}copy/", *(PAGE + each for each in CHANGES), f"{PAGE}try/1/stop/"):
        assert helper.post(path).status_code == 403, path
        assert anonymous.post(path)["Location"].startswith("/login/"), path
    assert helper.get(f"{PAGE}draft/").status_code == 403
    for path in ("change/", "publish/", "versions/0/use/", "try/start/", "try/1/stop/"):
        assert client.get(PAGE + path).status_code == 405
    assert profile_list.one("automotive").version is None
    assert not Trial.objects.exists()


def test_forged_posts_need_the_pages_token(staff):
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    for path in (f"{LIST}copy/", *(PAGE + each for each in CHANGES)):
        assert stranger.post(path, {"name": "x", "of": "general"}).status_code == 403


@pytest.mark.parametrize(
    "body",
    ["", "do=save", "do=up-field-0", "field-key=a&field-key=b", "do=%00&about=%00", "do=save&base=" + "x" * 5000],
)
def test_posts_that_no_page_sends_break_nothing(client, body):
    answer = client.post(f"{PAGE}draft/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (200, 302, 409, 422)
    assert business.live("automotive") == AUTO


def test_same_queries_for_1_and_30(client):
    def queries(path: str) -> int:
        client.get(path)  # what is looked up once per process
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        return len(captured)

    def fill(numbers: range) -> None:
        for number in numbers:
            editing.make_copy("automotive", name=f"Garage {number}", by="olivia")
            publish(tone=f"gruff {number}", fields=(*AUTO.fields, ROOF))
            PublicForm.objects.create(name=f"Form {number}", business_profile="automotive")
            lead = Lead.objects.create(source="paste", first_name=f"Ana {number}")
            Submission.objects.create(lead=lead, source="paste", payload={}, text="Hello")
        draft(tone="last")

    fill(range(1, 2))
    paths = (LIST, PAGE, f"{PAGE}draft/", f"{PAGE}versions/1/", f"{PAGE}try/")
    one = {path: queries(path) for path in paths}
    fill(range(2, 31))
    assert {path: queries(path) for path in paths} == one
    assert max(one.values()) <= 13


def test_shipped_profiles_can_be_read_by_all(client):
    for key in PROFILES:
        assert "What a reply may say" in page(client, f"{LIST}{key}/")
