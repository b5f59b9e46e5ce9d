"""Other programs are told of leads: signed, in order, each change once, against a real server."""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from crm_sync import outgoing
from crm_sync.models import OutgoingMessage, OutgoingRecord, OutgoingWebhook
from crm_sync.standard_webhooks import signature
from leads import facts, pipeline, quarantine, vault
from leads.models import Lead
from leads.tasks import work

from .test_push import inquire

pytestmark = pytest.mark.usefixtures("transactional_db")


class Receiver(ThreadingHTTPServer):
    """Takes messages, and answers what it is told to: 204 when nothing is left of `answers`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[dict] = []
        self.tries: list[tuple[str, str]] = []
        self.answers: list[int] = []
        self.secret = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def told(self) -> list[tuple[str, str]]:
        return [(message["type"], message["data"].get("company", "")) for message in self.taken]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        ours, stamp = self.headers["webhook-id"], int(self.headers["webhook-timestamp"])
        wanted = signature(self.server.secret, message_id=ours, timestamp=stamp, body=body)
        code = 401 if wanted != self.headers["webhook-signature"] else 204
        code = self.server.answers.pop(0) if self.server.answers else code
        self.server.tries.append((ours, json.loads(body)["type"]))
        if code < 300:
            self.server.taken.append(json.loads(body))
        self.send_response(code)
        if code == 302:
            self.send_header("Location", self.server.url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def webhook(receiver: Receiver, settings) -> OutgoingWebhook:
    settings.AIRTABLE_WAIT = 0
    made, receiver.secret = outgoing.add(name="Automation", url=receiver.url)
    return made


def tell() -> None:
    """As a worker does, all of it, and what waits for another try is due."""
    OutgoingMessage.objects.update(due_at=timezone.now())
    for _ in range(10):
        if not outgoing.is_due():
            return
        outgoing.work()


def change(lead: Lead, company: str) -> None:
    facts.change_value(lead, field="company", value=company, actor="olivia")


def test_the_signature_is_the_standard_s():
    """The example of the specification's reference implementation."""
    assert signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330,
        body='{"test": 2432232314}',
    ) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="  # fmt: skip


def test_new_and_changed_leads_are_told_once_each(receiver, webhook):
    (lead,) = inquire(company="Acme", first_name="Ana", email="ana@example.com")
    tell()
    (message,) = receiver.taken
    assert (message["type"], message["data"]["lead_id"]) == ("lead.created", str(lead.public_id))
    assert (message["data"]["email"], message["data"]["name"]) == ("ana@example.com", "Ana")
    assert message["data"]["message"] == "Inquiry 0"
    change(lead, "Beta")
    tell()
    Lead.objects.update(updated_at=timezone.now())  # touched, and nothing that is told has changed
    tell()
    assert receiver.told() == [("lead.created", "Acme"), ("lead.updated", "Beta")]
    assert set(OutgoingMessage.objects.values_list("state", "body")) == {("sent", "")}


def test_the_worker_tells_beside_its_other_work(receiver, webhook):
    inquire(company="Acme")
    pipeline.ring("basecamp")
    work("basecamp")
    assert receiver.told() == [("lead.created", "Acme")]


def test_half_typed_values_are_not_told(receiver, webhook, settings):
    settings.AIRTABLE_WAIT = 10
    (lead,) = inquire(company="A")
    change(lead, "Acme")
    tell()
    assert receiver.taken == []
    OutgoingWebhook.objects.update(seen_until=timezone.now() - dt.timedelta(minutes=1))
    Lead.objects.update(updated_at=timezone.now() - dt.timedelta(seconds=11))
    tell()
    assert receiver.told() == [("lead.created", "Acme")]


def test_an_address_that_is_away_gets_everything_in_order_later(receiver, webhook):
    receiver.answers = [503, 500, 429]
    first, second = inquire(2, company="Acme")
    tell()
    change(first, "Beta")
    for _ in range(3):
        tell()
    assert receiver.told() == [("lead.created", "Acme"), ("lead.created", "Acme"), ("lead.updated", "Beta")]
    ids = [message_id for message_id, _ in receiver.tries]
    assert len(ids) == 6
    assert len(set(ids)) == 3, "a message keeps its id at every try"
    waits = OutgoingMessage.objects.order_by("id").first()
    assert (waits.attempts, waits.state, waits.answer) == (3, "sent", "HTTP 204")


def test_a_message_that_is_refused_holds_up_none_of_the_others(receiver, webhook):
    receiver.answers = [422]
    first, _ = inquire(2, company="Acme")
    tell()
    assert receiver.told() == [("lead.created", "Acme")]
    refused = OutgoingMessage.objects.get(state="failed")
    assert (refused.lead, refused.answer) == (first, "HTTP 422")
    change(first, "Beta")
    tell()
    outgoing.tell_again(webhook, is_refused_only=True)
    tell()
    assert receiver.told()[1:] == [("lead.updated", "Beta"), ("lead.updated", "Beta")]


@pytest.mark.parametrize("code", [302, 401, 403, 404, 410])
def test_what_is_wrong_with_the_address_costs_no_message(receiver, webhook, code):
    """A secret that was changed, a page that moved: it is tried again, and 410 pauses at once. No redirect is taken."""
    receiver.answers = [code]
    inquire(2, company="Acme")
    tell()
    webhook.refresh_from_db()
    assert len(receiver.tries) == 1
    assert bool(webhook.pause_reason) == (code == 410)
    assert set(OutgoingMessage.objects.values_list("state", flat=True)) == {"waiting"}
    outgoing.resume(webhook)
    tell()
    assert receiver.told() == [("lead.created", "Acme")] * 2


def test_an_address_that_never_answers_is_paused_with_the_reason(receiver, webhook):
    receiver.answers = [500] * outgoing.GIVE_UP_AFTER
    inquire(company="Acme")
    for _ in range(outgoing.GIVE_UP_AFTER + 2):
        tell()
    webhook.refresh_from_db()
    assert len(receiver.tries) == outgoing.GIVE_UP_AFTER
    assert webhook.pause_reason.endswith("It last answered: HTTP 500")
    outgoing.resume(webhook)
    tell()
    assert receiver.told() == [("lead.created", "Acme")]


def test_merged_and_erased_leads_are_told_without_their_values(receiver, webhook):
    kept, gone = inquire(2, company="Acme")
    tell()
    Lead.objects.filter(pk=gone.pk).update(merged_into=kept, updated_at=timezone.now())
    tell()
    assert receiver.taken[-1]["type"] == "lead.merged"
    assert receiver.taken[-1]["data"] == {"lead_id": str(gone.public_id), "merged_into": str(kept.public_id)}
    receiver.answers = [503]
    change(kept, "Beta")
    tell()
    kept.delete()
    assert not OutgoingMessage.objects.exclude(body="").exists(), "what was to be told of an erased person goes, too"
    tell()
    assert [message["type"] for message in receiver.taken[3:]] == ["lead.deleted", "lead.deleted"]
    assert receiver.taken[-2]["data"] == {"lead_id": str(kept.public_id)}
    assert not OutgoingRecord.objects.exists()


def test_samples_stay_here_and_two_workers_tell_once(receiver, webhook):
    (sample,) = inquire(company="Acme")
    Lead.objects.update(is_sample=True)
    tell()
    assert receiver.taken == []
    Lead.objects.update(is_sample=False, updated_at=timezone.now())
    OutgoingWebhook.objects.update(busy_until=timezone.now() + dt.timedelta(seconds=30))
    tell()
    assert receiver.taken == [], "another worker is at it"
    OutgoingWebhook.objects.update(busy_until=timezone.now())
    tell()
    assert receiver.told() == [("lead.created", "Acme")]


def test_many_leads_changed_at_the_same_moment_are_all_told(receiver, webhook, monkeypatch):
    monkeypatch.setattr(outgoing, "AT_ONCE", 7)
    inquire(20, company="Acme")
    Lead.objects.update(updated_at=timezone.now())
    tell()
    assert len({message["data"]["lead_id"] for message in receiver.taken}) == 20
    outgoing.tell_again(webhook, is_refused_only=False)
    tell()
    assert [kind for kind, _ in receiver.told()] == ["lead.created"] * 20 + ["lead.updated"] * 20


# ---- the page --------------------------------------------------------------------------------------------------------


def test_an_address_is_added_tried_paused_and_removed_in_the_browser(client, receiver, settings):
    settings.AIRTABLE_WAIT = 0
    page = client.post("/crm/outgoing/", {"name": "Automation", "url": receiver.url}).content.decode()
    webhook = OutgoingWebhook.objects.get()
    receiver.secret = vault.unseal(webhook.secret)
    assert receiver.secret in page
    assert receiver.secret not in client.get("/crm/outgoing/").content.decode()

    def do(what: str) -> str:
        return client.post(f"/crm/outgoing/{webhook.pk}/", {"do": what}, follow=True).content.decode()

    assert "took the test message: HTTP 204" in do("test")
    receiver.answers = [500]
    assert "did not take the test message: HTTP 500" in do("test")
    assert "Paused by olivia" in do("pause")
    inquire(company="Acme")
    tell()
    assert receiver.told() == [("test", "")]
    assert "Paused" not in do("resume")
    tell()
    assert receiver.told()[-1] == ("lead.created", "Acme")
    before = receiver.secret
    receiver.secret = vault.unseal(OutgoingWebhook.objects.get().secret)
    assert do("secret").count("whsec_") == 2
    assert vault.unseal(OutgoingWebhook.objects.get().secret) != before
    do("remove")
    assert not OutgoingWebhook.objects.exists()
    assert client.post("/crm/outgoing/99/", {"do": "test"}).status_code == 404


@pytest.mark.parametrize("url", ["ftp://example.com/x", "javascript:alert(1)", "example", ""])
def test_what_is_no_address_is_refused_beside_the_field(client, url):
    page = client.post("/crm/outgoing/", {"name": "Mine", "url": url}).content.decode()
    assert 'id="url-error"' in page
    assert 'value="Mine"' in page
    assert not OutgoingWebhook.objects.exists()


def test_only_admins_may_look(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("sam", password="x"))
    assert client.get("/crm/outgoing/").status_code == 403
    assert client.post("/crm/outgoing/", {"name": "Mine", "url": "https://example.com"}).status_code == 403


def test_what_turns_out_to_be_spam_is_told_as_deleted_and_when_it_comes_back_as_new(receiver, webhook):
    (lead,) = inquire(company="Acme")
    tell()
    quarantine.mark_lead(lead, actor="olivia")
    tell()
    quarantine.take_back_lead(lead, actor="olivia")
    tell()
    assert receiver.told() == [("lead.created", "Acme"), ("lead.deleted", ""), ("lead.created", "Acme")]
