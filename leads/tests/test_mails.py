# ruff: noqa: E501 - mails as they come
"""What becomes of a mail: a new lead, a message of the one it answers, or set aside with a reason."""

import datetime as dt
import os
import sqlite3
import subprocess
import sys
from email.message import EmailMessage

import pytest
from django.utils import timezone

from leads import intake, mails
from leads.intake import receive
from leads.models import Attachment, Event, IncomingMail, Lead, Reply, Submission
from leads.tests.test_mail_reading import DSN, REPORT
from leads.values import Contact
from tests.stack import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "Hello, the brakes of my Golf squeal since Monday. Could I come on Thursday afternoon?"


@pytest.fixture(autouse=True)
def _own_address(settings):
    settings.DEFAULT_FROM_EMAIL = "Elm Garage <office@elm.example>"


def written(
    number: int = 1,
    text: str = TEXT,
    sender: str = "Ana Lima <ana@example.com>",
    subject: str = "Brakes",
    answers: str = "",
    **headers: str,
) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "office@elm.example", subject
    mail["Message-ID"] = f"<m{number}@example.com>"
    if answers:
        mail["In-Reply-To"] = answers
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def come(*raws: bytes) -> None:
    for raw in raws:
        mails.keep(raw)
    while mails.is_due():
        mails.take_due()
        while intake.admit_waiting():
            pass


def reply_to(lead: Lead, message_id: str = "<r1@elm.example>") -> Reply:
    return Reply.objects.create(
        lead=lead, channel="smtp", state="sent", to=lead.email, subject="x", text="Thursday?", message_id=message_id
    )


def test_an_answer_joins_the_lead_whose_reply_it_answers_whatever_address_it_comes_from():
    come(written())
    lead = Lead.objects.get()
    reply_to(lead)
    come(
        written(
            2,
            "Yes, Thursday.\n\nOn Mon 1:23 Elm wrote:\n> Thursday?\n",
            "ana@work.example",
            "Re: Brakes",
            "<r1@elm.example>",
        )
    )
    first, second = Submission.objects.order_by("id")
    assert second.lead == lead
    assert (second.joined_as, second.text) == ("answer", "Yes, Thursday.")
    assert "> Thursday?" in second.payload["mail"]["text"]
    lead.refresh_from_db()
    assert (lead.email, lead.answer_count) == ("ana@example.com", 1)


def test_another_person_who_answers_changes_nothing_of_the_lead():
    come(written())
    lead = Lead.objects.get()
    reply_to(lead)
    come(
        written(
            2,
            "I am her accountant. Send me the bill, please.",
            "Bob Stone <bob@stone.example>",
            "Re: Brakes",
            "<r1@elm.example>",
        )
    )
    lead.refresh_from_db()
    assert (Lead.objects.count(), lead.name, lead.email) == (1, "Ana Lima", "ana@example.com")
    assert lead.submissions.count() == 2


def test_a_mail_that_answers_an_earlier_one_follows_it_also_when_both_come_at_once():
    come(
        written(),
        written(
            2,
            "One more thing: is Friday possible, too?",
            "Max Lima <max@lima.example>",
            "Re: Brakes",
            "<m1@example.com>",
        ),
    )
    assert Lead.objects.count() == 1
    assert Submission.objects.count() == 2


def test_who_writes_again_joins_by_the_address():
    come(written(), written(2, "Hello again, is there any news about my Golf and its brakes?"))
    assert Lead.objects.get().repeat_count == 1


def test_an_answer_to_a_merged_lead_goes_where_that_went():
    one = receive("Hello, my brakes squeal", source="email", contact=Contact(email="a@example.com"))
    two = receive("Hello, my clutch slips", source="email", contact=Contact(email="b@example.com"))
    reply_to(one)
    Lead.objects.filter(pk=one.pk).update(merged_into=two)
    come(written(answers="<r1@elm.example>", subject="Re: x"))
    assert Submission.objects.latest("id").lead == two


def test_a_bounce_is_told_on_the_lead_and_no_lead_comes_of_it():
    lead = receive("Hello, my brakes squeal", source="email", contact=Contact(email="ana@example.com"))
    reply_to(lead, "<reply-1@elm.example>")
    headers = "From: MAILER-DAEMON@mx.example.com\nSubject: Undelivered\nMessage-ID: <dsn@mx.example.com>\n"
    come((headers + REPORT.format(kind="delivery-status") + "\n" + DSN.format(action="failed")).encode())
    row = IncomingMail.objects.get()
    assert (row.state, row.kind, row.lead) == ("aside", "bounce", lead)
    said = "The reply to ana@example.com could not be delivered: 550 5.1.1 <ana@example.com>: no such user"
    assert Event.objects.get(text__startswith="The reply").text == said
    assert Lead.objects.count() == 1


def test_our_own_mails_and_programs_never_become_leads():
    lead = receive("Hello, my brakes squeal", source="email", contact=Contact(email="ana@example.com"))
    reply_to(lead, "<m4@example.com>")
    come(
        written(1, sender="Elm Garage <office@elm.example>"),
        written(2, X_baseCamp="reply", sender="x@other.example"),
        written(3, Auto_Submitted="auto-generated", sender="office@elm.example", Reply_To="ana@example.com"),
        written(4, sender="Elm <somebody@relay.example>"),
    )
    assert Submission.objects.count() == 1
    assert set(IncomingMail.objects.values_list("kind", flat=True)) == {"loop", "auto_reply"}


def test_what_was_set_aside_is_taken_in_when_somebody_says_so():
    come(written(List_Unsubscribe="<https://x.example/u>"))
    row = IncomingMail.objects.get()
    assert (row.state, row.problem) == ("aside", "It is a newsletter or came through a mailing list.")
    assert mails.take_anyway(row)
    come()
    row.refresh_from_db()
    assert (row.state, row.submission.verdict, row.submission.lead.name) == ("taken", "not_spam", "Ana Lima")
    assert not mails.take_anyway(row)


def test_too_many_of_one_person_within_an_hour_are_set_aside():
    come(*(written(number, f"{TEXT} {number}") for number in range(mails.MOST_AN_HOUR + 3)))
    assert IncomingMail.objects.filter(kind="flood").count() == 3
    assert Submission.objects.count() == mails.MOST_AN_HOUR


def test_spam_by_mail_waits_in_quarantine():
    spam = "Dear sir, we offer SEO backlinks, casino, viagra and crypto. Click http://spam.example now! 100% guaranteed first page"
    come(written(text=spam, sender="Seo Expert <seo@spam.example>", subject="SEO SERVICES CHEAP"))
    assert Submission.objects.get().is_held
    assert not Lead.objects.exists()


def test_files_are_kept_with_the_message():
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = "ana@example.com", "My offer", "<f@example.com>"
    mail.set_content(TEXT)
    mail.add_attachment(
        b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF",
        maintype="application",
        subtype="pdf",
        filename="a.pdf",
    )
    come(mail.as_bytes())
    row = Attachment.objects.get()
    assert (row.name, row.submission) == ("a.pdf", Submission.objects.get())


@pytest.mark.parametrize(
    ("sender", "name", "company"),
    [
        ("Elm Bakery GmbH <a@bakery.example>", "", "Elm Bakery GmbH"),
        ("Ana Lima via Website <a@x.example>", "Ana Lima", ""),
        ("noreply@shop.example", "", ""),
    ],
)
def test_the_senders_name_is_whose_it_is(sender, name, company):
    come(written(sender=sender))
    lead = Lead.objects.get()
    assert (f"{lead.first_name} {lead.last_name}".strip(), lead.company) == (name, company)


@pytest.mark.parametrize("raw", [b"\x00\xff" * 100, b"\n\n", b"From: x", b"Subject: \xd8\x00a\n\n\x00b"])
def test_garbage_is_taken_in_or_set_aside_but_stops_nothing(raw):
    come(raw, written())
    assert not IncomingMail.objects.waiting().exists()
    assert Submission.objects.filter(text__contains="brakes of my Golf").count() == 1


def test_a_mail_that_the_reader_stumbles_over_is_kept_and_blocks_no_other(monkeypatch):
    monkeypatch.setattr("leads.mails._contact", lambda person: 1 / 0 if "ana" in person.address else Contact())
    come(written(), written(2, sender="bob@example.com"))
    assert list(IncomingMail.objects.order_by("id").values_list("state", flat=True)) == ["unreadable", "taken"]


def test_old_mails_are_slimmed_and_those_set_aside_go():
    come(written(), written(2, List_Id="<x.lists.example>"))
    IncomingMail.objects.update(received_at=timezone.now() - dt.timedelta(days=91))
    mails.forget_old()
    row = IncomingMail.objects.get()
    assert (row.content, row.state) == (b"", "taken")
    come(written())
    assert IncomingMail.objects.count() == Submission.objects.count() == 1


def test_erasing_a_lead_erases_its_mails():
    come(written())
    Lead.objects.get().delete()
    assert not IncomingMail.objects.exists()


def test_a_mail_that_ends_its_worker_each_time_is_given_up_and_holds_up_no_other(monkeypatch):
    mails.keep(written(1, "Deadly"))
    mails.keep(written(2))
    read = mails.mail.read

    def die(raw, own):
        if b"Deadly" in raw:
            raise SystemExit
        return read(raw, own)

    monkeypatch.setattr(mails.mail, "read", die)
    for _ in range(mails.TRIES):
        with pytest.raises(SystemExit):
            mails.take_due()
    mails.take_due()
    assert list(IncomingMail.objects.order_by("id").values_list("state", "problem")) == [
        ("unreadable", mails.GIVEN_UP),
        ("taken", ""),
    ]


# ---- the pipe --------------------------------------------------------------------------------------------------------


def piped(raw: bytes, tmp_path, *, url: str = "", migrate: bool = True, options: tuple[str, ...] = ()):
    environment = os.environ | {"DATA_DIR": str(tmp_path), "DATABASE_URL": url}
    if migrate:
        subprocess.run(
            [sys.executable, "manage.py", "migrate"], cwd=ROOT, env=environment, check=True, capture_output=True
        )
    return subprocess.run(
        [sys.executable, "manage.py", "receive_mail", *options],
        cwd=ROOT,
        env=environment,
        input=raw,
        capture_output=True,
    )


def test_a_mail_server_hands_over_a_mail_twice_and_it_is_stored_once(tmp_path):
    for _ in range(2):
        done = piped(b"From ana@example.com Mon\n" + written(), tmp_path, options=("--source", "Website"))
        assert (done.returncode, done.stderr) == (0, b"")
    rows = (
        sqlite3.connect(tmp_path / "basecamp.sqlite3").execute("SELECT label, state FROM leads_incomingmail").fetchall()
    )
    assert rows == [("Website", "waiting")]


def test_while_the_database_is_away_the_mail_server_is_to_try_again(tmp_path):
    done = piped(written(), tmp_path, url="postgres://x@127.0.0.1:9/x", migrate=False)
    assert done.returncode == 75
    assert b"try again later" in done.stderr
    assert b"Traceback" not in done.stderr
    done = piped(written(), tmp_path, migrate=False)  # no tables yet
    assert done.returncode == 75


def test_nothing_on_standard_input_is_no_mail(tmp_path):
    assert piped(b" \n", tmp_path, migrate=False).returncode == 65
