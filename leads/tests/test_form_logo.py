"""A form's logo: made small, part of its version, shown to visitors, light enough for a frame."""

import datetime as dt
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from leads import file_checks, forms_editing, forms_logo
from leads.forms_definition import LOGO, default, problems
from leads.models import FormImage, FormVersion, PublicForm
from leads.tests.made_files import image
from leads.tests.test_form_builder import TWO, post
from leads.views.public_form import _known_form


@pytest.fixture
def form(db, staff) -> PublicForm:
    _known_form.cache_clear()
    return forms_editing.make_form("Website", definition=default())


def up(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_logo_is_uploaded_named_published_and_removed(client, form):
    page = post(client, form, do="logo:", **{"logo-file": up(image("PNG", (900, 300)))})
    assert page.status_code == 200
    text = page.content.decode()
    logo = re.search(r'name="logo" value="([^"]+)"', text)[1]
    assert logo.endswith("-400x133.webp")
    assert f'<img src="/f/logo/{logo}" alt="The logo now" width="400" height="133">' in text
    assert post(client, form, do="publish", logo=logo).context["errors"] == {
        "logo_alt": "Say what the logo says: people who don’t see it hear this."
    }
    assert post(client, form, do="publish", logo=logo, logo_alt='Garage "Anna"').status_code == 302
    _known_form.cache_clear()
    framed = Client().get(form.get_absolute_url() + "embed/").content.decode()
    assert framed.index('<img src="data:image/webp;base64,') < framed.index("<h1>"), "no request of its own"
    for page in ("", "thanks/"):
        text = Client().get(form.get_absolute_url() + page).content.decode()
        assert f'<img src="/f/logo/{logo}" alt="Garage &quot;Anna&quot;" width="400" height="133">' in text
        assert text.index("/f/logo/") < text.index("<h1>")
    answer = Client().get(f"/f/logo/{logo}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert "immutable" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies
    assert Image.open(io.BytesIO(answer.content)).size == (400, 133)
    page = post(client, form, do="no-logo:", logo=logo, logo_alt="x")
    assert (page.context["definition"].logo, page.context["definition"].logo_alt) == ("", "")
    assert Client().get("/f/logo/nothing.webp").status_code == 404


def test_an_earlier_version_shows_its_own(client, form):
    names = [forms_logo.keep_logo("a.png", image("PNG", size)) for size in ((100, 50), (80, 80))]
    for logo in names:
        post(client, form, do="publish", logo=logo, logo_alt="Garage")
    client.post(f"/forms/{form.pk}/versions/2/use/")
    _known_form.cache_clear()
    assert f"/f/logo/{names[0]}" in Client().get(form.get_absolute_url()).content.decode()
    FormImage.objects.update(used_at=timezone.now() - dt.timedelta(days=90))
    lost = forms_logo.keep_logo("a.png", image("PNG", (10, 10)))
    FormImage.objects.filter(name=lost).update(used_at=timezone.now() - forms_logo.KEPT - dt.timedelta(days=1))
    forms_logo.forget_unused()
    assert set(FormImage.objects.values_list("name", flat=True)) == set(names)
    FormVersion.objects.all().delete()
    forms_logo.forget_unused()
    assert not FormImage.objects.exists()


def test_saving_takes_a_chosen_file_too(client, form):
    assert post(client, form, do="save", **{"logo-file": up(image("JPEG"), "logo.jpg")}).status_code == 422
    assert LOGO.fullmatch(form.versions.drafts().get().definition.logo)


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.svg", forms_logo.WRONG_KIND),
        (image("GIF"), "logo.gif", forms_logo.WRONG_KIND),
        (b"%PDF-1.4", "logo.pdf", forms_logo.WRONG_KIND),
        (b"", "logo.png", file_checks.EMPTY),
        (image("PNG")[:40], "logo.png", file_checks.BROKEN),
        (image("PNG") + b"x" * 1_000_000, "logo.png", "It is larger than 1 MB."),
        (image("PNG", (4000, 4000)), "logo.png", "The image has more than 12 megapixels."),
    ],
)
@pytest.mark.parametrize("do", ["logo:", "save"])
def test_what_is_no_logo_is_said_and_nothing_is_saved(client, form, do, content, name, sentence):
    page = post(client, form, do=do, title="Typed", **{"logo-file": up(content, name)})
    assert page.status_code == 422
    assert page.context["errors"] == {"logo": sentence}
    assert "The draft is saved" not in page.content.decode()
    assert 'value="Typed"' in page.content.decode()
    assert not form.versions.drafts().exists()
    assert not FormImage.objects.exists()


def test_the_same_logo_is_stored_once(form):
    first = forms_logo.keep_logo("a.png", image("PNG"))
    assert forms_logo.keep_logo("b.png", image("PNG")) == first
    assert FormImage.objects.count() == 1


@pytest.mark.parametrize("logo", ["../../secret", "x.webp", "a" * 32 + "-1x1.webp/../", "<script>"])
def test_a_forged_name_is_no_logo(client, form, logo):
    assert post(client, form, do="save", logo=logo, logo_alt="x").status_code == 302
    assert form.versions.drafts().get().definition.logo == ""
    assert client.post(f"/forms/{form.pk}/preview/", TWO | {"logo": logo}).status_code == 200


def test_a_logo_costs_a_visitor_no_question_to_the_database(form):
    logo = forms_logo.keep_logo("a.png", image("PNG"))
    definition = default(logo=logo, logo_alt="Garage")
    assert problems(definition) == {}
    assert problems(default(logo=logo))
    made = forms_editing.make_form("Other", definition=definition)
    with CaptureQueriesContext(connection) as plain:
        Client().get(form.get_absolute_url())
    with CaptureQueriesContext(connection) as with_logo:
        Client().get(made.get_absolute_url())
    assert len(with_logo) == len(plain)
