"""Every wrong variable stops the start with one sentence that names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from basecamp import env

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("read", "value", "sentence"),
    [
        (lambda: env.flag("X", False), "perhaps", "X must be true or false, not “perhaps”."),
        (lambda: env.integer("X", 1, low=1, high=9), "ten", "X must be a whole number from 1 to 9, not “ten”."),
        (lambda: env.integer("X", 1, low=1, high=9), "10", "X must be a whole number from 1 to 9, not 10."),
        (lambda: env.choice("X", "a", ("a", "b")), "c", "X must be one of a, b, not “c”."),
        (
            lambda: env.url("X"),
            "localhost:8000",
            "X must be an address like http://localhost:8000, not “localhost:8000”.",
        ),
        (lambda: env.url("X"), "http://", "X must be an address like http://localhost:8000, not “http:”."),
        (lambda: env.url("X"), "http://a:b", "X must be an address like http://localhost:8000, not “http://a:b”."),
        (lambda: env.database("X", ""), "mysql://a/b", "X must begin with postgres:// or sqlite:///."),
        (lambda: env.writable_folder("X", Path("/")), "/proc/no", "X: the folder /proc/no can't be made"),
    ],
)
def test_one_sentence_names_the_variable(monkeypatch, read, value, sentence):
    monkeypatch.setenv("X", value)
    with pytest.raises(env.WrongSetting) as error:
        read()
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(
    ("value", "flag"),
    [("true", True), ("YES", True), ("1", True), ("off", False), ("0", False), ("", True), (" ", True)],
)
def test_flag(monkeypatch, value, flag):
    monkeypatch.setenv("X", value)
    assert env.flag("X", True) is flag


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEBUG", "maybe"),
        ("PORT", "99999"),
        ("SITE_URL", "example.com"),
        ("TRUSTED_PROXIES", "-1"),
        ("OLLAMA_BASE_URL", "localhost:11434"),
        ("OLLAMA_TIMEOUT", "soon"),
        ("CHROMA_URL", "ftp://localhost"),
        ("CHROMA_PORT", "x"),
        ("BUSINESS_TYPE", "bakery"),
        ("DEFAULT_REGION", "XX"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("DATABASE_URL", "mysql://a/b"),
        ("EMAIL_URL", "pigeon://loft"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("DATA_DIR", "/dev/null/data"),
    ],
)
def test_start_is_refused_with_the_name(variable, value, tmp_path):
    environment = {**os.environ, "DATA_DIR": str(tmp_path), variable: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"baseCamp can't start: {variable}")
