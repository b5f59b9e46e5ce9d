"""The page behind the link that asks for a consent to be confirmed, in a browser on a phone, without JavaScript."""

import pytest

from leads import consent_mails, consents, forms_editing, intake
from leads.forms_definition import STANDARD_FIELDS, FieldType, FormField, default
from leads.models import ConsentRequest, LeadSource, PublicForm
from leads.values import Agreement, Contact
from leads.views.public_form import _known_form
from tests.test_embed import visitor

AGREED = "Send me your offers by e-mail."
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def asked(transactional_db, staff) -> ConsentRequest:
    """A request whose mail has left, by a German form."""
    _known_form.cache_clear()
    fields = (*STANDARD_FIELDS, FormField("news", FieldType.CONSENT, AGREED))
    form = forms_editing.make_form("Website", definition=default(fields=fields, title="Ask us", language="de"))
    PublicForm.objects.update(asks_confirmation=True)
    form.refresh_from_db()
    intake.keep(
        "My brakes squeal. Can you look at them on Friday?",
        source=LeadSource.WEB_FORM,
        contact=Contact(first_name="Ana", email="ana@example.com"),
        form=form,
        agreements=[Agreement("news", AGREED, True)],
    )
    intake.admit_waiting()
    return ConsentRequest.objects.get()


@pytest.mark.parametrize(("button", "stands"), [("Ja, ich bestätige das", True), ("Das war ich nicht", False)])
def test_only_a_button_says_what_becomes_of_the_consent(live_server, asked, button, stands):
    consent = asked.submission.consents.get()
    with visitor(viewport={"width": 360, "height": 740}, java_script_enabled=False, color_scheme="dark") as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{live_server.url}/consent/{consent_mails.token(asked)}/")
        assert AGREED in page.locator("main").inner_text()
        assert page.locator("main").bounding_box()["width"] <= 360
        page.keyboard.press("Tab")
        assert page.get_by_role("button", name="Ja, ich bestätige das").evaluate("each => each.matches(':focus')")
        page.get_by_role("button", name=button).click()
        page.get_by_role("button", name="Ja, ich bestätige das").wait_for(state="detached")
        assert page.context.cookies() == []
    assert complaints == []
    consent.refresh_from_db()
    assert (consent.stands, consent.confirmed_at is not None, consent.withdrawn_at is not None) == (
        stands,
        stands,
        not stands,
    )
    assert consents.summary([consent]).startswith("yes, confirmed" if stands else "withdrawn")
