from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from enrichment import embedding, vector_index
from enrichment.models import Embedding
from leads import pipeline

CHUNK = 1000


class Command(BaseCommand):
    help = (
        "Throws the Chroma index away and makes it anew from the vectors in the database. Safe at any time. Messages "
        "whose vectors come from another embedding model are queued for embedding."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="Print the result alone.")

    def handle(self, *args: Any, quiet: bool = False, **options: Any) -> None:
        try:
            count = vector_index.rebuild(self._say_nothing if quiet else self._say)
        except vector_index.Unavailable as error:
            raise CommandError(f"{error} Nothing is lost: the vectors are in the database.") from error
        self.stdout.write(f"The index holds {count:,} vectors of {embedding.model_name()}.")
        if queued := self._queue_others():
            self.stdout.write(f"{queued:,} messages were embedded by another model and are queued for embedding.")

    def _say(self, done: int, total: int) -> None:
        self.stdout.write(f"{done:,} of {total:,}")

    def _say_nothing(self, done: int, total: int) -> None:
        return None

    def _queue_others(self) -> int:
        others = list(Embedding.objects.exclude(model=embedding.model_name()).values_list("lead", flat=True))
        for start in range(0, len(others), CHUNK):
            with transaction.atomic():
                pipeline.schedule(others[start : start + CHUNK], ["embed"])
        return len(others)
