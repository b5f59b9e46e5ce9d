"""The pages where admins add mailboxes and see what became of each mail."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads import imap, intake, mail_tokens, mails, vault
from leads.models import IncomingMail, Mailbox, Submission
from leads.tests.test_mails import written
from tests.servers import dovecot

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def shared():
    with dovecot.running() as running:
        yield running


@pytest.fixture
def typed(shared, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(shared.certificate))
    return {
        "name": "Office", "host": "localhost", "port": shared.port, "security": "tls", "user": dovecot.USER,
        "auth": "password", "password": dovecot.PASSWORD,
    }  # fmt: skip


@pytest.fixture
def box(client, typed):
    client.post("/mailboxes/make/", typed)
    return Mailbox.objects.get()


def test_the_empty_page_says_what_to_do(client):
    page = client.get("/mailboxes/").content.decode()
    assert "No mailbox is looked into yet" in page
    assert "receive_mail" in page


def test_a_mailbox_is_tried_added_and_started(client, typed, shared):
    answer = client.post("/mailboxes/make/", typed, follow=True)
    box = Mailbox.objects.get()
    page = answer.content.decode()
    assert answer.redirect_chain == [(f"/mailboxes/{box.pk}/", 302)]
    assert "Choose its folders below first" in page
    assert dovecot.PASSWORD not in page
    assert (box.is_active, vault.unseal(box.secret), box.folder_names) == (False, dovecot.PASSWORD, ["INBOX"])
    client.post(f"/mailboxes/{box.pk}/folders/", {"folder": ["INBOX", "Made up"], "name": "INBOX", "label": "Post"})
    box.refresh_from_db()
    assert (box.is_active, [(each.name, each.label) for each in box.folders.all()]) == (True, [("INBOX", "Post")])


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"password": "wrong"}, "password", "refuses the user name or password"),
        ({"password": ""}, "password", "Type in the password."),
        ({"host": "no-such-host.invalid"}, "host", "There is no server named no-such-host.invalid"),
        ({"host": "https://localhost/"}, "host", "That is no server name."),
        ({"port": 9}, "host", "Nobody answers on this port"),
        ({"port": 99999}, "port", "less than or equal to 65535"),
        ({"auth": "oauth"}, "client_id", "OAuth needs it."),
        ({"name": ""}, "name", "This field is required."),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_nothing_is_kept(client, typed, change, field, said):
    answer = client.post("/mailboxes/make/", typed | change)
    assert answer.status_code == 422
    assert said in answer.context["form"].errors[field][0]
    assert not Mailbox.objects.exists()
    assert dovecot.PASSWORD not in answer.content.decode()


def test_the_same_account_is_added_once(client, typed, box):
    answer = client.post("/mailboxes/make/", typed)
    assert answer.context["form"].errors["user"] == ["This mailbox is in the list already."]
    assert Mailbox.objects.count() == 1


def test_the_kept_password_is_used_again_but_never_for_another_server(client, typed, box):
    kept = typed | {"password": ""}
    assert client.post(f"/mailboxes/{box.pk}/change/", kept | {"name": "Front desk"}).status_code == 302
    box.refresh_from_db()
    assert (box.name, vault.unseal(box.secret)) == ("Front desk", dovecot.PASSWORD)
    answer = client.post(f"/mailboxes/{box.pk}/change/", kept | {"host": "127.0.0.1"})
    assert answer.status_code == 422
    assert "Type it in again" in answer.context["form"].errors["password"][0]


def test_it_is_tested_paused_gone_on_with_and_removed(client, box):
    do = f"/mailboxes/{box.pk}/do/"
    assert "The connection works: 1 folder." in client.post(do, {"do": "test"}, follow=True).content.decode()
    for what, is_active in (("resume", True), ("pause", False)):
        client.post(do, {"do": what})
        assert Mailbox.objects.get().is_active == is_active
    mails.keep(written(), mailbox=box)
    client.post(do, {"do": "remove"})
    assert (Mailbox.objects.count(), IncomingMail.objects.count()) == (0, 1)


def test_a_folder_that_is_looked_into_is_no_place_to_move_mails_to(client, box):
    wrong = {"folder": "INBOX", "move_to": "INBOX"}
    page = client.post(f"/mailboxes/{box.pk}/folders/", wrong, follow=True).content.decode()
    assert "Not saved" in page
    assert not box.folders.exists()


def test_what_was_set_aside_is_listed_and_taken_in(client):
    mails.keep(written(subject="50% off", List_Id="<shop.lists.example>"))
    mails.take_due()
    row = IncomingMail.objects.get()
    page = client.get("/mailboxes/mails/").content.decode()
    assert "50% off" in page
    assert "It is a newsletter" in page
    for _ in range(2):  # a double click
        client.post(f"/mailboxes/mails/{row.pk}/take/")
    mails.take_due()
    while intake.admit_waiting():
        pass
    assert Submission.objects.get().lead is not None
    assert "Nothing was set aside" in client.get("/mailboxes/mails/").content.decode()
    assert "Open the lead" in client.get("/mailboxes/mails/?show=all").content.decode()


def test_a_mail_is_given_out_as_a_file_that_no_browser_runs(client):
    row, _ = mails.keep(b"From: x@y.example\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>")
    answer = client.get(f"/mailboxes/mails/{row.pk}/")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"<script>" in answer.content


def test_the_lead_shows_subject_sender_and_the_whole_mail(client):
    answer = "Yes, do so.\n\nOn Mon 1:23 Elm <office@elm.example> wrote:\n> Shall we order the part?\n"
    mails.keep(written(text=answer, subject="<b>Brakes</b>"), label="Website")
    mails.take_due()
    while intake.admit_waiting():
        pass
    page = client.get(Submission.objects.get().lead.get_absolute_url()).content.decode()
    assert "E-mail: &lt;b&gt;Brakes&lt;/b&gt;" in page
    assert "Ana Lima &lt;ana@example.com&gt;" in page
    assert "Website" in page
    assert "Shall we order the part?" in page


@pytest.mark.parametrize("count", [1, 30])
def test_the_lists_ask_as_often_for_one_as_for_many(client, django_assert_max_num_queries, count):
    for number in range(count):
        mails.keep(written(number, List_Id="<x.lists.example>"))
        Mailbox.objects.create(name=f"Box {number}", host="h.example", user="u")
    with django_assert_max_num_queries(9):
        client.get("/mailboxes/mails/?show=all")
    with django_assert_max_num_queries(9):
        client.get("/mailboxes/")


def test_only_owners_see_mailboxes(box):
    User.objects.create_user("sam", password="x")
    staff = Client()
    staff.force_login(User.objects.get(username="sam"), backend="django.contrib.auth.backends.ModelBackend")
    row, _ = mails.keep(written())
    for address in ("", f"{box.pk}/", "mails/", f"mails/{row.pk}/"):
        assert staff.get(f"/mailboxes/{address}").status_code == 403
    for address in ("make/", f"{box.pk}/change/", f"{box.pk}/do/", f"{box.pk}/folders/", f"mails/{row.pk}/take/"):
        assert staff.post(f"/mailboxes/{address}").status_code == 403


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://xn--/", "valid URL"),
        ("http://tokens.example/?://localhost", "must begin with https://"),
        ("http://localhost.tokens.example/", "must begin with https://"),
    ],
)
def test_a_token_address_that_is_none_is_said(client, typed, url, said):
    oauth = {"auth": "oauth", "client_id": "basecamp", "refresh_token": "r", "token_url": url}
    answer = client.post("/mailboxes/make/", typed | oauth)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize("url", ["https://tokens..example/", "https://xn--/", "https://[::1"])
def test_a_token_address_without_a_server_is_away(url):
    box = Mailbox(token_url=url, secret=vault.seal("r"), client_secret=vault.seal(""))
    with pytest.raises(imap.Away, match="does not answer"):
        mail_tokens.access_token(box)
