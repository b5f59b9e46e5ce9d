"""`make bench`: every figure, beside what it must be. `python -m benchmarks intake inbox` runs some."""

import os
import sys
import tempfile
from importlib import import_module

PARTS = ("intake", "inbox", "backlog", "latency", "start")


def main() -> int:
    os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="basecamp-bench-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "basecamp.settings")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the workers have it
    import django

    from benchmarks.figures import HEAD, Figure

    django.setup()
    figures: list[Figure] = []
    for part in [word for word in sys.argv[1:] if not word.startswith("--")] or PARTS:
        print(f"{part} …", flush=True)
        found = import_module(f"benchmarks.{part}").run()
        print("\n".join(figure.line() for figure in found), flush=True)
        figures += found
    print("\n".join([HEAD, *(figure.line() for figure in figures)]))
    return 0 if all(figure.is_met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
