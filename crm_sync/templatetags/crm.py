"""Tags of the CRM's pages: `{% load crm %}`."""

from django import template
from django.template.context import Context

from crm_sync import connection, meter
from crm_sync.models import CrmConnection, CrmRecord
from crm_sync.outlook import address

register = template.Library()


@register.inclusion_tag("crm_sync/_banner.html", takes_context=True)
def crm_banner(context: Context) -> dict[str, object]:
    """For admins: that the traffic is paused, or that the month's calls run short. One query while all is well."""
    user = context["user"]
    row = CrmConnection.objects.filter(pk=1).first() if user.is_superuser else None
    calls = None
    if row and row.monthly_limit and not row.pause and (link := connection.current()):
        calls = meter.calls(link.base_id)
    return {"paused": row if row and row.pause else None, "calls": calls, "csrf_token": context.get("csrf_token")}


@register.filter
def record_address(record: CrmRecord | None) -> str:
    """Where a person opens the record."""
    return address(record)


@register.filter
def named(key: str, names: dict[str, str]) -> str:
    return names.get(key, key)
