"""Importing a large table: rows a second, the worker's memory, and how long a fresh inquiry waits meanwhile.

`ROWS=5000 make bench-intake PARTS=intake_import` takes fewer rows than 50,000.
"""

import multiprocessing
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import Figure, at_least, at_most

ROWS = int(os.environ.get("ROWS", "50000"))
MOST_MEMORY = 200  # MB above idle
LEAST_RATE = 300  # rows/s, in each of both steps
MOST_WAIT = 2.0  # seconds until a fresh inquiry is admitted while the import runs
FIRST = ("Ana", "Bo", "Carla", "Jürgen", "Łukasz", "Élodie", "Priya", "Omar", "Mei", "Sofia")
LAST = ("Silva", "Chen", "Diaz", "Müller", "Nowak", "Lefèvre", "Patel", "Haddad", "Wong", "Rossi")


def run() -> list[Figure]:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    source = _uploaded()
    checked = _in_a_worker(source.pk, "check")
    made = _in_a_worker(source.pk, "start")
    wrong = _wrong(source)
    undone = _in_a_worker(source.pk, "undo")
    exported = _export_memory()
    print(f"  read {checked['rate']:.0f} rows/s, imported {made['rate']:.0f}, taken back {undone['rate']:.0f}")
    most = max(each["memory"] for each in (checked, made, undone))
    return [
        at_least(f"Import of {ROWS:,} rows: read and checked", checked["rate"], LEAST_RATE, " rows/s"),
        at_least("Imported", made["rate"], LEAST_RATE, " rows/s"),
        at_least("Taken back", undone["rate"], LEAST_RATE, " rows/s"),
        at_most("The worker's memory above idle", most, MOST_MEMORY, " MB"),
        at_most("A fresh inquiry waits at most, of 20", made["waited"], MOST_WAIT, " s"),
        at_most("Rows lost or doubled", wrong, 0),
        *exported,
    ]


def _table() -> Iterator[str]:
    chance = random.Random(7)
    yield "First name;Last name;E-mail;Phone;City;Comments\n"
    for n in range(ROWS):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        email = f"{first}.{last}.{n}@example.com" if n % 50 else "no address"
        if n % 20 == 19:
            email = f"twice{n // 100}@example.com"
        yield f'{first};{last};{email};(512) {200 + n // 10_000}-{n % 10_000:04};Austin;"Row {n}:\nmy brakes squeal"\n'


def _uploaded() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from leads import imports

    data = "".join(_table()).encode()
    start = time.perf_counter()
    source = imports.keep_file(SimpleUploadedFile("contacts.csv", data), actor="bench")
    print(f"  {len(data) / 1e6:.1f} MB looked at in {time.perf_counter() - start:.2f} s")
    return source


def _in_a_worker(pk: int, what: str) -> dict[str, float]:
    """Asks for it, then has a fresh process do it, as a worker between two shifts would."""
    from leads import imports
    from leads.models import Import

    source = Import.objects.get(pk=pk)
    if what == "check":
        imports.check(source, columns=source.columns, known_leads="join")
    else:
        getattr(imports, what)(source)
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(theirs, what == "start"))
    process.start()
    found: dict[str, float] = ours.recv()
    process.join()
    return found


def _work(pipe: Any, with_inquiries: bool) -> None:
    import django

    django.setup()
    from enrichment.stages import load_rules
    from leads import imports, intake
    from leads.models import Import, Submission

    load_rules()
    Import.objects.count()
    process = psutil.Process()
    idle = most = process.memory_info().rss
    start, waited, asked = time.perf_counter(), 0.0, 0
    while imports.is_due():
        imports.do_some()
        most = max(most, process.memory_info().rss)
        if with_inquiries and asked < 20:
            asked += 1
            waited = max(waited, _one_inquiry(imports, intake, Submission))
    rate = ROWS / (time.perf_counter() - start)
    pipe.send({"rate": rate, "memory": (most - idle) / 1e6, "waited": waited})


def _one_inquiry(imports: Any, intake: Any, submissions: Any) -> float:
    """It comes just as a piece of the import begins: the longest it can wait for this worker."""
    intake.keep("Is anybody there?", source="web_form", payload={"bench": True})
    start = time.perf_counter()
    imports.do_some()
    while submissions.objects.waiting().exists():
        intake.admit_waiting()
    return time.perf_counter() - start


def _wrong(source: Any) -> int:
    from django.db.models import Count

    from leads.models import Submission

    sent = Submission.objects.filter(source="csv_import")
    numbers = list(sent.values_list("payload__row", flat=True))
    refused = source.rows.refused().count()
    missing = ROWS - refused - len(set(numbers))
    without = source.rows.made().aggregate(count=Count("pk"))["count"] - len(numbers)
    return abs(missing) + abs(len(numbers) - len(set(numbers))) + abs(without)


def _export_memory() -> list[Figure]:
    """Half a table of leads that stay, as CSV and as a workbook."""
    from leads import export
    from leads.inbox import found_in_order
    from leads.models import Lead

    count = min(ROWS, 50_000)
    Lead.objects.bulk_create(
        (
            Lead(source="api", first_name="Ana", last_name=str(n), summary="Squealing brakes. " * 5)
            for n in range(count)
        ),
        batch_size=1000,
    )
    found = found_in_order(words="", filters={}, order="newest")
    columns, process, figures = export.columns_of(found), psutil.Process(), []
    for kind, write in export.WRITERS.items():
        path = Path(os.environ["DATA_DIR"]) / f"leads.{kind}"
        before, start = process.memory_info().rss, time.perf_counter()
        with path.open("wb") as file:
            write(file, columns, export.rows_of(found, columns))
        took, grown = time.perf_counter() - start, (process.memory_info().rss - before) / 1e6
        print(f"  {kind}: {count / took:.0f} leads/s, {path.stat().st_size / 1e6:.1f} MB")
        figures.append(at_most(f"Export of {count:,} leads as {kind}: memory above idle", grown, MOST_MEMORY, " MB"))
        path.unlink()
    return figures
