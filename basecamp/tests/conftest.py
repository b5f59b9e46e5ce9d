import pytest
from django.test import Client

from leads import api_keys


@pytest.fixture
def api(staff):
    """A program with a key that may read and write."""
    return Client(headers={"X-API-Key": api_keys.create("Robot", scopes=["read", "write"]).text})
