from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads import api_keys
from leads.api_keys import Scope
from leads.models import ApiKey

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

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not name or len(name) > LONGEST_NAME:
            raise CommandError(f"The name must have from 1 to {LONGEST_NAME} characters.")
        key = api_keys.create(name, scopes=options["scope"] or [Scope.INTAKE])
        # The key alone goes to standard output, so that it can be piped; the sentence goes beside it.
        self.stderr.write(f"Key “{key.row.name}” may: {', '.join(key.row.scopes)}. It is shown only now; keep it safe.")
        self.stdout.write(key.text)
