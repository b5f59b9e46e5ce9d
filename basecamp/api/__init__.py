"""The API: `/api/v1/...` for programs with a key, `/api/docs` for whoever writes them."""

from basecamp.api.site import api

__all__ = ["api"]
