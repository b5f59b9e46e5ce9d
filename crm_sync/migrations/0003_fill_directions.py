from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """A mapping that was switched off stays off; a record knows what it carries as Lead ID, also without its lead."""
    apps.get_model("crm_sync", "FieldMapping").objects.filter(is_active=False).update(direction="off")
    leads = apps.get_model("leads", "Lead").objects.filter(pk=OuterRef("lead"))
    records = apps.get_model("crm_sync", "CrmRecord").objects
    records.update(lead_public_id=Subquery(leads.values("public_id")[:1]))


class Migration(migrations.Migration):
    dependencies = [("crm_sync", "0002_sync_status")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
