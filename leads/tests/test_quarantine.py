"""The quarantine: suspects become no leads until somebody says so, and every answer can be taken back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import quarantine
from leads.intake import admit_waiting, keep, receive
from leads.models import Lead, Reply, SpamLesson, StageRun, Submission
from leads.values import Contact

SPAM = (
    "Hi, I checked your website and it does not rank. We offer SEO services with guaranteed first page of Google and "
    "1000 dofollow backlinks. https://a.example https://b.example https://c.example"
)
GENUINE = "Hello, my brakes squeal when I stop. Could you look at the car on Friday morning?"
ANA = Contact(first_name="Ana", email="ana@example.com")


def sent(text: str, source: str = "web_form", contact: Contact = ANA) -> Submission:
    submission = keep(text, source=source, contact=contact)
    admit_waiting()
    submission.refresh_from_db()
    return submission


def test_spam_waits_with_its_reasons_and_a_genuine_inquiry_becomes_a_lead(transactional_db):
    spam, genuine = sent(SPAM), sent(GENUINE)
    assert (spam.lead, spam.is_held, spam.verdict) == (None, True, "suspect")
    assert "It has 3 links." in spam.spam_reasons
    assert "It says “backlinks”." in spam.spam_reasons
    assert spam.spam_score > 0
    assert (genuine.lead.email, genuine.is_held, genuine.verdict, genuine.spam_reasons) == (
        "ana@example.com",
        False,
        "",
        [],
    )
    assert not Submission.objects.waiting().exists()
    assert not Submission.objects.stuck().exists()


@pytest.mark.parametrize("source", ["paste", "api", "csv_import"])
def test_what_staff_and_their_programs_bring_is_not_judged(transactional_db, source):
    assert sent(SPAM, source).lead is not None


def test_not_spam_becomes_a_lead_and_spam_stays(drain, client):
    first, second = sent(SPAM), sent(SPAM + " Reply now")
    page = client.get("/quarantine/").content.decode()
    assert "It has 3 links." in page
    assert "Quarantine" in page
    assert "2<span" in page  # the count in the navigation
    answer = client.post("/quarantine/decide/", {"answer": f"not_spam:{first.pk}"}, follow=True)
    assert "1 marked as not spam" in answer.content.decode()
    client.post("/quarantine/decide/", {"answer": "spam", "submission": [second.pk]})
    admit_waiting()
    drain()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.verdict, first.is_held, first.lead.email) == ("not_spam", False, "ana@example.com")
    assert first.lead.runs.filter(stage="extract", state="succeeded").exists()
    assert (second.verdict, second.is_held, second.lead) == ("spam", True, None)
    assert Lead.objects.count() == 1
    assert "marked as spam by olivia" in client.get("/quarantine/?show=spam").content.decode()
    assert "ana@example.com" in client.get("/quarantine/?show=not_spam").content.decode()


def test_an_answer_is_taken_back_with_what_it_taught(drain, client):
    spam = sent(SPAM)
    client.post("/quarantine/decide/", {"answer": f"not_spam:{spam.pk}"})
    admit_waiting()
    drain()
    assert SpamLesson.objects.count() == 1
    client.post("/quarantine/decide/", {"answer": "take_back", "submission": [spam.pk]})
    spam.refresh_from_db()
    assert (spam.verdict, spam.is_held, SpamLesson.objects.count()) == ("suspect", True, 0)
    assert spam.lead.quarantined_at is not None
    assert not Lead.objects.standing().exists()
    quarantine.decide([spam.pk], is_spam=False, actor="olivia")
    assert Lead.objects.standing().get() == Submission.objects.get().lead


def test_the_filter_learns_from_answers(transactional_db):
    text = "Dear neighbour, our parish choir sings on Sunday and we collect old pianos in the whole county for it."
    first = sent(text)
    assert first.lead is not None
    quarantine.mark_lead(first.lead, actor="olivia")
    again = sent(text.replace("Sunday", "Monday"), contact=Contact(email="other@example.com"))
    assert again.is_held
    assert "It resembles what was marked as spam here." in again.spam_reasons
    assert sent(GENUINE).lead is not None
    quarantine.take_back([first.pk], actor="olivia")
    quarantine.decide([again.pk], is_spam=False, actor="olivia")
    assert sent(text, contact=Contact(email="third@example.com")).lead is not None


def test_a_lead_marked_as_spam_leaves_everything_and_comes_back(drain, client):
    lead = receive(GENUINE, source="web_form", contact=ANA)
    reply = Reply.objects.create(lead=lead, channel="smtp", state="waiting", text="Yes", sent_by="olivia")
    page = client.post(f"/leads/{lead.public_id}/spam/", {"answer": "spam"}, follow=True).content.decode()
    assert "In quarantine as spam" in page
    lead.refresh_from_db()
    assert lead.quarantined_at is not None
    assert not StageRun.objects.pending().filter(lead=lead).exists()
    assert not Reply.objects.due().exists()
    assert "ana@example.com" not in client.get("/").content.decode()
    quarantined = client.get("/quarantine/?show=spam").content.decode()
    assert "ana@example.com" in quarantined
    client.post(f"/leads/{lead.public_id}/spam/", {"answer": "take_back"})
    drain()
    lead.refresh_from_db()
    assert lead.quarantined_at is None
    assert lead.runs.filter(stage="score", state="succeeded").exists()
    reply.refresh_from_db()
    assert reply.state != "waiting", "the mail that waited is tried after all"
    assert list(lead.submissions.values_list("verdict", "is_held")) == [("", False)]
    told = [event.text for event in lead.events.order_by("id")]
    assert told[:2] == ["Put into quarantine as spam", "Taken out of quarantine"]


def test_a_lead_set_aside_while_a_stage_works_on_it_goes_no_further(drain):
    lead = receive(GENUINE, source="web_form", contact=ANA)
    StageRun.objects.filter(lead=lead).update(state="running")
    quarantine.mark_lead(lead, actor="olivia")
    StageRun.objects.filter(lead=lead).update(state="pending")
    drain()
    assert not StageRun.objects.filter(lead=lead).exists()


def test_copies_of_a_text_from_others_count_against_it(transactional_db):
    text = "Please consider our wonderful product line of garden gnomes for your shop, we deliver anywhere."
    one, *_, last = [sent(text, contact=Contact(email=f"n{n}@example.com")) for n in range(4)]
    assert one.spam_score < last.spam_score
    same = [sent(GENUINE) for _ in range(4)]
    assert len({each.spam_score for each in same}) == 1, "one person who writes twice is no reason"


def test_many_submissions_are_screened_in_as_many_queries_as_one(transactional_db):
    def queries(count: int) -> int:
        for n in range(count):
            keep(SPAM, source="web_form", contact=Contact(email=f"n{n}@example.com"))
        with CaptureQueriesContext(connection) as captured:
            admit_waiting()
        return len(captured)

    assert queries(1) == queries(30)


def test_the_page_takes_the_same_queries_for_1_and_30(client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/quarantine/").status_code == 200
        return len(captured)

    sent(SPAM)
    queries()
    one = queries()
    for n in range(29):
        keep(SPAM, source="web_form", contact=Contact(email=f"n{n}@example.com"))
    admit_waiting()
    assert queries() == one <= 9
    assert 'rel="next"' in client.get("/quarantine/").content.decode()


def test_hostile_answers_change_nothing(client, anonymous):
    spam = sent(SPAM)
    assert client.post("/quarantine/decide/", {"answer": "delete"}).status_code == 400
    assert client.get("/quarantine/decide/").status_code == 405
    assert (
        client.post("/quarantine/decide/", {"answer": "spam", "submission": ["x", "999999999999"]}).status_code == 302
    )
    assert client.get("/quarantine/?page=-1&show=<b>&undo=x").status_code == 200
    assert anonymous.post("/quarantine/decide/", {"answer": f"spam:{spam.pk}"}).url.startswith("/login/")
    spam.refresh_from_db()
    assert spam.verdict == "suspect"
