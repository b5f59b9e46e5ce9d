"""The pages where admins make webhooks and say which value is what."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.models import Submission, Webhook
from leads.tests.webhook_calls import TYPEFORM
from leads.vault import unseal
from leads.webhooks import keep, take_due


@pytest.fixture
def hook(staff):
    return Webhook.objects.create(name="Spring", kind="typeform")


def typeform(hook, number=1):
    body = json.dumps(TYPEFORM | {"form_response": TYPEFORM["form_response"] | {"token": f"t{number}"}}).encode()
    delivery = keep(hook, body, "application/json")
    take_due()
    return delivery


def test_one_is_made_and_its_page_says_what_to_do(client):
    assert "Nobody calls yet" in client.get("/webhooks/").content.decode()
    answer = client.post("/webhooks/make/", {"name": " Spring ", "kind": "facebook"}, follow=True)
    hook = Webhook.objects.get()
    assert answer.redirect_chain == [(hook.get_absolute_url(), 302)]
    page = answer.content.decode()
    assert (hook.name, hook.kind, len(hook.key)) == ("Spring", "facebook", 32)
    assert f"http://localhost:8000/in/{hook.key}/" in page
    assert hook.verify_token in page
    assert "Nothing has come yet that could be read" in page


@pytest.mark.parametrize("wrong", [{"name": " ", "kind": "other"}, {"name": "x" * 101, "kind": "other"}, {"name": "x"}])
def test_a_wrong_one_is_not_made_and_nothing_typed_is_lost(client, wrong):
    answer = client.post("/webhooks/make/", wrong)
    assert answer.status_code == 422
    assert f'value="{wrong["name"].strip()}"' in answer.content.decode()
    assert not Webhook.objects.exists()


def test_values_are_proposed_tried_and_saved_and_what_waited_is_taken_in(client, hook):
    typeform(hook)
    typeform(hook, 2)
    page = client.get(hook.get_absolute_url())
    text = page.content.decode()
    assert "This is a proposal" in text
    assert "What do you need?" in text
    targets = {row["value"].path: row["target"] for row in page.context["rows"]}
    assert targets == {
        "answers.name": "name",
        "answers.mail": "email",
        "answers.phone": "phone",
        "answers.need": "message",
        "answers.when": "extra",
        "answers.days": "extra",
        "answers.first": "extra",
        "hidden.utm_source": "",
    }
    chosen = targets | {"answers.when": "message", "answers.first": ""}
    data = {"path": list(chosen), "target": list(chosen.values())}
    tried = client.post(hook.get_absolute_url(), data | {"try": "1"})
    assert tried.context["outcome"]["text"] == "My brakes squeal.\n\nThis week\n\nWhich days? Mon, Fri, Sat"
    hook.refresh_from_db()
    assert (hook.mapping, Submission.objects.count()) == ({}, 0)
    saved = client.post(hook.get_absolute_url(), data, follow=True)
    assert "Saved. 2 calls that waited will be looked at in a moment." in saved.content.decode()
    take_due()
    hook.refresh_from_db()
    assert (hook.mapping, Submission.objects.count()) == (chosen, 2)
    assert Submission.objects.first().contact["email"] == "ana@example.com"


def test_the_calls_ask_for_news_until_they_are_taken(client, hook):
    hook.mapping = {"answers.need": "message"}
    hook.save()
    keep(hook, json.dumps(TYPEFORM).encode(), "application/json")
    assert 'hx-trigger="every 2s"' in client.get(hook.get_absolute_url()).content.decode()
    take_due()
    part = client.get(hook.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<section class="card" id="webhook_calls"')
    assert "Taken in" in part
    assert "hx-get" not in part


def test_a_mapping_that_maps_nothing_is_not_saved(client, hook):
    typeform(hook)
    answer = client.post(
        hook.get_absolute_url(), {"path": ["answers.need", "nonsense"], "target": ["", "message"]} | {}, follow=True
    )
    hook.refresh_from_db()
    assert answer.status_code == 200
    assert set(hook.mapping.values()) <= {"", "extra"}
    paths = list(hook.mapping)
    hook.mapping = {}
    hook.save()
    nothing = {"path": paths, "target": [""] * len(paths)}
    assert "Not saved" in client.post(hook.get_absolute_url(), nothing).content.decode()
    hook.refresh_from_db()
    assert hook.mapping == {}


def test_secrets_are_kept_sealed_and_never_shown(client, hook):
    url = f"/webhooks/{hook.pk}/secrets/"
    client.post(url, {"secret": "s3cret-of-mine"})
    hook.refresh_from_db()
    assert "s3cret" not in hook.secret
    assert unseal(hook.secret) == "s3cret-of-mine"
    assert "s3cret" not in client.get(hook.get_absolute_url()).content.decode()
    client.post(url, {"secret": ""})
    hook.refresh_from_db()
    assert hook.secret
    client.post(url, {"secret": "", "forget": "secret"})
    hook.refresh_from_db()
    assert hook.secret == ""


def test_it_is_changed_and_switched_off(client, hook):
    client.post(f"/webhooks/{hook.pk}/change/", {"name": "Summer", "per_minute": "5"})
    hook.refresh_from_db()
    assert (hook.name, hook.per_minute, hook.is_active) == ("Summer", 5, False)
    answer = client.post(f"/webhooks/{hook.pk}/change/", {"name": "", "per_minute": "0"})
    assert answer.status_code == 422
    hook.refresh_from_db()
    assert hook.name == "Summer"


def test_it_is_not_deleted_while_calls_wait(client, hook):
    typeform(hook)
    client.post(f"/webhooks/{hook.pk}/delete/")
    assert Webhook.objects.exists()
    client.post(f"/webhooks/{hook.pk}/delete/", {"anyway": "on"})
    assert not Webhook.objects.exists()


def test_what_strangers_send_is_shown_as_text(client, hook):
    keep(hook, b'{"form_response": {"hidden": {"<b>x": "<script>alert(1)</script>"}}}', "application/json")
    text = client.get(hook.get_absolute_url()).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("path", ["", "make/", "{pk}/", "{pk}/change/", "{pk}/secrets/", "{pk}/again/", "{pk}/delete/"])
def test_only_admins_may(hook, path):
    clerk = Client()
    clerk.force_login(
        User.objects.create_user("clerk", password="x", is_staff=True),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    url = f"/webhooks/{path.format(pk=hook.pk)}"
    method = clerk.get if path in ("", "{pk}/") else clerk.post
    assert method(url).status_code == 403
    assert "Webhooks" not in clerk.get("/").content.decode()


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_takes_the_same_queries(client, staff, count, django_assert_max_num_queries):
    for number in range(count):
        typeform(Webhook.objects.create(name=f"Hook {number}", kind="typeform"), number)
    client.get("/webhooks/")
    with django_assert_max_num_queries(8):
        client.get("/webhooks/")


def test_a_page_takes_the_same_queries(client, hook, django_assert_max_num_queries):
    for number in range(30):
        typeform(hook, number)
    with django_assert_max_num_queries(14):
        client.get(hook.get_absolute_url())
