"""What 300 and 1,000 decisions teach: simulated ones, about pairs of another file that are worth asking about.

`LEARN` names that file; without it a second set with other people is made. Measured on what
`benchmarks.duplicates.leads` measures on.
"""

import os
import tempfile
from pathlib import Path

from benchmarks.duplicates import leads
from benchmarks.figures import Figure
from enrichment import evaluation

DECISIONS = (300, 1000)


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, leads.files() as paths:
        named = os.environ.get("LEARN")
        teacher = Path(named) if named else leads.make(Path(folder) / "others.parquet", leads.SEED + 1)
        return [figure for path in paths for count in DECISIONS for figure in _measure(path, teacher, count)]


def _measure(path: Path, teacher: Path, count: int) -> list[Figure]:
    figures = evaluation.evaluate(path, learn_from=teacher, decisions=count)
    print(f"  {count} decisions: precision {figures.precision:.3f}, recall {figures.recall:.3f}, F1 {figures.f1:.3f}")
    return leads.wanted(path, figures)
