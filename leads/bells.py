"""Ringing for workers: django-q2 carries the bell, and nothing else."""

from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task


def ring_after_commit(cluster: str) -> None:
    """Rings once the work is stored. Should that fail it is no error: the sweep rings again."""
    transaction.on_commit(lambda: ring(cluster), robust=True)


def ring(cluster: str) -> None:
    """Tells a cluster that there is work, unless a bell that nobody answered yet is already in its queue."""
    if not _has_unanswered_bell(cluster):
        async_task("leads.tasks.work", cluster, q_options={"cluster": cluster})


def _has_unanswered_bell(cluster: str) -> bool:
    """By hand: this runs in each submission, and building the query would take longer than asking it."""
    table = connection.ops.quote_name(OrmQ._meta.db_table)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} WHERE key = %s AND lock <= %s LIMIT 1", [cluster, now])
        return cursor.fetchone() is not None
