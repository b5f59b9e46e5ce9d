"""A process on a leash dies with its parent, also when the parent gets SIGKILL and can't say goodbye.

`python -m basecamp.leash PARENT_PID COMMAND…` becomes the command, on a leash. No Django here: it must start at once.
Only Linux has leashes; elsewhere a killed parent's processes live on until they are stopped by hand.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, number: int = signal.SIGTERM) -> None:
    """The kernel sends this process the signal when `parent`, the pid that started it, ends."""
    if not sys.platform.startswith("linux"):
        return
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), number)


def leash_children(number: int = signal.SIGKILL) -> None:
    """From now on whatever this process forks, and what that forks in turn, dies with the one that forked it."""
    parent = [os.getpid()]

    def remember() -> None:
        parent[0] = os.getpid()

    def leash() -> None:
        die_with_parent(parent[0], number)

    os.register_at_fork(before=remember, after_in_child=leash)


def main() -> None:
    parent, *command = sys.argv[1:]
    die_with_parent(int(parent))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
