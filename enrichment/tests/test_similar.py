"""Similar inquiries: other people's, the most alike first, and how they were handled."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrichment import duplicates, nearness, vector_index
from enrichment.models import Embedding
from enrichment.similar import LIKE, SimilarInquiry, similar_to
from enrichment.tests.test_nearness import no_chroma
from leads.models import ContactPoint, DuplicateSuggestion, Event, Lead, StageRun, Submission
from leads.replies import confirm, take_along
from leads.status import change_status
from tests.servers.chroma import ChromaServer

pytestmark = pytest.mark.django_db
AXES = np.eye(384, dtype="<f4")


@pytest.fixture(autouse=True)
def _no_chroma(settings: Any) -> None:
    no_chroma(settings)


def lead(name: str = "", *, close: float | None = 1.0, text: str = "My brakes squeal.", **columns: Any) -> Lead:
    """A lead whose message has this cosine with those that have 1; None for one that isn't read."""
    first, _, last = name.partition(" ")
    made = Lead.objects.create(source="api", first_name=first, last_name=last, **columns)
    Submission.objects.create(lead=made, source="api", payload={}, text=text, received_at=made.received_at)
    if close is not None:
        vector = close * AXES[0] + (1 - close**2) ** 0.5 * AXES[1]
        Embedding.objects.create(lead=made, model="all-MiniLM-L6-v2", dimension=384, vector=vector.tobytes())
    return made


def names(found: list[SimilarInquiry]) -> list[str]:
    return [inquiry.lead.first_name for inquiry in found]


def panel(client: Client, lead: Lead, query: str = "") -> str:
    return client.get(f"/ai/leads/{lead.public_id}/similar/{query}").content.decode()


# ---- who -------------------------------------------------------------------------------------------------------------


def test_the_most_alike_first_and_none_that_is_not() -> None:
    ana = lead("Ana")
    for name, close in (("Far", LIKE - 0.01), ("Near", 0.9), ("Limit", LIKE + 0.01), ("Same", 1.0)):
        lead(name, close=close)
    found = similar_to(ana)
    assert names(found) == ["Same", "Near", "Limit"]
    assert [inquiry.closeness for inquiry in found] == pytest.approx([1, 0.9, LIKE + 0.01], abs=1e-5)
    assert names(similar_to(ana, limit=2)) == ["Same", "Near"]


@pytest.mark.parametrize(
    ("mine", "theirs", "is_shown"),
    [
        ({}, {}, True),
        ({"email_key": "ana@x.org"}, {"email_key": "ana@x.org"}, False),
        ({"email_key": "ana@x.org"}, {"email_key": "ben@x.org"}, True),
        ({"phone_key": "15125550142"}, {"phone_key": "15125550142"}, False),
        ({"name": "Ana Silva"}, {"name": "ana SILVA"}, False),
        ({"name": "Ana Silva"}, {"name": "Ana Souza"}, True),
        ({"name": "Ana"}, {"name": "Ana"}, True),  # a first name says little
    ],
)
def test_not_the_same_person(mine: dict[str, str], theirs: dict[str, str], is_shown: bool) -> None:
    ana = lead(**mine)  # type: ignore[arg-type]
    other = lead(**theirs)  # type: ignore[arg-type]
    assert [inquiry.lead for inquiry in similar_to(ana)] == [other] * is_shown
    assert [inquiry.lead for inquiry in similar_to(other)] == [ana] * is_shown


def test_not_who_is_called_the_same_in_other_letters() -> None:
    """As the names are compared for duplicates, also where the database knows letter case in ASCII alone."""
    people = [lead(name) for name in ("Zoë Müller", "ZOË MÜLLER", "Zoe Muller", "Zoe Miller")]
    duplicates.find(people)
    assert [inquiry.lead for inquiry in similar_to(people[0])] == people[3:]
    assert {inquiry.lead for inquiry in similar_to(people[3])} == set(people[:3])


def test_not_who_shares_another_address() -> None:
    ana, ben = lead("Ana", email_key="ana@x.org"), lead("Ben")
    ContactPoint.objects.create(lead=ben, kind="email", value="Ana@x.org", key="ana@x.org")
    assert similar_to(ana) == similar_to(ben) == []


@pytest.mark.parametrize(
    ("columns", "is_shown"),
    [
        ({"state": "open", "probability": 0.5}, False),
        ({"state": "open", "probability": 0.49, "is_probe": True}, True),
        ({"state": "merged", "probability": 0.9}, False),
        ({"state": "dismissed", "probability": 0.9}, True),
        ({"state": "related", "relation": "family", "probability": 0.9}, True),
    ],
)
def test_not_who_may_be_the_same(columns: dict[str, Any], is_shown: bool) -> None:
    ana, ben = lead("Ana"), lead("Ben")
    DuplicateSuggestion.objects.create(first=ana, second=ben, **columns)
    assert names(similar_to(ana)) == ["Ben"] * is_shown
    assert names(similar_to(ben)) == ["Ana"] * is_shown


def test_not_what_was_merged() -> None:
    ana, ben = lead("Ana"), lead("Ben")
    lead("Cleo", merged_into=ben)
    assert names(similar_to(ana)) == ["Ben"]


# ---- how it was handled ----------------------------------------------------------------------------------------------


def test_how_it_was_handled(client: Client) -> None:
    ana = lead("Ana")
    three_hours_ago = timezone.now() - dt.timedelta(hours=3, minutes=5)
    ben_wrote = "It squeals <b>when</b> I brake."
    ben = lead("Ben", text=ben_wrote, received_at=three_hours_ago)
    Event.objects.create(lead=ben, text="Status changed to Working", at=three_hours_ago)  # by nobody
    for status, actor in (("working", "olivia"), ("qualified", "ben")):
        change_status(ben, status, actor)
    (inquiry,) = similar_to(ana)
    assert (inquiry.words, inquiry.time_taken, inquiry.handled_by) == (ben_wrote, "3 hours", "olivia")
    assert "taken up after" in panel(client, ana)
    text = "We can <b>look</b> on Friday."
    reply = take_along(ben, channel="copy", to="", subject="", text=text, actor="olivia")
    assert "answered after" not in panel(client, ana)  # copied is not sent
    confirm(reply, actor="mia")
    (inquiry,) = similar_to(ana)
    assert (inquiry.reply, inquiry.handled_by, inquiry.is_answered) == (text, "mia", True)
    page = panel(client, ana)
    for part in (
        "Similar inquiries",
        ben.get_absolute_url(),
        "100&thinsp;% close",
        "Qualified",
        "answered after",
        "It squeals &lt;b&gt;when&lt;/b&gt;",
        "<summary>Reply</summary>",
        "We can &lt;b&gt;look&lt;/b&gt;",
    ):
        assert part in page, part
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (None, ""),
        (dt.timedelta(seconds=20), "less than a minute"),
        (dt.timedelta(minutes=1), "1 minute"),
        (dt.timedelta(days=9), "1 week"),
    ],
)
def test_time_taken(after: dt.timedelta | None, expected: str) -> None:
    ben = lead("Ben")
    inquiry = SimilarInquiry(ben, 0.9, "", handled_at=after and ben.received_at + after)
    assert inquiry.time_taken == expected


# ---- the panel -------------------------------------------------------------------------------------------------------


def test_a_few_and_with_more_many(client: Client) -> None:
    ana = lead("Ana")
    for number in range(25):
        lead(f"L{number}", close=0.99 - number / 100)
    few, many = panel(client, ana), panel(client, ana, "?more=1")
    assert few.count('class="similar"') == 5
    assert "Show more" in few
    assert many.count('class="similar"') == 20
    assert "Show more" not in many
    Lead.objects.filter(pk__gt=ana.pk + 5).delete()
    assert panel(client, ana).count('class="similar"') == 5
    assert "Show more" not in panel(client, ana)


@pytest.mark.parametrize(
    ("close", "step", "expected"),
    [
        (1.0, {"state": "succeeded"}, "Nothing similar so far."),
        (None, None, "The message is not read yet."),
        (None, {"state": "pending", "reason": "The model is away."}, "The message is not read yet. The model is away."),
        (None, {"state": "failed", "reason": "Too odd."}, "The message could not be read. Too odd."),
        (None, {"state": "succeeded"}, "Without a message there is nothing to compare."),
    ],
)
def test_why_there_is_nothing(client: Client, close: float | None, step: dict[str, str] | None, expected: str) -> None:
    ana = lead("Ana", close=close)
    lead("Far", close=0.1)
    if step:
        StageRun.objects.create(lead=ana, stage="embed", **step)
    assert expected in panel(client, ana)


def test_with_chroma(index: ChromaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearness, "FEW", 0)
    ana = lead("Ana")
    lead("Ben", close=0.9)
    vector_index.index_pending()
    assert names(similar_to(ana)) == ["Ben"]
    index.kill()
    assert names(similar_to(ana)) == ["Ben"]


def test_few_queries_whatever_the_number(client: Client) -> None:
    ana = lead("Ana", email_key="ana@x.org")
    StageRun.objects.create(lead=ana, stage="embed", state="succeeded")

    def queries(count: int) -> int:
        while Lead.objects.count() <= count:
            change_status(lead(f"L{Lead.objects.count()}"), "working", "olivia")
        panel(client, ana)
        with CaptureQueriesContext(connection) as captured:
            panel(client, ana, "?more=1")
        return len(captured)

    assert queries(1) == queries(30) <= 18


def test_needs_a_login_and_a_lead(client: Client, anonymous: Client) -> None:
    ana = lead("Ana")
    assert anonymous.get(f"/ai/leads/{ana.public_id}/similar/")["Location"].startswith("/login/")
    assert client.get("/ai/leads/00000000-0000-4000-8000-000000000000/similar/").status_code == 404
    assert client.post(f"/ai/leads/{ana.public_id}/similar/").status_code == 405
