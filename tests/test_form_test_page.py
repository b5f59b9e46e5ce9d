"""The form builder in a browser: the line is copied, and the form is tried in a website at every width."""

import pytest
from playwright.sync_api import expect

from leads import forms_editing, intake
from leads.forms_templates import TEMPLATES
from leads.models import Lead, PublicForm
from leads.views.public_form import _known_form
from tests.browser import staff_page

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def form(transactional_db, staff) -> PublicForm:
    _known_form.cache_clear()
    return forms_editing.make_form("Garage", definition=TEMPLATES["garage"].definition)


def test_a_form_is_tried_in_a_website(live_server, client, form):
    with staff_page(client, live_server, f"/forms/{form.pk}/test/", viewport={"width": 1280, "height": 900}) as page:
        inner = page.frame_locator("#website").frame_locator("iframe")
        inner.get_by_label("E-mail").fill("ana@example.com")
        for name, width in (("Phone", 320), ("Desk", 1200), ("Tablet", 768)):
            page.get_by_role("link", name=name).click()
            website = page.locator("#website")
            assert website.evaluate("e => e.clientWidth") + 2 == width
            shown = page.frames[-1]
            page.wait_for_timeout(300)
            assert shown.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            assert inner.get_by_label("E-mail").input_value() == "ana@example.com"
        assert page.url.endswith("?width=768")
        inner.get_by_label("What is wrong").fill("The brakes squeal.")
        inner.get_by_label("I agree").check()
        page.wait_for_timeout(2100)  # nobody types faster than the token's least age
        inner.get_by_role("button").click()
        inner.get_by_text("We have your message").wait_for()
    intake.admit_waiting()
    assert Lead.objects.get().is_test
    with staff_page(client, live_server, f"/forms/{form.pk}/test/", viewport={"width": 360, "height": 700}) as page:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Remove it").click()
        page.get_by_text("1 test removed.").wait_for()
    assert not Lead.objects.exists()


def test_the_widths_are_links_without_scripts(live_server, client, form):
    path = f"/forms/{form.pk}/test/"
    with staff_page(client, live_server, path, java_script_enabled=False) as page:
        page.get_by_role("link", name="Phone").click()
        page.wait_for_url("**/test/?width=320")
        website = page.frame_locator("#website")
        assert website.get_by_role("link", name="Ask our garage").get_attribute("href") == (
            f"{live_server.url}/f/{form.key}.test/"
        )


def test_the_line_is_copied(live_server, client, form):
    permissions = ["clipboard-read", "clipboard-write"]
    with staff_page(client, live_server, f"/forms/{form.pk}/", permissions=permissions) as page:
        copy = page.get_by_role("button", name="Copy", exact=True)
        copy.click()
        page.locator("#announcer", has_text="Copied").wait_for(state="attached")
        assert "is-copied" in (copy.get_attribute("class") or "")
        assert page.evaluate("navigator.clipboard.readText()") == page.locator("#embed-code").input_value()
        assert f'data-form="{form.key}" async></script>' in page.locator("#embed-code").input_value()
        code = page.locator(".builder-qr img")
        assert code.evaluate("e => e.complete && e.naturalWidth > 0 && e.naturalWidth === e.naturalHeight")


def test_what_is_not_saved_is_not_lost_unasked(live_server, client, form):
    with staff_page(client, live_server, f"/forms/{form.pk}/") as page:
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.get_by_label("Heading", exact=True).fill("Not saved yet")
        page.wait_for_timeout(700)  # the preview is sent by itself, and is no saving
        page.get_by_role("button", name="Save", exact=True).last.click()
        page.wait_for_timeout(500)
        assert (asked, page.get_by_label("Heading", exact=True).input_value()) == (["beforeunload"], "Not saved yet")
        page.get_by_role("button", name="Save the draft").click()
        page.get_by_text("The draft is saved.").wait_for()
        page.get_by_role("button", name="Save", exact=True).last.click()
        page.get_by_text("Saved.", exact=True).wait_for()
        assert asked == ["beforeunload"]


def test_fields_are_arranged_by_keys_alone(live_server, client, form):
    with staff_page(client, live_server, f"/forms/{form.pk}/") as page:
        label = page.locator("#fields .row-item:last-of-type [name=field-label]")
        page.locator("#new-field").select_option("new:email")
        page.get_by_role("button", name="Add a field").press("Enter")
        expect(label).to_be_focused()
        label.fill("Your insurer’s e-mail")
        page.locator("[value='up:message']").press("Enter")
        expect(page.locator("[value='up:message']")).to_be_focused()
        page.get_by_role("button", name="Remove Your insurer’s e-mail").press("Enter")
        expect(page.locator("#new-field")).to_be_focused()
