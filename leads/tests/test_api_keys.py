import datetime as dt
import hashlib
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads import api_keys
from leads.models import ApiKey

pytestmark = pytest.mark.django_db


def test_only_the_digest_is_kept():
    new = api_keys.create("Website", scopes=["read", "intake", "read"])
    row = ApiKey.objects.get()
    assert re.fullmatch(r"bc_[A-Za-z0-9_-]{43}", new.text)
    assert (row.name, row.prefix, row.scopes, row.is_active) == ("Website", new.text[:10], ["intake", "read"], True)
    assert row.digest == hashlib.sha256(new.text.encode()).hexdigest()
    assert new.text not in str(ApiKey.objects.values().get())


@pytest.mark.parametrize("scopes", [[], ["admin"], ["intake", ""]])
def test_wrong_scopes_are_refused(scopes):
    with pytest.raises(ValueError):  # noqa: PT011 - the enumeration's own words
        api_keys.create("Website", scopes=scopes)
    assert not ApiKey.objects.exists()


def test_a_key_is_found_by_its_whole_text_alone():
    new = api_keys.create("Website")
    assert api_keys.find(new.text) == new.row
    for wrong in [
        "",
        "bc_",
        new.text[:-1],
        new.text + "x",
        new.text[3:],
        new.text.upper(),
        f" {new.text}",
        "bc_é" * 11,
    ]:
        assert api_keys.find(wrong) is None, wrong


def test_a_revoked_key_is_found_no_more():
    new = api_keys.create("Website")
    assert api_keys.revoke(ApiKey.objects.all()) == 1
    assert api_keys.find(new.text) is None
    assert api_keys.revoke(ApiKey.objects.all()) == 0


def test_its_use_is_written_at_most_once_a_minute(django_assert_num_queries):
    new = api_keys.create("Website")
    with django_assert_num_queries(2):
        api_keys.find(new.text)
    first = ApiKey.objects.get().last_used_at
    assert timezone.now() - first < dt.timedelta(seconds=30)
    with django_assert_num_queries(1):
        api_keys.find(new.text)
    ApiKey.objects.update(last_used_at=first - dt.timedelta(minutes=2))
    api_keys.find(new.text)
    assert ApiKey.objects.get().last_used_at >= first


@pytest.mark.parametrize(
    ("options", "scopes"),
    [
        ([], ["intake"]),
        (["--scope", "read"], ["read"]),
        (["--scope", "intake", "read"], ["intake", "read"]),
        (["--scope", "write", "--scope", "read"], ["read", "write"]),
    ],
)
def test_create_api_key_prints_the_key(options, scopes):
    out, beside = StringIO(), StringIO()
    call_command("create_api_key", "Website", *options, stdout=out, stderr=beside)
    found = api_keys.find(out.getvalue().strip())
    assert (found.name, found.scopes) == ("Website", scopes)
    assert ", ".join(scopes) in beside.getvalue()


@pytest.mark.parametrize("arguments", [["  "], ["x" * 101], ["Website", "--scope", "admin"]])
def test_create_api_key_refuses(arguments):
    with pytest.raises(CommandError):
        call_command("create_api_key", *arguments, stdout=StringIO(), stderr=StringIO())
    assert not ApiKey.objects.exists()
