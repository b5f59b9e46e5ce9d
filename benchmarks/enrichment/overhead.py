"""What baseCamp adds to the bare call of the model: `python -m benchmarks enrichment.overhead`.

The same bodies are sent to the same scripted server, once by a bare POST that reads the stream to its end, once by the
stage as the worker runs it: gate, claim, prompt, answer stored, grounding, values, rows of what follows.
"""

import time
from statistics import median

import httpx
from django.conf import settings
from django.test.utils import get_runner

from benchmarks.enrichment import labelled
from benchmarks.figures import Figure
from leads import pipeline
from leads.intake import receive
from leads.models import StageRun
from leads.models.pipeline import STAGES
from tests.servers.ollama import OllamaServer

COUNT, WARM_UP = 40, 3
SECONDS = 1.0  # that the scripted model takes before its first word: a quick one; the share is smaller with a slow one


def run() -> list[Figure]:
    """In a scratch database of its own."""
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with OllamaServer(delay=SECONDS) as server:
            settings.OLLAMA_BASE_URL, settings.OLLAMA_MODEL = server.url, "mistral:latest"
            added = sorted(_pairs(server))
    finally:
        runner.teardown_databases(databases)
    typical, worst = median(added) * 1000, added[int(len(added) * 0.95)] * 1000
    share = f"{typical:.0f} ms ({typical / SECONDS / 10:.1f} %)"
    return [
        Figure("Added to a bare call of 1 s, median", share, "≤ 3 % or 100 ms", typical <= 100),
        Figure("Added to a bare call of 1 s, 95 of 100", f"{worst:.0f} ms", "≤ 100 ms", worst <= 100),
    ]


def _pairs(server: OllamaServer) -> list[float]:
    """Seconds that the stage took beyond the bare call of the same body, lead by lead."""
    stage = STAGES["enrich"]
    added = []
    for number, inquiry in enumerate(labelled.read()[: COUNT + WARM_UP]):
        lead = receive(inquiry.text, source="api", contact=inquiry.typed)
        StageRun.objects.all().delete()
        pipeline.schedule([lead.pk], ["enrich"])
        start = time.perf_counter()
        assert pipeline.run_batch(stage)
        ours = time.perf_counter() - start
        bare = _bare(server, server.chats[-1])
        if number >= WARM_UP:
            added.append(ours - bare)
    return added


def _bare(server: OllamaServer, body: dict[str, object]) -> float:
    with httpx.Client(timeout=30, trust_env=False) as client:
        start = time.perf_counter()
        with client.stream("POST", f"{server.url}/api/chat", json=body) as response:
            for _ in response.iter_lines():
                pass
        return time.perf_counter() - start
