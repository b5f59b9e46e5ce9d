"""What staff do with a reply besides sending it: copied, opened elsewhere, answered in another way."""

import pytest

from leads import replies
from leads.intake import receive
from leads.models import Lead, Reply
from leads.replies import CannotReply
from leads.values import Contact


@pytest.fixture
def lead(db) -> Lead:
    return receive("What do pads cost?", source="paste", contact=Contact(email="mark@lee.example"))


@pytest.mark.parametrize("channel", [Reply.Channel.COPY, Reply.Channel.MAIL_PROGRAM])
def test_what_was_taken_along_stops_the_clock_once_a_person_says_that_it_left(lead, channel):
    taken = {"channel": channel, "to": lead.email, "subject": "s", "actor": "olivia"}
    replies.take_along(lead, text="One", **taken)
    reply = replies.take_along(lead, text="Two", **taken)
    lead.refresh_from_db()
    assert (lead.first_response_at, lead.status) == (None, "new")
    assert Reply.objects.get().text == "Two"  # copied twice is one reply
    replies.confirm(reply, actor="mia")
    replies.confirm(reply, actor="ben")
    lead.refresh_from_db()
    reply.refresh_from_db()
    assert (reply.state, reply.sent_by, lead.status) == ("sent", "mia", "working")
    assert lead.first_response_at == reply.sent_at
    assert not replies.take_back(reply)


def test_not_sent_after_all(lead):
    reply = replies.take_along(lead, channel="copy", to="", subject="", text="One", actor="olivia")
    assert replies.take_back(reply)
    assert not Reply.objects.exists()


def test_answered_in_another_way(lead):
    replies.mark_answered(lead, actor="olivia")
    first = Lead.objects.get().first_response_at
    replies.mark_answered(lead, actor="olivia")
    assert Lead.objects.get().first_response_at == first
    assert Lead.objects.get().status == "working"


def test_a_lead_further_on_keeps_its_status(lead):
    Lead.objects.update(status="qualified")
    replies.mark_answered(lead, actor="olivia")
    assert Lead.objects.get().status == "qualified"


def test_nothing_to_take_along(lead):
    with pytest.raises(CannotReply):
        replies.take_along(lead, channel="copy", to="", subject="", text=" ", actor="olivia")


def page(client, lead: Lead, what: str = "", **data) -> str:
    url = f"/ai/leads/{lead.public_id}/reply/"
    response = client.post(f"{url}{what}", data, headers={"HX-Request": "true"}) if what else client.get(url)
    return response.content.decode()


def test_the_page_from_copy_to_answered(client, lead):
    assert "not answered yet" in page(client, lead)
    assert "Send to" not in page(client, lead)  # no mail server is set
    assert "mailto:mark%40lee.example?subject=" in page(client, lead)
    said = page(client, lead, "leave/", do="copied", text="My words", subject="s")
    assert "Has it been sent?" in said
    assert ">My words</textarea>" in said
    reply = Reply.objects.get()
    said = page(client, lead, f"{reply.pk}/", do="left")
    assert "first answered after" in said
    assert "My words" in said  # what was sent
    assert ">My words</textarea>" not in said


def test_what_was_typed_is_not_lost_when_it_cant_be_sent(client, lead):
    said = page(client, lead, "leave/", do="send", text="My words", to=lead.email, key="no uuid")
    assert "No mail server is set" in said
    assert ">My words</textarea>" in said


def test_without_javascript(client, lead):
    url = f"/ai/leads/{lead.public_id}/reply/leave/"
    response = client.post(url, {"do": "answered", "text": ""})
    assert response.url == f"{lead.get_absolute_url()}#reply"
    assert Lead.objects.get().first_response_at is not None


def test_garbage(client, lead):
    url = f"/ai/leads/{lead.public_id}/reply/"
    assert client.post(f"{url}leave/", {"do": "\x00", "text": "\x00" * 9, "key": "x"}).status_code == 302
    assert client.post(f"{url}999/", {"do": "left"}).status_code == 404
    assert client.post(f"{url}leave/", {"do": "copied", "text": "x" * 50_000}).status_code == 302
