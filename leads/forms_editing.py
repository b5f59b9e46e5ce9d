"""Writes of public forms: making one, its draft, publishing, going back to an earlier version, its settings."""

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.module_loading import import_string

from leads import forms_definition
from leads.forms_definition import Definition, FieldType, origin_of
from leads.models import FormVersion, PublicForm
from leads.smtp import can_send

State = FormVersion.State
MOST_WEBSITES = 50
MOST_ADDRESSES = 10
LONGEST_ADDRESS = 254  # as the notices' column
COLUMNS = {"websites": "origins", "profile": "business_profile"}  # of the settings that have another name
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?")  # it stands in a header


class Refused(Exception):
    """It can't be done; the message is a plain sentence."""


class Changed(Refused):
    """Somebody else changed the draft meanwhile."""


class WrongSettings(Refused):
    """`problems`: by setting, what is wrong with it."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def make_form(name: str, *, definition: Definition, by: str = "", profile: str = "") -> PublicForm:
    """A form whose first version is published at once, so that it can be linked to."""
    name = _checked_name(name)
    with transaction.atomic():
        form = PublicForm.objects.create(name=name, business_profile=profile)
        _add(form, definition, State.LIVE, by=by)
    return form


def draft_of(form: PublicForm) -> tuple[Definition, str]:
    """What is being edited, and a mark that changes with it: the draft, else what is live."""
    draft = form.versions.drafts().first()
    return (draft.definition if draft else form.definition), mark_of(draft or form.published)


def mark_of(version: FormVersion | None) -> str:
    return f"{version.pk}-{version.changed_at.timestamp():.6f}" if version else ""


def save_draft(form: PublicForm, definition: Definition, *, seen: str, by: str) -> FormVersion:
    """Keeps what was edited since `seen`, the mark that `draft_of` gave. A draft may still be wrong.

    Raises Changed when somebody else saved meanwhile.
    """
    with transaction.atomic():
        locked = PublicForm.objects.select_for_update().get(pk=form.pk)
        draft = locked.versions.drafts().first()
        if seen != mark_of(draft or locked.published):
            raise Changed("Somebody else changed this form meanwhile.")
        if draft is None:
            return _add(locked, definition, State.DRAFT, by=by)
        draft.content, draft.made_by, draft.changed_at = definition.to_json(), by, timezone.now()
        draft.save(update_fields=["content", "made_by", "changed_at"])
    return draft


def discard_draft(form: PublicForm) -> bool:
    """Returns whether there was one."""
    return bool(form.versions.drafts().delete()[0])


def publish(form: PublicForm, *, note: str, by: str) -> FormVersion:
    """Makes the draft what visitors see. Raises Refused when there is none, or when it is not right yet."""
    with transaction.atomic():
        locked = PublicForm.objects.select_for_update().get(pk=form.pk)
        draft = locked.versions.drafts().first()
        if draft is None:
            raise Refused("There is no draft to publish.")
        if forms_definition.problems(draft.definition):
            raise Refused("The draft can't be published yet. What is wrong stands beside it in the editor.")
        locked.versions.live().update(state=State.PAST)
        draft.state, draft.note, draft.published_at = State.LIVE, note.strip()[:300], timezone.now()
        draft.made_by = by
        draft.save(update_fields=["state", "note", "published_at", "made_by"])
    return draft


def publish_again(form: PublicForm, *, number: int, by: str) -> FormVersion:
    """Goes back: a new version with the content of an earlier one. A draft stays as it is."""
    with transaction.atomic():
        locked = PublicForm.objects.select_for_update().get(pk=form.pk)
        earlier = locked.versions.filter(number=number, state=State.PAST).first()
        if earlier is None:
            raise Refused("There is no such earlier version.")
        locked.versions.live().update(state=State.PAST)
        return _add(locked, earlier.definition, State.LIVE, by=by, note=f"As version {number}")


def profiles() -> list[tuple[str, str]]:
    """The business profiles that a form's inquiries may be read by: key and name, the default one first, without a
    key."""
    offered: list[tuple[str, str]] = import_string(settings.FORM_PROFILES)()
    return offered


def save_settings(
    form: PublicForm,
    *,
    name: str,
    is_open: bool,
    websites: str,
    profile: str = "",
    notify: str = "",
    asks_confirmation: bool = False,
) -> None:
    """What counts at once, whichever version is live. Raises WrongSettings and changes nothing then."""
    checks: dict[str, tuple[Callable[[str], object], str]] = {
        "name": (_checked_name, name),
        "websites": (_origins, websites),
        "profile": (_profile, profile),
        "notify": (_addresses, notify),
    }
    checked, wrong = {}, {}
    for key, (check, typed) in checks.items():
        try:
            checked[COLUMNS.get(key, key)] = check(typed)
        except Refused as refused:
            wrong[key] = str(refused)
    if asks_confirmation and not form.asks_confirmation and (reason := why_no_confirmation(form)):
        wrong["asks_confirmation"] = f"Nobody can be asked by e-mail for confirmation. {reason}"
    if wrong:
        raise WrongSettings(wrong)
    PublicForm.objects.filter(pk=form.pk).update(is_open=is_open, asks_confirmation=asks_confirmation, **checked)


def why_no_confirmation(form: PublicForm) -> str:
    """Why a form can't have its consents confirmed by e-mail, in a plain sentence; empty when it can."""
    if not any(each.type == FieldType.CONSENT for each in form.definition.fields):
        return "The published form asks for no consent."
    if "email" not in form.definition.keys:
        return "The published form has no e-mail field."
    return "" if can_send() else "No mail server is set: EMAIL_URL and EMAIL_FROM name it."


def _profile(key: str) -> str:
    if key not in dict(profiles()):
        raise Refused("There is no such profile any more. Choose another one.")
    return key


def _addresses(notify: str) -> list[str]:
    """Of mailboxes, one a line or with commas between them."""
    found: dict[str, str] = {}
    for address in filter(None, map(str.strip, re.split(r"[\n,;]", notify))):
        try:
            validate_email(address)
            MaxLengthValidator(LONGEST_ADDRESS)(address)
        except ValidationError:
            raise Refused(f"“{address[:100]}” is not an e-mail address.") from None
        found.setdefault(address.casefold(), address)
    if len(found) > MOST_ADDRESSES:
        raise Refused(f"At most {MOST_ADDRESSES} addresses.")
    return list(found.values())


def _origins(websites: str) -> list[str]:
    """Of addresses, one a line; a bare “example.com” is taken for https."""
    found: dict[str, None] = {}
    for line in filter(None, map(str.strip, websites.splitlines())):
        origin = origin_of(line if "://" in line else f"https://{line}")
        if not ORIGIN.fullmatch(origin):
            raise Refused(f"“{line[:100]}” is not the address of a website.")
        found[origin] = None
    if len(found) > MOST_WEBSITES:
        raise Refused(f"At most {MOST_WEBSITES} websites.")
    return list(found)


def _checked_name(name: str) -> str:
    name = " ".join(name.split())[:100]
    if not name:
        raise Refused("Give the form a name, so that you find it again.")
    return name


def _add(form: PublicForm, definition: Definition, state: str, *, by: str, note: str = "") -> FormVersion:
    number = (form.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    published_at = timezone.now() if state == State.LIVE else None
    return FormVersion.objects.create(
        form=form,
        number=number,
        state=state,
        content=definition.to_json(),
        note=note,
        made_by=by,
        published_at=published_at,
    )
