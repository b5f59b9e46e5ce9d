"""The one task of the workers' clusters. It carries no data: what is to be done stands in the rows."""

import time

from django.conf import settings

from leads import intake, pipeline
from leads.stage import Stage

SHIFT = 20  # seconds a task works before it lets the cluster breathe


def work(cluster: str) -> None:
    """Admits what came in and passes batches through the cluster’s stages until nothing is due or the shift is over."""
    stages = [stage for stage in settings.LEAD_PIPELINE if stage.cluster == cluster]
    end = time.monotonic() + SHIFT
    pipeline.beat(cluster)
    while _pass_one_round(stages):
        if time.monotonic() > end:
            pipeline.ring(cluster)
            break
    pipeline.beat(cluster)


def _pass_one_round(stages: list[Stage]) -> bool:
    """One batch through each stage, in order, so that a single lead passes them all at once."""
    did = [intake.admit_waiting()] if settings.LEAD_PIPELINE[0] in stages else []
    did += [pipeline.run_batch(stage) for stage in stages]
    return any(did)
