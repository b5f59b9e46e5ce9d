import io
import socket

import django
import pytest
from django.core.management import call_command

from basecamp.health import Check, State
from basecamp.management.commands import doctor


def examine(checks: list[Check], monkeypatch) -> tuple[str, int]:
    monkeypatch.setattr("basecamp.health.all_checks", lambda: checks)
    out = io.StringIO()
    try:
        call_command("doctor", stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def free_ports(monkeypatch):
    monkeypatch.setattr(doctor, "is_free", lambda host, port: True)


def test_all_well(db, free_ports, monkeypatch):
    text, code = examine([Check("Disk", State.OK, "9 GB free.")], monkeypatch)
    assert code == 0
    lines = text.splitlines()
    assert [line[:7] for line in lines] == [
        "ok     ",
        "ok     ",
        "ok     ",
        "ok     ",
        "ok     ",
        "look   ",
        "       ",
        "ok     ",
    ]
    assert lines[1] == "ok      Packages: All are installed in the wanted versions."
    assert lines[-1] == "ok      Disk: 9 GB free."


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (Check("Ollama", State.WARNING, "Gone.", "Wait."), 0),
        (Check("Embedding model", State.DOWN, "Gone.", "Wait."), 0),
        (Check("Database", State.DOWN, "Gone.", "Wait.", is_needed=True), 1),
    ],
)
def test_ends_with_one_when_something_needed_is_broken(db, free_ports, monkeypatch, check, code):
    text, found = examine([check], monkeypatch)
    assert found == code
    mark = "BROKEN" if check.state is State.DOWN else "look  "
    assert text.splitlines()[-2:] == [f"{mark}  {check.name}: Gone.", "        Wait."]


def test_wrong_package_is_named(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "requirements.txt").write_text("# all\nDjango==1.0\nnot-there==2  # why\nsupervisor==4.3.0\n-r other\n")
    assert doctor.packages().sentence == f"Django {django.__version__} (wanted 1.0); not-there is missing (wanted 2)."


def test_taken_port_is_named(settings):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings.HOST, settings.PORT, settings.CHROMA_URL = "127.0.0.1", other.getsockname()[1], "http://chroma:8000"
        supervisor, port = doctor.ports()
    assert supervisor.sentence == "baseCamp does not run here."
    assert port == Check(
        "PORT",
        State.DOWN,
        f"Port {settings.PORT} is taken by another program.",
        "Stop that program, or set PORT to a free port.",
        True,
    )


def test_missing_migrations_are_counted(db, monkeypatch):
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda self, targets: [1, 2])
    assert doctor.migrations().sentence == "2 changes are missing."
