"""How well duplicates are found, measured on a file of leads of which it is known who is who.

The leads come in by the real intake, one after the other in the order of their times; each gets its vector by the real
embedding stage and is compared with the earlier ones by `duplicates.find` and `duplicates.save`. All of it in a scratch
database, in a process of its own whose environment names no other: whatever the installation has is neither read nor
written, and no Chroma is asked (our own search answers).

What is counted are **pairs**: every two leads of one person are a true pair. A pair that is never compared counts as
not found.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

REQUIRED = ("person", "name", "email", "phone", "region", "company", "message", "ts", "source")
OPTIONAL = ("place",)
NOBODY = "http://127.0.0.1:9"  # the port where nothing answers


class Unreadable(Exception):
    """The file can't be evaluated; says why in one plain sentence."""


@dataclass(frozen=True, slots=True)
class Row:
    """One lead of a file, as it would be typed in."""

    person: str
    name: str
    email: str
    phone: str
    region: str
    company: str
    message: str
    at: float  # unix seconds
    source: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What decisions taught, to be in use during an evaluation."""

    decisions: int
    coefficients: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of an evaluation.

    `precision`, `recall`, `f1`: of the suggested pairs (p >= .5). `recall_at_p99`: the share of the true pairs that is
    found above the lowest probability at which 99 of 100 pairs are true. `recall_no_key`: of the true pairs that share
    neither normalised e-mail nor phone. `ece`: how far the said probability of suggested pairs is off what was so, on
    average, in ten bins from 0 to 1. `alerts_at_p90`: the share of leads that repeat nobody and are yet suggested as a
    duplicate with p >= .9. `leads_per_s`: with intake, embedding and all. `p50_ms_per_lead`, `p95_ms_per_lead`: finding
    and saving, without the embedding.
    """

    leads: int
    true_pairs: int
    suggested: int
    precision: float
    recall: float
    f1: float
    recall_at_p99: float
    recall_no_key: float
    ece: float
    alerts_at_p90: float
    leads_per_s: float
    p50_ms_per_lead: float
    p95_ms_per_lead: float
    weights: str = ""
    decisions: int = 0


@dataclass(slots=True)
class Compared:
    """What a run over the rows gave; leads by their place in the rows, the earlier one first."""

    rows: Sequence[Row]
    keys: list[tuple[str, str]] = field(default_factory=list)  # normalised e-mail and phone
    probabilities: dict[tuple[int, int], float] = field(default_factory=dict)
    suggested: dict[tuple[int, int], float] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)  # of pairs worth asking: signals, log_odds, is_same
    seconds: list[float] = field(default_factory=list)  # of finding and saving, by lead
    total_seconds: float = 0.0
    weights: str = ""


# ---- the file --------------------------------------------------------------------------------------------------------


def read(path: Path) -> list[Row]:
    """The leads of a Parquet file in the order of their times. Raises Unreadable."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except FileNotFoundError:
        raise Unreadable(f"There is no file {path}.") from None
    except (OSError, pyarrow.ArrowException):
        raise Unreadable(f"{path} is not a Parquet file.") from None
    missing = [column for column in REQUIRED if column not in table.column_names]
    if missing:
        raise Unreadable(f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}.")
    if not table.num_rows:
        raise Unreadable(f"{path} has no leads.")
    columns = [column for column in (*REQUIRED, *OPTIONAL) if column in table.column_names]
    try:
        table = table.set_column(table.column_names.index("ts"), "ts", table["ts"].cast(pyarrow.timestamp("us")))
        rows = [_row(values) for values in table.select(columns).to_pylist()]
    except (pyarrow.ArrowException, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"{path} has values that can't be read: {error}") from None
    return sorted(rows, key=lambda row: row.at)


def _row(values: Mapping[str, Any]) -> Row:
    if values["person"] is None or values["ts"] is None:
        raise ValueError("each lead needs a person and a ts")
    import datetime as dt

    texts = {key: "" if values.get(key) is None else str(values[key]) for key in (*REQUIRED, *OPTIONAL) if key != "ts"}
    moment: dt.datetime = values["ts"]
    return Row(**texts, at=(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())


# ---- a process of its own --------------------------------------------------------------------------------------------


def evaluate(path: Path, *, learn_from: Path | None = None, decisions: int = 300, seed: int = 1) -> Figures:
    """Evaluates a file; with `learn_from` after so many simulated decisions about pairs of that other file.

    Progress goes to stderr. Raises Unreadable.
    """
    for file in filter(None, (learn_from, path)):
        read(file)
    lesson = None
    if learn_from is not None:
        lesson = Lesson(**_in_scratch({"path": str(learn_from), "decisions": decisions, "seed": seed}))
    return Figures(**_in_scratch({"path": str(path), "lesson": asdict(lesson) if lesson else None}))


def _in_scratch(order: Mapping[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="basecamp-evaluation-") as folder:
        apart = {
            "DATA_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/scratch.sqlite3",
            "CHROMA_URL": NOBODY,
            "AIRTABLE_API_KEY": "",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "basecamp.settings",
        }
        done = subprocess.run(
            [sys.executable, "-m", "enrichment.evaluation", json.dumps(order)],
            env={**os.environ, **apart},
            cwd=Path(__file__).resolve().parent.parent,
            stdout=subprocess.PIPE,
            check=False,
        )
    if done.returncode:
        raise Unreadable(f"The evaluation of {order['path']} broke off; what it said is above.")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _obey(order: Mapping[str, Any]) -> dict[str, Any]:
    """What the process of its own does: the figures, or with `decisions` the lesson."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, stdout=sys.stderr)
    from enrichment import replay, verdict

    rows = read(Path(order["path"]))
    if order.get("decisions"):
        compared = replay.run(rows, progress=_say, with_examples=True)
        return asdict(verdict.lesson(compared, decisions=order["decisions"], seed=order["seed"]))
    lesson = Lesson(**order["lesson"]) if order.get("lesson") else None
    compared = replay.run(rows, lesson=lesson, progress=_say)
    return asdict(verdict.figures(compared, decisions=lesson.decisions if lesson else 0))


def _say(done: int, total: int) -> None:
    sys.stderr.write(f"{done:,} of {total:,} leads\n")
    sys.stderr.flush()


if __name__ == "__main__":
    from enrichment.evaluation import _obey  # of the module that the others import, not of this copy

    sys.stdout.write(json.dumps(_obey(json.loads(sys.argv[1]))) + "\n")
