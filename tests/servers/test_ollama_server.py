"""The stand-in against the official client: what it gives must read as Ollama's to Ollama's own code."""

import threading

import httpx
import ollama
import pytest

from tests.servers import ollama_behaviours as ways
from tests.servers.ollama import OllamaServer

MESSAGE = [{"role": "user", "content": "This is Ana Lopez from Acme LLC. How much is an oil change? ana@acme.example"}]


@pytest.fixture
def server():
    with OllamaServer(models={"mistral:latest", "llama3.2:3b"}) as running:
        yield running


@pytest.fixture
def client(server):
    with ollama.Client(host=server.url, timeout=5, trust_env=False) as made:
        yield made


def test_lists_and_shows_its_models(server, client):
    assert [entry.model for entry in client.list().models] == ["llama3.2:3b", "mistral:latest"]
    assert client.show("mistral").capabilities == ["completion"]
    assert httpx.get(f"{server.url}/api/version").json() == {"version": "0.33.0"}
    assert httpx.get(server.url).text == "Ollama is running"


def test_pulled_models_are_there_and_deleted_ones_are_not(server, client):
    client.pull("phi4")
    client.delete("mistral")

    assert server.models == {"llama3.2:3b", "phi4:latest"}


def test_an_unscripted_answer_holds_only_words_of_the_message(client):
    keys = ("intent", "email", "first_name", "last_name", "company", "product", "phone")
    schema = {"type": "object", "properties": {key: {"type": "string"} for key in keys}}

    answer = client.chat("mistral", MESSAGE, format=schema)

    assert answer.message.content == (
        '{"intent": "quote_request", "email": "ana@acme.example", "first_name": "Ana", "last_name": "Lopez", '
        '"company": "Acme LLC", "product": "oil change", "phone": ""}'
    )
    assert answer.done_reason == "stop"


def test_streamed_and_joined_answers_are_the_same(server, client):
    server.script(ways.says("one two three"), ways.says("one two three"))

    streamed = list(client.chat("mistral", MESSAGE, stream=True))
    joined = client.chat("mistral", MESSAGE)

    assert [part.message.content for part in streamed] == ["one", " two", " three", ""]
    assert joined.message.content == "one two three"
    assert streamed[-1].eval_count == joined.eval_count == 3


@pytest.mark.parametrize(
    ("way", "status", "said"),
    [
        (ways.busy(), 503, "server busy, please try again.  maximum pending requests exceeded"),
        (ways.html_502(), 502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
        (ways.midstream_error(), -1, "an error was encountered while running the model"),
    ],
)
def test_scripted_failures_reach_the_official_client_as_ollamas(server, client, way, status, said):
    server.script(way)

    with pytest.raises(ollama.ResponseError) as caught:
        list(client.chat("mistral", MESSAGE, stream=True))

    assert (caught.value.status_code, caught.value.error) == (status, said)


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"model": "gone"}, 404, "model 'gone' not found"),
        ({"model": ""}, 400, "model is required"),
        ({"format": {"no": "schema"}}, 500, 'invalid format: {"no": "schema"}; expected "json" or a valid JSON Schema'),
        ({"options": {"num_ctx": 10}, "shift": False}, 400, "the prompt is longer than the context length"),
    ],
)
def test_refuses_what_ollama_refuses(server, changed, status, said):
    answer = httpx.post(f"{server.url}/api/chat", json={"model": "mistral", "messages": MESSAGE, **changed})

    assert answer.status_code == status
    assert answer.json()["error"].startswith(said)


def test_a_long_prompt_is_cut_in_silence_unless_shift_is_off(client):
    answer = client.chat("mistral", MESSAGE, options={"num_ctx": 10})

    assert answer.prompt_eval_count == 7


def test_num_predict_cuts_the_answer(server, client):
    server.script(ways.says("one two three"))

    answer = client.chat("mistral", MESSAGE, options={"num_predict": 2})

    assert (answer.message.content, answer.done_reason) == ("one two", "length")


def test_works_on_one_chat_at_a_time_and_counts_what_was_asked_at_once(server, client):
    server.script(ways.slow(first=0.2, each=0), ways.ok())
    threads = [threading.Thread(target=client.chat, args=("mistral", MESSAGE)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert server.most_at_once == 2
    assert len(server.chats) == 2


def test_a_client_that_goes_frees_the_model(server):
    server.script(ways.hang())
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/api/chat", json={"model": "mistral", "messages": MESSAGE}, timeout=0.2)

    answer = httpx.post(
        f"{server.url}/api/chat", json={"model": "mistral", "messages": MESSAGE, "stream": False}, timeout=2
    )

    assert answer.json()["done_reason"] == "stop"


def test_can_be_scripted_from_another_process(server, client):
    httpx.post(f"{server.url}/script", json={"behaviours": ["busy"]})

    with pytest.raises(ollama.ResponseError, match="server busy"):
        client.chat("mistral", MESSAGE)
