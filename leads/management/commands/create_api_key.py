import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from leads import api_keys
from leads.api_keys import Scope
from leads.models import ApiKey

LONGEST_LIFE = 3650  # days
LONGEST_NAME = ApiKey._meta.get_field("name").max_length or 0


class Command(BaseCommand):
    help = "Makes an API key and prints it, this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="Who or what will use it, such as “Website”.")
        parser.add_argument(
            "--scope",
            action="extend",
            nargs="+",
            choices=Scope.values,
            help="What it may do; several are allowed. Without this option: intake.",
        )

        parser.add_argument("--days", type=int, help="It expires after so many days. Without this option: never.")
        parser.add_argument("--per-minute", type=int, default=api_keys.REQUESTS, help="How often it may be used.")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not name or len(name) > LONGEST_NAME:
            raise CommandError(f"The name must have from 1 to {LONGEST_NAME} characters.")
        days, per_minute = options["days"], options["per_minute"]
        if per_minute < 1 or (days is not None and not 1 <= days <= LONGEST_LIFE):
            raise CommandError(f"--per-minute must be at least 1, --days from 1 to {LONGEST_LIFE}.")
        key = api_keys.create(
            name,
            scopes=options["scope"] or [Scope.INTAKE],
            expires_at=timezone.now() + dt.timedelta(days=days) if days else None,
            requests_per_minute=min(per_minute, api_keys.MOST_REQUESTS),
        )
        # The key alone goes to standard output, so that it can be piped; the sentence goes beside it.
        self.stderr.write(f"Key “{key.row.name}” may: {', '.join(key.row.scopes)}. It is shown only now; keep it safe.")
        self.stdout.write(key.text)
