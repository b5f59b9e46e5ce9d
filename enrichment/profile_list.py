"""Business profiles as the pages show them: each with its live version, its draft and the forms that use it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from enrichment.models import BusinessProfile, ProfileVersion
from enrichment.profile_diff import Difference, differences
from enrichment.profile_editing import State, default_key, mark
from enrichment.profiles import NAMES, PROFILES, Profile
from leads.models import PublicForm

KEPT = 50  # versions that the page lists


@dataclass(frozen=True, slots=True)
class Standing:
    """How a profile stands. `live`: None while nothing was published; `version`: None while it is as shipped."""

    key: str
    name: str
    is_default: bool
    is_archived: bool
    live: Profile | None
    version: ProfileVersion | None
    draft: ProfileVersion | None
    forms: list[PublicForm]

    @property
    def is_shipped(self) -> bool:
        return self.key in PROFILES

    @property
    def draft_profile(self) -> Profile | None:
        return Profile.from_json(self.key, self.draft.number, self.draft.content) if self.draft else None

    @property
    def edited(self) -> Profile:
        """What an editor begins with."""
        return self.draft_profile or self.live or PROFILES["general"]

    @property
    def mark(self) -> str:
        return mark(self.live, self.draft)

    @property
    def changes(self) -> list[Difference]:
        """What publishing the draft changes."""
        draft = self.draft_profile
        return differences(self.live, draft) if self.live and draft else []


@dataclass(frozen=True, slots=True)
class Past:
    """One version of the list, with what it changed against the published one before it."""

    version: ProfileVersion
    changes: list[Difference]


def every() -> list[Standing]:
    """All profiles by name, archived ones last; in four queries."""
    rows = {row.key: row for row in BusinessProfile.objects.all()}
    standing = ProfileVersion.objects.filter(Q(state=State.LIVE) | Q(state=State.DRAFT))
    found = {(version.profile_id, version.state): version for version in standing}
    forms = list(PublicForm.objects.all())
    default = default_key()
    everyone = [
        _standing(key, rows.get(key), found, [form for form in forms if _reads(form, key, default, rows)], default)
        for key in {**NAMES, **rows}
    ]
    return sorted(everyone, key=lambda each: (each.is_archived, each.name.casefold()))


def offered() -> list[tuple[str, str]]:
    """Those that a form may choose, key and name; the first, without a key, is whichever is the default."""
    standing = [each for each in every() if each.live and not each.is_archived]
    default = next((each.name for each in standing if each.is_default), "")
    first = f"The default profile ({default})" if default else "The default profile"
    return [("", first), *((each.key, each.name) for each in standing)]


def one(key: str) -> Standing | None:
    """The profile of a key; None when there is none."""
    return next((each for each in every() if each.key == key), None)


def _reads(form: PublicForm, key: str, default: str, rows: dict[str, BusinessProfile]) -> bool:
    """A form that names none, or one that nobody knows, is read by the default profile."""
    named = form.business_profile
    return key == (named if named in PROFILES or named in rows else default)


def _standing(
    key: str,
    row: BusinessProfile | None,
    found: dict[tuple[int, str], ProfileVersion],
    forms: list[PublicForm],
    default: str,
) -> Standing:
    version = found.get((row.pk, State.LIVE)) if row else None
    return Standing(
        key,
        row.name if row else NAMES[key],
        key == default,
        row.is_archived if row else False,
        Profile.from_json(key, version.number, version.content) if version else PROFILES.get(key),
        version,
        found.get((row.pk, State.DRAFT)) if row else None,
        forms,
    )


def history(key: str) -> list[Past]:
    """The versions but the draft, newest first, each with what it changed."""
    versions = list(ProfileVersion.objects.filter(profile__key=key).exclude(state=State.DRAFT)[: KEPT + 1])
    return [Past(version, _changed_by(key, version, versions[at + 1 :])) for at, version in enumerate(versions[:KEPT])]


def _changed_by(key: str, version: ProfileVersion, older: Iterable[ProfileVersion]) -> list[Difference]:
    before = next((each for each in older if each.published_at), None)
    earlier = Profile.from_json(key, before.number, before.content) if before else PROFILES.get(key)
    return differences(earlier, Profile.from_json(key, version.number, version.content)) if earlier else []
