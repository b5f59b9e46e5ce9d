"""The one file that talks to Chroma. It holds an index over our own vectors and nothing else: no text, no metadata.

Whatever happens to it, the rows of `Embedding` are the truth: while it is away or behind, the exact search over them
answers; when it is back it gets what it missed; when it is broken it is thrown away and made anew.
"""

import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import numpy as np
from django.conf import settings
from django.db import connection as database
from django.db.models import QuerySet

from enrichment import embedding, exact_search, people
from enrichment.embedding import Vectors
from enrichment.exact_search import Neighbours
from enrichment.models import Embedding

logger = logging.getLogger(__name__)

VERSION = 1  # of the collection's make-up: another number means another collection
SECONDS = 3.0
REST = 3.0  # after a failure the server is left alone so many seconds
BATCH = 500
CATCH_UP = 2000  # rows that one call adds, so that a long absence doesn't hold up the leads
AT_HAND = 128  # rows that Chroma may lack in a search: they are compared one by one
ROUNDS = (1, 2, 8, 32)  # a search that met leads that are no more is repeated for so many times as many
HNSW = {"space": "cosine", "ef_construction": 100, "ef_search": 200, "max_neighbors": 16}

T = TypeVar("T")
_Pending = tuple[int, int, bytes | memoryview]  # row, lead, vector


class Unavailable(Exception):
    """Chroma can't be used now; says why in one plain sentence."""


@dataclass(slots=True)
class _Connection:
    """This process's client: a fork inherits none, since its sockets would be shared."""

    pid: int
    url: str
    client: Any
    collections: dict[str, Any] = field(default_factory=dict)


_lock = threading.RLock()
_connection: _Connection | None = None
_left_alone_until = 0.0


# ---- what the stages use -------------------------------------------------------------------------------------------


def nearest(vectors: Vectors, k: int) -> list[Neighbours]:
    """For each vector (L2-normalised rows) the k leads whose messages are nearest, as (lead id, cosine), nearest first.

    What Chroma hasn't got yet is compared as well. While it is down, or lacks more than a few, our own search answers.
    Leads that are no more, or were folded into another, are left out.
    """
    if not len(vectors):
        return []
    for more in ROUNDS:
        found = _nearest(vectors, k * more)
        gone = _gone({lead_id for neighbours in found for lead_id, _ in neighbours})
        if not gone:
            break
        delete(gone)  # and ask again: they took the places of others
    return [[pair for pair in neighbours if pair[0] not in gone][:k] for neighbours in found]


def ask(vectors: Vectors, k: int) -> list[Neighbours]:
    """As `nearest`, but what Chroma has and nothing else: it may lack new messages and name leads that are no more.

    Raises Unavailable.
    """
    found = _ask(
        vectors.shape[1],
        lambda collection: collection.query(query_embeddings=vectors, n_results=k, include=["distances"]),
    )
    return [
        [(int(pk), 1.0 - distance) for pk, distance in zip(ids, distances, strict=True)]
        for ids, distances in zip(found["ids"], found["distances"], strict=True)
    ]


def delete(lead_ids: set[int]) -> None:
    """Takes leads out of the index. While Chroma is away nothing is done: a search finds and removes them later."""
    exact_search.remove(lead_ids)
    dimension = dimension_in_use()
    if dimension is None or not lead_ids:
        return
    try:
        _ask(dimension, lambda collection: collection.delete(ids=[str(pk) for pk in lead_ids]))
    except Unavailable as error:
        logger.info("Not removed for now: %s", error)


def index_pending(limit: int = CATCH_UP) -> int:
    """Brings the index what it missed while it was away; returns how many rows it got."""
    rows = [] if _is_left_alone() else _pending(limit)
    done = 0
    try:
        for start in range(0, len(rows), BATCH):
            done += _index(rows[start : start + BATCH])
    except Unavailable as error:
        logger.info("%s rows wait for the index: %s", len(rows) - done, error)
    return done


# ---- what people use -----------------------------------------------------------------------------------------------


def check() -> str | None:
    """None when the index answers a real question, else one plain sentence for staff. Takes a few seconds at most."""
    dimension = dimension_in_use()
    try:
        client = _connect().client
        if dimension is None or _name(dimension) not in {entry.name for entry in client.list_collections()}:
            return None  # nothing was indexed yet, and the server answers
        collection = client.get_collection(_name(dimension), embedding_function=None)
        collection.query(query_embeddings=[[1.0] + [0.0] * (dimension - 1)], n_results=1, include=["distances"])
    except Unavailable as error:
        return str(error)
    except _errors() as error:
        if _is_broken(error):
            return "The Chroma index is broken. It is made anew with the next lead, or by: manage.py rebuild_index"
        _forget()
        return _sentence(error)
    return None


def try_again() -> None:
    """Forgets what was found out about the server, so that the next question is asked at once."""
    global _left_alone_until
    _left_alone_until = 0.0
    _forget()


def count() -> int:
    """How many vectors of the present model the index holds. Raises Unavailable."""
    dimension = dimension_in_use()
    return 0 if dimension is None else int(_ask(dimension, lambda collection: collection.count()))


def rebuild(progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Throws the index away and makes it anew from our own vectors; returns how many. Raises Unavailable.

    `progress` is called with the rows done and the rows in all.
    """
    try_again()
    dimension = dimension_in_use()
    if dimension is None:
        return 0
    _drop(dimension)
    total, done = _rows().count(), 0
    while batch := _pending(BATCH):
        done += _index(batch)
        progress(done, max(total, done))
    return done


# ---- inside --------------------------------------------------------------------------------------------------------


def _rows() -> QuerySet[Embedding]:
    """Our vectors of the present model; others are never compared with them."""
    return Embedding.objects.filter(model=embedding.model_name(), dimension=dimension_in_use() or 0)


def dimension_in_use() -> int | None:
    rows = Embedding.objects.filter(model=embedding.model_name()).order_by("-id")
    return embedding.known_dimension() or rows.values_list("dimension", flat=True).first()


def _gone(lead_ids: set[int]) -> set[int]:
    """Those that are no more, or were folded into another lead. The latter's vectors are forgotten, so that they are
    made and indexed again should the lead ever stand again."""
    # By hand: it runs with each search, and the ORM takes longer to build it than the database to answer.
    sql = (
        "SELECT e.lead_id, l.merged_into_id FROM enrichment_embedding e JOIN leads_lead l ON l.id = e.lead_id "
        "WHERE e.model = %s AND e.lead_id IN ({ids})"
    )
    known = [row for ids in people.chunks(lead_ids) for row in people.rows(sql, ids, embedding.model_name())]
    if merged := [pk for pk, merged_into in known if merged_into is not None]:
        Embedding.objects.filter(lead__in=merged, lead__merged_into__isnull=False).delete()
    return lead_ids - {pk for pk, merged_into in known if merged_into is None}


def _nearest(vectors: Vectors, k: int) -> list[Neighbours]:
    if not _is_left_alone():
        pending = _pending(AT_HAND + 1)
        if len(pending) > AT_HAND:
            index_pending()
            pending = _pending(AT_HAND + 1)
        if len(pending) <= AT_HAND:
            try:
                found = ask(vectors, k)
            except Unavailable as error:
                logger.info("Searching our own vectors: %s", error)
            else:
                exact_search.release()
                return _with_pending(found, pending, vectors, k)
    return exact_search.nearest(vectors, k, model=embedding.model_name())


def _pending(limit: int) -> list[_Pending]:
    """What Chroma has yet to get, oldest first: row, lead, vector. By hand as well."""
    sql = (
        "SELECT id, lead_id, vector FROM enrichment_embedding "
        "WHERE NOT is_indexed AND model = %s AND dimension = %s ORDER BY id LIMIT %s"
    )
    with database.cursor() as cursor:
        cursor.execute(sql, [embedding.model_name(), dimension_in_use() or 0, limit])
        return cursor.fetchall()


def _with_pending(found: list[Neighbours], pending: list[_Pending], vectors: Vectors, k: int) -> list[Neighbours]:
    """With the few that Chroma hasn't got yet; of those it may have a vector that was replaced since."""
    if not pending:
        return found
    leads = [lead_id for _, lead_id, _ in pending]
    cosines = vectors @ _stacked(pending).T
    known = set(leads)
    merged = []
    for neighbours, near in zip(found, cosines.tolist(), strict=True):
        every = [pair for pair in neighbours if pair[0] not in known] + list(zip(leads, near, strict=True))
        merged.append(sorted(every, key=lambda pair: -pair[1])[:k])
    return merged


def _stacked(rows: Sequence[_Pending]) -> Vectors:
    return np.frombuffer(b"".join(bytes(vector) for _, _, vector in rows), dtype="<f4").reshape(len(rows), -1)


def _upsert(lead_ids: Sequence[int], vectors: Vectors) -> None:
    ids = [str(pk) for pk in lead_ids]
    _ask(vectors.shape[1], lambda collection: collection.upsert(ids=ids, embeddings=vectors))


def _index(rows: Sequence[_Pending]) -> int:
    _upsert([lead_id for _, lead_id, _ in rows], _stacked(rows))
    return Embedding.objects.filter(pk__in=[pk for pk, _, _ in rows]).update(is_indexed=True)


def _name(dimension: int) -> str:
    """A collection per model, dimension and version: opening an old one with new settings would keep the old ones.
    And per installation and database, so that a test run never writes where staff search."""
    model = embedding.model_name()
    owner = f"{model}\n{settings.SECRET_KEY}\n{database.settings_dict['NAME']}"
    short = re.sub(r"[^a-z0-9]+", "-", model.lower().rstrip("/").rsplit("/", 1)[-1]).strip("-")[:60] or "model"
    digest = hashlib.sha256(owner.encode()).hexdigest()[:8]
    return f"leads-{short}-{digest}-{dimension}-v{VERSION}"


def _ask(dimension: int, question: Callable[[Any], T]) -> T:
    """Puts a question to the collection. Raises Unavailable; a broken index is dropped first."""
    try:
        try:
            return question(_collection(dimension))
        except _not_found():
            _forget()  # made anew by another process, or the server came back with an empty folder
            return question(_collection(dimension))
    except _errors() as error:
        if _is_broken(error):
            logger.warning("The Chroma index is broken and will be made anew: %s", error)
            _drop(dimension)
        else:
            _leave_alone()
        raise Unavailable(_sentence(error)) from error


def _collection(dimension: int) -> Any:
    if _is_left_alone():
        raise Unavailable(f"Chroma at {_url()} did not answer just now.")
    connection = _connect()
    name = _name(dimension)
    if name not in connection.collections:
        connection.collections[name] = _open(connection.client, name)
    return connection.collections[name]


def _open(client: Any, name: str) -> Any:
    # Without embedding_function=None Chroma would download a model of its own and embed by it.
    options = {"embedding_function": None, "configuration": {"hnsw": HNSW}}
    collection = client.get_or_create_collection(name, **options)
    if not HNSW.items() <= collection.configuration["hnsw"].items():
        client.delete_collection(name)
        collection = client.get_or_create_collection(name, **options)
    indexed = _rows().filter(is_indexed=True)
    if collection.count() < indexed.count():
        logger.warning("The Chroma index has lost vectors and is filled again")
        indexed.update(is_indexed=False)
        raise Unavailable(f"Chroma at {_url()} has lost vectors and is filled again.")
    return collection


def _drop(dimension: int) -> None:
    _rows().update(is_indexed=False)
    try:
        _connect().client.delete_collection(_name(dimension))
    except _not_found():
        pass
    except _errors() as error:
        raise Unavailable(_sentence(error)) from error
    finally:
        _forget()


def _connect() -> _Connection:
    """The client of this process. Built late: its constructor already asks the server. Raises Unavailable."""
    global _connection
    url = _url()
    with _lock:
        if _connection is None or (_connection.pid, _connection.url) != (os.getpid(), url):
            try:
                _connection = _Connection(os.getpid(), url, _new_client(url))
            except _errors() as error:
                _leave_alone()
                raise Unavailable(_sentence(error)) from error
        return _connection


def _new_client(url: str) -> Any:
    parts = urlsplit(url)
    host, is_https = parts.hostname or "localhost", parts.scheme == "https"
    if host in ("127.0.0.1", "localhost", "::1"):
        # A proxy in the environment would catch what is meant for this machine.
        os.environ["NO_PROXY"] = ",".join(filter(None, (os.environ.get("NO_PROXY"), host)))
    # Chroma's client waits for ever, from its constructor on; so a question with a time limit goes before it.
    httpx.get(f"{url}/api/v2/heartbeat", timeout=SECONDS).raise_for_status()
    import chromadb
    from chromadb.config import Settings

    client: Any = chromadb.HttpClient(
        host=host,
        port=parts.port or (443 if is_https else 80),
        ssl=is_https,
        settings=Settings(anonymized_telemetry=False),
    )
    client._server._session.timeout = httpx.Timeout(SECONDS)  # private, hence the exact pin of chromadb
    return client


def _url() -> str:
    return (settings.CHROMA_URL or f"http://127.0.0.1:{settings.CHROMA_OWN_PORT}").rstrip("/")


def _forget() -> None:
    global _connection
    with _lock:
        _connection = None


def _is_left_alone() -> bool:
    return time.monotonic() < _left_alone_until


def _leave_alone() -> None:
    global _left_alone_until
    _forget()
    _left_alone_until = time.monotonic() + REST


def _errors() -> tuple[type[Exception], ...]:
    """Everything that Chroma's client raises about the server; the constructor raises plain ValueErrors."""
    from chromadb.errors import ChromaError

    return (ChromaError, httpx.HTTPError, ValueError)


def _not_found() -> type[Exception]:
    from chromadb.errors import NotFoundError

    return NotFoundError


def _is_broken(error: Exception) -> bool:
    """Chroma's answer to everything once its index file was torn by a crash; only a new collection helps."""
    from chromadb.errors import InternalError

    return isinstance(error, InternalError) and "hnsw" in str(error).lower()


def _sentence(error: Exception) -> str:
    if isinstance(error, httpx.HTTPError) or "connect" in str(error).lower():
        return f"Chroma at {_url()} does not answer."
    return f"Chroma at {_url()} answers with an error: {' '.join(str(error).split())[:200]}"
