"""Writes of public forms: making one, its draft, publishing, going back to an earlier version, its settings."""

import re

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from leads import forms_definition
from leads.forms_definition import Definition, FieldType, origin_of
from leads.models import FormVersion, PublicForm
from leads.smtp import can_send

State = FormVersion.State
MOST_WEBSITES = 50
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?")  # it stands in a header


class Refused(Exception):
    """It can't be done; the message is a plain sentence."""


class Changed(Refused):
    """Somebody else changed the draft meanwhile."""


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


def save_settings(form: PublicForm, *, name: str, is_open: bool, websites: str, asks_confirmation: bool) -> None:
    """What counts at once, whichever version is live. Raises Refused with what is wrong, and changes nothing then."""
    if asks_confirmation and not form.asks_confirmation and (reason := why_no_confirmation(form)):
        raise Refused(f"Nobody can be asked by e-mail for confirmation. {reason}")
    PublicForm.objects.filter(pk=form.pk).update(
        name=_checked_name(name), is_open=is_open, origins=_origins(websites), asks_confirmation=asks_confirmation
    )


def why_no_confirmation(form: PublicForm) -> str:
    """Why a form can't have its consents confirmed by e-mail, in a plain sentence; empty when it can."""
    if not any(each.type == FieldType.CONSENT for each in form.definition.fields):
        return "The published form asks for no consent."
    if "email" not in form.definition.keys:
        return "The published form has no e-mail field."
    return "" if can_send() else "No mail server is set: EMAIL_URL and EMAIL_FROM name it."


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
