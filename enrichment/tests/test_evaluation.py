"""The evaluation: what its figures mean, and one run of the command as people start it."""

import datetime as dt
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from django.core.management import CommandError, call_command

from enrichment import evaluation, verdict
from enrichment.evaluation import Compared, Row

COLUMNS = ("person", "name", "email", "phone", "region", "company", "message", "source")
LEADS = [
    (1, "Ana Kowalczyk", "ana.k@gmail.com", "(512) 555-0142", "US", "Kowalczyk Dental", "My brakes squeal.", "csv"),
    (2, "Ben Okafor", "ben@okafor.example", None, "US", None, "I would like to book a facial in June.", "web_form"),
    (1, "Kowalczyk, Ana", None, "+1 512 555 0142", "US", None, "Any news about my brakes?", "email"),
    (3, "Jürgen Weiß", "j.weiss@web.de", "030 901820", "DE", None, "Bitte rufen Sie mich an.", "paste"),
    (3, "Juergen Weiss", "jweiss@web.de", "+49 30 901820", "US", None, "Haben Sie meine Nachricht?", "web_form"),
    (4, None, "zoe@tan.example", None, "US", None, "What are your opening hours?", "web_form"),
]


def write(path: Path, leads: list[tuple[Any, ...]] = LEADS, *, without: str = "", **more: Any) -> Path:
    table = {column: [lead[at] for lead in leads] for at, column in enumerate(COLUMNS) if column != without}
    start = dt.datetime(2025, 11, 1)
    table["ts"] = [start + dt.timedelta(hours=number) for number in range(len(leads))]
    pyarrow.parquet.write_table(pyarrow.table(table | more), path)
    return path


def test_the_command(tmp_path: Path) -> None:
    out = StringIO()
    call_command("evaluate_duplicates", str(write(tmp_path / "leads.parquet")), "--json", stdout=out)
    figures = json.loads(out.getvalue())
    assert {key: figures[key] for key in ("leads", "true_pairs", "precision", "recall", "f1", "recall_at_p99")} == {
        "leads": 6,
        "true_pairs": 2,
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "recall_at_p99": 1.0,
    }
    assert {"recall_no_key", "ece", "leads_per_s", "p95_ms_per_lead", "alerts_at_p90"} <= figures.keys()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path, "There is no file"),
        (lambda path: path.write_text("name,email") and path, "is not a Parquet file"),
        (lambda path: write(path, without="phone"), "lacks the column phone"),
        (lambda path: write(path, []), "has no leads"),
        (lambda path: write(path, [(None, *LEADS[0][1:])]), "each lead needs a person and a ts"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, make: Any, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("evaluate_duplicates", str(make(tmp_path / "leads.parquet")))


def test_rows_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    times = [dt.datetime(2025, 1, day) for day in (3, 1, 2, 6, 5, 4)]
    rows = evaluation.read(write(tmp_path / "leads.parquet", place=["Austin", None, None, None, None, None], ts=times))
    assert [row.person for row in rows] == ["2", "1", "1", "4", "3", "3"]
    assert [row.place for row in rows] == ["", "", "Austin", "", "", ""]
    assert rows[0].at == dt.datetime(2025, 1, 1, tzinfo=dt.UTC).timestamp()


# ---- the figures -----------------------------------------------------------------------------------------------------


def row(person: str) -> Row:
    return Row(person, "", "", "", "", "", "", 0.0, "api")


def test_figures() -> None:
    compared = Compared(
        rows=[row(person) for person in "AABABC"],
        keys=[("a", ""), ("a", ""), ("b", "1"), ("", "2"), ("", "1"), ("c", "")],
        probabilities={(0, 1): 0.99, (2, 4): 0.8, (4, 5): 0.95, (0, 3): 0.4, (1, 5): 0.1},
        suggested={(0, 1): 0.99, (2, 4): 0.8, (4, 5): 0.95},
        seconds=[0.001, 0.002, 0.003, 0.004, 0.005, 0.1],
        total_seconds=2.0,
    )
    found = verdict.figures(compared)
    assert verdict.true_pairs("AABABC") == {(0, 1), (0, 3), (1, 3), (2, 4)}
    assert (found.true_pairs, found.suggested, found.leads_per_s) == (4, 3, 3.0)
    assert (found.precision, found.recall, found.f1) == (0.6667, 0.5, 0.5714)
    assert found.recall_at_p99 == 0.25  # above .95 only (0, 1) is right
    assert found.recall_no_key == 0.0  # (0, 3) and (1, 3) share nothing
    assert found.ece == round((abs(0.99 + 0.95 - 1) + abs(0.8 - 1)) / 3, 4)
    assert found.alerts_at_p90 == round(1 / 3, 5)  # of 0, 2 and 5, which repeat nobody, 5
    assert (found.p50_ms_per_lead, found.p95_ms_per_lead) == (4.0, 5.0)


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ({}, 0.0),
        ({(0, 1): 0.9, (0, 2): 0.9}, 0.0),  # equally likely pairs are taken or left together
        ({(0, 1): 0.9, (0, 2): 0.8}, 1.0),
        ({(0, 2): 0.9, (0, 1): 0.8}, 0.0),
    ],
)
def test_recall_at_a_precision(probabilities: dict[tuple[int, int], float], expected: float) -> None:
    assert verdict.recall_at(0.99, probabilities, {(0, 1)}) == expected


def test_a_lesson_is_drawn_by_its_seed() -> None:
    examples = [{"signals": {"near": float(n % 2)}, "log_odds": 0.0, "is_same": n % 2 == 0} for n in range(200)]
    compared = Compared(rows=[], examples=examples)
    lessons = [verdict.lesson(compared, decisions=60, seed=seed) for seed in (1, 1, 2)]
    assert lessons[0] == lessons[1] != lessons[2]
    assert lessons[0].decisions == 60
    assert lessons[0].coefficients["near"] < 0
