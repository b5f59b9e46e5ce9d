"""Consents: what is recorded, the mail that asks for confirmation, the page behind its link, and who sees it."""

import csv
import datetime as dt
import io
import json
import re
import time
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from django.core import signing
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads import api_keys, consent_mails, consents, form_tokens, forms_editing, mailing, merges, outbox, quarantine
from leads.consent_mails import DENIED, LATELY, NO_ADDRESS, OFTEN
from leads.forms_definition import STANDARD_FIELDS, FieldType, FormField, default
from leads.forms_words import LANGUAGES, say
from leads.forms_words_consent import MAIL, WORDS
from leads.intake import admit_waiting, receive
from leads.models import Consent, ConsentRequest, Event, Lead, PublicForm, StageRun, Submission
from leads.tests.test_quarantine import SPAM
from leads.values import Contact
from leads.views.public_form import _known_form

AGREED = "I agree that you use what I wrote to answer me."
NEWS = "Send me your offers."
FIELDS = (
    *STANDARD_FIELDS,
    FormField("consent", FieldType.CONSENT, AGREED, required=True),
    FormField("news", FieldType.CONSENT, NEWS),
)
TYPED = {"first_name": "Ana", "email": "ana@example.com", "message": "My brakes squeal. Can you look?", "consent": "on"}


@pytest.fixture
def form(transactional_db, staff) -> PublicForm:
    _known_form.cache_clear()
    form = forms_editing.make_form("Website", definition=default(fields=FIELDS, title="Ask our garage"))
    PublicForm.objects.filter(pk=form.pk).update(key="abc", asks_confirmation=True)
    return PublicForm.objects.get(pk=form.pk)


@pytest.fixture
def send(form, monkeypatch):
    """Sends the form as a visitor and returns what was stored; `key`: of another form."""
    now = time.time

    def sent(client: Client | None = None, *, key: str = "abc", admit: bool = True, **changes: str) -> Submission:
        token = form_tokens.new_token(key)
        with monkeypatch.context() as later:
            later.setattr(signing.time, "time", lambda: now() + form_tokens.YOUNGEST + 1)
            answer = (client or Client()).post(f"/f/{key}/", TYPED | {"token": token} | changes)
        assert answer.status_code == 302, answer.content.decode()
        if admit:
            admit_waiting()
        return Submission.objects.order_by("-id").first()

    return sent


def asked(submission: Submission) -> ConsentRequest:
    return ConsentRequest.objects.get(submission=submission)


def due(request: ConsentRequest) -> ConsentRequest:
    ConsentRequest.objects.filter(pk=request.pk).update(due_at=timezone.now())
    outbox.send_due()
    request.refresh_from_db()
    return request


def read(envelope):
    return message_from_bytes(envelope.content, policy=policy.default)


def link_in(envelope) -> str:
    return re.search(r"/consent/\S+/", read(envelope).get_content()).group()


# ---- the record ------------------------------------------------------------------------------------------------------


def test_each_consent_is_recorded_word_by_word(send, form):
    submission = send(admit=False)
    first, second = Consent.objects.order_by("id")
    assert (first.submission, first.form, first.form_name, first.form_version, first.field_key, first.text) == (
        submission, form, "Website", 1, "consent", AGREED,
    )  # fmt: skip
    assert (first.is_given, first.given_at, first.language) == (True, submission.received_at, "en")
    assert (first.is_confirmation_asked, first.confirmed_at, first.stands) == (True, None, False)
    assert (second.text, second.is_given, second.is_confirmation_asked) == (NEWS, False, False)


def test_it_proves_itself_after_the_form_is_gone(send, form):
    submission = send()
    forms_editing.save_draft(
        form,
        replace(form.definition, fields=(*STANDARD_FIELDS, FormField("consent", FieldType.CONSENT, "Something else"))),
        seen=forms_editing.draft_of(form)[1],
        by="olivia",
    )
    forms_editing.publish(form, note="", by="olivia")
    form.delete()
    consent = submission.consents.get(field_key="consent")
    assert (consent.form, consent.form_name, consent.form_version, consent.text) == (None, "Website", 1, AGREED)


def test_without_confirmation_it_stands_at_once(send, form):
    PublicForm.objects.update(asks_confirmation=False)
    _known_form.cache_clear()
    submission = send()
    assert submission.consents.get(field_key="consent").stands
    assert not ConsentRequest.objects.exists()


def test_a_double_click_records_once(form, monkeypatch):
    token, later = form_tokens.new_token("abc"), time.time() + form_tokens.YOUNGEST + 1
    monkeypatch.setattr(signing.time, "time", lambda: later)
    answers = [Client().post("/f/abc/", TYPED | {"token": token}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (Submission.objects.count(), Consent.objects.count()) == (1, 2)


def test_the_record_and_the_inquiry_are_stored_together_or_not_at_all(send, monkeypatch):
    def broken(*args, **options):
        raise RuntimeError("the power went")

    monkeypatch.setattr(consents, "record", broken)
    with pytest.raises(RuntimeError):
        send()
    assert not Submission.objects.exists()


def test_one_more_statement_and_none_for_a_form_without_consents(send, form):
    def inserts() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            send(admit=False)
        return [each["sql"].split('"')[1] for each in queries if each["sql"].startswith('INSERT INTO "leads_')]

    assert [table for table in inserts() if "rate" not in table] == ["leads_submission", "leads_consent"]
    PublicForm.objects.filter(pk=form.pk).get().versions.update(content=default().to_json())
    _known_form.cache_clear()
    assert [table for table in inserts() if "rate" not in table] == ["leads_submission"]


def test_the_database_refuses_a_second_record_and_the_confirmation_of_a_no(send):
    consent = send(admit=False).consents.get(field_key="consent")
    consent.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        consent.save(force_insert=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.filter(is_given=False).update(confirmed_at=timezone.now())


# ---- the mail --------------------------------------------------------------------------------------------------------


def test_the_lead_is_there_at_once_and_the_mail_leaves_once(send, mailbox):
    submission = send(first_name="Buy pills at", last_name="https://pills.example", message="Cheap pills, call me now")
    assert submission.lead is not None
    assert mailbox.taken == []
    outbox.send_due()
    outbox.send_due()
    (mail,) = mailbox.taken
    assert (mail.mail_from, mail.rcpt_tos) == ("office@elm.example", ["ana@example.com"])
    said = read(mail)
    assert (said["Subject"], said["Auto-Submitted"]) == ("Please confirm your consent", "auto-generated")
    text = said.get_content()
    assert AGREED in text
    assert "Ask our garage" in text
    assert NEWS not in text  # it was not agreed to
    assert "pills" not in text, "nothing that was typed"
    request = asked(submission)
    assert (request.state, request.message_id) == ("sent", said["Message-ID"])
    assert Event.objects.filter(lead=submission.lead, text__contains="Asked ana@example.com").count() == 1


def test_a_worker_that_died_between_claim_and_sending(send, mailbox, client):
    request = asked(send())
    assert mailing.claim(request)
    outbox.send_due()
    assert mailbox.taken == []
    assert due(request).state == "failed"  # the lease ran out
    assert mailing.MAY_HAVE_LEFT in request.problem
    lead = request.submission.lead
    client.post(f"{lead.get_absolute_url()}consents/{request.pk}/ask/")
    assert due(request).state == "sent"
    assert len(mailbox.taken) == 1


def test_while_the_mail_server_is_down_the_inquiry_stands_and_the_mail_waits(send, mailbox, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    submission = send()
    request = due(asked(submission))
    assert (request.state, request.problem) == ("waiting", "The mail server 127.0.0.1 does not answer.")
    assert submission.lead.email == "ana@example.com"
    settings.EMAIL_PORT = port
    assert due(request).state == "sent"


def test_a_mail_that_waits_is_not_sent_when_the_consent_was_withdrawn_meanwhile(send, mailbox, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    submission = send()
    request = due(asked(submission))
    settings.EMAIL_PORT = port
    for consent in submission.consents.filter(is_given=True):
        consents.withdraw(consent, actor="olivia")
    assert due(request).state == "waiting"
    assert mailbox.taken == []
    assert not outbox.is_due()


def test_without_a_mail_server_the_inquiry_is_a_lead_and_the_page_says_why(send, client):
    submission = send()
    assert due(asked(submission)).problem == "No mail server is set."
    page = client.get(submission.lead.get_absolute_url()).content.decode()
    assert "The mail that asks to confirm was not sent.</b> No mail server is set." in page
    assert "Send again" in page


def test_a_refused_address_is_said(send, mailbox, client):
    mailbox.answers["rcpt"] = ["550 No such user"]
    submission = send()
    assert due(asked(submission)).state == "failed"
    assert "550 No such user" in client.get(submission.lead.get_absolute_url()).content.decode()


def test_who_gave_no_address_is_not_asked(send, mailbox):
    request = asked(send(email="", phone="+1 512 555 0142"))
    assert (request.state, request.problem) == ("failed", NO_ADDRESS)
    assert not consent_mails.can_ask_again(request)
    outbox.send_due()
    assert mailbox.taken == []


def test_a_strangers_mailbox_cant_be_filled(send, mailbox, staff):
    keys = ["abc", *(f"abc{n}" for n in range(3))]
    for key in keys[1:]:
        other = forms_editing.make_form(key, definition=default(fields=FIELDS))
        PublicForm.objects.filter(pk=other.pk).update(key=key, asks_confirmation=True)
    sent = [send(key=key, email=email) for key in keys for email in ("victim@gmail.com", "Victim+2@Gmail.com")]
    for _ in range(5):
        outbox.send_due()
    problems = [asked(submission).problem for submission in sent]
    assert problems == ["", LATELY, "", LATELY, "", LATELY, OFTEN, OFTEN]
    assert len(mailbox.taken) == 3
    ConsentRequest.objects.update(asked_at=timezone.now() - dt.timedelta(days=1, minutes=1))
    assert asked(send(email="victim@gmail.com")).problem == ""


def test_nobody_is_asked_after_this_wasnt_me(send, mailbox):
    request = asked(send())
    assert consents.deny(request)
    ConsentRequest.objects.update(asked_at=timezone.now() - dt.timedelta(days=30))
    assert asked(send()).problem == DENIED


def test_two_of_one_mailbox_in_one_batch(send, mailbox):
    first, second = send(admit=False), send(admit=False, message="And the clutch slips.")
    admit_waiting()
    assert [asked(each).problem for each in (first, second)] == ["", LATELY]


def test_many_mails_in_an_hour_wait(send, mailbox, monkeypatch):
    monkeypatch.setattr(consent_mails, "MOST_AN_HOUR", 1)
    first = due(asked(send()))
    second = due(asked(send(email="ben@example.com")))
    assert (first.state, second.state) == ("sent", "waiting")
    ConsentRequest.objects.update(sent_at=timezone.now() - dt.timedelta(hours=2))
    assert due(second).state == "sent"


def test_quarantine_asks_nobody_before_not_spam(send, mailbox):
    submission = send(message=SPAM)
    submission.refresh_from_db()
    assert (submission.is_held, submission.lead) == (True, None)
    assert not ConsentRequest.objects.exists()
    quarantine.decide([submission.pk], is_spam=False, actor="olivia")
    admit_waiting()
    assert due(asked(submission)).state == "sent"


def test_a_lead_that_is_marked_as_spam_is_not_asked_until_it_is_back(send, mailbox):
    submission = send()
    quarantine.mark_lead(submission.lead, actor="olivia")
    assert due(asked(submission)).state == "waiting"
    quarantine.take_back_lead(Lead.objects.get(), actor="olivia")
    assert due(asked(submission)).state == "sent"


def test_a_form_that_asks_in_every_language(send, form, mailbox):
    ConsentRequest.objects.all().delete()
    for number, language in enumerate(LANGUAGES):
        version = form.versions.get()
        version.content["language"] = language
        version.save()
        _known_form.cache_clear()
        request = due(asked(send(email=f"ana{number}@example.com")))
        assert request.state == "sent", request.problem
        text = read(mailbox.taken[-1]).get_content()
        assert say(MAIL, language).split("\n")[0] in text
        assert "{" not in text
        page = Client().get(link_in(mailbox.taken[-1]))
        assert page.status_code == 200
        assert f'<html lang="{language}">' in page.content.decode()
        assert AGREED in page.content.decode()


def test_every_word_is_there_in_every_language():
    for english, others in WORDS.items():
        places = set(re.findall(r"{\w+}", english))
        assert len(others) == len(LANGUAGES) - 1
        assert all(set(re.findall(r"{\w+}", other)) == places for other in others), english
        assert all(other.strip() and other != english for other in others)


# ---- the link --------------------------------------------------------------------------------------------------------


@pytest.fixture
def link(send, mailbox) -> str:
    due(asked(send()))
    return link_in(mailbox.taken[0])


def agreed() -> Consent:
    return Consent.objects.get(field_key="consent")


def press(link: str, answer: str) -> str:
    """The page that a pressed button leads to. No cookies, and no token but the link."""
    browser = Client(enforce_csrf_checks=True)
    answered = browser.post(link, {"answer": answer})
    assert (answered.status_code, answered.url) == (302, link)
    page = browser.get(link)
    assert not browser.cookies
    assert page["Cache-Control"].startswith("max-age=0")
    return page.content.decode()


def test_looking_does_not_confirm(link):
    for method in ("get", "head"):
        assert getattr(Client(), method)(link).status_code == 200
    assert agreed().confirmed_at is None
    page = Client().get(link).content.decode()
    assert "Yes, I confirm this" in page
    assert "ana@example.com" not in page
    assert NEWS not in page


def test_the_button_confirms_once(link):
    assert "Your consent is confirmed." in press(link, "confirm")
    first = agreed()
    assert first.stands
    press(link, "confirm")
    assert agreed().confirmed_at == first.confirmed_at
    assert Event.objects.filter(text__contains="Consent confirmed").count() == 1
    assert Consent.objects.get(field_key="news").confirmed_at is None


def test_this_wasnt_me(link):
    assert "It does not count." in press(link, "deny")
    consent = agreed()
    assert (consent.confirmed_at, consent.withdrawn_by, consent.stands) == (None, "", False)
    assert consent.withdrawn_at is not None
    assert "It does not count." in press(link, "confirm")
    assert agreed().confirmed_at is None
    assert Event.objects.filter(text__contains="This wasn’t me").count() == 1


def test_who_confirmed_withdraws(link):
    press(link, "confirm")
    assert "It does not count." in press(link, "withdraw")
    assert agreed().withdrawn_at is not None
    assert Event.objects.filter(text__contains="Consent withdrawn").count() == 1


@pytest.mark.parametrize("answer", ["", "delete", "confirm\x00"])
def test_another_answer_changes_nothing(link, answer):
    press(link, answer)
    assert agreed().is_unconfirmed


def test_an_expired_link(link, monkeypatch):
    later = time.time() + consent_mails.LINK_DAYS * 86_400 + 60
    monkeypatch.setattr(signing.time, "time", lambda: later)
    page = Client().get(link)
    assert (page.status_code, "This link has expired" in page.content.decode()) == (410, True)
    assert "<button" not in page.content.decode()
    Client().post(link, {"answer": "confirm"})
    assert agreed().is_unconfirmed


def test_a_confirmed_consent_stays_when_its_link_expires(link, monkeypatch):
    press(link, "confirm")
    later = time.time() + consent_mails.LINK_DAYS * 86_400 + 60
    monkeypatch.setattr(signing.time, "time", lambda: later)
    page = Client().get(link).content.decode()
    assert "Your consent is confirmed." in page
    assert "<button" not in page


@pytest.mark.parametrize("wrong", ["/consent/x/", "/consent/WzEsImVuIl0:1x:sig/", "/consent/" + "a:" * 400 + "/"])
def test_a_wrong_link(form, wrong):
    page = Client().get(wrong, headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert (page.status_code, "Dieser Link geht nicht" in page.content.decode()) == (404, True)
    assert Client().post(wrong, {"answer": "confirm"}).status_code == 404


def test_a_link_of_another_purpose_is_none(link):
    foreign = signing.dumps([ConsentRequest.objects.get().pk, "en"], salt="something-else")
    assert Client().post(f"/consent/{foreign}/", {"answer": "confirm"}).status_code == 404
    assert agreed().is_unconfirmed


def test_an_erased_lead_leaves_nothing_and_the_link_says_so(link):
    Lead.objects.get().delete()
    assert not Consent.objects.exists()
    assert not ConsentRequest.objects.exists()
    page = Client().get(link)
    assert (page.status_code, "This is no longer here" in page.content.decode()) == (410, True)
    assert Client().post(link, {"answer": "confirm"}).status_code == 410


def test_an_erased_lead_takes_its_mail_along(send, mailbox):
    send().lead.delete()
    outbox.send_due()
    assert mailbox.taken == []


def test_the_link_works_after_the_form_is_gone(link):
    PublicForm.objects.all().delete()
    assert "Your consent is confirmed." in press(link, "confirm")
    assert agreed().stands


# ---- leads that join and merge ---------------------------------------------------------------------------------------


def test_a_message_that_joins_brings_its_consent(send, mailbox, client):
    first = send()
    due(asked(first))
    ConsentRequest.objects.update(asked_at=timezone.now() - dt.timedelta(days=2))
    second = send(message="It is me again")
    due(asked(second))
    assert first.lead == second.lead
    press(link_in(mailbox.taken[1]), "confirm")
    assert [each.consents.get(field_key="consent").stands for each in (first, second)] == [False, True]
    press(link_in(mailbox.taken[0]), "confirm")
    press(link_in(mailbox.taken[0]), "withdraw")  # the same mailbox, the same words
    assert not any(each.consents.get(field_key="consent").stands for each in (first, second))


def test_consents_go_along_with_a_merge_and_back(send, mailbox, staff, client):
    submission = send()
    due(asked(submission))
    absorbed = submission.lead
    other = receive("Hello", source="paste", contact=Contact(email="other@example.com"))
    merge = merges.merge(other, [absorbed], choices={}, actor=staff)[0]
    assert AGREED in client.get(other.get_absolute_url()).content.decode()
    press(link_in(mailbox.taken[0]), "confirm")
    assert Event.objects.filter(lead=other, text__contains="Consent confirmed").exists()
    merges.undo(merge, actor=staff)
    page = client.get(absorbed.get_absolute_url()).content.decode()
    assert AGREED in page
    assert "not confirmed yet" not in page
    assert AGREED not in client.get(other.get_absolute_url()).content.decode()


# ---- what staff see and note -----------------------------------------------------------------------------------------


def test_the_page_says_what_was_agreed_to(send, mailbox, client):
    submission = send()
    page = client.get(submission.lead.get_absolute_url()).content.decode()
    assert "not confirmed yet" in page
    assert "form Website, version 1" in page
    assert f"<b>Not agreed to</b>: “{NEWS}”" in page
    assert "is on its way" in page
    due(asked(submission))
    page = client.get(submission.lead.get_absolute_url()).content.decode()
    assert "Asked ana@example.com to confirm" in page
    assert "Send again" not in page  # they have a day to answer


def test_staff_note_a_withdrawal(send, client):
    submission = send()
    consent = submission.consents.get(field_key="consent")
    url = f"{submission.lead.get_absolute_url()}consents/{consent.pk}/withdraw/"
    assert "Noted: the consent is withdrawn." in client.post(url, follow=True).content.decode()
    client.post(url)
    consent.refresh_from_db()
    assert (consent.withdrawn_by, consent.stands) == ("olivia", False)
    event = Event.objects.get(text__startswith="Consent withdrawn")
    assert (event.actor, event.lead) == ("olivia", submission.lead)
    assert Client().post(url).status_code == 302  # to the login
    refused = submission.consents.get(field_key="news")
    client.post(f"{submission.lead.get_absolute_url()}consents/{refused.pk}/withdraw/")
    refused.refresh_from_db()
    assert refused.withdrawn_at is None


def test_a_consent_of_another_lead_is_not_found(send, client):
    consent = send().consents.first()
    other = receive("Hello", source="paste", contact=Contact(email="other@example.com"))
    assert client.post(f"{other.get_absolute_url()}consents/{consent.pk}/withdraw/").status_code == 404


def test_staff_ask_again_after_a_day_without_an_answer(send, mailbox, client):
    request = due(asked(send()))
    url = f"{request.submission.lead.get_absolute_url()}consents/{request.pk}/ask/"
    assert "It can’t be asked again now." in client.post(url, follow=True).content.decode()
    ConsentRequest.objects.update(sent_at=timezone.now() - dt.timedelta(days=1, minutes=1))
    client.post(url)
    client.post(url)  # a second click
    assert due(request).state == "sent"
    first, second = mailbox.taken
    assert read(first)["Message-ID"] != read(second)["Message-ID"]
    press(link_in(first), "confirm")
    assert not consent_mails.can_ask_again(ConsentRequest.objects.get())


def test_what_stands_in_a_line(send, mailbox):
    submission = send(news="on")
    day = timezone.localtime().date().isoformat()
    assert consents.summary(Consent.objects.all()) == f"not confirmed: {AGREED}\nnot confirmed: {NEWS}"
    consents.confirm(asked(submission))
    consents.withdraw(submission.consents.get(field_key="news"), actor="olivia")
    assert consents.summary(Consent.objects.all()) == f"yes, confirmed {day}: {AGREED}\nwithdrawn {day}: {NEWS}"
    assert consents.summary([]) == ""


def test_a_page_with_many_messages_asks_as_often_as_with_one(send, client):
    lead = send().lead

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{lead.get_absolute_url()}messages/")
        return len(queries)

    count()  # the first page of all asks more
    with_one = count()
    for number in range(5):
        send(message=f"Once more, number {number}")
    assert lead.submissions.count() == 6
    assert count() == with_one


def test_files_and_the_api_tell_what_stands(send, mailbox, client):
    submission = send()
    line = f"yes, confirmed {timezone.localtime().date().isoformat()}: {AGREED}"
    assert "not confirmed: I agree" in client.get("/export/leads.csv").getvalue().decode()
    consents.confirm(asked(submission))
    rows = list(csv.DictReader(io.StringIO(client.get("/export/leads.csv").getvalue().decode("utf-8-sig"))))
    assert [row["Consent"] for row in rows] == [f"{line}\nno: {NEWS}"]
    headers = {"Authorization": f"Bearer {api_keys.create('Shop', scopes=[api_keys.Scope.READ]).text}"}
    told = Client(headers=headers).get(f"/api/v1/leads/{submission.lead.public_id}").json()
    first, second = told["submissions"][0]["consents"]
    assert (first["text"], first["form"], first["form_version"], first["stands"]) == (AGREED, "Website", 1, True)
    assert first["confirmed_at"] is not None
    assert (second["text"], second["is_given"], second["stands"]) == (NEWS, False, False)
    body = {"format": "json", "fields": ["form_consents"]}
    exported = Client(headers=headers).post("/api/v1/leads/export", body, content_type="application/json")
    assert json.loads(exported.getvalue()) == [{"form_consents": f"{line}\nno: {NEWS}"}]


def test_a_file_of_leads_without_consents_has_no_column_for_them(client):
    receive("Hello", source="paste", contact=Contact(email="other@example.com"))
    assert "Consent" not in client.get("/export/leads.csv").getvalue().decode()


def test_the_crm_is_told_of_a_confirmation(send, mailbox):
    submission = send()
    StageRun.objects.all().delete()
    consents.confirm(asked(submission))
    assert list(StageRun.objects.values_list("lead", "stage")) == [(submission.lead.pk, "push")]
    assert consents.summaries([submission.lead.pk])[submission.lead.pk].startswith("yes, confirmed")


# ---- the setting -----------------------------------------------------------------------------------------------------


def save(client: Client, form: PublicForm, **values: str):
    return client.post(f"/forms/{form.pk}/settings/", {"name": "Website", "is_open": "1"} | values, follow=True)


def test_the_setting_counts_at_once(client, form, mailbox):
    save(client, form)
    form.refresh_from_db()
    assert not form.asks_confirmation
    save(client, form, asks_confirmation="1")
    form.refresh_from_db()
    assert form.asks_confirmation


@pytest.mark.parametrize(
    ("fields", "said"),
    [(STANDARD_FIELDS, "asks for no consent"), ([each for each in FIELDS if each.key != "email"], "no e-mail field")],
)
def test_it_cant_be_switched_on_where_nobody_could_be_asked(client, form, mailbox, fields, said):
    PublicForm.objects.update(asks_confirmation=False)
    version = form.versions.get()
    version.content = default(fields=tuple(fields)).to_json()
    version.save()
    assert said in client.get(f"/forms/{form.pk}/").content.decode()
    assert said in save(client, form, asks_confirmation="1").content.decode()
    form.refresh_from_db()
    assert not form.asks_confirmation


def test_without_a_mail_server_it_stays_as_it_is_and_says_so(client, form):
    page = client.get(f"/forms/{form.pk}/").content.decode()
    assert "It is on, but nobody can be asked. No mail server is set" in page
    save(client, form, asks_confirmation="1")
    form.refresh_from_db()
    assert form.asks_confirmation
    save(client, form)
    form.refresh_from_db()
    assert not form.asks_confirmation
    assert "No mail server is set" in save(client, form, asks_confirmation="1").content.decode()
