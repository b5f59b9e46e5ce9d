"""The examples of docs/api.md run as they stand."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from basecamp.tests.made import make
from leads import api_keys

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"^```(sh|python)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ROUTES = [
    *("POST /intake", "POST /intake/batch", "POST /intake/check-similar", "GET /leads", "GET /leads/{id}"),
    *("PATCH /leads/{id}", "DELETE /leads/{id}", "GET /leads/{id}/similar", "GET /leads/stats/summary"),
    *("POST /leads/export", "GET /intake/health"),
]


@pytest.fixture
def environment(live_server, staff, monkeypatch):
    key = api_keys.create("Docs", scopes=api_keys.Scope.values).text
    for name, value in {"URL": live_server.url, "KEY": key, "LEAD": str(make().public_id)}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("language", "code"), EXAMPLES)
def test_the_example_runs(environment, language, code, capsys):
    if language == "sh":
        done = subprocess.run(["bash", "-ec", code], capture_output=True, text=True, env=os.environ, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        exec(compile(code, "docs/api.md", "exec"), {"__name__": "docs"})


def test_every_route_has_an_example_in_both_languages():
    assert all(f"`{route}`" in PAGE or route.split(" ")[1] in PAGE for route in ROUTES)
    assert [language for language, _ in EXAMPLES].count("python") == len(ROUTES)
    assert [language for language, _ in EXAMPLES].count("sh") == len(ROUTES) + 1  # PUT beside PATCH
