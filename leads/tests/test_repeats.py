"""Who writes again is on one lead: the message joins, the lead says so and comes first."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from leads import facts, intake, merges
from leads.models import ContactPoint, FieldValue, Lead, StageRun, Submission
from leads.values import Contact

ANA = Contact(first_name="Ana", last_name="Silva", email="ana@example.com")


def write(text: str = "Hello", contact: Contact = ANA, **more: object) -> Lead:
    return intake.receive(text, source="web_form", contact=contact, **more)


def again(**changes: str) -> Contact:
    return Contact(**{"first_name": "Ana", "last_name": "Silva", "email": "ana@example.com"} | changes)


@pytest.mark.parametrize(
    "contact",
    [
        ANA,
        again(first_name="", last_name=""),
        again(email="ANA+garage@example.com"),
        again(first_name="A."),
        again(phone="+15125550142"),
    ],
)
def test_the_same_person_writes_again_on_the_same_lead(db, contact):
    lead = write("My brakes squeal.")
    StageRun.objects.update(state="succeeded")
    assert write("When can I come?", contact) == lead
    lead.refresh_from_db()
    first, second = lead.submissions.all()
    assert (first.joined_as, second.joined_as) == ("", "repeat")
    assert (lead.repeat_count, lead.last_message_at, lead.received_at) == (1, second.received_at, first.received_at)
    assert lead.events.filter(text="Wrote again: Web form").count() == 1
    assert list(lead.runs.values_list("stage", "state")) == [("extract", "pending")]
    assert "when can i come?" in lead.search_text


@pytest.mark.parametrize(
    "contact",
    [
        again(first_name="Bruno", last_name="Costa"),
        again(email="other@example.com"),
        Contact(first_name="Ana", last_name="Silva"),
        Contact(),
    ],
)
def test_anything_less_begins_a_lead_of_its_own(db, contact):
    lead = write()
    assert write("Hello again", contact) != lead
    assert Lead.objects.filter(repeat_count=0).count() == 2


def test_who_could_be_two_people_is_nobody_of_them(db):
    first = write("Hello", again(phone="+15125550142", email=""))
    second = write("Hello", again(email="silva@example.com"))
    assert write("Hello", again(phone="+15125550142", email="silva@example.com")) not in (first, second)


def test_messages_that_came_together_end_on_one_lead(db):
    for text in ("One", "Two", "Three"):
        intake.keep(text, source="web_form", contact=ANA)
    intake.keep("Four", source="web_form", contact=Contact(first_name="Ben", email="ben@example.com"))
    assert intake.admit_waiting()
    ana, ben = Lead.objects.order_by("pk")
    assert [submission.text for submission in ana.submissions.all()] == ["One", "Two", "Three"]
    assert (ana.repeat_count, ben.repeat_count) == (2, 0)


def test_what_is_typed_anew_stands_but_not_over_what_staff_decided(db):
    lead = write(contact=again(company="Acme"))
    with transaction.atomic():
        facts.change_value(lead, field="company", value="Acme & Söhne", actor="olivia")
    write("Again", again(company="Beta", phone="+15125550142"))
    lead.refresh_from_db()
    assert (lead.company, lead.phone) == ("Acme & Söhne", "+15125550142")
    assert [value.value for value in FieldValue.objects.filter(lead=lead, field="company").suggested()] == ["Beta"]


def test_whoever_gives_another_address_is_still_found_by_the_old_one(db):
    lead = write(contact=again(phone="+15125550142"))
    assert write("New address", again(email="ana@new.example", phone="+15125550142")) == lead
    assert ContactPoint.objects.filter(lead=lead, key="ana@example.com").exists()
    assert write("From the old one", again()) == lead


def test_a_merged_lead_s_person_writes_to_where_it_went(db, django_user_model):
    olivia: User = django_user_model.objects.create_user("olivia")
    lead, other = write(), write("Hi", Contact(first_name="Anna", email="anna@work.example"))
    merges.merge(other, [lead], choices={}, actor=olivia)
    assert write("Me again") == other
    other.refresh_from_db()
    assert other.repeat_count == 1


def test_samples_neither_join_nor_are_joined(db):
    sample = write(is_sample=True)
    assert write() != sample
    assert write(is_sample=True).pk not in (sample.pk, Lead.objects.get(is_sample=False).pk)


def test_the_inbox_shows_it_first_and_finds_it(client):
    lead = write("First")
    write("Other", Contact(first_name="Ben", email="ben@example.com"))
    write("Second")
    page = client.get("/").content.decode()
    assert page.index("Ana Silva") < page.index("Ben")
    assert "Repeat" in page[page.index("Ana Silva") : page.index("Ben")]
    found = client.get("/?repeat=1").content.decode()
    assert "Ana Silva" in found
    assert ">Ben<" not in found
    assert "Wrote again" in client.get(lead.get_absolute_url()).content.decode()


def test_erased_with_its_lead(db):
    write()
    write("Again").delete()
    assert not Submission.objects.exists()


def test_two_workers_put_one_person_on_one_lead(transactional_db):
    for at in range(12):
        intake.keep(f"Message {at}", source="web_form", contact=ANA)

    def work(_: int) -> None:
        try:
            while Submission.objects.waiting().exists():
                intake._admit_alone(Submission.objects.waiting().order_by("?").first().pk)
        except AttributeError:
            pass  # the other one was quicker
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work, range(2)))
    assert Lead.objects.get().submissions.count() == 12
