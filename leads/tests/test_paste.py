import pytest

from leads.intake import LONGEST_TEXT
from leads.models import Lead, StageRun, Submission


def test_paste_shows_an_empty_form(client):
    page = client.get("/paste/").content.decode()
    assert "<textarea" in page
    assert 'value="paste" checked' in page


@pytest.mark.parametrize("source", ["paste", "email"])
def test_paste_becomes_a_lead(client, source):
    text = "  From: Ana <ana@example.com>\r\n\r\nMy brakes squeal.  "
    answer = client.post("/paste/", {"text": text, "source": source})
    submission = Submission.objects.select_related("lead").get()
    assert (submission.text, submission.source, submission.lead.source) == (text, source, source)
    assert list(StageRun.objects.values_list("lead", "stage", "state")) == [(submission.lead_id, "extract", "pending")]
    assert (answer.status_code, answer["Location"]) == (302, submission.lead.get_absolute_url())


def test_paste_without_a_choice_is_a_paste(client):
    client.post("/paste/", {"text": "Hello"})
    assert Submission.objects.get().source == "paste"


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"text": "", "source": "email"}, "Paste the inquiry here first."),
        ({"text": " \n\t ", "source": "email"}, "Paste the inquiry here first."),
        ({"text": "y" * (LONGEST_TEXT + 1), "source": "email"}, "200,000 characters at most"),
        ({"text": "What was typed", "source": "pigeon"}, "pigeon is not one of the available choices"),
    ],
)
def test_refused_with_the_error_beside_it_and_nothing_lost(client, sent, problem):
    page = client.post("/paste/", sent).content.decode()
    assert problem in page
    assert sent["text"] in page
    assert sent["source"] == "pigeon" or 'value="email" checked' in page
    assert not Lead.objects.exists()


def test_needs_a_login(anonymous):
    assert anonymous.post("/paste/", {"text": "Hello"})["Location"].startswith("/login/")
    assert not Lead.objects.exists()
