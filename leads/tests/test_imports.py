import csv
import io

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import post_init
from django.utils import timezone

from leads import facts, import_checking, imports, intake, pipeline, tasks
from leads.models import Event, FieldValue, Import, ImportRow, Lead, StageRun, Submission
from leads.models.pipeline import STAGES
from leads.values import Contact

TABLE = (
    "First name,Last name,Email,Phone,Vehicle,Notes\n"
    "Ana,Silva,ana@example.com,512-555-0142,2015 Honda Civic,My brakes squeal.\n"
    "Bo,Chen,bo@example,,,Bad address\n"
    "ana,silva,ANA@example.com,,,Any news?\n"
    "Carla,Diaz,known@example.com,,Ford,A further wish\n"
    ",,,,,\n"
    "Marco,Silva,ana@example.com,,,Another person in one mailbox\n"
    "Dee,,dee@example.com,,,,too,many\n"
)


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def upload(client, text=TABLE, name="contacts.csv"):
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())
    client.post("/imports/", {"file": file})
    return Import.objects.latest("id")


def work(source):
    for _ in range(100):
        if not imports.is_due():
            break
        imports.do_some()
    source.refresh_from_db()
    return source


def press(client, source, action, **data):
    answer = client.post(f"/imports/{source.pk}/{action}/", data)
    assert answer.status_code == 302
    source.refresh_from_db()
    return answer


def checked(client, text=TABLE, **data):
    source = upload(client, text)
    columns = {f"column-{at}": key for at, key in enumerate(source.columns)}
    press(client, source, "check", **columns, **data)
    return work(source)


def imported(client, text=TABLE, **data):
    source = checked(client, text, **data)
    press(client, source, "start")
    return work(source)


def fates(source):
    return [(row.number, row.fate, row.first_number, row.reason) for row in source.rows.order_by("number")]


def known_lead(**contact):
    return intake.receive("I was here before.", source="web_form", contact=Contact(**contact))


def test_an_upload_is_kept_privately_and_its_columns_proposed(client):
    source = upload(client)
    assert (source.state, source.rows_total, source.has_header) == ("mapping", 6, True)
    assert source.columns == ["first_name", "last_name", "email", "phone", "vehicle", "message"]
    path = settings.DATA_DIR / source.path
    assert path.read_bytes() == TABLE.encode()
    assert path.stat().st_mode & 0o077 == 0
    page = client.get(source.get_absolute_url())
    assert "My brakes squeal." in page.content.decode()


def test_the_preview_says_what_becomes_of_each_row(client):
    lead = known_lead(first_name="Carla", last_name="Diaz", email="known@example.com")
    source = checked(client)
    assert source.state == "ready"
    assert fates(source) == [
        (1, "create", None, ""),
        (2, "refused", None, "“bo@example” is no e-mail address."),
        (3, "join", 1, ""),
        (4, "join", None, ""),
        (5, "create", None, ""),
        (6, "refused", None, "It has 8 cells, the table 6: is a quote mark missing?"),
    ]
    assert source.rows.get(number=4).lead == lead
    assert Lead.objects.count() == 1
    shown = client.get(source.get_absolute_url()).content.decode()
    assert "Joins row 1" in shown
    assert "is no e-mail address" in shown
    only = client.get(f"{source.get_absolute_url()}?show=refused").content.decode()
    assert "Joins row 1" not in only


def test_rows_become_leads_with_their_values_and_raw_cells(client):
    lead = known_lead(first_name="Carla", last_name="Diaz", email="known@example.com")
    source = imported(client)
    assert source.state == "done"
    assert not list((settings.DATA_DIR / "imports").iterdir())
    ana = Lead.objects.get(first_name="Ana")
    assert (ana.source, ana.email, ana.phone) == ("csv_import", "ana@example.com", "512-555-0142")
    vehicle = FieldValue.objects.get(lead=ana, field="vehicle")
    assert (vehicle.value, vehicle.origin, vehicle.state) == ("2015 Honda Civic", "submitter", "current")
    assert ana.submissions.first().text == "My brakes squeal."
    assert ana.submissions.count() == 2
    raw = ana.submissions.first().payload
    assert raw["cells"] == ["Ana", "Silva", "ana@example.com", "512-555-0142", "2015 Honda Civic", "My brakes squeal."]
    assert (raw["row"], raw["file"]) == (1, "contacts.csv")
    assert lead.submissions.count() == 2
    assert "Vehicle: Ford" in lead.submissions.last().text
    assert Event.objects.filter(lead=lead, text__contains="contacts.csv").exists()
    assert Lead.objects.filter(first_name="Marco").exists()
    assert list(source.rows.made().values_list("cells", flat=True)) == [[]] * 4


def test_an_address_book_is_imported(client):
    cards = "BEGIN:VCARD\nVERSION:4.0\nFN:Ana Silva\nEMAIL:ana@example.com\nNOTE:Brakes\nEND:VCARD\n"
    source = imported(client, cards + "BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n")
    assert source.has_vcards
    lead = Lead.objects.get()
    assert (lead.first_name, lead.last_name, lead.email) == ("Ana", "Silva", "ana@example.com")
    assert lead.submissions.get().text == "Brakes"
    assert source.rows.refused().get().reason == "It has no name, no e-mail, no phone and no message."


def test_erasing_a_lead_leaves_nothing_of_it_in_the_import(client):
    source = imported(client)
    assert "Ana Silva" in client.get(source.get_absolute_url()).content.decode()
    Lead.objects.get(first_name="Ana").delete()
    kept = [str(row) for row in source.rows.exclude(fate="refused").values()]
    assert not [row for row in kept if "ana" in row.lower()]
    shown = client.get(source.get_absolute_url()).content.decode()
    assert "The lead is no more" in shown
    assert "Ana Silva" not in shown


def test_known_people_can_be_left_out_or_made_anew(client):
    known_lead(first_name="Carla", last_name="Diaz", email="known@example.com")
    source = checked(client, known_leads="skip")
    assert source.rows.get(number=4).reason == "“Carla Diaz” is a lead already."
    imported(client, known_leads="create")
    assert Lead.objects.filter(email="known@example.com").count() == 2


def test_refused_rows_come_back_as_a_file_with_their_reasons(client):
    source = imported(client, TABLE + "=cmd|' /C calc'!A0,,x@,,,\n")
    answer = client.get(f"/imports/{source.pk}/refused.csv")
    table = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert table[0] == ["First name", "Last name", "Email", "Phone", "Vehicle", "Notes", "Reason"]
    assert table[1] == ["Bo", "Chen", "bo@example", "", "", "Bad address", "“bo@example” is no e-mail address."]
    assert table[2][6:] == ["It has 8 cells, the table 6: is a quote mark missing?", "too", "many"]
    assert table[3][0] == "'=cmd|' /C calc'!A0"


def test_undoing_removes_what_nobody_touched_and_takes_messages_back(client, staff):
    lead = known_lead(first_name="Carla", last_name="Diaz", email="known@example.com")
    source = imported(client)
    facts.change_value(Lead.objects.get(first_name="Marco"), field="company", value="Acme", actor="olivia")
    press(client, source, "undo")
    work(source)
    assert source.state == "undone"
    assert list(Lead.objects.order_by("id").values_list("first_name", flat=True)) == ["Carla", "Marco"]
    assert lead.submissions.count() == 1
    states = dict(source.rows.exclude(fate="refused").values_list("number", "state"))
    assert states == {1: "undone", 3: "undone", 4: "undone", 5: "kept"}
    shown = client.get(source.get_absolute_url()).content.decode()
    assert "because somebody worked on the lead since" in shown


def test_what_was_read_from_a_message_goes_with_it(client, drain):
    lead = known_lead(first_name="Carla", last_name="Diaz", email="known@example.com")
    source = imported(client, "Name,Email,Notes\nCarla Diaz,known@example.com,Please call me at (512) 555-0199.\n")
    drain()
    assert FieldValue.objects.current().filter(lead=lead, field="phone").exists()
    press(client, source, "undo")
    work(source)
    drain()
    assert not FieldValue.objects.current().filter(lead=lead, field="phone").exists()
    lead.refresh_from_db()
    assert lead.phone == ""
    assert "5550199" not in lead.search_text


def test_imported_leads_pass_the_pipeline_also_without_a_message(client, drain):
    imported(client, "Name,Email\nAna Silva,ana@example.com\nBo Chen,bo@example.com\n")
    drain()
    assert Lead.objects.filter(quality_score__isnull=False).count() == 2


def test_a_worker_that_dies_between_two_batches_leaves_nothing_out_and_nothing_twice(client, monkeypatch):
    text = "Name,Email\n" + "".join(f"Ana {n},ana{n}@example.com\n" for n in range(250))
    source = checked(client, text)
    press(client, source, "start")
    held = imports._claimed()
    steps = imports._steps(held)
    next(steps)  # one batch is committed; the worker dies
    assert Lead.objects.count() == 100
    assert not imports.is_due()
    Import.objects.update(lease_until=timezone.now())
    work(source)
    assert source.state == "done"
    assert Lead.objects.count() == Submission.objects.count() == 250
    with pytest.raises(StopIteration):
        next(steps)  # the dead one wakes up: the work is no longer its own
    assert Lead.objects.count() == 250


def test_a_workers_shift_goes_on_with_the_import(client, transactional_db):
    source = checked(client, "Name,Email\nAna Silva,ana@example.com\nBo Chen,bo@example.com\n")
    press(client, source, "start")
    tasks.work("basecamp")
    source.refresh_from_db()
    assert (source.state, Lead.objects.count(), source.claim) == ("done", 2, None)


def test_a_fresh_inquiry_ends_the_piece(client):
    text = "Name,Email\n" + "".join(f"Ana {n},ana{n}@example.com\n" for n in range(250))
    source = checked(client, text)
    press(client, source, "start")
    intake.keep("Is anybody there?", source="web_form")
    imports.do_some()
    assert Lead.objects.count() == 100


def test_fresh_inquiries_pass_every_stage_before_an_import(client, drain):
    imported(client, "Name,Email,Notes\n" + "".join(f"Ana {n},a{n}@example.com,Hello {n}\n" for n in range(70)))
    fresh = known_lead(first_name="Zoe", email="zoe@example.com")
    extract = STAGES["extract"]
    assert fresh.pk in [run.lead_id for run in pipeline.claim(extract)]
    StageRun.objects.update(state="pending", claim=None, lease_until=None)
    pipeline.run_batch(extract)
    later = StageRun.objects.filter(stage="score")
    assert set(later.filter(can_wait=False).values_list("lead", flat=True)) == {fresh.pk}
    assert later.filter(can_wait=True).count() == extract.batch_size - 1
    drain()
    assert not StageRun.objects.unfinished().exclude(stage__in=["enrich", "push"]).exists()
    assert pipeline.oldest_due_age() == 0


def test_a_row_that_cannot_be_stored_is_refused_alone(client, monkeypatch):
    source = checked(client, "Name,Email\nAna Silva,ana@example.com\nBo Chen,bo@example.com\n")
    source.rows.filter(number=2).update(cells=["Bo Chen", "no address"])
    press(client, source, "start")
    work(source)
    assert list(Lead.objects.values_list("first_name", flat=True)) == ["Ana"]
    assert source.rows.get(number=2).fate == "refused"


def test_a_batch_that_broke_is_made_row_by_row_from_what_is_stored(client):
    """A later row must not join a lead whose id a rolled-back lead had."""
    text = "Name,Email\nAna Silva,ana@example.com\nAna Silva,ana@example.com\nBo Chen,bo@example.com\nX,x@example.com\n"
    source = checked(client, text)
    source.rows.filter(number=1).update(fate="refused")  # its follower makes a lead of its own
    source.rows.filter(number=4).update(first_number=3, cells=["X", "no address"])  # breaks after the leads are made
    press(client, source, "start")
    work(source)
    assert sorted(Lead.objects.values_list("first_name", flat=True)) == ["Ana", "Bo"]
    assert [lead.submissions.count() for lead in Lead.objects.all()] == [1, 1]
    assert source.rows.get(number=4).fate == "refused"


def test_a_quote_mark_that_is_never_closed_is_told(client):
    source = checked(client, 'Name,Email\nBo Chen,bo@example.com\n"Ana Silva,ana@example.com\n' + "More,rows\n" * 2_000)
    assert fates(source) == [
        (1, "create", None, ""),
        (2, "refused", None, "“Name” is longer than 10,000 characters: is a quote mark missing?"),
    ]


def test_strangers_with_one_address_are_compared_with_the_first_alone(client):
    names = ("Ana Silva", "Bo Chen", "Carla Diaz", "Omar Haddad", "Mei Wong")
    rows = [f"{names[n % 5]},none@example.com\n" for n in range(1_000)]
    source = checked(client, "Name,Email\n" + "".join(rows))
    assert source.rows.filter(fate="join").exclude(first_number=1).count() == 0
    built = []
    post_init.connect(count := lambda **kwargs: built.append(1), sender=ImportRow)
    import_checking._earlier(source, [ImportRow(source=source, email_key="none@example.com")])
    post_init.disconnect(count, sender=ImportRow)
    assert len(built) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [(b"", "empty"), (b"\n\n", "no row"), (b"Name,Email\n", "only a row of headers")],
)
def test_what_is_no_table_is_refused_in_plain_words(client, text, words):
    answer = client.post("/imports/", {"file": SimpleUploadedFile("x.csv", text)})
    assert words in answer.content.decode()
    assert not Import.objects.exists()
    folder = settings.DATA_DIR / "imports"
    assert not folder.exists() or not list(folder.iterdir())


def test_no_file_is_told(client):
    assert "Choose a file first." in client.post("/imports/").content.decode()


def test_columns_that_say_nothing_or_the_same_are_refused(client):
    source = upload(client)
    press(client, source, "check", **{"column-0": "vehicle"})
    assert source.state == "mapping"
    press(client, source, "check", **{"column-0": "email", "column-1": "email"})
    assert source.state == "mapping"


def test_another_encoding_is_read_anew(client):
    source = upload(client, "Name;E-Mail\nJürgen;j@example.de\n".encode("cp1252"))
    assert source.sample[0][0] == "Jürgen"
    press(client, source, "read", encoding="cp1251", separator=";", has_header="1")
    assert source.sample[0][0] == "Jьrgen"
    press(client, source, "read", encoding="nonsense", separator=";")
    assert source.encoding == "cp1251"


def test_columns_can_be_changed_after_the_preview(client):
    source = checked(client)
    press(client, source, "again")
    assert (source.state, source.rows.count(), source.rows_read) == ("mapping", 0, 0)


def test_progress_polls_itself_and_then_reloads_the_page(client):
    source = checked(client)
    press(client, source, "start")
    part = client.get(source.get_absolute_url(), headers={"HX-Request": "true"})
    assert "0 of 4 rows imported" in part.content.decode()
    assert "<html" not in part.content.decode()
    work(source)
    assert client.get(source.get_absolute_url(), headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_forgetting_deletes_file_and_rows_and_keeps_leads(client):
    source = imported(client)
    client.post(f"/imports/{source.pk}/forget/")
    assert (Import.objects.count(), ImportRow.objects.count()) == (0, 0)
    assert Lead.objects.filter(first_name="Ana").exists()


def test_pages_need_a_login_and_changes_a_post(client, anonymous):
    source = upload(client)
    assert anonymous.get("/imports/").status_code == 302
    assert anonymous.get(f"/imports/{source.pk}/refused.csv").status_code == 302
    for action in ("read", "check", "again", "start", "undo", "forget"):
        assert client.get(f"/imports/{source.pk}/{action}/").status_code == 405


def test_the_preview_asks_as_many_questions_for_one_row_as_for_thirty(client, django_assert_num_queries):
    small = checked(client, "Name,Email\nAna 0,ana0@example.com\n")
    large = checked(client, "Name,Email\n" + "".join(f"Ana {n},ana{n}@example.com\n" for n in range(30)))
    client.get(small.get_absolute_url())
    with django_assert_num_queries(count_of(client, small)):
        client.get(large.get_absolute_url())


def count_of(client, source):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        client.get(source.get_absolute_url())
    return len(captured)
