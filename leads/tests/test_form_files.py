"""A form that asks for files: checked beside their field, limited, kept with the message, and nothing typed is lost."""

import re
import time

import pytest
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from leads import file_checks, files, form_tokens, forms_editing, forms_words, imports
from leads.file_checks import KINDS
from leads.forms_definition import FieldType, FormField, default
from leads.models import Attachment, PublicForm, Submission
from leads.tests.made_files import image
from leads.views.public_form import TOO_MUCH_AT_ONCE, _known_form

FIELDS = (
    FormField.standard("email"),
    FormField.standard("message", required=True),
    FormField("photos", FieldType.FILE, "Photos of the damage"),
    FormField("papers", FieldType.FILE, "Papers"),
)
PDF = b"%PDF-1.4\nhello"


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """A data folder of the test's own."""
    before, settings.DATA_DIR = settings.DATA_DIR, tmp_path
    yield tmp_path / "files"
    settings.DATA_DIR = before


@pytest.fixture
def form(transactional_db, staff) -> PublicForm:
    _known_form.cache_clear()
    made = forms_editing.make_form("Garage", definition=default(fields=FIELDS))
    PublicForm.objects.filter(pk=made.pk).update(key="abc")
    return PublicForm.objects.get()


@pytest.fixture
def ripe(form, monkeypatch) -> str:
    token = form_tokens.new_token(form.key)
    later = time.time() + form_tokens.YOUNGEST + 1
    monkeypatch.setattr(signing.time, "time", lambda: later)
    return token


def up(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def send(browser, token, **changes):
    return browser.post("/f/abc/", {"email": "a@b.example", "message": "Look.", "token": token} | changes)


def on_disk(folder) -> int:
    return len(list(folder.glob("??/*")))


def test_files_are_kept_with_the_message(anonymous, form, ripe, folder):
    photos = [up("C:\\fakepath\\brakes.png", image("PNG")), up("wheel.jpg", image("JPEG"))]
    assert send(anonymous, ripe, photos=photos, papers=[up("offer.pdf", PDF)]).url == "/f/abc/thanks/"
    submission = Submission.objects.get()
    assert submission.payload["photos"] == ["brakes.png", "wheel.jpg"]
    assert submission.payload["papers"] == ["offer.pdf"]
    assert submission.text == "Look."
    rows = [(row.field, row.name, row.state) for row in submission.attachments.all()]
    assert rows == [
        ("photos", "brakes.png", "waiting"),
        ("photos", "wheel.jpg", "waiting"),
        ("papers", "offer.pdf", "ready"),
    ]
    assert on_disk(folder) == 3


def test_the_page_asks_for_them(anonymous, form):
    page = anonymous.get("/f/abc/").content.decode()
    assert 'enctype="multipart/form-data"' in page
    assert re.search(r'<input id="id_photos" name="photos" type="file" multiple accept="image/jpeg,[^"]*"', page)
    assert "Up to 5 files of 10 MB each" in page
    forms_editing.make_form("Plain", definition=default())
    plain = PublicForm.objects.get(name="Plain")
    assert "multipart" not in anonymous.get(plain.get_absolute_url()).content.decode()


def test_none_is_fine_unless_they_are_asked_for(anonymous, form, ripe):
    assert send(anonymous, ripe).status_code == 302
    assert Submission.objects.get().payload["photos"] == []
    fields = (*FIELDS[:2], FormField("photos", FieldType.FILE, "Photos", required=True))
    publish(form, fields=fields)
    page = send(anonymous, form_tokens.new_token("abc"))
    assert page.status_code == 422
    assert "This field is required." in error_of(page, "photos")


def publish(form, **changes):
    definition, mark = forms_editing.draft_of(form)
    forms_editing.save_draft(form, default(**changes), seen=mark, by="olivia")
    forms_editing.publish(form, note="", by="olivia")
    _known_form.cache_clear()


def error_of(page, name: str) -> str:
    found = re.search(rf'id="id_{name}_error">([^<]*)<', page.content.decode())
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("uploads", "error"),
    [
        ([("a.exe", b"MZ\x00"), ("b.txt", b""), ("c.txt", b"fine")], "a.exe: Files of this kind"),
        ([("big.txt", b"x" * 2001)], "big.txt: It is larger than 2 MB."),
        ([(f"{n}.txt", b"x") for n in range(6)], "5.txt: At most 5 files"),
        ([(f"{n}.txt", b"x" * 1500) for n in range(4)], "3.txt: The files together are larger than 5 MB."),
        ([(f"{n}.txt", b"x" * 1900) for n in range(50)], "2.txt: The files together"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(anonymous, form, ripe, folder, monkeypatch, uploads, error):
    monkeypatch.setattr(settings, "FILE_LARGEST", 2000)
    monkeypatch.setattr(settings, "FILES_LARGEST", 5000)
    monkeypatch.setattr("leads.upload_limits.MEGABYTE", 1000)
    page = send(anonymous, ripe, message="All that I typed", photos=[up(*each) for each in uploads])
    assert page.status_code == 422
    assert error_of(page, "photos").startswith(error)
    assert "All that I typed" in page.content.decode()
    assert (Submission.objects.count(), on_disk(folder)) == (0, 0)


def test_each_wrong_file_is_named(anonymous, form, ripe):
    photos = [up("<a>.exe", b"MZ\x00"), up("b.txt", b""), up("fine.pdf", PDF)]
    page = send(anonymous, ripe, photos=photos)
    assert error_of(page, "photos").startswith("&lt;a&gt;.exe: Files of this kind")
    assert error_of(page, "photos").endswith(f"b.txt: It is empty.\n{forms_words.FILES_AGAIN}")


def test_limits_hold_for_all_fields_together(anonymous, form, ripe):
    photos, papers = ([up(f"{n}.txt", b"x") for n in range(3)] for _ in range(2))
    page = send(anonymous, ripe, photos=photos, papers=papers)
    assert "At most 5 files" in error_of(page, "papers")


def test_far_too_much_is_not_even_read(anonymous, form, ripe, monkeypatch):
    monkeypatch.setattr(settings, "FILES_LARGEST", 100_000)
    page = send(anonymous, ripe, message="typed", photos=[up("film.mp4", b"x" * 3_000_000)])
    assert page.status_code == 422
    assert "film.mp4: " in error_of(page, "photos")
    assert "typed" in page.content.decode()


def test_files_must_be_chosen_again_when_something_else_is_wrong(anonymous, form, ripe, folder):
    page = send(anonymous, ripe, email="nonsense", photos=[up("a.pdf", PDF)])
    assert page.status_code == 422
    assert error_of(page, "photos") == forms_words.FILES_AGAIN
    assert error_of(page, "papers") == ""
    assert 'aria-describedby="id_photos_limits id_photos_error"' in page.content.decode()
    assert on_disk(folder) == 0


def test_a_double_click_stores_once_and_leaves_no_second_file(anonymous, form, ripe, folder):
    for _ in range(2):
        assert send(anonymous, ripe, photos=[up("a.pdf", PDF), up("b.png", image("PNG"))]).status_code == 302
    assert (Submission.objects.count(), Attachment.objects.count(), on_disk(folder)) == (1, 2, 2)
    while files.is_due():
        files.clean_some()
    assert send(anonymous, ripe, photos=[up("a.pdf", PDF), up("b.png", image("PNG"))]).status_code == 302
    page = send(anonymous, ripe, photos=[up("a.pdf", PDF + b"other")])
    assert page.status_code == 409, "another file is another message"
    assert send(anonymous, ripe).status_code == 409
    assert on_disk(folder) == 2


def test_suspects_keep_their_files_too(anonymous, form, ripe):
    assert send(anonymous, ripe, website="https://spam.example", photos=[up("a.pdf", PDF)]).status_code == 302
    submission = Submission.objects.get()
    assert submission.is_held
    assert submission.attachments.get().state == "ready"


def test_nothing_is_stored_without_a_token(anonymous, form, folder):
    page = send(anonymous, "forged", photos=[up("a.pdf", PDF)])
    assert page.status_code == 422
    assert (Submission.objects.count(), on_disk(folder)) == (0, 0)


@override_settings(FORM_LIMIT_PER_IP=1)
def test_nothing_is_stored_beyond_the_limits_of_the_form(anonymous, form, ripe, folder):
    send(anonymous, ripe, photos=[up("a.pdf", PDF)])
    for _ in range(3):
        page = send(anonymous, form_tokens.new_token("abc"), photos=[up("a.pdf", PDF)])
    assert page.status_code in (422, 429)
    assert on_disk(folder) == 1


def test_files_that_nobody_asked_for_are_left_out(anonymous, form, ripe, folder):
    assert send(anonymous, ripe, message="x", other=[up("a.pdf", PDF)]).status_code == 302
    assert (Attachment.objects.count(), on_disk(folder)) == (0, 0)


def test_a_file_where_text_belongs_is_no_text(anonymous, form, ripe):
    assert send(anonymous, ripe, message=up("a.txt", b"hello")).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"message": "x" * 3_000_000},
        {f"f{n}": "x" for n in range(500)},
        {"photos": [up(f"{n}", b"x") for n in range(120)]},
    ],
)
def test_too_much_at_once_is_refused_in_plain_words(anonymous, form, ripe, body):
    page = send(anonymous, ripe, **body)
    assert page.status_code == 413
    assert TOO_MUCH_AT_ONCE in page.content.decode()
    urlencoded = anonymous.post("/f/abc/", "message=" + "x" * 3_000_000, "application/x-www-form-urlencoded")
    assert urlencoded.status_code == 413


@pytest.mark.parametrize(
    "body", [b"", b"--x\r\n", b'--x\r\nContent-Disposition: form-data; name="photos"; filename="a"\r\n']
)
def test_garbage_is_no_server_error(anonymous, form, body):
    assert anonymous.post("/f/abc/", body, "multipart/form-data; boundary=x").status_code in (400, 422)
    assert anonymous.post("/f/abc/", body, "multipart/form-data").status_code in (400, 422)


def test_a_disk_that_is_full_loses_no_message(anonymous, form, ripe, monkeypatch):
    def full(content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_write", full)
    assert send(anonymous, ripe, photos=[up("a.pdf", PDF)]).status_code == 302
    assert Submission.objects.get().attachments.get().problem == files.DISK


SENTENCES = [
    value for name, value in vars(file_checks).items() if name.isupper() and isinstance(value, str) and " " in value
]


@pytest.mark.parametrize("language", [each for each in forms_words.LANGUAGES if each != "en"])
def test_it_complains_in_the_language_of_the_form(anonymous, form, ripe, language):
    assert len(SENTENCES) == 11
    for english in (*SENTENCES, forms_words.FILES, forms_words.FILES_AGAIN, TOO_MUCH_AT_ONCE):
        translated = forms_words.say(english, language)
        assert translated != english
        assert sorted(re.findall(r"{\w+}", translated)) == sorted(re.findall(r"{\w+}", english))
    publish(form, fields=FIELDS, language=language)
    page = send(anonymous, ripe, photos=[up("a.txt", b"")])
    assert error_of(page, "photos") == f"a.txt: {forms_words.say(file_checks.EMPTY, language)}"


def test_all_that_is_offered_is_taken():
    assert set(KINDS) >= {each for each in file_checks.ACCEPT.split(",") if "/" in each}
    assert "heic" not in file_checks.ACCEPT, "phones hand over a JPEG then"


def test_other_pages_read_no_more_than_an_import_has(client, staff, monkeypatch):
    monkeypatch.setattr("leads.upload_limits.MOST_ANYWHERE", 300_000)
    monkeypatch.setattr("leads.imports.LARGEST", 200_000)
    sizes = []
    keep = imports.keep_file

    def watched(upload, **options):
        sizes.append(upload.size)
        return keep(upload, **options)

    monkeypatch.setattr(imports, "keep_file", watched)
    page = client.post("/imports/", {"file": up("all.csv", b"name\n" + b"x\n" * 3_000_000)})
    assert "The file is larger than" in page.content.decode()
    assert 200_000 < sizes[0] <= 300_000
    page = client.post("/login/", {"file": up("all.csv", b"x" * 3_000_000), "username": "olivia", "password": "x"})
    assert page.status_code in (200, 302), "and what stands beside it still arrives"
