import json
import time

import pytest

from enrichment import ollama
from tests.servers import ollama_behaviours as ways
from tests.servers.ollama import OllamaServer

SCHEMA = {"type": "object", "properties": {"intent": {"type": "string"}, "email": {"type": "string"}}}
ANSWER = {"intent": "quote_request", "email": "ana@example.com"}
MESSAGES = [{"role": "user", "content": "How much is a brake job? ana@example.com"}]


@pytest.fixture
def server():
    with OllamaServer() as running:
        yield running


def ask(server, **changed):
    given = {"base_url": server.url, "model": "mistral", "messages": MESSAGES, "schema": SCHEMA, "timeout": 5.0}
    return ollama.chat(**{**given, **changed})


def test_chat_returns_the_whole_answer_with_its_figures(server):
    server.script(ways.ok(ANSWER))

    answer = ask(server)

    assert json.loads(answer.text) == ANSWER
    assert (answer.model, answer.done_reason) == ("mistral", "stop")
    assert (answer.prompt_tokens, answer.answer_tokens) == (len(MESSAGES[0]["content"]) // 4, 4)
    assert 0 <= answer.duration_ms < 5000


def test_chat_says_all_that_keeps_ollama_from_cutting_or_running_on(server):
    ask(server, temperature=0.4, seed=2, num_predict=300, num_ctx=4096)

    assert server.chats == [
        {
            "model": "mistral",
            "messages": MESSAGES,
            "stream": True,
            "format": SCHEMA,
            "think": False,
            "shift": False,
            "truncate": False,
            "options": {"temperature": 0.4, "seed": 2, "num_predict": 300, "num_ctx": 4096},
        }
    ]


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        (ways.not_found(), "The model mistral is not there; run: ollama pull mistral"),
        (ways.busy(), "Ollama at {url} is busy."),
        (
            ways.out_of_memory(),
            "Ollama at {url} answers with an error: "
            "model requires more system memory (5.6 GiB) than is available (3.2 GiB)",
        ),
        (ways.html_502(), "Ollama at {url} answers with an error: HTTP status 502"),
        (ways.html_200(), "Something answers at {url}, but it is not Ollama."),
        (ways.cut_connection(), "Ollama at {url} broke off the connection."),
    ],
)
def test_a_service_that_is_not_well_is_not_the_leads_failure(server, way, reason):
    server.script(way)

    with pytest.raises(ollama.ModelUnavailable) as caught:
        ask(server)

    assert caught.value.reason == reason.format(url=server.url)


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        (ways.Behaviour(text='{"intent": "quo', ending="length"), "The answer was cut off after 2 tokens."),
        (ways.loop(), "The model kept repeating itself."),
        (ways.empty(), "The answer was empty."),
        (ways.too_long(), "The message is too long for the model's context."),
        (
            ways.midstream_error(),
            "Ollama stopped in the middle of the answer: an error was encountered while running the model",
        ),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(server, way, reason):
    server.script(way)

    with pytest.raises(ollama.BadAnswer) as caught:
        ask(server)

    assert caught.value.reason == reason


def test_a_bad_answer_keeps_the_text_so_far(server):
    server.script(ways.Behaviour(text='{"intent": "quote_request", "email": ""}', stop_after=2, ending="error"))

    with pytest.raises(ollama.BadAnswer) as caught:
        ask(server)

    assert caught.value.raw == '{"intent": "quote_request",'


@pytest.mark.parametrize("way", [ways.hang(), ways.slow(first=30)])
def test_silence_ends_at_the_deadline(server, way):
    server.script(way)
    began = time.monotonic()

    with pytest.raises(ollama.ModelUnavailable) as caught:
        ask(server, timeout=0.4)

    assert caught.value.reason == f"Ollama at {server.url} gave no answer within 0.4 seconds."
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("way", [ways.stall(), ways.Behaviour(text="word " * 500, each=0.05)])
def test_an_answer_that_drips_ends_at_the_deadline_for_everything_together(server, way):
    server.script(way)
    began = time.monotonic()

    with pytest.raises(ollama.BadAnswer) as caught:
        ask(server, timeout=0.5)

    assert caught.value.reason == "The answer was not finished after 0.5 seconds."
    assert caught.value.raw
    assert time.monotonic() - began < 2


def test_silence_after_a_drip_does_not_start_the_clock_anew(server):
    server.script(ways.Behaviour(text="word " * 50, each=0.3, stop_after=3, ending="hang"))
    began = time.monotonic()

    with pytest.raises(ollama.BadAnswer, match="not finished after 1 seconds"):
        ask(server, timeout=1.0)

    assert time.monotonic() - began < 1.5


def test_a_prompt_that_an_old_server_cut_in_silence_is_noticed(server):
    server.script(ways.truncated(), ways.ok(ANSWER))
    long = [{"role": "user", "content": "a long story " * 60}]

    with pytest.raises(ollama.BadAnswer) as caught:
        ask(server, messages=long, num_ctx=600)
    answer = ask(server, messages=long, num_ctx=600)

    assert caught.value.reason == "The message was too long: Ollama read only the end of it."
    assert json.loads(answer.text) == ANSWER


def test_a_prompt_longer_than_the_context_is_refused_and_not_cut(server):
    with pytest.raises(ollama.BadAnswer, match="too long for the model's context"):
        ask(server, messages=[{"role": "user", "content": "a long story " * 300}], num_ctx=600)


def test_loading_the_model_does_not_count_as_the_answers_time(server):
    server.unloaded, server.load_seconds = {"mistral:latest"}, 0.8
    server.script(ways.ok(ANSWER), ways.slow(first=30))

    answer = ask(server, timeout=0.5)
    with pytest.raises(ollama.NoAnswer, match=r"gave no answer within 0\.5 seconds"):
        ask(server, timeout=0.5)

    assert json.loads(answer.text) == ANSWER
    assert answer.duration_ms >= 800


def test_a_model_that_never_gets_into_memory_is_the_services_trouble(server):
    server.unloaded, server.load_seconds = {"mistral:latest"}, 30

    with pytest.raises(ollama.ModelUnavailable) as caught:
        ask(server, timeout=0.2, load_timeout=0.2)

    assert not isinstance(caught.value, ollama.NoAnswer)
    assert caught.value.reason == f"Ollama at {server.url} is still loading the model mistral."


def test_after_loading_a_drip_still_ends(server):
    server.unloaded, server.load_seconds = {"mistral:latest"}, 0.3
    server.script(ways.stall())
    began = time.monotonic()

    with pytest.raises(ollama.BadAnswer, match=r"not finished after 0\.4 seconds"):
        ask(server, timeout=0.4)

    assert time.monotonic() - began < 1.5


def test_the_text_is_told_as_it_grows(server):
    server.script(ways.says("Thank you for writing."))
    told: list[str] = []

    answer = ask(server, schema=None, on_text=told.append)

    assert told == ["Thank", "Thank you", "Thank you for", "Thank you for writing."]
    assert answer.text == told[-1]
    assert "format" not in server.chats[0]


def test_who_is_told_can_stop_the_call(server):
    class Stopped(Exception):
        pass

    def stop(text: str) -> None:
        raise Stopped(text)

    server.script(ways.Behaviour(text="word " * 200, each=0.05))
    began = time.monotonic()

    with pytest.raises(Stopped, match="word"):
        ask(server, on_text=stop)

    assert time.monotonic() - began < 1
    assert ask(server).done_reason == "stop"


def test_the_service_comes_back_on_the_same_address(server):
    server.stop()
    with pytest.raises(ollama.ModelUnavailable) as caught:
        ask(server)
    server.start()

    assert caught.value.reason == f"Ollama at {server.url} does not answer."
    assert ask(server).done_reason == "stop"


def test_a_proxy_in_the_environment_is_not_used(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert ollama.check(server.url, "mistral") is None
    assert ask(server).done_reason == "stop"


@pytest.mark.parametrize(
    ("there", "asked", "is_ready"),
    [
        ("mistral:latest", "mistral", True),
        ("mistral", "mistral:latest", True),
        ("mistral:7b", "mistral:7b", True),
        ("mistral:7b", "mistral", False),
        ("llama3.2:3b", "llama3.2:1b", False),
        ("registry.local:5000/team/model", "registry.local:5000/team/model:latest", True),
    ],
)
def test_check_compares_names_as_ollama_does(server, there, asked, is_ready):
    server.models = {there}

    expected = None if is_ready else f"The model {asked} is not there; run: ollama pull {asked}"
    assert ollama.check(server.url, asked) == expected


def test_check_says_that_nothing_answers(server):
    server.stop()

    assert ollama.check(f"{server.url}/", "mistral") == f"Ollama at {server.url} does not answer."


@pytest.mark.parametrize("address", ["ftp://example", "http://[bad", "http://", "no such host at all"])
def test_an_address_that_is_none_is_told_and_never_raised_as_something_else(address):
    assert ollama.check(address, "mistral").endswith("does not answer.")
    with pytest.raises(ollama.ModelUnavailable, match="does not answer"):
        ollama.chat(base_url=address, model="m", messages=MESSAGES, schema=SCHEMA, timeout=1)


@pytest.mark.parametrize(
    ("text", "is_looping"),
    [
        (" \n" * 200, True),
        ("fine so far " + "Sales_Pitch_" * 40, True),
        ("I'm glad to hear that you're doing well. " * 10, True),
        ("-" * 60, False),
        ('{"a": "", "b": ""}', False),
        (" ".join(str(number) for number in range(200)), False),
    ],
)
def test_is_looping(text, is_looping):
    assert ollama.is_looping(text) is is_looping
