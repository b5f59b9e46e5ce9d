"""A PostgreSQL cluster of our own: in a temporary folder, on loopback, never as root, gone afterwards.

`python -m tests.servers.postgres COMMAND…` runs a command with DATABASE_URL pointing at it.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path:
    """The folder with initdb and pg_ctl. Raises FileNotFoundError when PostgreSQL's server is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise FileNotFoundError("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql).")
    return found[-1].parent if found else Path(str(on_path)).parent


@contextmanager
def cluster() -> Iterator[str]:
    """Starts a cluster and yields its DATABASE_URL."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    port = _free_port()
    user = _user()
    if os.getuid() == 0:
        shutil.chown(folder, user)
    try:
        _run("initdb", "-D", folder / "data", "-U", user, "--auth=trust", "--encoding=UTF8", "--no-sync")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        options += " -c fsync=off -c full_page_writes=off"  # nothing in it is to outlive the tests
        _run("pg_ctl", "-D", folder / "data", "-l", folder / "log", "-o", options, "-w", "start")
        try:
            yield f"postgres://{user}@127.0.0.1:{port}/postgres"
        finally:
            _run("pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str:
    return "postgres" if os.getuid() == 0 else os.environ.get("USER", "postgres")


def _run(program: str, *arguments: object) -> None:
    command = [str(binaries() / program), *map(str, arguments)]
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/tmp")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    with cluster() as url:
        sys.exit(subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": url}).returncode)
