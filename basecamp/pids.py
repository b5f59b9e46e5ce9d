"""Pid files that can't lie: one holds only while its process, or a process that it forked, keeps the file locked."""

import fcntl
import os
from pathlib import Path


def take(path: Path) -> int | None:
    """Locks the file and writes our pid; returns the handle, which must stay open, or None when another holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())
    return handle


def holder(path: Path) -> int | None:
    """The pid in a file that is locked; None when nobody holds it."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.read(handle, 20) or 0) or None
    finally:
        os.close(handle)
    return None
