"""Against a real Chroma server; the exact search is the measure of what it finds."""

import threading
import time
from io import StringIO
from typing import Any

import chromadb
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from enrichment import embedding, exact_search, vector_index
from enrichment.embedding import Vectors
from enrichment.models import Embedding
from leads.models import Lead, LeadSource, StageRun
from tests.servers.chroma import ChromaServer, free_port

pytestmark = pytest.mark.django_db


def make_vectors(count: int, seed: int = 1) -> Vectors:
    """Unit vectors in a few clusters, as texts are; even random ones are the worst case of any index."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(8, 384))
    vectors = centres[np.arange(count) % 8] + 0.5 * chance.normal(size=(count, 384))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def keep(vectors: Vectors, *, model: str = "all-MiniLM-L6-v2") -> list[int]:
    """Leads with these vectors, not indexed yet; returns their ids."""
    leads = Lead.objects.bulk_create(Lead(source=LeadSource.API) for _ in vectors)
    Embedding.objects.bulk_create(
        Embedding(lead=lead, model=model, dimension=vectors.shape[1], vector=vector.tobytes(), text_digest="")
        for lead, vector in zip(leads, vectors, strict=True)
    )
    return [lead.pk for lead in leads]


def ids(found: list[list[tuple[int, float]]]) -> list[list[int]]:
    return [[pk for pk, _ in neighbours] for neighbours in found]


def exact(vectors: Vectors, k: int) -> list[list[tuple[int, float]]]:
    return exact_search.nearest(vectors, k, model=embedding.model_name())


def pending() -> int:
    return Embedding.objects.filter(is_indexed=False).count()


# ---- the index -------------------------------------------------------------------------------------------------------


def test_the_index_finds_what_the_exact_search_finds(index: ChromaServer) -> None:
    vectors = make_vectors(300)
    keep(vectors)
    found = vector_index.nearest(vectors[:40], 10)
    assert (vector_index.count(), pending()) == (300, 0)
    measure = exact(vectors[:40], 10)
    shared = [len(set(a) & set(b)) for a, b in zip(ids(found), ids(measure), strict=True)]
    assert np.mean(shared) > 9.8
    assert [row[0][0] for row in found] == [row[0][0] for row in measure]
    assert [pair[1] for pair in found[0]] == pytest.approx([pair[1] for pair in measure[0]], abs=1e-3)


def test_fewer_leads_than_asked_for(index: ChromaServer) -> None:
    (lead,) = keep(make_vectors(1))
    ((only,),) = vector_index.nearest(make_vectors(1), 10)
    assert only == (lead, pytest.approx(1.0, abs=1e-5))


def test_nothing_is_near_in_an_empty_index(index: ChromaServer) -> None:
    assert vector_index.nearest(make_vectors(2), 5) == [[], []]
    assert vector_index.nearest(np.zeros((0, 384), dtype=np.float32), 5) == []


def test_leads_that_are_no_more_are_left_out_and_removed(index: ChromaServer) -> None:
    vectors = make_vectors(30)
    leads = keep(vectors)
    vector_index.nearest(vectors[:1], 1)
    Lead.objects.filter(pk__in=leads[:20]).delete()
    found = ids(vector_index.nearest(vectors[:1], 10))[0]
    assert sorted(found) == sorted(leads[20:])
    assert vector_index.count() < 30


def test_a_new_vector_of_a_lead_replaces_the_old_one(index: ChromaServer) -> None:
    old, new = make_vectors(2)
    (lead,) = keep(old[None])
    vector_index.index_pending()
    assert vector_index.nearest(old[None], 1)[0][0][1] == pytest.approx(1.0, abs=1e-5)
    Embedding.objects.all().delete()
    Embedding.objects.create(
        lead_id=lead, model="all-MiniLM-L6-v2", dimension=384, vector=new.tobytes(), text_digest=""
    )
    assert vector_index.nearest(new[None], 1) == [[(lead, pytest.approx(1.0, abs=1e-5))]]
    assert len(vector_index.nearest(old[None], 5)[0]) == 1  # what Chroma has of the old one counts no more
    assert vector_index.index_pending() == 1
    assert vector_index.nearest(new[None], 5) == [[(lead, pytest.approx(1.0, abs=1e-5))]]
    assert vector_index.count() == 1


def test_vectors_of_another_model_are_ignored(index: ChromaServer) -> None:
    keep(make_vectors(3), model="another")
    (lead,) = keep(make_vectors(1))
    assert ids(vector_index.nearest(make_vectors(1), 10)) == [[lead]]
    assert (vector_index.index_pending(), vector_index.count()) == (1, 1)


# ---- while it is away ------------------------------------------------------------------------------------------------


def test_killed_and_back_again(index: ChromaServer) -> None:
    vectors = make_vectors(120)
    keep(vectors[:100])
    vector_index.index_pending()
    before = vector_index.nearest(vectors[:20], 5)
    index.kill()

    assert vector_index.nearest(vectors[:20], 5) == [
        [(pk, pytest.approx(cosine, abs=1e-3)) for pk, cosine in row] for row in before
    ]
    late = keep(vectors[100:])
    assert [row[0][0] for row in vector_index.nearest(vectors[100:], 3)] == late
    assert pending() == 20
    assert vector_index.check() == f"Chroma at {index.url} does not answer."

    index.start()
    vector_index.try_again()
    assert vector_index.index_pending() == 20
    assert (vector_index.count(), pending(), vector_index.check()) == (120, 0, None)
    assert [row[0][0] for row in vector_index.nearest(vectors[100:], 3)] == late


def test_an_empty_folder_is_filled_again(index: ChromaServer) -> None:
    keep(make_vectors(10))
    vector_index.index_pending()
    for collection in chromadb.HttpClient(host="127.0.0.1", port=index.port).list_collections():
        chromadb.HttpClient(host="127.0.0.1", port=index.port).delete_collection(collection.name)
    assert len(vector_index.nearest(make_vectors(1), 10)[0]) == 10  # notices, and answers exactly
    vector_index.index_pending()
    assert (vector_index.count(), pending()) == (10, 0)


def test_a_server_that_says_nothing_is_not_waited_for(index: ChromaServer) -> None:
    vectors = make_vectors(10)
    keep(vectors)
    vector_index.nearest(vectors[:1], 3)
    index.freeze()
    try:
        start = time.monotonic()
        assert len(vector_index.nearest(vectors[:1], 3)[0]) == 3
        assert len(vector_index.nearest(vectors[:1], 3)[0]) == 3
        assert vector_index.check() == f"Chroma at {index.url} does not answer."
        assert time.monotonic() - start < 3 * vector_index.SECONDS
    finally:
        index.thaw()


def test_something_else_at_the_address(index: ChromaServer, settings: Any) -> None:
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    keep(make_vectors(3))
    assert len(vector_index.nearest(make_vectors(1), 3)[0]) == 3
    assert vector_index.check() == f"Chroma at {settings.CHROMA_URL} does not answer."


def test_a_long_absence_is_caught_up_in_portions(index: ChromaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = make_vectors(25)
    leads = keep(vectors)
    monkeypatch.setattr(vector_index, "BATCH", 4)
    assert [vector_index.index_pending(10), pending()] == [10, 15]
    assert [row[0][0] for row in vector_index.nearest(vectors, 2)] == leads  # Chroma's, and what it lacks
    monkeypatch.setattr(vector_index, "AT_HAND", 4)
    monkeypatch.setattr(vector_index, "index_pending", lambda: 0)  # nothing more fits into this shift
    assert [row[0][0] for row in vector_index.nearest(vectors, 2)] == leads


# ---- broken, or made otherwise ---------------------------------------------------------------------------------------


def test_a_broken_index_is_made_anew(index: ChromaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own words after a kill tore its files; it can't be had on demand, so they are put in its mouth."""
    from chromadb.errors import InternalError

    vectors = make_vectors(10)
    leads = keep(vectors)
    vector_index.index_pending()
    torn = chromadb.HttpClient(host="127.0.0.1", port=index.port).list_collections()[0].id

    def say(self: object, **_: object) -> None:
        raise InternalError("Error executing plan: Failed to apply logs to the hnsw segment writer")

    monkeypatch.setattr("chromadb.api.models.Collection.Collection.query", say)
    assert vector_index.check() == (
        "The Chroma index is broken. It is made anew with the next lead, or by: manage.py rebuild_index"
    )
    assert [row[0][0] for row in vector_index.nearest(vectors, 2)] == leads
    assert pending() == 10
    monkeypatch.undo()
    assert vector_index.index_pending() == 10
    fresh = chromadb.HttpClient(host="127.0.0.1", port=index.port).list_collections()[0]
    assert (fresh.id != torn, fresh.count()) == (True, 10)


def test_a_collection_of_another_make_is_replaced(index: ChromaServer) -> None:
    client = chromadb.HttpClient(host="127.0.0.1", port=index.port)
    client.create_collection(vector_index._name(384), configuration={"hnsw": {"space": "l2"}}, embedding_function=None)
    vectors = make_vectors(4)
    keep(vectors)
    assert vector_index.nearest(vectors[:1], 1)[0][0][1] == pytest.approx(1.0, abs=1e-5)
    assert client.get_collection(vector_index._name(384)).configuration["hnsw"]["space"] == "cosine"


def test_other_databases_have_other_collections(settings: Any) -> None:
    mine = vector_index._name(384)
    settings.SECRET_KEY = "another installation"
    assert mine != vector_index._name(384)
    assert mine.startswith("leads-all-minilm-l6-v2-")
    assert mine.endswith("-384-v1")


def test_several_threads_share_one_client(index: ChromaServer) -> None:
    answers: list[str | None] = []
    threads = [threading.Thread(target=lambda: answers.append(_check_in_thread())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [None] * 6


def _check_in_thread() -> str | None:
    try:
        vector_index._connect().client.heartbeat()
    except vector_index.Unavailable as error:
        return str(error)
    return None


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_rebuild_index(index: ChromaServer) -> None:
    vectors = make_vectors(12)
    leads = keep(vectors)
    others = keep(make_vectors(2), model="another")
    vector_index.index_pending()
    out = StringIO()
    call_command("rebuild_index", stdout=out)
    assert out.getvalue().splitlines() == [
        "12 of 12",
        "The index holds 12 vectors of all-MiniLM-L6-v2.",
        "2 messages were embedded by another model and are queued for embedding.",
    ]
    assert list(StageRun.objects.filter(stage="embed").values_list("lead", flat=True)) == others
    assert [row[0][0] for row in vector_index.nearest(vectors, 1)] == leads


def test_rebuild_index_without_a_server(settings: Any) -> None:
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    keep(make_vectors(1))
    with pytest.raises(CommandError, match=r"does not answer\. Nothing is lost: the vectors are in the database\.$"):
        call_command("rebuild_index")


# ---- the exact search ------------------------------------------------------------------------------------------------


def test_the_exact_search_keeps_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_search, "MAX_ROWS", 8)
    exact_search.release()
    vectors = make_vectors(20)
    leads = keep(vectors[:5])
    assert sorted(ids(exact(vectors[:1], 20))[0]) == leads
    leads += keep(vectors[5:])
    assert sorted(ids(exact(vectors[:1], 20))[0]) == leads[-8:]


def test_the_exact_search_forgets_removed_leads() -> None:
    exact_search.release()
    vectors = make_vectors(4)
    leads = keep(vectors)
    assert ids(exact(vectors[1:2], 1)) == [[leads[1]]]
    exact_search.remove({leads[1]})
    Embedding.objects.filter(lead=leads[1]).delete()
    assert sorted(ids(exact(vectors[1:2], 4))[0]) == [leads[0], leads[2], leads[3]]
