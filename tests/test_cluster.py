"""The pipeline through real workers, on PostgreSQL; other tests have them on SQLite."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.servers import postgres
from tests.servers.airtable import AirtableServer
from tests.servers.ollama import OllamaServer
from tests.stack import Stack, running, wait_for

COUNT = 30
TEXT = "Hi, this is Ana Silva. My car {n} needs new brakes, can I come in next Friday? Call me at (512) 555-01{n:02}."


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[tuple[Stack, AirtableServer, OllamaServer]]:
    with ExitStack() as opened:
        airtable = opened.enter_context(AirtableServer())
        ollama = opened.enter_context(OllamaServer(delay=0.2, parallel=2))
        environment = {
            "OLLAMA_BASE_URL": ollama.url,
            "OLLAMA_NUM_PARALLEL": "2",
            "AIRTABLE_API_KEY": airtable.token,
            "AIRTABLE_BASE_ID": airtable.base_id,
            "AIRTABLE_WAIT": "2",
            "AIRTABLE_ENDPOINT_URL": airtable.url,
            "DATABASE_URL": opened.enter_context(postgres.cluster()),
        }
        yield opened.enter_context(running(tmp_path, **environment)), airtable, ollama


@pytest.mark.timeout(240)
def test_inquiries_end_enriched_and_in_airtable(stack):
    product, airtable, ollama = stack
    with product.api("intake", "read") as client:
        ids = [
            client.post("/intake", json={"message": TEXT.format(n=n), "source": "api"}).json()["lead_id"]
            for n in range(COUNT)
        ]
        wait_for(lambda: all(is_done(client, lead_id) for lead_id in ids), seconds=150, every=1)
        lead = client.get(f"/leads/{ids[7]}").json()
    assert lead["contact"] == {
        "first_name": "Ana",
        "last_name": "Silva",
        "email": "",
        "phone": "+15125550107",
        "company": "",
    }
    assert {stage["stage"]: stage["state"] for stage in lead["stages"]} == dict.fromkeys(
        ("extract", "embed", "duplicates", "enrich", "score", "push"), "succeeded"
    )
    assert lead["crm"]["state"] == "synced"
    assert lead["enrichment"]["quality_score"] > 0
    assert sorted(record["fields"]["Lead ID"] for record in airtable.records) == sorted(ids)
    assert airtable.violations == 0
    assert ollama.most_at_once == 2  # both slots are used, and never more


def is_done(client: httpx.Client, lead_id: str) -> bool:
    stages = client.get(f"/leads/{lead_id}").json()["stages"]
    return len(stages) == 6 and all(stage["state"] == "succeeded" for stage in stages)
