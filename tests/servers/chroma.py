"""A real Chroma server on a free port, for tests. By hand: `chroma run --path data/chroma --port 8001`."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import chromadb
import httpx
import pytest

START_SECONDS = 30.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class ChromaServer:
    """`chroma run` over a folder. It may be killed, stopped for a while and started again on the same port."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        command = [str(Path(sys.executable).parent / "chroma"), "run", "--path", str(self.folder)]
        self.process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"chroma run did not start on port {self.port}")
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v2/heartbeat", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """As when the machine runs out of memory: no goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """The server holds its connections and says nothing."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def _end(self, with_signal: int) -> None:
        if self.process is None:
            return
        self.process.send_signal(with_signal)
        self.process.wait(timeout=20)
        self.process = None


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    """One server for a test module; import it together with `index`."""
    with ChromaServer(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture
def index(chroma: ChromaServer, settings: Any) -> Iterator[ChromaServer]:
    """The server, running and empty, as the one that the application talks to."""
    from enrichment import exact_search, vector_index

    if chroma.process is None:
        chroma.start()
    client = chromadb.HttpClient(host="127.0.0.1", port=chroma.port)
    for collection in client.list_collections():
        client.delete_collection(collection.name)
    settings.CHROMA_URL = chroma.url
    vector_index.try_again()
    exact_search.release()
    yield chroma
    vector_index.try_again()
    exact_search.release()
