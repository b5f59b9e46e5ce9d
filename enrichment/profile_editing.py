"""What staff do to business profiles: drafts, publishing, going back, copies, the default, the archive.

A shipped profile has a row only once somebody changed something about it. Nothing that was written is thrown away: a
draft that is discarded or written over stays among the versions.
"""

import hashlib
import json
from collections.abc import Callable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from enrichment.models import BusinessProfile, ProfileVersion, Trial
from enrichment.normalise import one_line
from enrichment.profiles import NAMES, PROFILES, Profile
from leads import known_fields
from leads.fields import FIELDS
from leads.models import ExtraField, PublicForm

State = ProfileVersion.State
LONGEST_KEY = 40


class Refused(Exception):
    """What was asked can't be done; `reason` is a plain sentence for staff."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Changed(Refused):
    """Somebody else changed the profile since it was looked at."""


# ---- what stands -----------------------------------------------------------------------------------------------------


def mark(live: Profile | None, draft: ProfileVersion | None) -> str:
    """Tells whether a profile is still as somebody saw it: the live version's number and what the draft says."""
    content = json.dumps(draft.content, sort_keys=True) if draft else ""
    said = f"{live.version if live else '-'}:{content}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def published(row: BusinessProfile) -> Profile | None:
    """The live version, else the shipped one; None where neither is."""
    found = ProfileVersion.objects.live().filter(profile=row).first()
    return Profile.from_json(row.key, found.number, found.content) if found else PROFILES.get(row.key)


def draft_of(row: BusinessProfile) -> ProfileVersion | None:
    return row.versions.filter(state=State.DRAFT).first()


# ---- the draft -------------------------------------------------------------------------------------------------------


def save_draft(key: str, profile: Profile, *, seen: str, by: str, puts_aside: bool = False) -> ProfileVersion:
    """Keeps what was written as the draft. `puts_aside`: the draft that stands was another's, and stays as a version.

    Raises Changed when the profile is no longer as `seen` (see `mark`), Refused when there is no such profile.
    """
    with transaction.atomic():
        row = _locked(key)
        draft = draft_of(row)
        _refuse_changed(row, draft, seen, by)
        content = profile.to_json()
        if draft is not None and puts_aside and draft.made_by != by and draft.content != _as_stored(content):
            _put_aside(draft, f"Draft by {draft.made_by}, written over by {by}")
            draft = None
        draft = draft or ProfileVersion(profile=row, number=_next_number(row))
        draft.content, draft.made_by, draft.created_at = content, by, timezone.now()
        draft.save()
        _end_trials(row, "The draft was changed meanwhile.")
        return draft


def discard_draft(key: str, *, seen: str, by: str) -> None:
    """Takes the draft out of the way; what it said stays among the versions."""
    with transaction.atomic():
        row = _locked(key)
        draft = draft_of(row)
        _refuse_changed(row, draft, seen, by)
        if draft is not None:
            _put_aside(draft, f"Draft, put aside by {by}")
            _end_trials(row, "The draft was put aside meanwhile.")


def _end_trials(row: BusinessProfile, why: str) -> None:
    """What is under way compares with what no longer stands."""
    under_way = Trial.objects.filter(version__profile=row, finished_at=None, is_stopped=False)
    under_way.update(is_stopped=True, problem=why)


def _put_aside(draft: ProfileVersion, note: str) -> None:
    ProfileVersion.objects.filter(pk=draft.pk).update(state=State.PAST, note=note[:300])


def _refuse_changed(row: BusinessProfile, draft: ProfileVersion | None, seen: str, by: str) -> None:
    live = published(row)
    if seen == mark(live, draft):
        return
    if draft is not None:
        who = "You" if draft.made_by == by else draft.made_by or "Somebody"
        raise Changed(f"{who} saved another draft of this profile meanwhile.")
    newest = row.versions.filter(state=State.LIVE).first()
    who = newest.made_by if newest and newest.made_by else "Somebody"
    raise Changed(f"{who} published or discarded the draft of this profile meanwhile.")


# ---- publishing ------------------------------------------------------------------------------------------------------


def publish(key: str, *, seen: str, note: str, by: str) -> ProfileVersion:
    """Has inquiries read by the draft from now on."""
    with transaction.atomic():
        row = _locked(key)
        draft = draft_of(row)
        _refuse_changed(row, draft, seen, by)
        if draft is None:
            raise Refused("There is no draft to publish.")
        live = published(row)
        if live is not None and _as_stored(live.to_json()) == draft.content:
            raise Refused("The draft says what the live version says already.")
        return _go_live(row, draft, note=note, by=by)


def publish_again(key: str, *, number: int, by: str) -> ProfileVersion:
    """Goes back to what an older version said, as a new version; 0 is what baseCamp shipped. A draft stays a draft."""
    with transaction.atomic():
        row = _locked(key)
        older = row.versions.filter(number=number).exclude(state=State.DRAFT).first()
        if older is None and (number or key not in PROFILES):
            raise Refused(f"There is no version {number} of this profile.")
        content = older.content if older else _as_stored(PROFILES[key].to_json())
        live = published(row)
        if live is not None and _as_stored(live.to_json()) == content:
            raise Refused("That is what the live version says already.")
        again = ProfileVersion(profile=row, number=_next_number(row), content=content)
        return _go_live(row, again, note=f"Back to version {number}" if number else "Back to as shipped", by=by)


def _go_live(row: BusinessProfile, version: ProfileVersion, *, note: str, by: str) -> ProfileVersion:
    earlier = published(row)
    row.versions.filter(state=State.LIVE).update(state=State.PAST)  # steps down first: one may be live
    if row.versions.exclude(pk=version.pk).filter(number__gt=version.number).exists():
        version.number = _next_number(row)
    version.content = _with_known_fields(row, version.content, earlier)
    version.state, version.note, version.made_by = State.LIVE, one_line(note)[:300], by
    version.published_at = timezone.now()
    version.save()
    _retire_unused()
    _end_trials(row, "Another version was published meanwhile.")
    return version


def _with_known_fields(row: BusinessProfile, content: dict[str, object], earlier: Profile | None) -> dict[str, object]:
    """Makes the added fields known as fields of leads; one whose key means something else by now gets another."""
    profile = Profile.from_json(row.key, 0, content)
    own = {each.key for each in earlier.fields} if earlier else set()
    for past in row.versions.exclude(published_at=None):
        own |= {str(each["key"]) for each in past.content.get("fields", ())}
    stored = [dict(each) for each in _as_stored(profile.to_json())["fields"]]
    for each, extra in zip(stored, profile.fields, strict=True):
        if extra.key in FIELDS:
            continue
        known = known_fields.known(extra.key)
        is_same = known and (known.label.casefold(), known.kind) == (extra.label.casefold(), extra.kind)
        if known and not is_same and not (extra.key in own and known.kind == extra.kind):
            each["key"] = free_key(extra.label)
        known_fields.add_or_change(str(each["key"]), label=extra.label, kind=extra.kind, choices=extra.choices)
    return {**content, "fields": stored}


def _retire_unused() -> None:
    """Fields that no live profile asks for are no longer offered; one that is asked for again is."""
    live = ProfileVersion.objects.live().filter(profile__is_archived=False)
    used = {each["key"] for content in live.values_list("content", flat=True) for each in content.get("fields", ())}
    known_fields.retire(ExtraField.objects.filter(is_retired=False).exclude(key__in=used).values_list("key", flat=True))
    ExtraField.objects.filter(is_retired=True, key__in=used).update(is_retired=False)


def free_key(label: str, taken: frozenset[str] = frozenset()) -> str:
    """A key that no field has: "Type of roof" -> "type_of_roof"."""
    base = slugify(label).replace("-", "_")[: LONGEST_KEY - 4].strip("_") or "field"
    known = {*known_fields.every(), *known_fields.RESERVED, *taken}
    return _first_free(base, lambda key: key not in known, "_")


# ---- the profiles themselves -----------------------------------------------------------------------------------------


def make_copy(key: str, *, name: str, by: str) -> BusinessProfile:
    """A profile of its own, which begins with a draft of what another says and reads nothing until it is published."""
    name = one_line(name)[:80]
    if not name:
        raise Refused("Give the new profile a name.")
    try:
        with transaction.atomic():
            return _copied(_locked(key), name, by)
    except IntegrityError as error:  # two people at once
        raise Refused(f"There is a profile called “{name}” already.") from error


def _copied(source: BusinessProfile, name: str, by: str) -> BusinessProfile:
    _refuse_taken(name)
    live, draft = published(source), draft_of(source)
    content = live.to_json() if live else draft.content if draft else PROFILES["general"].to_json()
    taken = {"copy", *PROFILES, *BusinessProfile.objects.values_list("key", flat=True)}
    base = slugify(name)[: LONGEST_KEY - 4].strip("-") or "profile"
    made = BusinessProfile.objects.create(key=_first_free(base, lambda key: key not in taken, "-"), name=name)
    ProfileVersion.objects.create(profile=made, number=1, content=content, made_by=by)
    return made


def rename(key: str, *, name: str) -> None:
    name = one_line(name)[:80]
    if not name:
        raise Refused("A profile needs a name.")
    with transaction.atomic():
        row = _locked(key)
        _refuse_taken(name, besides=key)
        BusinessProfile.objects.filter(pk=row.pk).update(name=name)


def _refuse_taken(name: str, besides: str = "") -> None:
    rows = dict(BusinessProfile.objects.values_list("key", "name"))
    names = {key: each.casefold() for key, each in {**NAMES, **rows}.items() if key != besides}
    if name.casefold() in names.values():
        raise Refused(f"There is a profile called “{name}” already.")


def make_default(key: str) -> None:
    """Has it read the inquiries whose form names no profile."""
    with transaction.atomic():
        row = _locked(key)
        if row.is_archived:
            raise Refused("An archived profile can't be the default.")
        if published(row) is None:
            raise Refused("Publish the profile first: it says nothing yet.")
        BusinessProfile.objects.filter(is_default=True).update(is_default=False)
        BusinessProfile.objects.filter(pk=row.pk).update(is_default=True)


def archive(key: str, *, is_archived: bool) -> None:
    """Puts a profile out of sight, or back."""
    with transaction.atomic():
        row = _locked(key)
        if is_archived and key == default_key():
            raise Refused("The default profile can't be archived. Make another one the default first.")
        forms = list(PublicForm.objects.filter(business_profile=key).values_list("name", flat=True)[:3])
        if is_archived and forms:
            raise Refused(f"Its forms must use another profile first: {', '.join(forms)}.")
        BusinessProfile.objects.filter(pk=row.pk).update(is_archived=is_archived)
        _retire_unused()


def default_key() -> str:
    """The profile marked as default, else that of BUSINESS_TYPE."""
    marked = BusinessProfile.objects.filter(is_default=True).values_list("key", flat=True).first()
    return marked or (settings.BUSINESS_TYPE if settings.BUSINESS_TYPE in PROFILES else "general")


def _locked(key: str) -> BusinessProfile:
    """The row, held until the transaction ends: one writer at a time. A shipped profile gets its row now."""
    if key in PROFILES:
        BusinessProfile.objects.get_or_create(key=key, defaults={"name": NAMES[key]})
    row = BusinessProfile.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise Refused("There is no such profile.")
    return row


def _next_number(row: BusinessProfile) -> int:
    newest = row.versions.order_by("-number").values_list("number", flat=True).first()
    return (newest or 0) + 1


def _first_free(base: str, is_free: Callable[[str], bool], joint: str) -> str:
    return next(key for key in (base, *(f"{base}{joint}{count}" for count in range(2, 1000))) if is_free(key))


def _as_stored(content: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    """As it comes back from the database: lists for tuples."""
    stored: dict[str, list[dict[str, object]]] = json.loads(json.dumps(content))
    return stored
