from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """What every page may show."""
    return {
        "site_url": settings.SITE_URL,
        "panels": settings.LEAD_PANELS,
        "searches": settings.LEAD_SEARCHES,
        "actions": settings.LEAD_ACTIONS,
    }
