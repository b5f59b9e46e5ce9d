"""The running API against its own OpenAPI document: schemathesis with all its checks, which must find nothing."""

from tests.fuzz.running import run


def test_schemathesis_finds_nothing(tmp_path):
    report = run(tmp_path, examples=15, seed=7)
    assert report.is_clean, report.output[-8000:]
    assert (report.operations, report.failures) == (13, 0)
    assert report.cases > 1000
    assert "Traceback" not in (tmp_path / "web.log").read_text()
