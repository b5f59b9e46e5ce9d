"""Files through a real browser: a visitor on a phone sends a photo, staff download it without what it said of place.
And a logo in other websites: no request of its own, and light."""

import gzip
import io
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import Response

from leads import files, forms_editing, forms_logo
from leads.forms_definition import FieldType, FormField, default
from leads.image_cleaning import LARGEST_LOGO
from leads.models import Attachment, FormImage, PublicForm, Submission
from leads.views.public_form import _known_form
from tests.browser import staff_page
from tests.test_embed import at_website, visitor, wait_until_it_fits

pytestmark = pytest.mark.timeout(120)
PHONE = {"width": 360, "height": 740}
FIELDS = (
    FormField.standard("email"),
    FormField.standard("message", required=True),
    FormField("photos", FieldType.FILE, "Photos of the damage"),
)


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """A data folder of the test's own."""
    before, settings.DATA_DIR = settings.DATA_DIR, tmp_path
    yield tmp_path
    settings.DATA_DIR = before


@pytest.fixture
def form(transactional_db, staff) -> PublicForm:
    _known_form.cache_clear()
    logo = forms_logo.keep_logo("logo.png", png(Image.effect_noise((900, 400), 90)))
    made = forms_editing.make_form("Garage", definition=default(fields=FIELDS, logo=logo, logo_alt="Garage Anna"))
    PublicForm.objects.filter(pk=made.pk).update(key="abc")
    return PublicForm.objects.get()


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def photo(tmp_path) -> Path:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[29] = "SECRET-PLACE"
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(tmp_path / "brakes.jpg", exif=exif)
    return tmp_path / "brakes.jpg"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_visitor_on_a_phone_sends_a_photo(live_server, client, form, photo, scripts):
    assert b"SECRET-PLACE" in photo.read_bytes()
    wrong = photo.with_name("film.exe")
    wrong.write_bytes(b"MZ\x00\x00")
    with visitor(viewport=PHONE, java_script_enabled=scripts) as page:
        page.goto(f"{live_server.url}/f/abc/")
        page.get_by_label("E-mail").fill("ana@example.com")
        page.get_by_label("Your message").fill("My brakes squeal.")
        page.get_by_label("Photos of the damage").set_input_files([photo, wrong])
        page.wait_for_timeout(2100)  # nobody types faster than the token's least age
        page.get_by_role("button", name="Send").click()
        page.get_by_text("film.exe: Files of this kind").wait_for()
        assert page.get_by_label("Your message").input_value() == "My brakes squeal."
        assert page.get_by_alt_text("Garage Anna").evaluate("image => image.naturalWidth") > 0
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"] if scripts else True
        page.get_by_label("Photos of the damage").set_input_files(photo)
        page.get_by_role("button", name="Send").click()
        page.get_by_text("We have your message").wait_for()
    row = Attachment.objects.get()
    assert (row.name, row.state, row.submission) == ("brakes.jpg", "waiting", Submission.objects.get())
    files.clean_some()
    downloaded(client, live_server, row)


def downloaded(client, live_server, row: Attachment) -> None:
    Submission.objects.update(is_held=True, verdict="suspect")
    with staff_page(client, live_server, "/quarantine/", viewport=PHONE, accept_downloads=True) as page:
        with page.expect_download() as download:
            page.get_by_role("link", name="brakes.jpg").click()
        content = Path(download.value.path()).read_bytes()
        assert download.value.suggested_filename == "brakes.jpg"
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert b"SECRET-PLACE" not in content
    assert Image.open(io.BytesIO(content)).size == (1600, 1200)


def test_a_logo_in_a_frame_is_light_and_no_request_of_its_own(live_server, form):
    assert len(FormImage.objects.get().content) > LARGEST_LOGO / 4, "one that is hard to make light"
    with at_website(live_server.url, viewport=PHONE) as (host, page):
        answers: list[Response] = []
        page.on("response", lambda response: answers.append(response) if live_server.url in response.url else None)
        page.goto(host)
        wait_until_it_fits(page, "How can we help?")
        logo = page.frame_locator("iframe").get_by_alt_text("Garage Anna")
        assert logo.evaluate("image => image.naturalWidth") > 0, "the policy allows it"
        ours = [answer for answer in answers if answer.url.startswith(live_server.url)]
        assert len(ours) == 4, [answer.url for answer in ours]
        assert sum(len(gzip.compress(answer.body())) for answer in ours) < 40_000


def test_the_preview_follows_the_logo(live_server, client, form, tmp_path):
    (tmp_path / "logo.png").write_bytes(png(Image.new("RGBA", (600, 160), "teal")))
    with staff_page(client, live_server, f"/forms/{form.pk}/", viewport={"width": 1280, "height": 900}) as page:
        shown = page.frame_locator("iframe").locator(".logo img")
        page.get_by_role("button", name="Remove the logo").click()
        shown.wait_for(state="detached")
        page.get_by_label("An image above the heading").set_input_files(tmp_path / "logo.png")
        shown.wait_for()
        page.get_by_label("What it says").fill("Garage Bea")
        page.get_by_role("button", name="Publish").click()
        page.get_by_text("Version 2 is published").wait_for()
    assert PublicForm.objects.get().definition.logo_alt == "Garage Bea"
    assert PublicForm.objects.get().definition.logo_size == (400, 107)
