"""The supervisor's configuration, its terminal and the announcement, without starting anything."""

import configparser
import shlex
from pathlib import Path

import pytest

from basecamp import announce, programs
from basecamp.programs import Plan
from basecamp.supervisor import Terminal


@pytest.fixture
def shown(capsys):
    def feed(*pieces: str, program: str = "web", is_verbose: bool = False) -> list[str]:
        terminal = Terminal(is_verbose=is_verbose)
        for piece in pieces:
            terminal.take(program, piece)
        return capsys.readouterr().out.splitlines()

    return feed


def test_programs_start_by_rank(settings):
    settings.CHROMA_URL = ""
    assert [(program.name, program.rank) for program in programs.programs(Plan())] == [
        ("chroma", 10),
        ("worker-basecamp", 20),
        ("worker-ml", 20),
        ("worker-llm", 20),
        ("clock", 30),
        ("web", 40),
        ("announce", 50),
    ]


def test_foreign_chroma_is_not_started(settings):
    settings.CHROMA_URL = "http://chroma:8000"
    names = [program.name for program in programs.programs(Plan(parts=("clock", "chroma", "workers")))]
    assert names == ["worker-basecamp", "worker-ml", "worker-llm", "clock"]
    assert programs.ports(Plan()) == {"PORT": (settings.HOST, settings.PORT)}


def test_configuration_survives_odd_paths(settings):
    settings.CHROMA_URL = ""
    settings.DATA_DIR = Path("/srv/100% our data; yes")
    plan = Plan(run_dir=settings.DATA_DIR / "run")
    text = programs.configuration(plan, logs=settings.DATA_DIR / "logs", supervisor_pid=4711)
    parser = configparser.ConfigParser(inline_comment_prefixes=(";",), interpolation=None)
    parser.read_string(text)
    chroma = parser["program:chroma"]
    command = shlex.split(chroma["command"].replace("%%", "%"))
    assert command[1:4] == ["-m", "basecamp.leash", "4711"]
    assert command[command.index("--path") + 1] == "/srv/100% our data; yes/chroma"
    assert parser["group:workers"]["programs"] == "worker-basecamp,worker-ml,worker-llm"
    assert 'Q_CLUSTER_NAME="ml"' in parser["program:worker-ml"]["environment"]


@pytest.mark.parametrize(("model", "is_offline"), [("all-MiniLM-L6-v2", True), ("BAAI/bge-small-en", False)])
def test_only_packaged_weights_go_offline(settings, model, is_offline):
    settings.EMBEDDING_MODEL = model
    worker = programs.programs(Plan(parts=("workers",)))[1]
    assert ("HF_HUB_OFFLINE" in worker.environment) is is_offline


@pytest.mark.parametrize(
    ("host", "bind", "own"),
    [
        ("127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("0.0.0.0", "0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("::", "[::]:8000", "http://[::1]:8000"),
        ("::1", "[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_addresses(settings, host, bind, own):
    settings.HOST, settings.PORT = host, 8000
    web, announcement = programs.programs(Plan(parts=("web",)))
    assert web.command[web.command.index("--bind") + 1] == bind
    assert announcement.command[4] == own


def test_terminal_shows_trouble_and_hides_chatter(shown):
    assert shown(
        "2026-03-02 12:00:00,000 INFO leads: fine\n",
        "2026-03-02 12:00:01,000 ERROR leads: bad\nTraceback (most recent call last):\n  File x\n\nValueError: y\n",
        "2026-03-02 12:00:02,000 INFO leads: the word ERROR far behind does not count " + "." * 200 + " ERROR\n",
        "  a second line of it\n",
        "2026-03-02 12:00:02,000 WARNING django.request: Not Found: /wp-admin\n",
        '{"time": "2026", "level": "WARNING", "logger": "django.request", "message": "Not Found"}\n',
        "[2026-03-02 12:00:03 +0000] [7] [WARNING] slow\n",
        '{"time": "2026", "level": "WARNING", "message": "x"}\n',
    ) == [
        "web: 2026-03-02 12:00:01,000 ERROR leads: bad",
        "web: Traceback (most recent call last):",
        "web:   File x",
        "web: ValueError: y",
        "web: [2026-03-02 12:00:03 +0000] [7] [WARNING] slow",
        'web: {"time": "2026", "level": "WARNING", "message": "x"}',
    ]


def test_terminal_puts_lines_together(shown):
    assert shown("2026-03-02 12:00:00,000 ERR", "OR leads: b", "ad\n2026-03-02 ") == [
        "web: 2026-03-02 12:00:00,000 ERROR leads: bad"
    ]


def test_terminal_shows_all_when_asked(shown):
    assert shown("2026-03-02 12:00:00,000 INFO leads: fine\n", is_verbose=True) == [
        "web: 2026-03-02 12:00:00,000 INFO leads: fine"
    ]
    assert shown("\nready\n", program="announce") == ["", "ready"]


@pytest.mark.parametrize(
    ("missing", "code", "text"),
    [
        ([], "", "\nbaseCamp is ready: http://x/\nStop with Ctrl-C."),
        (
            [],
            "ab-cd",
            "\nbaseCamp is ready: http://x/\n"
            "First visit: make your account at http://x/setup/ with the one-time code ab-cd\nStop with Ctrl-C.",
        ),
        (
            ["Chroma: gone."],
            "",
            "\nbaseCamp is running, but not everything is ready: http://x/\n  - Chroma: gone.\nStop with Ctrl-C.",
        ),
    ],
)
def test_announcement(missing, code, text):
    assert announce.message("http://x", missing, code) == text


def test_announcement_when_nobody_answers():
    assert announce.wait("http://127.0.0.1:9", patience=0) == ["The web process does not answer."]
