"""Any form that is built: shown from its version, answers read back, nothing typed is lost on an error."""

import re
import time

import pytest
from django.core import signing
from django.utils import timezone

from leads import form_tokens, forms_editing, forms_words
from leads.forms_colours import Colours
from leads.forms_definition import FieldType, FormField, default
from leads.forms_inquiry import NumberField
from leads.intake import admit_waiting
from leads.models import FormVersion, PublicForm, Submission
from leads.views import form_gate
from leads.views.public_form import SENT_BEFORE, _known_form

STANDARD = [FormField.standard(key) for key in ("first_name", "email", "message")]
OWN = [
    FormField("car", FieldType.TEXT, "Your car", help="Make and model", required=True),
    FormField("work", FieldType.CHOICES, "What is it about?", options=("Brakes", "Engine", "Tires")),
    FormField("visit", FieldType.CHOICE, "Been here before?", options=("Yes", "No")),
    FormField("town", FieldType.CHOICE, "Town", options=tuple("ABCDEFGH")),
    FormField("miles", FieldType.NUMBER, "Mileage"),
    FormField("day", FieldType.DATE, "Wanted day"),
    FormField("more", FieldType.LONG_TEXT, "Anything else"),
    FormField("agree", FieldType.CONSENT, "I agree.", required=True),
]
TYPED = {
    "first_name": "Ana", "email": "ana@example.com", "message": "Hello,\nplease call.", "car": "2015 Honda Civic",
    "work": ["Brakes", "Tires"], "visit": "No", "town": "C", "miles": "85,000", "day": "2026-12-04", "agree": "on",
}  # fmt: skip


@pytest.fixture
def form(transactional_db, staff) -> PublicForm:
    _known_form.cache_clear()
    made = forms_editing.make_form("Garage", definition=default(fields=(*STANDARD, *OWN), language="en"))
    PublicForm.objects.filter(pk=made.pk).update(key="abc")
    return PublicForm.objects.get()


@pytest.fixture
def ripe(form, monkeypatch) -> str:
    token = form_tokens.new_token(form.key)
    later = time.time() + form_tokens.YOUNGEST + 1
    monkeypatch.setattr(signing.time, "time", lambda: later)
    return token


def send(client, token, **changes):
    return client.post("/f/abc/", {key: value for key, value in (TYPED | {"token": token} | changes).items() if value})


def test_answers_become_payload_contact_and_readable_text(anonymous, form, ripe):
    assert send(anonymous, ripe).url == "/f/abc/thanks/"
    submission = Submission.objects.get()
    assert submission.payload == TYPED | {"more": "", "miles": "85000", "agree": True}
    assert submission.form_version == FormVersion.objects.get(form=form)
    assert submission.contact == {
        "first_name": "Ana",
        "last_name": "",
        "email": "ana@example.com",
        "phone": "",
        "company": "",
    }
    assert submission.text == (
        "Hello,\nplease call.\n\nYour car: 2015 Honda Civic\nWhat is it about? Brakes, Tires\nBeen here before? No\n"
        "Town: C\nMileage: 85000\nWanted day: 4 December 2026"
    )
    admit_waiting()
    submission.refresh_from_db()
    assert submission.lead.first_name == "Ana"


def test_the_page_has_labels_help_and_the_right_inputs(anonymous, form):
    page = anonymous.get("/f/abc/").content.decode()
    assert re.search(r'<label for="id_car">Your car <span class="needed">\(required\)</span></label>', page)
    assert re.search(r'<p class="help" id="id_car_help">Make and model</p>', page)
    for kind, name in (
        ("date", "day"),
        ("radio", "visit"),
        ("checkbox", "work"),
        ("checkbox", "agree"),
        ("email", "email"),
    ):
        assert re.search(rf'<input[^>]*(type="{kind}"[^>]*name="{name}"|name="{name}"[^>]*type="{kind}")', page), name
    assert re.search(r'<select id="id_town"', page)
    assert page.count("<legend>") == 2
    assert "<script" not in page


def test_errors_stand_beside_their_field_and_nothing_is_lost(anonymous, form, ripe):
    page = send(anonymous, ripe, car="", miles="many", day="next week", agree="", visit="Perhaps")
    text = page.content.decode()
    assert page.status_code == 422
    assert "<title>Error: " in text
    for name in ("car", "miles", "day", "agree"):
        assert re.search(
            rf'id="id_{name}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*id_{name}_error"', text
        ), name
        assert f'id="id_{name}_error"' in text
    for kept in ("many", "next week", "Hello,\nplease call."):
        assert kept in text
    assert 'type="text" value="next week"' in text, "a date picker would drop it"
    assert len(re.findall(r'type="checkbox" name="work" value="(?:Brakes|Tires)" checked', text)) == 2
    assert "<option selected>C</option>" in text
    assert not Submission.objects.exists()


def test_what_is_published_meanwhile_does_not_change_what_was_answered(anonymous, form, ripe):
    shown = form.published
    definition, mark = forms_editing.draft_of(form)
    changed = default(fields=(*STANDARD, FormField("size", FieldType.TEXT, "Size", required=True)))
    forms_editing.save_draft(form, changed, seen=mark, by="olivia")
    forms_editing.publish(form, note="", by="olivia")
    _known_form.cache_clear()
    assert send(anonymous, ripe).status_code == 422, "the new version asks for a size"
    assert send(anonymous, ripe, version=str(shown.pk)).status_code == 302
    assert Submission.objects.get().form_version == shown
    other = FormVersion.objects.create(form=PublicForm.objects.create(name="Other"), number=1, state="past", content={})
    for version in (str(other.pk), "x", "9" * 30, "-1"):
        assert send(anonymous, ripe, version=version).status_code == 422


def publish(form, **changes):
    definition, mark = forms_editing.draft_of(form)
    forms_editing.save_draft(form, default(**changes), seen=mark, by="olivia")
    forms_editing.publish(form, note="", by="olivia")
    _known_form.cache_clear()


def test_a_form_speaks_its_language(anonymous, form, ripe):
    publish(form, language="de", title="Anfrage", button="")
    page = anonymous.post("/f/abc/", {"token": ripe, "email": "quatsch", "phone": ""}).content.decode()
    for part in ('<html lang="de">', "<title>Fehler: Anfrage</title>", ">Senden</button>", "Dieses Feld ist zwingend"):
        assert part in page, part
    assert "Etwas fehlt noch" in page


def test_sending_leads_to_the_page_that_the_owner_chose(anonymous, form, ripe):
    publish(form, redirect="https://garage.example/thanks?a=1")
    page = anonymous.get("/f/abc/")
    assert "form-action 'self' https://garage.example" in page["Content-Security-Policy"]
    assert (
        anonymous.post("/f/abc/", {"token": ripe, "email": "a@b.example", "message": "x"}).url
        == "https://garage.example/thanks?a=1"
    )


def test_own_colours_have_a_stylesheet_of_their_own(anonymous, form):
    publish(form, colours=Colours("#101820", "#e6eaf0", "#7fb0ff"))
    address = re.search(r'href="(/f/style/[^"]+)"', anonymous.get("/f/abc/").content.decode())[1]
    sheet = anonymous.get(address)
    assert (sheet.status_code, sheet["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in sheet["Cache-Control"]
    text = sheet.content.decode()
    assert "--paper:#101820" in text
    assert "main { max-width" in text
    assert anonymous.get("/f/style/101820.101821.7fb0ff.x.css").status_code == 404
    assert anonymous.get("/f/style/}body{.101821.7fb0ff.x.css").status_code == 404


def test_a_form_without_a_version_is_as_shipped(anonymous, form, ripe):
    FormVersion.objects.all().delete()
    _known_form.cache_clear()
    assert "How can we help?" in anonymous.get("/f/abc/").content.decode()
    assert anonymous.post("/f/abc/", {"token": ripe, "email": "a@b.example", "message": "x"}).status_code == 302
    assert Submission.objects.get().form_version is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("1200", "1200"), ("1,200", "1200"), ("1,200.50", "1200.50"), ("1.200,50", "1200.50"),
     ("2,5", "2.5"), ("0,125", "0.125"),
     ("-3", "-3"), ("85 000", "85000"), ("1,200,000", "1200000")],
)  # fmt: skip
def test_numbers_as_people_write_them(text, number):
    assert str(NumberField().clean(text)) == number


def test_the_submission_still_knows_its_version_in_a_year(form):
    assert form.published.published_at <= timezone.now()


@pytest.mark.parametrize("language", [each for each in forms_words.LANGUAGES if each != "en"])
@pytest.mark.parametrize(
    "english",
    [
        form_gate.MANY, form_gate.TOO_MANY, forms_words.UNCHECKED, SENT_BEFORE,
        form_tokens.EXPIRED, form_tokens.TOO_FAST, form_tokens.WRONG,
    ],
)  # fmt: skip
def test_a_form_complains_in_its_own_language(english, language):
    assert forms_words.say(english, language) != english
