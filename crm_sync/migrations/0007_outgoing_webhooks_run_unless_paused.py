"""An outgoing webhook runs unless it has a reason to be paused; the second switch was never turned by anything."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crm_sync", "0006_outgoing_webhooks")]

    operations = [migrations.RemoveField(model_name="outgoingwebhook", name="is_active")]
