"""The form builder: drafts that visitors don't see, publishing, going back, and a preview that stores nothing."""

import struct
import zlib
from xml.etree import ElementTree

import pytest
import segno
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from leads import forms_editing, forms_qr
from leads.forms_definition import MOST_FIELDS, default
from leads.forms_templates import TEMPLATES
from leads.models import FormVersion, PublicForm, Submission
from leads.views.public_form import _known_form

TWO = {
    "field-key": ["email", "car"], "field-type": ["email", "choice"], "field-label": ["E-mail", "Your car"],
    "field-help": ["", ""], "field-options": ["", "Small\nLarge\n"], "field-required": ["car"],
    "title": "Ask us", "intro": "", "button": "", "thanks": "Thanks", "redirect": "", "language": "en",
}  # fmt: skip


@pytest.fixture
def form(db, staff) -> PublicForm:
    _known_form.cache_clear()
    PublicForm.objects.all().delete()
    return forms_editing.make_form("Website", definition=default())


def post(client, form, **changes):
    return client.post(f"/forms/{form.pk}/", TWO | {"seen": forms_editing.draft_of(fresh(form))[1]} | changes)


def fresh(form) -> PublicForm:
    return PublicForm.objects.get(pk=form.pk)


def labels(definition) -> list[str]:
    return [each.label for each in definition.fields]


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_form_is_made_from_a_template_and_open_at_once(client, form, key):
    answer = client.post("/forms/make/", {"name": "Quotes", "template": key})
    made = PublicForm.objects.get(name="Quotes")
    assert answer.url == f"/forms/{made.pk}/"
    assert (made.definition, made.business_profile) == (TEMPLATES[key].definition, TEMPLATES[key].profile)
    assert Client().get(made.get_absolute_url()).status_code == 200
    page = client.get(answer.url).content.decode()
    for each in made.definition.fields:
        assert f">{escape(each.options_as_lines)}</textarea>" in page or not each.options
        assert escape(each.label) in page


def test_a_form_needs_a_name(client, form):
    assert "Give the form a name" in client.post("/forms/make/", {"name": " "}, follow=True).content.decode()
    assert PublicForm.objects.count() == 1


def test_a_draft_is_not_seen_until_it_is_published(client, form):
    assert post(client, form, do="save").status_code == 302
    assert fresh(form).definition.title == "How can we help?"
    assert post(client, form, do="publish", note="A question about the car").status_code == 302
    live = FormVersion.objects.live().get(form=form)
    assert (live.number, live.note, live.made_by, labels(live.definition)) == (
        2, "A question about the car", "olivia", ["E-mail", "Your car"],
    )  # fmt: skip
    car = live.definition.fields[1]
    assert (car.required, car.options) == (True, ("Small", "Large"))
    assert list(form.versions.values_list("number", "state")) == [(2, "live"), (1, "past")]


def test_going_back_is_a_new_version(client, form):
    post(client, form, do="publish")
    client.post(f"/forms/{form.pk}/versions/1/use/")
    assert fresh(form).definition == default()
    assert list(form.versions.values_list("number", "state")) == [(3, "live"), (2, "past"), (1, "past")]
    assert "no such earlier version" in client.post(f"/forms/{form.pk}/versions/9/use/", follow=True).content.decode()


def test_rows_move_come_and_go_without_being_saved(client, form):
    page = post(client, form, do="up:car")
    assert labels(page.context["definition"]) == ["Your car", "E-mail"]
    assert labels(post(client, form, do="remove:email").context["definition"]) == ["Your car"]
    added = post(client, form, do="add", **{"new-field": "message"}).context["definition"]
    assert labels(added) == ["E-mail", "Your car", "Your message"]
    own = post(client, form, do="add", **{"new-field": "new:consent"}).context["definition"].fields[-1]
    assert (own.key, own.type, own.required) == ("consent", "consent", True)
    assert labels(post(client, form, do="down:car").context["definition"]) == ["E-mail", "Your car"]
    assert labels(post(client, form, do="nonsense").context["definition"]) == ["E-mail", "Your car"]
    assert not form.versions.drafts().exists()


def test_a_form_may_ask_for_a_second_address_and_number(client, form):
    for kind in ("email", "phone"):
        page = post(client, form, do="add", **{"new-field": f"new:{kind}"})
        assert f'<option value="new:{kind}">' in page.content.decode()
        added = page.context["definition"].fields[-1]
        assert (added.type, added.is_standard) == (kind, False)
    assert labels(post(client, form, do="add", **{"new-field": "new:nothing"}).context["definition"]) == [
        "E-mail",
        "Your car",
    ]


def test_as_many_fields_as_a_form_may_have_can_be_saved(client, form):
    keys = [f"answer_{n}" for n in range(MOST_FIELDS)]
    rows = {f"field-{part}": [part] * MOST_FIELDS for part in ("label", "help", "options")}
    rows |= {"field-key": keys, "field-type": ["text"] * MOST_FIELDS, "field-required": keys}
    assert post(client, form, **rows, do="publish").status_code == 302
    assert fresh(form).definition.keys == keys


def test_htmx_gets_the_editor_alone(client, form):
    page = client.post(f"/forms/{form.pk}/", TWO | {"do": "up:car"}, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert page.content.decode().strip().startswith('<form id="editor"')


def test_what_is_wrong_is_kept_as_a_draft_but_not_published(client, form):
    page = post(client, form, do="publish", title="", **{"field-options": ["", "Small"]})
    assert page.status_code == 422
    assert page.context["errors"] == {
        "title": "The form needs a heading.", "options-1": "Write at least two choices, one a line.",
    }  # fmt: skip
    assert "The draft is saved, but" in page.content.decode()
    assert fresh(form).definition == default()
    assert form.versions.drafts().count() == 1


def test_two_people_do_not_overwrite_each_other_unasked(client, form):
    mark = forms_editing.draft_of(fresh(form))[1]
    post(client, form, do="save", title="Mine")
    page = post(client, form, do="save", title="Yours", seen=mark)
    assert (page.status_code, page.context["definition"].title) == (409, "Yours")
    assert "Somebody else changed this form meanwhile" in page.content.decode()
    assert post(client, form, do="save", title="Yours", seen=page.context["seen"]).status_code == 302
    assert form.versions.drafts().get().definition.title == "Yours"


def test_the_preview_shows_what_is_typed_and_stores_nothing(client, form):
    page = client.post(f"/forms/{form.pk}/preview/", TWO | {"title": "Only looking"})
    text = page.content.decode()
    assert "Only looking" in text
    assert 'method="post"' not in text
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    assert "How can we help?" in client.get(f"/forms/{form.pk}/preview/").content.decode()
    assert client.post(f"/forms/{form.pk}/preview/", TWO | {"own-colours": "1", "paper": "x"}).status_code == 200
    assert (FormVersion.objects.count(), Submission.objects.count()) == (1, 0)
    assert "frame-src 'self'" in client.get(f"/forms/{form.pk}/")["Content-Security-Policy"]


def test_a_form_is_closed_and_renamed_at_once(client, form):
    client.post(f"/forms/{form.pk}/settings/", {"name": "Shop"})
    assert (fresh(form).name, fresh(form).is_open) == ("Shop", False)
    assert Client().get(form.get_absolute_url()).status_code == 410
    client.post(f"/forms/{form.pk}/settings/", {"name": "", "is_open": "1"})
    assert (fresh(form).name, fresh(form).is_open) == ("Shop", False)


WEBSITES = [
    (
        "example.com\nhttps://Shop.example:8443/page?x\n\nexample.com",
        ["https://example.com", "https://shop.example:8443"],
    ),
    ("", []),
]


@pytest.mark.parametrize(("typed", "origins"), WEBSITES)
def test_websites_that_may_show_the_form_are_kept_as_origins(client, form, typed, origins):
    client.post(f"/forms/{form.pk}/settings/", {"name": "Website", "is_open": "1", "websites": typed})
    assert fresh(form).origins == origins
    assert f"data-form=&quot;{form.key}&quot; async" in client.get(f"/forms/{form.pk}/").content.decode()


@pytest.mark.parametrize(
    "typed", ["javascript:alert(1)", "https://a.example; script-src *", "'unsafe-inline'", "*", "ftp://x"]
)
def test_what_is_no_website_is_refused(client, form, typed):
    page = client.post(
        f"/forms/{form.pk}/settings/", {"name": "Website", "is_open": "1", "websites": typed}, follow=True
    )
    assert "is not the address of a website" in page.content.decode()
    assert fresh(form).origins == []


def test_a_draft_is_discarded(client, form):
    post(client, form, do="save")
    client.post(f"/forms/{form.pk}/discard/")
    assert list(form.versions.values_list("number", "state")) == [(1, "live")]


ADDRESSES = [
    "/forms/", "/forms/{}/", "/forms/{}/preview/", "/forms/{}/test/", "/forms/{}/test/website/", "/forms/{}/qr.svg",
    "/forms/{}/qr.png",
]  # fmt: skip
ACTIONS = [
    "/forms/make/", "/forms/{}/settings/", "/forms/{}/discard/", "/forms/{}/versions/1/use/", "/forms/{}/test/remove/",
]  # fmt: skip


def test_only_owners_build_forms(anonymous, form):
    colleague = Client()
    colleague.force_login(User.objects.create_user("carl"), backend="django.contrib.auth.backends.ModelBackend")
    for address in ADDRESSES:
        assert colleague.get(address.format(form.pk)).status_code == 403, address
        assert anonymous.get(address.format(form.pk)).status_code == 302, address
    for address in ACTIONS:
        assert colleague.post(address.format(form.pk)).status_code == 403, address
        assert colleague.get(address.format(form.pk)).status_code == 405, address
    assert "/forms/" not in colleague.get("/").content.decode()


def test_form_list_asks_as_often_for_many_forms_as_for_one(client, form):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/forms/").status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(30):
        forms_editing.make_form(f"Form {number}", definition=default())
    assert queries() == few


SETTINGS = {"name": "Website", "is_open": "1"}


def test_profile_and_addresses_are_chosen_in_the_builder(client, form):
    page = client.get(f"/forms/{form.pk}/").content.decode()
    assert '<option value="" selected>The default profile (General)</option>' in page
    client.post(
        f"/forms/{form.pk}/settings/",
        SETTINGS | {"profile": "medspa", "notify": "a@elm.example\r\nb@elm.example, A@elm.example\n"},
    )
    assert (fresh(form).business_profile, fresh(form).notify) == ("medspa", ["a@elm.example", "b@elm.example"])
    page = client.get(f"/forms/{form.pk}/").content.decode()
    assert '<option value="medspa" selected>' in page
    assert "No mail server is set, so nobody is told yet" in page


def test_a_profile_that_is_gone_says_so(client, form):
    PublicForm.objects.update(business_profile="boats")
    page = client.get(f"/forms/{form.pk}/").content.decode()
    assert "The one it had, “boats”, is archived or gone, so the default reads its inquiries." in page


WRONG = [
    ({"profile": "nonsense"}, "There is no such profile any more. Choose another one."),
    ({"notify": "office"}, "“office” is not an e-mail address."),
    ({"notify": "a@elm.example\nBcc: v@x.example"}, "“Bcc: v@x.example” is not an e-mail address."),
    ({"notify": "Ann <a@elm.example>"}, "“Ann &lt;a@elm.example&gt;” is not an e-mail address."),
    ({"notify": "\n".join(f"a{number}@elm.example" for number in range(11))}, "At most 10 addresses."),
    ({"notify": "x" * 50_000}, "is not an e-mail address."),
    ({"notify": f"a@{'x' * 60}.{'x' * 60}.{'x' * 60}.{'x' * 60}.{'x' * 20}.example"}, "is not an e-mail address."),
    ({"name": " "}, "Give the form a name, so that you find it again."),
    ({"websites": "ftp://x"}, "“ftp://x” is not the address of a website."),
]


@pytest.mark.parametrize(("changes", "problem"), WRONG)
def test_a_setting_that_is_wrong_says_so_beside_it_and_nothing_is_lost(client, form, changes, problem):
    typed = {"name": "Shop", "notify": "me@elm.example", "websites": "shop.example"} | changes
    page = client.post(f"/forms/{form.pk}/settings/", typed)
    (field,) = changes
    text = page.content.decode()
    assert page.status_code == 422
    assert f'aria-describedby="{field}-error"' in text or f'{field}-error" aria-invalid="true"' in text
    assert f'id="{field}-error">' in text
    assert problem in text.split(f'id="{field}-error">')[1].split("</div>")[0]
    assert "shop.example" in text or field == "websites"
    kept = fresh(form)
    assert (kept.name, kept.is_open, kept.notify, kept.business_profile) == ("Website", True, [], "")


def test_all_that_is_wrong_is_said_at_once(client, form):
    page = client.post(
        f"/forms/{form.pk}/settings/", {"name": "", "notify": "x", "websites": "ftp://x", "profile": "x"}
    )
    assert set(page.context["settings"]["errors"]) == {"name", "notify", "websites", "profile"}


def test_the_code_says_the_forms_address(client, form, settings):
    settings.SITE_URL = "https://leads.elm.example"
    address = f"https://leads.elm.example/f/{form.key}/?utm_medium=qr"
    expected = segno.make_qr(address, error="m")
    assert expected.error in ("M", "Q", "H")
    assert forms_qr.code(form).matrix == expected.matrix
    page = client.get(f"/forms/{form.pk}/")
    assert address in page.content.decode()
    assert "opens on this machine" not in page.content.decode()
    svg = client.get(f"/forms/{form.pk}/qr.svg")
    assert svg["Content-Type"] == "image/svg+xml"
    root = ElementTree.fromstring(svg.content)
    assert root.find("{http://www.w3.org/2000/svg}title").text == "QR code: Website"
    side = expected.symbol_size(border=4)[0]
    assert root.attrib["viewBox"] == f"0 0 {side} {side}"
    png = client.get(f"/forms/{form.pk}/qr.png?download")
    assert (png["Content-Type"], png["Content-Disposition"]) == (
        "image/png", f'attachment; filename="form-{form.pk}.png"',
    )  # fmt: skip
    assert _modules(png.content, side) == [[bool(each) for each in row] for row in expected.matrix]


def _modules(png: bytes, side: int) -> list[list[bool]]:
    """Dark or light, read from the middle of each module, without the quiet zone, which must be light. The PNG has
    one bit a pixel."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (width == height >= 1000, depth, kind) == (True, 1, 0)
    at, data = 33, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        data += png[at + 8 : at + 8 + length] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += length + 12
    raw, stride, scale = zlib.decompress(data), (width + 7) // 8 + 1, width // side
    lines: list[bytes] = []
    for start in range(0, len(raw), stride):
        line, above = raw[start + 1 : start + stride], lines[-1] if lines else bytes(stride - 1)
        assert raw[start] in (0, 2)  # as it is, or what differs from the line above
        lines.append(bytes((a + b) % 256 for a, b in zip(line, above, strict=True)) if raw[start] else line)
    middles = [scale * each + scale // 2 for each in range(side)]
    rows = [[not lines[y][x // 8] >> (7 - x % 8) & 1 for x in middles] for y in middles]
    assert not any(any(rows[edge]) or any(row[edge] for row in rows) for edge in (0, 1, 2, 3, -1, -2, -3, -4))
    return [row[4:-4] for row in rows[4:-4]]


REACH = [
    ("http://localhost:8000", "on this machine alone"),
    ("http://127.0.0.1:8000", "on this machine alone"),
    ("http://[::1]:8000", "on this machine alone"),
    ("http://192.168.1.20:8000", "in your own network alone"),
    ("http://office-pc:8000", "in your own network alone"),
    ("https://leads.elm.example", ""),
    ("http://8.8.8.8", ""),
]


@pytest.mark.parametrize(("site", "words"), REACH)
def test_an_address_that_visitors_cannot_reach_is_said_to_be_one(client, form, settings, site, words):
    settings.SITE_URL = site
    assert words in forms_qr.reach()
    assert bool(forms_qr.reach()) == bool(words)
    assert escape(forms_qr.reach()) in client.get(f"/forms/{form.pk}/").content.decode()
