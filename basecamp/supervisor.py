"""The supervisor: supervisord with the generated configuration, and a terminal that says what an owner wants to know.

`python -m basecamp.supervisor CONFIGURATION [--verbose]`. `manage.py up` becomes this process. No Django here, so it
stays small. All output of the programs goes to their log files; the terminal shows warnings, errors and restarts.
"""

import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path

from supervisor import events
from supervisor.medusa import asyncore_25 as asyncore
from supervisor.options import ServerOptions
from supervisor.states import SupervisorStates
from supervisor.supervisord import Supervisor

LONGEST_PAUSE = 30  # seconds between tries to start a program again
LINE_BEGINS = re.compile(r"^(\[?\d{4}-\d{2}-\d{2}[ T]|\{\")")
SERIOUS = re.compile(r'^(\S+ \S+ |\[[^]]*\] \[\d+\] \[|\{.*"level": ")(WARNING|ERROR|CRITICAL)\b')
WEATHER = re.compile(
    r'WARNING("?, "logger": "| )django\.(request|security)'
)  # a stranger's wrong address is no trouble
SERIOUS_START = re.compile(r"^(Traceback|Error|error|baseCamp can't start|CommandError|OSError)")


class Terminal:
    """Decides which lines of the programs' output are shown, and shows them behind the program's name."""

    def __init__(self, *, is_verbose: bool) -> None:
        self.is_verbose = is_verbose
        self.rests: dict[str, str] = {}
        self.shows: dict[str, bool] = {}
        self.muted: set[str] = set()  # programs that fail again and again: once said is enough

    def say(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def take(self, program: str, data: str) -> None:
        """Takes a piece of a program's output, which may end in the middle of a line."""
        *lines, self.rests[program] = (self.rests.get(program, "") + data).split("\n")
        for line in lines:
            if program == "announce":
                self.say(line)
            elif self.is_shown(program, line):
                self.say(f"{program}: {line}")

    def is_shown(self, program: str, line: str) -> bool:
        """A line that begins nothing new belongs to the one before it, as the lines of a traceback do."""
        if self.is_verbose:
            return True
        if program in self.muted:
            return False
        if LINE_BEGINS.match(line):
            self.shows[program] = bool(SERIOUS.match(line)) and not WEATHER.search(line)
        elif SERIOUS_START.match(line):
            self.shows[program] = True
        return self.shows.get(program, False) and bool(line.strip())


class Owner(Supervisor):
    """supervisord that reports to the terminal and leaves no orphan of a program that died."""

    def __init__(self, options: ServerOptions, terminal: Terminal) -> None:
        super().__init__(options)
        self.terminal = terminal
        self.logs = Path(options.logfile).parent

    def runforever(self) -> None:
        # Here and not earlier: run() forgets all subscribers before it calls us.
        events.subscribe(events.ProcessLogEvent, self.on_output)
        events.subscribe(events.ProcessStateExitedEvent, self.on_end)
        events.subscribe(events.ProcessStateBackoffEvent, self.on_end)
        events.subscribe(events.ProcessStateRunningEvent, self.on_running)
        events.subscribe(events.SupervisorStoppingEvent, self.on_stopping)
        poll = self.options.poller.poll
        # It looks once a second, too lazy for stopping one group of programs after the other.
        self.options.poller.poll = lambda timeout: poll(0.05 if self.stopping else timeout)
        super().runforever()

    def on_output(self, event: events.ProcessLogEvent) -> None:
        self.terminal.take(event.process.config.name, event.data.decode(errors="replace"))

    def on_end(self, event: events.ProcessStateEvent) -> None:
        process = event.process
        process.backoff = min(process.backoff, LONGEST_PAUSE)
        if not process.config.autorestart:
            return
        if process.pid:
            _kill_group(process.pid)
        self.report(process.config.name, tries=process.backoff)

    def report(self, name: str, *, tries: int) -> None:
        log = self.logs / f"{name}.log"
        if tries <= 1:
            self.terminal.say(f"{name} stopped unexpectedly and is started again. Its log: {log}")
        elif name not in self.terminal.muted:
            self.terminal.muted.add(name)
            self.terminal.say(f"{name} can't start; it is tried again and again. Its log: {log}")

    def on_running(self, event: events.ProcessStateEvent) -> None:
        name = event.process.config.name
        if name in self.terminal.muted:
            self.terminal.muted.remove(name)
            self.terminal.say(f"{name} runs again.")

    def on_stopping(self, _event: events.SupervisorStoppingEvent) -> None:
        self.terminal.say("\nbaseCamp is stopping; work at hand is finished first …")


def _kill_group(leader: int) -> None:
    """Ends what a dead program left behind in its process group."""
    with suppress(ProcessLookupError, PermissionError):  # nothing was left
        os.killpg(leader, signal.SIGKILL)


def main() -> None:
    configuration, *flags = sys.argv[1:]
    options = ServerOptions()
    options.realize(["-c", configuration])
    options.first, options.test = True, False
    terminal = Terminal(is_verbose="--verbose" in flags)
    with suppress(asyncore.ExitNow):  # its way to say that everything has stopped
        Owner(options, terminal).main()
    if options.mood == SupervisorStates.RESTARTING:  # SIGHUP
        os.execv(sys.executable, [sys.executable, "-m", "basecamp.supervisor", *sys.argv[1:]])
    terminal.say("baseCamp has stopped.")


if __name__ == "__main__":
    main()
