"""Mail that leaves: a mail server takes it, refuses it, or dies in the middle."""

import datetime as dt
import smtplib
import uuid
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from leads import mailing, merges, outbox, replies
from leads.intake import receive
from leads.mail.kinds import MARK
from leads.models import Event, Lead, Reply
from leads.replies import CannotReply
from leads.values import Contact
from tests.leads_at_hand import apart

TEXT = "Hello Mark,\n\nGrüße, and thank you. …\n.\nA line with a point alone stands above."


@pytest.fixture
def lead(db) -> Lead:
    return receive("What do pads cost?", source="paste", contact=Contact(first_name="Mark", email="mark@lee.example"))


def queue(lead: Lead, **changes) -> Reply:
    values = {"to": lead.email, "subject": "Your inquiry", "text": TEXT, "key": uuid.uuid4(), "actor": "olivia"}
    reply = replies.send(lead, **(values | changes))
    Reply.objects.filter(pk=reply.pk).update(due_at=timezone.now())
    reply.refresh_from_db()
    return reply


def due(reply: Reply) -> Reply:
    Reply.objects.filter(pk=reply.pk).update(due_at=timezone.now())
    outbox.send_due()
    reply.refresh_from_db()
    return reply


def test_it_leaves_once(mailbox, lead):
    reply = queue(lead)
    outbox.send_due()
    outbox.send_due()
    (mail,) = mailbox.taken
    assert (mail.mail_from, mail.rcpt_tos) == ("office@elm.example", ["mark@lee.example"])
    read = message_from_bytes(mail.content, policy=policy.default)
    assert (read["Message-ID"], read[MARK]) == (reply.message_id, "sent")
    assert (read["From"], read["To"], read["Subject"]) == (
        "Elm Street Garage <office@elm.example>", "mark@lee.example", "Your inquiry",
    )  # fmt: skip
    assert read.get_content().replace("\r\n", "\n").strip() == TEXT
    reply.refresh_from_db()
    lead.refresh_from_db()
    assert (reply.state, reply.attempts, lead.status) == ("sent", 1, "working")
    assert lead.first_response_at == reply.sent_at
    assert lead.first_response_at >= lead.received_at


def test_the_timeline_shows_what_was_sent(mailbox, lead, client):
    queue(lead)
    outbox.send_due()
    page = client.get(lead.get_absolute_url()).content.decode()
    assert "Replied by e-mail to mark@lee.example" in page
    assert "A line with a point alone" in page
    assert "answered after" in page


def test_it_waits_to_be_taken_back(mailbox, lead):
    reply = replies.send(lead, to=lead.email, subject="", text=TEXT, key=uuid.uuid4(), actor="olivia")
    outbox.send_due()
    assert replies.take_back(reply)
    due(queue(lead))
    assert len(mailbox.taken) == 1
    assert not replies.take_back(Reply.objects.get())
    assert Reply.objects.get().state == "sent"


def test_a_second_click_is_the_same_mail(mailbox, lead):
    key = uuid.uuid4()
    assert queue(lead, key=key) == queue(lead, key=key, text="Twice")
    outbox.send_due()
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_a_server_that_is_busy_is_tried_again(mailbox, lead, step):
    mailbox.answers[step] = ["451 Greylisted, try again later"]
    reply = due(queue(lead))
    assert reply.state == "waiting"
    assert "451 Greylisted" in reply.problem
    assert reply.due_at > timezone.now()
    assert due(reply).state == "sent"
    assert len(mailbox.taken) == 1


def test_no_server_is_waited_for_and_given_up_in_the_end(mailbox, lead, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    reply = due(queue(lead))
    assert (reply.state, reply.problem) == ("waiting", "The mail server 127.0.0.1 does not answer.")
    for _ in range(outbox.REPLIES.give_up_after):
        reply = due(reply)
    assert reply.state == "failed"
    assert Event.objects.filter(text="The reply to mark@lee.example could not be sent").count() == 1
    settings.EMAIL_PORT = port
    assert replies.try_again(reply)
    assert due(reply).state == "sent"
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize(("step", "answer"), [("rcpt", "550 No such user"), ("data", "554 Looks like spam")])
def test_a_refusal_is_final(mailbox, lead, step, answer):
    mailbox.answers[step] = [answer]
    reply = due(queue(lead))
    assert reply.state == "failed"
    assert answer in reply.problem
    assert Lead.objects.get().first_response_at is None


def test_what_may_have_left_is_not_sent_again(mailbox, lead):
    mailbox.answers["data"] = ["break"]
    reply = due(queue(lead))
    assert reply.state == "failed"
    assert mailing.MAY_HAVE_LEFT in reply.problem
    due(reply)
    assert len(mailbox.taken) == 1
    replies.confirm(reply, actor="olivia")  # a person looked: it had arrived
    assert Lead.objects.get().first_response_at is not None


def test_a_worker_that_died_while_sending(mailbox, lead):
    reply = queue(lead)
    assert mailing.claim(reply)
    outbox.send_due()  # another worker, meanwhile
    reply.refresh_from_db()
    assert reply.state == "sending"
    reply = due(reply)  # the lease ran out
    assert reply.state == "failed"
    assert "baseCamp was stopped" in reply.problem
    assert mailbox.taken == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": " \n "}, "empty"),
        ({"text": "x" * 30_000}, "too long"),
        ({"to": "other@lee.example"}, "has changed"),
    ],
)
def test_what_cant_be_sent(mailbox, lead, changes, said):
    with pytest.raises(CannotReply, match=said):
        queue(lead, **changes)
    assert not Reply.objects.exists()


def test_a_subject_can_smuggle_no_header(mailbox, lead):
    due(queue(lead, subject="Hello\r\nBcc: victim@x.example\n\nBody"))
    (mail,) = mailbox.taken
    read = message_from_bytes(mail.content, policy=policy.default)
    assert read["Bcc"] is None
    assert mail.rcpt_tos == ["mark@lee.example"]


@pytest.mark.parametrize("address", ["", "mark@lee.example, victim@x.example", "mark@lee.example\nBcc: v@x.example"])
def test_an_odd_address(mailbox, lead, address):
    Lead.objects.update(email=address)
    with pytest.raises(CannotReply, match="no e-mail address"):
        queue(lead, to=address)


def test_without_a_mail_server(lead, settings):
    with pytest.raises(CannotReply, match="No mail server"):
        queue(lead)


def test_the_clock_follows_a_merge(mailbox, staff, lead):
    other = apart("Again me", contact=Contact(email="mark@lee.example"))
    due(queue(lead))
    first = Lead.objects.get(pk=lead.pk).first_response_at
    made = merges.merge(other, [lead], choices={}, actor=staff)
    assert Lead.objects.get(pk=other.pk).first_response_at == first
    merges.undo(made[0], actor=staff)
    assert Lead.objects.get(pk=other.pk).first_response_at is None
    assert Lead.objects.get(pk=lead.pk).first_response_at == first


def test_a_lead_that_was_erased_takes_its_mail_along(mailbox, lead):
    reply = queue(lead)
    lead.delete()
    outbox.send_due()
    assert mailbox.taken == []
    assert not Reply.objects.filter(pk=reply.pk).exists()


def test_the_bell_rings_for_what_is_due(mailbox, lead, django_capture_on_commit_callbacks):
    from django_q.models import OrmQ

    OrmQ.objects.all().delete()
    reply = queue(lead)
    Reply.objects.update(due_at=timezone.now() + dt.timedelta(minutes=1))
    outbox.ring_if_due()
    assert not OrmQ.objects.exists()
    Reply.objects.filter(pk=reply.pk).update(due_at=timezone.now())
    outbox.ring_if_due()
    assert OrmQ.objects.count() == 1


def test_while_the_server_is_away_one_try_is_enough(mailbox, lead, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    other = receive("Hello", source="paste", contact=Contact(email="ana@lee.example"))
    replied = [queue(each) for each in (lead, other)]
    outbox.send_due()
    assert sorted(Reply.objects.values_list("attempts", flat=True)) == [0, 1]
    assert not Reply.objects.due().exists()
    settings.EMAIL_PORT = port
    assert [due(reply).state for reply in replied] == ["sent", "sent"]


def test_two_people_answer_at_once(mailbox, lead):
    queue(lead)
    with pytest.raises(CannotReply, match="on its way"):
        queue(lead, text="Another one")


@pytest.mark.parametrize(("code", "state"), [(454, "waiting"), (421, "waiting"), (535, "failed")])
def test_a_mail_server_that_lets_nobody_in_for_now_is_tried_again(mailbox, lead, settings, monkeypatch, code, state):
    def refuse(self, *args, **options):
        raise smtplib.SMTPAuthenticationError(code, b"4.7.0 Too many login attempts")

    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = "office"
    monkeypatch.setattr(smtplib.SMTP, "login", refuse)
    assert due(queue(lead)).state == state
