"""A scratch database with many leads of the second set, their keys and vectors, and a Chroma server of its own.

The vectors are near those of real messages of the set: each lead's is one of `DISTINCT` embeddings, moved so far that
two of one kind have a cosine of some 0.91. Random ones would say nothing about text.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection
from django.test.utils import get_runner

from benchmarks.duplicates import writing
from benchmarks.meaning import jittered
from enrichment import candidates, embedding, people, vector_index
from enrichment.models import Embedding
from leads.keys import email_key, phone_key
from leads.models import FieldValue, Lead, StageRun, Submission
from leads.names import split_name
from tests.servers.chroma import ChromaServer

DISTINCT = 4000
BLOCK = 2000


@contextmanager
def scratch() -> Iterator[None]:
    """An empty database and an empty index, gone afterwards."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    folder = Path(tempfile.mkdtemp())
    try:
        with ChromaServer(folder) as server:
            settings.CHROMA_URL = server.url
            vector_index.try_again()
            yield
    finally:
        vector_index.try_again()
        shutil.rmtree(folder, ignore_errors=True)
        runner.teardown_databases(databases)


def vectors_for(rows: Sequence[writing.Lead]) -> np.ndarray:
    """One vector for each row, L2-normalised."""
    return jittered(embedding.encode([row.message for row in rows[:DISTINCT]]), len(rows))


def fill(rows: Sequence[writing.Lead], vectors: np.ndarray) -> None:
    """Stores the rows as leads that went through all stages, and puts their vectors into the index."""
    begun = time.perf_counter()
    for start in range(0, len(rows), BLOCK):
        add(rows[start : start + BLOCK], vectors[start : start + BLOCK])
    vector_index.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"  {len(rows):,} leads in {time.perf_counter() - begun:.0f} s", flush=True)


def add(rows: Sequence[writing.Lead], vectors: np.ndarray, *, with_keys: bool = True) -> list[Lead]:
    leads = Lead.objects.bulk_create(_lead(row) for row in rows)
    both = list(zip(leads, rows, strict=True))
    Submission.objects.bulk_create(
        Submission(lead=lead, source=lead.source, payload={}, text=row.message, received_at=lead.received_at)
        for lead, row in both
    )
    FieldValue.objects.bulk_create(
        FieldValue(lead=lead, field="place", value=row.place, origin=FieldValue.Origin.RULE)
        for lead, row in both
        if row.place
    )
    StageRun.objects.bulk_create(
        StageRun(lead=lead, stage=stage.name, state="succeeded") for lead in leads for stage in settings.LEAD_PIPELINE
    )
    Embedding.objects.bulk_create(
        Embedding(lead=lead, model=embedding.model_name(), dimension=len(vector), vector=vector.tobytes())
        for lead, vector in zip(leads, vectors, strict=True)
    )
    if with_keys:
        known = people.read(lead.pk for lead in leads)
        candidates.refresh_keys({pk: candidates.keys_of(person) for pk, person in known.items()})
    return leads


def _lead(row: writing.Lead) -> Lead:
    first, last = split_name(row.name)
    return Lead(
        source="csv_import" if row.source == "csv" else row.source, received_at=row.ts.replace(tzinfo=UTC),
        first_name=first[:100], last_name=last[:100], email=row.email, phone=row.phone, company=row.company,
        email_key=email_key(row.email), phone_key=phone_key(row.phone, row.region),
        search_text=f"{row.name} {row.email} {row.company} {row.message}".lower(),
    )  # fmt: skip
