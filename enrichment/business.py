"""Which profile an inquiry is read by: its form's, else the default one; as staff published it, else as shipped."""

from django.conf import settings

from enrichment.models import BusinessProfile, ProfileVersion
from enrichment.profiles import PROFILES, Profile, profile_for
from leads.models import Submission


def profile_of(submission: Submission | None) -> Profile:
    """The live profile for a submission; without one, or where its form names none, the default profile."""
    key = submission.form.business_profile if submission and submission.form else ""
    return live(key) or default()


def default() -> Profile:
    """The profile that staff marked as default, else that of BUSINESS_TYPE."""
    marked = BusinessProfile.objects.filter(is_default=True).first()
    return (live(marked.key) if marked else None) or live(settings.BUSINESS_TYPE) or profile_for(settings.BUSINESS_TYPE)


def live(key: str) -> Profile | None:
    """The published version of a profile, else the shipped one of that key; None for a key that nobody knows, and for
    a profile that is archived or was never published."""
    if not key:
        return None
    row = BusinessProfile.objects.filter(key=key).first()
    if row is not None and row.is_archived:
        return None
    found = ProfileVersion.objects.live().filter(profile=row).first() if row else None
    return Profile.from_json(key, found.number, found.content) if found else PROFILES.get(key)
