"""The test page of a form: its tests are leads that go nowhere, and only its owner makes them."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from leads import form_tokens, forms_editing, intake, samples
from leads.forms_definition import default
from leads.joining import leads_to_join
from leads.models import Lead, LeadSource, PublicForm, StageRun, Submission
from leads.values import Contact
from leads.views.public_form import _known_form

TYPED = {"email": "ana@lopez.example", "message": "asdf asdf http://spam.example casino viagra", "website": ""}


@pytest.fixture
def form(db, staff) -> PublicForm:
    _known_form.cache_clear()
    PublicForm.objects.all().delete()
    return forms_editing.make_form("Website", definition=default())


@pytest.fixture(autouse=True)
def _quick_fingers(monkeypatch):
    monkeypatch.setattr(form_tokens, "YOUNGEST", -1)


def try_it(client, form, **changes) -> Lead:
    page = client.get(f"/f/{form.key}.test/embed/")
    typed = TYPED | {"token": page.context["token"], "version": page.context["public_form"].published.pk} | changes
    answer = client.post(f"/f/{form.key}.test/embed/", typed)
    assert (answer.status_code, answer.url) == (302, f"/f/{form.key}.test/embed/thanks/")
    intake.admit_waiting()
    return Lead.objects.tests().latest("pk")


def test_the_website_shows_the_form_by_its_real_line(client, form):
    page = client.get(f"/forms/{form.pk}/test/?width=320")
    assert 'class="test-website is-320"' in page.content.decode()
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    website = client.get(f"/forms/{form.pk}/test/website/")
    assert (
        f'<script src="http://testserver/embed.js" data-form="{form.key}.test" async></script>'
        in website.content.decode()
    )
    policy = website["Content-Security-Policy"]
    assert ("frame-src 'self'" in policy, "frame-ancestors 'self'" in policy) == (True, True)
    assert website["X-Frame-Options"] == "SAMEORIGIN"
    framed = client.get(f"/f/{form.key}.test/embed/")
    assert "frame-ancestors 'self'" in framed["Content-Security-Policy"]
    assert 'class="test-website is-768"' in client.get(f"/forms/{form.pk}/test/?width=9'").content.decode()


def test_what_is_sent_is_a_lead_of_its_own_that_goes_nowhere(client, form):
    real = intake.receive("Real", source=LeadSource.PASTE, contact=Contact(email="ana@lopez.example"))
    first, second = try_it(client, form), try_it(client, form)
    assert len({real.pk, first.pk, second.pk}) == 3
    assert (first.is_test, first.is_sample, first.email) == (True, True, "ana@lopez.example")
    assert leads_to_join([Contact(email="ana@lopez.example")]) == [real]
    assert StageRun.objects.filter(lead=first, stage="extract").exists()
    assert f'<a href="{second.get_absolute_url()}">' in client.get(f"/forms/{form.pk}/test/").content.decode()
    page = client.get(first.get_absolute_url()).content.decode()
    assert ('<span class="badge badge-quiet">Test</span>' in page, "Remove this test" in page) == (True, True)
    assert ">Test</span>" in client.get("/").content.decode()


def test_one_click_removes_a_test_and_never_a_lead(client, form):
    real = intake.receive("Real", source=LeadSource.PASTE, contact=Contact(email="ana@lopez.example"))
    first = try_it(client, form)
    try_it(client, form)
    assert client.post(f"/leads/{real.public_id}/test/remove/").status_code == 404
    client.post(f"/leads/{first.public_id}/test/remove/")
    assert Lead.objects.tests().count() == 1
    page = client.post(f"/forms/{form.pk}/test/remove/", follow=True).content.decode()
    assert "1 test removed." in page
    assert "No test is there." in page
    assert list(Lead.objects.all()) == [real]
    assert "There was no test." in client.post(f"/forms/{form.pk}/test/remove/", follow=True).content.decode()


def test_samples_and_tests_are_removed_apart(client, form):
    try_it(client, form)
    assert samples.load() == 40
    assert samples.remove() == 40
    assert Lead.objects.tests().count() == 1


def test_only_owners_try_a_form_and_their_tokens_are_good_for_nothing_else(client, anonymous, form):
    colleague = Client()
    colleague.force_login(User.objects.create_user("carl"), backend="django.contrib.auth.backends.ModelBackend")
    for address in ("", "embed/", "thanks/", "embed/thanks/"):
        assert anonymous.get(f"/f/{form.key}.test/{address}").status_code == 302, address
        assert colleague.get(f"/f/{form.key}.test/{address}").status_code == 403, address
    real = anonymous.get(f"/f/{form.key}/").context["token"]
    answer = client.post(f"/f/{form.key}.test/embed/", TYPED | {"token": real})
    assert answer.status_code == 422
    tried = client.get(f"/f/{form.key}.test/embed/").context["token"]
    assert anonymous.post(f"/f/{form.key}/", TYPED | {"token": tried}).status_code == 422
    assert anonymous.post(f"/f/{form.key}.test/", TYPED | {"token": tried}).status_code == 302
    assert not Submission.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_double_click_is_one_test(client, form):
    page = client.get(f"/f/{form.key}.test/embed/")
    for _ in range(2):
        client.post(f"/f/{form.key}.test/embed/", TYPED | {"token": page.context["token"]})
    assert Submission.objects.filter(is_test=True).count() == 1


def test_the_owner_does_not_leave_the_page_for_the_one_after_sending(client, form):
    version = form.versions.live().get()
    version.content = version.content | {"redirect": "https://elm.example/thanks"}
    version.save()
    assert "data-go" in Client().get(f"/f/{form.key}/embed/thanks/").content.decode()
    thanks = client.get(f"/f/{form.key}.test/embed/thanks/").content.decode()
    assert "data-go" not in thanks
    assert "Visitors go on to https://elm.example/thanks now." in thanks


def test_a_closed_form_says_so_on_its_test_page_too(client, form):
    PublicForm.objects.update(is_open=False)
    assert "The form is closed" in client.get(f"/forms/{form.pk}/test/").content.decode()
    assert client.get(f"/f/{form.key}.test/embed/").status_code == 410


def test_the_database_knows_that_a_test_is_a_sample(form):
    with pytest.raises(IntegrityError), transaction.atomic():
        Lead.objects.create(source=LeadSource.WEB_FORM, is_test=True)
