from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from basecamp.setup import prepare


class Command(BaseCommand):
    help = "Brings the database and the static files up to date. Safe to run at any time; `up` does it by itself."
    requires_system_checks = "__all__"

    def handle(self, **options: Any) -> None:
        code = prepare()
        self.stdout.write("The database and the static files are up to date.")
        if code:
            self.stdout.write(f"No account yet: open {settings.SITE_URL}/setup/ and enter the one-time code {code}")
