import json

import phonenumbers
import pytest

from leads import samples
from leads.fields import CONTACT
from leads.intake import receive
from leads.models import Lead, LeadSource, StageRun, Submission

INQUIRIES = json.loads(samples.FILE.read_text(encoding="utf-8"))


def test_there_are_forty_different_ones():
    assert len(INQUIRIES) == len({inquiry["text"] for inquiry in INQUIRIES}) == 40


@pytest.mark.parametrize("inquiry", INQUIRIES, ids=range(len(INQUIRIES)))
def test_sample_is_fit_to_show(inquiry):
    contact = inquiry.get("contact", {})
    assert inquiry["source"] in LeadSource.values
    assert inquiry["text"].strip()
    assert set(contact) <= set(CONTACT)
    assert all(contact.values())
    number = contact.get("phone")
    assert not number or phonenumbers.is_valid_number(phonenumbers.parse(number, "US"))
    domain = contact.get("email", "@example.com").rpartition("@")[2]
    assert domain.split(".")[-2] == "example" or domain.endswith(".example.com"), "no real person's address"


def test_load_takes_them_in_as_inquiries(client):
    answer = client.post("/samples/load/", follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert "40 sample leads are on their way." in answer.content.decode()
    assert Lead.objects.samples().count() == Lead.objects.count() == 40
    assert list(Submission.objects.order_by("id").values_list("text", flat=True)) == [
        inquiry["text"] for inquiry in INQUIRIES
    ]
    assert StageRun.objects.filter(stage="extract", state="pending").count() == 40
    megan = Lead.objects.order_by("id").first()
    assert (megan.first_name, megan.last_name, megan.email) == ("Megan", "Alvarez", "megan.alvarez@example.com")


def test_load_twice_loads_once(client):
    client.post("/samples/load/")
    assert "here already" in client.post("/samples/load/", follow=True).content.decode()
    assert Lead.objects.count() == 40


def test_remove_takes_only_the_samples(client):
    mine = receive("A real one", source="paste")
    client.post("/samples/load/")
    assert "There are sample leads" in client.get("/").content.decode()
    answer = client.post("/samples/remove/", follow=True)
    assert "40 sample leads removed." in answer.content.decode()
    assert "There are sample leads" not in answer.content.decode()
    assert list(Lead.objects.all()) == [mine]
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("path", ["/samples/load/", "/samples/remove/"])
def test_only_by_post_and_login(client, anonymous, path):
    assert client.get(path).status_code == 405
    assert anonymous.post(path)["Location"].startswith("/login/")
    assert not Lead.objects.exists()
