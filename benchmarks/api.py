"""The API as schemathesis sees it: every operation, all checks, with seeds that differ from the test's."""

import tempfile
from pathlib import Path

from benchmarks.figures import Figure, at_least, at_most
from tests.fuzz.running import run as fuzz

SEEDS = (1, 2, 3)
EXAMPLES = 300  # for each operation and phase
CASES = 10_000


def run() -> list[Figure]:
    reports = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            reports.append(fuzz(Path(folder), examples=EXAMPLES, seed=seed))
        if not reports[-1].is_clean:
            print(reports[-1].output)
    unclean = sum(not report.is_clean for report in reports)
    return [
        at_least("API, requests made up by schemathesis", sum(report.cases for report in reports), CASES),
        at_most("API, failures of all checks", max(unclean, sum(report.failures for report in reports)), 0),
        Figure("API, seconds", f"{sum(report.seconds for report in reports):.0f} s"),
    ]
