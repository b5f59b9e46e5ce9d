"""Staff are told of inquiries by mail: from the worker, once, never of what is in quarantine, and never in a flood."""

import datetime as dt
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from leads import forms_editing, intake, mailing, merges, notices, quarantine, tasks
from leads.forms_definition import default
from leads.models import Event, Lead, LeadSource, Notice, PublicForm, Submission
from leads.values import Contact

ANA = Contact(first_name="Ana", last_name="Lopez", email="ana@lopez.example", phone="+1 415 555 0132")
BRAKES = "My brakes squeal, and I need the car tomorrow. Could you look at it?"


@pytest.fixture
def form(db) -> PublicForm:
    made = forms_editing.make_form("Website", definition=default())
    PublicForm.objects.filter(pk=made.pk).update(notify=["office@elm.example"])
    return PublicForm.objects.get(pk=made.pk)


def send(form, text=BRAKES, contact=ANA, *, as_it_is=False, **changes) -> Submission:
    """An inquiry by the form, as the worker has put it on a lead. `as_it_is`: whatever the spam filter says."""
    submission = intake.keep(text, source=LeadSource.WEB_FORM, contact=contact, form=form, **changes)
    intake.admit_waiting(as_they_are=as_it_is)
    submission.refresh_from_db()
    return submission


def tell() -> None:
    """All that waits is due now."""
    Notice.objects.waiting().update(due_at=timezone.now())
    for _ in range(50):
        if not notices.is_due():
            return
        notices.send_due()
    raise AssertionError("still due")


def read(envelope) -> EmailMessage:
    return message_from_bytes(envelope.content, policy=policy.default)


def text_of(envelope) -> str:
    return read(envelope).get_content()


def somebody(number: int) -> Contact:
    return Contact(first_name=f"Visitor {number}", email=f"v{number}@many.example")


def test_an_inquiry_is_told_with_what_is_needed_to_answer(mailbox, form, settings):
    submission = send(form)
    Lead.objects.update(urgency="high")
    tell()
    (envelope,) = mailbox.taken
    mail = read(envelope)
    assert envelope.rcpt_tos == ["office@elm.example"]
    assert mail["Subject"] == "Ana Lopez wrote (high) · Website"
    assert (mail["From"], mail["Reply-To"]) == ("Elm Street Garage <office@elm.example>", "ana@lopez.example")
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    text = mail.get_content().replace("\r\n", "\n")
    assert text.startswith(
        "Ana Lopez wrote by the form “Website”.\n\nE-mail: ana@lopez.example\nPhone: +1 415 555 0132\nUrgency: High\n\n"
        f"  {BRAKES}\n\nOpen the lead: {settings.SITE_URL}/leads/{submission.lead.public_id}/\n"
    )
    assert "baseCamp doesn’t see it" in text
    notice = Notice.objects.get()
    assert (notice.state, mail["Message-ID"], notice.problem) == ("sent", notice.message_id, "")
    assert Lead.objects.get().first_response_at is None


def test_the_worker_tells_by_itself(mailbox, form, drain, monkeypatch):
    monkeypatch.setattr(notices, "READING", 3600)
    intake.keep(BRAKES, source=LeadSource.WEB_FORM, contact=ANA, form=form)
    tasks.work("basecamp")
    assert (Lead.objects.count(), mailbox.taken) == (1, [])
    drain()
    Notice.objects.update(due_at=timezone.now())
    OrmQ.objects.all().delete()
    notices.ring_if_due()
    assert OrmQ.objects.count() == 1
    tasks.work("basecamp")
    assert len(mailbox.taken) == 1
    assert "Urgency: High" in text_of(mailbox.taken[0])


def test_each_address_gets_its_own_mail_once(mailbox, form):
    PublicForm.objects.update(notify=["a@elm.example", "b@elm.example"])
    submission = send(form)
    tell()
    notices.queue([submission])
    tell()
    assert sorted(envelope.rcpt_tos for envelope in mailbox.taken) == [["a@elm.example"], ["b@elm.example"]]


def test_who_writes_again_is_told_as_such(mailbox, form):
    send(form)
    send(form, "And the clutch, too.")
    tell()
    assert [read(each)["Subject"] for each in mailbox.taken] == [
        "Ana Lopez wrote · Website", "Ana Lopez wrote again · Website",
    ]  # fmt: skip
    assert "It is on the lead that was there." in text_of(mailbox.taken[1])
    assert "And the clutch, too." in text_of(mailbox.taken[1])
    assert Lead.objects.count() == 1


def test_nobody_is_told_of_what_is_in_quarantine_before_it_is_not_spam(mailbox, form):
    held = send(form, suspicion="It filled in a field that people don't see.")
    tell()
    assert (mailbox.taken, held.lead) == ([], None)
    quarantine.decide([held.pk], is_spam=False, actor="olivia")
    intake.admit_waiting()
    tell()
    assert len(mailbox.taken) == 1


def test_a_lead_that_is_marked_as_spam_before_the_mail_leaves_tells_nobody(mailbox, form):
    lead = send(form).lead
    quarantine.mark_lead(lead, actor="olivia")
    tell()
    assert mailbox.taken == []
    quarantine.take_back_lead(lead, actor="olivia")
    tell()
    assert len(mailbox.taken) == 1


def test_tests_samples_and_other_sources_tell_nobody(mailbox, form):
    assert send(form, is_test=True).lead.is_test
    intake.receive("Pasted", source=LeadSource.PASTE, contact=ANA)
    assert not Notice.objects.exists()


def test_without_a_mail_server_nothing_waits_for_one(form):
    send(form)
    assert not Notice.objects.exists()


HOSTILE = Contact(
    first_name="Eve\r\nBcc: victim@x.example\n\n<script>", last_name="\u202egnp.exe\u200b", email="eve@x.example"
)


def test_a_name_smuggles_no_header_and_hides_nothing(mailbox, form):
    send(form, "One\u202e two\x07\r\n.\r\nthree", HOSTILE, as_it_is=True)
    tell()
    (envelope,) = mailbox.taken
    mail = read(envelope)
    assert mail["Bcc"] is None
    assert envelope.rcpt_tos == ["office@elm.example"]
    assert mail["Subject"].strip() == "Eve Bcc: victim@x.example <script> gnp.exe wrote · Website"
    assert "  One two\n  .\n  three\n" in mail.get_content().replace("\r\n", "\n")
    assert not {"\u202e", "\u200b", "\x07"} & set(mail.as_string())


@pytest.mark.parametrize("address", ["", "a@x.example, b@x.example", "a@x.example\nBcc: b@x.example", "x" * 250])
def test_an_odd_address_is_no_address_to_answer_to(mailbox, form, address):
    submission = send(form, contact=Contact(first_name="Eve", phone="+1 415 555 0132"))
    Submission.objects.filter(pk=submission.pk).update(contact={"first_name": "Eve", "email": address})
    tell()
    mail = read(mailbox.taken[0])
    assert (mail["Reply-To"], mail["Bcc"]) == (None, None)
    assert "reaches nobody who asked" in mail.get_content()


def test_a_huge_message_is_cut(mailbox, form):
    send(form, "word " * 30_000 + "\n" * 5000, as_it_is=True)
    tell()
    text = text_of(mailbox.taken[0])
    assert len(text) < 2000
    assert "[…]" in text


def test_after_twenty_mails_in_an_hour_one_tells_of_all_others(mailbox, form):
    for number in range(57):
        intake.keep(f"Question {number}", source=LeadSource.WEB_FORM, contact=somebody(number), form=form)
    intake.admit_waiting()
    assert Notice.objects.count() == 57
    Notice.objects.update(due_at=timezone.now())
    while notices.is_due():
        notices.send_due()
    assert len(mailbox.taken) == 20
    digest = Notice.objects.digests().get()
    assert digest.listed.count() == 37
    assert dt.timedelta(minutes=59) < digest.due_at - timezone.now() <= dt.timedelta(hours=1)
    Notice.objects.filter(state="sent").update(sent_at=timezone.now() - dt.timedelta(minutes=61))
    tell()
    mail = read(mailbox.taken[20])
    assert mail["Subject"] == "37 more inquiries · Website"
    assert "Visitor 20 (v20@many.example)\nQuestion 20\n" in mail.get_content().replace("\r\n", "\n")
    assert "And 7 more." in mail.get_content()
    assert not Notice.objects.exclude(state="sent").exists()
    send(form, "The next hour")
    tell()
    assert len(mailbox.taken) == 22


def test_what_comes_while_the_hour_is_full_joins_the_digest(mailbox, form, monkeypatch):
    monkeypatch.setattr(notices, "MOST_AN_HOUR", 2)
    submissions = [send(form, contact=somebody(number)) for number in range(4)]
    Notice.objects.update(due_at=timezone.now())
    notices.send_due()
    late = send(form, contact=somebody(9))
    Notice.objects.filter(submission=late).update(due_at=timezone.now())
    notices.send_due()
    digest = Notice.objects.digests().get()
    assert set(digest.listed.values_list("submission", flat=True)) == {submissions[2].pk, submissions[3].pk, late.pk}
    # It is due, but the hour is still full.
    Notice.objects.filter(pk=digest.pk).update(due_at=timezone.now())
    notices.send_due()
    assert len(mailbox.taken) == 2
    quarantine.mark_lead(submissions[2].lead, actor="olivia")
    submissions[3].lead.delete()
    Notice.objects.filter(state="sent").update(sent_at=timezone.now() - dt.timedelta(minutes=61))
    tell()
    assert read(mailbox.taken[2])["Subject"] == "1 more inquiry · Website"
    assert Notice.objects.get(submission=submissions[2]).state == "waiting"


def test_a_digest_whose_inquiries_were_erased_says_nothing(mailbox, form, monkeypatch):
    monkeypatch.setattr(notices, "MOST_AN_HOUR", 1)
    send(form)
    send(form, contact=somebody(1))
    Notice.objects.update(due_at=timezone.now())
    notices.send_due()
    assert Notice.objects.digests().count() == 1
    Lead.objects.all().delete()
    tell()
    assert (len(mailbox.taken), Notice.objects.count()) == (1, 0)


def test_an_address_that_was_taken_off_is_not_told(mailbox, form):
    send(form)
    PublicForm.objects.update(notify=["other@elm.example"])
    tell()
    assert (mailbox.taken, Notice.objects.count()) == ([], 0)


def test_a_refused_address_stands_beside_the_setting(client, mailbox, form):
    mailbox.answers["rcpt"] = ["550 5.1.1 No such mailbox"]
    send(form)
    tell()
    (trouble,) = notices.troubles(PublicForm.objects.get())
    assert (trouble.to, trouble.is_waiting) == ("office@elm.example", False)
    assert "550 5.1.1 No such mailbox" in trouble.reason
    assert "550 5.1.1 No such mailbox" in client.get(f"/forms/{form.pk}/").content.decode()
    assert Event.objects.filter(text__contains="office@elm.example").exists()
    send(form, "Again")
    tell()
    assert notices.troubles(PublicForm.objects.get()) == []


def test_while_the_server_is_away_all_wait_and_the_setting_says_so(client, mailbox, form, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    for number in range(3):
        send(form, contact=somebody(number))
    Notice.objects.update(due_at=timezone.now())
    notices.send_due()
    assert not notices.is_due()
    assert set(Notice.objects.values_list("state", flat=True)) == {"waiting"}
    assert "does not answer" in client.get(f"/forms/{form.pk}/").content.decode()
    settings.EMAIL_PORT = port
    tell()
    assert len(mailbox.taken) == 3


def test_what_may_have_left_is_not_sent_again(mailbox, form):
    mailbox.answers["data"] = ["break"]
    send(form)
    tell()
    tell()
    assert len(mailbox.taken) == 1
    assert "may have left" in Notice.objects.get().problem


def test_a_worker_that_died_sends_nothing_twice(mailbox, form):
    send(form)
    notice = Notice.objects.get()
    Notice.objects.update(due_at=timezone.now())
    assert mailing.claim(notice)
    notices.send_due()  # another worker meanwhile
    assert mailbox.taken == []
    Notice.objects.update(due_at=timezone.now())  # the lease ran out
    notices.send_due()
    notice.refresh_from_db()
    assert (mailbox.taken, notice.state) == ([], "failed")


def test_the_link_goes_to_where_the_lead_was_merged_into(mailbox, staff, form):
    first, second = send(form).lead, send(form, contact=somebody(1)).lead
    merges.merge(first, [second], choices={}, actor=staff)
    tell()
    assert all(f"/leads/{first.public_id}/" in text_of(each) for each in mailbox.taken)
    assert len(mailbox.taken) == 2


def test_an_erased_lead_tells_nobody(mailbox, form):
    send(form).lead.delete()
    tell()
    assert mailbox.taken == []


def test_old_notices_are_forgotten(mailbox, form):
    send(form)
    tell()
    assert not Notice.objects.forgotten().exists()
    Notice.objects.update(created_at=timezone.now() - dt.timedelta(days=31))
    assert Notice.objects.forgotten().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once_and_not_too_many(mailbox, form, monkeypatch):
    monkeypatch.setattr(notices, "MOST_AN_HOUR", 6)
    for number in range(10):
        send(form, contact=somebody(number))
    Notice.objects.update(due_at=timezone.now())

    def work() -> None:
        try:
            for _ in range(10):
                notices.send_due()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    inquiries = [text_of(each).split("\r\n\r\n")[0] for each in mailbox.taken]
    assert len(inquiries) == len(set(inquiries))
    assert len(inquiries) + Notice.objects.exclude(digest=None).count() == 10
    # Each worker counts what has left, not what the other is sending just now.
    assert 6 <= len(inquiries) <= 6 + mailing.AT_ONCE
