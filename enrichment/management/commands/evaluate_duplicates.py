import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from enrichment.evaluation import Figures, Unreadable, evaluate

LABELS = {
    "leads": "Leads",
    "true_pairs": "Pairs of one person",
    "suggested": "Pairs suggested (p >= .5)",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "recall_at_p99": "Recall at 99 % precision",
    "recall_no_key": "Recall without a shared key",
    "ece": "Calibration error (ECE)",
    "alerts_at_p90": "False alerts at p >= .9, per lead",
    "leads_per_s": "Leads/s, all in",
    "p50_ms_per_lead": "ms per lead, p50",
    "p95_ms_per_lead": "ms per lead, p95",
    "weights": "Weights",
    "decisions": "Decisions learned from",
}


class Command(BaseCommand):
    help = (
        "Measures how well duplicates are found in a Parquet file of leads in which it is known who is who (columns "
        "person, name, email, phone, region, company, message, ts, source and perhaps place). Each lead is compared "
        "with the earlier ones by the real code, in a scratch database; the installation's data is not touched."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument(
            "--learn-from", type=Path, metavar="FILE", help="First learn from decisions about pairs of this other file."
        )
        parser.add_argument("--decisions", type=int, default=300, help="How many (300).")
        parser.add_argument("--seed", type=int, default=1, help="Which ones are drawn.")

    def handle(self, *args: Any, file: Path, learn_from: Path | None, **options: Any) -> None:
        if options["decisions"] < 1:
            raise CommandError("--decisions must be at least 1.")
        try:
            figures = evaluate(
                file.absolute(),
                learn_from=learn_from.absolute() if learn_from else None,
                decisions=options["decisions"],
                seed=options["seed"],
            )
        except Unreadable as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(asdict(figures)) if options["json"] else _table(figures))


def _table(figures: Figures) -> str:
    rows = [(label, getattr(figures, key)) for key, label in LABELS.items()]
    return "\n".join(f"{label:<36}{value:>14}" for label, value in rows if value != "")
