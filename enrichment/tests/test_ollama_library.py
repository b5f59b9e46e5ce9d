import pytest

from enrichment import ollama_library
from enrichment.ollama_library import Library, Model, PullFailed, in_plain_words, is_name, look, size_in_words
from tests.servers.ollama import OllamaServer

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def server():
    with OllamaServer() as server:
        yield server


@pytest.mark.parametrize(
    "name",
    ["mistral", "mistral:latest", "qwen2.5:3b-instruct-q4_K_M", "library/mistral:7b", "hf.co/bartowski/Phi-3:Q4_K_M",
     "localhost:5000/own/model:1"],
)  # fmt: skip
def test_names_of_models(name):
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", " mistral", "mis tral", "../etc/passwd", "a:b:c:d", "-x", "http://evil/x", "x" * 201, "a\n", "<b>"]
)
def test_what_no_model_is_called(name):
    assert not is_name(name)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 kB"), (12_300, "12 kB"), (271_000_000, "271 MB"), (4_372_824_384, "4.4 GB"), (970_000_000, "1.0 GB"),
     (1.2e12, "1.2 TB")],
)  # fmt: skip
def test_sizes(size, words):
    assert size_in_words(size) == words


def test_looking_tells_what_is_there_and_what_is_loaded(server):
    server.models, server.unloaded = {"mistral:latest", "phi4:latest"}, {"phi4:latest"}
    found = look(server.url)
    mistral = Model("mistral:latest", 4_372_824_384, "7.2B", "Q4_K_M", in_memory=5_137_025_024, in_vram=5_137_025_024)
    assert found == Library("0.33.0", (mistral, Model("phi4:latest", 4_372_824_384, "7.2B", "Q4_K_M")))
    assert found.find("mistral") == mistral
    assert found.find("llama3.2") is None
    assert (mistral.facts, mistral.memory) == ("7.2B · Q4_K_M · 4.4 GB", "5.1 GB, all on the graphics card")


@pytest.mark.parametrize(
    ("in_memory", "in_vram", "words"),
    [(0, 0, ""), (2e9, 0, "2.0 GB of main memory"), (2e9, 1e9, "2.0 GB, 1.0 GB of it on the graphics card")],
)
def test_where_a_model_is_in_memory(in_memory, in_vram, words):
    assert Model("m", 1, in_memory=int(in_memory), in_vram=int(in_vram)).memory == words


def test_looking_where_nobody_answers():
    assert look(NOBODY).problem == f"Ollama at {NOBODY} does not answer."


def test_looking_at_another_program(server):
    assert look(f"{server.url}/api/show?").problem.startswith(f"Ollama at {server.url}/api/show? answers with an error")


def test_a_pull_tells_how_far_it_is(server):
    seen = [(said.status, said.completed, said.total, said.is_done) for said in _copies(server, "qwen2.5:3b")]
    size = 1_930_000_000
    assert seen[0] == ("pulling manifest", 0, 0, False)
    assert seen[1][1:] == (0, size, False)
    assert seen[2][1:] == (size // 10, size, False)
    assert seen[-1] == ("success", size, size, True)
    assert "qwen2.5:3b" in server.models


def _copies(server, name):
    for said in ollama_library.pull(server.url, name):
        yield ollama_library.Progress(said.status, said.is_done, dict(said.layers))


def test_a_pull_that_is_left_goes_on_from_there(server):
    server.library.seconds = 0.5
    for said in ollama_library.pull(server.url, "qwen2.5:3b"):
        if said.completed:
            break
    before = said.completed
    assert before
    assert "qwen2.5:3b" not in server.models
    first = next(said for said in _copies(server, "qwen2.5:3b") if said.total)
    assert first.completed >= before


def test_an_unknown_model(server):
    with pytest.raises(PullFailed) as caught:
        list(ollama_library.pull(server.url, "mistrall"))
    assert (caught.value.reason, caught.value.is_away) == ("Ollama's library has no model mistrall.", False)


def test_a_pull_without_ollama():
    with pytest.raises(PullFailed) as caught:
        list(ollama_library.pull(NOBODY, "mistral"))
    assert (caught.value.reason, caught.value.is_away) == (f"Ollama at {NOBODY} does not answer.", True)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("pull model manifest: file does not exist", "Ollama's library has no model x."),
        ("invalid model name", "Ollama's library has no model x."),
        ("pull model manifest: 412: The model you are attempting to pull requires a newer version of Ollama.",
         "x needs a newer Ollama. Update it from ollama.com, then try again."),
        ("write /root/.ollama/models/blobs/sha256-1-partial: no space left on device",
         "There is no room for x on Ollama's disk. Make some and try again."),
        ('pull model manifest: Get "https://registry.ollama.ai/v2/library/x": dial tcp: lookup registry.ollama.ai: no '
         "such host", "Ollama could not reach its library. Check that its machine is on the internet, then try again."),
        ("max retries exceeded: EOF",
         "Ollama could not reach its library. Check that its machine is on the internet, then try again."),
        ("digest mismatch, file must be downloaded again", "What arrived of x was damaged. Try again."),
        ("something\nnew", "Ollama could not get x: something new"),
    ],
)  # fmt: skip
def test_errors_in_plain_words(said, words):
    assert in_plain_words(said, "x") == words
