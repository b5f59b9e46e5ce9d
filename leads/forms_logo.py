"""Logos of forms: small images that versions name. What a version names stays: an old version shows its own logo.

They are in the database, not among the files: they are light, and a backup of it has them.
"""

import datetime as dt
import hashlib

from django.utils import timezone

from leads import file_checks, image_cleaning
from leads.file_checks import JPEG, MEGABYTE, PNG, WEBP, IncomingFile, NotKept, look_at
from leads.models import FormImage, FormVersion

LARGEST = 1 * MEGABYTE
KEPT = dt.timedelta(days=30)  # that an unsaved editor may be open with a logo that no version names yet
WRONG_KIND = "A logo is a PNG, JPEG or WebP image."


def keep_logo(name: str, content: bytes) -> str:
    """Makes it small and light, stores it, and returns what a definition names it by.

    Raises:
        NotKept: it can't be a logo, with a plain sentence.
    """
    try:
        checked = look_at(IncomingFile(name, content), largest=LARGEST)
    except NotKept as reason:
        raise NotKept(WRONG_KIND) if reason.english in (file_checks.WRONG_KIND, file_checks.HEIC) else reason from None
    if checked.content_type not in (PNG, JPEG, WEBP):
        raise NotKept(WRONG_KIND)
    small, width, height = image_cleaning.logo(content)
    key = f"{hashlib.sha256(small).hexdigest()[:32]}-{width}x{height}.webp"
    FormImage.objects.update_or_create(
        name=key, defaults={"used_at": timezone.now()}, create_defaults={"content": small}
    )
    return key


def forget_unused() -> None:
    """Deletes logos that were uploaded and never saved, or whose forms are gone."""
    named = FormVersion.objects.exclude(content__logo="").values_list("content__logo", flat=True)
    old = FormImage.objects.filter(used_at__lt=timezone.now() - KEPT)
    if old.exists():
        old.exclude(name__in={each for each in named if each}).delete()
