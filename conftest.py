"""Fixtures for every test: people, clients, and `drain`, which runs the real queue rows in this process."""

from collections.abc import Callable
from multiprocessing import Value
from queue import Queue

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.monitor import monitor
from django_q.signing import SignedPackage
from django_q.worker import worker

from enrichment import ai_settings
from leads import known_fields, pipeline
from leads.models import StageGate, StageRun

Drain = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="Leave out what does not touch the database.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database-only"):
        left_out = [item for item in items if not _touches_the_database(item)]
        items[:] = [item for item in items if _touches_the_database(item)]
        config.hook.pytest_deselected(items=left_out)


def _touches_the_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return (
        bool(fixtures & {"db", "transactional_db", "live_server"}) or item.get_closest_marker("django_db") is not None
    )


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.ALLOWED_HOSTS = ["*"]


@pytest.fixture(autouse=True)
def _no_extra_fields() -> None:
    """What another test added is not known, and no test counts the query that looks for them."""
    known_fields.KEPT = 3600.0
    known_fields.remember()


@pytest.fixture(autouse=True)
def _no_kept_settings() -> None:
    """What another test chose on the model page is not remembered."""
    ai_settings.KEPT = 0.0
    ai_settings.forget()


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("olivia", "olivia@example.com", "correct horse")


@pytest.fixture
def client(staff: User) -> Client:
    """A browser in which staff have logged in."""
    browser = Client()
    browser.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def anonymous(staff: User) -> Client:
    """A browser without a login, on an installation that is set up."""
    return Client()


@pytest.fixture
def drain(transactional_db: None) -> Drain:
    return _drain


def _drain(*, hurry: bool = True, rounds: int = 30) -> None:
    """Answers the bells until nothing is due behind an open gate. With `hurry`, planned delays are over at once."""
    for _ in range(rounds):
        if hurry:
            StageRun.objects.pending().filter(attempts=0).update(due_at=timezone.now())
        pipeline.sweep()
        shut = StageGate.objects.filter(closed_until__gt=timezone.now()).values("stage")
        if not StageRun.objects.due().exclude(stage__in=shut).exists():
            return
        for cluster in settings.CLUSTERS:
            _answer(cluster)
    raise AssertionError(f"Still due: {list(StageRun.objects.due().values_list('stage', 'lead', 'reason'))}")


def _answer(cluster: str) -> None:
    tasks: Queue[object] = Queue()
    results: Queue[object] = Queue()
    for bell in OrmQ.objects.filter(key=cluster):
        task = SignedPackage.loads(bell.payload)
        task["ack_id"] = bell.pk
        tasks.put(task)
    tasks.put("STOP")
    worker(tasks, results, Value("f", -1))
    results.put("STOP")
    monitor(results, get_broker(cluster))
