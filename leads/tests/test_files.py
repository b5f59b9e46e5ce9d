"""Files of messages: on the disk before their row, cleaned by the worker, given to staff alone, gone with the lead."""

import io
import os
import time

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from leads import files, image_cleaning
from leads.file_checks import WRONG_KIND, IncomingFile
from leads.intake import keep, receive
from leads.models import Attachment, Lead, LeadSource, Submission
from leads.tests.made_files import docx, image

PDF = b"%PDF-1.4\nhello"


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """A data folder of the test's own."""
    before, settings.DATA_DIR = settings.DATA_DIR, tmp_path
    yield tmp_path / "files"
    settings.DATA_DIR = before


@pytest.fixture
def submission(transactional_db) -> Submission:
    lead = receive("My brakes squeal.", source=LeadSource.PASTE)
    return lead.submissions.get()


def on_disk(folder) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.glob("??/*"))


def clean_all() -> None:
    while files.is_due():
        files.clean_some()


def test_what_is_right_is_kept_and_of_the_rest_that_it_was_there(submission, folder):
    given = [
        IncomingFile("offer.pdf", PDF),
        IncomingFile("setup.exe", b"MZ\x90\x00\x00"),
        IncomingFile("../a\N{RIGHT-TO-LEFT OVERRIDE}b.txt", b"hi"),
        IncomingFile("empty.txt", b""),
    ]
    files.keep_files(submission, given, field="photos")
    rows = [(row.name, row.state, row.content_type, row.size, row.problem) for row in submission.attachments.all()]
    assert rows == [
        ("offer.pdf", "ready", "application/pdf", len(PDF), ""),
        ("setup.exe", "refused", "", 5, WRONG_KIND),
        ("a b.txt", "ready", "text/plain", 2, ""),
        ("empty.txt", "refused", "", 0, "It is empty."),
    ]
    assert {row.field for row in submission.attachments.all()} == {"photos"}
    assert on_disk(folder) == sorted([PDF, b"hi"])
    for path in folder.glob("??/*"):
        assert path.stat().st_mode & 0o077 == 0, "nobody else on this machine reads it"
        assert "offer" not in path.name


def test_limits_of_a_message(submission, folder, monkeypatch):
    monkeypatch.setattr(settings, "FILES_LARGEST", 1000)
    given = [IncomingFile(f"{n}.txt", b"x" * 300) for n in range(4)] + [IncomingFile("small.txt", b"x")] * 60
    rows = files.keep_files(submission, given)
    assert [row.state for row in rows[:6]] == ["ready"] * 3 + ["refused"] + ["ready"] * 2
    assert {row.problem for row in rows[6:]} == {"At most 5 files can be sent at once."}
    assert (len(rows), rows[-1].name) == (51, "14 more files")
    assert len(on_disk(folder)) == 5


def test_an_image_is_ready_once_the_worker_cleaned_it(client, submission, folder):
    exif = Image.Exif()
    exif.get_ifd(0x8825)[29] = "SECRET-PLACE"
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(file, "JPEG", exif=exif)
    (row,) = files.keep_files(submission, [IncomingFile("brakes.jpg", file.getvalue())])
    assert row.state == "waiting"
    assert client.get(row.get_absolute_url()).status_code == 404
    assert "hx-trigger" in client.get(f"/files/of/{submission.pk}/").content.decode()
    clean_all()
    row.refresh_from_db()
    (kept,) = on_disk(folder)
    assert (row.state, row.size) == ("ready", len(kept))
    assert b"SECRET-PLACE" not in kept
    assert b"".join(client.get(row.get_absolute_url())) == kept
    page = client.get(f"/files/of/{submission.pk}/").content.decode()
    assert "hx-trigger" not in page
    assert f'<a href="/files/{row.pk}/" download>brakes.jpg</a>' in page


def test_an_image_that_can_not_be_read_is_told(submission, folder):
    (row,) = files.keep_files(submission, [IncomingFile("a.png", image("PNG", (200, 200))[:60])])
    assert row.state == "waiting", "its head is right"
    clean_all()
    row.refresh_from_db()
    assert (row.state, row.path, row.problem) == ("refused", "", "It can’t be read; it seems to be damaged.")
    assert on_disk(folder) == []


def test_an_image_that_kills_its_worker_is_given_up(submission, folder):
    (row,) = files.keep_files(submission, [IncomingFile("a.png", image("PNG"))])
    for _ in range(files.TRIES):
        assert files._claimed().pk == row.pk
        assert not files.is_due(), "another worker may still be at it"
        Attachment.objects.update(due_at=timezone.now())
    clean_all()
    row.refresh_from_db()
    assert (row.state, row.problem) == ("refused", files.GIVEN_UP)
    assert on_disk(folder) == []


def test_two_workers_do_not_clean_the_same_image(submission):
    files.keep_files(submission, [IncomingFile("a.png", image("PNG"))])
    first = files._claimed()
    assert files._claimed() is None
    Attachment.objects.update(due_at=timezone.now())  # the first one was thought dead
    second = files._claimed()
    files._clean(second)
    files._clean(first)
    row = Attachment.objects.get()
    assert row.state == "ready"
    assert row.file.exists()


def test_an_image_erased_while_it_is_cleaned_leaves_nothing(submission, folder, monkeypatch):
    files.keep_files(submission, [IncomingFile("a.png", image("PNG"))])
    clean = image_cleaning.cleaned

    def erased(content, kind):
        submission.lead.delete()
        return clean(content, kind)

    monkeypatch.setattr(image_cleaning, "cleaned", erased)
    files.clean_some()
    assert on_disk(folder) == []
    assert not files.is_due()


def test_a_full_disk_loses_no_message(submission, folder, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (row,) = files.keep_files(submission, [IncomingFile("a.pdf", PDF)])
    assert (row.state, row.problem) == ("refused", files.DISK)
    assert on_disk(folder) == [], "no half of it is left"


def test_a_full_disk_while_cleaning_is_tried_again(submission, folder, monkeypatch):
    (row,) = files.keep_files(submission, [IncomingFile("a.png", image("PNG"))])
    with monkeypatch.context() as patched:
        patched.setattr(files, "_write", lambda content: (_ for _ in ()).throw(OSError(28, "full")))
        files.clean_some()
    row.refresh_from_db()
    assert (row.state, row.tries, row.file.exists()) == ("waiting", 0, True)
    Attachment.objects.update(due_at=timezone.now())
    clean_all()
    assert Attachment.objects.get().state == "ready"


def age(path) -> None:
    old = time.time() - files.FORGOTTEN - 5
    os.utime(path, (old, old))


def test_a_crash_between_file_and_row_leaves_nothing_for_long(submission, folder):
    (row,) = files.keep_files(submission, [IncomingFile("kept.pdf", PDF)])
    files.store([IncomingFile("lost.txt", b"lost")])  # and then the program died
    (folder / "ab").mkdir(exist_ok=True)
    (folder / "ab" / "half.part").write_bytes(b"half")
    assert files.is_time_to_look()
    files.forget_lost()
    assert len(on_disk(folder)) == 3, "fresh ones may still get their row"
    for path in folder.glob("??/*"):
        age(path)
    assert not files.is_time_to_look(), "once an hour"
    age(folder / files.LOOKED)
    assert files.is_time_to_look()
    files.forget_lost()
    assert on_disk(folder) == [PDF]
    assert row.file.exists()


def test_no_folder_no_work(folder):
    assert not files.is_time_to_look()


@pytest.mark.parametrize("how", ["lead", "submission", "all"])
def test_what_is_erased_is_gone_from_the_disk_once_that_is_sure(submission, folder, how):
    files.keep_files(submission, [IncomingFile("a.pdf", PDF), IncomingFile("b.exe", b"MZ\x00")])
    with transaction.atomic():
        Lead.objects.all().delete()
        transaction.set_rollback(True)
    assert on_disk(folder) == [PDF], "it was not erased after all"
    {"lead": submission.lead.delete, "submission": submission.delete, "all": Lead.objects.all().delete}[how]()
    assert on_disk(folder) == []
    assert not Attachment.objects.exists()


def test_erasing_by_the_api_and_in_the_administration(client, submission, folder):
    files.keep_files(submission, [IncomingFile("a.pdf", PDF)])
    page = client.post(f"/admin/leads/lead/{submission.lead_id}/delete/", {"post": "yes"})
    assert page.status_code == 302
    assert on_disk(folder) == []


def test_a_message_and_its_files_come_together_or_not_at_all(transactional_db, folder):
    keep("first", source=LeadSource.PASTE, idempotency_key="form:x")
    stored = files.store([IncomingFile("a.pdf", PDF)])
    with pytest.raises(IntegrityError), transaction.atomic():
        files.attach(keep("again", source=LeadSource.PASTE, idempotency_key="form:x"), stored)
    assert not Attachment.objects.exists()
    files.discard(stored)
    assert on_disk(folder) == []


# ---- giving them to staff --------------------------------------------------------------------------------------------


def test_a_download_is_safe(client, submission):
    name = 'Größe \N{SNOWMAN}"; filename=evil.html.pdf'
    (row,) = files.keep_files(submission, [IncomingFile(name, PDF)])
    answer = client.get(row.get_absolute_url())
    assert b"".join(answer) == PDF
    assert {key: answer[key] for key in answer.headers if key in WANTED} == WANTED
    assert "\n" not in answer["Content-Disposition"]
    assert client.post(row.get_absolute_url()).status_code == 405


WANTED = {
    "Content-Type": "application/pdf",
    "Content-Disposition": "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe%20%E2%98%83_%3B%20filename%3Devil.html.pdf",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Length": str(len(PDF)),
}


def test_nobody_else_gets_it(anonymous, client, submission):
    ready, refused = files.keep_files(submission, [IncomingFile("a.pdf", PDF), IncomingFile("b.exe", b"MZ\x00")])
    assert anonymous.get(ready.get_absolute_url()).status_code == 302
    assert anonymous.get(f"/files/of/{submission.pk}/").status_code == 302
    assert client.get(refused.get_absolute_url()).status_code == 404
    assert client.get("/files/99999999/").status_code == 404
    ready.file.unlink()
    assert client.get(ready.get_absolute_url()).status_code == 404


def test_a_type_that_is_no_longer_known_is_nothing_in_particular(client, submission):
    (row,) = files.keep_files(submission, [IncomingFile("a.pdf", PDF)])
    Attachment.objects.update(content_type="text/html")
    assert client.get(row.get_absolute_url())["Content-Type"] == "application/octet-stream"


def test_the_lead_page_and_the_quarantine_list_them(client, submission):
    page = client.get(submission.lead.get_absolute_url()).content.decode()
    assert "attachments-" not in page
    given = [IncomingFile("letter.docx", docx()), IncomingFile("run.exe", b"MZ\x00"), IncomingFile("<b>.txt", b"x")]
    files.keep_files(submission, given)
    page = client.get(submission.lead.get_absolute_url()).content.decode()
    assert "letter.docx</a>" in page
    assert "Word document" in page
    assert "Not kept: Files of this kind" in page
    assert "<b>.txt" not in page
    held = keep("Buy now", source=LeadSource.WEB_FORM, suspicion="It says so.")
    files.keep_files(held, [IncomingFile("spam.pdf", PDF)])
    assert "spam.pdf</a>" in client.get("/quarantine/").content.decode()


def test_many_files_are_listed_with_as_many_queries_as_one(client, submission):
    held = keep("Buy now", source=LeadSource.WEB_FORM, suspicion="It says so.")

    def queries() -> list[int]:
        found = []
        for address in (submission.lead.get_absolute_url(), "/quarantine/"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found.append(len(captured))
        return found

    files.keep_files(submission, [IncomingFile("a.txt", b"x")])
    files.keep_files(held, [IncomingFile("a.txt", b"x")])
    queries()
    few = queries()
    files.keep_files(submission, [IncomingFile("a.txt", b"x")] * 30)
    files.keep_files(held, [IncomingFile("a.txt", b"x")] * 30)
    assert queries() == few


def test_the_database_holds_the_rules(submission):
    wrong = [
        {"state": "ready", "path": ""},
        {"state": "refused", "path": "files/ab/x", "problem": "x"},
        {"state": "refused", "path": "", "problem": ""},
        {"state": "ready", "path": "files/ab/x", "problem": "x"},
    ]
    for values in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Attachment.objects.create(submission=submission, name="a", size=1, **values)
    Attachment.objects.create(submission=submission, name="a", size=1, state="ready", path="files/ab/x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Attachment.objects.create(submission=submission, name="a", size=1, state="ready", path="files/ab/x")
