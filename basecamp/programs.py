"""The programs that make up a running baseCamp, and the supervisor's configuration for them."""

import os
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

PARTS = ("web", "workers", "clock", "chroma")
PYTHON = (sys.executable, "-m")
MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))

# One thread a worker: two torch threads in two workers on two cores are ten times slower than one in each.
WORKER_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "MALLOC_ARENA_MAX": "2"}
PACKAGED_MODEL = "all-MiniLM-L6-v2"  # its weights are installed with requirements.txt, so the hub is never asked


@dataclass(frozen=True)
class Program:
    """One process for the supervisor. The order of stopping is the highest `rank` first.

    `seconds_to_stop`: after SIGTERM, before its whole process group gets SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    rank: int
    seconds_to_stop: int
    environment: dict[str, str] = field(default_factory=dict)
    starts_once: bool = False


@dataclass(frozen=True)
class Plan:
    """What to run: which parts, where pid files and the configuration go, and how the clock watches (seconds)."""

    parts: tuple[str, ...] = PARTS
    run_dir: Path = settings.DATA_DIR / "run"
    is_shared: bool = False
    sweep_every: float = 2
    probe_every: float = 10
    stall_limit: float = 30


def programs(plan: Plan) -> list[Program]:
    found = []
    if "chroma" in plan.parts and not settings.CHROMA_URL:
        found.append(_chroma())
    if "workers" in plan.parts:
        found += [_worker(name, plan) for name in settings.CLUSTERS]
    if "clock" in plan.parts:
        found.append(_clock(plan))
    if "web" in plan.parts:
        found.append(_web())
        found.append(_announce())
    return found


def ports(plan: Plan) -> dict[str, tuple[str, int]]:
    """The addresses that our own servers need, by the variable that names the port."""
    needed = {}
    if "web" in plan.parts:
        needed["PORT"] = (settings.HOST, settings.PORT)
    if "chroma" in plan.parts and not settings.CHROMA_URL:
        needed["CHROMA_PORT"] = ("127.0.0.1", settings.CHROMA_OWN_PORT)
    return needed


def configuration(plan: Plan, *, logs: Path, supervisor_pid: int) -> str:
    """The supervisord configuration as text."""
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        *(["user=0"] if os.getuid() == 0 else []),  # it warns of root unless told that root is meant
        f"logfile={_escape(str(logs / 'supervisor.log'))}",
        "logfile_maxbytes=1MB",
        "logfile_backups=1",
        f"pidfile={_escape(str(plan.run_dir / 'supervisor.pid'))}",
        f"childlogdir={_escape(str(logs))}",
        "nocleanup=true",
    ]
    found = programs(plan)
    for program in found:
        lines += ["", *_section(program, logs=logs, supervisor_pid=supervisor_pid)]
    # In one group, so that the clusters stop at the same time and not one after the other.
    workers = [program.name for program in found if program.name.startswith("worker-")]
    if workers:
        lines += ["", "[group:workers]", f"programs={','.join(workers)}", "priority=20"]
    return "\n".join(lines) + "\n"


def _section(program: Program, *, logs: Path, supervisor_pid: int) -> list[str]:
    leash = (*PYTHON, "basecamp.leash", str(supervisor_pid))
    environment = {"PYTHONUNBUFFERED": "1", **program.environment}
    return [
        f"[program:{program.name}]",
        f"command={_escape(shlex.join((*leash, *program.command)))}",
        f"directory={_escape(str(settings.BASE_DIR))}",
        "environment=" + ",".join(f'{name}="{_escape(value)}"' for name, value in environment.items()),
        f"priority={program.rank}",
        f"autorestart={'false' if program.starts_once else 'true'}",
        f"startsecs={0 if program.starts_once else 2}",
        "startretries=1000000",
        f"stopwaitsecs={program.seconds_to_stop}",
        # SIGTERM for the main process alone, which ends its own; SIGKILL for all that is left.
        "stopasgroup=false",
        "killasgroup=true",
        "redirect_stderr=true",
        "stdout_events_enabled=true",
        f"stdout_logfile={_escape(str(logs / (program.name + '.log')))}",
        "stdout_logfile_maxbytes=5MB",
        "stdout_logfile_backups=2",
    ]


def _escape(value: str) -> str:
    return value.replace("%", "%%")


def _chroma() -> Program:
    path = str(settings.DATA_DIR / "chroma")
    binary = str(Path(sys.executable).parent / "chroma")
    command = (binary, "run", "--path", path, "--host", "127.0.0.1", "--port", str(settings.CHROMA_OWN_PORT))
    return Program("chroma", command, 10, 10, {"ANONYMIZED_TELEMETRY": "False"})


def _worker(name: str, plan: Plan) -> Program:
    shared = ("--shared",) if plan.is_shared else ()
    command = (*MANAGE, "worker", name, "--run-dir", str(plan.run_dir), *shared)
    environment = {"Q_CLUSTER_NAME": name, **WORKER_ENVIRONMENT}
    if settings.EMBEDDING_MODEL == PACKAGED_MODEL:
        environment["HF_HUB_OFFLINE"] = "1"
    # Rows that a killed worker held go back to the queue at the next start, so nobody need wait for the slowest.
    return Program(f"worker-{name}", command, 20, 30, environment)


def _clock(plan: Plan) -> Program:
    command = (
        *(*MANAGE, "clock", "--run-dir", str(plan.run_dir)),
        *("--sweep-every", str(plan.sweep_every)),
        *("--probe-every", str(plan.probe_every)),
        *("--stall-limit", str(plan.stall_limit)),
    )
    return Program("clock", command, 30, 10)


def _web() -> Program:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    memory = Path("/dev/shm")
    command = (
        *(*PYTHON, "gunicorn", "basecamp.wsgi:application", "--bind", f"{host}:{settings.PORT}"),
        # One process with threads; never preloaded, because clients of services must not be forked.
        *("--worker-class", "gthread", "--workers", "1", "--threads", "8"),
        # And never recycled: the one process would wait 20 seconds for browsers that keep their connections open.
        *("--timeout", "60", "--graceful-timeout", "20"),
        *("--limit-request-line", "8190"),  # a long search in another script takes twelve characters for each letter
        *("--log-level", "warning", "--no-control-socket"),
        *(("--worker-tmp-dir", str(memory)) if os.access(memory, os.W_OK) else ()),
    )
    return Program("web", command, 40, 25, {"MALLOC_ARENA_MAX": "2"})


def _announce() -> Program:
    code_file = str(settings.DATA_DIR / "setup_code")
    command = (*PYTHON, "basecamp.announce", settings.SITE_URL, _own_url(), code_file)
    return Program("announce", command, 50, 2, starts_once=True)


def _own_url() -> str:
    """Where this machine reaches the web process, whatever the site is called outside."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.HOST, settings.HOST)
    return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{settings.PORT}"
