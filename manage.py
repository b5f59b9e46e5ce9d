#!/usr/bin/env python
"""Django's command line for baseCamp."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "basecamp.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.DEBUG  # noqa: B018 - reads the environment, so that a wrong value stops us here in one sentence
    except ImproperlyConfigured as error:
        sys.exit(f"baseCamp can't start: {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
