"""How well duplicates are found among leads, beside the rule "same e-mail or phone" and Splink, in the same run.

`LEADS` names files to measure on, with ":" between them; without it the second set is made (`COUNT` leads, 10,000
unless said otherwise). What is wanted of a file depends on its size: among more leads there are more namesakes.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.duplicates import baselines, leads_set
from benchmarks.duplicates.baselines import HEAD
from benchmarks.figures import Figure, at_most
from enrichment import evaluation
from enrichment.evaluation import Figures

MANY = 50_000
SEED = 11


def run() -> list[Figure]:
    with files() as paths:
        return [figure for path in paths for figure in _measure(path)]


@contextmanager
def files() -> Iterator[list[Path]]:
    """The files that `LEADS` names, or one of our own."""
    if named := os.environ.get("LEADS"):
        yield [Path(each) for each in named.split(":")]
        return
    with tempfile.TemporaryDirectory() as folder:
        yield [make(Path(folder) / "second set.parquet", SEED)]


def make(path: Path, seed: int) -> Path:
    leads_set.write(leads_set.make(int(os.environ.get("COUNT", "10000")), seed), path)
    return path


def _measure(path: Path) -> list[Figure]:
    rows = evaluation.read(path)
    begun = time.perf_counter()
    figures = evaluation.evaluate(path)
    own = baselines.ours(figures, time.perf_counter() - begun)
    beside = [baselines.exact_key(rows), baselines.splink(rows)]
    print(
        "\n".join([f"{path.stem}, {len(rows):,} leads", HEAD, *(score.line() for score in (own, *beside))]), flush=True
    )
    return wanted(path, figures, " (" + ", ".join(f"{score.method}: {score.f1:.2f}" for score in beside) + ")")


def wanted(path: Path, found: Figures, beside: str = "") -> list[Figure]:
    """The figures beside what they must be; of our own set only its F1 must be something."""
    few, taught = found.leads < MANY, found.decisions > 0
    name = f"{path.stem}, {found.leads:,} leads" + (f", {found.decisions} decisions" if taught else "")
    if "LEADS" not in os.environ:
        return [
            _at_least(f"{name}: F1{beside}", found.f1, 0.9),
            Figure(f"{name}: recall at 99 % precision", f"{found.recall_at_p99:.3f}"),
            Figure(f"{name}: recall without a shared key", f"{found.recall_no_key:.3f}"),
            Figure(f"{name}: calibration error", f"{found.ece:.3f}"),
            Figure(f"{name}: new leads with a false alert", f"{100 * found.alerts_at_p90:.2f} %"),
        ]
    return [
        _at_least(f"{name}: F1{beside}", found.f1, (0.94 if taught else 0.9) if few else (0.91 if taught else 0.88)),
        _at_least(f"{name}: recall at 99 % precision", found.recall_at_p99, 0.8 if taught else 0.68),
        _at_least(f"{name}: recall without a shared key", found.recall_no_key, 0.83 if taught else 0.75),
        at_most(f"{name}: calibration error", 100 * found.ece, 3, " %"),
        at_most(f"{name}: new leads with a false alert", 100 * found.alerts_at_p90, 0.3, " %"),
    ]


def _at_least(name: str, share: float, wanted: float) -> Figure:
    return Figure(name, f"{share:.3f}", f"≥ {wanted:g}", share >= wanted)
