"""The page where admins make, change and revoke API keys."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from leads import api_keys
from leads.models import ApiKey

KEY = {"name": "Website", "scopes": ["read", "intake"], "requests_per_minute": "60", "expires_on": ""}


def test_a_key_is_made_and_shown_this_once(client):
    assert "No program has a key yet" in client.get("/api-keys/").content.decode()
    answer = client.post("/api-keys/make/", KEY | {"expires_on": str(timezone.localdate() + dt.timedelta(days=9))})
    key = ApiKey.objects.get()
    text = answer.context["made"].text
    assert text in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert api_keys.find(text) == key
    assert (key.name, key.scopes, key.requests_per_minute) == ("Website", ["intake", "read"], 60)
    days = (key.expires_at - timezone.now()).total_seconds() / 86400
    assert 9 < days <= 10
    page = client.get("/api-keys/").content.decode()
    assert text not in page
    assert f"{key.prefix}…" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "This field is required."),
        ({"scopes": []}, "Choose one thing at least."),
        ({"scopes": ["all"]}, "Select a valid choice."),
        ({"requests_per_minute": "0"}, "greater than or equal to 1"),
        ({"expires_on": "2020-01-01"}, "Choose a day from today on"),
        ({"expires_on": "soon"}, "Enter a valid date."),
    ],
)
def test_a_wrong_one_is_not_made_and_nothing_typed_is_lost(client, wrong, said):
    answer = client.post("/api-keys/make/", KEY | wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert 'value="60"' in page or "requests_per_minute" in wrong
    assert not ApiKey.objects.exists()


def test_a_key_is_changed_but_never_what_it_may(client):
    made = api_keys.create("Old", scopes=["read"])
    prefix = f"key-{made.row.pk}"
    data = {
        f"{prefix}-name": "New",
        f"{prefix}-requests_per_minute": "7",
        f"{prefix}-expires_on": "",
        "scopes": "write",
    }
    assert "“New” is changed." in client.post(f"/api-keys/{made.row.pk}/change/", data, follow=True).content.decode()
    key = ApiKey.objects.get()
    assert (key.name, key.requests_per_minute, key.expires_at, key.scopes) == ("New", 7, None, ["read"])
    today = str(timezone.localdate())
    client.post(f"/api-keys/{key.pk}/change/", data | {f"{prefix}-expires_on": today})
    key.refresh_from_db()
    assert 0 < (key.expires_at - timezone.now()).total_seconds() <= 86400
    assert f'value="{today}"' in client.get("/api-keys/").content.decode()
    wrong = client.post(f"/api-keys/{key.pk}/change/", data | {f"{prefix}-name": ""})
    assert wrong.status_code == 422
    assert ApiKey.objects.get().name == "New"


def test_a_key_is_revoked_at_once(client):
    made = api_keys.create("Website")
    page = client.post(f"/api-keys/{made.row.pk}/revoke/", follow=True).content.decode()
    assert "“Website” is revoked" in page
    assert "1 revoked" in page
    assert api_keys.find(made.text) is None


@pytest.mark.parametrize("path", ["", "make/", "{pk}/change/", "{pk}/revoke/"])
def test_only_admins_may(staff, path):
    made = api_keys.create("Website")
    clerk = Client()
    clerk.force_login(
        User.objects.create_user("clerk", password="x", is_staff=True),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    url = f"/api-keys/{path.format(pk=made.row.pk)}"
    assert (clerk.post(url) if path else clerk.get(url)).status_code == 403
    assert api_keys.find(made.text)


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_takes_the_same_queries(client, count, django_assert_max_num_queries):
    for number in range(count):
        api_keys.create(f"Key {number}")
    client.get("/api-keys/")
    with django_assert_max_num_queries(7):
        assert client.get("/api-keys/").content.decode().count("Revoke<") == count
