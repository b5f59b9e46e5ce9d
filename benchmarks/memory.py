"""Memory of a whole running stack."""

from pathlib import Path

import psutil

from tests.stack import Stack


def megabytes(stack: Stack) -> float:
    """PSS of the supervisor and everything below it: shared pages count once."""
    assert stack.process is not None
    family = [psutil.Process(stack.process.pid), *stack.processes()]
    return sum(_pss(process.pid) for process in family) / 1024


def _pss(pid: int) -> int:
    """Kilobytes; 0 for a process that just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
