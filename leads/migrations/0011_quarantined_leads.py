"""The CRM asks every few seconds which leads were put into quarantine."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0010_forms")]

    operations = [
        migrations.AddIndex(
            "lead",
            models.Index(condition=models.Q(("quarantined_at__isnull", False)), fields=["id"], name="lead_quarantined"),
        ),
    ]
