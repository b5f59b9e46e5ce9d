"""Tells the terminal when baseCamp is ready, then ends. `python -m basecamp.announce SITE_URL OWN_URL CODE_FILE`."""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 60  # seconds until it says what is missing


def reasons(own_url: str) -> list[str] | None:
    """What keeps baseCamp from being ready; an empty list when it is; None while nobody answers."""
    try:
        # No proxy: the address is this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{own_url}/readyz", timeout=5):
            return []
    except urllib.error.HTTPError as error:
        try:
            return [str(reason) for reason in json.load(error).get("reasons", [])] or [f"HTTP {error.code}"]
        except (ValueError, AttributeError):
            return [f"The web process answers HTTP {error.code}."]
    except OSError:
        return None


def wait(own_url: str, *, patience: float = PATIENCE) -> list[str]:
    """Waits until baseCamp is ready; returns what is still missing when the patience is over."""
    end = time.monotonic() + patience
    while True:
        missing = reasons(own_url)
        if missing == [] or time.monotonic() > end:
            return ["The web process does not answer."] if missing is None else missing
        time.sleep(0.3)


def message(site_url: str, missing: list[str], code: str) -> str:
    lines = ["", f"baseCamp is {'running, but not everything is ready' if missing else 'ready'}: {site_url}/"]
    lines += [f"  - {reason}" for reason in missing]
    if code:
        lines += [f"First visit: make your account at {site_url}/setup/ with the one-time code {code}"]
    lines += ["Stop with Ctrl-C."]
    return "\n".join(lines)


def main() -> None:
    site_url, own_url, code_file = sys.argv[1:]
    missing = wait(own_url)
    code = Path(code_file).read_text().strip() if Path(code_file).exists() else ""
    sys.stdout.write(message(site_url, missing, code) + "\n")


if __name__ == "__main__":
    main()
