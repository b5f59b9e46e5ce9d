"""The model's page, reading again from the pages, and rules only as staff see it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from enrichment import ai_settings, pulls
from enrichment.models import AiSettings, Enrichment, ModelPull, ModelTest, Rerun
from leads.models import Lead, StageRun
from tests.leads_at_hand import receive
from tests.servers.ollama import OllamaServer

PAGE = "/ai/model/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def server(settings):
    with OllamaServer(models={"mistral:latest", "phi4:latest"}) as server:
        settings.OLLAMA_BASE_URL, settings.OLLAMA_MODEL = server.url, "mistral:latest"
        yield server


@pytest.fixture
def colleague(staff):
    """Somebody who works on leads, and may not change settings."""
    browser = Client()
    browser.force_login(
        User.objects.create_user("max", password="x"), backend="django.contrib.auth.backends.ModelBackend"
    )
    return browser


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_the_page_says_how_the_model_runs(client, server):
    lead = receive("Hello")
    Enrichment.objects.create(
        lead=lead, model="mistral:latest", prompt_version="2", outcome="used", answer_tokens=60, writing_ms=4000
    )
    page = text_of(client.get(PAGE))
    for said in (
        "mistral:latest is ready",
        "<dd>0.33.0</dd>",
        "7.2B · Q4_K_M · 4.4 GB",
        "5.1 GB, all on the graphics card",
        "15.0 tokens/s",
        'aria-label="Use phi4:latest"',
        "1 of the last 1 could be used",
    ):
        assert said in page, said


@pytest.mark.parametrize(
    ("models", "title", "said"),
    [
        ({"phi4:latest"}, "mistral:latest is not there", "run: ollama pull mistral:latest"),
        (None, "AI offline", "Start Ollama (`ollama serve`)"),
    ],
)
def test_what_to_do_when_it_does_not_run(client, server, models, title, said):
    if models is None:
        server.stop()
    else:
        server.models = models
    page = text_of(client.get(PAGE)).replace("&#x27;", "'")
    assert f">{title}</h2>" in page
    assert said in page


def test_loading_is_told(client, server):
    server.unloaded = {"mistral:latest"}
    assert "not loaded" in text_of(client.get(PAGE))
    StageRun.objects.create(lead=receive("Hello"), stage="enrich", state="running")
    assert "Loading mistral:latest into memory" in text_of(client.get(PAGE))


def test_choosing_a_model(client, server):
    answer = client.post("/ai/model/use/", {"model": "phi4:latest"}, follow=True)
    assert "phi4:latest reads from now on." in text_of(answer)
    assert ai_settings.model() == "phi4:latest"
    client.post("/ai/model/use/", {"model": "../x"})
    assert ai_settings.model() == "phi4:latest"


def test_rules_only_is_said_where_ai_offline_was(transactional_db, client, server):
    lead = receive("Hello")
    StageRun.objects.filter(lead=lead).update(state="succeeded")
    StageRun.objects.create(lead=lead, stage="enrich")
    client.post("/ai/model/switch/", {"off": "1"})
    for address in ("/", lead.get_absolute_url(), f"/ai/leads/{lead.public_id}/", PAGE):
        page = text_of(client.get(address))
        assert "Rules only" in page, address
        assert "AI offline" not in page, address
    assert "Switched off by olivia" in text_of(client.get("/status/"))
    client.post("/ai/model/switch/", {"off": "0"})
    assert not ai_settings.is_off()


def test_threshold_and_language(client, server):
    client.post("/ai/model/reading/", {"review_below": "65", "staff_language": "de"})
    assert (ai_settings.review_below(), ai_settings.staff_language()) == (0.65, "de")
    client.post("/ai/model/reading/", {"review_below": "650", "staff_language": "xx"})
    assert (ai_settings.review_below(), ai_settings.staff_language()) == (0.65, "de")


def test_a_pull_with_its_progress(client, server):
    client.post("/ai/model/pull/", {"name": "qwen2.5:3b"})
    assert "Getting qwen2.5:3b" in text_of(client.get(PAGE))
    ModelPull.objects.update(status="pulling 1", completed=600_000_000, total=1_930_000_000, speed=11_000_000)
    page = text_of(client.get(PAGE, headers=HTMX))
    assert "31&thinsp;%, 600 MB of 1.9 GB" in page
    assert "11 MB a second, 2 minutes left" in page
    assert 'max="1930000000" value="600000000"' in page
    client.post(f"/ai/model/pull/{ModelPull.objects.get().pk}/stop/")
    assert "Getting qwen2.5:3b was stopped" in text_of(client.get(PAGE))
    client.post("/ai/model/pull/", {"name": "qwen2.5:3b"})
    assert ModelPull.objects.filter(finished_at=None).count() == 1


def test_a_pull_that_failed(client, server):
    client.post("/ai/model/pull/", {"name": "mistrall"})
    pulls.go_on()
    page = text_of(client.get(PAGE)).replace("&#x27;", "'")
    assert "mistrall did not come" in page
    assert "Ollama's library has no model mistrall." in page
    assert "looks like" not in text_of(client.post("/ai/model/pull/", {"name": "a b"}, follow=True))
    assert ModelPull.objects.count() == 1


def test_a_test_on_the_page(client, server):
    client.post("/ai/model/test/", {"text": "Hi, it's Ana", "model": "phi4:latest"})
    assert "It reads after the lead at hand." in text_of(client.get(PAGE))
    answer = Enrichment.objects.create(
        kind="trial", model="phi4", prompt_version="2", outcome="used", answer='{"x": "<b>"}',
        dropped=[{"field": "phone", "value": "123", "reason": "Not in the message."}],
    )  # fmt: skip
    ModelTest.objects.update(
        answer=answer, finished_at=timezone.now(), result={"name": {"value": "Ana", "evidence": "Ana", "note": ""}}
    )
    page = text_of(client.get(PAGE, headers=HTMX | {"HX-Target": "model_test"}))
    assert "<td>Ana</td><td>“Ana”</td>" in page
    assert "phone: “123”" in page
    assert "&lt;b&gt;" in page
    assert "hx-trigger" not in page


def test_an_empty_test(client, server):
    client.post("/ai/model/test/", {"text": "  "})
    assert not ModelTest.objects.exists()


def test_one_lead_again_from_its_page(client, transactional_db, server):
    lead = receive("Hello")
    StageRun.objects.create(lead=lead, stage="enrich", state="succeeded")
    Enrichment.objects.create(lead=lead, model="m", prompt_version="1", outcome="used")
    address = f"/ai/leads/{lead.public_id}/again/"
    assert address in text_of(client.get(f"/ai/leads/{lead.public_id}/"))
    answer = client.post(address, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (204, '{"lead-edited": {}}')
    assert StageRun.objects.get(lead=lead, stage="enrich").state == "pending"


def test_a_selection_from_the_inbox_without_javascript(client, server):
    leads = [receive(f"Hello {n}") for n in range(3)]
    assert 'name="lead"' not in text_of(client.get("/"))
    assert 'href="?select=1"' in text_of(client.get("/"))
    page = text_of(client.get("/?select=1"))
    assert page.count('type="checkbox" name="lead"') == 3
    assert 'formaction="/ai/rerun/selected/"' in page
    assert text_of(client.get("/?select=all")).count("checked>") == 3
    chosen = [str(leads[0].public_id), str(leads[2].public_id), "nonsense"]
    answer = client.post("/ai/rerun/selected/", {"lead": chosen}, follow=True)
    assert Rerun.objects.get().lead_ids == [leads[0].pk, leads[2].pk]
    assert "Reading again: 0 of 2" in text_of(answer)
    assert "Tick the leads" in text_of(client.post("/ai/rerun/selected/", follow=True))


def test_all_again(client, server):
    lead = receive("Hello")
    Enrichment.objects.create(lead=lead, model="m", prompt_version="0", outcome="used")
    assert "Those that another prompt or model read (1)" in text_of(client.get(PAGE))
    assert "Choose the day" in text_of(client.post("/ai/rerun/all/", {"which": "since", "since": "x"}, follow=True))
    client.post("/ai/rerun/all/", {"which": "other"})
    rerun = Rerun.objects.get()
    assert (rerun.total, rerun.is_selection) == (1, False)
    client.post(f"/ai/rerun/{rerun.pk}/stop/")
    assert "Reading again was stopped: 0 of 1" in text_of(client.get(PAGE))
    later = {"which": "since", "since": "2199-01-01"}
    assert "nothing to read again" in text_of(client.post("/ai/rerun/all/", later, follow=True))


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("/ai/model/use/", {"model": "phi4"}),
        ("/ai/model/switch/", {"off": "1"}),
        ("/ai/model/reading/", {"review_below": "1", "staff_language": "de"}),
        ("/ai/model/pull/", {"name": "phi4"}),
        ("/ai/model/pull/1/stop/", {}),
        ("/ai/rerun/all/", {"which": "all"}),
    ],
)
def test_only_who_may_change_settings_changes_them(colleague, server, address, data):
    assert colleague.post(address, data).status_code == 403
    assert not AiSettings.objects.exists()
    assert not ModelPull.objects.exists()


def test_others_look_and_try(colleague, server):
    page = text_of(colleague.get(PAGE))
    for address in ("use", "switch", "reading", "pull"):
        assert f"/ai/model/{address}/" not in page
    colleague.post("/ai/model/test/", {"text": "Hello"})
    assert ModelTest.objects.get().asked_by == "max"


def test_who_began_a_rerun_may_stop_it(colleague, server):
    mine = Rerun.objects.create(is_selection=True, asked_by="max")
    other = Rerun.objects.create(is_selection=True, asked_by="olivia")
    assert colleague.post(f"/ai/rerun/{mine.pk}/stop/").status_code == 302
    assert colleague.post(f"/ai/rerun/{other.pk}/stop/").status_code == 403


@pytest.mark.parametrize("address", ["use/", "switch/", "reading/", "pull/", "test/", "retry/", "pull/1/stop/"])
def test_nothing_is_changed_by_looking(client, address):
    assert client.get(f"{PAGE}{address}").status_code == 405


def test_strangers_see_nothing(anonymous, server):
    assert anonymous.get(PAGE).status_code == 302
    assert anonymous.post("/ai/model/switch/", {"off": "1"}).status_code == 302
    assert not AiSettings.objects.exists()


@pytest.mark.parametrize("count", [1, 30])
def test_queries_of_the_page(client, server, django_assert_max_num_queries, count):
    leads = Lead.objects.bulk_create(Lead(first_name=f"L{n}") for n in range(count))
    Enrichment.objects.bulk_create(
        Enrichment(lead=lead, model="m", prompt_version="1", outcome="used", answer_tokens=9, writing_ms=99)
        for lead in leads
    )
    ModelPull.objects.bulk_create(ModelPull(name=f"m{n}", asked_by="o") for n in range(count))
    Rerun.objects.bulk_create(Rerun(is_selection=True, asked_by="o") for n in range(count))
    client.get(PAGE)
    with django_assert_max_num_queries(26):
        client.get(PAGE)
