"""With everything but the web stopped, visitors still get their thanks; once the rest is back, all ends in the CRM."""

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path

import httpx
import pytest

from tests.servers.airtable import AirtableServer
from tests.servers.ollama import OllamaServer
from tests.stack import Stack, free_port, wait_for

COUNT = 50
PEOPLE = ("Ana", "Boris", "Carla", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas")
FAMILIES = ("Silva", "Novak", "Haddad", "Okafor", "Lindqvist")
NEEDS = (
    "my {year} Civic squeals when I brake. Could I come in on Friday at 3pm?",
    "what would new brake pads for a {year} Focus cost? I have about $400.",
    "the engine light of my {year} Corolla came on this morning and I need the car for work.",
    "I would like an appointment for the inspection of my {year} Golf next week.",
    "after your last repair my {year} Octavia loses oil again. Please call me back.",
)
TOKEN = re.compile(r'name="token" value="([^"]+)"')
STAGES = ("extract", "embed", "duplicates", "enrich", "score", "push")


@pytest.mark.timeout(420)
def test_what_came_while_everything_else_was_stopped_ends_synced_by_itself(tmp_path: Path) -> None:
    ollama, airtable_port = OllamaServer(port=free_port()), free_port()
    token, base_id = "patTests.0123456789abcdef", "appTests000000000"
    stack = Stack(
        tmp_path,
        OLLAMA_BASE_URL=ollama.url,
        AIRTABLE_API_KEY=token,
        AIRTABLE_BASE_ID=base_id,
        AIRTABLE_ENDPOINT_URL=f"http://127.0.0.1:{airtable_port}",
        TRUSTED_PROXIES="1",
    )
    try:
        stack.start("--only", "web", is_up="healthz")
        senders = [send(stack, person) for person in people()]
        answers = [next(sender) for sender in senders]  # each has opened the form
        time.sleep(2.1)  # seconds: sooner nobody has filled it in
        answers = [next(sender) for sender in senders]
        assert Counter(answers) == {"Thank you": COUNT}
        assert rows(tmp_path, "SELECT count(*), count(lead_id) FROM leads_submission") == [(COUNT, 0)]
        stack.stop()

        stack.start()  # Chroma and the workers come, Ollama and Airtable don't yet
        wait_for(lambda: run_states(tmp_path)["embed", "succeeded"] == COUNT, seconds=120, every=1)
        with ollama, AirtableServer(port=airtable_port, token=token, base_id=base_id) as airtable:
            done = Counter({(stage, "succeeded"): COUNT for stage in STAGES})
            wait_for(lambda: run_states(tmp_path) == done, seconds=240, every=1)
            emails = Counter(record["fields"]["Email"] for record in airtable.records)
            assert emails == Counter(person["email"] for person in people())
            assert airtable.violations == 0
    finally:
        stack.stop()


def people() -> Iterator[dict[str, str]]:
    for number in range(COUNT):
        first, last = PEOPLE[number % 10], FAMILIES[number // 10]
        need = NEEDS[(number + number // 10) % len(NEEDS)].format(year=1998 + number % 25)
        yield {
            "first_name": first,
            "last_name": last,
            "email": f"{first}.{last}@example.com".lower(),
            "message": f"Hello, {need}",
        }


def send(stack: Stack, person: dict[str, str]) -> Iterator[str]:
    """As a browser of one's own: opens the form, and then sends it; yields the heading of each page."""
    ((key,),) = rows(stack.folder, "SELECT key FROM leads_publicform ORDER BY id LIMIT 1")
    place = abs(hash(person["email"]))
    address = f"10.{place % 250}.{place // 250 % 250}.7"
    with httpx.Client(
        base_url=stack.url, headers={"X-Forwarded-For": address}, follow_redirects=True, trust_env=False
    ) as client:
        page = client.get(f"/f/{key}/").text
        yield heading(page)
        found = TOKEN.search(page)
        assert found
        answer = client.post(f"/f/{key}/", data={**person, "token": unescape(found[1])})
        yield heading(answer.text)


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>([^<]*)</h1>", page)
    assert found, page
    return unescape(found[1])


def rows(folder: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{folder}/basecamp.sqlite3?mode=ro", uri=True, timeout=20)) as database:
        return database.execute(query).fetchall()


def run_states(folder: Path) -> Counter[tuple[str, str]]:
    return Counter(rows(folder, "SELECT stage, state FROM leads_stagerun"))
