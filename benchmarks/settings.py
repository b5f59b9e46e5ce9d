"""The product's settings, plus one bare view to measure against; limits off, since one address sends it all."""

from basecamp.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
FORM_LIMIT_PER_IP = FORM_LIMIT_PER_FORM = 1_000_000
